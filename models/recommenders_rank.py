"""A ranker of candidate lists: LightGBM by lists (LambdaMART) and by rows, or one column where that is as good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
BLEND = "blend"
_MOST_ROUNDS = 250
_PATIENCE = 25
_LEAST_ROUNDS = 20
_SCALE_ROWS = 50_000
_BLEND_BONUS = 0.002
"""What the blend may lack on the validation lists and still be taken: it varies less."""
_COMMON: Mapping[str, Any] = {
    "learning_rate": 0.07,
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
    "binary": {"objective": "binary", "num_leaves": 15, "lambda_l2": 20.0},
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
class Tree:
    """One LightGBM model of a ranker.

    Parameters
    ----------
    booster : Booster
        Gives raw scores.
    rounds : int
        Trees.
    scale : float
        Spread of its scores on the rows that it was fitted on, which makes it comparable with the others.
    """

    booster: Any
    rounds: int
    scale: float


@dataclass(frozen=True, eq=False)
class Ranker:
    """Orders the rows of a list.

    Parameters
    ----------
    columns : tuple of str
        Of the feature matrix.
    choice : str
        ``blend`` (the mean of all trees' scores, each by its own scale), one of the objectives, or the name of the
        column that ranks alone.
    trees : mapping of str to Tree
        By objective; empty when a column ranks alone.
    rounds : mapping of str to int
        Trees that validation found best, by objective.
    validation : mapping of str to float
        NDCG of each choice on the validation lists; empty where there were too few.
    """

    columns: tuple[str, ...]
    choice: str
    trees: Mapping[str, Tree] = field(default_factory=dict)
    rounds: Mapping[str, int] = field(default_factory=dict)
    validation: Mapping[str, float] = field(default_factory=dict)

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
        if not self.trees:
            return column_score(features, self.columns.index(self.choice))
        scores = [_raw(tree.booster, features, threads) / tree.scale for tree in self.trees.values()]
        return np.asarray(np.mean(scores, axis=0), dtype=np.float64)

    def contributions(self, features: Floats) -> Doubles:
        """Return what each column adds to the score, against the mean row's (TreeSHAP); zeros without trees."""
        found = np.zeros(features.shape)
        for tree in self.trees.values():
            parts = np.asarray(tree.booster.predict(features, pred_contrib=True, num_threads=1))
            found += parts[:, :-1] / (tree.scale * len(self.trees))
        return found

    def save(self, folder: Path, stem: str = "ranker") -> dict[str, Any]:
        """Write the trees, if there are any, and return what else `load` needs, JSON-serialisable."""
        for name, tree in self.trees.items():
            tree.booster.save_model(folder / f"{stem}-{name}.txt")
        return {
            "choice": self.choice,
            "rounds": dict(self.rounds),
            "validation": dict(self.validation),
            "trees": {name: {"rounds": tree.rounds, "scale": tree.scale} for name, tree in self.trees.items()},
        }

    @classmethod
    def load(cls, folder: Path, columns: Sequence[str], data: Mapping[str, Any], stem: str = "ranker") -> Self:
        """Read what `save` wrote.

        Raises
        ------
        ArtefactInvalid
            If a file of trees is missing.
        """
        trees = {}
        for name, values in data["trees"].items():
            path = folder / f"{stem}-{name}.txt"
            if not path.is_file():
                raise ArtefactInvalid(f"{path.name} is missing in {folder}")
            trees[name] = Tree(lgb.Booster(model_file=path), values["rounds"], values["scale"])
        return cls(tuple(columns), data["choice"], trees, data["rounds"], data["validation"])


def _raw(booster: Any, features: Floats, threads: int) -> Doubles:
    return np.asarray(booster.predict(features, raw_score=True, num_threads=_workers(threads)), dtype=np.float64)


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


def _validated(fit: RankedLists, check: RankedLists, choice: str, seed: int, threads: int) -> Tree:
    """Fit as many trees as are best on the validation lists."""

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
    return _scaled(booster, int(booster.best_iteration), fit, threads)


def _scaled(booster: Any, rounds: int, lists: RankedLists, threads: int) -> Tree:
    """Return a tree model with the spread of its scores on (a part of) the rows that it was fitted on."""
    some = lists.features[:: max(len(lists.label) // _SCALE_ROWS, 1)]
    return Tree(booster, rounds, max(float(_raw(booster, some, threads).std()), 1e-9))


def choose_ranker(
    fit: RankedLists, check: RankedLists, columns: Sequence[str], sources: Sequence[str], *, seed: int, threads: int
) -> Ranker:
    """Choose between LightGBM by lists, by rows, their blend, and single columns, by NDCG on later lists.

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
    names = tuple(columns)
    if min(len(fit.sizes), len(check.sizes)) < MIN_LISTS:
        return Ranker(names, sources[0])

    def ndcg(score: Doubles) -> float:
        return float(list_quality(score, check)[1].mean())

    found = {name: ndcg(column_score(check.features, names.index(name))) for name in sources}
    trees = {name: _validated(fit, check, name, seed, threads) for name in _OBJECTIVES}
    scores = {name: _raw(tree.booster, check.features, threads) / tree.scale for name, tree in trees.items()}
    found |= {name: ndcg(score) for name, score in scores.items()}
    found[BLEND] = ndcg(np.mean(list(scores.values()), axis=0))
    best = max(found, key=lambda name: found[name] + _BLEND_BONUS * (name == BLEND))
    return Ranker(names, best, {}, {name: tree.rounds for name, tree in trees.items()}, found)


def refit(chosen: Ranker, lists: RankedLists, *, seed: int, threads: int) -> Ranker:
    """Fit what `choose_ranker` chose on all `lists`."""
    wanted = tuple(_OBJECTIVES) if chosen.choice == BLEND else tuple({chosen.choice} & set(_OBJECTIVES))
    trees = {}
    data: Any = _dataset(lists) if wanted else None
    for name in wanted:
        rounds = max(chosen.rounds.get(name, 0), _LEAST_ROUNDS)
        booster = lgb.train(_params(name, lists, seed, threads), data, rounds)
        trees[name] = _scaled(booster, rounds, lists, threads)
    return Ranker(chosen.columns, chosen.choice, trees, chosen.rounds, chosen.validation)
