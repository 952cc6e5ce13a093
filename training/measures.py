"""Measures of binary predictions with sampling weights, and their intervals by drawing groups.

Like `models.metrics`, for rows of which each can count several times or a
fraction, which is what sampled negatives and bootstrap draws of groups are.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from training.dataset import Floats, Rows
from training.evaluation import Metric

LOWEST_P = 1e-6
_BINS = 10
_TOP_SHARE = 0.1


def log_losses(y: Floats, p: Floats) -> Floats:
    """Return the log loss of each row; p is bounded away from 0 and 1 by a millionth.

    Examples
    --------
    >>> log_losses(np.array([1.0, 0.0]), np.array([0.5, 0.0])).round(3).tolist()
    [0.693, 0.0]
    """
    bounded = np.clip(p, LOWEST_P, 1 - LOWEST_P)
    return np.asarray(-(y * np.log(bounded) + (1 - y) * np.log1p(-bounded)), dtype=np.float64)


def group_draws(group: Rows, draws: int, seed: int) -> Iterator[Floats]:
    """Yield, `draws` times, how often each row counts when groups are drawn with replacement."""
    names, codes = np.unique(group, return_inverse=True)
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        drawn = np.bincount(rng.integers(0, len(names), size=len(names)), minlength=len(names))
        yield drawn[codes].astype(np.float64)


class BinaryMeasures:
    """Measures of one method's probabilities, quick to compute for many weightings of the same rows.

    Parameters
    ----------
    y, p : float arrays of shape (n,)
        Outcomes and probabilities.
    """

    NAMES = ("log_loss", "brier", "auc", "ap", "ece", "precision_10pct")

    def __init__(self, y: Floats, p: Floats) -> None:
        self._order = np.argsort(-p, kind="stable")
        self._y, self._p = y[self._order], p[self._order]
        changes = np.flatnonzero(np.diff(self._p)) + 1
        self._tie_starts = np.concatenate(([0], changes)).astype(np.int64)
        edges = np.linspace(0, len(p), _BINS + 1).round().astype(np.int64)
        at_ties = self._tie_starts[np.searchsorted(self._tie_starts, edges[:-1], side="right") - 1]
        self._bin_starts = np.unique(at_ties)  # equal probabilities are never parted
        self._losses = log_losses(self._y, self._p)

    def __call__(self, weight: Floats) -> dict[str, float]:
        """Return every measure with rows weighted by `weight` of shape (n,); NaN where undefined."""
        w = weight[self._order]
        total, positive = float(w.sum()), w * self._y
        n_positive = float(positive.sum())
        if total <= 0:
            return dict.fromkeys(self.NAMES, float("nan"))
        hits, misses = self._by_tie(positive), self._by_tie(w - positive)
        return {
            "log_loss": float((w * self._losses).sum() / total),
            "brier": float((w * (self._p - self._y) ** 2).sum() / total),
            "auc": _auc(hits, misses),
            "ap": _average_precision(hits, misses),
            "ece": self._ece(w, positive, total),
            "precision_10pct": _top_precision(w, positive, total) if n_positive else float("nan"),
        }

    def calibration(self, weight: Floats) -> list[tuple[float, float, int]]:
        """Return (mean p, share of events, rows) of ten bins of equal size, ascending in p."""
        w = weight[self._order]
        sums = (np.add.reduceat(values, self._bin_starts) for values in (w, w * self._p, w * self._y))
        rows = np.diff(np.concatenate((self._bin_starts, [len(w)])))
        table = [(float(p / n), float(y / n), int(count)) for n, p, y, count in zip(*sums, rows, strict=True) if n > 0]
        return table[::-1]

    def _by_tie(self, values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(values, self._tie_starts), dtype=np.float64)

    def _ece(self, w: Floats, positive: Floats, total: float) -> float:
        gaps = np.add.reduceat(w * self._p - positive, self._bin_starts)
        return float(np.abs(gaps).sum() / total)


def _auc(hits: Floats, misses: Floats) -> float:
    n_hits, n_misses = hits.sum(), misses.sum()
    if n_hits <= 0 or n_misses <= 0:
        return float("nan")
    below = n_misses - np.cumsum(misses)
    return float((hits * (below + misses / 2)).sum() / (n_hits * n_misses))


def _average_precision(hits: Floats, misses: Floats) -> float:
    if hits.sum() <= 0:
        return float("nan")
    found, seen = np.cumsum(hits), np.cumsum(hits + misses)
    precision = np.divide(found, seen, out=np.zeros_like(found), where=seen > 0)
    return float((precision * hits).sum() / hits.sum())


def _top_precision(w: Floats, positive: Floats, total: float) -> float:
    share = np.clip(_TOP_SHARE * total - (np.cumsum(w) - w), 0, w)  # the last row counts in part
    in_top = np.divide(share, w, out=np.zeros_like(w), where=w > 0)
    return float((in_top * positive).sum() / (_TOP_SHARE * total))


def measure(y: Floats, p: Floats, *, group: Rows, weight: Floats | None = None, seed: int = 7) -> dict[str, Metric]:
    """Return every measure with its 80 % interval from a bootstrap over groups.

    Parameters
    ----------
    y, p : float arrays of shape (n,)
        Outcomes and probabilities; n may be 1.
    group : int64 array of shape (n,)
        Drawn whole (Field & Welsh 2007).
    weight : float array of shape (n,), optional
        Sampling weights.
    seed : int
        Of the draws: 200, or 60 above 50,000 rows.
    """
    base = np.ones(len(y)) if weight is None else weight
    measures = BinaryMeasures(y, p)
    values = measures(base)
    draws = [measures(base * counts) for counts in group_draws(group, 200 if len(y) <= 50_000 else 60, seed)]
    return {name: with_interval(value, np.array([draw[name] for draw in draws])) for name, value in values.items()}


def with_interval(value: float, draws: npt.NDArray[np.float64]) -> Metric:
    """Return `value` with the 10 % and 90 % quantiles of its bootstrap draws."""
    finite = draws[np.isfinite(draws)]
    if not len(finite):
        return Metric(value, value, value)
    low, high = np.quantile(finite, (0.1, 0.9))
    return Metric(value, min(float(low), value), max(float(high), value))
