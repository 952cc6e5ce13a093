"""The partner's clock: runs on working days, and not while the partner is away."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta

from domain.routing import Weekday
from programme.claim_terms import later

Span = tuple[datetime, datetime | None]
"""From an instant to another, or without end."""

LONGEST_STOP = timedelta(days=30)
"""An absence stops the clock of an offer for so long after it was made, and no longer: the customer waits."""

_WEEK = tuple(Weekday)
_DAY = timedelta(days=1)


def clock_end(
    start: datetime, hours: timedelta, working_days: Sequence[Weekday] = _WEEK, away: Sequence[Span] = ()
) -> datetime:
    """Return when a clock that started at `start` has run for `hours`.

    It stands still on days (UTC) that are not among `working_days`, and while the partner is `away`: of absences that
    were known as the offer was made, and for the 30 days after it only. At the latest the year 9999.

    Parameters
    ----------
    start : datetime
        Aware, UTC.
    hours : timedelta
        How long it runs, from 0 on.
    working_days : sequence of Weekday
        At least one.
    away : sequence of (since, until)
        Absences; None: without end.

    Examples
    --------
    >>> friday = datetime(2024, 5, 31, 18, tzinfo=UTC)
    >>> clock_end(friday, timedelta(hours=24), tuple(Weekday)[:5]).isoformat()
    '2024-06-03T18:00:00+00:00'
    """
    days, left, now = set(working_days), hours, start
    if days == set(_WEEK) and not away:
        return later(start, hours)
    stops = _stops(start, away)
    for begin, end in _pieces(start, stops):
        now = begin
        if _WEEK[begin.weekday()] not in days or any(since <= begin < until for since, until in stops):
            continue
        if end - begin >= left:
            return begin + left
        left -= end - begin
    return later(now, left)


def _stops(start: datetime, away: Sequence[Span]) -> list[tuple[datetime, datetime]]:
    latest = later(start, LONGEST_STOP)
    clipped = [(max(since, start), min(until or latest, latest)) for since, until in away]
    return [(since, until) for since, until in clipped if since < until]


def _pieces(start: datetime, stops: Sequence[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Yield pieces of time, one after the other, in each of which the clock either runs or stands still."""
    edges = sorted({edge for stop in stops for edge in stop})
    last, now = later(start, timedelta(days=365 * 20)), start
    while now < last:
        midnight = later(datetime.combine(now.date(), time(), UTC), _DAY)
        end = min([midnight, *(edge for edge in edges if now < edge < midnight)])
        if end <= now:  # the end of time
            return
        yield now, end
        now = end


def remind_at(offered_at: datetime, answer_until: datetime, hours: float) -> datetime | None:
    """Return when a partner is reminded of an offer; None where that would be as the offer is made, or is not wanted.

    Examples
    --------
    >>> now = datetime(2024, 6, 1, tzinfo=UTC)
    >>> remind_at(now, now + timedelta(hours=72), 24).isoformat()
    '2024-06-03T00:00:00+00:00'
    """
    if hours <= 0:
        return None
    at = answer_until - min(timedelta(hours=hours), answer_until - datetime.min.replace(tzinfo=UTC))
    return at if at > offered_at else None
