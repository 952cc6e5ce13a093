"""Counts, sums and n-th latest events per entity as of many instants, exact under late recording."""

from collections.abc import Mapping
from copy import copy
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

from intelligence.features.late import Known, LateEvents
from intelligence.features.search import Codes, IntArray, Names, bisect, bounds, by_code, micros

__all__ = ["DAY_US", "FloatArray", "IntArray", "TimeArray", "Timeline", "TimelineView", "days_between", "micros"]

FloatArray = npt.NDArray[np.float64]
TimeArray = npt.NDArray[np.datetime64]

DAY_US = 86_400_000_000
"""Microseconds in a day."""
_FRACTION = 2.0**40
_NAT = np.datetime64("NaT", "us")
_WORTH = 3
"""Steps into a table of instants by entities that cost as much as one step of a bisection."""


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
    Events given in order of time, as histories hold them, are put in order of entity by counting, O(n). A query row
    then costs a bisection of its entity's events; many rows that share few instants are answered by counting the
    events up to each instant, O(n + instants x entities). Rows with events still unknown at their ``as_of`` leave
    these out, see :class:`~intelligence.features.late.LateEvents`. Sums are exact to 2**-40: they do not depend on
    other rows.

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
        rows = _in_time(owner, when)
        self._ticks = micros(when[rows])
        self._names = Names(owner[rows])
        self._codes = self._names.codes(owner[rows])
        order, self._begins = by_code(self._codes, len(self._names.known))
        rows = rows[order] if isinstance(rows, np.ndarray) else order
        self._longest = int(np.diff(self._begins).max())
        self.occurred: TimeArray = when[rows]
        self._values = {name: np.asarray(value, np.float64)[rows] for name, value in (values or {}).items()}
        self.known: TimeArray = self.occurred
        if known is not None:
            seen = np.fmax(self.occurred, np.asarray(known, dtype="datetime64[us]")[rows])
            self.known = seen if (seen > self.occurred).any() else self.occurred
        self._sums: dict[str, tuple[IntArray, IntArray]] = {}
        self._late_events: LateEvents | None = None

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
        return np.repeat(self._names.known, np.diff(self._begins[:-1]))

    @property
    def entities(self) -> IntArray:
        """Entities with an event, ascending."""
        return self._names.known

    def at_once(self) -> Self:
        """Return the same events as if each had been known when it happened."""
        other = copy(self)
        other.known = other.occurred
        return other

    def codes(self, entity: IntArray) -> Codes:
        """Place of each entity among the known ones, one past the last for entities without events."""
        return self._names.codes(entity)

    def begin(self, code: Codes) -> IntArray:
        """Return the place of the first event of each `code`."""
        return self._begins[code]

    def position(self, code: Codes, instant: TimeArray) -> IntArray:
        """Return the place after the last event of each `code` that occurred by `instant`."""
        bound = bounds(instant)
        runs = np.flatnonzero(np.concatenate(([True], bound[1:] != bound[:-1]))[: len(bound)])
        if len(self) + len(runs) * len(self._begins) < _WORTH * self._longest.bit_length() * len(code):
            return self._counted(code, bound, runs)
        begin = self._begins[code]
        return begin + bisect(micros(self.occurred), begin, self._begins[code + 1] - begin, bound)

    def _counted(self, code: Codes, bound: IntArray, runs: IntArray) -> IntArray:
        # A table of instants by entities: events counted up to each instant, in order of time.
        instants, place = np.unique(bound[runs], return_inverse=True)
        cuts = np.concatenate(([0], np.searchsorted(self._ticks, instants, side="right")))
        width = len(self._begins) - 1
        table = np.empty((len(instants), width), dtype=np.int64)
        for row, (start, end) in enumerate(pairwise(cuts)):
            table[row] = np.bincount(self._codes[start:end], minlength=width)
        table[0] += self._begins[:-1]
        np.cumsum(table, axis=0, out=table)
        asked = np.repeat(place * width, np.diff(np.append(runs, len(bound))))
        return np.asarray(table.ravel()[asked + code])

    def unknown(self, begin: IntArray, end: IntArray, as_of: TimeArray) -> tuple[IntArray, Known | None]:
        """Return the rows with an event between places `begin` and `end` unknown at `as_of`, and the known ones."""
        if self.known is self.occurred:
            return np.zeros(0, dtype=np.int64), None
        if self._late_events is None:
            self._late_events = LateEvents(micros(self.occurred), micros(self.known), self._begins)
        return self._late_events.among(begin, end, bounds(as_of))

    def prefix(self, name: str) -> tuple[IntArray, IntArray]:
        """Return running sums of `name` as whole part and fraction in 2**-40; differences are exact."""
        if name not in self._sums:
            whole, fraction = self.limbs(name)
            self._sums[name] = (_running(whole), _running(fraction))
        return self._sums[name]

    def limbs(self, name: str) -> tuple[IntArray, IntArray]:
        """Values of `name` as whole part and fraction in 2**-40, NaN as 0."""
        value = self._values[name]
        value = np.clip(np.where(np.isnan(value), 0.0, value), -9e18, 9e18)
        whole = np.floor(value)
        return whole.astype(np.int64), np.rint((value - whole) * _FRACTION).astype(np.int64)


def _in_time(owner: IntArray, when: TimeArray) -> IntArray | slice:
    """Return the rows with entity and time, by time; a slice when those are all, as they come."""
    there = (owner >= 0) & ~np.isnat(when)
    if not there.all():
        rows = np.flatnonzero(there)
        return rows[np.argsort(when[rows], kind="stable")]
    return slice(None) if bool((when[1:] >= when[:-1]).all()) else np.argsort(when, kind="stable")


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
        self._begin = timeline.begin(self._code)
        self._end = timeline.position(self._code, as_of)
        self._late, self._known = timeline.unknown(self._begin, self._end, as_of)
        self._starts: dict[float, IntArray] = {}

    def count(self, days: float | None = None, *, since: npt.ArrayLike | None = None) -> FloatArray:
        """Events in ``(as_of - days, as_of]``, or after `since`; all when neither is given."""
        start = self._start(days, since)
        result = (self._end - start).astype(np.float64)
        if self._known is not None:
            result[self._late] = self._known.count(start[self._late])
        return result

    def sum(self, name: str, days: float | None = None, *, since: npt.ArrayLike | None = None) -> FloatArray:
        """Sum of the values called `name` over ``(as_of - days, as_of]``, or after `since`."""
        start = self._start(days, since)
        running = self._line.prefix(name)
        whole, fraction = (part[self._end] - part[start] for part in running)
        if self._known is not None:
            for total, part in zip((whole, fraction), running, strict=True):
                total[self._late] = self._known.sum(start[self._late], part)
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
        if self._known is not None:
            place[self._late] = self._known.first()
        return np.where(place >= 0, self._take(self._line.occurred, place), _NAT)

    def days_since(self, nth: int = 1) -> FloatArray:
        """Days from the `nth` latest event to ``as_of``; NaN when there are fewer."""
        return days_between(self.instant(nth), self.as_of)

    def _start(self, days: float | None, since: npt.ArrayLike | None) -> IntArray:
        if since is not None:
            return self._between(np.broadcast_to(np.asarray(since, dtype="datetime64[us]"), self.as_of.shape))
        if days is None:
            return self._begin
        if days not in self._starts:
            self._starts[days] = self._between(self.as_of - np.timedelta64(round(float(days) * DAY_US), "us"))
        return self._starts[days]

    def _between(self, instant: TimeArray) -> IntArray:
        return np.minimum(self._line.position(self._code, instant), self._end)

    def _place(self, nth: int) -> IntArray:
        place = self._end - nth
        place[place < self._begin] = -1
        if self._known is not None:
            place[self._late] = self._known.latest(nth)
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
