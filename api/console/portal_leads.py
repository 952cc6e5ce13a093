"""Leads of a partner: offered, in hand, answered; accept, decline, note a first contact, give back."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, Response

from api.console import portal_clock
from api.console.lists import ROWS, Chosen, Page, Start
from api.console.portal import offers_with_leads
from api.console.portal_own import Partner, Row, check_area, may
from api.console.shell import Visitor
from api.console.words import mark
from domain.errors import AllywiseError, InvalidInput
from domain.resources import RESOURCES
from domain.terms import AssignmentResponse
from intelligence.matching.standing import LeadStanding, lead_standing
from programme.assignments import standing_of
from programme.contact_log import Contacted, log_contact
from programme.offers import answer_offer
from store.offers import is_closed, offer
from store.portal import OfferState
from store.unit_of_work import UnitOfWork
from store.veil import is_contact_field, veil_over

router = APIRouter(default_response_class=HTMLResponse)

AssignmentId = Annotated[int, Path(ge=1, lt=2**63)]
Word = Annotated[str, Form(max_length=500)]
_NOTES = 50

REASONS = (
    mark("no capacity"),
    mark("too far away"),
    mark("outside our field"),
    mark("too small"),
    mark("we know the customer, and it does not fit"),
)
"""Why a lead is declined: kept in English, whoever chose it in which language."""

_ACTIONS = {
    Contacted.CALL: mark("Called"),
    Contacted.EMAIL: mark("Wrote"),
    Contacted.MEETING: mark("Met"),
}


@router.get("/portal/leads")
def leads(visit: Partner, state: Chosen = "", start: Start = 0) -> Response:
    """List leads that wait for an answer and those in hand, or those that are answered, closed or gone."""
    check_area(visit, "assignments")
    with visit.work() as work:
        chosen = OfferState.OVER if state == OfferState.OVER else OfferState.IN_HAND
        first = chosen is OfferState.IN_HAND and not start
        waiting = offers_with_leads(work, OfferState.WAITING, limit=ROWS) if first else []
        page = Page.of(offers_with_leads(work, chosen, start, ROWS + 1), start)
        now = work.clock()
    chosen_state = str(chosen) if chosen is OfferState.OVER else ""
    return visit.page(
        "portal_leads.html",
        waiting=waiting,
        page=page,
        state=chosen_state,
        now=now,
        clock=portal_clock,
        chosen={"state": chosen_state},
    )


@router.get("/offers/{id}")
def offered(visit: Partner, id: AssignmentId) -> Response:
    """Show an offered lead: what is known of it, what speaks for and against this partner, and what to do next."""
    return _offered(visit, id)


def _offered(visit: Visitor, id: int, error: AllywiseError | None = None, **typed: str) -> Response:
    check_area(visit, "assignments")
    with visit.work() as work:
        row = work.repository("assignments").get(id)
        lead = work.repository("leads").get(row["lead"])
        values: Row = {
            "row": standing_of(work, row),
            "lead": lead,
            "contact": _contact(lead),
            "standing": _standing(visit, work, row, lead),
            "closed": is_closed(work.connection, lead["id"]),
            "now": work.clock(),
            **_dealings(visit, work, lead),
        }
    values |= {"clock": portal_clock, "reasons": REASONS, "actions": _ACTIONS, "reason": "", "words": "", **typed}
    return visit.page("offered.html", **values) if error is None else visit.refused("offered.html", error, **values)


def _contact(lead: Row) -> list[tuple[str, Any]]:
    """Return what tells whom to call: custom attributes named like contact data, as far as they are seen."""
    found = (lead.get("attributes") or {}).items()
    seen = [(name, value) for name, value in found if value and is_contact_field(f"attributes.{name}")]
    return [(name.replace("_", " "), value) for name, value in seen]


def _dealings(visit: Visitor, work: UnitOfWork, lead: Row) -> Row:
    """Return own deals and notes of a lead."""
    named = {"lead": lead["external_id"]}
    deals = work.repository("deals").list(named, limit=_NOTES).rows if may(visit, "deals") else []
    notes = work.repository("notes").list(named, sort="-written_at", limit=_NOTES).rows if may(visit, "notes") else []
    return {"deals": deals, "notes": notes}


def _standing(visit: Visitor, work: UnitOfWork, row: Row, lead: Row) -> LeadStanding:
    veil = veil_over(work.actor, RESOURCES["leads"])
    seen = veil is None or row["response"] == AssignmentResponse.ACCEPTED
    match_id = offer(work.connection, row["id"]).match_id
    return lead_standing(
        visit.services.intelligence,
        match_id,
        row["partner"],
        lead,
        hidden=lambda name: not seen and veil is not None and veil.hides(name),
        to_partner=True,
    )


@router.post("/offers/{id}/accept")
def accept(visit: Partner, id: AssignmentId) -> Response:
    """Accept an offered lead."""

    def act(work: UnitOfWork) -> None:
        answer_offer(work, id, AssignmentResponse.ACCEPTED)

    return _acted(visit, id, act, f"/offers/{id}", "accepted")


@router.post("/offers/{id}/decline")
def decline(visit: Partner, id: AssignmentId, reason: Word = "", words: Word = "") -> Response:
    """Decline an offered lead, or give an accepted one back: a reason to choose, own words, or both."""
    why = ": ".join(text for text in (reason.strip(), words.strip()) if text)

    def act(work: UnitOfWork) -> None:
        answer_offer(work, id, AssignmentResponse.DECLINED, why or None)

    return _acted(visit, id, act, "/portal/leads", "declined", reason=reason, words=words)


@router.post("/offers/{id}/contact")
def contact(visit: Partner, id: AssignmentId, how: Word = "", words: Word = "") -> Response:
    """Note a contact with the customer of a lead in hand."""

    def act(work: UnitOfWork) -> None:
        if how not in list(Contacted):
            raise InvalidInput("say how you reached the customer: call, email or meeting", field="how")
        log_contact(work, id, Contacted(how), words)

    return _acted(visit, id, act, f"/offers/{id}", "noted", words=words)


def _acted(visit: Visitor, id: int, act: Callable[[UnitOfWork], None], path: str, told: str, **typed: str) -> Response:
    check_area(visit, "assignments")
    try:
        with visit.work(read_only=False) as work:
            act(work)
    except AllywiseError as error:
        return _offered(visit, id, error, **typed)
    return visit.go(path, told)
