"""Counts, sums and n-th latest events per entity as of many instants, exact under late recording."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from intelligence.features.dominance import Dominance

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
TimeArray = npt.NDArray[np.datetime64]

DAY_US = 86_400_000_000
"""Microseconds in a day."""
_FRACTION = 2.0**40
_NAT = np.datetime64("NaT", "us")


def micros(instants: npt.ArrayLike) -> IntArray:
    """Return microseconds since 1970 of naive-UTC `instants`; ``NaT`` becomes the smallest integer."""
    return np.asarray(instants, dtype="datetime64[us]").astype(np.int64)


class Timeline:
    """Events of entities, queried as of any instant.

    An event counts for a query ``(entity, as_of)`` when it occurred by `as_of` (inclusive) **and** was known by then.
    Rows without entity (negative) or without time are left out.

    Parameters
    ----------
    entity : array-like of int, shape (n,)
        Whose event it is; -1 for nobody.
    occurred : array-like of datetime64, shape (n,)
        When it happened.
    known : array-like of datetime64, shape (n,), optional
        When we knew; ``NaT`` or earlier than `occurred` means at once.
    values : mapping of str to array-like of float, optional
        Numbers that events carry, by name; NaN counts as nothing in sums.

    Notes
    -----
    Building is O(n log n); a query row costs O(log n). Rows without events still unknown at their ``as_of`` need two
    binary searches; the others walk a wavelet matrix (Claude & Navarro 2012) over (known, occurred), see
    :class:`~intelligence.features.dominance.Dominance`. Sums are exact to 2**-40: they do not depend on other rows.

    Examples
    --------
    >>> days = np.array(["2024-01-01", "2024-01-05", "2024-01-09"], "M8[us]")
    >>> timeline = Timeline([7, 7, 7], days, known=days + np.array([0, 10, 0], "m8[D]"), values={"eur": [1.5, 2, 4]})
    >>> view = timeline.at([7, 7], np.array(["2024-01-10", "2024-01-20"], "M8[us]"))
    >>> view.count(), view.sum("eur", days=30), view.instant(2).astype("M8[D]").astype(str)
    (array([2., 3.]), array([5.5, 7.5]), array(['2024-01-01', '2024-01-05'], dtype='<U28'))
    """

    def __init__(
        self,
        entity: npt.ArrayLike,
        occurred: npt.ArrayLike,
        known: npt.ArrayLike | None = None,
        values: Mapping[str, npt.ArrayLike] | None = None,
    ) -> None:
        owner = np.asarray(entity, dtype=np.int64)
        when = np.asarray(occurred, dtype="datetime64[us]")
        seen = when if known is None else np.fmax(when, np.asarray(known, dtype="datetime64[us]"))
        rows = np.flatnonzero((owner >= 0) & ~np.isnat(when))
        rows = rows[np.lexsort((when[rows], owner[rows]))]
        self.occurred: TimeArray = when[rows]
        self._values = {name: np.asarray(value, np.float64)[rows] for name, value in (values or {}).items()}
        self._entities, code = np.unique(owner[rows], return_inverse=True)
        self._code = code
        self.known: TimeArray = seen[rows]
        self._times = np.unique(self.occurred)
        self._known_times = np.unique(self.known)
        self._key = _keys(code, np.searchsorted(self._times, self.occurred) + 1, self._times)
        self._known_key = np.sort(_keys(code, np.searchsorted(self._known_times, self.known) + 1, self._known_times))
        self._sums: dict[str, tuple[IntArray, IntArray]] = {}
        self._dominance: Dominance | None = None

    def __len__(self) -> int:
        return len(self.occurred)

    def at(self, entity: npt.ArrayLike, as_of: npt.ArrayLike) -> "TimelineView":
        """Return the answers for query rows ``(entity[i], as_of[i])``; a single `as_of` serves all rows."""
        owner = np.asarray(entity, dtype=np.int64)
        when = np.broadcast_to(np.asarray(as_of, dtype="datetime64[us]"), owner.shape)
        return TimelineView(self, owner, when)

    def value(self, name: str) -> FloatArray:
        """Values called `name` in the order of ``occurred`` (by entity, then time)."""
        return self._values[name]

    @property
    def owners(self) -> IntArray:
        """Entity of each event in the order of ``occurred``."""
        return np.asarray(self._entities[self._code], dtype=np.int64)

    def codes(self, entity: IntArray) -> IntArray:
        """Place of each entity among the known ones, -1 for entities without events."""
        if not len(self._entities):
            return np.full(len(entity), -1)
        place = np.minimum(np.searchsorted(self._entities, entity), len(self._entities) - 1)
        return np.where(self._entities[place] == entity, place, -1)

    def position(self, code: IntArray, instant: TimeArray) -> IntArray:
        """Return the place after the last event of each `code` that occurred by `instant`."""
        rank = np.searchsorted(self._times, instant, side="right")
        return np.searchsorted(self._key, _keys(code, rank, self._times), side="right")

    def known_count(self, code: IntArray, instant: TimeArray) -> IntArray:
        """Events of each `code` known by `instant`, plus those of all smaller codes."""
        rank = np.searchsorted(self._known_times, instant, side="right")
        return np.searchsorted(self._known_key, _keys(code, rank, self._known_times), side="right")

    def prefix(self, name: str) -> tuple[IntArray, IntArray]:
        """Return running sums of `name` as whole part and fraction in 2**-40; differences are exact."""
        if name not in self._sums:
            self._sums[name] = (_running(self.limbs(name)[0]), _running(self.limbs(name)[1]))
        return self._sums[name]

    def limbs(self, name: str) -> tuple[IntArray, IntArray]:
        """Values of `name` as whole part and fraction in 2**-40, NaN as 0."""
        value = np.clip(np.nan_to_num(self._values[name]), -9e18, 9e18)
        whole = np.floor(value)
        return whole.astype(np.int64), np.rint((value - whole) * _FRACTION).astype(np.int64)

    def dominance(self) -> tuple[Dominance, TimeArray]:
        """Return the index over (known, occurred) order, and the sorted known times that cut it."""
        order = np.argsort(self.known, kind="stable")
        if self._dominance is None:
            self._dominance = Dominance(order)
        return self._dominance, self.known[order]


def _keys(code: IntArray, rank: IntArray, times: TimeArray) -> IntArray:
    # Ranks instead of microseconds: code x time would not fit 64 bits.
    return np.asarray(code * (len(times) + 2) + rank, dtype=np.int64)


def _running(value: IntArray) -> IntArray:
    # Overflow wraps around, which leaves differences right.
    return np.concatenate(([0], np.cumsum(value)))


class TimelineView:
    """Answers of a :class:`Timeline` for fixed query rows; every result has shape (n,).

    Parameters
    ----------
    timeline : Timeline
        Where the events are.
    entity : ndarray of int64, shape (n,)
        Whose events are asked for.
    as_of : ndarray of datetime64[us], shape (n,)
        As of when.
    """

    def __init__(self, timeline: Timeline, entity: IntArray, as_of: TimeArray) -> None:
        self._line = timeline
        self.as_of = as_of
        self._code = timeline.codes(entity)
        self._begin = timeline.position(self._code, np.full(len(entity), np.datetime64(-(2**62), "us")))
        self._end = timeline.position(self._code, as_of)
        known = timeline.known_count(self._code, as_of) - self._begin
        self._late = np.flatnonzero(self._end - self._begin > known)
        if len(self._late):
            self._index, cut = timeline.dominance()
            self._cut = np.searchsorted(cut, as_of[self._late], side="right")

    def count(self, days: float | None = None, *, since: npt.ArrayLike | None = None) -> FloatArray:
        """Events in ``(as_of - days, as_of]``, or after `since`; all when neither is given."""
        start = self._start(days, since)
        result = (self._end - start).astype(np.float64)
        if len(self._late):
            result[self._late] = self._known_below(self._end) - self._known_below(start)
        return result

    def sum(self, name: str, days: float | None = None, *, since: npt.ArrayLike | None = None) -> FloatArray:
        """Sum of the values called `name` over ``(as_of - days, as_of]``, or after `since`."""
        start = self._start(days, since)
        whole, fraction = (part[self._end] - part[start] for part in self._line.prefix(name))
        if len(self._late):
            weights = self._line.limbs(name)
            for total, weight in zip((whole, fraction), weights, strict=True):
                upto, before = (
                    self._index.sum_less(self._cut, bound[self._late], weight) for bound in (self._end, start)
                )
                total[self._late] = upto - before
        return np.asarray(whole + fraction / _FRACTION)

    def instant(self, nth: int = 1) -> TimeArray:
        """When the `nth` latest event occurred; ``NaT`` when there are fewer."""
        place = self._place(nth)
        return np.where(place >= 0, self._take(self._line.occurred, place), _NAT)

    def value(self, name: str, nth: int = 1) -> FloatArray:
        """Value called `name` of the `nth` latest event; NaN when there are fewer."""
        place = self._place(nth)
        return np.where(place >= 0, self._take(self._line.value(name), place), np.nan)

    def first(self) -> TimeArray:
        """When the earliest event occurred; ``NaT`` without any."""
        place = np.where(self._end > self._begin, self._begin, -1)
        if len(self._late):
            before, upto = self._known_below(self._begin), self._known_below(self._end)
            there = self._index.quantile(self._cut, np.minimum(before, np.maximum(upto - 1, 0)))
            place[self._late] = np.where(upto > before, there, -1)
        return np.where(place >= 0, self._take(self._line.occurred, place), _NAT)

    def days_since(self, nth: int = 1) -> FloatArray:
        """Days from the `nth` latest event to ``as_of``; NaN when there are fewer."""
        return days_between(self.instant(nth), self.as_of)

    def _start(self, days: float | None, since: npt.ArrayLike | None) -> IntArray:
        if days is None and since is None:
            return self._begin
        if since is None:
            instant = self.as_of - np.timedelta64(round(float(days or 0) * DAY_US), "us")
        else:
            instant = np.broadcast_to(np.asarray(since, dtype="datetime64[us]"), self.as_of.shape)
        return np.minimum(np.maximum(self._line.position(self._code, instant), self._begin), self._end)

    def _known_below(self, place: IntArray) -> IntArray:
        return self._index.count_less(self._cut, place[self._late])

    def _place(self, nth: int) -> IntArray:
        place = self._end - nth
        place[place < self._begin] = -1
        if len(self._late):
            before, rank = self._known_below(self._begin), self._known_below(self._end) - nth
            there = self._index.quantile(self._cut, np.maximum(rank, 0))
            place[self._late] = np.where(rank >= before, there, -1)
        return place

    @staticmethod
    def _take(source: npt.NDArray[np.generic], place: IntArray) -> npt.NDArray[np.generic]:
        if not len(source):
            filler: object = _NAT if source.dtype.kind == "M" else np.nan
            return np.full(len(place), filler, dtype=source.dtype)
        return source[np.maximum(place, 0)]


def days_between(start: TimeArray, end: TimeArray) -> FloatArray:
    """Days from `start` to `end` as float64; NaN where either is ``NaT``."""
    return np.asarray((end - start) / np.timedelta64(DAY_US, "us"), dtype=np.float64)
