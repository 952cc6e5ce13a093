"""The profile of a company as a form: what was typed turned into values of a row, and what of a row differs."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from math import isfinite
from typing import Any

from starlette.datastructures import FormData

from api.console.terms import term
from api.console.words import gettext, mark
from domain.columns import ColumnType
from domain.errors import InvalidInput
from domain.resources import RESOURCES
from domain.terms import PartnerKind
from store.unit_of_work import UnitOfWork
from store.values import parse_cell

Row = dict[str, Any]

PROFILE: Mapping[str, str] = {
    "name": mark("Name"),
    "kind": mark("Kind"),
    "country": mark("Country"),
    "region": mark("Region"),
    "city": mark("City"),
    "territories": mark("Territories"),
    "industries": mark("Industries"),
    "languages": mark("Languages"),
    "employees": mark("Employees"),
    "annual_revenue": mark("Annual revenue"),
    "founded_on": mark("Founded on"),
    "website": mark("Website"),
    "description": mark("Description"),
}
"""Columns of partners that say what a company is, with their labels, in the order of the form."""

_PARTNERS = RESOURCES["partners"]
_CUSTOM = "attributes."
_SAMPLE, _MOST_CUSTOM = 50, 40
_TRUTH = {"yes": True, "no": False}


def label_of(name: str) -> str:
    """Return what a field of the form is called; a custom one by its own name."""
    return gettext(PROFILE[name]) if name in PROFILE else name.removeprefix(_CUSTOM).replace("_", " ")


def kind_choices() -> list[tuple[str, str]]:
    """Return the kinds of companies with their names."""
    return [(str(kind), term(kind)) for kind in PartnerKind]


def custom_fields(work: UnitOfWork, of: Row | None = None) -> dict[str, str]:
    """Return custom attributes that companies like this one have, each with ``number``, ``boolean`` or ``text``."""
    others = work.repository("partners").list({"status": ["prospect", "applied"]}, limit=_SAMPLE).rows
    found: dict[str, str] = {}
    for row in others if of is None else [of, *others]:
        for name, value in row["attributes"].items():
            found.setdefault(name, _kind(value))
    return dict(sorted(found.items())[:_MOST_CUSTOM])


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "text"


def typed_in(form: FormData, custom: Iterable[str]) -> dict[str, str]:
    """Return what was typed, by name of the field."""
    names = [*PROFILE, *(_CUSTOM + name for name in custom)]
    return {name: value.replace("\r\n", "\n").strip() for name in names if isinstance(value := form.get(name), str)}


def shown_of(row: Row, custom: Mapping[str, str]) -> dict[str, str]:
    """Return a row as the form shows it."""
    shown = {name: _text(row.get(name)) for name in PROFILE}
    attributes = row.get("attributes") or {}
    return shown | {_CUSTOM + name: _text(attributes.get(name)) for name in custom}


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return "; ".join(str(one) for one in value)
    if isinstance(value, float | Decimal) and value == int(value):
        return str(int(value))
    return str(value)


def values_of(typed: Mapping[str, str], custom: Mapping[str, str]) -> Row:
    """Return what was typed as values of a row, custom ones under ``attributes``; None for what was left empty.

    Raises
    ------
    InvalidInput
        If a field cannot hold what was typed.
    """
    values = {name: _plain(name, typed[name]) for name in PROFILE if name in typed}
    kinds = {name: kind for name, kind in custom.items() if _CUSTOM + name in typed}
    return values | {"attributes": {name: _custom(name, kind, typed[_CUSTOM + name]) for name, kind in kinds.items()}}


def _plain(name: str, text: str) -> Any:
    column = _PARTNERS.column(name)
    if column.type is ColumnType.LIST:
        parts = text.split(";" if ";" in text else ",")
        return parse_cell(column, [part.strip() for part in parts if part.strip()]) or []
    return parse_cell(column, text) if text else None


def _custom(name: str, kind: str, text: str) -> Any:
    if not text:
        return None
    if kind == "boolean":
        return _TRUTH.get(text)
    if kind == "text":
        return text
    number = _number(text)
    if number is None:
        message = gettext("%(name)s is a number, not %(text)s.") % {"name": label_of(name), "text": repr(text[:40])}
        raise InvalidInput(message, field=_CUSTOM + name)
    return number


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def differing(row: Row, typed: Mapping[str, str], custom: Mapping[str, str]) -> Row:
    """Return as values what was typed and differs from what the form shows of a row; errors as of `values_of`."""
    shown = shown_of(row, custom)
    other = {name: text for name, text in typed.items() if text != shown[name].replace("\r\n", "\n").strip()}
    values = values_of(other, custom)
    attributes = values.pop("attributes")
    return values | ({"attributes": attributes} if attributes else {})


def told_changes(row: Row, changes: Row) -> Sequence[tuple[str, str, str]]:
    """Return label, text before and text after of each change."""
    plain = [(name, row[name], value) for name, value in changes.items() if name != "attributes"]
    was = row.get("attributes") or {}
    custom = [(_CUSTOM + name, was.get(name), value) for name, value in changes.get("attributes", {}).items()]
    return [(label_of(name), _text(before), _text(after)) for name, before, after in plain + custom]
