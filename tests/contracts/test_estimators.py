"""What every estimator promises: repeatable, saved as fitted, columns by name, inputs left alone."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from domain.errors import FeatureSetMismatch
from models.amount import AmountModel
from models.probability import ProbabilityModel

ROWS = 240


@dataclass(frozen=True)
class Case:
    """One estimator: how to make, fit and ask it."""

    name: str
    make: Callable[[], Any]
    fit: Callable[[Any, pd.DataFrame], Any]
    ask: Callable[[Any, pd.DataFrame], np.ndarray]


def frame() -> pd.DataFrame:
    random = np.random.default_rng(3)
    X = pd.DataFrame({"size": random.lognormal(3, 1, ROWS), "visits": random.poisson(3, ROWS).astype(float)})
    X.loc[::7, "size"] = np.nan
    X["country"] = pd.Categorical(random.choice(["BR", "CO", "AR", None], ROWS))
    return X


def outcome(rows: int = ROWS) -> np.ndarray:
    return (np.random.default_rng(4).random(rows) < 0.2 + 0.5 * (frame()["visits"][:rows] > 3)).to_numpy(dtype=float)


def instants(rows: int = ROWS) -> pd.Series:
    return pd.Series(np.datetime64("2024-01-01", "us") + np.arange(rows).astype("timedelta64[D]"))


def ask_probability(model: ProbabilityModel, X: pd.DataFrame) -> np.ndarray:
    prediction, factors = model.predict(X), model.explain(X)
    return np.column_stack([prediction.p, prediction.low, prediction.high, factors.base, factors.contributions])


CASES = [
    Case(
        f"probability of {rows} rows",
        lambda: ProbabilityModel(members=2, threads=1),
        lambda model, X, rows=rows: model.fit(X[:rows], outcome(rows), as_of=instants(rows)),
        ask_probability,
    )
    for rows in (0, 30, ROWS)
] + [
    Case(
        f"amount of {rows} rows",
        lambda: AmountModel(threads=1),
        lambda model, X, rows=rows: model.fit(X[:rows], 100 * (1 + outcome(rows)) * np.arange(1, rows + 1)),
        lambda model, X: model.predict(X),
    )
    for rows in (0, 30, ROWS)
]


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def test_refit_equals_fit_and_another_object_too(case: Case):
    X, model = frame(), case.make()
    first = case.ask(case.fit(model, X), X)
    np.testing.assert_array_equal(case.ask(case.fit(model, X), X), first)
    np.testing.assert_array_equal(case.ask(case.fit(case.make(), X), X), first)


def test_saved_and_loaded_answers_the_same(case: Case, tmp_path: Path):
    X, model = frame(), case.make()
    case.fit(model, X).save(tmp_path)
    np.testing.assert_allclose(case.ask(type(model).load(tmp_path), X), case.ask(model, X), rtol=0, atol=1e-12)


def test_missing_column_is_named(case: Case):
    X = frame()
    model = case.fit(case.make(), X)
    with pytest.raises(FeatureSetMismatch, match="visits"):
        case.ask(model, X.drop(columns="visits"))


def test_order_of_rows_and_columns_and_extra_columns_do_not_matter(case: Case):
    X = frame()
    model = case.fit(case.make(), X)
    straight = case.ask(model, X)
    turned = X.iloc[::-1][["country", "visits", "size"]].assign(extra="x")
    np.testing.assert_allclose(case.ask(model, turned)[::-1], straight, rtol=0, atol=1e-12)


def test_one_row_alone_is_answered_as_among_others(case: Case):
    X = frame()
    model = case.fit(case.make(), X)
    np.testing.assert_allclose(case.ask(model, X[5:6]), case.ask(model, X)[5:6], rtol=0, atol=1e-12)


def test_no_rows_are_answered_with_none(case: Case):
    X = frame()
    assert len(case.ask(case.fit(case.make(), X), X[:0])) == 0


def test_inputs_are_left_alone(case: Case):
    X = frame()
    case.ask(case.fit(case.make(), X), X)
    pd.testing.assert_frame_equal(X, frame())
