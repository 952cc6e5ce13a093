"""What status a partner had, when: from its history, its recruitment and its end."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from store import frames
from store.timelines import Timeline, take


def field_as_of(
    frame: pd.DataFrame, name: str, line: Timeline | None, positions: frames.Ints, as_of: frames.Instants
) -> pd.Series:
    """Return column `name` for the rows at `positions` (-1: none) as it was at `as_of`."""
    value = take(frame[name], positions)
    if line is None:
        return value
    ids = np.where(positions >= 0, frame["id"].to_numpy()[positions], -1) if len(frame) else positions
    return line.override(value, ids, as_of)


def partner_status(
    partners: pd.DataFrame, lines: Mapping[str, Timeline], positions: frames.Ints, as_of: frames.Instants
) -> pd.Series:
    """Return the status of the partners at `positions` (-1: none) as of each instant, as ``str``.

    By ``changes`` of ``status`` where one came before, ``ended`` from a still later ``ended_at`` on. Otherwise
    ``prospect`` before ``recruited_at``, ``ended`` from ``ended_at`` on, ``active`` between them, and the row's
    status where there is no end.
    """
    if len(partners) == 0:
        return pd.Series([None] * len(positions), dtype="str")
    status = field_as_of(partners, "status", lines.get("status"), positions, as_of).to_numpy(dtype=object)
    ids = np.where(positions >= 0, partners["id"].to_numpy()[positions], -1)
    since = lines["status"].since(ids, as_of) if "status" in lines else np.full(len(ids), "NaT", "datetime64[us]")
    recruited, ended = (
        field_as_of(partners, name, lines.get(name), positions, as_of).to_numpy()
        for name in ("recruited_at", "ended_at")
    )
    result = pd.Series(_status(status, since, recruited, ended, as_of), dtype="str")
    return result.mask(positions < 0)


def _status(
    status: np.ndarray[Any, Any],
    since: frames.Instants,
    recruited: frames.Instants,
    ended: frames.Instants,
    as_of: frames.Instants,
) -> np.ndarray[Any, Any]:
    known, changed = ~pd.isna(status), ~np.isnat(since)
    silent = np.where(np.isnat(recruited), "prospect", "active")
    # A row with an end was active before it: what the row says now may be of later, and must not tell.
    from_dates = np.where(np.isnat(ended), np.where(known, status, silent), "active")
    from_dates = np.where(recruited > as_of, "prospect", from_dates)
    result = np.where(changed & known, status, from_dates)
    over = (ended <= as_of) & (~changed | (since < ended))
    return np.where(over, "ended", result)
