"""A ranker of candidate lists: LightGBM by lists (LambdaMART) and by rows, or one column where that is as good."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import lightgbm as lgb
import numpy as np

from domain.errors import ArtefactInvalid, FeatureSetMismatch
from models.recommenders_lists import TOP, Doubles, Floats, Ints, RankedLists, column_score, list_quality
from models.recommenders_plain import Plain, choose_plain, surely_better

MIN_LISTS = 40
BLEND = "blend"
_MOST_ROUNDS = 250
_PATIENCE = 25
_LEAST_ROUNDS = 20
_SCALE_ROWS = 50_000
KIND = "is_offer"
"""Column that tells the kinds of item apart."""
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
        ``blend`` (the mean of all trees' scores, each by its own scale) or the name of the column that ranks alone.
    trees : mapping of str to Tree
        By objective; empty when a column ranks alone.
    rounds : mapping of str to int
        Number of trees of each.
    validation : mapping of str to float
        NDCG of each choice on the validation lists; empty where there were too few.
    plain : mapping of str to Plain
        By kind, a value of the column that tells them as text: what else its rows are ordered by, as the trees were not
        better than that on the validation lists of the kind.
    """

    columns: tuple[str, ...]
    choice: str
    trees: Mapping[str, Tree] = field(default_factory=dict)
    rounds: Mapping[str, int] = field(default_factory=dict)
    validation: Mapping[str, float] = field(default_factory=dict)
    plain: Mapping[str, Plain] = field(default_factory=dict)

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
            return column_score(features, self.choice, self.columns)
        score = _mean_score(self.trees.values(), features, threads)
        for rows, plain in self._plain_rows(features):
            score[rows] = plain.mixed(score[rows], features[rows], self.columns)
        return score

    def _plain_rows(self, features: Floats) -> Iterator[tuple[Ints, Plain]]:
        for kind, plain in self.plain.items():
            rows = np.flatnonzero(features[:, self.columns.index(KIND)] == float(kind))
            if len(rows):
                yield rows, plain

    def contributions(self, features: Floats) -> Doubles:
        """Return what each column adds to the score, against the mean row's (TreeSHAP); zeros without trees."""
        found = np.zeros(features.shape)
        for tree in self.trees.values():
            parts = np.asarray(tree.booster.predict(features, pred_contrib=True, num_threads=1))
            found += parts[:, :-1] / (tree.scale * len(self.trees))
        for rows, plain in self._plain_rows(features):
            found[rows] *= 1.0 - plain.share
            column = self.columns.index(plain.column.removeprefix("-"))
            found[rows, column] += plain.share * (plain.part(features[rows], self.columns) - plain.trees[0])
        return found

    def save(self, folder: Path, stem: str = "ranker") -> dict[str, Any]:
        """Write the trees, if there are any, and return what else `load` needs, JSON-serialisable."""
        for name, tree in self.trees.items():
            tree.booster.save_model(folder / f"{stem}-{name}.txt")
        return {
            "choice": self.choice,
            "rounds": dict(self.rounds),
            "validation": dict(self.validation),
            "plain": {kind: plain.as_dict() for kind, plain in self.plain.items()},
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
        plain = {kind: Plain.from_dict(values) for kind, values in data["plain"].items()}
        return cls(tuple(columns), data["choice"], trees, data["rounds"], data["validation"], plain)


def _raw(booster: Any, features: Floats, threads: int) -> Doubles:
    return np.asarray(booster.predict(features, raw_score=True, num_threads=_workers(threads)), dtype=np.float64)


def _mean_score(trees: Iterable[Tree], features: Floats, threads: int) -> Doubles:
    scores = [_raw(tree.booster, features, threads) / tree.scale for tree in trees]
    return np.asarray(np.mean(scores, axis=0), dtype=np.float64)


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


def _validated(
    fit: RankedLists, check: RankedLists, data: tuple[Any, Any], choice: str, seed: int, threads: int
) -> Tree:
    """Fit as many trees as are best on the validation lists; `data` are both as LightGBM takes them."""

    def ndcg(score: Doubles, _data: Any) -> tuple[str, float, bool]:
        return "ndcg", float(list_quality(score, check)[1].mean()), True

    booster = lgb.train(
        {**_params(choice, fit, seed, threads), "metric": "None"},
        data[0],
        _MOST_ROUNDS,
        valid_sets=[data[1]],
        feval=ndcg,
        callbacks=[lgb.early_stopping(_PATIENCE, verbose=False)],
    )
    return _scaled(booster, int(booster.best_iteration), fit, threads)


def _fitted(data: Any, lists: RankedLists, name: str, rounds: int, seed: int, threads: int) -> Tree:
    return _scaled(lgb.train(_params(name, lists, seed, threads), data, rounds), rounds, lists, threads)


def _scaled(booster: Any, rounds: int, lists: RankedLists, threads: int) -> Tree:
    """Return a tree model with the spread of its scores on (a part of) the rows that it was fitted on."""
    some = lists.features[:: max(len(lists.label) // _SCALE_ROWS, 1)]
    return Tree(booster, rounds, max(float(_raw(booster, some, threads).std()), 1e-9))


def choose_ranker(
    fit: RankedLists,
    check: RankedLists,
    columns: Sequence[str],
    sources: Sequence[str],
    *,
    kinds: Mapping[str, RankedLists] | None = None,
    seed: int,
    threads: int,
) -> Ranker:
    """Choose between a blend of LightGBM by lists and by rows, and single columns, by NDCG on later lists.

    Parameters
    ----------
    fit, check : RankedLists
        Earlier lists to fit on, later lists to choose by.
    columns : sequence of str
        Names of the feature columns.
    sources : sequence of str
        Columns that could rank alone, with a minus where the lowest comes first; the first is taken where there is too
        little to learn from.
    kinds : mapping of str to RankedLists, optional
        The later lists of each kind of item (a value of the column `KIND`), where there are several: a kind whose lists
        the trees do not order better than a column, beyond noise, is ordered by that column or by both.

    Returns
    -------
    Ranker
        Without trees: `refit` fits what was chosen.

    Notes
    -----
    The blend is taken unless a column is better by more than a standard error of the difference. One objective alone is
    never taken: where later lists preferred one, those later still did not.
    """
    names = tuple(columns)
    if min(len(fit.sizes), len(check.sizes)) < MIN_LISTS:
        return Ranker(names, sources[0])

    def ndcg(score: Doubles) -> Doubles:
        return list_quality(score, check)[1]

    train = _dataset(fit)
    data = train, _dataset(check, train)  # sorted into bins once for all objectives
    trees = {name: _validated(fit, check, data, name, seed, threads) for name in _OBJECTIVES}
    scores = {name: _raw(tree.booster, check.features, threads) / tree.scale for name, tree in trees.items()}
    scores[BLEND] = np.mean(list(scores.values()), axis=0)
    scores |= {name: column_score(check.features, name, names) for name in sources}
    quality = {name: ndcg(score) for name, score in scores.items()}
    found = {name: float(values.mean()) for name, values in quality.items()}
    best = max((BLEND, *sources), key=lambda name: found[name])
    choice = best if surely_better(quality[best], quality[BLEND]) else BLEND
    chosen = list(trees.values()) if choice == BLEND else []
    plain = {
        kind: choose_plain(_mean_score(chosen, lists.features, threads), lists, names, sources)
        for kind, lists in (kinds or {}).items()
        if chosen and len(lists.sizes)
    }
    rounds = {name: tree.rounds for name, tree in trees.items()}
    return Ranker(names, choice, {}, rounds, found, {kind: value for kind, value in plain.items() if value})


def refit(chosen: Ranker, lists: RankedLists, *, seed: int, threads: int) -> Ranker:
    """Fit what `choose_ranker` chose on all `lists`."""
    trees = {}
    if chosen.choice == BLEND:
        data = _dataset(lists)
        for name in _OBJECTIVES:
            rounds = max(chosen.rounds.get(name, 0), _LEAST_ROUNDS)
            trees[name] = _fitted(data, lists, name, rounds, seed, threads)
    plain = {}
    for kind, value in chosen.plain.items() if trees else ():
        rows = lists.features[lists.features[:, chosen.columns.index(KIND)] == float(kind)]
        plain[kind] = (
            value.fitted(_mean_score(trees.values(), rows, threads), rows, chosen.columns) if len(rows) else value
        )
    return Ranker(chosen.columns, chosen.choice, trees, chosen.rounds, chosen.validation, plain)
