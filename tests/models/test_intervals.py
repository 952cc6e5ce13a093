"""Intervals hold the true probabilities about as often as they say."""

import numpy as np
import pytest
from scipy.special import logit
from worlds import world

from models.intervals import HIDDEN, Z80, hidden, interval, smooth, spread, steeper, unseen
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


def test_interval_is_symmetric_in_log_odds_and_clipped():
    found = interval(np.array([0.0, 50.0]), np.array([1.0, 100.0]))
    assert found.low[0] == pytest.approx(1 - found.high[0])
    assert found.p[1] == pytest.approx(1 - 1e-4)
    assert found.high[1] < 1


def test_hidden_differences_move_the_interval_away_from_one_half():
    plain, apart = (interval(np.array([-2.0]), np.array([0.1]), level) for level in (0.0, 0.9))
    assert apart.p[0] == plain.p[0]
    middle = (logit(apart.low[0]) + logit(apart.high[0])) / 2
    assert middle == pytest.approx(-2 * np.sqrt(1.18))
    assert logit(apart.high[0]) - middle == pytest.approx(Z80)


def test_hidden_differences_need_a_signal_and_grow_to_the_ends():
    assert hidden(0.0) == 0.0
    assert hidden(3.0) == pytest.approx(HIDDEN, rel=0.1)
    assert hidden(10.0) == pytest.approx(2.0)
    np.testing.assert_allclose(steeper(1.0, np.array([-1.0, 1.0]), -1.0), [1.0, 1.32])
