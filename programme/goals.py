"""Goals of partners: progress, forecast, and telling once when one is off track."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from domain.context import SYSTEM
from domain.errors import InvalidInput, NotAllowed
from domain.terms import PlanStatus, Role
from intelligence.analytics.book import Book
from intelligence.analytics.names import canonical
from intelligence.analytics.outlook import Outlook
from intelligence.analytics.progress import GoalStatus, Progress, goals_of, progress
from intelligence.analytics.registry import is_figure
from programme.rows import every_row
from programme.rule import Row, Rule
from store.notices import note_once
from store.unit_of_work import UnitOfWork

OFF_TRACK = "goal.off_track"
"""The event that tells that a goal will hardly be reached: once for each goal, which is of one period."""


@dataclass(frozen=True)
class GoalsAnswer:
    """Goals and how they stand.

    Parameters
    ----------
    items : list of Progress
        The most pressing first.
    counts : mapping
        How many there are by status, all pages together.
    total : int
        How many there are.
    partners : mapping
        External id and name of the partners of `items`, by our id.
    every : mapping
        As `counts`, whichever status was asked for.
    """

    items: list[Progress]
    counts: Mapping[str, int]
    total: int
    partners: Mapping[int, tuple[str, str]]
    every: Mapping[str, int]


@dataclass(frozen=True)
class Wanted:
    """Which goals: all of these must hold.

    Parameters
    ----------
    running : bool
        Only goals whose period the instant lies in.
    partner_id : int, optional
        Of this partner.
    metric : str, optional
        By the goal's own word.
    figure : str, optional
        By the name of the figure that the goal's word means.
    status : GoalStatus, optional
        That stand so.
    groups : mapping
        Columns of partners (program, tier, country, account_manager) and their values.
    within : tuple of date, optional
        First and last day that the goal's period lies between.
    """

    running: bool = True
    partner_id: int | None = None
    metric: str | None = None
    figure: str | None = None
    status: GoalStatus | None = None
    groups: Mapping[str, str | None] | None = None
    within: tuple[date, date] | None = None


_MOST = 1000
_PRESSING = tuple(GoalStatus(word) for word in (
    "off_track", "at_risk", "missed", "on_track", "reached", "not_started", "unknown_metric"
))  # fmt: skip


def goals_progress(book: Book, everybody: Book, wanted: Wanted, start: int = 0, limit: int = 50) -> GoalsAnswer:
    """Return goals as they stand at the book's instant.

    Parameters
    ----------
    book : Book
        Of the caller: only goals of partners that it sees.
    everybody : Book
        Of all, for the curves of the forecast.
    wanted : Wanted
        Which goals.
    start, limit : int
        Which page.
    """
    found = progress(book, Outlook(everybody), goals_of(_chosen(book, wanted)))
    every = Counter(str(one.status) for one in found)
    if wanted.status is not None:
        found = [one for one in found if one.status is wanted.status]
    found.sort(key=lambda one: (_PRESSING.index(one.status), one.goal.period_end, one.goal.id))
    page = found[start : start + limit]
    named = book.partners.loc[[one.goal.partner_id for one in page], ["external_id", "name"]]
    return GoalsAnswer(
        page,
        Counter(str(one.status) for one in found),
        len(found),
        {int(id_): (str(key), str(name)) for id_, key, name in named.itertuples(name=None)},
        every,
    )


def partner_plan(work: UnitOfWork, book: Book, everybody: Book, partner: Row) -> tuple[Row | None, GoalsAnswer]:
    """Return a partner's plan and the goals within its period; without a plan, the goals that run.

    The plan is the one whose period the instant lies in, else the next, else the last; agreed ones come before drafts.
    """
    plans = every_row(work, "plans", partner=partner["external_id"])
    day = book.as_of.date()
    plan = min(plans, key=lambda row: _nearness(row, day), default=None)
    if plan is None:
        return None, goals_progress(book, everybody, Wanted(partner_id=partner["id"]), limit=_MOST)
    span = (plan["period_start"], plan["period_end"])
    return plan, goals_progress(book, everybody, Wanted(False, partner["id"], within=span), limit=_MOST)


def _nearness(plan: Row, day: date) -> tuple[bool, bool, int]:
    start, end = plan["period_start"], plan["period_end"]
    away = 0 if start <= day <= end else (start - day).days if day < start else (day - end).days
    return away > 0 and day > end, plan["status"] != PlanStatus.AGREED, away


def tell_off_track(work: UnitOfWork, currency: str, at: datetime | None = None) -> int:
    """Announce goals that are off track, each once, and return how many were told.

    Parameters
    ----------
    work : UnitOfWork
        Of the machine; running it again the same night tells nothing twice.
    currency : str
        The store's.
    at : datetime, optional
        The instant of the look; now when not given.
    """
    instant = at or work.clock()
    book = Book(work.connection, instant, currency, SYSTEM)
    found = progress(book, Outlook(book), goals_of(_chosen(book, Wanted())))
    told = 0
    for one in found:
        subject = f"{one.goal.partner_id}/{one.goal.metric}/{one.goal.period_start.isoformat()}"
        if one.status is GoalStatus.OFF_TRACK and note_once(work.connection, OFF_TRACK, subject, instant):
            work.journal.announce(OFF_TRACK, _payload(book, one), one.goal.partner_id)
            told += 1
    return told


def _chosen(book: Book, wanted: Wanted) -> pd.DataFrame:
    """Return the goals that are wanted, of partners on the books."""
    goals = book.history.goals
    keep = goals["partner_id"].isin(book.partners.index)
    if wanted.partner_id is not None:
        keep &= goals["partner_id"] == wanted.partner_id
    if wanted.metric is not None:
        keep &= goals["metric"] == wanted.metric
    if wanted.figure is not None:
        keep &= goals["metric"].map(canonical) == canonical(wanted.figure)
    if wanted.running:
        day = pd.Timestamp(book.as_of.date())
        keep &= (goals["period_start"] <= day) & (goals["period_end"] >= day)
    if wanted.within is not None:
        first, last = (pd.Timestamp(edge) for edge in wanted.within)
        keep &= (goals["period_start"] >= first) & (goals["period_end"] <= last)
    for column, value in (wanted.groups or {}).items():
        if value is not None:
            keep &= (goals["partner_id"].map(book.partners[column]) == value).fillna(False).astype(bool)
    return goals[keep]


def _payload(book: Book, one: Progress) -> dict[str, Any]:
    goal = one.goal
    return {
        "partner": str(book.partners.at[goal.partner_id, "external_id"]),
        "metric": goal.metric,
        "period_start": goal.period_start.isoformat(),
        "period_end": goal.period_end.isoformat(),
        "target": goal.target,
        "actual": one.actual,
        "forecast": one.forecast,
        "low": one.low,
        "high": one.high,
        "p_reach": one.p_reach,
    }


class GoalRule(Rule):
    """Goals are set by the vendor; a metric is a word, and a target of a sum is not negative."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Refuse what can be no goal."""
        if work.actor.role is Role.PARTNER:
            raise NotAllowed("Goals are set with the vendor: propose a plan, and its goals are agreed there.")
        metric, target = values.get("metric"), values.get("target")
        if isinstance(metric, str) and not metric.strip():
            raise InvalidInput("metric is a word, such as revenue or deals_won", field="metric")
        named = metric if metric is not None else (before or {}).get("metric")
        signed = isinstance(named, str) and named.split(".")[0].strip().lower() in ("nps", "score", "roi")
        if isinstance(target, int | float) and target < 0 and not signed and is_figure(str(named)):
            raise InvalidInput(f"target of {named} is not negative", field="target", value=target)
        return values
