"""Targets of the programme: the goals of its partners that run, put together by figure."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from domain.errors import NotFound
from intelligence.analytics.book import Book
from intelligence.analytics.compute import Filters, facts_of
from intelligence.analytics.figure import Figure, Shape, grouped
from intelligence.analytics.names import canonical
from intelligence.analytics.period import MOMENT, Window
from intelligence.analytics.progress import Goal, goals_of
from intelligence.analytics.ranking import partners_in
from intelligence.analytics.registry import figure_named


@dataclass(frozen=True)
class Target:
    """The goals of a figure that run at an instant.

    Parameters
    ----------
    figure : str
        Which figure.
    n : int
        Goals.
    reached : int
        Of them reached so far.
    target, actual, expected : float or None
        Of sums: what the goals ask for together, what is there of it, and the target's share of the time that has
        passed. None of shares, medians and states, which do not add up.
    """

    figure: str
    n: int
    reached: int
    target: float | None = None
    actual: float | None = None
    expected: float | None = None


def targets(book: Book, filters: Filters | None = None) -> dict[str, Target]:
    """Return the targets of all figures that goals name, by figure; goals of partners that the filters name."""
    goals, day = book.history.goals, pd.Timestamp(book.as_of.date())
    chosen = partners_in(book, Window(book.as_of, book.as_of + MOMENT), filters or {})
    running = goals[(goals["period_start"] <= day) & (goals["period_end"] >= day) & goals["partner_id"].isin(chosen)]
    by_figure: dict[str, list[Goal]] = {}
    for goal in goals_of(running):
        by_figure.setdefault(canonical(goal.metric), []).append(goal)
    found = {}
    for name, rows in by_figure.items():
        try:
            figure = figure_named(name)
        except NotFound:
            continue
        found[figure.name] = _target(book, figure, rows)
    return found


def _target(book: Book, figure: Figure, goals: Iterable[Goal]) -> Target:
    """Return the goals of one figure put together, its facts counted once for each period."""
    by_window: dict[Window, list[Goal]] = {}
    for goal in goals:
        by_window.setdefault(goal.window, []).append(goal)
    now, pairs, due = book.as_of + MOMENT, [], 0.0
    for window, rows in by_window.items():
        values = _values(book, figure, Window(window.start, min(window.end, now)))
        nothing = 0.0 if figure.shape is Shape.SUM else np.nan
        pairs += [(values.get(goal.partner_id, nothing), goal.target) for goal in rows]
        due += sum(goal.target for goal in rows) * ((now - window.start) / (window.end - window.start))
    sign = 1 if figure.better >= 0 else -1
    reached = sum(sign * (value - target) >= 0 for value, target in pairs)  # NaN reaches nothing
    if figure.shape is not Shape.SUM or figure.stock:
        return Target(figure.name, len(pairs), reached)
    actual, target = (round(float(sum(column)), 6) for column in zip(*pairs, strict=True))
    return Target(figure.name, len(pairs), reached, target, actual, round(due, 6))


def _values(book: Book, figure: Figure, window: Window) -> dict[int, float]:
    facts, _ = facts_of(book, figure, window, {})
    numbers = grouped(figure, facts, facts["partner_id"])
    return {partner: number.value for partner, number in numbers.items() if number.value is not None}
