"""Values of single rows: from what callers give to what tables hold, and to the text of a field's history."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from domain.errors import InvalidInput
from domain.resources import Column, ColumnType, Resource
from domain.terms import DealStatus, PartnerStatus
from store.transfer.values import BadValue, dump_json, is_empty, parse_attribute, parse_value
from store.types import from_micros, to_micros

_ORDERED = (("valid_from", "valid_to"), ("period_start", "period_end"))


def parse(resource: Resource, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` by public column name as tables hold them; references stay external ids.

    Raises
    ------
    InvalidInput
        If a name is no column of the resource, or a value does not fit; ``details`` has field and value.
    """
    unknown = set(values) - set(resource.by_name)
    if unknown:
        name = sorted(unknown)[0]
        raise InvalidInput(
            f"{resource.name} have no column {name!r}; custom attributes go into 'attributes'", field=name
        )
    return {name: parse_cell(resource.column(name), value) for name, value in values.items()}


def parse_cell(column: Column, value: Any) -> Any:
    """Return `value` as the table holds it, None for an empty one.

    Raises
    ------
    InvalidInput
        If the column cannot hold it, or must not be empty.

    Examples
    --------
    >>> parse_cell(Column("tiers", ColumnType.LIST), "silver;gold")
    ['silver', 'gold']
    """
    try:
        wire = None if is_empty(value) else parse_value(column, value)
    except BadValue as error:
        raise InvalidInput(f"{column.name}: {error}", field=column.name, value=_shown(value)) from error
    if wire is None:
        if column.required:
            raise InvalidInput(f"{column.name} is required and must not be empty", field=column.name)
        return None
    return _from_wire(column.type, wire)


def parse_attributes(attributes: Any) -> dict[str, Any]:
    """Return custom attributes as the table holds them; None for those to be cleared.

    Raises
    ------
    InvalidInput
        If they are no mapping of names to numbers, booleans and texts.
    """
    if not isinstance(attributes, Mapping):
        raise InvalidInput("attributes must be an object of names and values", field="attributes")
    parsed: dict[str, Any] = {}
    for name, value in attributes.items():
        if not isinstance(name, str) or not name or "\0" in name:
            raise InvalidInput("an attribute needs a name", field="attributes", value=_shown(name))
        try:
            parsed[name] = None if is_empty(value) else json.loads(parse_attribute(value))
        except BadValue as error:
            raise InvalidInput(
                f"attributes.{name}: {error}", field=f"attributes.{name}", value=_shown(value)
            ) from error
    return parsed


def with_defaults(resource: Resource, row: dict[str, Any], currency: str | None) -> dict[str, Any]:
    """Return a new row with what the import format fills in where nothing is given."""
    defaults: dict[str, Any] = {}
    if "currency" in resource.by_name:
        defaults["currency"] = currency
    if resource.name == "deals":
        defaults["status"] = str(DealStatus.APPROVED)
    if resource.name == "partners":
        recruited = row.get("recruited_at") is not None
        defaults["status"] = str(PartnerStatus.ACTIVE if recruited else PartnerStatus.PROSPECT)
    return row | {name: value for name, value in defaults.items() if row.get(name) is None}


def check_order(row: Mapping[str, Any]) -> None:
    """Raise `InvalidInput` for a period that ends before it begins."""
    for first, last in _ORDERED:
        start, end = row.get(first), row.get(last)
        if start is not None and end is not None and end < start:
            raise InvalidInput(f"{last} ({end}) lies before {first} ({start}); it must not", field=last, value=str(end))


def to_wire(value: Any) -> str | int | float | bool | None:
    """Return a value that a table holds in the wire form of `store.transfer.values`, which keys are hashed from."""
    match value:
        case datetime():
            return to_micros(value)
        case date():
            return value.isoformat()
        case Decimal():
            return float(value)
        case list():
            return dump_json(value)
    wire: str | int | float | bool | None = value
    return wire


def _from_wire(kind: ColumnType, wire: Any) -> Any:
    match kind:
        case ColumnType.INSTANT:
            return from_micros(wire)
        case ColumnType.DATE:
            return date.fromisoformat(wire)
        case ColumnType.AMOUNT:
            return Decimal(repr(wire))
        case ColumnType.LIST:
            return json.loads(wire)
    return wire


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 200 else text[:199] + "…"
