"""The first page of a partner's people: what waits for them, on a phone first."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from api import answers
from api.console import portal_clock
from api.console.portal_own import Partner, Row, may, own_partner
from api.console.shell import Visitor
from api.dependencies import Services
from domain.context import SYSTEM
from domain.errors import AllywiseError
from intelligence.analytics.book import Book
from intelligence.analytics.progress import Progress
from programme.alerts import list_alerts
from programme.assignments import standing_of
from programme.goals import Wanted, goals_progress
from programme.onboarding import steps_for
from programme.rows import today
from programme.training import list_expiring
from store.figures import shelf_of
from store.portal import OfferState, open_tasks, own_offers
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

_SHOWN, _RECOMMENDED, _GOALS = 5, 6, 3
_SOON, _NEWS = timedelta(days=30), timedelta(days=14)
_CERTIFICATE_DAYS = 60
_MOST_UNREAD = 20
Word = Annotated[str, Form(max_length=500)]


def home(visit: Visitor, error: AllywiseError | None = None) -> Response:
    """Show what waits for an answer, what is to be done, what is new, and leads in hand."""
    with visit.work() as work:
        values = _waiting(visit, work) | _to_do(visit, work) | _news(visit, work)
        values |= {"partner": own_partner(work), "today": today(work), "now": work.clock(), "clock": portal_clock}
    return visit.page("portal.html", **values) if error is None else visit.refused("portal.html", error, **values)


def _waiting(visit: Visitor, work: UnitOfWork) -> Row:
    if not may(visit, "assignments"):
        return {"waiting": None, "in_hand": None}
    return {
        "waiting": offers_with_leads(work, OfferState.WAITING, limit=_SHOWN + 1),
        "in_hand": offers_with_leads(work, OfferState.IN_HAND, limit=_SHOWN + 1),
    }


def offers_with_leads(work: UnitOfWork, state: OfferState, start: int = 0, limit: int = 50) -> list[Row]:
    """Return own offers in one state, each with its lead as far as it is seen (``of``)."""
    found = own_offers(work.connection, work.actor.partner_id or 0, state, start, limit)
    keys = [one.lead for one in found]
    leads = work.repository("leads").list({"external_id": keys}, limit=len(keys)).rows if keys else []
    by_key = {lead["external_id"]: lead for lead in leads}
    rows = [one._asdict() | {"of": by_key[one.lead]} for one in found if one.lead in by_key]
    for row in rows:
        if row["response"] is None and row["answer_until"] is None:  # imported: the rules say until when
            row["answer_until"] = standing_of(work, work.repository("assignments").get(row["id"]))["answer_until"]
    return rows


def _to_do(visit: Visitor, work: UnitOfWork) -> Row:
    """Return tasks that are due first, certificates that run out, and what nobody has read."""
    found: Row = {"tasks": [], "open_tasks": 0, "certificates": [], "unread": 0}
    if may(visit, "tasks"):
        wanted = {"done_at": None, "due_on.lte": today(work) + _SOON}
        courses = {row["external_id"]: row["course"] for row in steps_for(work, own_partner(work)["program"])}
        tasks = work.repository("tasks").list(wanted, sort="due_on", limit=_SHOWN).rows
        found["tasks"] = [row | {"course": courses.get(row["step"])} for row in tasks]
        found["open_tasks"], _ = open_tasks(work.connection, work.actor.partner_id or 0, today(work))
    if may(visit, "certifications"):
        found["certificates"], _ = list_expiring(work, _CERTIFICATE_DAYS, None, _SHOWN)
    if may(visit, "alerts"):
        found["unread"] = len(list_alerts(work, {"kind": "message", "unread": True}, None, _MOST_UNREAD))
    return found


def _news(visit: Visitor, work: UnitOfWork) -> Row:
    """Return registrations whose protection ends soon, and those decided of late, each with its deal (``of``)."""
    if not may(visit, "registrations"):
        return {"ending": [], "decided": []}
    now, registrations = work.clock(), work.repository("registrations")
    soon = {"protected_until.gte": now, "protected_until.lte": now + _SOON}
    ending = registrations.list(soon, sort="protected_until", limit=50).rows
    decided = registrations.list({"decided_at.gte": now - _NEWS}, sort="-decided_at", limit=_SHOWN).rows
    deals = _deals_of(work, [*ending, *decided])
    open_ = [row | {"of": deals[row["deal"]]} for row in ending if deals[row["deal"]]["outcome"] is None]
    return {"ending": open_[:_SHOWN], "decided": [row | {"of": deals[row["deal"]]} for row in decided]}


def _deals_of(work: UnitOfWork, registrations: list[Row]) -> dict[str, Row]:
    keys = list({row["deal"] for row in registrations})
    rows = work.repository("deals").list({"external_id": keys}, limit=len(keys)).rows if keys else []
    return {row["external_id"]: row for row in rows}


@router.get("/portal/suggestions")
def suggestions(visit: Partner) -> Response:
    """Show how goals stand and what is recommended; the home page fetches it after itself."""
    return _suggestions(visit)


def _suggestions(visit: Visitor, error: AllywiseError | None = None) -> Response:
    with visit.work() as work:
        partner = own_partner(work)
        goals = _goals(visit, work) if may(visit, "goals") else []
    values: Row = {"goals": goals, "recommended": _recommended(visit.services, partner["external_id"])}
    template = "portal_suggestions.html"
    return visit.page(template, **values) if error is None else visit.refused(template, error, **values)


def _goals(visit: Visitor, work: UnitOfWork) -> list[Progress]:
    currency, shelf = visit.services.settings.currency, shelf_of(work.engine)
    own = Book(work.connection, work.clock(), currency, work.actor, shelf=shelf)
    everybody = Book(work.connection, work.clock(), currency, SYSTEM, shelf=shelf)
    return goals_progress(own, everybody, Wanted(partner_id=work.actor.partner_id), limit=_GOALS).items


def _recommended(services: Services, partner: str) -> list[Row]:
    found = answers.recommendations(services, partner, None, _RECOMMENDED, None)
    titles = answers.item_titles(services)
    return [item.model_dump() | {"title": titles.get((item.kind, item.item), item.item)} for item in found.items]


@router.post("/recommended/dismiss")
def dismiss(visit: Partner, kind: Word = "", item: Word = "") -> Response:
    """Say that a recommendation is not wanted; it is not shown again."""
    try:
        with visit.work(read_only=False) as work:
            known: dict[str, Any] = work.repository("offers" if kind == "offer" else "assets").get(item)
            kept = "offer" if kind == "offer" else "asset"
            partner_id, now = visit.actor.partner_id or 0, visit.services.clock()
            work.recommendation_feedback.add(partner_id, kept, known["external_id"], "dismissed", now)
    except AllywiseError as error:
        return _suggestions(visit, error)
    return visit.go("/portal/suggestions", "done")
