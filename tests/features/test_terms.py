"""Terms: how long agreements run, also where broken-off ones carry the day of that as their end."""

import numpy as np
import pandas as pd
import pytest

from domain.settings import Settings
from intelligence.features.build import build, learn_feature_set
from store.history import History

UNTIL = pd.Timestamp("2025-01-01")
LENGTH = pd.Timedelta(days=729)


def programme(*, moved: bool, regular: bool = True) -> History:
    """Forty agreements; of the twenty older ones, half were broken off after some 200 days if `moved`."""
    rng = np.random.default_rng(3)
    starts = pd.to_datetime(["2022-06-01"] * 20 + ["2024-06-01"] * 20) + pd.to_timedelta(rng.integers(0, 90, 40), "D")
    length = (
        pd.to_timedelta(np.full(40, LENGTH.days) if regular else rng.integers(300, 1200, 40), "D").to_numpy().copy()
    )
    if moved:
        length[:10] = pd.to_timedelta(rng.integers(100, 300, 10), "D").to_numpy()
    partners = pd.DataFrame({"id": range(40), "external_id": [f"p{i}" for i in range(40)], "name": "P"})
    agreements = pd.DataFrame(
        {
            "id": range(40),
            "external_id": [f"a{i}" for i in range(40)],
            "partner_id": range(40),
            "valid_from": starts,
            "valid_to": starts + length,
        }
    )
    return History.of(UNTIL, partners=partners, agreements=agreements)


def days_left(history: History, day: str) -> np.ndarray:
    feature_set = learn_feature_set("churn", history, Settings())
    subjects = pd.DataFrame({"partner_id": range(40), "as_of": pd.Timestamp(day)})
    return build(feature_set, history, subjects, None)["agreement_days_left"].to_numpy()


def test_agreements_broken_off_do_not_tell_it_before():
    left = days_left(programme(moved=True), "2022-09-01")
    np.testing.assert_allclose(left[:20], days_left(programme(moved=False), "2022-09-01")[:20])
    assert (left[:20] > 600).all()


def test_ends_that_nobody_moved_count_as_they_are():
    history = programme(moved=False, regular=False)
    left = days_left(history, "2022-09-01")[:20]
    ends = history.agreements.set_index("partner_id")["valid_to"].sort_index()[:20] + pd.Timedelta(days=1)
    np.testing.assert_allclose(left, (ends - pd.Timestamp("2022-09-01")).dt.days)


@pytest.mark.parametrize("day", ["2022-05-01", "2023-12-01"])
def test_nothing_is_told_outside_of_a_term(day):
    left = days_left(programme(moved=True), day)
    assert np.isnan(left[:10]).all()
    assert np.isnan(left[20:]).all()
