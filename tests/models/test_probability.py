"""The probability model: recovers what is known, answers whatever it is given, adds up."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from worlds import world

from domain.errors import FeatureSetMismatch, InvalidInput
from models.probability import ProbabilityModel


def fitted(rows: int = 600, **how) -> tuple[ProbabilityModel, pd.DataFrame]:
    X, y, _, as_of = world(rows, **how)
    return ProbabilityModel(members=2, threads=1).fit(X, y, as_of=as_of), X


@pytest.mark.parametrize("kind", ["linear", "steps"])
def test_recovers_the_probabilities_of_a_known_world(kind: str):
    X, y, p, as_of = world(4_000, kind=kind)
    model = ProbabilityModel(members=3, threads=1).fit(X[:3_000], y[:3_000], as_of=as_of[:3_000])
    prediction = model.predict(X[3_000:])
    error = np.sqrt(np.mean((prediction.p - p[3_000:]) ** 2))
    assert error < 0.085 < 0.75 * np.std(p)
    assert abs(prediction.p.mean() - p[3_000:].mean()) < 0.03


def test_more_rows_make_narrower_intervals():
    X, y, _, as_of = world(4_000)
    few = ProbabilityModel(members=2, threads=1).fit(X[:300], y[:300], as_of=as_of[:300]).predict(X)
    many = ProbabilityModel(members=2, threads=1).fit(X, y, as_of=as_of).predict(X)
    assert np.mean(many.high - many.low) < 0.9 * np.mean(few.high - few.low)


@pytest.mark.parametrize(("rows", "most"), [(1_000, 0.04), (10_000, 0.02)])
def test_calibration_error_against_the_truth(rows: int, most: float):
    errors = []
    for seed, kind in enumerate(("linear", "steps") if rows < 5_000 else ("steps",)):
        X, y, p, as_of = world(rows + 2_000, seed=seed, kind=kind, hidden=0.8)
        order = np.random.default_rng(seed).permutation(rows + 2_000)
        train, new = np.sort(order[:rows]), order[rows:]
        model = ProbabilityModel(members=0, threads=1).fit(X.iloc[train], y[train], as_of=as_of.iloc[train])
        found = model.predict(X.iloc[new]).p
        tenth = np.argsort(np.argsort(found)) * 10 // len(found)
        errors.append(np.abs(np.bincount(tenth, weights=found - p[new])).sum() / len(found))
    assert np.mean(errors) <= most


@pytest.mark.parametrize(("rows", "kind"), [(40, "linear"), (300, "linear"), (900, "steps")])
def test_contributions_add_up_to_the_log_odds(rows: int, kind: str):
    model, X = fitted(rows, kind=kind)
    factors = model.explain(X)
    assert list(factors.contributions.columns) == list(X.columns)
    total = factors.base + factors.contributions.to_numpy().sum(axis=1)
    np.testing.assert_allclose(total, logit(model.predict(X).p), atol=1e-8)


def test_the_strong_feature_contributes_most():
    model, X = fitted(1_500)
    size = model.explain(X).contributions.abs().mean()
    assert size.idxmax() == "a"
    assert size["e"] < 0.3 * size["a"]


def test_interval_holds_the_probability_and_stays_inside():
    model, X = fitted(200)
    extreme = X.assign(a=1e300, b=-np.inf)
    prediction = model.predict(extreme)
    assert np.all((prediction.low >= 0) & (prediction.low <= prediction.p))
    assert np.all((prediction.p <= prediction.high) & (prediction.high <= 1))


def test_no_rows_answer_one_half_with_a_wide_interval():
    X, _, _, as_of = world(5)
    model = ProbabilityModel(threads=1).fit(X[:0], [], as_of=as_of[:0])
    prediction = model.predict(X)
    assert model.choice_ == "prior"
    np.testing.assert_allclose(prediction.p, 0.5)
    assert prediction.low[0] < 0.05
    assert prediction.high[0] > 0.95


@pytest.mark.parametrize(("rows", "outcome"), [(1, 0.0), (1, 1.0), (50, 0.0), (50, 1.0)])
def test_one_class_gives_the_shrunk_rate(rows: int, outcome: float):
    X, _, _, as_of = world(rows)
    model = ProbabilityModel(threads=1).fit(X, np.full(rows, outcome), as_of=as_of)
    expected = (outcome * rows + 0.5) / (rows + 1)
    np.testing.assert_allclose(model.predict(X).p, expected)
    assert model.explain(X).contributions.to_numpy().tolist() == np.zeros(X.shape).tolist()


def test_odd_columns_are_survived():
    X, y, _, as_of = world(300)
    odd = X.assign(
        constant=1.0,
        empty=np.nan,
        again=X["a"],
        infinite=np.where(X["a"] > 0, np.inf, -np.inf),
        huge=X["b"] * 1e300,
        names=pd.Categorical([f"name {i % 250}" for i in range(300)]),
        nothing=pd.Categorical([np.nan] * 300),
        mostly=np.where(np.arange(300) < 299, np.nan, 3.0),
    )
    model = ProbabilityModel(members=2, threads=1).fit(odd, y, as_of=as_of)
    prediction = model.predict(odd)
    assert np.isfinite(prediction.p).all()
    assert prediction.p.std() > 0.05


def test_no_columns_at_all():
    X, y, _, as_of = world(100)
    model = ProbabilityModel(threads=1).fit(X[[]], y, as_of=as_of)
    np.testing.assert_allclose(model.predict(X[[]]).p, (y.sum() + 0.5) / 101)


def test_a_thousand_levels():
    X, y, _, as_of = world(2_000)
    many = X.assign(partner=pd.Categorical([f"p{i % 1000}" for i in range(2_000)]))
    model = ProbabilityModel(members=1, threads=1).fit(many, y, as_of=as_of)
    new = many.assign(partner=pd.Categorical(["never seen"] * 2_000))
    assert np.isfinite(model.predict(new).p).all()


def test_unseen_level_is_as_missing():
    model, X = fitted()
    unseen = X.assign(segment=pd.Categorical(["x"] * len(X)))
    missing = X.assign(segment=pd.Categorical([np.nan] * len(X)))
    np.testing.assert_array_equal(model.predict(unseen).p, model.predict(missing).p)


def test_equal_instants_use_random_folds():
    X, y, _, as_of = world(500)
    model = ProbabilityModel(members=2, threads=1).fit(X, y, as_of=np.full(500, as_of[0]), group=np.arange(500) // 4)
    assert model.choice_ != "prior"
    assert model.predict(X).p.std() > 0.1


def test_repeated_rows_of_a_group_do_not_narrow_the_interval():
    X, y, _, _ = world(150, seed=1)
    same = pd.Series([pd.Timestamp("2024-01-01")] * 150)
    once = ProbabilityModel(members=3, threads=1).fit(X, y, as_of=same, group=np.arange(150)).predict(X)
    often = ProbabilityModel(members=3, threads=1).fit(
        pd.concat([X] * 6, ignore_index=True), np.tile(y, 6), as_of=pd.concat([same] * 6), group=np.tile(range(150), 6)
    )  # fmt: skip
    width = np.mean(often.predict(X).high - often.predict(X).low)
    assert width > 0.6 * np.mean(once.high - once.low)


def test_weights_count():
    X, y, _, as_of = world(400)
    base = ProbabilityModel(members=1, threads=1).fit(X, y, as_of=as_of).predict(X).p.mean()
    heavy = ProbabilityModel(members=1, threads=1).fit(X, y, as_of=as_of, weight=1 + 3 * y).predict(X).p.mean()
    assert heavy > base + 0.15


def test_wrong_kind_is_named():
    model, X = fitted(100)
    with pytest.raises(FeatureSetMismatch, match="'a'"):
        model.predict(X.assign(a=pd.Categorical(["x"] * len(X))))
    with pytest.raises(FeatureSetMismatch, match="'segment'"):
        model.predict(X.assign(segment=1.0))


def test_bad_outcomes_and_weights_are_refused():
    X, y, _, as_of = world(10)
    with pytest.raises(InvalidInput, match="0 and 1"):
        ProbabilityModel(threads=1).fit(X, np.full(10, 0.5), as_of=as_of)
    with pytest.raises(InvalidInput, match="weight"):
        ProbabilityModel(threads=1).fit(X, y, as_of=as_of, weight=-np.ones(10))
    with pytest.raises(InvalidInput, match="as_of"):
        ProbabilityModel(threads=1).fit(X, y, as_of=as_of[:5])
    with pytest.raises(InvalidInput, match="twice"):
        ProbabilityModel(threads=1).fit(pd.concat([X, X], axis=1), y, as_of=as_of)


def test_saved_files_are_text(tmp_path: Path):
    model, _ = fitted(900, kind="steps")
    model.save(tmp_path / "new")
    assert {path.suffix for path in (tmp_path / "new").iterdir()} <= {".json", ".txt"}


def test_trees_do_not_see_columns_for_the_linear_model_only(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    frame = pd.DataFrame({f"term:{k}": np.where(random.random(900) < 0.3, 1.0, np.nan) for k in range(8)})
    frame["size"] = random.normal(size=900)
    lift = 1.5 * frame["term:0"].notna() + frame["size"]
    y = (random.random(900) < 1 / (1 + np.exp(0.5 - lift))).astype(float)
    days = pd.Series(pd.date_range("2024-01-01", periods=900, freq="D"))
    model = ProbabilityModel(threads=1, members=1).fit(frame, y, as_of=days, linear_only=list(frame)[:8])
    assert model.choice_ in ("linear", "blend")
    if model._trees is not None:
        seen = model._trees.contributions(model._schema.table(frame))
        assert not seen[:, :8].any()
        assert seen[:, 8].any()
    told = model.explain(frame).contributions
    assert told["term:0"][frame["term:0"].notna()].mean() > told["term:0"][frame["term:0"].isna()].mean() + 0.3
    model.save(tmp_path)
    assert np.array_equal(ProbabilityModel.load(tmp_path).predict(frame).p, model.predict(frame).p)
