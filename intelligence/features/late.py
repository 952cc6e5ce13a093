"""What had happened by an instant but was not known yet, for many query rows at once."""

from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from intelligence.features.dominance import Dominance
from intelligence.features.search import IntArray, bisect

ROOM, ROOM_A_ROW = 1, 32
"""Candidates that may be listed, per event and per row; the wavelet matrix takes over beyond."""


class Known(Protocol):
    """The known events of those rows that have unknown ones."""

    def count(self, start: IntArray) -> IntArray:
        """Known events of each row at or after place `start`."""

    def sum(self, start: IntArray, running: IntArray) -> IntArray:
        """Sum over the known events of each row at or after place `start`, of what `running` is the running sum of."""

    def latest(self, nth: int) -> IntArray:
        """Place of the `nth` latest known event of each row, -1 when there are fewer."""

    def first(self) -> IntArray:
        """Place of the earliest known event of each row, -1 without any."""


class LateEvents:
    """The events of a timeline that were recorded after they happened.

    Parameters
    ----------
    occurred, known : ndarray of int64, shape (n,)
        Microseconds, by entity, then `occurred`.
    begins : ndarray of int64
        Where each entity begins.
    """

    def __init__(self, occurred: IntArray, known: IntArray, begins: IntArray) -> None:
        late = known > occurred
        self._n, self._known = len(known), known
        self._place = np.flatnonzero(late)
        self._before = np.concatenate(([0], np.cumsum(late, dtype=np.int32)))
        self._ticks = known[self._place]
        entity = np.repeat(np.arange(len(begins) - 1), np.diff(begins))[self._place]
        # the latest known instant so far within the entity: it ascends, so what is unknown can be cut off by bisection
        self._latest = pd.Series(self._ticks).groupby(entity, sort=False).cummax().to_numpy()
        self._dominance: tuple[Dominance, IntArray] | None = None

    def __len__(self) -> int:
        return len(self._place)

    def among(self, begin: IntArray, end: IntArray, as_of: IntArray) -> tuple[IntArray, Known | None]:
        """Return the rows with an event in ``[begin, end)`` that was unknown at `as_of`, and their known ones."""
        low, high = self._before[begin], self._before[end]
        rows = np.flatnonzero(high > low)
        rows = rows[self._latest[high[rows] - 1] > as_of[rows]]
        if not len(rows):
            return rows, None
        low, high, cut = low[rows].astype(np.int64), high[rows].astype(np.int64), as_of[rows]
        low += bisect(self._latest, low, high - low, cut)
        if int((high - low).sum()) > ROOM * self._n + ROOM_A_ROW * len(rows):
            return rows, _Walked(*self._walk(), begin[rows], end[rows], cut)
        row = np.repeat(np.arange(len(rows)), high - low)
        candidate = _ranges(low, high)
        unknown = self._ticks[candidate] > cut[row]
        return rows, _Listed(begin[rows], end[rows], row[unknown], self._place[candidate[unknown]])

    def _walk(self) -> tuple[Dominance, IntArray]:
        if self._dominance is None:
            order = np.argsort(self._known, kind="stable")
            self._dominance = Dominance(order), self._known[order]
        return self._dominance


class _Listed:
    """By the list of unknown events, ascending within each row: what is left of each range without them."""

    def __init__(self, begin: IntArray, end: IntArray, row: IntArray, place: IntArray) -> None:
        self._begin, self._end = begin, end
        self._row, self._place = row, place
        self._starts = np.searchsorted(row, np.arange(len(begin) + 1))

    def count(self, start: IntArray) -> IntArray:
        unknown = self._place >= start[self._row]
        return self._end - start - self._of_rows(unknown)

    def sum(self, start: IntArray, running: IntArray) -> IntArray:
        weight = running[self._place + 1] - running[self._place]
        unknown = np.where(self._place >= start[self._row], weight, 0)
        return np.asarray(running[self._end] - running[start] - self._of_rows(unknown))

    def latest(self, nth: int) -> IntArray:
        from_end = self._starts[self._row + 1] - np.arange(len(self._row)) - 1
        known_after = self._end[self._row] - 1 - self._place - from_end
        place = self._end - nth - self._of_rows(known_after < nth)
        return np.where(place >= self._begin, place, -1)

    def first(self) -> IntArray:
        known_before = self._place - self._begin[self._row] - (np.arange(len(self._row)) - self._starts[self._row])
        place = self._begin + self._of_rows(known_before == 0)
        return np.where(place < self._end, place, -1)

    def _of_rows(self, part: npt.NDArray[np.generic]) -> IntArray:
        running = np.concatenate(([0], np.cumsum(part, dtype=np.int64)))  # differences are right even if it wraps
        return np.asarray(running[self._starts[1:]] - running[self._starts[:-1]])


class _Walked:
    """By a wavelet matrix over (known, place): log n steps a row, however many events are unknown."""

    def __init__(self, index: Dominance, known: IntArray, begin: IntArray, end: IntArray, as_of: IntArray) -> None:
        self._index, self._begin, self._end = index, begin, end
        self._cut = np.searchsorted(known, as_of, side="right")

    def count(self, start: IntArray) -> IntArray:
        return self._below(self._end) - self._below(start)

    def sum(self, start: IntArray, running: IntArray) -> IntArray:
        weight = np.diff(running)
        upto, before = (self._index.sum_less(self._cut, bound, weight) for bound in (self._end, start))
        return upto - before

    def latest(self, nth: int) -> IntArray:
        before, rank = self._below(self._begin), self._below(self._end) - nth
        there = self._index.quantile(self._cut, np.maximum(rank, 0))
        return np.where(rank >= before, there, -1)

    def first(self) -> IntArray:
        before, upto = self._below(self._begin), self._below(self._end)
        there = self._index.quantile(self._cut, np.minimum(before, np.maximum(upto - 1, 0)))
        return np.where(upto > before, there, -1)

    def _below(self, place: IntArray) -> IntArray:
        return self._index.count_less(self._cut, place)


def _ranges(low: IntArray, high: IntArray) -> IntArray:
    """Return ``low[0], ..., high[0] - 1, low[1], ...``."""
    length = high - low
    shift = np.repeat(low - np.concatenate(([0], np.cumsum(length)[:-1])), length)
    return np.arange(len(shift)) + shift
