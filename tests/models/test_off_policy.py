"""Policies judged by the log of another one: by hand, refused without overlap, and covering the truth."""

import numpy as np
import pytest

from domain.errors import InvalidInput
from models.off_policy import LEAST_ESS, evaluate

TWO = np.array([0.25, 0.75])  # propensities of two actions
WON = np.array([0.6, 0.2])  # their true rewards


def log(seed, n=600, logged=TWO, won=WON):
    rng = np.random.default_rng(seed)
    shown = (rng.random(n) < logged[1]).astype(int)
    return shown, (rng.random(n) < won[shown]).astype(float)


def test_estimates_are_those_of_their_formulas():
    reward = np.tile([1.0, 0.0, 1.0, 0.0], 50)
    logged = np.tile([0.5, 0.5, 0.25, 0.75], 50)
    target = np.tile([0.5, 0.25, 0.5, 0.375], 50)
    predicted, policy = np.tile([0.8, 0.1, 0.6, 0.2], 50), np.full(200, 0.5)
    found = evaluate(reward, logged, target, predicted, policy)
    # weights 1, 1/2, 2, 1/2: sums 4 and 5.5 squared
    assert found.n == 200
    assert found.ess == pytest.approx((50 * 4) ** 2 / (50 * 5.5))
    assert (found.overlap, found.mean_weight, found.largest_weight) == (1.0, 1.0, 2.0)
    assert found.estimates["ips"].value == pytest.approx((1 + 2) / 4)
    assert found.estimates["snips"].value == pytest.approx(3 / 4)
    corrected = (0.2 * 1 - 0.1 * 0.5 + 0.4 * 2 - 0.2 * 0.5) / 4
    assert found.estimates["dr"].value == pytest.approx(0.5 + corrected)
    assert found.estimates["sndr"].value == pytest.approx(0.5 + corrected)
    assert found.gains["ips"].value == pytest.approx(0.75 - 0.5)
    assert found.best == "dr"
    assert found.refused is None


def test_the_log_s_own_policy_is_worth_what_it_earned():
    shown, reward = log(1)
    found = evaluate(reward, TWO[shown], TWO[shown])
    for estimate in found.estimates.values():
        assert estimate.value == pytest.approx(reward.mean())
        assert estimate.low < reward.mean() < estimate.high
    assert found.best == "snips"
    assert found.ess == pytest.approx(len(reward))
    gain = found.gains["snips"]
    assert (gain.value, gain.low, gain.high) == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)


def test_snips_does_not_move_with_the_rewards_origin():
    shown, reward = log(2)
    target = np.array([0.6, 0.4])[shown]
    plain, moved = (evaluate(reward + add, TWO[shown], target) for add in (0.0, 10.0))
    assert moved.estimates["snips"].value == pytest.approx(plain.estimates["snips"].value + 10)
    assert moved.gains["snips"].value == pytest.approx(plain.gains["snips"].value)


def test_a_perfect_model_leaves_no_doubt_but_the_leads_own():
    rng = np.random.default_rng(5)
    shown, _ = log(5)
    worth = rng.random((600, 2))
    target = np.array([0.6, 0.4])
    exact = worth[np.arange(600), shown]
    found = evaluate(exact, TWO[shown], target[shown], exact, worth @ target)
    assert found.estimates["dr"].value == pytest.approx((worth @ target).mean())
    width = {name: one.high - one.low for name, one in found.estimates.items()}
    assert width["dr"] < width["snips"]


def test_the_same_log_gives_the_same_bytes():
    shown, reward = log(3)
    target = np.array([0.5, 0.5])[shown]
    assert evaluate(reward, TWO[shown], target) == evaluate(reward, TWO[shown], target)
    other = evaluate(reward, TWO[shown], target, seed=8)
    assert other.estimates["ips"].value == evaluate(reward, TWO[shown], target).estimates["ips"].value


def test_many_decisions_are_resampled_in_groups():
    shown, reward = log(4, n=30_000)
    found = evaluate(reward, TWO[shown], np.array([0.6, 0.4])[shown])
    snips = found.estimates["snips"]
    assert snips.low < 0.6 * 0.6 + 0.4 * 0.2 < snips.high
    spread = np.sqrt(0.44 * 0.56 * (0.36 / 0.25 + 0.16 / 0.75) / 30_000)  # of the weighted sum, about
    assert snips.high - snips.low == pytest.approx(2 * 2.2 * spread, rel=0.25)


@pytest.mark.parametrize("model", [False, True])
def test_intervals_hold_the_truth(model):
    target, believed = np.array([0.7, 0.3]), np.array([0.45, 0.3])
    true, held = float(target @ WON), dict.fromkeys(("ips", "snips", "dr", "sndr") if model else ("ips", "snips"), 0)
    for seed in range(100):
        shown, reward = log(seed, n=300)
        more = (believed[shown], np.full(300, target @ believed)) if model else ()
        found = evaluate(reward, TWO[shown], target[shown], *more, seed=seed)
        for name, one in found.estimates.items():
            held[name] += one.low <= true <= one.high
    assert min(held.values()) >= 91, held


def test_rare_wins_under_heavy_weights_are_covered():
    logged, won, target = np.array([0.04, 0.96]), np.array([0.3, 0.05]), np.array([0.5, 0.5])
    true, held, judged = float(target @ won), 0, 0
    for seed in range(100):
        shown, reward = log(seed, 2_500, logged, won)
        found = evaluate(reward, logged[shown], target[shown], seed=seed)
        judged += found.refused is None
        held += found.refused is None and found.estimates["snips"].low <= true <= found.estimates["snips"].high
    assert judged >= 95
    assert held >= 0.9 * judged


def refused(*given):
    found = evaluate(*given)
    assert (found.best, found.estimates, found.gains) == (None, {}, {})
    return found.refused


def test_no_number_without_propensities():
    shown, reward = log(1)
    for wrong in (np.nan, 0.0, -0.1, 1.5):
        logged = TWO[shown].copy()
        logged[:3] = wrong
        assert refused(reward, logged, TWO[shown]) == "3 of the 600 decisions have no propensity above 0 and up to 1."
    assert refused([], [], []) == "The log holds no decision."


def test_no_number_where_the_policies_never_meet():
    shown, reward = log(1)
    assert "taken none of the 600" in refused(reward, TWO[shown], np.zeros(600))


def test_no_number_of_too_few_decisions():
    shown, reward = log(1, n=int(LEAST_ESS) - 1)
    assert "too few" in refused(reward, TWO[shown], TWO[shown])


def test_no_number_where_little_of_much_is_shared():
    rng = np.random.default_rng(1)
    rare = rng.random(20_000) < 0.004
    logged = np.where(rare, 0.004, 0.996)
    target = np.where(rare, 0.99, 0.01)
    assert "400 are needed" in refused((rng.random(20_000) < 0.3).astype(float), logged, target)


def test_no_number_for_a_router_that_never_tried():
    # Always the same, with probability 1: of a policy that agrees on a third nothing can be known of the rest.
    rng = np.random.default_rng(2)
    agrees = (rng.random(900) < 1 / 3).astype(float)
    assert "can not have shown" in refused((rng.random(900) < 0.2).astype(float), np.ones(900), agrees)


def test_no_number_by_propensities_that_are_not_the_log_s():
    shown, reward = log(1)
    assert "not those of the log" in refused(reward, TWO[shown] / 2, TWO[shown])


def test_no_number_where_nothing_ever_differs():
    shown, reward = log(1)
    target = np.array([0.5, 0.5])[shown]
    assert "have the reward 0" in refused(reward * 0, TWO[shown], target)
    three = np.zeros(600)
    three[:3] = 1.0
    assert "are needed" in refused(three, TWO[shown], target)


def test_arguments_that_are_none():
    shown, reward = log(1)
    with pytest.raises(InvalidInput, match="both"):
        evaluate(reward, TWO[shown], TWO[shown], reward)
    with pytest.raises(InvalidInput, match="one number for each"):
        evaluate(reward, TWO[shown], TWO[shown][:10])
    with pytest.raises(InvalidInput, match="no probability"):
        evaluate(reward, TWO[shown], TWO[shown] * 3)
    with pytest.raises(InvalidInput, match="not a number"):
        evaluate(reward * np.nan, TWO[shown], TWO[shown])
