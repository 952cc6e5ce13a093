"""Measures agree with scikit-learn, weights count like repeated rows, intervals cover."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from training.measures import BinaryMeasures, measure


def sample(n: int, seed: int = 1, ties: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.02, 0.98, n)
    if ties:
        p = p.round(1)
    y = (rng.random(n) < p).astype(float)
    return y, p, rng.integers(0, 4, n).astype(float) + 0.5


@pytest.mark.parametrize("ties", [False, True])
def test_agrees_with_scikit_learn(ties: bool) -> None:
    y, p, weight = sample(400, ties=ties)
    p = np.clip(p, 0.01, 0.99)
    found = BinaryMeasures(y, p)(weight)
    assert found["log_loss"] == pytest.approx(log_loss(y, p, sample_weight=weight))
    assert found["brier"] == pytest.approx(brier_score_loss(y, p, sample_weight=weight))
    assert found["auc"] == pytest.approx(roc_auc_score(y, p, sample_weight=weight))
    assert found["ap"] == pytest.approx(average_precision_score(y, p, sample_weight=weight))


def test_a_weight_counts_like_repeated_rows() -> None:
    y, p, _ = sample(60)
    counts = np.random.default_rng(5).integers(1, 4, 60)
    weighted = BinaryMeasures(y, p)(counts.astype(float))
    repeated = BinaryMeasures(np.repeat(y, counts), np.repeat(p, counts))(np.ones(counts.sum()))
    for name in ("log_loss", "brier", "auc", "ap", "precision_10pct"):
        assert weighted[name] == pytest.approx(repeated[name]), name


def test_calibration_error_of_a_constant() -> None:
    y = np.repeat([1.0, 0.0], [30, 70])
    assert BinaryMeasures(y, np.full(100, 0.5))(np.ones(100))["ece"] == pytest.approx(0.2)
    assert BinaryMeasures(y, np.full(100, 0.5)).calibration(np.ones(100)) == [(0.5, 0.3, 100)]


def test_one_class_and_one_row_have_numbers_where_they_exist() -> None:
    found = measure(np.ones(1), np.array([0.8]), group=np.zeros(1, dtype=np.int64))
    assert found["log_loss"].value == pytest.approx(-np.log(0.8))
    assert np.isnan(found["auc"].value)
    assert np.isnan(found["auc"].low)


def test_intervals_of_correlated_rows_are_wider() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(50), 20)
    p = np.full(1000, 0.4)
    y = (rng.random(50) < 0.4).astype(float)[group]
    apart = measure(y, p, group=np.arange(1000))["brier"]
    together = measure(y, p, group=group)["brier"]
    assert apart.value == together.value
    assert (together.high - together.low) > 2 * (apart.high - apart.low)
