"""Intervals hold the true probabilities about as often as they say."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import norm
from worlds import world

from models.intervals import HIDDEN, belief, hidden, interval, shortest, smooth, spread, unseen
from models.prior import BaseRate, base_rate, design_effect
from models.probability import ProbabilityModel


def covered(rows: int, kind: str, seed: int, hidden: float) -> float:
    X, y, p, as_of = world(rows + 300, seed=seed, kind=kind, hidden=hidden)
    order = np.random.default_rng(seed).permutation(rows + 300)
    train, new = np.sort(order[:rows]), order[rows:]
    model = ProbabilityModel(members=2, threads=1).fit(X.iloc[train], y[train], as_of=as_of.iloc[train])
    found = model.predict(X.iloc[new])
    return float(np.mean((found.low <= p[new]) & (p[new] <= found.high)))


@pytest.mark.parametrize("rows", [300, 1_000])
def test_coverage_over_several_worlds_in_which_subjects_differ_for_hidden_reasons(rows: int):
    shares = [
        covered(rows, kind, seed, (0.7, 0.9, 1.1)[seed % 3])
        for seed, kind in enumerate(("linear", "steps", "groups", "drift", "noise", "linear"))
    ]
    assert 0.75 <= np.mean(shares) <= 0.88
    assert min(shares) > 0.6


@pytest.mark.parametrize(("rows", "kind"), [(100, "weak"), (300, "steps"), (1_000, "linear")])
def test_where_nothing_is_hidden_intervals_are_never_too_narrow(rows: int, kind: str):
    assert covered(rows, kind, 1, 0.0) > 0.8


def test_base_rate_by_hand():
    rate = base_rate(np.array([1.0, 0, 0, 0]), np.ones(4))
    assert (rate.successes, rate.failures) == (1.0, 3.0)
    assert rate.p == pytest.approx(1.5 / 5)
    low, high = rate.interval(0.8)
    assert 0.05 < low < 0.15
    assert 0.45 < high < 0.65


def test_base_rate_interval_always_holds_its_mean():
    for failures in (0.0, 10.0, 1e6):
        rate = BaseRate(0.0, failures)
        low, high = rate.interval(0.8)
        assert low <= rate.p <= high


def test_weights_and_groups_shrink_what_is_known():
    y = np.repeat([1.0, 0, 0, 1, 0], 10)
    group = np.repeat(np.arange(5), 10)
    assert design_effect(y, np.ones(50), group) == pytest.approx(10.0)
    assert base_rate(y, np.ones(50), 10.0).successes == pytest.approx(2.0)
    assert base_rate(np.array([1.0, 0.0]), np.array([9.0, 1.0])).p == pytest.approx(
        (0.9 * 100 / 82 + 0.5) / (100 / 82 + 1)
    )


def test_spread_and_smoothing_by_hand():
    own = spread(np.array([[1.0, 0.0], [3.0, 0.0]]), np.array([2.0, 0.0]))
    np.testing.assert_allclose(own, [1.0, 0.0])
    np.testing.assert_allclose(smooth(own, 4, 2.0), [1.5, 1.0])
    assert unseen(0.0) > unseen(30) > unseen(3_000) > 0


def test_interval_is_symmetric_in_log_odds_and_p_stays_off_the_ends():
    found = interval(np.array([0.0, 50.0]), np.array([1.0, 100.0]))
    assert found.low[0] == pytest.approx(1 - found.high[0], abs=0.01)
    assert found.p[1] == pytest.approx(1 - 1e-4)
    assert found.high[1] == 1.0


def test_hidden_differences_move_the_middle_away_from_one_half():
    found = belief(np.array([-2.0]), np.array([0.1]), 0.9)
    assert found.z[0] == -2.0
    assert found.middle[0] == pytest.approx(-2 * np.sqrt(1.18))
    assert found.deviation[0] == pytest.approx(1.0)
    assert found.widened(3.0).deviation[0] == pytest.approx(2.0)


def test_hidden_differences_need_a_signal():
    assert hidden(0.0) == 0.0
    assert hidden(3.0) == pytest.approx(HIDDEN, rel=0.1)
    assert hidden(100.0) < HIDDEN


@pytest.mark.parametrize("middle", [-7.0, -4.0, -2.0, -0.5, 0.0, 1.0, 3.0, 6.0])
@pytest.mark.parametrize("deviation", [0.05, 0.5, 1.2, 2.5])
def test_shortest_holds_80_percent_and_is_no_longer_than_equal_tails(middle: float, deviation: float):
    low, high = (float(end[0]) for end in shortest(np.array([middle]), np.array([deviation])))
    below, above = (norm.cdf((logit(end) - middle) / deviation) for end in (low, high))
    assert above - below == pytest.approx(0.8, abs=0.002) or (low, high) == (0, 1)
    tails = expit(middle + deviation * norm.ppf([0.1, 0.9]))
    assert np.diff(np.arcsin(np.sqrt([low, high])))[0] < 1.35 * np.diff(np.arcsin(np.sqrt(tails)))[0]


def test_shortest_reaches_an_edge_that_it_nearly_touches_and_mirrors():
    low, high = shortest(np.array([-5.0, 5.0, -1.0]), np.array([1.5, 1.5, 0.5]))
    assert low[0] == 0.0
    assert high[1] == 1.0
    assert high[0] == pytest.approx(1 - low[1])
    assert 0.1 < low[2] < high[2] < 0.5
    assert high[0] == pytest.approx(expit(-5 + 1.5 * norm.ppf(0.8)))


def test_shortest_of_no_rows_and_of_very_wide_ones():
    low, high = shortest(np.zeros(0), np.zeros(0))
    assert len(low) == len(high) == 0
    low, high = shortest(np.array([0.0]), np.array([40.0]))
    assert (low[0], high[0]) == (0.0, 1.0)


def test_a_row_has_the_same_interval_whatever_stands_beside_it():
    rng = np.random.default_rng(0)
    middle, deviation = rng.normal(0, 3, 30_000), rng.uniform(0.1, 2, 30_000)
    whole, part = shortest(middle, deviation), shortest(middle[25_000:], deviation[25_000:])
    np.testing.assert_array_equal(whole[0][25_000:], part[0])
    np.testing.assert_array_equal(whole[1][25_000:], part[1])


def test_where_most_are_all_but_certain_intervals_hold_them():
    """Programmes in which partners leave without a word: many are gone for sure, the others hardly ever silent."""
    rng = np.random.default_rng(1)
    n, recency = 3_000, rng.exponential(30, 3_000)
    p = np.where(recency > 60, 1 - 10.0 ** rng.uniform(-9, -1.5, n), 10.0 ** rng.uniform(-6, -1, n))
    X = pd.DataFrame({"recency": recency, "noise": rng.normal(size=n)})
    y = (rng.uniform(size=n) < p).astype(float)
    as_of = pd.Series(pd.date_range("2024-01-01", periods=n, freq="h", unit="us"))
    found = ProbabilityModel(members=2, threads=1).fit(X[:2_000], y[:2_000], as_of=as_of[:2_000]).predict(X[2_000:])
    assert np.mean((found.low <= p[2_000:]) & (p[2_000:] <= found.high)) > 0.75
