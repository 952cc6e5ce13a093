"""The history of fields, as it is written: what a field was from the record's start, and what it became."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from domain.resources import RESOURCES
from store.at_rest import is_sealed
from store.sql import chunks, insert_into
from store.tables import RESOURCE_TABLES

changes = RESOURCE_TABLES["changes"]

_STARTS = {"leads": "created_at", "deals": "registered_at"}
SELF_DATED = {"deals": frozenset({"outcome", "closed_at"}), "partners": frozenset({"recruited_at", "ended_at"})}
"""Fields whose instant is told by the record itself: a change that came in late does not move it."""

_ATTRIBUTE = "attributes."
_EXACT_FLOATS = 1e16


class FieldChange(NamedTuple):
    """One field of one record that became something else.

    Parameters
    ----------
    resource, external_id : str
        Which record.
    field : str
        Public column name, or ``attributes.<name>``.
    started_at : datetime
        The record's start (`record_start`): since when it had the old value, if nothing else is known.
    old, new : str or None
        As `history_text` gives them.
    """

    resource: str
    external_id: str
    field: str
    started_at: datetime
    old: str | None
    new: str | None


def record_start(resource: str, row: dict[str, datetime]) -> datetime:
    """Return since when a record is known: a lead's creation, a deal's registration, else when the row came.

    A partner's row counts from recruitment when that is earlier. `row` has the columns of the table.
    """
    if resource in _STARTS:
        return row[_STARTS[resource]]
    created, recruited = row["row_created_at"], row.get("recruited_at")
    return min(created, recruited) if resource == "partners" and recruited is not None else created


def record_changes(connection: Connection, found: Sequence[FieldChange], at: datetime) -> int:
    """Write history for fields that changed at the instant `at`; return how many rows of ``changes`` that took.

    A field without a history first gets its old value, from the record's start on. Fields in `SELF_DATED` get none.
    Fields may come in any number: the work is in a few statements.
    """
    found = [
        change
        for change in found
        if change.field not in SELF_DATED.get(change.resource, ())
        # What is encrypted must not lie open in its history.
        and not is_sealed(connection.dialect, change.resource, change.field)
    ]
    known = _fields_with_history(connection, found)
    rows: dict[tuple[str, str, str, datetime], str | None] = {}
    for change in found:
        key = (change.resource, change.external_id, change.field)
        if key not in known and change.started_at < at:
            rows[(*key, change.started_at)] = change.old
        rows[(*key, at)] = change.new
    names = ("resource", "external_id", "field", "changed_at")
    values = [dict(zip(names, key, strict=True)) | {"value": value} for key, value in rows.items()]
    insert = insert_into(connection, changes)
    upsert = insert.on_conflict_do_update(
        index_elements=list(names), set_={"value": insert.excluded["value"], "row_updated_at": at}
    )
    for part in chunks(values, 5000):
        connection.execute(upsert, [value | {"row_created_at": at, "row_updated_at": at} for value in part])
    return len(values)


def history_text(value: Any) -> str | None:
    """Return a value that a table holds as the text that ``changes`` keeps; None for none.

    Examples
    --------
    >>> history_text(["BR", "AR"]), history_text(12.50), history_text(True)
    ('["BR","AR"]', '12.5', 'true')
    """
    match value:
        case None:
            return None
        case str():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case bool() | list() | dict():
            return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    whole = value == int(value) and abs(value) < _EXACT_FLOATS
    return str(int(value)) if whole else repr(float(value))


def forget_changes(connection: Connection, resource: str, external_id: str) -> None:
    """Delete the history of a record that is deleted itself."""
    mine = (changes.c.resource == resource) & (changes.c.external_id == external_id)
    connection.execute(changes.delete().where(mine))


def _fields_with_history(connection: Connection, found: Sequence[FieldChange]) -> set[tuple[str, str, str]]:
    by_resource: dict[str, set[str]] = {}
    for change in found:
        by_resource.setdefault(change.resource, set()).add(change.external_id)
    return {key for name, ids in by_resource.items() for key in _history_of(connection, name, sorted(ids))}


def _history_of(connection: Connection, resource: str, external_ids: Sequence[str]) -> Iterable[tuple[str, str, str]]:
    for part in chunks(external_ids):
        query = select(changes.c.external_id, changes.c.field).distinct()
        for external_id, field in connection.execute(
            query.where(changes.c.resource == resource, changes.c.external_id.in_(part))
        ):
            # A history that comes from elsewhere may call an attribute by its bare name.
            plain = field in RESOURCES[resource].by_name or field.startswith(_ATTRIBUTE)
            yield resource, external_id, field if plain else _ATTRIBUTE + field
