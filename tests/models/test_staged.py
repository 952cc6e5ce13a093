"""Probability of an event that takes two steps."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from models.staged import ENOUGH, Sooner, StagedModel, load_probability, worth_staging


def offers(n: int = 1500, seed: int = 4) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features, whether taken, whether won, instants, and the true probability of both."""
    rng = np.random.default_rng(seed)
    x = pd.DataFrame({"keen": rng.normal(size=n), "able": rng.normal(size=n)})
    take, win = expit(2 * x["keen"].to_numpy()), expit(2 * x["able"].to_numpy() - 0.5)
    taken = rng.uniform(size=n) < take
    won = taken & (rng.uniform(size=n) < win)
    at = np.datetime64("2025-01-01", "us") + np.arange(n) * np.timedelta64(3, "h")
    return x, taken.astype(float), won.astype(float), at, take * win


@pytest.fixture(scope="module")
def fitted() -> StagedModel:
    x, taken, won, at, _ = offers()
    return StagedModel(threads=1, members=2).fit(x, won, taken, as_of=at)


def test_the_product_follows_the_truth_and_intervals_hold_it(fitted: StagedModel) -> None:
    x, _, _, _, truth = offers(seed=5)
    found = fitted.predict(x)
    assert np.corrcoef(logit(found.p), logit(truth))[0, 1] > 0.95
    assert found.p.mean() == pytest.approx(truth.mean(), abs=0.02)
    assert ((found.low <= found.p) & (found.p <= found.high)).all()
    assert ((found.low <= truth) & (truth <= found.high)).mean() > 0.75


def test_contributions_add_up_to_the_log_odds(fitted: StagedModel) -> None:
    x = offers(seed=6)[0].head(200)
    factors = fitted.explain(x)
    total = factors.base + factors.contributions.sum(axis=1).to_numpy()
    np.testing.assert_allclose(total, logit(fitted.predict(x).p), atol=1e-9)
    assert list(factors.contributions) == ["keen", "able"]
    moved = [np.corrcoef(factors.contributions[name], x[name])[0, 1] for name in x]
    assert min(moved) > 0.8


def test_a_saved_model_answers_the_same(fitted: StagedModel, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    again = load_probability(tmp_path)
    x = offers(seed=7)[0].head(50)
    assert isinstance(again, StagedModel)
    np.testing.assert_array_equal(again.predict(x).p, fitted.predict(x).p)
    np.testing.assert_array_equal(again.predict(x).low, fitted.predict(x).low)


def test_two_models_need_enough_of_each_outcome() -> None:
    taken = np.repeat([1.0, 0.0], [4 * ENOUGH, ENOUGH])
    won = np.zeros(len(taken))
    won[:ENOUGH] = 1.0
    assert worth_staging(taken, won)
    assert not worth_staging(taken[:-1], won[:-1])
    won[0] = 0.0
    assert not worth_staging(taken, won)


def test_what_is_known_sooner_teaches_the_first_step_alone() -> None:
    x, taken, won, at, _ = offers(150)
    more, later, _, _, _ = offers(3000, seed=8)
    sooner = Sooner(more, later, at[-1] + np.arange(1, 3001) * np.timedelta64(3, "h"), np.arange(150, 3150), days=2.0)
    group = np.arange(150)
    plain = StagedModel(threads=1, members=0).fit(x, won, taken, as_of=at, group=group, embargo_days=9.0)
    told = StagedModel(threads=1, members=0).fit(x, won, taken, as_of=at, group=group, embargo_days=9.0, sooner=sooner)
    assert (told.first.n_rows_, told.second.n_rows_) == (3150, plain.second.n_rows_)
    np.testing.assert_array_equal(told.second.predict(more).p, plain.second.predict(more).p)
    unseen = offers(2000, seed=9)[0]
    error = [np.abs(model.first.predict(unseen).p - expit(2 * unseen["keen"])).mean() for model in (plain, told)]
    assert error[1] < error[0]


def test_the_first_step_is_believed_beside_the_product(fitted: StagedModel) -> None:
    x = offers(seed=7)[0].head(50)
    whole, first = fitted.believe_steps(x)
    np.testing.assert_array_equal(whole.prediction().p, fitted.predict(x).p)
    np.testing.assert_allclose(expit(first.z), fitted.first.predict(x).p, atol=1e-12)
