"""Boosters fitted by workers: whole ones to the bit as here, shared ones as good, a killed worker no matter."""

import os
import signal
import threading
from collections.abc import Iterator

import lightgbm as lgb
import numpy as np
import pytest

from intelligence.engine_dask import DaskEngine
from models.fitting import BoosterFit, BoosterRows, fit_here, fitted, fitting_by
from models.trees import presets
from training.fitting_dask import DaskFitter

N, TEST = 6_000, 2_000


@pytest.fixture(scope="module")
def cluster() -> Iterator[DaskEngine]:
    with DaskEngine(workers=2) as one:
        yield one


def world(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(n, 12))
    numbers[random.random(numbers.shape) < 0.05] = np.nan
    kinds = random.integers(0, 6, size=(n, 2)).astype(np.float64)
    z = np.nan_to_num(numbers[:, 0]) + np.nan_to_num(numbers[:, 1] * numbers[:, 2]) + 2 * (kinds[:, 0] == 2) - 1
    return np.concatenate([numbers, kinds], axis=1), (random.random(n) < 1 / (1 + np.exp(-z))).astype(np.float64)


def task(rounds: int = 40, members: int = 2, start: float | None = 0.1) -> tuple[BoosterRows, list[BoosterFit]]:
    matrix, y = world(N)
    params = presets(N, N // 2, seed=7, threads=1)[-1]
    weights = np.random.default_rng(1).exponential(size=(members, N))
    fits = [BoosterFit(params, rounds, np.ones(N))]
    fits += [BoosterFit(params | {"seed": 8 + i}, rounds // 2, weight) for i, weight in enumerate(weights)]
    return BoosterRows(matrix, y, None if start is None else np.full(N, start), 2), fits


def loss(text: str, start: float = 0.1) -> float:
    matrix, y = world(TEST, seed=9)
    z = lgb.Booster(model_str=text).predict(matrix, raw_score=True) + start
    return float(np.mean(np.logaddexp(0.0, z) - y * z))


def test_whole_boosters_are_those_of_this_process(cluster: DaskEngine) -> None:
    rows, fits = task()
    assert DaskFitter(cluster)(rows, fits) == fit_here(rows, fits)


def test_boosters_fitted_in_shares_are_as_good(cluster: DaskEngine) -> None:
    rows, fits = task()
    here, shared = fit_here(rows, fits), DaskFitter(cluster, shared_rows=1_000)(rows, fits)
    assert shared != here
    assert [loss(text) for text in shared] == pytest.approx([loss(text) for text in here], abs=0.02)
    assert "[tree_learner: data]" in shared[0]
    assert "127.0.0.1" not in shared[0]


def test_amounts_are_fitted_in_shares_too(cluster: DaskEngine) -> None:
    rows, fits = task(members=0, start=None)
    amounts = BoosterRows(rows.matrix, 3.0 * rows.y + 1.0, None, rows.categorical)
    fit = BoosterFit(fits[0].params | {"objective": "regression"}, 40, fits[0].weight)
    (here,), (shared,) = fit_here(amounts, [fit]), DaskFitter(cluster, shared_rows=1_000)(amounts, [fit])
    matrix, _ = world(TEST, seed=9)
    theirs, ours = (lgb.Booster(model_str=text).predict(matrix) for text in (here, shared))
    assert np.corrcoef(theirs, ours)[0, 1] > 0.95


def test_a_killed_worker_costs_time_and_not_the_booster(cluster: DaskEngine) -> None:
    rows, fits = task(rounds=400, members=0)
    expected = DaskFitter(cluster, shared_rows=1_000)(rows, fits)
    victim = min(cluster.client.run(os.getpid).values())
    killer = threading.Timer(0.4, os.kill, (victim, signal.SIGKILL))
    killer.start()
    found = DaskFitter(cluster, shared_rows=1_000)(rows, fits)
    killer.join()
    assert victim not in cluster.client.run(os.getpid).values()
    assert loss(found[0]) == pytest.approx(loss(expected[0]), abs=0.02)


def test_models_fit_where_they_are_told_to() -> None:
    rows, fits = task(rounds=5)
    asked: list[int] = []

    def elsewhere(rows: BoosterRows, fits: list[BoosterFit]) -> list[str]:
        asked.append(len(fits))
        return fit_here(rows, fits)

    with fitting_by(elsewhere):
        boosters = fitted(rows, fits)
    assert [booster.model_to_string() for booster in boosters] == fit_here(rows, fits)
    fitted(rows, fits[:1])
    assert asked == [3]
