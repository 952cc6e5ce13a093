"""What the rows behind a figure are called: the callers' id and a few words of each."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, cast, func, literal, select
from sqlalchemy.types import Text

from store.sql import chunks
from store.tables import RESOURCE_TABLES


class Called(NamedTuple):
    """What a row is called: the external id of what it is about, and words that say more; None: there are none."""

    key: str | None
    words: str | None


def called(connection: Connection, source: str, ids: Sequence[int]) -> dict[int, Called]:
    """Return what rows of a resource are called, by our id; for few of them, and no rows that are not there."""
    if source not in _KEYS:
        return {}
    table, leads = RESOURCE_TABLES[source], RESOURCE_TABLES["leads"]
    key, words = _KEYS[source]
    if source == "assignments":
        query = select(table.c.id, leads.c.external_id, leads.c.company).join(leads, leads.c.id == table.c.lead_id)
    else:
        columns = [literal(None) if name is None else cast(table.c[name], Text) for name in (key, words)]
        query = select(table.c.id, *(func.nullif(column, "") for column in columns))
    found: dict[int, Called] = {}
    for part in chunks(list(dict.fromkeys(ids))):
        rows: Any = connection.execute(query.where(table.c.id.in_(part)))
        found |= {row[0]: Called(row[1], row[2]) for row in rows}
    return found


_KEYS: dict[str, tuple[str | None, str | None]] = {
    "deals": ("external_id", "company"),
    "assignments": (None, None),
    "partners": ("external_id", "name"),
    "goals": (None, "metric"),
    "feedback": (None, "comment"),
    "certifications": (None, "course"),
    "costs": (None, "kind"),
    "ledger": (None, "kind"),
}
