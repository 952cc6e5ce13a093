"""Pages of a list that stay in place while rows are added: filters, sorting, and cursors that name a row."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

from sqlalchemy import ColumnElement, Text, and_, cast, func, or_, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.elements import UnaryExpression

from domain.errors import BadCursor, InvalidInput
from domain.resources import Column, ColumnType, Resource
from store import values as cells
from store.changes import history_text
from store.references import References, contains
from store.tables import RESOURCE_TABLES, column_name
from store.transfer.values import type_text

MAX_LIMIT = 1000

_ATTRIBUTE = "attributes."
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
    column: ColumnElement[Any]
    id: ColumnElement[int]
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
        """What to order by."""
        if self.descending:
            return self.column.is_(None), self.column.desc(), self.id.desc()
        return self.column.is_(None), self.column, self.id

    def after(self, value: Any, id_: int) -> ColumnElement[bool]:
        """Return the condition of rows that come after the one with this `value` and id."""
        later = self.id < id_ if self.descending else self.id > id_
        if value is None:
            return and_(self.column.is_(None), later)
        beyond = self.column < value if self.descending else self.column > value
        return or_(beyond, and_(self.column == value, later), self.column.is_(None))


def encode_cursor(resource: Resource, sorting: Sorting, filters: Mapping[str, Any], value: Any, id_: int) -> str:
    """Return the opaque cursor of the page after the row with this sort `value` and id."""
    parts = [_fingerprint(resource, sorting, filters), history_text(value), id_]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def decode_cursor(resource: Resource, cursor: str, sorting: Sorting, filters: Mapping[str, Any]) -> tuple[Any, int]:
    """Return sort value and id of the row that the page comes after.

    Raises
    ------
    BadCursor
        If it was not issued for this list, sort and filters.
    """
    try:
        fingerprint, text, id_ = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
        value = cells.parse_cell(sorting.definition, text)
    except (ValueError, TypeError, binascii.Error, InvalidInput) as error:
        raise BadCursor("The cursor is not one that this service gave; begin without one.") from error
    if fingerprint != _fingerprint(resource, sorting, filters) or not isinstance(id_, int):
        raise BadCursor("The cursor belongs to a list with another sort or other filters; begin without one.")
    return value, id_


def _fingerprint(resource: Resource, sorting: Sorting, filters: Mapping[str, Any]) -> str:
    told = json.dumps([resource.name, sorting.text, sorted((name, str(value)) for name, value in filters.items())])
    return sha256(told.encode()).hexdigest()[:12]


def filter_condition(resource: Resource, name: str, value: Any, references: References) -> ColumnElement[bool]:
    """Return the condition that column or attribute `name` is `value` (a list: holds it; None: empty).

    Raises
    ------
    InvalidInput
        If the resource has no such column, or it cannot hold the value.
    """
    table = RESOURCE_TABLES[resource.name]
    if name.startswith(_ATTRIBUTE) and resource.custom:
        return _attribute_condition(references, table.c.attributes, name.removeprefix(_ATTRIBUTE), value)
    if name == "id":
        same: ColumnElement[bool] = table.c.id == cells.parse_cell(_ID, value)
        return same
    if name not in resource.by_name:
        raise InvalidInput(
            f"{resource.name} cannot be filtered by {name!r}; use a column or attributes.<name>", field=name
        )
    column = resource.column(name)
    stored = table.c[column_name(column)]
    if value is None:
        return stored.is_(None)
    if column.type is ColumnType.LIST:
        return contains(references.connection, stored, str(value))
    if column.type is ColumnType.REFERENCE:
        target = RESOURCE_TABLES[str(column.target)].alias()
        return stored.in_(select(target.c.id).where(target.c.external_id == str(value)))
    wanted = cells.parse_cell(Column(name, column.type, words=column.words), value)
    return stored == wanted if wanted is not None else stored.is_(None)


def _attribute_condition(
    references: References, attributes: ColumnElement[Any], name: str, value: Any
) -> ColumnElement[bool]:
    wanted = type_text(value) if isinstance(value, str) else value
    given = wanted is not None
    if references.connection.dialect.name == "postgresql":
        json_object = type_coerce(attributes, JSONB)
        return json_object.contains({name: wanted}) if given else ~json_object.has_key(name)
    each = func.json_each(cast(attributes, Text)).table_valued("key", "value")
    rows = select(1).select_from(each).where(each.c.key == name)
    return rows.where(each.c.value == wanted).exists() if given else ~rows.exists()
