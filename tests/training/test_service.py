"""Training as a service: a small real task through artefact, registry, gates and promotion."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine

from domain.errors import FeatureSetMismatch, TrainingImpossible
from domain.settings import Settings
from domain.terms import ModelName
from intelligence.features.text import TextEncoder
from models.card import make_card, render_card
from models.probability import ProbabilityModel
from models.registry import Registry
from store.history import History
from training.backtest import BackTest, write_report
from training.dataset import Dataset
from training.evaluation import Evaluation
from training.service import replay, train, train_one
from training.tabular import back_test_binary, train_binary
from training.task import TrainingContext, TrainingResult

START = np.datetime64("2023-01-01", "us")
HORIZON = 30


def make_dataset(n: int = 600, *, effect: float = 2.0, seed: int = 5) -> Dataset:
    rng = np.random.default_rng(seed)
    signal, noise = rng.normal(size=n), rng.normal(size=n)
    label = (rng.random(n) < 1 / (1 + np.exp(0.5 - effect * signal))).astype(float)
    as_of = START + np.arange(n) * np.timedelta64(12, "h")
    segment = pd.Categorical(np.where(noise > 0, "north", "south"))
    return Dataset(
        features=pd.DataFrame({"signal": signal, "segment": segment}),
        label=label,
        as_of=as_of,
        known_at=as_of + np.timedelta64(HORIZON, "D"),
        group=rng.integers(0, max(n // 5, 1), n),
        horizon_days=HORIZON,
        feature_set="toy",
        fingerprint="toy-1",
    )


def overall_rate(train_rows: Dataset, test: Dataset) -> np.ndarray:
    return np.full(len(test), train_rows.label.mean())


def by_segment(train_rows: Dataset, test: Dataset) -> np.ndarray:
    rates = pd.Series(train_rows.label).groupby(train_rows.features["segment"].astype(str)).mean()
    return test.features["segment"].astype(str).map(rates).to_numpy(dtype=float)


class ToyTask:
    """A task over data at hand; its model is one `ProbabilityModel`."""

    name = "churn"

    def __init__(self, dataset: Dataset, off: float = 0.0) -> None:
        self.dataset = dataset
        self.off = off

    def train(self, _history: History, context: TrainingContext) -> TrainingResult:
        champion = None
        if context.champion is not None:
            champion = partial(self.predict, context.champion.folder, "30")
        binary = train_binary(self.dataset, {"rate": overall_rate, "segment": by_segment}, context, champion=champion)
        return TrainingResult(binary.model, (binary.part,), "toy", "toy-1", ("signal", "segment"), "It happens.")

    def predict(self, folder: Path, _part: str, features: pd.DataFrame) -> np.ndarray:
        return np.asarray(ProbabilityModel.load(folder).predict(features).p) + self.off

    def back_test(self, _history: History, context: TrainingContext, cutoffs: int) -> Sequence[Evaluation]:
        return back_test_binary({"30": self.dataset}, {"rate": overall_rate}, context, cutoffs)


def test_factors_are_compared_with_those_of_the_fit_on_earlier_rows(context: TrainingContext) -> None:
    found = train_binary(make_dataset(), {"rate": overall_rate, "segment": by_segment}, context).part.stability
    assert found is not None
    assert found.features == 1.0  # two features, of which one matters
    assert found.rows is not None
    assert 0.7 < found.rows <= 1.0
    assert 30 <= found.n <= 200
    few = train_binary(make_dataset(4), {"rate": overall_rate, "segment": by_segment}, context)
    assert few.part.stability is None


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("tracking")
    registry = Registry(f"sqlite:///{home / 'mlflow.db'}", home / "models")
    registry._tracking._client.search_registered_models()
    return home / "mlflow.db"


@pytest.fixture
def settings(tracking: Path, tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(tracking, home / "mlflow.db")
    return Settings(home=home)


@pytest.fixture
def context(settings: Settings, sqlite_engine: Engine) -> TrainingContext:
    return TrainingContext(settings, TextEncoder(sqlite_engine, settings), datetime(2024, 1, 1, tzinfo=UTC))


def at(context: TrainingContext, year: int, month: int) -> TrainingContext:
    return replace(context, as_of=datetime(year, month, 1, tzinfo=UTC))


def run(task: ToyTask, context: TrainingContext) -> object:
    return train_one(task, History.of(context.until), context, Registry.of(context.settings))


def test_a_good_model_is_promoted_and_replays(context: TrainingContext) -> None:
    task = ToyTask(make_dataset())
    report = run(task, context)
    assert (report.outcome, report.label) == ("promoted", "churn/1")
    assert report.reason == "churn/1 is champion: it answers as of 2024-01-01 and later, instead of the baseline."
    assert [gate.name for gate in report.gates] == ["baseline", "calibrated", "golden"]
    version = Registry.of(context.settings).serving("churn", datetime(2025, 1, 1, tzinfo=UTC))
    assert version is not None
    replayed, expected = replay(task, version.folder, "30")
    np.testing.assert_allclose(replayed, expected, atol=1e-12)
    assert len(expected) == 50
    part = version.manifest.parts[0]
    assert (part.rows, part.horizon_days, part.train_window) == (600, 30, ("2023-01-01", "2023-10-27"))
    assert [method.name for method in part.methods] == ["model", "rate", "segment"]
    assert part.methods[0].metrics["auc"].value > 0.7


def test_only_outcomes_known_by_then_are_used(context: TrainingContext) -> None:
    report = run(ToyTask(make_dataset()), at(context, 2023, 7))
    manifest = Registry.of(context.settings).version("churn", 1).manifest
    assert report.outcome == "promoted"
    assert manifest.parts[0].train_window == ("2023-01-01", "2023-06-01")


def test_noise_is_refused_and_the_baseline_stays(context: TrainingContext) -> None:
    report = run(ToyTask(make_dataset(effect=0.0)), context)
    registry = Registry.of(context.settings)
    if report.outcome == "refused":  # it may also learn that there is nothing to learn, and equal the rate
        assert "goes on answering" in report.reason
        assert registry.champion("churn") is None
    assert [version.label for version in registry.versions("churn")] == ["churn/1"]


def test_an_artefact_that_answers_otherwise_is_refused(context: TrainingContext) -> None:
    report = run(ToyTask(make_dataset(), off=1e-6), context)
    assert report.outcome == "refused"
    assert "differs by up to 1e-06" in report.reason
    assert Registry.of(context.settings).serving("churn", datetime(2025, 1, 1, tzinfo=UTC)) is None


def test_training_for_the_past_does_not_displace_the_champion(context: TrainingContext) -> None:
    task = ToyTask(make_dataset())
    run(task, context)
    report = run(task, at(context, 2023, 9))
    registry = Registry.of(context.settings)
    assert report.outcome == "approved"
    assert "churn/1, trained as of 2024-01-01, stays champion" in report.reason
    serving = {month: registry.serving("churn", datetime(2023, month, 15, tzinfo=UTC)) for month in (8, 9, 12)}
    assert [version and version.label for version in serving.values()] == [None, "churn/2", "churn/2"]


def test_the_next_champion_is_compared_on_rows_that_the_last_has_not_seen(context: TrainingContext) -> None:
    task = ToyTask(make_dataset())
    run(task, at(context, 2023, 9))
    report = run(task, context)
    assert report.outcome == "promoted"
    assert [gate.name for gate in report.gates] == ["baseline", "champion", "calibrated", "golden"]
    unseen = report.evaluations[0].predictions["champion"].notna()
    assert 0 < unseen.sum() <= len(unseen)
    known_at = report.evaluations[0].predictions["as_of"] + pd.Timedelta(days=HORIZON)
    assert known_at[unseen].min() > pd.Timestamp("2023-09-01")


def test_rows_that_overlap_what_the_champion_has_seen_do_not_judge_it(context: TrainingContext) -> None:
    """The same data two weeks later: windows that ended since began long before the champion was trained."""
    task = ToyTask(make_dataset(n=800))
    run(task, context)
    report = run(task, replace(context, as_of=context.as_of + timedelta(days=14)))
    assert [gate.name for gate in report.gates] == ["baseline", "champion", "calibrated", "golden"]
    assert "Too few outcomes since churn/1 was trained" in report.gates[1].sentence


def test_a_champion_of_other_features_is_left_out(context: TrainingContext) -> None:
    class Changed(ToyTask):
        def predict(self, folder: Path, part: str, features: pd.DataFrame) -> np.ndarray:
            if "allywise-" not in str(folder):
                raise FeatureSetMismatch("other columns")
            return super().predict(folder, part, features)

    run(ToyTask(make_dataset()), at(context, 2023, 9))
    report = run(Changed(make_dataset()), context)
    assert report.outcome == "promoted"
    assert "nothing to judge it by" in next(gate.sentence for gate in report.gates if gate.name == "champion")


@pytest.mark.parametrize("n", [1, 4, 25])
def test_few_rows_are_registered_but_do_not_serve(context: TrainingContext, n: int) -> None:
    report = run(ToyTask(make_dataset(n)), context)
    assert report.outcome == "refused"
    assert "Too few rows to compare on" in report.reason
    assert "too few to set some aside" in report.render()


def test_nothing_to_learn_from_is_said(context: TrainingContext) -> None:
    report = run(ToyTask(make_dataset(0)), context)
    assert report.outcome == "impossible"
    assert report.reason == (
        "Not trained: no outcome over 30 days is known yet by 2024-01-01. The baseline goes on answering."
    )
    assert report.table().empty


def test_report_and_card_name_every_method(context: TrainingContext) -> None:
    report = run(ToyTask(make_dataset()), context)
    text, table = report.render(), report.table()
    assert table["method"].tolist() == ["model", "rate", "segment"]
    assert all(word in text for word in ("model", "rate", "segment", "log_loss", "pass  golden 30"))
    assert report.as_dict()["model_version"] == "churn/1"
    manifest = Registry.of(context.settings).version("churn", 1).manifest
    card = render_card(manifest)
    assert "**What it predicts.** It happens." in card
    assert "| segment |" in card
    assert make_card(manifest)["gates"][0]["name"] == "baseline"


def test_back_test_writes_a_report(context: TrainingContext, tmp_path: Path) -> None:
    evaluations = ToyTask(make_dataset()).back_test(History.of(context.until), context, 3)
    report = BackTest("churn", context.as_of, tuple(evaluations))
    assert report.table()["cutoff"].nunique() == 3
    summary = report.summary().set_index("method")
    assert summary.loc["model", "log_loss"] < summary.loc["rate", "log_loss"]
    page = write_report(report, tmp_path / "reports").read_text()
    assert page.count("<svg") == 6
    assert "http" not in page
    assert page.count("<script") == 0
    curve = report.curve("30")
    assert [one.n_train for one in curve] == sorted(one.n_train for one in curve)
    assert curve[-1].n_train > 10 * curve[0].n_train
    assert "segment: north" in page
    assert "mean over cutoffs" in report.render()


def test_an_empty_store_trains_nothing_and_says_so(settings: Settings, sqlite_engine: Engine) -> None:
    seen: list[float] = []
    reports = train(sqlite_engine, settings, progress=lambda _text, done: seen.append(done))
    assert [(report.name, report.outcome) for report in reports] == [(name, "impossible") for name in ModelName]
    assert all(report.reason.endswith("The baseline goes on answering.") for report in reports)
    assert seen[-1] == 1.0


def test_impossible_keeps_the_champion(context: TrainingContext) -> None:
    class Empty(ToyTask):
        def train(self, _history: History, _context: TrainingContext) -> TrainingResult:
            raise TrainingImpossible("no partner has any history")

    run(ToyTask(make_dataset()), context)
    report = run(Empty(make_dataset(0)), context)
    assert report.reason == "Not trained: no partner has any history. churn/1 goes on answering."
