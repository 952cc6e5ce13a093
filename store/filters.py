"""Filters of a list as SQL conditions: equality, any of several values, ranges, custom attributes, time of change."""

import json
import operator
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Dialect, FromClause, Text, cast, false, func, literal, or_, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH

from domain.errors import InvalidInput
from domain.resources import Column, ColumnType, Resource
from store import values as cells
from store.at_rest import Sealed, at_rest_of
from store.references import References, contains
from store.tables import RESOURCE_TABLES, column_name
from store.transfer.values import type_text

UPDATED_SINCE = "updated_since"
"""Name of the filter for rows that were made or changed at an instant or later; of events: recorded since."""

RANGES: Mapping[str, Callable[[Any, Any], Any]] = {
    ".gte": operator.ge,
    ".gt": operator.gt,
    ".lte": operator.le,
    ".lt": operator.lt,
}
"""Suffixes of a column's name that ask for a range."""

_SIGNS = {".gte": ">=", ".gt": ">", ".lte": "<=", ".lt": "<"}
_ATTRIBUTE = "attributes."
_UNORDERED = (ColumnType.LIST, ColumnType.REFERENCE, ColumnType.BOOLEAN)
_ID = Column("id", ColumnType.INTEGER)
_SINCE = Column(UPDATED_SINCE, ColumnType.INSTANT, required=True)


def filter_condition(resource: Resource, name: str, value: Any, references: References) -> ColumnElement[bool]:
    """Return the condition that a row passes the filter `name` = `value`.

    Parameters
    ----------
    resource : Resource
        Whose rows.
    name : str
        A column, ``attributes.<name>``, either with a suffix of `RANGES`; ``id``; `UPDATED_SINCE`.
    value : Any
        Wanted: of a list column an element, of a reference an external id; None: empty; a list: any of these.
    references : References
        Of the resource, in the transaction.

    Raises
    ------
    InvalidInput
        If the resource has no such column, or it cannot hold the value.
    """
    if isinstance(value, list | tuple):
        return or_(false(), *(filter_condition(resource, name, each, references) for each in value))
    if name == UPDATED_SINCE:
        return _changed_since(resource, value)
    plain, suffix = _parted(resource, name)
    if plain.startswith(_ATTRIBUTE) and resource.custom:
        attributes = RESOURCE_TABLES[resource.name].c.attributes
        return _attribute_condition(references, attributes, plain.removeprefix(_ATTRIBUTE), suffix, value)
    if plain == "id":
        return _compared(suffix, RESOURCE_TABLES[resource.name].c.id, cells.parse_cell(_ID, value))
    if plain not in resource.by_name:
        raise InvalidInput(
            f"{resource.name} cannot be filtered by {name!r}; use a column or attributes.<name>", field=name
        )
    return _column_condition(resource.column(plain), suffix, value, resource, references)


def _parted(resource: Resource, name: str) -> tuple[str, str]:
    """Return the name without its range suffix, and the suffix."""
    plain, dot, last = name.rpartition(".")
    suffix = dot + last
    if suffix not in RANGES or not plain:
        return name, ""
    column = resource.by_name.get(plain)
    if column is not None and column.type in _UNORDERED:
        raise InvalidInput(f"{plain} has no order; filter it by a value", field=name)
    return plain, suffix


def _changed_since(resource: Resource, value: Any) -> ColumnElement[bool]:
    since = cells.parse_cell(_SINCE, value)
    table = RESOURCE_TABLES[resource.name]
    if not resource.event:
        return table.c.row_updated_at >= since  # type: ignore[no-any-return]
    recorded = func.coalesce(table.c.recorded_at, table.c.occurred_at)
    return recorded >= type_coerce(since, table.c.occurred_at.type)


def _column_condition(
    column: Column, suffix: str, value: Any, resource: Resource, references: References
) -> ColumnElement[bool]:
    stored = RESOURCE_TABLES[resource.name].c[column_name(column)]
    if value is None:
        return stored.is_(None)
    if column.type is ColumnType.LIST:
        return contains(references.connection, stored, str(value))
    if column.type is ColumnType.REFERENCE:
        target = _alias(str(column.target))
        # One row at the most: compared as a value, the index of the reference finds the rows in their order.
        return stored == select(target.c.id).where(target.c.external_id == str(value)).scalar_subquery()
    wanted = cells.parse_cell(Column(column.name, column.type, words=column.words), value)
    if isinstance(stored.type, Sealed) and wanted is not None:
        return _sealed(stored, stored.type, suffix, str(wanted), references.connection.dialect)
    return _compared(suffix, stored, wanted) if wanted is not None else stored.is_(None)


def _sealed(stored: Any, type_: Sealed, suffix: str, wanted: str, dialect: Dialect) -> ColumnElement[bool]:
    """Compare with all that a text may stand as: open, or encrypted under one of the keys."""
    rest = at_rest_of(dialect)
    if suffix and rest.encrypts:
        raise InvalidInput(f"{stored.name} is encrypted and has no order; filter it by a value", field=stored.name)
    if suffix:
        return _compared(suffix, stored, wanted)
    found: ColumnElement[bool] = type_coerce(stored, Text).in_(rest.spellings(type_.context, wanted))
    return found


@cache
def _alias(resource: str) -> FromClause:
    return RESOURCE_TABLES[resource].alias()


def _compared(suffix: str, stored: Any, wanted: Any) -> ColumnElement[bool]:
    compare: Callable[[Any, Any], Any] = RANGES[suffix] if suffix else operator.eq
    condition: ColumnElement[bool] = compare(stored, wanted)
    return condition


def _attribute_condition(
    references: References, attributes: ColumnElement[Any], name: str, suffix: str, value: Any
) -> ColumnElement[bool]:
    wanted = (type_text(value) if value else None) if isinstance(value, str) else value
    if suffix and (isinstance(wanted, bool) or wanted is None):
        raise InvalidInput(f"attributes.{name}{suffix} takes a number or a text", field=f"{_ATTRIBUTE}{name}{suffix}")
    if references.connection.dialect.name == "postgresql":
        return _attribute_on_postgresql(type_coerce(attributes, JSONB), name, suffix, wanted)
    each = func.json_each(cast(attributes, Text)).table_valued("key", "value", "type")
    rows = select(1).select_from(each).where(each.c.key == name)
    if wanted is None:
        return ~rows.exists()
    if suffix:  # SQLite orders all numbers before all texts
        texts = each.c.type == "text"
        rows = rows.where(texts if isinstance(wanted, str) else ~texts)
    return rows.where(_compared(suffix, each.c.value, wanted)).exists()


def _attribute_on_postgresql(attributes: Any, name: str, suffix: str, wanted: Any) -> ColumnElement[bool]:
    condition: ColumnElement[bool]
    if wanted is None:
        condition = ~attributes.has_key(name)
    elif suffix:
        path = f"$.{json.dumps(name)} ? (@ {_SIGNS[suffix]} $wanted)"
        jsonpath = JSONPATH()
        matched = func.jsonb_path_exists(attributes, cast(path, jsonpath), literal({"wanted": wanted}, JSONB))
        condition = matched
    else:
        condition = attributes.contains({name: wanted})
    return condition
