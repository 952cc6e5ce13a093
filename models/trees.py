"""Gradient-boosted trees (LightGBM) sized to the data, with bootstrap members and native text files."""

import math
from collections.abc import Sequence, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import lightgbm as lgb
import numpy as np

from models.fitting import BoosterFit, BoosterRows, booster_dataset, fitted
from models.frame import Floats, Ints, Schema, Table

MAX_ROUNDS = 300
PATIENCE = 30
PARALLEL_ROWS = 5_000  # below, threads cost more than they bring
MIN_ROUNDS = 5

Params = dict[str, Any]


@dataclass(frozen=True)
class TreesModel:
    """A booster, and members fitted on reweighted rows.

    Attributes
    ----------
    booster : lightgbm.Booster
        The model itself.
    members : tuple of lightgbm.Booster
        The same fit as it might have come out with other rows.
    numeric_positions, categorical_positions : ndarray of int64
        Where the columns of a table belong among the features.
    threads : int
        Threads used to predict.
    """

    booster: Any
    members: tuple[Any, ...]
    numeric_positions: Ints
    categorical_positions: Ints
    threads: int

    def logits(self, table: Table) -> Floats:
        """Log-odds (raw scores), shape (n,)."""
        return self._raw(self.booster, table.matrix)

    def member_logits(self, table: Table) -> Floats:
        """Log-odds of each member, shape (members, n)."""
        matrix = table.matrix
        return np.array([self._raw(member, matrix) for member in self.members]).reshape(len(self.members), len(table))

    def contributions(self, table: Table) -> Floats:
        """TreeSHAP values (Lundberg et al. 2020) by feature, shape (n, features)."""
        order = np.concatenate([self.numeric_positions, self.categorical_positions])
        result = np.zeros((len(table), len(order)))
        if len(table):
            values = self.booster.predict(table.matrix, pred_contrib=True, num_threads=self._threads_for(table))
            result[:, order] = np.asarray(values)[:, :-1]
        return result

    def _raw(self, booster: Any, matrix: Floats) -> Floats:
        if not len(matrix):
            return np.empty(0)
        threads = self._threads_for(matrix)
        return np.asarray(booster.predict(matrix, raw_score=True, num_threads=threads), dtype=np.float64)

    def _threads_for(self, rows: Sized) -> int:
        return self.threads if len(rows) >= PARALLEL_ROWS else 1

    def save(self, folder: Path) -> None:
        """Write ``trees.txt`` and ``trees-member-<i>.txt``."""
        for name, booster in zip(_file_names(len(self.members)), (self.booster, *self.members), strict=True):
            (folder / name).write_text(booster.model_to_string(), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, schema: Schema, members: int, threads: int) -> Self:
        """Read what ``save`` wrote."""
        texts = [(folder / name).read_text(encoding="utf-8") for name in _file_names(members)]
        boosters = [lgb.Booster(model_str=text) for text in texts]
        return cls(boosters[0], tuple(boosters[1:]), schema.numeric_positions, schema.categorical_positions, threads)


def presets(rows: int, minority: int, *, seed: int, threads: int, objective: str = "binary") -> list[Params]:
    """LightGBM parameters worth trying for so many rows.

    Parameters
    ----------
    rows : int
        Training rows.
    minority : int
        Rows of the rarer class (for regression: rows): what there is to learn from.
    seed, threads : int
        Randomness and threads.
    objective : str, default="binary"
        LightGBM objective.

    Returns
    -------
    list of dict
        A shallow preset, and a deeper one when the data can carry it.
    """
    deep = int(min(31, max(4, minority // 40)))
    leaf = int(min(100, max(5, round(math.sqrt(rows)))))
    common: Params = {
        "objective": objective,
        "learning_rate": 0.04 if rows < 2_000 else 0.06,
        "min_data_in_leaf": leaf,
        "min_sum_hessian_in_leaf": 1e-2,
        "lambda_l2": 5.0,
        "feature_fraction": 0.7,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "max_bin": 63,
        "min_data_in_bin": 3,
        "max_cat_to_onehot": 4,
        "cat_smooth": 20.0,
        "cat_l2": 20.0,
        "min_data_per_group": max(10, leaf),
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads if rows >= PARALLEL_ROWS else 1,
        "verbosity": -1,
    }
    return [common | {"num_leaves": leaves} for leaves in sorted({4, deep})]


def validate_trees(
    schema: Schema,
    params: Params,
    folds: Sequence[tuple[Table, Floats, Floats, Table, Floats, Floats]],
    starts: Sequence[tuple[Floats, Floats]] | None = None,
) -> tuple[int, list[Floats]]:
    """Find the number of rounds on held-out rows.

    Parameters
    ----------
    schema : Schema
        Of the tables.
    params : dict
        One of ``presets``.
    folds : sequence of (train, y, weight, valid, y, weight)
        Tables with outcomes and weights.
    starts : sequence of (train, valid), optional
        Log-odds known from elsewhere for each fold's rows; the trees are what is to be added to them.

    Returns
    -------
    rounds : int
        Where the mean validation loss over the folds is least.
    logits : list of ndarray
        Raw scores of each fold's validation rows after so many rounds, without ``starts``.
    """
    boosters, curves, sizes = [], [], []
    for k, (train, y, weight, valid, valid_y, valid_weight) in enumerate(folds):
        start, valid_start = (None, None) if starts is None else starts[k]
        data = booster_dataset(_rows(schema, train, y, start), BoosterFit(params, MAX_ROUNDS, weight))
        held = data.create_valid(valid.matrix, label=valid_y, weight=valid_weight, init_score=valid_start)
        record: dict[str, dict[str, list[float]]] = {}
        stop = lgb.early_stopping(PATIENCE, verbose=False)
        boosters.append(
            lgb.train(params, data, MAX_ROUNDS, valid_sets=[held], callbacks=[stop, lgb.record_evaluation(record)])
        )
        curves.append(next(iter(record["valid_0"].values())))
        sizes.append(float(valid_weight.sum()))
    length = max(len(curve) for curve in curves)
    padded = [curve + [curve[-1]] * (length - len(curve)) for curve in curves]
    rounds = int(np.argmin(np.average(padded, axis=0, weights=sizes))) + 1
    scores = [
        np.asarray(booster.predict(fold[3].matrix, raw_score=True, num_iteration=rounds), dtype=np.float64)
        for booster, fold in zip(boosters, folds, strict=True)
    ]
    return rounds, scores


def fit_trees(  # noqa: PLR0913
    schema: Schema,
    table: Table,
    y: Floats,
    weight: Floats,
    params: Params,
    rounds: int,
    *,
    threads: int,
    member_weights: Floats | None = None,
    start: Floats | None = None,
) -> TreesModel:
    """Fit the booster, and one member for each row of ``member_weights`` (members, n).

    ``start`` (n,) are log-odds known from elsewhere: the trees are what is to be added to them.

    Members take half the rounds at twice the learning rate: the same fit, near enough to show its spread.
    """
    fits = [BoosterFit(params, max(rounds, MIN_ROUNDS), weight)]
    for i, resampled in enumerate([] if member_weights is None else member_weights):
        own = params | {"seed": params["seed"] + 1 + i, "learning_rate": 2 * params["learning_rate"]}
        fits.append(BoosterFit(own, max(math.ceil(rounds / 2), MIN_ROUNDS), weight * resampled))
    booster, *members = fitted(_rows(schema, table, y, start), fits)
    return TreesModel(booster, tuple(members), schema.numeric_positions, schema.categorical_positions, threads)


def _rows(schema: Schema, table: Table, y: Floats, start: Floats | None) -> BoosterRows:
    return BoosterRows(table.matrix, y, start, len(schema.categorical_positions))


def _file_names(members: int) -> list[str]:
    return ["trees.txt", *(f"trees-member-{i}.txt" for i in range(members))]
