"""Buy-till-you-die models: published figures, recovery of a simulated truth, and stability."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from domain.errors import InvalidInput, TrainingImpossible
from models.btyd import BetaGeometric, fit_bg_nbd, fit_mbg_nbd

CDNOW = Path(__file__).resolve().parents[3] / "shared/data/cdnow/cdnow_customers_summary.csv.gz"


def simulated(kind: str, units: int, *, seed: int, ahead: float = 40.0):
    """Histories of length 20 to 60 and the number of events in the ``ahead`` after."""
    random = np.random.default_rng(seed)
    rate, stop = random.gamma(0.8, 1 / 6.0, units), random.beta(0.9, 2.5, units)
    age = random.uniform(20, 60, units)
    frequency, recency, later = np.zeros(units), np.zeros(units), np.zeros(units)
    for i in range(units):
        t, alive = 0.0, kind == "bg" or random.random() > stop[i]
        while alive:
            t += random.exponential(1 / rate[i])
            if t > age[i] + ahead:
                break
            if t <= age[i]:
                frequency[i], recency[i] = frequency[i] + 1, t
            else:
                later[i] += 1
            alive = random.random() > stop[i]
    return frequency, recency, age, later


@pytest.mark.public_data
@pytest.mark.skipif(not CDNOW.exists(), reason="public data not beside the checkout")
def test_published_figures_of_cdnow():
    data = pd.read_csv(CDNOW)
    model = fit_bg_nbd(data["frequency"], data["recency"], data["T"])
    np.testing.assert_allclose([model.r, model.alpha, model.a, model.b], [0.243, 4.414, 0.793, 2.426], atol=2e-3)
    assert model.log_likelihood == pytest.approx(-9582.4, abs=0.05)


@pytest.mark.parametrize(("kind", "fit"), [("bg", fit_bg_nbd), ("mbg", fit_mbg_nbd)])
def test_recovers_a_simulated_world(kind: str, fit):
    x, t_x, age, later = simulated(kind, 6_000, seed=5)
    model = fit(x, t_x, age)
    assert model.r == pytest.approx(0.8, rel=0.2)
    assert model.alpha == pytest.approx(6.0, rel=0.2)
    assert model.a / (model.a + model.b) == pytest.approx(0.9 / 3.4, rel=0.15)
    assert model.expected_transactions(40, x, t_x, age).sum() == pytest.approx(later.sum(), rel=0.06)
    quiet = model.p_no_transaction(40, x, t_x, age)
    assert quiet.mean() == pytest.approx(np.mean(later == 0), abs=0.02)
    for part in np.array_split(np.argsort(quiet), 5):
        assert quiet[part].mean() == pytest.approx(np.mean(later[part] == 0), abs=0.05)


@pytest.mark.parametrize("kind", ["bg", "mbg"])
@pytest.mark.parametrize("a", [0.4, 0.99995, 1.0, 3.0])
def test_expected_transactions_add_up_week_by_week(kind: str, a: float):
    """With few events ahead, the expectation is that of the next event: both closed forms must agree."""
    model = BetaGeometric(kind, 0.7, 5.0, a, 2.0, 0.0)
    history = ([3.0, 0.0, 40.0], [20.0, 0.0, 29.0], [30.0, 30.0, 30.0])
    short = 1e-3
    expected = model.expected_transactions(short, *history)
    np.testing.assert_allclose(expected, 1 - model.p_no_transaction(short, *history), rtol=3e-3)
    assert (np.diff([model.expected_transactions(t, *history) for t in (1, 5, 20, 80)], axis=0) > 0).all()


def test_time_unit_and_weights_do_not_matter():
    x, t_x, age, _ = simulated("bg", 400, seed=2)
    days, years = fit_bg_nbd(x, t_x, age), fit_bg_nbd(x, t_x / 365, age / 365)
    np.testing.assert_allclose(days.p_alive(x, t_x, age), years.p_alive(x, t_x / 365, age / 365), atol=2e-3)
    assert days.alpha / 365 == pytest.approx(years.alpha, rel=1e-2)
    twice = fit_bg_nbd(np.tile(x, 2), np.tile(t_x, 2), np.tile(age, 2))
    weighted = fit_bg_nbd(x, t_x, age, weights=np.full(400, 2.0))
    assert weighted.log_likelihood == pytest.approx(twice.log_likelihood, abs=1e-3)


def test_silence_lowers_the_chance_to_be_alive():
    model = BetaGeometric("mbg", 0.5, 5.0, 1.0, 2.5, 0.0)
    alive = model.p_alive([4, 4, 4], [30, 20, 5], [30, 30, 30])
    assert alive[0] > alive[1] > alive[2]


@pytest.mark.parametrize("fit", [fit_bg_nbd, fit_mbg_nbd])
@pytest.mark.parametrize(
    "history",
    [
        ([0], [0], [10]),
        ([0] * 5, [0] * 5, [10] * 5),
        ([1000] * 3, [10] * 3, [10] * 3),
        ([5, 0], [1e-9, 0], [1e6, 1e-9]),
    ],
)
def test_odd_histories_give_finite_answers(fit, history):
    model = fit(*history)
    answers = [model.p_alive(*history), model.p_no_transaction(5, *history), model.expected_transactions(5, *history)]
    assert np.isfinite(answers).all()
    assert ((np.array(answers[:2]) >= 0) & (np.array(answers[:2]) <= 1)).all()


def test_bad_histories_are_refused():
    with pytest.raises(InvalidInput, match="recency <= age"):
        fit_bg_nbd([1], [5], [3])
    with pytest.raises(InvalidInput, match="shape"):
        fit_bg_nbd([1, 2], [5], [6])
    with pytest.raises(InvalidInput, match="weights"):
        fit_bg_nbd([1], [5], [6], weights=[-1])
    with pytest.raises(TrainingImpossible):
        fit_bg_nbd([], [], [])


def test_json_round_trip():
    model = fit_mbg_nbd([0, 2, 5, 1], [0, 20, 35, 4], [40, 40, 36, 40])
    assert BetaGeometric.from_json(model.to_json()) == model
