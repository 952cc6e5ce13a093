"""The pooled model of silence: calibrated along horizons, and behind the parts where there are none."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from models.churn import ChurnModel
from models.churn_curve import beside, curve, known_days
from models.churn_pool import PooledSilence, pooled_frame
from models.probability import ProbabilityModel

CURVE = (7, 30, 90, 365)
HORIZONS = (3, 7, 10, 14, 29.9, 30, 45, 90, 120, 180, 273, 365, 730, 900)


def truth(pace: pd.Series, horizon: float) -> np.ndarray:
    """Log-odds of silence: steeper than the curve says, and lower."""
    return 1.4 * pace.to_numpy() + 2.4 - 0.8 * np.log(horizon)


def rows(n: int = 500, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    pace = pd.Series(rng.normal(size=n))
    curves = {f"quiet_{h}": pace + 3.0 - 0.8 * np.log(h) for h in CURVE}
    ahead = {f"quiet_ahead_{h}": np.log(h) - pace for h in CURVE}
    return pd.DataFrame({"pace": pace, "days_since_sign": rng.integers(1, 90, n).astype(float)} | curves | ahead)


@pytest.fixture(scope="module")
def pool() -> PooledSilence:
    rng = np.random.default_rng(1)
    X = rows(1500)
    frames, labels = [], []
    for h in (15, 40, 90):
        frames.append(pooled_frame(X, h))
        labels.append(rng.uniform(size=len(X)) < expit(truth(X["pace"], h)))
    group = np.tile(np.arange(len(X)), 3)
    return PooledSilence.fit(pd.concat(frames), np.concatenate(labels).astype(float), group=group, threads=1)


@pytest.fixture(scope="module")
def model(pool) -> ChurnModel:
    X = rows(600, seed=5)
    y = (np.random.default_rng(2).uniform(size=len(X)) < expit(truth(X["pace"], 30))).astype(float)
    as_of = pd.Series(pd.date_range("2024-01-01", periods=len(X), unit="us"))
    part = ProbabilityModel(members=2, threads=1).fit(X[["pace", "quiet_30"]], y, as_of=as_of)
    return ChurnModel({30: part}, {"name": "churn"}, pool)


def test_the_pooled_model_finds_what_the_curve_gets_wrong(pool):
    X = rows(seed=8)
    for h in (30, 90, 180):  # the last lies beyond all that it has seen
        wanted = truth(X["pace"], h)
        near = np.abs(logit(pool.predict(X, h).p) - wanted).mean()
        assert near < 0.25
        assert near < 0.6 * np.abs(curve(X, h) - wanted).mean()
    assert pool.model.choice_ == "linear"


def test_beyond_the_parts_the_pooled_model_answers_and_the_part_fades(model, pool):
    X = rows(seed=9)
    part, near, far = (logit(p.p) for p in (model.part("30").predict(X), pool.predict(X, 30), pool.predict(X, 365)))
    np.testing.assert_allclose(logit(model.predict(X, 30).p), part, rtol=1e-9)
    wanted = far + (part - near) * 30 / 365
    falling = np.minimum(wanted, logit(model.predict(X, 180).p))
    np.testing.assert_allclose(logit(model.predict(X, 365).p), falling, atol=1e-6)


def test_before_the_parts_the_first_of_them_is_moved_by_what_the_pooled_model_sees(model, pool):
    X = rows(seed=9)
    part, here, there = (logit(p.p) for p in (model.part("30").predict(X), pool.predict(X, 14), pool.predict(X, 30)))
    np.testing.assert_allclose(logit(model.predict(X, 14).p), np.maximum(part, part + here - there), atol=1e-6)
    wanted = truth(X["pace"], 14)
    assert np.abs(logit(model.predict(X, 14).p) - wanted).mean() < 0.35
    np.testing.assert_allclose(model.predict(X, 29.999).p, model.predict(X, 30).p, atol=1e-3)


def test_silence_never_gets_likelier_and_factors_add_up(model):
    X = rows(80, seed=10)
    p = np.array([model.predict(X, h).p for h in HORIZONS])
    assert (np.diff(p, axis=0) <= 1e-12).all()
    for h, expected in zip(HORIZONS, p, strict=True):
        prediction, factors = model.predict(X, h), model.explain(X, h)
        np.testing.assert_allclose(factors.base + factors.contributions.sum(axis=1), logit(expected), atol=1e-9)
        assert set(factors.contributions) <= set(X)
        assert ((prediction.low < prediction.p) & (prediction.p < prediction.high)).all()


def test_saved_and_loaded_it_answers_the_same(model, tmp_path):
    model.save(tmp_path)
    loaded, X = ChurnModel.load(tmp_path), rows(40, seed=11)
    for h in (30, 180, 400):
        np.testing.assert_array_equal(loaded.predict(X, h).high, model.predict(X, h).high)
        np.testing.assert_array_equal(loaded.explain(X, h).base, model.explain(X, h).base)


def test_columns_along_horizons():
    X = rows(3)
    assert known_days(X) == list(CURVE)
    np.testing.assert_allclose(beside(X, "quiet_ahead_", 60), np.log(60) - X["pace"], atol=1e-9)
    assert np.isnan(beside(X, "quiet_apart_", 60)).all()
    assert pooled_frame(X[["pace"]], 30).notna().any().sum() == 2  # horizon, and odds that fall with it
