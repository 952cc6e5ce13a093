"""The portal's standing: how often listed and first, why, what of its own would raise it; nothing of rivals."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from api.console.figure_words import figure_label, figure_meaning
from api.console.portal_own import Partner, Row, check_area, may, own_partner
from api.console.questions import PERIODS, book_of
from api.console.shell import Visitor
from api.console.words import gettext
from domain.context import SYSTEM
from domain.errors import CannotAnswer
from intelligence.analytics import journey
from intelligence.analytics.actions import next_actions
from intelligence.analytics.book import Book
from intelligence.analytics.period import PERIOD_PATTERN, window_of
from intelligence.analytics.scorecard import Compared, scorecard
from intelligence.matching.standing_period import MOST_RUNS, PartnerStanding, partner_standing
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

_DAYS = (30, 90, 180, 365)
_USUAL = 90
Days = Annotated[int, Query(ge=0, le=3650)]
Period = Annotated[str, Query(pattern=f"^$|{PERIOD_PATTERN}")]


@router.get("/portal/standing")
def standing(visit: Partner, days: Days = 0) -> Response:
    """Show how the partner fared in the matches of a period, what kept leads from it, and what would raise it."""
    check_area(visit, "standing")
    chosen = days if days in _DAYS else _USUAL
    with visit.work() as work:
        partner = own_partner(work)
    values: Row = {
        "found": _standing(visit, partner["external_id"], chosen),
        "days": chosen,
        "choices": [(n, gettext("Last %(days)s days") % {"days": n}) for n in _DAYS],
        "most": MOST_RUNS,
        "parts": parts_of(visit),
    }
    return visit.page("portal_standing.html", **values)


def parts_of(visit: Visitor) -> list[tuple[str, str]]:
    """Return the pages of standing that somebody of the partner may see: paths and names."""
    every = (
        ("standing", "/portal/standing", gettext("For leads")),
        ("journey", "/portal/standing/journey", gettext("Next steps")),
        ("scorecard", "/portal/standing/scorecard", gettext("Beside others")),
    )
    return [(path, text) for area, path, text in every if may(visit, area)]


def _standing(visit: Visitor, partner: str, days: int) -> PartnerStanding | None:
    since = visit.services.clock() - timedelta(days=days)
    try:
        return partner_standing(visit.services.intelligence, partner, since, to_partner=True)
    except CannotAnswer:
        return None


@router.get("/portal/standing/journey")
def stage(visit: Partner) -> Response:
    """Show the stage on the partner's way, why, and what to do next."""
    check_area(visit, "journey")
    with visit.work() as work:
        partner = own_partner(work)
        book, everybody = _books(visit, work)
        found = journey.standing(book, partner["id"])
        values: Row = {
            "found": found,
            "stages": [str(one) for one in journey.Stage],
            "actions": next_actions(book, everybody, partner["id"], found),
            "parts": parts_of(visit),
        }
    return visit.page("portal_journey.html", **values)


@router.get("/portal/standing/scorecard")
def beside(visit: Partner, period: Period = "") -> Response:
    """Show the partner's figures with their trend, beside peers that are never named."""
    check_area(visit, "scorecard")
    with visit.work() as work:
        partner = own_partner(work)
        book, everybody = _books(visit, work)
        window = window_of(period or None, book.as_of)
        found = scorecard(book, everybody, window, partner["id"], internal=False)
        stage = journey.standing(book, partner["id"]).stage
    first = journey.FIGURES_OF[stage]
    ordered = sorted(found, key=lambda one: one.answer.figure.name not in first)
    values: Row = {
        "rows": [_row(one) for one in ordered if one.answer.number.value is not None],
        "silent": [figure_label(one.answer.figure.name) for one in ordered if one.answer.number.value is None],
        "periods": [(name, gettext(words)) for name, words in PERIODS.items()],
        "period": period or "trailing_365",
        "currency": book.currency,
        "parts": parts_of(visit),
    }
    return visit.page("portal_scorecard.html", **values)


def _books(visit: Visitor, work: UnitOfWork) -> tuple[Book, Book]:
    book = book_of(visit, work)
    return book, replace(book, actor=SYSTEM)


def _row(one: Compared) -> dict[str, Any]:
    figure = one.answer.figure
    told = [peers for peers in one.peers if peers.median is not None]
    change = one.answer.trend.change if one.answer.trend else None
    tone = "" if not change or not figure.better else "good" if change * figure.better > 0 else "bad"
    named = {"label": figure_label(figure.name), "meaning": figure_meaning(figure.name)}
    return named | {"answer": one.answer, "tone": tone, "peers": told[0] if told else None}
