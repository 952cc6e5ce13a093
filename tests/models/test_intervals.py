"""Intervals hold the true probabilities about as often as they say."""

import numpy as np
import pytest
from worlds import world

from models.intervals import interval, smooth, spread, unseen
from models.prior import BaseRate, base_rate, design_effect
from models.probability import ProbabilityModel


@pytest.mark.parametrize("rows", [300, 1_000])
def test_coverage_over_several_worlds(rows: int):
    covered = []
    for seed in range(4):
        for kind in ("linear", "steps"):
            X, y, p, as_of = world(rows + 300, seed=seed, kind=kind)
            order = np.random.default_rng(seed).permutation(rows + 300)
            train, new = np.sort(order[:rows]), order[rows:]
            model = ProbabilityModel(members=3, threads=1).fit(X.iloc[train], y[train], as_of=as_of.iloc[train])
            found = model.predict(X.iloc[new])
            covered.append(np.mean((found.low <= p[new]) & (p[new] <= found.high)))
    assert 0.72 <= np.mean(covered) <= 0.93


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
