"""Goals: what is reached, what was to be expected by now, and what the end of the period will bring."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

from domain.errors import NotFound
from domain.terms import Role
from intelligence.analytics.book import Book
from intelligence.analytics.compute import facts_of
from intelligence.analytics.figure import Z80, Figure, Number, Shape, grouped
from intelligence.analytics.outlook import Outlook, Rest
from intelligence.analytics.period import MOMENT, Window
from intelligence.analytics.registry import figure_named

LIKELY, POSSIBLE = 0.5, 0.1
"""From these chances of reaching the target on, a goal is on track, and at risk."""

_FROM_DEALS = ("revenue", "deals_won")


class GoalStatus(StrEnum):
    """How a goal stands."""

    NOT_STARTED = "not_started"
    REACHED = "reached"
    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    OFF_TRACK = "off_track"
    MISSED = "missed"
    UNKNOWN_METRIC = "unknown_metric"


class Goal(NamedTuple):
    """A goal of a partner; both days are inside its period."""

    id: int
    partner_id: int
    metric: str
    period_start: date
    period_end: date
    target: float

    @property
    def window(self) -> Window:
        """The period as a half-open interval."""
        start = datetime.combine(self.period_start, time(), UTC)
        return Window(
            start, datetime.combine(min(self.period_end, date(9998, 12, 31)), time(), UTC) + timedelta(days=1)
        )


@dataclass(frozen=True)
class Progress:
    """How a goal stands at an instant.

    Parameters
    ----------
    goal : Goal
        Which.
    figure : str or None
        What counts towards it; None: no figure has its metric's name.
    status : GoalStatus
        In a word.
    actual : float or None
        So far; None where there is nothing to count.
    expected : float or None
        The target's share of the time that has passed, of sums.
    forecast, low, high : float or None
        At the end of the period, with an 80 % interval.
    p_reach : float or None
        Chance to reach the target.
    method : str
        ``pipeline``, ``blocks``, ``level``, ``final`` or ``none``.
    """

    goal: Goal
    figure: str | None
    status: GoalStatus
    actual: float | None = None
    expected: float | None = None
    forecast: float | None = None
    low: float | None = None
    high: float | None = None
    p_reach: float | None = None
    method: str = "none"


def goals_of(frame: pd.DataFrame) -> list[Goal]:
    """Return the goals of a frame of `History.goals`."""
    columns = ["id", "partner_id", "metric", "period_start", "period_end", "target"]
    return [
        Goal(int(id_), int(partner), str(metric), start.date(), end.date(), float(target))
        for id_, partner, metric, start, end, target in frame[columns].itertuples(index=False, name=None)
    ]


def progress(book: Book, outlook: Outlook, goals: Iterable[Goal]) -> list[Progress]:
    """Return how goals stand at the book's instant, in the same order.

    Parameters
    ----------
    book : Book
        Of the goals' partners.
    outlook : Outlook
        Over the whole programme, for forecasts.
    goals : iterable of Goal
        Of any partners and periods.
    """
    counted: dict[tuple[str, Window], dict[int, Number]] = {}
    found = []
    for goal in goals:
        try:
            figure = figure_named(goal.metric)
        except NotFound:
            found.append(Progress(goal, None, GoalStatus.UNKNOWN_METRIC))
            continue
        if figure.internal and book.actor.role is Role.PARTNER:  # for partners there is no such figure
            found.append(Progress(goal, None, GoalStatus.UNKNOWN_METRIC))
            continue
        now = book.as_of + MOMENT
        window = Window(goal.window.start, max(min(goal.window.end, now), goal.window.start))
        key = (figure.name, window)
        if key not in counted:
            facts, _ = facts_of(book, figure, window, {})
            counted[key] = grouped(figure, facts, facts["partner_id"])
        nothing = Number(0.0 if figure.shape is Shape.SUM else None, 0, 0.0, 0.0, np.nan)
        found.append(_stand(book, outlook, goal, figure, counted[key].get(goal.partner_id, nothing)))
    return found


def _stand(book: Book, outlook: Outlook, goal: Goal, figure: Figure, number: Number) -> Progress:
    window, now = goal.window, book.as_of + MOMENT
    if now <= window.start:
        return Progress(goal, figure.name, GoalStatus.NOT_STARTED)
    if now > window.end:
        return _final(goal, figure, number.value)
    summed = figure.shape is Shape.SUM and not figure.stock
    share = (now - window.start) / (window.end - window.start)
    if not summed:
        return _level(goal, figure, number)
    actual, days = float(number.value or 0.0), (window.end - now) / timedelta(days=1)
    if figure.name in _FROM_DEALS:
        rest, method = outlook.deals(goal.partner_id, days, amounts=figure.name == "revenue"), "pipeline"
    else:
        rest, method = outlook.others(figure, goal.partner_id, days), "blocks"
    if book.partners["status"].get(goal.partner_id) in ("ended", "rejected"):
        rest = Rest(0.0, 0.0)  # one that is gone sells no more
    above = rest.chance_above(goal.target - actual)
    chance = above if figure.better >= 0 else 1 - rest.chance_above(np.nextafter(goal.target - actual, np.inf))
    return Progress(
        goal,
        figure.name,
        _word(chance, reached=figure.better >= 0 and actual >= goal.target),
        actual=actual,
        expected=round(goal.target * share, 6),
        forecast=round(actual + rest.mean, 6),
        low=round(actual + rest.quantile(0.1), 6),
        high=round(actual + rest.quantile(0.9), 6),
        p_reach=round(chance, 6),
        method=method,
    )


def _final(goal: Goal, figure: Figure, actual: float | None) -> Progress:
    reached = actual is not None and _reaches(figure, actual, goal.target)
    status = GoalStatus.REACHED if reached else GoalStatus.MISSED
    return Progress(goal, figure.name, status, actual, None, actual, actual, actual, float(reached), "final")


def _level(goal: Goal, figure: Figure, number: Number) -> Progress:
    """Return how a share, a median or a state stands: it is expected to stay where it is."""
    actual = number.value
    if actual is None:
        return Progress(goal, figure.name, GoalStatus.AT_RISK)
    known = np.isfinite(number.variance) and number.variance > 0
    spread = float(np.sqrt(number.variance)) if known else 0.0
    gap = (actual - goal.target) * (1 if figure.better >= 0 else -1)
    chance = float(norm.cdf(gap / spread)) if known else float(gap >= 0)
    return Progress(
        goal,
        figure.name,
        _word(chance, reached=False),
        actual=actual,
        forecast=actual,
        low=round(actual - Z80 * spread, 9) if known else None,
        high=round(actual + Z80 * spread, 9) if known else None,
        p_reach=round(chance, 6),
        method="level",
    )


def _reaches(figure: Figure, actual: float, target: float) -> bool:
    return actual >= target if figure.better >= 0 else actual <= target


def _word(chance: float, *, reached: bool) -> GoalStatus:
    if reached:
        return GoalStatus.REACHED
    if chance >= LIKELY:
        return GoalStatus.ON_TRACK
    return GoalStatus.AT_RISK if chance >= POSSIBLE else GoalStatus.OFF_TRACK
