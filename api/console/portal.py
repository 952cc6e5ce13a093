"""The portal: what a partner's people see of their own, on a phone first."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, Response

from api import answers
from api.console.shell import Visitor, visitor
from api.dependencies import Services
from domain.access import partner_may_use
from domain.context import Actor
from domain.errors import AllywiseError, NotAllowed
from domain.resources import RESOURCES
from domain.terms import AssignmentResponse, Role
from intelligence.matching.standing import LeadStanding, lead_standing
from programme.assignments import standing_of
from programme.offers import answer_offer
from programme.training import PartnerTraining, partner_training
from store.offers import is_closed, offer
from store.unit_of_work import UnitOfWork
from store.veil import veil_over

router = APIRouter(default_response_class=HTMLResponse)

_OFFERS, _SHOWN, _RECOMMENDED = 50, 10, 6
Partner = Annotated[Visitor, visitor(Role.PARTNER)]
AssignmentId = Annotated[int, Path(ge=1, lt=2**63)]
Word = Annotated[str, Form(max_length=500)]
Row = dict[str, Any]


def home(visit: Visitor, error: AllywiseError | None = None) -> Response:
    """Show what waits for an answer, leads in hand, what to read and offer, and certificates."""
    actor = visit.actor
    with visit.work() as work:
        partner = work.repository("partners").get(actor.partner_id or 0)
        waiting = _offers(work, None) if partner_may_use(actor.partner_role, "assignments") else None
        accepted = _offers(work, AssignmentResponse.ACCEPTED) if waiting is not None else None
        training: PartnerTraining = partner_training(work, partner["id"])
    values: Row = {
        "partner": partner,
        "waiting": waiting,
        "accepted": accepted,
        "training": training,
        "recommended": _recommended(visit.services, partner["external_id"]),
    }
    return visit.page("portal.html", **values) if error is None else visit.refused("portal.html", error, **values)


def _offers(work: UnitOfWork, response: str | None) -> list[Row]:
    """Return the newest offers with one response whose lead is not closed, each with the lead as far as it is seen."""
    found = work.repository("assignments").list({"response": response}, sort="-offered_at", limit=_OFFERS)
    rows = [row | {"of": work.repository("leads").get(row["lead"])} for row in found.rows]
    open_ = [row for row in rows if not is_closed(work.connection, row["of"]["id"])]
    return [standing_of(work, row) for row in open_[:_SHOWN]]


def _recommended(services: Services, partner: str) -> list[Row]:
    found = answers.recommendations(services, partner, None, _RECOMMENDED, None)
    titles = answers.item_titles(services)
    return [item.model_dump() | {"title": titles.get((item.kind, item.item), item.item)} for item in found.items]


@router.get("/offers/{id}")
def offered(visit: Partner, id: AssignmentId) -> Response:
    """Show an offered lead: what is known of it, why this partner, and what would have ranked it higher."""
    return _offered(visit, id)


def _offered(visit: Visitor, id: int, error: AllywiseError | None = None, **typed: str) -> Response:
    _check(visit.actor)
    with visit.work() as work:
        row = work.repository("assignments").get(id)
        lead = work.repository("leads").get(row["lead"])
        values: Row = {"row": standing_of(work, row), "lead": lead, "standing": _standing(visit, work, row, lead)}
    values |= {"reason": "", **typed}
    return visit.page("offered.html", **values) if error is None else visit.refused("offered.html", error, **values)


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
    return _answered(visit, id, AssignmentResponse.ACCEPTED)


@router.post("/offers/{id}/decline")
def decline(visit: Partner, id: AssignmentId, reason: Word = "") -> Response:
    """Decline an offered lead, or give an accepted one back."""
    return _answered(visit, id, AssignmentResponse.DECLINED, reason.strip())


def _answered(visit: Visitor, id: int, response: AssignmentResponse, reason: str = "") -> Response:
    _check(visit.actor)
    try:
        with visit.work(read_only=False) as work:
            answer_offer(work, id, response, reason or None)
    except AllywiseError as error:
        return _offered(visit, id, error, reason=reason)
    return visit.go(f"/offers/{id}" if response == AssignmentResponse.ACCEPTED else "/", "done")


@router.post("/recommended/dismiss")
def dismiss(visit: Partner, kind: Word = "", item: Word = "") -> Response:
    """Say that a recommendation is not wanted; it is not shown again."""
    try:
        with visit.work(read_only=False) as work:
            known = work.repository("offers" if kind == "offer" else "assets").get(item)
            partner_id = visit.actor.partner_id or 0
            kept = "offer" if kind == "offer" else "asset"
            work.recommendation_feedback.add(
                partner_id, kept, known["external_id"], "dismissed", visit.services.clock()
            )
    except AllywiseError as error:
        return home(visit, error)
    return visit.go("/", "done")


def _check(actor: Actor) -> None:
    if not partner_may_use(actor.partner_role, "assignments"):
        raise NotAllowed(f"partner role {actor.partner_role} does not handle leads; ask your company's admin")
