"""Pages of a list that stay in place while rows are added: sorting, and cursors that name a row."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

from sqlalchemy import Column as SqlColumn
from sqlalchemy import ColumnElement, and_, bindparam, or_, tuple_
from sqlalchemy.sql.elements import UnaryExpression

from domain.cursors import decode_parts, encode_parts
from domain.errors import BadCursor, InvalidInput
from domain.resources import Column, ColumnType, Resource
from store import values as cells
from store.changes import history_text
from store.tables import RESOURCE_TABLES

MAX_LIMIT = 1000

_SERVICE = {
    "row_created_at": Column("row_created_at", ColumnType.INSTANT),
    "row_updated_at": Column("row_updated_at", ColumnType.INSTANT),
}
_ID = Column("id", ColumnType.INTEGER)


@dataclass(frozen=True)
class Sorting:
    """An order of a resource's rows that leaves no ties: a column, then our id; empty values last."""

    text: str
    definition: Column
    column: SqlColumn[Any]
    id: SqlColumn[int]
    descending: bool

    @classmethod
    def parse(cls, resource: Resource, sort: str | None) -> Self:
        """Return the sorting that ``column`` or ``-column`` means.

        Raises
        ------
        InvalidInput
            If the resource cannot be sorted by it.
        """
        text = sort or "id"
        name = text.removeprefix("-")
        table = RESOURCE_TABLES[resource.name]
        own = {} if resource.event else _SERVICE
        definition = {"id": _ID, **own, **resource.by_name}.get(name)
        if definition is None or definition.type in (ColumnType.LIST, ColumnType.REFERENCE):
            raise InvalidInput(
                f"{resource.name} cannot be sorted by {name!r}; use a plain column", field="sort", value=sort
            )
        return cls(text, definition, table.c[name], table.c.id, text.startswith("-"))

    @property
    def order(self) -> tuple[ColumnElement[Any] | UnaryExpression[Any], ...]:
        """What to order by: exactly as an index on (column, id) does, where no value can be empty."""
        columns = (self.column,) if self.column is self.id else (self.column, self.id)
        ordered = tuple(column.desc() if self.descending else column.asc() for column in columns)
        return (self.column.is_(None), *ordered) if self.column.nullable else ordered

    def after(self, value: Any, id_: int) -> ColumnElement[bool]:
        """Return the condition of rows that come after the one with this `value` and id."""
        later = self.id < id_ if self.descending else self.id > id_
        if self.column is self.id:
            return later
        if not self.column.nullable:
            row = tuple_(self.column, self.id)
            last = tuple_(bindparam(None, value, self.column.type), bindparam(None, id_, self.id.type))
            return row < last if self.descending else row > last
        if value is None:
            return and_(self.column.is_(None), later)
        beyond = self.column < value if self.descending else self.column > value
        return or_(beyond, and_(self.column == value, later), self.column.is_(None))


def encode_cursor(resource: Resource, sorting: Sorting, filters: Mapping[str, Any], value: Any, id_: int) -> str:
    """Return the opaque cursor of the page after the row with this sort `value` and id."""
    parts = [_fingerprint(resource, sorting, filters), history_text(value), id_]
    return encode_parts(parts)


def decode_cursor(resource: Resource, cursor: str, sorting: Sorting, filters: Mapping[str, Any]) -> tuple[Any, int]:
    """Return sort value and id of the row that the page comes after.

    Raises
    ------
    BadCursor
        If it was not issued for this list, sort and filters.
    """
    try:
        fingerprint, text, id_ = decode_parts(cursor)
        value = cells.parse_cell(sorting.definition, text)
    except (ValueError, TypeError, InvalidInput) as error:
        raise BadCursor("The cursor is not one that this service gave; begin without one.") from error
    if fingerprint != _fingerprint(resource, sorting, filters) or not isinstance(id_, int):
        raise BadCursor("The cursor belongs to a list with another sort or other filters; begin without one.")
    return value, id_


def _fingerprint(resource: Resource, sorting: Sorting, filters: Mapping[str, Any]) -> str:
    told = json.dumps([resource.name, sorting.text, sorted((name, str(value)) for name, value in filters.items())])
    return sha256(told.encode()).hexdigest()[:12]
