"""References of a resource's rows: external ids outside, our ids inside."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, Text, cast, func, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB

from domain.context import SYSTEM, Actor
from domain.errors import UnknownReference
from domain.resources import RESOURCES, Column, ColumnType, Resource
from store.access_tables import users
from store.sql import chunks
from store.tables import RESOURCE_TABLES, column_name, keys, match_runs
from store.visibility import visible_rows


class References:
    """Translates the references of one resource, and finds who refers to its rows.

    What an actor cannot see, it cannot refer to.
    """

    def __init__(self, connection: Connection, resource: Resource, actor: Actor = SYSTEM) -> None:
        self._actor = actor
        self.connection = connection
        self._resource = resource
        self._table = RESOURCE_TABLES[resource.name]

    def external_ids(self) -> tuple[ColumnElement[Any], ...]:
        """Return one subquery per reference: the external id that it stands for, under its public name."""
        return _external_ids(self._resource.name)

    def stored(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return `row` by table column, references as our ids.

        Raises
        ------
        UnknownReference
            If a reference, also inside a list, names no row.
        """
        stored: dict[str, Any] = {}
        for name, value in row.items():
            column = self._resource.column(name)
            stored[column_name(column)] = self.id_of(column, value) if column.type is ColumnType.REFERENCE else value
            if column.type is ColumnType.LIST and column.target is not None and value:
                self._ids(column, value)
        return stored

    def id_of(self, column: Column, external_id: str | None) -> int | None:
        """Return our id of what a reference names; None for none.

        Raises
        ------
        UnknownReference
            If there is no such row.
        """
        return None if external_id is None else self._ids(column, [external_id])[external_id]

    def _ids(self, column: Column, external_ids: Sequence[str]) -> dict[str, int]:
        target = RESOURCE_TABLES[str(column.target)]
        found: dict[str, int] = {}
        owner = column.name == "partner"  # whose row it is to be is asked for by the repository
        visible = () if owner else visible_rows(self._actor, RESOURCES[str(column.target)])
        for part in chunks(external_ids):
            query = select(target.c.external_id, target.c.id).where(target.c.external_id.in_(part), *visible)
            found |= {row.external_id: row.id for row in self.connection.execute(query)}
        for external_id in external_ids:
            if external_id not in found:
                raise UnknownReference(
                    f"{column.name}: there is no {external_id!r} in {column.target}; create it first",
                    field=column.name,
                    value=external_id,
                )
        return found

    def users(self, row: Mapping[str, Any]) -> list[str]:
        """Return the names of tables whose rows refer to `row`."""
        found = []
        for other in RESOURCES.values():
            if any(
                self._is_used(other, column, row) for column in other.columns if column.target == self._resource.name
            ):
                found.append(other.name)
        for table in (keys, users, match_runs):
            for own in table.foreign_keys:
                if own.column.table is self._table and self._any(table, own.parent == row["id"]):
                    found.append(table.name)
        return found

    def _is_used(self, other: Resource, column: Column, row: Mapping[str, Any]) -> bool:
        table = RESOURCE_TABLES[other.name]
        own = table.c[column_name(column)]
        if column.type is ColumnType.REFERENCE:
            return self._any(table, own == row["id"])
        return self._any(table, contains(self.connection, own, row["external_id"]))

    def _any(self, table: Table, condition: ColumnElement[bool]) -> bool:
        return self.connection.execute(select(1).select_from(table).where(condition).limit(1)).first() is not None


@cache  # made of tables, which do not change: making aliases takes longer than most queries
def _external_ids(resource: str) -> tuple[ColumnElement[Any], ...]:
    table, found = RESOURCE_TABLES[resource], []
    for column in RESOURCES[resource].columns:
        if column.type is ColumnType.REFERENCE:
            target = RESOURCE_TABLES[str(column.target)].alias()
            own = table.c[column_name(column)]
            found.append(select(target.c.external_id).where(target.c.id == own).scalar_subquery().label(column.name))
    return tuple(found)


def contains(connection: Connection, stored_list: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Return the condition that a list column holds `text`."""
    if connection.dialect.name == "postgresql":
        return type_coerce(stored_list, JSONB).contains([text])
    each = func.json_each(cast(stored_list, Text)).table_valued("value")
    return select(1).select_from(each).where(each.c.value == text).exists()
