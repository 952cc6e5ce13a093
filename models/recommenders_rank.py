"""A ranker of candidate lists: LightGBM by lists (LambdaMART), or one plain column where that is as good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from domain.errors import ArtefactInvalid, FeatureSetMismatch

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TOP = 10
MIN_LISTS = 40
_FILE = "ranker.txt"
_MOST_ROUNDS = 200
_PATIENCE = 20
_COMMON: Mapping[str, Any] = {
    "learning_rate": 0.1,
    "max_bin": 63,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "verbose": -1,
    "deterministic": True,
    "force_row_wise": True,
}
_OBJECTIVES: Mapping[str, Mapping[str, Any]] = {
    "lambdarank": {"objective": "lambdarank", "num_leaves": 15, "lambdarank_truncation_level": 2 * TOP},
}


@dataclass(frozen=True, eq=False)
class RankedLists:
    """Rows of lists to rank.

    Parameters
    ----------
    features : ndarray of float32, shape (n, n_columns)
        Rows of one list stand together; NaN is unknown.
    label : ndarray of float32, shape (n,)
        0 or 1.
    sizes : ndarray of int64, shape (n_lists,)
        Rows of each list.
    relevant : ndarray of int64, shape (n_lists,)
        Right items of each list, also those that are not among its rows.
    """

    features: Floats
    label: Floats
    sizes: Ints
    relevant: Ints


def list_quality(score: Doubles, lists: RankedLists, top: int = TOP) -> tuple[Doubles, Doubles]:
    """Return recall and NDCG (binary gains) within the first `top` rows of each list.

    Examples
    --------
    >>> two = RankedLists(np.zeros((3, 0)), np.array([0.0, 1.0, 1.0]), np.array([2, 1]), np.array([1, 2]))
    >>> recall, ndcg = list_quality(np.array([2.0, 1.0, 1.0]), two)
    >>> recall.tolist(), ndcg.round(2).tolist()
    ([1.0, 0.5], [0.63, 0.61])
    """
    owner = np.repeat(np.arange(len(lists.sizes)), lists.sizes)
    order = np.lexsort((-score, owner))
    place = np.arange(len(order)) - (np.cumsum(lists.sizes) - lists.sizes)[owner]
    hit = lists.label[order] * (place < top)
    discount = 1.0 / np.log2(np.arange(top) + 2.0)
    ideal = np.concatenate(([0.0], np.cumsum(discount)))[np.minimum(lists.relevant, top)]
    gain = np.bincount(owner, hit * discount[np.minimum(place, top - 1)], len(lists.sizes))
    found = np.bincount(owner, hit, len(lists.sizes))
    return found / np.maximum(lists.relevant, 1), gain / np.maximum(ideal, 1e-12)


@dataclass(frozen=True, eq=False)
class Ranker:
    """Orders the rows of a list.

    Parameters
    ----------
    columns : tuple of str
        Of the feature matrix.
    choice : str
        ``lambdarank``, or the name of the column that ranks alone.
    booster : Booster, optional
        None when a column ranks alone.
    rounds : int
        Trees.
    validation : mapping of str to float
        NDCG of each choice on the validation lists; empty where there were too few.
    """

    columns: tuple[str, ...]
    choice: str
    booster: Any = None
    rounds: int = 0
    validation: Mapping[str, float] | None = None

    def score(self, features: Floats, threads: int = 2) -> Doubles:
        """Return one score a row, higher first; only the order within a list means something.

        Raises
        ------
        FeatureSetMismatch
            If the matrix has another number of columns.
        """
        if features.shape[1] != len(self.columns):
            raise FeatureSetMismatch(f"the ranker knows {len(self.columns)} columns, not {features.shape[1]}")
        if not len(features):
            return np.zeros(0)
        if self.booster is None:
            return column_score(features, self.columns.index(self.choice))
        return np.asarray(
            self.booster.predict(features, raw_score=True, num_threads=_workers(threads)), dtype=np.float64
        )

    def save(self, folder: Path) -> dict[str, Any]:
        """Write the trees, if there are any, and return what else `load` needs, JSON-serialisable."""
        if self.booster is not None:
            self.booster.save_model(folder / _FILE)
        return {"choice": self.choice, "rounds": self.rounds, "validation": dict(self.validation or {})}

    @classmethod
    def load(cls, folder: Path, columns: Sequence[str], data: Mapping[str, Any]) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        ArtefactInvalid
            If the file of trees is missing.
        """
        booster = None
        if data["choice"] in _OBJECTIVES:
            path = folder / _FILE
            if not path.is_file():
                raise ArtefactInvalid(f"{path.name} is missing in {folder}")
            booster = lgb.Booster(model_file=path)
        return cls(tuple(columns), data["choice"], booster, data["rounds"], data["validation"])


def column_score(features: Floats, column: int) -> Doubles:
    """Return one column as a score; unknown ranks last."""
    return np.nan_to_num(features[:, column].astype(np.float64), nan=-1e30)


def _dataset(lists: RankedLists, reference: Any = None) -> Any:
    return lgb.Dataset(
        lists.features, lists.label, group=lists.sizes, reference=reference, params=dict(_COMMON), free_raw_data=False
    )


def _workers(threads: int) -> int:
    """Half the threads: every tree waits for its slowest thread, which on a busy machine costs more than it gains."""
    return max(1, threads // 2)


def _params(choice: str, lists: RankedLists, seed: int, threads: int) -> dict[str, Any]:
    leaf = int(np.clip(lists.label.sum() / 40, 10, 100))
    return {**_COMMON, **_OBJECTIVES[choice], "min_data_in_leaf": leaf, "seed": seed, "num_threads": _workers(threads)}


def _validated(fit: RankedLists, check: RankedLists, choice: str, seed: int, threads: int) -> tuple[float, int]:
    """Return the best NDCG on the validation lists and the number of trees that reached it."""

    def ndcg(score: Doubles, _data: Any) -> tuple[str, float, bool]:
        return "ndcg", float(list_quality(score, check)[1].mean()), True

    train = _dataset(fit)
    booster = lgb.train(
        {**_params(choice, fit, seed, threads), "metric": "None"},
        train,
        _MOST_ROUNDS,
        valid_sets=[_dataset(check, train)],
        feval=ndcg,
        callbacks=[lgb.early_stopping(_PATIENCE, verbose=False)],
    )
    return float(booster.best_score["valid_0"]["ndcg"]), int(booster.best_iteration)


def choose_ranker(
    fit: RankedLists, check: RankedLists, columns: Sequence[str], sources: Sequence[str], *, seed: int, threads: int
) -> Ranker:
    """Choose between LightGBM by lists and single columns, by NDCG on later lists.

    Parameters
    ----------
    fit, check : RankedLists
        Earlier lists to fit on, later lists to choose by.
    columns : sequence of str
        Names of the feature columns.
    sources : sequence of str
        Columns that could rank alone; the first is taken where there is too little to learn from.

    Returns
    -------
    Ranker
        Without trees: `refit` fits what was chosen.
    """
    names = list(columns)
    if min(len(fit.sizes), len(check.sizes)) < MIN_LISTS:
        return Ranker(tuple(names), sources[0])
    found = {
        name: float(list_quality(column_score(check.features, names.index(name)), check)[1].mean()) for name in sources
    }
    rounds = {}
    for choice in _OBJECTIVES:
        found[choice], rounds[choice] = _validated(fit, check, choice, seed, threads)
    best = max(found, key=lambda name: found[name])
    return Ranker(tuple(names), best, None, rounds.get(best, 0), found)


def refit(chosen: Ranker, lists: RankedLists, *, seed: int, threads: int) -> Ranker:
    """Fit what `choose_ranker` chose on all `lists`."""
    if chosen.choice not in _OBJECTIVES:
        return chosen
    params = _params(chosen.choice, lists, seed, threads)
    booster = lgb.train(params, _dataset(lists), max(chosen.rounds, 10))
    return Ranker(chosen.columns, chosen.choice, booster, chosen.rounds, chosen.validation)
