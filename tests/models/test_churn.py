"""The churn model along horizons: parts where they were fitted, the curve of silence in between and beyond."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from domain.errors import FeatureSetMismatch, InvalidInput
from models.churn import ChurnModel, curve
from models.probability import ProbabilityModel

HORIZONS = (14, 20, 30, 45, 60, 75, 90, 120, 180, 273, 365)
CURVE = (7, 30, 60, 90, 365)


def rows(n: int = 400, seed: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features with a curve of silence, and whether each was silent over 30 and over 90 days."""
    rng = np.random.default_rng(seed)
    pace, other = rng.normal(size=n), rng.normal(size=n)
    level = {h: 1.5 * pace + 3.0 - 0.8 * np.log(h) for h in CURVE}
    X = pd.DataFrame({"pace": pace, "other": other} | {f"quiet_{h}": z for h, z in level.items()})
    draw = rng.uniform(size=n)
    return X, pd.DataFrame({h: (draw < 1 / (1 + np.exp(-level[h] - 0.7 * other))).astype(float) for h in (30, 90)})


@pytest.fixture(scope="module")
def model() -> ChurnModel:
    X, y = rows()
    as_of = pd.Series(pd.date_range("2024-01-01", periods=len(X), unit="us"))
    parts = {}
    for h in (30, 90):
        seen = X[["pace", "other", f"quiet_{h}"]]
        parts[h] = ProbabilityModel(members=2, threads=1).fit(seen, y[h], as_of=as_of)
    return ChurnModel(parts, {"name": "churn"})


def test_silence_never_gets_likelier_with_the_horizon(model):
    X, _ = rows(seed=4)
    for name in ("p", "low", "high"):
        values = np.array([getattr(model.predict(X, h), name) for h in HORIZONS])
        if name == "p":
            assert (np.diff(values, axis=0) <= 1e-12).all()
            assert ((values > 0) & (values < 1)).all()
        assert ((values >= 0) & (values <= 1)).all()
    prediction = model.predict(X, 365)
    assert (prediction.low <= prediction.p).all()
    assert (prediction.p <= prediction.high).all()


def test_a_fitted_horizon_is_answered_by_its_part(model):
    X, _ = rows(seed=5)
    both = np.column_stack([model.part(name).predict(X).p for name in ("30", "90")])
    np.testing.assert_allclose(model.predict(X, 30).p, both[:, 0], rtol=1e-9)
    np.testing.assert_allclose(model.predict(X, 90).p, both.min(axis=1), rtol=1e-9)
    np.testing.assert_allclose(model.predict(X, 90.0001).p, model.predict(X, 90).p, atol=1e-4)
    np.testing.assert_allclose(model.predict(X, 29.9999).p, model.predict(X, 30).p, atol=1e-4)


@pytest.mark.parametrize("horizon", HORIZONS)
def test_contributions_add_up_at_every_horizon(model, horizon):
    X, _ = rows(50, seed=6)
    factors, p = model.explain(X, horizon), model.predict(X, horizon).p
    np.testing.assert_allclose(factors.base + factors.contributions.sum(axis=1), logit(p), atol=1e-9)
    assert {"pace", "other"} <= set(factors.contributions)


def test_beyond_the_fitted_horizons_the_curve_goes_on(model):
    X, _ = rows(seed=7)
    fall = logit(model.predict(X, 90).p) - logit(model.predict(X, 365).p)
    np.testing.assert_allclose(fall, 0.8 * np.log(365 / 90), rtol=1e-6)
    near, far = (model.believe(X, h) for h in (90, 365))
    assert (far.deviation > near.deviation).all()


def test_without_a_curve_there_is_still_a_monotone_answer(model):
    X, _ = rows(20, seed=8)
    X.loc[:9, [f"quiet_{h}" for h in CURVE]] = np.nan
    p = np.array([model.predict(X, h).p for h in HORIZONS])
    assert np.isfinite(p).all()
    assert (np.diff(p, axis=0) <= 1e-12).all()
    assert curve(pd.DataFrame({"x": [1.0]}), 30)[0] > curve(pd.DataFrame({"x": [1.0]}), 60)[0]


def test_saved_and_loaded_it_answers_the_same(model, tmp_path):
    model.save(tmp_path)
    loaded = ChurnModel.load(tmp_path)
    X, _ = rows(60, seed=10)
    for h in HORIZONS:
        for name in ("p", "low", "high"):
            np.testing.assert_array_equal(getattr(loaded.predict(X, h), name), getattr(model.predict(X, h), name))


def test_what_cannot_be_asked(model):
    X, _ = rows(5)
    with pytest.raises(InvalidInput, match="positive"):
        model.predict(X, 0)
    with pytest.raises(FeatureSetMismatch, match="60"):
        model.part("60")
    with pytest.raises(FeatureSetMismatch, match="pace"):
        model.predict(X.drop(columns="pace"), 30)
