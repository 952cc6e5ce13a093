"""Checks that need more than the row itself: the header, references, keys, histories."""

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from domain.resources import RESOURCES, Column, ColumnType, Resource
from store.transfer.batch import IGNORED
from store.transfer.references import References
from store.transfer.report import shown
from store.transfer.rows import Rows
from store.transfer.values import BadValue, check_text

_WITH_ID = tuple(name for name, resource in RESOURCES.items() if resource.has_external_id)


@dataclass
class Missing:
    """Rows of this import that will not be in the store, although its files name them.

    Attributes
    ----------
    rejected : dict of str to set of str
        External ids of bad rows by resource.
    unread : set of str
        Resources whose file could not be read to its end.
    is_silent : bool
        Whether rows that refer to those are passed over without a word: mending the cause mends them.
    """

    is_silent: bool
    rejected: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in RESOURCES})
    unread: set[str] = field(default_factory=set)

    def reason(self, target: str, external_id: str) -> str:
        """Return why `external_id` is missing, empty when this import never named it."""
        if external_id in self.rejected[target]:
            return f"the row {external_id!r} of {target} was rejected"
        return f"the file of {target} could not be read" if target in self.unread else ""


def header_problems(resource: Resource, names: list[str]) -> list[tuple[str, str]]:
    """Return (column, message) of what is wrong with a header; none for an empty file."""
    problems = []
    for name in dict.fromkeys(names):
        problems += [(shown(name), message) for message in _name_problems(resource, name, names.count(name))]
    missing = [column.name for column in resource.columns if column.required and column.name not in names]
    if names:
        problems += [(name, f"{resource.name} must have the column {name!r}; add it") for name in missing]
    return problems


def _name_problems(resource: Resource, name: str, count: int) -> list[str]:
    messages = []
    try:
        check_text(name)
    except BadValue as error:
        messages.append(str(error))
    if not name:
        messages.append("a column has no name; name or remove it")
    if count > 1:
        messages.append(f"the column stands {count} times; keep one of them")
    if not resource.custom and name not in resource.by_name and name not in IGNORED:
        messages.append(f"{resource.name} takes no columns of your own; remove it")
    return messages


def check_names(rows: Rows) -> None:
    """Flaw rows of a file without a header that name columns which cannot be."""
    for name in rows.raw.columns:
        for message in _name_problems(rows.resource, name, 1):
            rows.attributes.pop(name, None)
            for position in np.flatnonzero(rows.present(name)):
                rows.flaw(int(position), shown(name), "", message)


def check_references(rows: Rows, references: References, missing: Missing) -> None:
    """Resolve the references of `rows`; flaw those to nothing, drop those that would only repeat a problem."""
    for column in rows.resource.columns:
        if column.target and column.name in rows.columns:
            find = _unknown_elements if column.type is ColumnType.LIST else _unknown_ids
            for position, name in find(rows, column, references):
                _refuse(rows, missing, position, column.name, str(column.target), name)


def _refuse(rows: Rows, missing: Missing, position: int, column: str, target: str, name: str) -> None:
    reason = missing.reason(target, name)
    if reason and missing.is_silent:
        rows.good[position] = False
    else:
        rows.flaw(
            position, column, name, reason or f"names no row of {target}, neither in this import nor in the store"
        )


def _unknown_ids(rows: Rows, column: Column, references: References) -> list[tuple[int, str]]:
    rows.ids[column.name], unknown = references.resolve(str(column.target), rows.columns[column.name])
    return unknown


def _unknown_elements(rows: Rows, column: Column, references: References) -> list[tuple[int, str]]:
    encoded = rows.columns[column.name].dictionary_encode()
    lists = [json.loads(text) for text in encoded.dictionary.to_pylist()]
    found = references.ids(str(column.target), (name for names in lists for name in names))
    lost = [[name for name in names if name not in found] for names in lists]
    if not any(lost):
        return []
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return [(position, name) for position, code in enumerate(codes) if code >= 0 for name in lost[code]]


def check_doubles(rows: Rows) -> None:
    """Flaw rows whose key stands earlier in the batch; equal events are one and no flaw."""
    if rows.resource.event:
        return
    positions = rows.doubled()
    texts = rows.key_texts() if len(positions) else []
    for position in positions:
        rows.flaw(int(position), rows.resource.key[0], texts[position], "the key stands twice in this file")


def check_changes(rows: Rows, references: References, missing: Missing) -> None:
    """Flaw changes of what no history is kept for, or of rows that are not there."""
    cells: dict[str, list[Any]] = {
        name: rows.columns[name].to_pylist() for name in ("resource", "external_id", "field")
    }
    for position, field_name in enumerate(cells["field"]):
        if field_name == "external_id":
            rows.flaw(position, "field", field_name, "an external id does not change; name another column")
    for name in dict.fromkeys(cells["resource"]):
        positions = [i for i, resource in enumerate(cells["resource"]) if resource == name and cells["external_id"][i]]
        if name in _WITH_ID:
            found = references.ids(name, (cells["external_id"][i] for i in positions))
            for i in positions:
                if cells["external_id"][i] not in found:
                    _refuse(rows, missing, i, "external_id", name, cells["external_id"][i])
        elif name is not None:
            for i in positions:
                rows.flaw(i, "resource", name, f"must be one of {', '.join(_WITH_ID)}")
