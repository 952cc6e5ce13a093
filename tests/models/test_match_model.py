"""The served match model: wider intervals where less is on record."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from models.intervals import HIDDEN, Untold
from models.match import MatchModel
from models.probability import ProbabilityModel
from models.staged import StagedModel


def pairs(n: int = 900, seed: int = 2) -> tuple[pd.DataFrame, np.ndarray]:
    """Partners of unlike skill; the more tries there are, the better is it known."""
    rng = np.random.default_rng(seed)
    tries, skill = rng.choice([0.0, 4.0, 60.0], n), rng.normal(0, 1.3, n)
    known = skill * tries / (tries + 10)
    frame = pd.DataFrame({"rate": known, "other": rng.normal(size=n), "tries": np.log1p(tries)})
    return frame, (rng.uniform(size=n) < expit(skill)).astype(float)


@pytest.fixture(scope="module")
def model() -> MatchModel:
    X, y = pairs()
    as_of = pd.Series(pd.date_range("2024-01-01", periods=len(X), unit="us"))
    probability = ProbabilityModel(members=2, threads=1).fit(X, y, as_of=as_of)
    untold = Untold.learn(probability.believe(X).z, MatchModel.record(X))
    return MatchModel({}, probability, None, untold=untold)


def test_what_a_record_tells_is_hidden_where_there_is_none(model: MatchModel):
    assert model.untold.most > 0.4
    X, _ = pairs(seed=3)
    plain, wider = model.probability.believe(X), model.predict(X)
    np.testing.assert_array_equal(wider.p, model.probability.predict(X).p)
    added = wider.high - wider.low - (plain.prediction().high - plain.prediction().low)
    assert added[X["tries"] == 0].mean() > 2 * added[X["tries"] > 4].mean() > 0


def test_saved_and_loaded_it_answers_the_same(model: MatchModel, tmp_path: Path):
    model.save(tmp_path)
    X, _ = pairs(40, seed=4)
    np.testing.assert_array_equal(MatchModel.load(tmp_path).predict(X).low, model.predict(X).low)


def test_nothing_is_added_without_tries_or_where_records_tell_nothing(model: MatchModel):
    assert MatchModel.record(pd.DataFrame({"x": [1.0]})).tolist() == [0.0]
    rng = np.random.default_rng(0)
    n = rng.choice([0.0, 5.0, 50.0], 900)
    assert Untold.learn(rng.normal(0, 1 + (n == 0), 900), n).most == 0.0
    assert Untold.learn(rng.normal(size=60), np.zeros(60)).most == 0.0
    assert Untold.learn(rng.normal(0, 0.1 + n, 900), n).variance(np.array([0.0]))[0] == pytest.approx(HIDDEN)


def staged() -> StagedModel:
    X, won = pairs(2000)
    taken = np.maximum(won, np.random.default_rng(1).uniform(size=len(won)) < 0.5)
    as_of = pd.Series(pd.date_range("2024-01-01", periods=len(X), unit="us"))
    return StagedModel(members=2, threads=1).fit(X, won, taken.astype(float), as_of=as_of)


def test_acceptance_times_the_win_of_the_accepted_is_p_win(tmp_path: Path):
    two = staged()
    X, _ = pairs(300, seed=5)
    model = MatchModel({}, two, None, untold=Untold(0.5), acceptance=two.first)
    prediction, accept = model.steps(X)
    for name in ("p", "low", "high"):
        np.testing.assert_array_equal(getattr(prediction, name), getattr(model.predict(X), name))
    assert (accept >= prediction.p).all()
    np.testing.assert_allclose(accept * (prediction.p / accept), prediction.p, rtol=0, atol=1e-12)
    np.testing.assert_allclose(accept, two.first.predict(X).p, atol=1e-12)
    model.save(tmp_path)
    np.testing.assert_array_equal(MatchModel.load(tmp_path).steps(X)[1], accept)


def test_acceptance_beside_a_model_of_the_win_alone_is_never_below_it(model: MatchModel, tmp_path: Path):
    X, y = pairs()
    assert np.isnan(model.steps(X)[1]).all()
    as_of = pd.Series(pd.date_range("2024-01-01", periods=len(X), unit="us"))
    rarely = ProbabilityModel(members=0, threads=1).fit(X, y * (np.arange(len(y)) % 2), as_of=as_of)
    both = MatchModel({}, model.probability, None, untold=model.untold, acceptance=rarely)
    prediction, accept = both.steps(X)
    np.testing.assert_array_equal(prediction.p, model.predict(X).p)
    assert (accept >= prediction.p).all()
    both.save(tmp_path)
    np.testing.assert_array_equal(MatchModel.load(tmp_path).steps(X)[1], accept)


def test_versions_from_before_acceptance_was_told_apart_still_load(model: MatchModel, tmp_path: Path):
    model.save(tmp_path)
    file = tmp_path / "match.json"
    content = json.loads(file.read_text())
    del content["acceptance"]
    file.write_text(json.dumps(content))
    X, _ = pairs(20)
    assert np.isnan(MatchModel.load(tmp_path).steps(X)[1]).all()
