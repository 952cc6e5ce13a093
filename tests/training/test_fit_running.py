"""Recruits whose horizon still runs, over a history whose delays are known."""

import numpy as np
import pandas as pd
import pytest

from intelligence.features.partner_outcomes import partner_outcomes
from store.history import History
from training.dataset import Dataset
from training.fit_running import Running, running_recruits, with_running

UNTIL = pd.Timestamp("2026-01-01")
DAY = pd.Timedelta(days=1)


def history(late: list[tuple[int, int | None]]) -> History:
    """Forty partners that won after 10, 20, .. 400 days; and later ones: (recruited, won) days ago."""
    partners, deals = [], []
    recruits = [(1000, 1000 - 10 * (k + 1)) for k in range(40)] + late
    for k, (recruited, won) in enumerate(recruits, 1):
        partners.append({"id": k, "external_id": f"P{k}", "name": "A", "recruited_at": UNTIL - recruited * DAY})
        if won is not None:
            at = UNTIL - won * DAY
            deals.append(
                {
                    "id": k,
                    "external_id": f"D{k}",
                    "partner_id": k,
                    "registered_at": at,
                    "closed_at": at,
                    "outcome": "won",
                }
            )
    frames = {"partners": pd.DataFrame(partners), "deals": pd.DataFrame(deals)}
    return History.of(np.datetime64(UNTIL, "us"), **frames)


def test_recruits_count_by_the_time_they_have_had():
    known = history([(300, 250), (300, None), (200, None), (50, 20)])
    found = running_recruits(known, partner_outcomes(known, "", 500), 500)
    assert found.ids.tolist() == [41, 42, 43]
    assert found.won.tolist() == [True, False, False]
    # Of forty delays up to 400 days ten are longer than 300, twenty longer than 200.
    assert found.still_out == pytest.approx([0.25, 0.25, 0.5])


def test_without_productive_partners_nobody_tells_how_long_it_takes():
    known = history([(300, None)])
    few = partner_outcomes(known, "", 500)
    assert len(running_recruits(known, few.take(few.ids <= 19), 500)) == 0


def test_a_recruit_without_a_win_is_part_productive_by_what_is_still_to_come():
    instants = pd.to_datetime(["2024-01-01", "2024-06-01"]).to_numpy().astype("datetime64[us]")
    features = pd.DataFrame({"x": [1.0, 2.0], "kind": pd.Categorical(["a", "b"])})
    base = Dataset(features, np.array([1.0, 0.0]), instants, instants, np.array([1, 2]), 365)
    running = Running(np.array([7, 8]), instants, np.array([True, False]), np.array([0.2, 0.5]))
    others = pd.DataFrame({"x": [3.0, 4.0], "kind": pd.Categorical(["c", "b"])})
    whole = with_running(base, running, others, np.array([0.3, 0.5]))
    assert whole.label.tolist() == [1, 0, 1, 1, 0]
    assert whole.weight == pytest.approx([1, 1, 1, 1 / 3, 2 / 3])
    assert whole.features["kind"].tolist() == ["a", "b", "c", "b", "b"]
    assert (whole.as_of[2:] == instants[0]).all()
    assert len(set(whole.group.tolist())) == 5
