"""The partner's clock, against a count of every hour."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.routing import Weekday
from programme.routing_clock import LONGEST_STOP, clock_end, remind_at

START = datetime(2024, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALL = tuple(Weekday)

hours = st.integers(0, 24 * 40)
starts = hours.map(lambda n: START + n * HOUR)
days = st.sets(st.sampled_from(ALL), min_size=1).map(tuple)
ends = st.one_of(st.none(), starts)
absences = st.lists(st.tuples(starts, ends), max_size=4)


def runs(start: datetime, hour: datetime, working: tuple[Weekday, ...], away: list) -> bool:
    """Whether the clock of an offer runs in the hour that begins then, told as the document does."""
    is_away = any(since <= hour and (until is None or hour < until) for since, until in away)
    return ALL[hour.weekday()] in working and not (is_away and hour < start + LONGEST_STOP)


@settings(max_examples=120, deadline=None)
@given(starts, st.integers(1, 24 * 10), days, absences)
def test_it_has_run_as_many_hours_as_it_should(start, span, working, away):
    end = clock_end(start, span * HOUR, working, away)
    count, hour = 0, start
    while hour < end:
        count += runs(start, hour, working, away)
        hour += HOUR
    assert hour == end
    assert count == span
    assert runs(start, end - HOUR, working, away)  # not a moment later than needed


@settings(max_examples=60, deadline=None)
@given(starts, st.integers(0, 500), st.integers(0, 500), days, absences)
def test_more_time_never_ends_earlier(start, one, more, working, away):
    short, long = (clock_end(start, n * HOUR, working, away) for n in (one, one + more))
    assert start <= short <= long
    assert short >= start + one * HOUR


def test_it_ends_with_time_itself():
    last = datetime(9999, 12, 30, tzinfo=UTC)
    assert clock_end(last, timedelta(days=90)) <= datetime.max.replace(tzinfo=UTC)
    assert clock_end(last, timedelta(days=90), ALL[:2], [(last, None)]) <= datetime.max.replace(tzinfo=UTC)


def test_reminders():
    until = START + 10 * HOUR
    assert remind_at(START, until, 4) == START + 6 * HOUR
    assert remind_at(START, until, 0) is None
    assert remind_at(START, until, 10) is None
    assert remind_at(START, until, 1e9) is None
