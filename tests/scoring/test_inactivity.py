"""Who is in the programme at an instant, also where nobody wrote down when a partner left."""

import numpy as np
import pandas as pd

from domain.settings import Settings
from intelligence.scoring.inactivity import churn_labels, members
from store.history import History

UNTIL = pd.Timestamp("2025-01-01")


def at(day: str) -> np.datetime64:
    return np.datetime64(day, "us")


def programme(ended_at: list[str | None]) -> History:
    """Partners that were active on the first of the months until June 2024, then ended, with or without a date."""
    n = len(ended_at)
    partners = pd.DataFrame(
        {
            "id": range(1, n + 1),
            "external_id": [f"p{i}" for i in range(n)],
            "name": "P",
            "status": "ended",
            "recruited_at": pd.Timestamp("2023-12-01"),
            "ended_at": pd.to_datetime(ended_at),
        }
    )
    months = pd.date_range("2024-01-01", "2024-06-01", freq="MS")
    acts = pd.DataFrame({"partner_id": np.repeat(partners["id"], 6), "occurred_at": np.tile(months, n)})
    acts["kind"], acts["id"] = "login", range(len(acts))
    return History.of(UNTIL, partners=partners, activities=acts)


def test_partners_that_ended_without_a_date_were_there_before():
    history = programme([None, "2024-05-15"])
    ids = np.array([1, 2])
    assert members(history, ids, np.full(2, at("2024-03-01"))).all()
    assert members(history, ids, np.full(2, at("2024-07-15"))).tolist() == [True, False]
    assert not members(history, ids, np.full(2, at("2024-12-01"))).any()
    assert not members(history, ids, np.full(2, history.until)).any()


def test_they_end_as_long_after_their_last_sign_as_those_with_a_date():
    history = programme([None, *["2024-06-21"] * 6])
    ids = np.array([1, 1])
    assert members(history, ids, np.array([at("2024-06-20"), at("2024-06-22")])).tolist() == [True, False]


def test_their_silence_is_learned_from():
    labels = churn_labels(programme([None] * 3), Settings(), [at("2024-05-15"), at("2024-07-01")], 30)
    assert labels.inactive.tolist() == [0.0] * 3 + [1.0] * 3
