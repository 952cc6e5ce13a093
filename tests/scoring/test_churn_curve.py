"""The curve of silence as the answer where no model serves."""

import numpy as np
import pandas as pd
import pytest

from domain.settings import Settings
from intelligence.features.build import build, learn_feature_set
from intelligence.scoring.churn_curve import curve_churn
from store.history import History

UNTIL = pd.Timestamp("2025-07-01")
SETTINGS = Settings(churn_horizons_days=(30, 90))


def programme(n: int, seed: int = 1) -> History:
    """Partners that act at a pace of their own, until most of them stop for good."""
    rng = np.random.default_rng(seed)
    rows = []
    for partner in range(n):
        pace, end = rng.gamma(1.0, 20.0) + 2, rng.exponential(200.0)
        at = np.cumsum(rng.exponential(pace, 200)) + rng.uniform(0, 60)
        start = at[0]
        rows += [(partner, day) for day in at[(at < 180) & ((at <= start + end) | (at == start))]]
    table = pd.DataFrame(rows, columns=["partner_id", "day"])
    when = (UNTIL - pd.Timedelta(days=180) + pd.to_timedelta(table["day"], unit="D")).dt.as_unit("us")
    activities = pd.DataFrame({"partner_id": table["partner_id"], "occurred_at": when, "kind": "order"})
    partners = pd.DataFrame({"id": range(n), "external_id": [f"P{i}" for i in range(n)], "name": "x"})
    return History.of(UNTIL, partners=partners, activities=activities)


def rows_of(history: History) -> pd.DataFrame:
    ids = np.unique(history.activities["partner_id"])
    subjects = pd.DataFrame({"partner_id": ids, "as_of": np.full(len(ids), history.until)})
    return build(learn_feature_set("churn", history, SETTINGS), history, subjects, None)


def test_it_answers_where_habits_tell_more_than_days_of_silence():
    history = programme(150)
    features = rows_of(history)
    by_horizon = [curve_churn(history, SETTINGS, features, days) for days in (7, 30, 90, 365)]
    assert all(prediction is not None for prediction in by_horizon)
    p = np.array([prediction.p for prediction in by_horizon])
    assert (np.diff(p, axis=0) <= 1e-12).all()
    often = features["active_days_90"] >= 20
    assert p[1][often].mean() < 0.5 * p[1][~often].mean()
    assert (by_horizon[1].low <= p[1]).all()
    assert (p[1] <= by_horizon[1].high).all()
    assert (by_horizon[1].high - by_horizon[1].low).mean() > 0.1


@pytest.mark.parametrize("n", [0, 1, 5])
def test_with_hardly_any_history_it_leaves_the_answer_to_the_bands(n):
    history = programme(n) if n else History.of(UNTIL)
    assert curve_churn(history, SETTINGS, pd.DataFrame(), 90) is None
