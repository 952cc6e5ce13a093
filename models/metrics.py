"""Figures that say how good predictions are, each defined once, with bootstrap intervals."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from domain.errors import InvalidInput
from models.frame import Floats, Ints

EPSILON = 1e-6
TIE_SEED = 20_240_229
SHARES = (10, 20)


@dataclass(frozen=True)
class BinaryMetrics:
    """How good probabilities of a yes-or-no outcome are; NaN where a figure has no meaning.

    Attributes
    ----------
    n, positives : int
        Rows, and rows with outcome 1.
    auc : float
        Area under the ROC curve, ties count half; NaN with one class.
    ap : float
        Average precision, ties together; NaN without positives.
    brier : float
        Mean squared difference of probability and outcome.
    ece : float
        Expected calibration error over ten groups by deciles of the prediction (ties together): share-weighted mean of
        |mean predicted - mean observed|.
    log_loss : float
        Mean negative log-likelihood; probabilities clipped to [1e-6, 1 - 1e-6].
    precision_at : mapping of int to float
        Share of positives among the first ``floor(n * k / 100)`` rows, for k = 10 and 20 (per cent). Ties fall in
        a fixed random order. NaN when that is no row.
    lift : mapping of int to float
        ``precision_at`` over the share of positives among all.
    """

    n: int
    positives: int
    auc: float
    ap: float
    brier: float
    ece: float
    log_loss: float
    precision_at: Mapping[int, float]
    lift: Mapping[int, float]

    def as_dict(self) -> dict[str, float]:
        """Give the figures flat, as ``precision_at_10``, ``lift_20`` and so on."""
        plain = {name: value for name, value in vars(self).items() if not isinstance(value, Mapping)}
        tops = {f"precision_at_{k}": value for k, value in self.precision_at.items()}
        return plain | tops | {f"lift_{k}": value for k, value in self.lift.items()}


def binary_metrics(y: npt.ArrayLike, p: npt.ArrayLike) -> BinaryMetrics:
    """Judge probabilities by outcomes.

    Parameters
    ----------
    y : array-like, shape (n,)
        Outcomes, 0 or 1.
    p : array-like, shape (n,)
        Predicted probabilities of 1.

    Examples
    --------
    >>> found = binary_metrics([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> found.auc, round(found.ap, 4), round(found.brier, 4)
    (0.75, 0.8333, 0.1581)
    >>> binary_metrics([1, 1], [0.5, 0.7]).auc
    nan
    """
    outcome, chance = _pair(y, p)
    n, positives = len(outcome), int(outcome.sum())
    top = {k: _precision_at(outcome, chance, k / 100) for k in SHARES}
    rate = positives / n if positives else float("nan")
    return BinaryMetrics(
        n=n,
        positives=positives,
        auc=auc(outcome, chance),
        ap=average_precision(outcome, chance),
        brier=_mean((outcome - chance) ** 2),
        ece=calibration_error(outcome, chance),
        log_loss=_mean(row_log_loss(outcome, chance)),
        precision_at=top,
        lift={k: value / rate for k, value in top.items()},
    )


def auc(y: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Area under the ROC curve by the rank sum (Hanley & McNeil 1982); NaN with one class."""
    outcome, values = _pair(y, score)
    positives = outcome.sum()
    negatives = len(outcome) - positives
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(values)
    return float((ranks[outcome == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(y: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Mean precision over the recall steps, equal scores taken at once; NaN without positives."""
    outcome, values = _pair(y, score)
    if not outcome.sum():
        return float("nan")
    order = np.argsort(-values, kind="stable")
    hits = outcome[order].cumsum()
    last = np.flatnonzero(np.append(np.diff(values[order]) != 0, True))
    recall_step = np.diff(hits[last], prepend=0.0) / outcome.sum()
    return float(recall_step @ (hits[last] / (last + 1)))


def calibration_error(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Give the expected calibration error over deciles of the prediction; see ``BinaryMetrics.ece``."""
    outcome, chance = _pair(y, p)
    if not len(outcome):
        return float("nan")
    edges = np.unique(np.quantile(chance, np.arange(1, 10) / 10))
    decile = np.searchsorted(edges, chance, side="left")
    return float(np.abs(np.bincount(decile, weights=chance - outcome)).sum() / len(outcome))


def row_log_loss(y: npt.ArrayLike, p: npt.ArrayLike) -> Floats:
    """Negative log-likelihood of each row, shape (n,)."""
    outcome, chance = _pair(y, p)
    chance = np.clip(chance, EPSILON, 1 - EPSILON)
    return -(outcome * np.log(chance) + (1 - outcome) * np.log1p(-chance))


@dataclass(frozen=True)
class RankingMetrics:
    """How good ranked lists are, over the queries that have any true item.

    Attributes
    ----------
    n : int
        Queries with at least one true item.
    recall : float
        Mean share of the true items among the first k.
    ndcg : float
        Mean normalised discounted cumulative gain with binary gains; the ideal holds min(k, true items).
    mrr : float
        Mean reciprocal rank of the first true item in the whole list, 0 without one.
    hit_rate : float
        Share of the queries with a true item among the first k.
    coverage : float
        Share of the catalogue that stands among the first k of any query.
    """

    n: int
    recall: float
    ndcg: float
    mrr: float
    hit_rate: float
    coverage: float


def ranking_metrics(
    lists: Mapping[Any, Sequence[Hashable]] | Sequence[Sequence[Hashable]],
    truth: Mapping[Any, Collection[Hashable]] | Sequence[Collection[Hashable]],
    k: int,
    *,
    catalogue: int | None = None,
) -> RankingMetrics:
    """Judge ranked lists by the items that were right.

    Parameters
    ----------
    lists : mapping or sequence of sequences
        Ranked items by query, best first; a query that is absent counts as an empty list.
    truth : mapping or sequence of collections
        True items by query; queries without any are left out.
    k : int
        Places that count.
    catalogue : int, optional
        Number of items there are; by default the different items in lists and truth.

    Examples
    --------
    >>> ranking_metrics({"a": [1, 2, 3], "b": [4]}, {"a": {2}, "b": {5}}, k=2).recall
    0.5
    """
    ranked: Mapping[Any, Sequence[Hashable]] = lists if isinstance(lists, Mapping) else dict(enumerate(lists))
    true: Mapping[Any, Collection[Hashable]] = truth if isinstance(truth, Mapping) else dict(enumerate(truth))
    rows = [_rank_one(list(ranked.get(query, ())), set(items), k) for query, items in true.items() if len(items)]
    shown = {item for items in ranked.values() for item in list(items)[:k]}
    known = {item for items in (*ranked.values(), *true.values()) for item in items}
    size = len(known) if catalogue is None else catalogue
    coverage = len(shown) / size if size else float("nan")
    recall, ndcg, mrr, hit = np.mean(rows, axis=0).tolist() if rows else [float("nan")] * 4
    return RankingMetrics(len(rows), recall, ndcg, mrr, hit, coverage)


def bootstrap_interval(
    statistic: Callable[..., float],
    *arrays: npt.ArrayLike,
    group: npt.ArrayLike | None = None,
    n: int = 200,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile bootstrap interval (Efron 1979) of a statistic of parallel arrays.

    Parameters
    ----------
    statistic : callable
        Takes the arrays, gives a number; resamples where it is NaN are left out.
    *arrays : array-like, shape (rows,)
        Resampled together.
    group : array-like, shape (rows,), optional
        Rows of one group are drawn together.
    n, seed : int
        Resamples and their randomness.
    level : float, default=0.95
        Coverage.

    Returns
    -------
    low, high : float
        NaN when the statistic never has a value.
    """
    parts = [np.asarray(array) for array in arrays]
    values = [statistic(*(part[rows] for part in parts)) for rows in _resamples(len(parts[0]), group, n, seed)]
    known = np.array([value for value in values if not np.isnan(value)])
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2]).tolist()
    return low, high


@dataclass(frozen=True)
class Comparison:
    """Difference of two models on the same rows.

    Attributes
    ----------
    difference : float
        Mean log-loss of the first less that of the second; negative: the first is better.
    low, high : float
        Paired bootstrap interval of the difference.
    chance_better : float
        Share of the resamples in which the first is better.
    """

    difference: float
    low: float
    high: float
    chance_better: float


def compare(
    y: npt.ArrayLike,
    p_first: npt.ArrayLike,
    p_second: npt.ArrayLike,
    *,
    group: npt.ArrayLike | None = None,
    n: int = 200,
    seed: int = 0,
    level: float = 0.95,
) -> Comparison:
    """Compare two models' log-loss by a paired bootstrap."""
    gap = row_log_loss(y, p_first) - row_log_loss(y, p_second)
    if not len(gap):
        return Comparison(float("nan"), float("nan"), float("nan"), float("nan"))
    means = np.array([gap[rows].mean() for rows in _resamples(len(gap), group, n, seed)])
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2]).tolist()
    return Comparison(float(gap.mean()), low, high, float((means < 0).mean()))


def _pair(y: npt.ArrayLike, p: npt.ArrayLike) -> tuple[Floats, Floats]:
    outcome, chance = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if outcome.shape != chance.shape or outcome.ndim != 1:
        raise InvalidInput(f"Outcomes {outcome.shape} and predictions {chance.shape} differ in shape.")
    if not np.isin(outcome, (0.0, 1.0)).all() or np.isnan(chance).any():
        raise InvalidInput("Outcomes must be 0 or 1, and no prediction may be missing.")
    return outcome, chance


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _precision_at(y: Floats, p: Floats, share: float) -> float:
    count = int(len(y) * share + 1e-9)
    if not count:
        return float("nan")
    mixed = np.random.default_rng(TIE_SEED).permutation(len(y))
    first = mixed[np.argsort(-p[mixed], kind="stable")][:count]
    return float(y[first].mean())


def _rank_one(items: list[Hashable], true: set[Hashable], k: int) -> tuple[float, float, float, float]:
    everywhere = [place for place, item in enumerate(items) if item in true]
    places = [place for place in everywhere if place < k]
    gain = sum(1 / np.log2(place + 2) for place in places)
    ideal = sum(1 / np.log2(place + 2) for place in range(min(k, len(true))))
    return len(places) / len(true), gain / ideal, 1 / (everywhere[0] + 1) if everywhere else 0.0, float(bool(places))


def _resamples(rows: int, group: npt.ArrayLike | None, n: int, seed: int) -> list[Ints]:
    random = np.random.default_rng(seed)
    if group is None:
        return [random.integers(0, rows, rows) for _ in range(n)] if rows else []
    codes, names = pd.factorize(np.asarray(group), use_na_sentinel=False)
    if not rows:
        return []
    order = np.argsort(codes, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    return [np.concatenate([members[i] for i in random.integers(0, len(names), len(names))]) for _ in range(n)]
