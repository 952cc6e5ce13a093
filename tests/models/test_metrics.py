"""Metrics against values worked out by hand and by scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, ndcg_score, roc_auc_score

from domain.errors import InvalidInput
from models.metrics import binary_metrics, bootstrap_interval, compare, ranking_metrics


def outcomes(n: int = 500, *, seed: int = 0, steps: int = 0):
    random = np.random.default_rng(seed)
    p = random.beta(1, 3, n)
    y = (random.random(n) < p).astype(float)
    return y, np.round(p * steps) / steps if steps else p


@pytest.mark.parametrize("steps", [0, 7])
def test_agrees_with_scikit_learn_ties_included(steps: int):
    y, p = outcomes(steps=steps)
    found = binary_metrics(y, p)
    assert (found.n, found.positives) == (500, int(y.sum()))
    assert found.auc == pytest.approx(roc_auc_score(y, p))
    assert found.ap == pytest.approx(average_precision_score(y, p))
    assert found.brier == pytest.approx(brier_score_loss(y, p))
    assert found.log_loss == pytest.approx(log_loss(y, np.clip(p, 1e-6, 1 - 1e-6)))


def test_calibration_error_by_hand():
    p = np.repeat(np.arange(1, 11) / 20, 10)
    y = np.tile([1.0] + [0.0] * 9, 10)
    assert binary_metrics(y, p).ece == pytest.approx(np.mean(np.abs(np.arange(1, 11) / 20 - 0.1)))
    assert binary_metrics(y, np.full(100, 0.3)).ece == pytest.approx(0.2)


def test_precision_counts_whole_rows_only():
    y = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], dtype=float)
    found = binary_metrics(y, np.linspace(1, 0.01, 15))
    assert found.precision_at == {10: 1.0, 20: pytest.approx(2 / 3)}
    assert found.lift[10] == pytest.approx(5.0)
    assert found.as_dict()["lift_20"] == pytest.approx(10 / 3)


def test_one_class_few_rows_and_none():
    one = binary_metrics([1, 1], [0.5, 0.7])
    assert np.isnan(one.auc)
    assert one.ap == 1.0
    assert np.isnan(one.precision_at[10])
    none = binary_metrics([0, 0], [0.5, 0.7])
    assert np.isnan(none.ap)
    assert none.brier == pytest.approx((0.25 + 0.49) / 2)
    assert np.isnan(list(binary_metrics([], []).as_dict().values())[2:]).all()


def test_bad_input_is_refused():
    with pytest.raises(InvalidInput, match="shape"):
        binary_metrics([1, 0], [0.5])
    with pytest.raises(InvalidInput, match="missing"):
        binary_metrics([1, 0], [0.5, np.nan])


def test_ranking_by_hand():
    found = ranking_metrics({"a": [1, 2, 3], "b": [4, 5], "c": [6]}, {"a": {2, 9}, "b": {7}, "d": {1}, "c": set()}, k=2)
    ideal = 1 + 1 / np.log2(3)
    assert found.n == 3
    assert found.recall == pytest.approx(0.5 / 3)
    assert found.ndcg == pytest.approx(1 / np.log2(3) / ideal / 3)
    assert found.mrr == pytest.approx(0.5 / 3)
    assert found.hit_rate == pytest.approx(1 / 3)
    assert found.coverage == pytest.approx(5 / 8)


def test_first_hit_below_k_still_has_a_reciprocal_rank():
    found = ranking_metrics([[1, 2, 3, 4]], [{4}], k=2, catalogue=8)
    assert (found.recall, found.mrr, found.coverage) == (0.0, 0.25, 0.25)


def test_ndcg_agrees_with_scikit_learn():
    scores = np.random.default_rng(1).random((20, 30))
    truth = (np.random.default_rng(2).random((20, 30)) < 0.1).astype(float)
    truth[:, 0] = 1
    lists = [np.argsort(-row).tolist() for row in scores]
    found = ranking_metrics(lists, [set(np.flatnonzero(row).tolist()) for row in truth], k=10)
    assert found.ndcg == pytest.approx(ndcg_score(truth, scores, k=10))


def test_no_truth_gives_nan():
    assert np.isnan(ranking_metrics({}, {}, k=5).recall)


def test_bootstrap_interval_covers_the_mean_at_the_wanted_rate():
    hits = 0
    for seed in range(60):
        values = np.random.default_rng(seed).normal(size=80)
        low, high = bootstrap_interval(lambda x: float(x.mean()), values, level=0.8, seed=seed)
        hits += low <= 0 <= high
    assert 0.65 <= hits / 60 <= 0.93


def test_groups_are_drawn_whole_and_widen_the_interval():
    values = np.repeat(np.random.default_rng(3).normal(size=30), 10)
    alone = np.ptp(bootstrap_interval(lambda x: float(x.mean()), values))
    whole = np.ptp(bootstrap_interval(lambda x: float(x.mean()), values, group=np.repeat(np.arange(30), 10)))
    assert whole > 2 * alone


def test_bootstrap_of_nothing_is_nan():
    assert np.isnan(bootstrap_interval(lambda x: float(x.mean()), [])).all()


def test_the_better_model_is_told_apart():
    y, p = outcomes(2_000)
    found = compare(y, p, np.full(len(y), y.mean()))
    assert found.low < found.difference < found.high < 0
    assert found.chance_better == 1.0
    same = compare(y, p, p)
    assert (same.difference, same.low, same.high) == (0.0, 0.0, 0.0)
