"""The programme at a glance: figures with targets and trends, charts over time, segments side by side."""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from api.console.figure_words import figure_label
from api.console.questions import GROUPS, Asked, FiltersDep, Reader, asked, ends_with_step, step_label
from api.console.words import gettext
from domain.terms import Role
from intelligence.analytics import compute
from intelligence.analytics.book import Book
from intelligence.analytics.compute import Answer
from intelligence.analytics.figure import Figure
from intelligence.analytics.registry import figure_named
from intelligence.analytics.segments import segments
from intelligence.analytics.targets import Target, targets

router = APIRouter(default_response_class=HTMLResponse)

_SHOWN = (
    "revenue", "roi", "deals_won", "win_rate", "average_deal_size", "pipeline",
    "offered_to_won_rate", "active_partners", "recruited", "time_to_onboard_days", "csat", "engaged_share",
)  # fmt: skip
"""Figures of the dashboard, in their order; for csat stands what partners are asked."""

CHARTS = (("revenue", "bar"), ("deals_won", "bar"), ("active_partners", "line"))
_COMPARED = ("revenue", "deals_won", "win_rate", "average_deal_size", "csat")
_SEGMENTS = ("tier", "kind", "country", "program", "account_manager")


class Point(NamedTuple):
    """A stretch of time as charts show it: what it is called, the figure's value, and whether it is over."""

    label: str
    value: float | None
    is_whole: bool = True


@dataclass(frozen=True)
class Tile:
    """A figure of the dashboard.

    Parameters
    ----------
    answer : Answer
        Its value, and the one before.
    line : list of float or None
        Over time.
    target : Target or None
        Of the goals that run.
    """

    answer: Answer
    line: list[float | None]
    target: Target | None

    @property
    def tone(self) -> str:
        """Whether the change is for the better or the worse; nothing where it may be chance."""
        return tone_of(self.answer)


def tone_of(answer: Answer) -> str:
    """Return ``good`` or ``bad`` for a change that is hardly chance, else nothing."""
    trend, better = answer.trend, answer.figure.better
    if trend is None or not trend.change or not better:
        return ""
    if trend.change_low is not None and trend.change_high is not None and trend.change_low <= 0 <= trend.change_high:
        return ""
    return "good" if trend.change * better > 0 else "bad"


@router.get("/programme")
def programme(
    visit: Reader, filters: FiltersDep, by: Annotated[str, Query(pattern=f"^({'|'.join(_SEGMENTS)})?$")] = ""
) -> Response:
    """Show how the programme does."""
    with visit.work() as work:
        question = asked(visit, work, filters, by=by)
        of_partners = {**question.filters, "product": None}
        goals = targets(question.book, of_partners)
        asked_for = satisfaction(question.book)
        shown, compared = (_with(names, asked_for) for names in (_SHOWN, _COMPARED))
        lines = {name: over_time(question, name) for name in shown}
        rows = segments(question.book, question.window, of_partners, by or "tier", compared)
        return visit.page(
            "programme.html",
            **question.values(
                tiles=[tile(question, name, lines[name], goals.get(name)) for name in shown],
                charts=[(figure_label(name), kind, _bars(lines[name])) for name, kind in CHARTS],
                segments=rows,
                most={name: max((row.values[name] or 0.0 for row in rows), default=0.0) for name in compared},
                compared=[figure_named(name) for name in compared],
                by=by or "tier",
                groups=[(name, gettext(GROUPS[name])) for name in _SEGMENTS],
                may_set=visit.actor.role in (Role.ADMIN, Role.MANAGER),
            ),
        )


def satisfaction(book: Book) -> str:
    """Return the figure of how content partners are: csat, else nps, else of the kind of answer given most often."""
    kinds = book.history.feedback["kind"].dropna()
    known = set(kinds.str.lower())
    others = [str(kind) for kind in kinds.value_counts().index if "/" not in str(kind)]
    found = next((name for name in ("csat", "nps") if name in known), None)
    return found or (f"score.{others[0]}" if others else "csat")


def _with(names: tuple[str, ...], asked_for: str) -> tuple[str, ...]:
    return tuple(asked_for if name == "csat" else name for name in names)


def over_time(question: Asked, name: str) -> list[Point]:
    """Return a figure over time."""
    window, step = question.series
    figure = figure_named(name)
    told = compute.over_time(question.book, figure, window, filters_of(question, figure), step)
    found = [Point(step_label(start, step), number.value) for start, number in told.items()]
    if found and not figure.stock and not ends_with_step(window, step):
        found[-1] = Point(gettext("%(period)s so far") % {"period": found[-1].label}, found[-1].value, is_whole=False)
    return found


def tile(question: Asked, name: str, line: list[Point] | None = None, target: Target | None = None) -> Tile:
    """Return a figure of the dashboard."""
    figure = figure_named(name)
    answer = compute.answer(question.book, figure, question.window, filters_of(question, figure))
    points = over_time(question, name) if line is None else line
    # What has only begun would look like a fall.
    return Tile(answer, [point.value for point in points if point.is_whole], target)


def filters_of(question: Asked, figure: Figure) -> dict[str, str | None]:
    """Return the filters that a figure knows: not all belong to products."""
    return question.filters if figure.by_product else {**question.filters, "product": None}


def _bars(line: list[Point]) -> list[tuple[str, float | None]]:
    return [(point.label, point.value) for point in line]
