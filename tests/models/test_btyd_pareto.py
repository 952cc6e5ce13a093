"""Pareto/NBD against published figures, simulation and closed forms."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import hyp2f1

from domain.errors import InvalidInput, TrainingImpossible
from models.btyd_pareto import ParetoNbd, fit_pareto_nbd

CDNOW = Path(__file__).resolve().parents[3] / "shared/data/cdnow/cdnow_customers_summary.csv.gz"


def simulated(n: int, seed: int, ahead: float = 40.0):
    """Histories and later counts of units with known parameters."""
    rng = np.random.default_rng(seed)
    rate, stop = rng.gamma(0.8, 1 / 6.0, n), rng.gamma(0.7, 1 / 12.0, n)
    age, life = rng.uniform(20, 60, n), rng.exponential(1 / np.maximum(stop, 1e-12))
    x, t_x, later = np.zeros(n), np.zeros(n), np.zeros(n)
    for i in range(n):
        t = 0.0
        while True:
            t += rng.exponential(1 / rate[i])
            if t > min(life[i], age[i] + ahead):
                break
            if t <= age[i]:
                x[i], t_x[i] = x[i] + 1, t
            else:
                later[i] += 1
    return x, t_x, age, later


@pytest.mark.public_data
@pytest.mark.skipif(not CDNOW.exists(), reason="public data not beside the checkout")
def test_published_figures_of_cdnow():
    """Fader, Hardie & Lee (2005), 2,357 customers at the end of week 39."""
    data = pd.read_csv(CDNOW)
    model = fit_pareto_nbd(data["frequency"], data["recency"], data["T"])
    assert model.log_likelihood == pytest.approx(-9595.0, abs=0.05)
    assert (model.r, model.alpha, model.s, model.beta) == pytest.approx((0.553, 10.578, 0.606, 11.669), rel=2e-3)


def test_alive_is_that_of_the_closed_form():
    """Fader & Hardie (2005), "A note on deriving the Pareto/NBD model": alpha below beta here, and above."""
    x, t_x, age = np.array([0.0, 2.0, 7.0]), np.array([0.0, 20.0, 38.0]), np.array([30.0, 39.0, 38.9])
    for r, alpha, s, beta in ((0.6, 10.0, 0.7, 13.0), (0.6, 13.0, 0.7, 10.0)):
        total, high, apart = r + s + x, max(alpha, beta), abs(alpha - beta)
        second = s + 1 if alpha >= beta else r + x

        def part(t, total=total, second=second, high=high, gap=apart):
            return hyp2f1(total, second, total + 1, gap / (high + t)) / (high + t) ** total

        odds = s / total * (alpha + age) ** (r + x) * (beta + age) ** s * (part(t_x) - part(age))
        found = ParetoNbd(r, alpha, s, beta, 0.0).p_alive(x, t_x, age)
        np.testing.assert_allclose(found, 1 / (1 + odds), rtol=1e-7)


def test_parameters_and_forecasts_of_simulated_units():
    x, t_x, age, later = simulated(3_000, seed=5)
    model = fit_pareto_nbd(x, t_x, age)
    assert model.r / model.alpha == pytest.approx(0.8 / 6, rel=0.12)
    assert model.expected_transactions(40.0, x, t_x, age).sum() == pytest.approx(later.sum(), rel=0.05)
    quiet = model.p_no_transaction(40.0, x, t_x, age)
    for part in np.array_split(np.argsort(quiet), 5):
        assert quiet[part].mean() == pytest.approx(np.mean(later[part] == 0), abs=0.05)


def test_silence_over_a_longer_time_is_never_more_likely():
    model = ParetoNbd(0.55, 10.6, 0.6, 11.7, 0.0)
    history = ([0.0, 3.0, 400.0], [0.0, 25.0, 59.9], [60.0, 60.0, 60.0])
    p = np.array([model.p_no_transaction(t, *history) for t in (1e-6, 1.0, 7.0, 30.0, 90.0, 365.0, 1e4)])
    assert (np.diff(p, axis=0) <= 1e-8).all()
    assert ((p >= 0) & (p <= 1)).all()
    np.testing.assert_allclose(p[0], 1.0, atol=1e-4)
    # Over a moment, the expected number is the chance of an event.
    np.testing.assert_allclose(model.expected_transactions(1e-6, *history), 1 - p[0], rtol=1e-3)


@pytest.mark.parametrize("s", [0.6, 1.0, 2.5])
def test_expected_number_is_the_integral_over_life(s: float):
    model = ParetoNbd(0.8, 6.0, s, 12.0, 0.0)
    x, t_x, age = np.array([2.0]), np.array([20.0]), np.array([30.0])
    u = np.linspace(0, 50, 200_001)
    alive_then = ((12 + 30) / (12 + 30 + u)) ** s
    expected = model.p_alive(x, t_x, age) * (0.8 + 2) / (6 + 30) * np.trapezoid(alive_then, u)
    np.testing.assert_allclose(model.expected_transactions(50.0, x, t_x, age), expected, rtol=1e-6)


def test_equal_rows_weights_and_units_of_time_do_not_matter():
    x, t_x, age, _ = simulated(300, seed=2)
    one = fit_pareto_nbd(x, t_x, age)
    twice = fit_pareto_nbd(np.tile(x, 2), np.tile(t_x, 2), np.tile(age, 2))
    weighted = fit_pareto_nbd(x, t_x, age, weights=np.full(300, 2.0))
    assert weighted.log_likelihood == pytest.approx(twice.log_likelihood, abs=1e-6)
    years = fit_pareto_nbd(x, t_x / 365, age / 365)
    np.testing.assert_allclose(years.p_alive(x, t_x / 365, age / 365), one.p_alive(x, t_x, age), atol=2e-3)


@pytest.mark.parametrize(
    "history",
    [
        ([0], [0], [10]),
        ([0] * 5, [0] * 5, [10] * 5),
        ([1000] * 3, [10] * 3, [10] * 3),
        ([5, 0], [1e-9, 0], [1e6, 1e-9]),
    ],
)
def test_odd_histories_give_finite_answers(history):
    model = fit_pareto_nbd(*history)
    answers = [model.p_alive(*history), model.p_no_transaction(5, *history), model.expected_transactions(5, *history)]
    assert np.isfinite(answers).all()
    assert ((np.array(answers[:2]) >= 0) & (np.array(answers[:2]) <= 1)).all()


def test_bad_histories_are_refused_and_json_goes_both_ways():
    with pytest.raises(InvalidInput, match="recency <= age"):
        fit_pareto_nbd([1], [5], [3])
    with pytest.raises(InvalidInput, match="weights"):
        fit_pareto_nbd([1], [5], [6], weights=[-1])
    with pytest.raises(TrainingImpossible):
        fit_pareto_nbd([], [], [])
    model = fit_pareto_nbd([0, 2, 5, 1], [0, 20, 35, 4], [40, 40, 36, 40])
    assert ParetoNbd.from_json(model.to_json()) == model
