"""Log-odds known from elsewhere: where they are right nothing is lost, and the rest is learned on top."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from worlds import world

from domain.errors import InvalidInput
from models.frame import Schema
from models.linear import solve_logistic
from models.probability import ProbabilityModel
from models.probability_offset import Offset, offset_column


def told(rows: int, seed: int = 0, noise: float = 0.0):
    """A world whose log-odds stand in a column, but for what feature `a` adds."""
    X, _, _, as_of = world(rows, seed=seed)
    random = np.random.default_rng(seed + 100)
    known = random.normal(-0.5, 1.2, rows)
    p = expit(known + 0.7 * X["a"].to_numpy())
    X["told"] = known + noise * random.standard_normal(rows)
    return X, (random.random(rows) < p).astype(float), p, as_of


def error(model: ProbabilityModel, X: pd.DataFrame, p: np.ndarray) -> float:
    return float(np.sqrt(np.mean((logit(model.predict(X).p) - logit(p)) ** 2)))


def test_no_outcomes_give_what_is_told():
    X, _, _, as_of = told(20)
    model = ProbabilityModel(threads=1).fit(X[:0], [], as_of=as_of[:0], offset="told")
    found = model.predict(X)
    np.testing.assert_allclose(logit(found.p), X["told"])
    assert np.mean(found.high - found.low) > 0.4


@pytest.mark.parametrize("rows", [12, 60, 200])
def test_few_rows_gain_by_it(rows: int):
    X, y, p, as_of = told(rows + 500)
    new = slice(rows, None)
    with_it, without = (
        ProbabilityModel(members=0, threads=1).fit(X[:rows], y[:rows], as_of=as_of[:rows], offset=name)
        for name in ("told", None)
    )
    assert error(with_it, X[new], p[new]) < 0.95 * error(without, X[new], p[new])


@pytest.mark.parametrize("rows", [8, 60, 1_500])
def test_contributions_add_up_under_its_own_name(rows: int):
    X, y, _, as_of = told(rows)
    X.loc[X.index[::7], "told"] = np.nan
    model = ProbabilityModel(members=0, threads=1).fit(X, y, as_of=as_of, offset="told")
    factors = model.explain(X)
    total = factors.base + factors.contributions.to_numpy().sum(axis=1)
    np.testing.assert_allclose(total, logit(model.predict(X).p), atol=1e-8)
    assert factors.contributions.abs().mean().idxmax() == "told"


def test_trees_and_line_learn_the_rest(tmp_path: Path):
    X, y, p, as_of = told(4_000)
    model = ProbabilityModel(members=1, threads=1).fit(X[:3_000], y[:3_000], as_of=as_of[:3_000], offset="told")
    assert error(model, X[3_000:], p[3_000:]) < 0.35
    model.save(tmp_path)
    np.testing.assert_array_equal(ProbabilityModel.load(tmp_path).predict(X).p, model.predict(X).p)


def test_fixed_coefficient_in_the_solver():
    random = np.random.default_rng(0)
    x, known = random.standard_normal((2, 4_000))
    y = (random.random(4_000) < expit(0.3 + known + 0.5 * x)).astype(float)
    found = solve_logistic(np.column_stack([np.ones(4_000), x]), y, np.ones(4_000), 1.0, offset=known)
    np.testing.assert_allclose(found, [0.3, 0.5], atol=0.1)


def test_level_is_calibrated():
    X, y, _, as_of = told(3_000)
    schema = Schema.learn(X)
    shifted = schema.table(X.assign(told=2 * X["told"] - 1))
    found = Offset.learn(*offset_column(schema, "told"), shifted, y, np.ones(len(y)))
    assert found.platt.slope == pytest.approx(0.45, abs=0.07)
    del as_of


def test_it_must_be_a_numeric_column():
    X, y, _, as_of = told(30)
    for name in ("segment", "nowhere"):
        with pytest.raises(InvalidInput, match=name):
            ProbabilityModel(threads=1).fit(X, y, as_of=as_of, offset=name)
