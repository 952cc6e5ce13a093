"""The history that an import leaves behind: rows of ``changes`` for fields of records that became something else."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from domain.resources import RESOURCES, Column, ColumnType, Resource
from store.changes import FieldChange, record_changes, record_start
from store.sql import chunks
from store.tables import RESOURCE_TABLES, column_name
from store.transfer.values import BadValue, dump_json, format_number, parse_value, type_text
from store.types import from_micros

_ATTRIBUTE = "attributes."
_Field = tuple[str, str, str]
_changes = RESOURCE_TABLES["changes"]


class _Noted(NamedTuple):
    resource: str
    external_id: str
    field: str
    started_at: datetime
    old: Any
    new: Any


class Recorder:
    """Collects what changed during an import and writes it as history at its end.

    Parameters
    ----------
    connection : Connection
        Of the import's transaction.
    now : datetime
        When the fields changed, as far as the store can tell.
    """

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self._noted: list[_Noted] = []

    def note(self, resource: Resource, old: Mapping[str, Any], new: Mapping[str, Any], created: int) -> None:
        """Take down a row's stored wire values before and after; `created` is when the row came, in microseconds."""
        if not resource.has_external_id:
            return
        times = {
            name: from_micros(value)
            for name in ("created_at", "registered_at", "recruited_at")
            if (value := old.get(name)) is not None
        }
        start = record_start(resource.name, times | {"row_created_at": from_micros(created)})
        for field, was, became in _differences(resource, old, new):
            self._noted.append(_Noted(resource.name, str(old["external_id"]), field, start, was, became))

    def write(self) -> None:
        """Write the history, after the import's own changes are in: what those say already is not said again."""
        newest = self._newest()
        names = self._names_of_references()
        found = []
        for noted in self._noted:
            column = RESOURCES[noted.resource].by_name.get(noted.field)
            change = FieldChange(
                noted.resource,
                noted.external_id,
                noted.field,
                noted.started_at,
                _text(column, noted.old, names),
                _text(column, noted.new, names),
            )
            key = (noted.resource, noted.external_id, noted.field)
            if key not in newest or not _same(column, newest[key], change.new):
                found.append(change)
        if found:
            record_changes(self._connection, found, self._now)

    def _newest(self) -> dict[_Field, str | None]:
        """Return what each field of the records concerned became last, by its history."""
        records: dict[str, dict[str, None]] = {}
        for noted in self._noted:
            records.setdefault(noted.resource, {})[noted.external_id] = None
        newest: dict[_Field, str | None] = {}
        for resource, external_ids in records.items():
            for part in chunks(list(external_ids)):
                query = (
                    select(_changes.c.external_id, _changes.c.field, _changes.c.value)
                    .where(_changes.c.resource == resource, _changes.c.external_id.in_(part))
                    .order_by(_changes.c.changed_at)
                )
                for external_id, field, value in self._connection.execute(query):
                    newest[resource, external_id, _full_name(resource, field)] = value
        return newest

    def _names_of_references(self) -> dict[tuple[str, int], str]:
        """Return the external id of each row that a changed reference points or pointed to."""
        wanted: dict[str, dict[int, None]] = {}
        for noted in self._noted:
            column = RESOURCES[noted.resource].by_name.get(noted.field)
            if column is not None and column.type is ColumnType.REFERENCE:
                pair = (id_ for id_ in (noted.old, noted.new) if id_ is not None)
                wanted.setdefault(str(column.target), {}).update(dict.fromkeys(pair))
        names: dict[tuple[str, int], str] = {}
        for target, ids in wanted.items():
            table = RESOURCE_TABLES[target]
            for part in chunks(list(ids)):
                query = select(table.c.id, table.c.external_id).where(table.c.id.in_(part))
                names.update(((target, id_), name) for id_, name in self._connection.execute(query))
        return names


def _full_name(resource: str, field: str) -> str:
    is_plain = field in RESOURCES[resource].by_name or field.startswith(_ATTRIBUTE)
    return field if is_plain else _ATTRIBUTE + field


def _differences(resource: Resource, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for column in resource.columns:
        name = column_name(column)
        if old[name] != new[name]:
            yield column.name, old[name], new[name]
    if old["attributes"] != new["attributes"]:
        was, became = json.loads(old["attributes"] or "{}"), json.loads(new["attributes"] or "{}")
        for name in {**was, **became}:
            before, after = was.get(name), became.get(name)
            if dump_json(before) != dump_json(after):
                yield _ATTRIBUTE + name, before, after


def _text(column: Column | None, value: Any, names: Mapping[tuple[str, int], str]) -> str | None:
    """Return a wire value as ``changes`` keeps it: what `store.values.history_text` says of the stored value."""
    if column is not None and value is not None:
        if column.type is ColumnType.REFERENCE:
            return names[str(column.target), value]
        if column.type is ColumnType.INSTANT:
            return from_micros(value).isoformat().replace("+00:00", "Z")
    if value is None or isinstance(value, str):
        return value
    return format_number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else dump_json(value)


def _same(column: Column | None, kept: str | None, new: str | None) -> bool:
    """Whether two texts of a field's history mean the same, however a CRM writes them."""
    return kept == new or (kept is not None and new is not None and _meaning(column, kept) == _meaning(column, new))


def _meaning(column: Column | None, text: str) -> object:
    if column is None:
        value = type_text(text)
        return value if isinstance(value, (str, bool)) else format_number(value)
    try:
        if column.type is ColumnType.LIST and text.startswith("["):
            return parse_value(column, json.loads(text))
        return parse_value(column, text)
    except (BadValue, ValueError):
        return text
