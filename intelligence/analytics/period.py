"""Stretches of time that figures are asked for: half-open intervals of UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.errors import InvalidInput

MOMENT = timedelta(microseconds=1)
"""The smallest step of time in the store: what happened at an instant itself lies before the instant plus this."""

_TRAILING = re.compile(r"trailing_([1-9]\d{0,3})")
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_PARTS = 120

PERIOD_PATTERN = r"^(previous_)?(month|quarter|year)$|^trailing_[1-9][0-9]{0,3}$|^all$"
"""What a word for a period looks like."""

PERIODS = "month, quarter, year, previous_month, previous_quarter, previous_year, trailing_<days>, all"
"""The words that name a period, for messages and documentation."""


@dataclass(frozen=True)
class Window:
    """A half-open interval: from `start` on, before `end`; aware UTC.

    Parameters
    ----------
    start, end : datetime
        Aware, in UTC; `end` does not lie before `start`.
    before : Window or None
        The one that it is compared with; the one of the same length right before it when None.
    """

    start: datetime
    end: datetime
    before: "Window | None" = None

    @property
    def previous(self) -> "Window":
        """The window that this one is compared with."""
        if self.before is not None:
            return self.before
        length = min(self.end - self.start, self.start - datetime.min.replace(tzinfo=UTC))
        return Window(self.start - length, self.start)

    @property
    def days(self) -> float:
        """Length in days."""
        return (self.end - self.start) / timedelta(days=1)


def window_of(
    period: str | None, as_of: datetime, start: datetime | None = None, end: datetime | None = None
) -> Window:
    """Return the window that a caller names.

    Parameters
    ----------
    period : str or None
        ``month``, ``quarter``, ``year``: the calendar's one that `as_of` lies in, until then; ``previous_...``: the
        whole one before it; ``trailing_90``: so many days until `as_of`; ``all``. None: ``trailing_365``.
    as_of : datetime
        Nothing later is in the window; what happened at this very instant is.
    start, end : datetime, optional
        Bounds that replace those of the period.

    Raises
    ------
    InvalidInput
        If there is no such period, or it ends before it begins.

    Examples
    --------
    >>> as_of = datetime(2024, 5, 20, tzinfo=UTC)
    >>> window_of("previous_quarter", as_of).start.date().isoformat()
    '2024-01-01'
    >>> window_of("month", as_of).previous.end.date().isoformat()
    '2024-04-20'
    """
    now = as_of + MOMENT
    window = _named(period or "trailing_365", as_of, now)
    if start is None and end is None:
        return window
    first = start if start is not None else (_EARLIEST if end is not None and end <= window.start else window.start)
    last = min(end, now) if end is not None else now
    if last < first:
        raise InvalidInput(
            f"The period ends ({last.isoformat()}) before it begins ({first.isoformat()}).", field="from"
        )
    return Window(first, last)


def parts(window: Window, step: str) -> list[Window]:
    """Return the calendar months, quarters or years of a window, cut at its ends.

    Raises
    ------
    InvalidInput
        If there would be more than 120.

    Examples
    --------
    >>> found = parts(Window(datetime(2024, 1, 15, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)), "month")
    >>> [(part.start.day, part.end.day) for part in found]
    [(15, 1), (1, 1)]
    """
    months = _MONTHS[step]
    found = []
    start = window.start
    while start < window.end:
        end = min(_shifted(_floor(start, months), months), window.end)
        found.append(Window(start, end))
        start = end
        if len(found) > _MAX_PARTS:
            raise InvalidInput(f"That would be more than {_MAX_PARTS} parts; ask for a shorter period.", field="by")
    return found


def _named(period: str, as_of: datetime, now: datetime) -> Window:
    trailing = _TRAILING.fullmatch(period)
    if trailing:
        length = min(timedelta(days=int(trailing[1])), now - datetime.min.replace(tzinfo=UTC))
        return Window(now - length, now)
    if period == "all":
        return Window(min(_EARLIEST, as_of), now, Window(min(_EARLIEST, as_of), min(_EARLIEST, as_of)))
    step = period.removeprefix("previous_")
    if step not in _MONTHS:
        raise InvalidInput(f"There is no period {period!r}; use one of: {PERIODS}.", field="period", value=period)
    months = _MONTHS[step]
    start = _floor(as_of, months)
    before = _shifted(start, -months)
    if period != step:
        return Window(before, start, Window(_shifted(before, -months), before))
    return Window(start, now, Window(before, min(before + (now - start), start)))


def _floor(instant: datetime, months: int) -> datetime:
    month = (instant.month - 1) // months * months + 1
    return datetime(instant.year, month, 1, tzinfo=UTC)


def _shifted(start: datetime, months: int) -> datetime:
    count = start.year * 12 + start.month - 1 + months
    year = min(max(count // 12, 1), 9999)
    return datetime(year, count % 12 + 1, 1, tzinfo=UTC)
