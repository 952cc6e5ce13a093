"""The digest of a week: what changed, what waits, what ends soon, what was done and came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from domain.access import portfolio_of
from domain.context import Actor
from domain.language import spoken
from domain.settings import Settings
from domain.terms import HIGH_RISK, ModelName
from intelligence.scoring.reasons import told
from programme.alert_sweeps import HYSTERESIS, LOOK_BACK
from programme.intervention_outcomes import Outcome, outcomes
from store import digest as rows
from store.digest import Found, Line, Scope
from store.frames import naive
from store.interventions import done_actions, open_actions
from store.rankings import Choice, Expected, Run, expected, newest_run
from store.unit_of_work import UnitOfWork

WEEK = timedelta(days=7)
WEEKS = 8
"""Of the chart."""

AHEAD = timedelta(days=30)
"""What ends within this time of the week's end is told."""

LINES = 10
_REACH = timedelta(days=14)
_CAME_AFTER = timedelta(days=30)


@dataclass(frozen=True)
class Digest:
    """What is told of a week.

    Parameters
    ----------
    start, end : date
        Monday, and the Monday after.
    as_of : datetime
        The end of the week, or now if it is not over.
    mine : bool
        Whether it tells of the reader's own partners only.
    now, before : Expected, optional
        Of the risks at `as_of`, and as the week began; None without scores.
    high : sequence of int or None
        Partners at high risk at the end of each of the last weeks, the oldest first.
    found : mapping
        What was found by name of the section (`SECTIONS`).
    done, came : sequence of Outcome
        Actions of this week; those of the week that ended 30 days ago, with what came of them.
    """

    start: date
    end: date
    as_of: datetime
    mine: bool
    horizon_days: int
    now: Expected | None
    before: Expected | None
    high: Sequence[int | None]
    found: Mapping[str, Found]
    done: Sequence[Outcome]
    came: Sequence[Outcome]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (
            (self.now and self.now.n) or self.done or self.came or any(one.total for one in self.found.values())
        )


SECTIONS = (
    "new_at_risk", "recovered", "leads", "registrations", "agreements", "certificates", "goals", "due",
)  # fmt: skip
"""Names of what a digest finds, in its order."""


def monday(day: date) -> date:
    """Return the Monday of a day's week.

    Examples
    --------
    >>> monday(date(2026, 11, 22))
    datetime.date(2026, 11, 16)
    """
    return day - timedelta(days=day.weekday())


def reader_of(actor: Actor, *, mine: bool) -> Actor:
    """Return an actor confined to the partners that it manages, if only those are wanted."""
    return replace(actor, portfolio=portfolio_of(actor)) if mine else actor


def digest(work: UnitOfWork, settings: Settings, start: date, *, actor: Actor | None = None, mine: bool) -> Digest:
    """Return the digest of the week that begins on a Monday.

    Parameters
    ----------
    work : UnitOfWork
        To read from.
    settings : Settings
        Horizons, currency.
    start : date
        Any day of the week.
    actor : Actor, optional
        Who reads; the one of `work` when not given.
    mine : bool
        Only partners that the reader manages.
    """
    start = monday(start)
    begins = datetime.combine(start, time(), UTC)
    as_of = min(begins + WEEK, work.clock())
    scope = Scope(reader_of(actor or work.actor, mine=mine), LINES)
    runs = [_run(work, settings, instant) for instant in (begins, as_of)]
    end, last = as_of.date(), as_of.date() + AHEAD
    found = {
        **_moves(work, scope, *runs),
        "leads": rows.waiting_offers(work.connection, scope, as_of - LOOK_BACK, as_of),
        "registrations": rows.waiting_registrations(work.connection, scope, as_of),
        "agreements": rows.ending_agreements(work.connection, scope, end, last),
        "certificates": rows.ending_certificates(work.connection, scope, end, last),
        "goals": rows.goals_off_track(work.connection, scope, as_of),
        "due": _due(work, scope, as_of),
    }
    return Digest(
        start,
        start + WEEK,
        as_of,
        mine,
        settings.churn_horizons_days[-1],
        _expected(work, scope, runs[1]),
        _expected(work, scope, runs[0]),
        _high(work, settings, scope, as_of),
        {name: found[name] for name in SECTIONS},
        _outcomes(work, settings, scope, begins, as_of, as_of),
        _outcomes(work, settings, scope, begins - _CAME_AFTER, as_of - _CAME_AFTER, as_of),
    )


def _run(work: UnitOfWork, settings: Settings, until: datetime) -> Run | None:
    """Return the newest scores by an instant, if they are not too old to tell how things stood then."""
    found = newest_run(work.connection, ModelName.CHURN, settings.churn_horizons_days[-1], until)
    return found if found is not None and found.as_of >= until - _REACH else None


def _expected(work: UnitOfWork, scope: Scope, run: Run | None) -> Expected | None:
    if run is None:
        return None
    return expected(work.connection, run, Choice(portfolio=scope.actor.portfolio), HIGH_RISK)


def _moves(work: UnitOfWork, scope: Scope, before: Run | None, after: Run | None) -> dict[str, Found]:
    if before is None or after is None or before == after:
        return {"new_at_risk": Found(0, ()), "recovered": Found(0, ())}
    up, down = (
        rows.moved(work.connection, scope, before, after, HIGH_RISK, HYSTERESIS, up=direction)
        for direction in (True, False)
    )
    return {"new_at_risk": _with_reasons(work, after, up), "recovered": _with_reasons(work, after, down)}


def _with_reasons(work: UnitOfWork, run: Run, found: Found) -> Found:
    """Return what moved, each with the first reasons of its score in the reader's language."""
    details = rows.details_of(work.connection, run, [line.partner_id for line in found.lines])
    lines = []
    for line in found.lines:
        known = told(details.get(line.partner_id, {}), naive(run.as_of), spoken())
        reasons = [str(known[name]) for name in ("reason_1", "reason_2") if known.get(name)]
        lines.append(line._replace(what="; ".join(reasons), on=None))
    return Found(found.total, lines)


def _due(work: UnitOfWork, scope: Scope, as_of: datetime) -> Found:
    by = as_of.date() + WEEK
    found = open_actions(work.connection, scope.actor, due_by=by, planned_by=as_of)
    lines = [Line(one.partner_id, one.partner, one.name, one.title, one.due_on) for one in found[: scope.limit]]
    return Found(len(found), lines)


def _high(work: UnitOfWork, settings: Settings, scope: Scope, as_of: datetime) -> list[int | None]:
    runs = [_run(work, settings, as_of - WEEK * back) for back in reversed(range(WEEKS))]
    return [None if run is None else rows.count_high(work.connection, scope, run, HIGH_RISK) for run in runs]


def _outcomes(
    work: UnitOfWork, settings: Settings, scope: Scope, since: datetime, until: datetime, as_of: datetime
) -> list[Outcome]:
    done = done_actions(work.connection, scope.actor, until, since=since, limit=LINES)
    return outcomes(work, settings, done, as_of)
