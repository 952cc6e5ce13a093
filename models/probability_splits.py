"""Inner validation: the latest part after the earlier ones, or grouped random folds where there is no time order."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.frame import Floats, Ints

DAY = 86_400_000_000  # microseconds
VALID_SHARES = (0.25, 0.35, 0.5)
ENOUGH = 150
TELLING = 60  # held-out rows of the rarer class
TELLING_SHARE = 0.4  # of all rows that come before the held-out ones


@dataclass(frozen=True)
class Fold:
    """Positions of the rows to fit on and of those to validate on."""

    train: Ints
    valid: Ints


def microseconds(as_of: Any) -> Ints:
    """Instants as integers; missing ones count as the earliest."""
    values = pd.Series(np.asarray(as_of)).astype("datetime64[us]")
    known = values.dropna()
    if known.empty:
        return np.zeros(len(values), dtype=np.int64)
    return values.fillna(known.min()).to_numpy().astype("datetime64[us]").astype(np.int64)


def group_codes(group: Any) -> Ints:
    """Consecutive integers by group; a row without one is its own."""
    codes = np.asarray(pd.factorize(pd.Series(np.asarray(group)))[0], dtype=np.int64)
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(alone.sum())
    return np.asarray(np.unique(codes, return_inverse=True)[1], dtype=np.int64)


def time_folds(as_of: Ints, y: Floats, embargo: int = 0) -> list[Fold]:
    """One or two folds, each validated on what came after what it is fitted on.

    Parameters
    ----------
    as_of : ndarray of int64, shape (n,)
        Microseconds.
    y : ndarray of float64, shape (n,)
        Outcomes 0 or 1.
    embargo : int, default=0
        Rows less than so many microseconds before the validation rows are not fitted on.

    Returns
    -------
    list of Fold
        The latest first; empty when the instants hardly differ or no cut leaves enough of both classes.
    """
    if not len(as_of) or np.ptp(as_of) < DAY:
        return []
    everything = np.arange(len(as_of))
    last = _cut(everything, as_of, y, embargo)
    if last is None:
        return []
    earlier = np.flatnonzero(as_of < as_of[last.valid].min())
    second = _cut(earlier, as_of, y, embargo) if _minority(y[last.valid]) < ENOUGH else None
    return [last] if second is None else [last, second]


def telling(folds: list[Fold], y: Floats) -> bool:
    """Whether later rows can choose between models: enough of them, after enough to learn from.

    Otherwise chance and the models' lack of rows decide, which does more harm than validating out of order.
    """
    held = np.concatenate([fold.valid for fold in folds])
    return _minority(y[held]) >= TELLING and len(folds[0].train) >= TELLING_SHARE * len(y)


def random_folds(group: Ints, y: Floats, folds: int, seed: int) -> list[Fold]:
    """Folds that keep groups whole and spread those with a positive outcome evenly."""
    positive = np.zeros(int(group.max()) + 1)
    np.maximum.at(positive, group, y)
    shuffled = np.random.default_rng(seed).permutation(len(positive))
    dealt = shuffled[np.argsort(positive[shuffled], kind="stable")]
    fold_of = np.empty(len(positive), dtype=np.int64)
    fold_of[dealt] = np.arange(len(dealt)) % folds
    place = fold_of[group]
    result = [Fold(np.flatnonzero(place != k), np.flatnonzero(place == k)) for k in range(folds)]
    return [fold for fold in result if len(fold.valid) and _minority(y[fold.train]) > 1]


def _cut(rows: Ints, as_of: Ints, y: Floats, embargo: int) -> Fold | None:
    instants, counts = np.unique(as_of[rows], return_counts=True)
    share_from = counts[::-1].cumsum()[::-1] / max(len(rows), 1)
    allowed = (share_from >= 0.1) & (share_from <= 0.6)
    if not allowed.any():
        return None
    for wanted in VALID_SHARES:
        start = instants[np.argmin(np.where(allowed, np.abs(share_from - wanted), np.inf))]
        valid, train = rows[as_of[rows] >= start], rows[as_of[rows] < start - embargo]
        if _minority(y[valid]) >= 5 and _minority(y[train]) >= 10:
            return Fold(train, valid)
    return None


def _minority(y: Floats) -> int:
    positives = int(y.sum())
    return min(positives, len(y) - positives)
