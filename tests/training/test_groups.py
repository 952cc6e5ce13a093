"""Segments, protected groups, what they would gain, and the duel with the champion."""

import numpy as np
import pandas as pd
import pytest

from domain.settings import Settings
from store.history import History
from training.dataset import Dataset
from training.duel import duel
from training.evaluation import Evaluation, Method
from training.gates import champion_gate, segments_gate
from training.groups import RowWords
from training.groups_measured import measure_groups, measure_segments, protected_gain
from training.measures import log_losses, measure
from training.task import GoldenRows, PartResult

START = np.datetime64("2024-01-01", "us")
DAY = np.timedelta64(1, "D")


def evaluation_of(label: np.ndarray, **p: np.ndarray) -> Evaluation:
    """Compare methods on rows that are groups of their own; the first is the model."""
    n, group = len(label), np.arange(len(label))
    methods = tuple(
        Method(name, "model" if name == "model" else "baseline", measure(label, values, group=group))
        for name, values in p.items()
    )
    losses = pd.DataFrame({name: log_losses(label, values) for name, values in p.items()})
    predictions = pd.DataFrame({"label": label, "as_of": START, "weight": np.ones(n), **p})
    return Evaluation("90", methods, losses, group, predictions, n_positive=int(label.sum()))


def broken_in_the_north() -> tuple[Evaluation, pd.DataFrame]:
    rng = np.random.default_rng(3)
    n = 1_200
    place = np.where(np.arange(n) % 3 == 0, "north", "south")
    p = rng.uniform(0.1, 0.9, n)
    label = (rng.random(n) < p).astype(float)
    model = np.where(place == "north", 1 - p, p)
    return evaluation_of(label, model=model, rate=np.full(n, label.mean())), pd.DataFrame({"country": place})


def part_with(segments: tuple, evaluation: Evaluation) -> PartResult:
    golden = GoldenRows(pd.DataFrame({"x": [1.0]}), np.array([0.5]))
    return PartResult("90", 90, evaluation, golden, 100, 50, ("", ""), "prior", segments=segments)


def test_a_segment_where_the_model_misleads_fails_the_gate_with_its_name():
    evaluation, words = broken_in_the_north()
    segments = measure_segments(evaluation, words)
    assert {one.value: one.broken for one in segments} == {"north": True, "south": False}
    gate = segments_gate(part_with(segments, evaluation))
    assert not gate.passed
    assert "country north (400 rows)" in gate.sentence


def test_an_honest_model_breaks_no_segment_however_many_there_are():
    rng = np.random.default_rng(5)
    p = rng.uniform(0.1, 0.9, 4_000)
    label = (rng.random(4_000) < p).astype(float)
    words = pd.DataFrame({f"word {k}": rng.integers(0, 8, 4_000).astype(str) for k in range(10)})
    segments = measure_segments(evaluation_of(label, model=p, rate=np.full(4_000, 0.5)), words)
    assert len(segments) == 80
    assert not any(one.broken for one in segments)


def test_groups_show_quality_and_selection():
    rng = np.random.default_rng(1)
    group = np.where(np.arange(2_000) % 2 == 0, "a", "b")
    p = np.clip(np.where(group == "a", 0.6, 0.3) + rng.normal(0, 0.1, 2_000), 0.02, 0.98)
    label = (rng.random(2_000) < p).astype(float)
    found = measure_groups(evaluation_of(label, model=p, rate=np.full(2_000, 0.5)), pd.DataFrame({"g": group}))
    by_value = {one.value: one for one in found}
    assert by_value["a"].rows == by_value["b"].rows == 1_000
    assert by_value["a"].metrics["selected"].value == pytest.approx(0.4, abs=0.01)
    assert by_value["b"].metrics["selected"].value == pytest.approx(0.0, abs=0.01)
    assert by_value["a"].metrics["rate"].value == pytest.approx(0.6, abs=0.04)
    assert (
        by_value["a"].metrics["rate"].low < by_value["a"].metrics["mean_p"].value < by_value["a"].metrics["rate"].high
    )


def test_gain_of_protected_attributes_has_an_interval():
    rng = np.random.default_rng(1)
    label = (rng.random(800) < 0.5).astype(float)
    better = np.where(label > 0, 0.7, 0.3)
    gain = protected_gain(("g",), label, np.full(800, 0.5), better, np.ones(800), np.arange(800))
    assert gain.auc.value == pytest.approx(0.5)
    assert gain.log_loss.value == pytest.approx(np.log(0.5) - np.log(0.7))
    assert gain.log_loss.low <= gain.log_loss.value <= gain.log_loss.high


def partners_dataset(n: int) -> Dataset:
    as_of = START + np.arange(n) * DAY
    return Dataset(
        features=pd.DataFrame({"x": np.linspace(-1, 1, n)}),
        label=(np.arange(n) % 2).astype(float),
        as_of=as_of,
        known_at=as_of + 30 * DAY,
        group=np.arange(1, n + 1),
        horizon_days=30,
    )


def test_rows_find_their_segments_and_groups_as_of_then():
    n = 60
    partners = pd.DataFrame(
        {
            "external_id": [f"p{k}" for k in range(n)],
            "country": "DE",
            "tier": "gold",
            "employees": np.arange(n) * 10.0,
            "attributes.gender": np.where(np.arange(n) % 3 == 0, "f", "m"),
            "attributes.born": np.arange(n) + 1950.0,
        }
    )
    changes = pd.DataFrame(
        {"resource": "partners", "external_id": "p0", "field": "tier", "changed_at": START + 5 * DAY, "value": "gold"},
        index=[0],
    )
    settings = Settings(protected_attributes=("gender", "attributes.Born", "unknown"))
    words = RowWords("churn", History.of(START + 500 * DAY, partners=partners, changes=changes), settings)
    dataset = partners_dataset(n)
    segments = words.segments(dataset)
    assert segments["tier"].tolist()[:2] == ["(none)", "gold"]
    assert segments["size"].iloc[[0, 3, 30]].tolist() == ["below 10", "10 to 49", "250 or more"]
    groups = words.groups(dataset)
    assert groups["attributes.gender"].value_counts().to_dict() == {"m": 40, "f": 20}
    assert groups["attributes.born"].nunique() == 4
    assert words.features(dataset)["attributes.born"].dtype == np.float64


def test_a_duel_gives_both_the_knowledge_of_the_champions_time():
    dataset, trained = partners_dataset(200), START + 100 * DAY
    seen: list[Dataset] = []

    def recipe(train: Dataset, test: Dataset) -> np.ndarray:
        seen.extend([train, test])
        return np.full(len(test), 0.5)

    found = duel(dataset, lambda features: np.full(len(features), 0.6), trained, recipe)
    assert found is not None
    train, test = seen
    assert train.known_at.max() <= trained <= test.as_of.min()
    assert (len(train), len(test)) == (71, 100)
    assert found[2].tolist() == [0.6] * 100


def test_no_duel_with_too_few_rows_since():
    dataset = partners_dataset(200)
    assert duel(dataset, lambda features: features["x"], START + 180 * DAY, lambda _, test: test.label) is None
    gate = champion_gate([], champion="churn/3")
    assert gate.passed
    assert "since churn/3 was trained" in gate.sentence
