"""Whether the programme's data changed since, and when it will look different without any change."""

import sqlite3
import threading
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Date, Engine, func, literal, select, text, union_all

from domain.resources import LEARNED
from store.known import KNOWN_FROM, OUTCOMES
from store.tables import RESOURCE_TABLES

Stamp = tuple[tuple[object, ...], ...]

_EVENTUAL: dict[str, tuple[str, ...]] = {
    **KNOWN_FROM,
    "activities": ("recorded_at", "occurred_at"),
    "partners": ("recruited_at", "ended_at"),
    **{name: (*KNOWN_FROM[name], column) for name, (column, _) in OUTCOMES.items()},
}
"""Columns whose instant, when it comes, makes something known."""


def store_stamp(connection: Connection) -> Stamp:
    """Return rows, highest id and latest change of each resource: equal stamps, equal data.

    One statement of questions that indexes answer. Rows of the large tables of immutable events are not counted, as
    they are only ever added: whoever deletes some changes the partner, too.
    """
    return tuple(tuple(row) for row in connection.execute(_stamps()))


@cache
def _stamps() -> CompoundSelect[Any]:
    queries = []
    for name in LEARNED:
        table = RESOURCE_TABLES[name]
        newest = select(func.max(table.c.id)).scalar_subquery()
        if "row_updated_at" in table.c:
            changed = select(func.max(table.c.row_updated_at)).scalar_subquery()
            queries.append(
                select(literal(name), select(func.count()).select_from(table).scalar_subquery(), newest, changed)
            )
        else:
            queries.append(select(literal(name), literal(None), newest, literal(None)))
    return union_all(*queries)


def next_known(connection: Connection, until: datetime) -> datetime | None:
    """Return the first instant after `until` at which something in the store becomes known; None if nothing does.

    Until then what is known stays the same, unless somebody writes.
    """
    instants: list[datetime] = []
    for name, columns in _EVENTUAL.items():
        for column in (RESOURCE_TABLES[name].c[column] for column in columns):
            on_days = isinstance(column.type, Date)
            later = column > (until.astimezone(UTC).date() if on_days else until)
            found = connection.execute(select(func.min(column)).where(later)).scalar()
            if isinstance(found, datetime):
                instants.append(found)
            elif isinstance(found, date):
                instants.append(datetime.combine(found, time(), UTC))
    return min(instants, default=None)


class Changes:
    """Tells cheaply whether anybody committed to a store: some microseconds instead of a look at every table.

    Parameters
    ----------
    engine : Engine
        Of the store.

    Notes
    -----
    SQLite counts the commits of other connections for each connection (``PRAGMA data_version``), so a connection of
    its own that never writes sees all of them. On PostgreSQL the snapshot itself is compared: two transactions
    with the same ``pg_current_snapshot()`` see the same rows.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._watching: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def token(self) -> object | None:
        """Return what is equal as long as nobody commits; None where that cannot be told."""
        if self._engine.dialect.name == "postgresql":
            with self._engine.connect() as connection:
                return connection.execute(text("SELECT CAST(pg_current_snapshot() AS text)")).scalar()
        file = self._engine.url.database
        if file in (None, "", ":memory:"):
            return None
        with self._lock:
            if self._watching is None:
                self._watching = sqlite3.connect(str(file), check_same_thread=False, isolation_level=None)
            return self._watching.execute("PRAGMA data_version").fetchone()  # type: ignore[no-any-return]

    def close(self) -> None:
        """Give the connection back; `token` opens a new one."""
        with self._lock:
            if self._watching is not None:
                self._watching.close()
                self._watching = None
