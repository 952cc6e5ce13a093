"""Signs of life of partners as of an instant."""

import numpy as np
import pandas as pd

from intelligence.features.pair_activity import NAMES, PartnerActivity
from store.history import History
from tests.matching.worlds import history

DAY = 86_400_000_000


def at(day: str) -> int:
    return int(np.datetime64(day, "us").astype(np.int64))


def seen(days: list[str], recorded: list[str | None] | None = None) -> History:
    times = pd.to_datetime(days)
    known = times if recorded is None else pd.to_datetime(pd.Series(recorded)).to_numpy()
    rows = pd.DataFrame({"partner_id": [2] * len(days), "occurred_at": times, "recorded_at": known, "kind": "call"})
    return history(activities=rows)


def read(known: History, day: str) -> dict[str, float]:
    ids = np.sort(known.partners["id"].to_numpy(np.int64))
    walk = PartnerActivity(known, ids)
    for step in ("2024-01-01", "2024-03-01", day):
        walk.advance(at(step))
    found = walk.features(at(day), np.array([1]))
    return {name: float(column[0]) for name, column in zip(NAMES, found, strict=True)}


def test_activities_are_counted_in_windows_that_move_on() -> None:
    known = seen(["2023-12-01", "2024-05-20", "2024-06-10", "2024-06-20"])
    found = read(known, "2024-06-20")
    assert {name: round(float(np.expm1(value)), 3) for name, value in found.items()} == {
        "seen_30": 1.0,  # one on the 10th; exactly 31 days before does not count, nor the very instant
        "seen_90": 2.0,
        "seen_365": 3.0,
        "days_since_seen": 10.0,
    }


def test_nobody_is_seen_before_it_is_recorded() -> None:
    known = seen(["2024-06-10"], ["2024-06-25"])
    assert np.isnan(read(known, "2024-06-20")["days_since_seen"])
    assert read(known, "2024-06-26")["seen_30"] == np.log1p(1.0)


def test_partners_without_activities_have_none() -> None:
    known = history()
    walk = PartnerActivity(known, np.sort(known.partners["id"].to_numpy(np.int64)))
    walk.advance(at("2024-06-20"))
    *counts, since = walk.features(at("2024-06-20"), slice(None))
    assert not np.any(counts)
    assert np.isnan(since).all()
