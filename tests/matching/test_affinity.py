"""Affinity: decayed counts, terms, fitted weights."""

import numpy as np

from models.affinity import DAY_US, AffinityParameters, AffinityState, fit_weights, rate_terms, volume_terms

NOW = 20_000 * DAY_US


def state(*, contrast: bool) -> AffinityState:
    """Partner 0 won value 0 twice, partner 1 won value 1 once and failed with value 0 once, partner 2 is new."""
    made = AffinityState(3, [2], AffinityParameters(contrast))
    at = np.full(4, NOW - 10 * DAY_US)
    made.add(np.array([0, 0, 1, 1]), np.array([[0], [0], [1], [0]]), np.array([True, True, True, False]), at)
    return made


def test_counts_decay_by_half_in_a_half_life() -> None:
    days = AffinityParameters(contrast=True).popularity_days
    made = state(contrast=True)
    for at_days, row in ((365, 0), (90, 1)):
        popularity = made.view(np.array([0]), NOW + (at_days - 10) * DAY_US).popularity[days.index(float(at_days))]
        np.testing.assert_allclose(popularity, [1.0, 0.5, 0.0])
        assert days[row] == at_days


def test_terms_prefer_who_wins_the_value() -> None:
    view = state(contrast=True).view(np.array([0]), NOW)
    rates = rate_terms(view, 4.0)
    assert rates[0, 1] > rates[2, 1] == 0.0 > rates[1, 1]
    volumes = volume_terms(view, 4.0)
    assert volumes[0, 2] > volumes[2, 2] == 0.0 > volumes[1, 2]


def test_a_lead_without_the_attribute_moves_nothing() -> None:
    view = state(contrast=True).view(np.array([-1]), NOW)
    assert (rate_terms(view, 4.0)[:, 1] == 0).all()
    assert (volume_terms(view, 4.0)[:, 2] == 0).all()


def test_a_selection_is_the_rows_of_the_whole() -> None:
    made = state(contrast=True)
    some = rate_terms(made.view(np.array([0]), NOW, np.array([2, 0])), 4.0)
    np.testing.assert_array_equal(some, rate_terms(made.view(np.array([0]), NOW), 4.0)[[2, 0]])


def test_weights_find_the_term_that_tells_and_drop_the_one_that_does_not() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(6_000, 3))
    x[:, 2] = 1.0
    chance = 1 / (1 + np.exp(-(1.2 * x[:, 0] - 1.0)))
    y = (rng.uniform(size=len(x)) < chance).astype(float)
    weights, intercept = fit_weights(x, y)
    np.testing.assert_allclose([weights[0], weights[1], weights[2], intercept], [1.2, 0.0, 0.0, -1.0], atol=0.12)


def test_conditional_weights_are_found_within_groups() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(2_000, 8, 1)) + rng.normal(size=(2_000, 1, 1))
    utility = 0.8 * x[..., 0] + rng.gumbel(size=(2_000, 8))
    y = (utility == utility.max(axis=1, keepdims=True)).astype(float)
    weights, intercept = fit_weights(x.reshape(-1, 1), y.ravel(), np.repeat(np.arange(2_000), 8))
    np.testing.assert_allclose(weights, [0.8], atol=0.06)
    assert intercept == 0.0
    parameters = AffinityParameters(contrast=False, names=("x",), weights=tuple(weights.tolist()))
    assert AffinityParameters.from_json(parameters.as_json()) == parameters
