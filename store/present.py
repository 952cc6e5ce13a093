"""The history of the present, brought up to date by reading only what was written since."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection

from domain.resources import LEARNED
from store.frames import ATTRIBUTE
from store.history import History
from store.read import read_frames
from store.stamp import Stamp, next_known, store_stamp
from store.tables import RESOURCE_TABLES

_ALL = tuple(LEARNED)
_GROWING = "activities"
_OWNERS = ("partners", "contacts")
"""Whoever takes activities out of the store, or blanks them, changes one of these."""


@dataclass(frozen=True, eq=False)
class Reading:
    """What a store held at an instant.

    Parameters
    ----------
    read_at : datetime
        When it was read, aware.
    stamp : Stamp
        Of the data.
    expires_at : datetime, optional
        From when on something more is known by the passing of time alone.
    rows : mapping
        Frames of all resources, not masked.
    history : History
        What was known at `read_at`.
    """

    read_at: datetime
    stamp: Stamp
    expires_at: datetime | None
    rows: Mapping[str, pd.DataFrame]
    history: History

    def lasts(self, until: datetime) -> bool:
        """Say whether the same is known at `until`, unless somebody wrote."""
        return self.expires_at is None or until < self.expires_at


def read_present(connection: Connection, now: datetime, earlier: Reading | None = None) -> Reading:
    """Return what the store holds now; of `earlier` is kept what nobody wrote to, all of it if nobody wrote at all.

    Parameters
    ----------
    connection : Connection
        In a transaction that sees an unchanging snapshot.
    now : datetime
        Aware.
    earlier : Reading, optional
        Of the same store, not later than `now`.
    """
    stamp = store_stamp(connection)
    if earlier is not None and earlier.stamp == stamp and earlier.lasts(now):
        return earlier
    rows = (
        read_frames(connection, tuple(LEARNED), now) if earlier is None else _renewed(connection, now, stamp, earlier)
    )
    return Reading(now, stamp, next_known(connection, now), rows, History.of(now, **rows))


def _renewed(connection: Connection, now: datetime, stamp: Stamp, earlier: Reading) -> dict[str, pd.DataFrame]:
    """Return the rows as they are now: resources that changed are read again, of activities only the new ones."""
    before = {row[0]: row for row in earlier.stamp}
    changed = [str(row[0]) for row in stamp if row != before[row[0]]]
    # What was recorded ahead of its time was left in the database and may be known by now.
    only_grew = earlier.lasts(now) and not set(_OWNERS).intersection(changed)
    last = earlier.rows[_GROWING]["id"].max() if only_grew and len(earlier.rows[_GROWING]) else 0
    newer = RESOURCE_TABLES[_GROWING].c.id > int(last)
    wanted = changed if only_grew else [*dict.fromkeys([*changed, _GROWING])]
    read = read_frames(connection, wanted, now, only=lambda resource: newer if resource.name == _GROWING else None)
    if last and _GROWING in read:
        read[_GROWING] = _appended(earlier.rows[_GROWING], read[_GROWING])
    return {**earlier.rows, **read}


def _appended(rows: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Return both, with custom attributes that only one of them has."""
    if not len(more):
        return rows
    custom = sorted({name for part in (rows, more) for name in part.columns if name.startswith(ATTRIBUTE)})
    columns = [name for name in rows.columns if not name.startswith(ATTRIBUTE)] + custom
    return pd.concat([part.reindex(columns=columns) for part in (rows, more)], ignore_index=True)
