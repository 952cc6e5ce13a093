"""Whether a custom attribute of partners holds numbers only: a question about all of them, whoever is asked about."""

import json
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, Text, cast, select

from domain.resources import LEARNED
from store import frames
from store.tables import RESOURCE_TABLES

_PARTNERS, _CHANGES = RESOURCE_TABLES["partners"], RESOURCE_TABLES["changes"]
_AT_ONCE = 20_000
_NUMBERS = (int, float, bool, type(None))


def text_attributes(connection: Connection, until: datetime) -> frozenset[str]:
    """Return the columns of custom attributes of partners that were text at an instant.

    One is text as soon as one value is no number, of any partner, then or earlier: so the frames of all partners say,
    and those of a few have to follow (`History.of`).
    """
    columns = LEARNED["partners"].by_name
    fields = select(_CHANGES.c.field).distinct().where(_CHANGES.c.resource == "partners")
    changed = {field for field in connection.execute(fields).scalars() if field.removesuffix("_id") not in columns}
    names = {frames.resolve_field("partners", field)[0]: field for field in sorted(changed)}
    found = {name for name, field in names.items() if _was_text(connection, field, until)}
    for key, name in _worded(connection, found):
        if name not in names or not _has_changes(connection, names[name], key):
            found.add(name)
    return frozenset(found)


def _worded(connection: Connection, found: set[str]) -> Iterator[tuple[str, str]]:
    """Give external id and column of values that are no numbers, of columns that are not among those found yet."""
    query = select(_PARTNERS.c.external_id, cast(_PARTNERS.c.attributes, Text)).where(
        cast(_PARTNERS.c.attributes, Text) != "{}"
    )
    for part in connection.execute(query.execution_options(yield_per=_AT_ONCE)).partitions():
        records = json.loads("[" + ",".join(row[1] for row in part) + "]")
        for (key, _), record in zip(part, records, strict=True):
            for name, value in record.items():
                if isinstance(value, _NUMBERS) or (column := frames.ATTRIBUTE + name) in found:
                    continue
                if frames.attribute_number(value) is None:
                    yield key, column


def _was_text(connection: Connection, field: str, until: datetime) -> bool:
    known = select(_CHANGES.c.value).distinct()
    mine = (_CHANGES.c.resource == "partners") & (_CHANGES.c.field == field) & (_CHANGES.c.changed_at <= until)
    values = connection.execute(known.where(mine, _CHANGES.c.value.is_not(None))).scalars()
    return any(frames.attribute_number(value) is None for value in values)


def _has_changes(connection: Connection, field: str, key: str) -> bool:
    mine = (_CHANGES.c.resource == "partners") & (_CHANGES.c.external_id == key) & (_CHANGES.c.field == field)
    return connection.execute(select(_CHANGES.c.id).where(mine).limit(1)).first() is not None
