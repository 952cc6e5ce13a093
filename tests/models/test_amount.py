"""The amount model: right on average, robust, and never without an answer."""

import numpy as np
import pandas as pd
import pytest

from domain.errors import FeatureSetMismatch, InvalidInput
from models.amount import AmountModel


def deals(rows: int, *, seed: int = 0):
    """Log-normal amounts that depend on seats and product; the true conditional means."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame({"seats": random.lognormal(3, 1, rows), "noise": random.standard_normal(rows)})
    product = random.integers(0, 4, rows)
    X["product"] = pd.Categorical([f"p{i}" for i in product])
    middle = 5 + 0.6 * np.log(X["seats"].to_numpy()) + 0.5 * product
    return X, np.exp(middle + 0.7 * random.standard_normal(rows)), np.exp(middle + 0.7**2 / 2)


def test_recovers_conditional_means():
    X, amount, truth = deals(3_000)
    predicted = AmountModel().fit(X[:2_000], amount[:2_000]).predict(X[2_000:])
    assert np.corrcoef(np.log(predicted), np.log(truth[2_000:]))[0, 1] > 0.95
    assert predicted.sum() == pytest.approx(truth[2_000:].sum(), rel=0.1)


def test_noise_gives_the_mean():
    X, _, _ = deals(400)
    amount = np.random.default_rng(1).lognormal(6, 1, 400)
    predicted = AmountModel().fit(X, amount).predict(X)
    assert predicted.std() < 0.25 * predicted.mean()
    assert predicted.mean() == pytest.approx(amount.mean(), rel=0.15)


def test_one_absurd_amount_moves_little():
    X, amount, _ = deals(500)
    before = AmountModel().fit(X, amount).predict(X).mean()
    amount[3] = 1e12
    assert AmountModel().fit(X, amount).predict(X).mean() == pytest.approx(before, rel=0.2)


def test_few_amounts_give_their_mean_and_none_gives_zero():
    X, amount, _ = deals(8)
    np.testing.assert_allclose(AmountModel().fit(X, amount).predict(X), amount.mean())
    np.testing.assert_array_equal(AmountModel().fit(X[:0], []).predict(X), np.zeros(8))
    np.testing.assert_array_equal(AmountModel().fit(X, [np.nan] * 8).predict(X), np.zeros(8))


def test_missing_amounts_are_left_out():
    X, amount, _ = deals(300)
    amount[::3] = np.nan
    model = AmountModel().fit(X, amount)
    assert model.n_rows_ == 200
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("columns", [[], ["seats"], ["product"]])
def test_any_columns_will_do(columns: list[str]):
    X, amount, _ = deals(300)
    predicted = AmountModel().fit(X[columns], amount).predict(X[columns])
    assert predicted.mean() == pytest.approx(amount.mean(), rel=0.15)


def test_equal_and_zero_amounts():
    X, _, _ = deals(200)
    np.testing.assert_allclose(AmountModel().fit(X, np.full(200, 70.0)).predict(X), 70.0)
    np.testing.assert_array_equal(AmountModel().fit(X, np.zeros(200)).predict(X), np.zeros(200))


def test_extreme_rows_stay_within_what_was_seen():
    X, amount, _ = deals(600)
    predicted = AmountModel().fit(X, amount).predict(X.assign(seats=1e300))
    assert (predicted <= amount.max()).all()


def test_bad_input_is_refused():
    X, amount, _ = deals(30)
    with pytest.raises(InvalidInput, match="negative"):
        AmountModel().fit(X, -amount)
    with pytest.raises(InvalidInput, match="shape"):
        AmountModel().fit(X, amount[:5])
    with pytest.raises(FeatureSetMismatch, match="seats"):
        AmountModel().fit(X, amount).predict(X[["product"]])
