"""Splits of a data set into a part to fit on and a later part to compare on."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from training.dataset import Instants, Rows

MIN_TRAIN_ROWS = 20
MIN_TEST_ROWS = 10
_MOST_CANDIDATES = 200


@dataclass(frozen=True, eq=False)
class Split:
    """Which rows to fit on and which to compare on.

    Parameters
    ----------
    train, test : int64 arrays
        Row positions; disjoint. With ``how="none"`` all rows are in `train` and `test` is empty.
    how : {"time", "group", "none"}
        ``time``: every outcome in `train` was known when the first test row was asked (an embargo of
        one horizon). ``group``: time could not split (all instants equal, or too short a history for
        its horizon), so groups were drawn at random. ``none``: too few rows to set any aside.
    cutoff : datetime64[us], optional
        First as_of of the test rows, when ``how`` is ``time``.
    """

    train: Rows
    test: Rows
    how: Literal["time", "group", "none"]
    cutoff: np.datetime64 | None = None

    @property
    def sentence(self) -> str:
        """How the comparison was made, for a person."""
        n_train, n_test = f"{len(self.train):,}", f"{len(self.test):,}"
        if self.how == "time":
            day = np.datetime_as_string(self.cutoff, unit="D")  # type: ignore[call-overload]
            return f"fitted on {n_train} rows known by {day}, compared on {n_test} later rows"
        if self.how == "group":
            return f"fitted on {n_train} rows, compared on {n_test} rows of other groups (time could not split)"
        return f"{n_train} rows are too few to set some aside for a comparison"


def time_split(
    as_of: Instants,
    known_at: Instants,
    *,
    label: npt.ArrayLike | None = None,
    group: npt.ArrayLike | None = None,
    test_fraction: float = 0.25,
    seed: int = 7,
) -> Split:
    """Split by time with an embargo, by groups where time cannot, not at all where rows are too few.

    Never raises on small data.

    Parameters
    ----------
    as_of, known_at : datetime64[us] arrays of shape (n,)
        Instant of each row, and when its outcome was known. A cutoff puts rows with ``as_of >= cutoff``
        into the test part and rows with ``known_at <= cutoff`` into the train part; rows between
        are left out (the embargo).
    label : array of shape (n,), optional
        0/1 outcomes: cutoffs that leave one part with a single class are avoided.
    group : array of shape (n,), optional
        Groups that a random split keeps together; default: every row its own.
    test_fraction : float, default=0.25
        Wanted share of the used rows in the test part.
    seed : int, default=7
        Of the random split.

    Returns
    -------
    Split

    Examples
    --------
    >>> import numpy as np
    >>> as_of = np.datetime64("2026-01-01", "us") + np.arange(100) * np.timedelta64(1, "D")
    >>> split = time_split(as_of, as_of + np.timedelta64(10, "D"))
    >>> split.how, len(split.train), len(split.test)
    ('time', 68, 23)
    >>> bool((as_of + np.timedelta64(10, "D"))[split.train].max() <= as_of[split.test].min())
    True
    """
    as_of = np.asarray(as_of, dtype="datetime64[us]")
    known_at = np.asarray(known_at, dtype="datetime64[us]")
    y = np.zeros(len(as_of)) if label is None else np.asarray(label, dtype=np.float64)
    groups = np.arange(len(as_of)) if group is None else np.asarray(group)
    cutoff = _best_cutoff(as_of, known_at, y, label is not None, test_fraction)
    if cutoff is not None:
        return split_at(as_of, known_at, cutoff)
    return _group_split(groups, y, label is not None, test_fraction, seed)


def split_at(as_of: Instants, known_at: Instants, cutoff: np.datetime64, until: np.datetime64 | None = None) -> Split:
    """Split at a given instant: train on what was known by `cutoff`, test on rows asked in [cutoff, until)."""
    later = as_of >= cutoff
    if until is not None:
        later &= as_of < until
    train = (known_at <= cutoff) & (as_of < cutoff)
    return Split(np.flatnonzero(train), np.flatnonzero(later), "time", cutoff)


def rolling_cutoffs(as_of: Instants, known_at: Instants, n: int, *, label: npt.ArrayLike | None = None) -> Instants:
    """Choose up to `n` instants for a rolling-origin back-test.

    Each has enough known rows before it and enough rows from it on until the next; they are evenly
    spread over the later two thirds of the usable instants. Empty when time cannot split.
    """
    as_of = np.asarray(as_of, dtype="datetime64[us]")
    known_at = np.asarray(known_at, dtype="datetime64[us]")
    y = np.zeros(len(as_of)) if label is None else np.asarray(label, dtype=np.float64)
    table = _cutoff_table(as_of, known_at, y)
    usable = table.instants[table.usable(needs_classes=label is not None)]
    if not len(usable) or n < 1:
        return usable[:0]
    first = len(usable) // 3 if len(usable) >= 3 * n else 0
    positions = np.unique(np.linspace(first, len(usable) - 1, num=n + 1).astype(int)[:-1])
    return np.asarray(usable[positions], dtype="datetime64[us]")


@dataclass(frozen=True, eq=False)
class _CutoffTable:
    """For each possible cutoff: rows and positives before (known) and from it on."""

    instants: Instants
    n_train: Rows
    train_positive: npt.NDArray[np.float64]
    n_test: Rows
    test_positive: npt.NDArray[np.float64]

    def usable(self, *, needs_classes: bool) -> npt.NDArray[np.bool_]:
        enough = (self.n_train >= MIN_TRAIN_ROWS) & (self.n_test >= MIN_TEST_ROWS)
        if not needs_classes:
            return enough
        train_mixed = (self.train_positive > 0) & (self.train_positive < self.n_train)
        test_mixed = (self.test_positive > 0) & (self.test_positive < self.n_test)
        return enough & train_mixed & test_mixed


def _cutoff_table(as_of: Instants, known_at: Instants, y: npt.NDArray[np.float64]) -> _CutoffTable:
    instants = np.unique(as_of)
    if len(instants) > _MOST_CANDIDATES:
        instants = instants[np.linspace(0, len(instants) - 1, _MOST_CANDIDATES).astype(int)]
    by_known, by_as_of = np.argsort(known_at, kind="stable"), np.argsort(as_of, kind="stable")
    known_sum = np.concatenate(([0.0], np.cumsum(y[by_known])))
    asked_sum = np.concatenate(([0.0], np.cumsum(y[by_as_of])))
    n_train = np.searchsorted(known_at[by_known], instants, side="right")
    n_before = np.searchsorted(as_of[by_as_of], instants, side="left")
    return _CutoffTable(
        instants, n_train, known_sum[n_train], len(as_of) - n_before, asked_sum[-1] - asked_sum[n_before]
    )


def _best_cutoff(
    as_of: Instants, known_at: Instants, y: npt.NDArray[np.float64], needs_classes: bool, test_fraction: float
) -> np.datetime64 | None:
    if not len(as_of):
        return None
    table = _cutoff_table(as_of, known_at, y)
    usable = table.usable(needs_classes=needs_classes)
    if not usable.any():
        return None
    share = table.n_test / np.maximum(table.n_train + table.n_test, 1)
    miss = np.where(usable, np.abs(share - test_fraction), np.inf)
    return table.instants[int(np.argmin(miss))]  # type: ignore[no-any-return]


def _group_split(
    groups: npt.NDArray[np.int64], y: npt.NDArray[np.float64], needs_classes: bool, test_fraction: float, seed: int
) -> Split:
    everything = np.arange(len(groups), dtype=np.int64)
    names, codes = np.unique(groups, return_inverse=True)
    for attempt in range(20):
        order = np.random.default_rng([seed, attempt]).permutation(len(names))
        in_test = np.isin(codes, order[: round(len(names) * test_fraction)])
        train, test = everything[~in_test], everything[in_test]
        mixed = 0 < y[train].sum() < len(train) and 0 < y[test].sum() < len(test)
        if len(train) >= MIN_TRAIN_ROWS and len(test) >= MIN_TEST_ROWS and (mixed or not needs_classes):
            return Split(train, test, "group")
    return Split(everything, everything[:0], "none")
