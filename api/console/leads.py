"""The routing desk: leads, who would close them, who may not get them, offers and clocks, and a person's choice."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import HTMLResponse, Response

from api import answers
from api.console.lists import Chosen
from api.console.shell import Visitor, visitor
from api.schemas_matching import MatchAnswer, MatchRequest
from domain.errors import AllywiseError
from domain.routing import RouteState
from domain.terms import Role
from programme import routing
from programme.routing_overrides import end_override, opinion_on, set_override
from programme.routing_view import routing_of, told_route
from store.routes import list_routes, route_of
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

_ROUTERS, _DECIDERS = (Role.MANAGER, Role.ROUTER), (Role.MANAGER,)
_SHOWN, _CANDIDATES = 25, 10
Desk = Annotated[Visitor, visitor(Role.RECRUITER, Role.MANAGER, Role.ROUTER, Role.ANALYST)]
RoutingDesk = Annotated[Visitor, visitor(*_ROUTERS)]
DecidingDesk = Annotated[Visitor, visitor(*_DECIDERS)]
LeadId = Annotated[int, Path(ge=1, lt=2**63)]
Text = Annotated[str, Form(max_length=2000)]
Row = dict[str, Any]


@router.get("/leads")
def leads(visit: Desk, state: Chosen = "", cursor: Annotated[str, Query(max_length=2000)] = "") -> Response:
    """List leads, the newest first, or those on their way in one state."""
    with visit.work() as work:
        rows, following = _routed(work, state) if state in list(RouteState) else _newest(work, cursor)
    return visit.page(
        "leads.html",
        rows=rows,
        following=following,
        states=[str(one) for one in RouteState],
        chosen={"state": state},
        cursor=cursor,
    )


def _newest(work: UnitOfWork, cursor: str) -> tuple[list[Row], str | None]:
    page = work.repository("leads").list(sort="-created_at", cursor=cursor or None, limit=_SHOWN)
    found = [(row, route_of(work.connection, row["id"])) for row in page.rows]
    return [{"lead": row, "route": route and told_route(route)} for row, route in found], page.next_cursor


def _routed(work: UnitOfWork, state: str) -> tuple[list[Row], None]:
    routes = list_routes(work.connection, work.actor, state=RouteState(state), limit=_SHOWN * 4)
    return [{"lead": work.repository("leads").get(one.lead_id), "route": told_route(one)} for one in routes], None


@router.get("/leads/{lead}")
def lead(visit: Desk, lead: LeadId) -> Response:
    """Show a lead: ranked candidates with the parts of their value, the excluded with reasons, offers and clocks."""
    return _lead(visit, lead)


def _lead(visit: Visitor, lead: int, error: AllywiseError | None = None, **typed: str) -> Response:
    with visit.work() as work:
        row = work.repository("leads").get(lead)
        known = routing_of(work, lead)
        currency = work.currency
    # As of now; nothing is stored for having looked.
    found = answers.match(visit.services, MatchRequest(lead_id=row["external_id"], limit=_CANDIDATES)).answer
    values: Row = {
        "lead": row,
        "known": known,
        "match": found,
        "excluded": _by_reason(found),
        "names": answers.partner_names(visit.services, _partners(known, found)),
        "currency": currency,
        "typed": {"partner": "", "reason": ""} | typed,
        "may_route": visit.actor.role in (Role.ADMIN, *_ROUTERS),
        "may_decide": visit.actor.role in (Role.ADMIN, *_DECIDERS),
    }
    return visit.page("lead.html", **values) if error is None else visit.refused("lead.html", error, **values)


def _partners(known: Row, found: MatchAnswer) -> set[str]:
    """Return the external ids of all partners that the page names."""
    ranked = {one.partner for one in found.candidates} | {one.partner for one in found.excluded}
    named = ranked | {one["partner"] for one in known["offers"]}
    return named if known["override"] is None else named | {known["override"]["partner"]}


def _by_reason(found: MatchAnswer) -> list[Row]:
    """Group the excluded by reason, the most frequent first."""
    groups: dict[str, list[Row]] = {}
    for one in found.excluded:
        for code, text in zip(one.codes, one.texts, strict=True):
            groups.setdefault(code, []).append({"partner": one.partner, "text": text})
    return sorted(({"code": code, "rows": rows} for code, rows in groups.items()), key=lambda one: -len(one["rows"]))


@router.post("/leads/{lead}/route")
def start(visit: RoutingDesk, lead: LeadId) -> Response:
    """Begin to route a lead by its policy."""
    return _done(visit, lead, lambda work: routing.start(work, lead))


@router.post("/leads/{lead}/stop")
def stop(visit: RoutingDesk, lead: LeadId) -> Response:
    """Stop routing a lead."""
    return _done(visit, lead, lambda work: routing.stop(work, lead))


@router.post("/leads/{lead}/pull-back")
def pull_back(visit: RoutingDesk, lead: LeadId, reason: Text = "", go_on: Text = "") -> Response:
    """Take an offer back, and go on to the next partner or leave the lead to a person."""
    return _done(
        visit, lead, lambda work: routing.pull_back(work, lead, go_on=bool(go_on), reason=reason.strip() or None)
    )


@router.post("/leads/{lead}/override")
def override(visit: DecidingDesk, lead: LeadId, partner: Text = "", reason: Text = "") -> Response:
    """Choose the partner to whom the next offer goes."""
    typed = {"partner": partner.strip(), "reason": reason.strip()}
    try:
        decision = opinion_on(visit.services.intelligence, visit.actor, lead)
    except AllywiseError as error:
        return _lead(visit, lead, error, **typed)
    return _done(visit, lead, lambda work: set_override(work, lead, typed, decision), **typed)


@router.post("/leads/{lead}/override/end")
def end(visit: DecidingDesk, lead: LeadId) -> Response:
    """Let the models choose again."""
    return _done(visit, lead, lambda work: end_override(work, lead))


def _done(visit: Visitor, lead: int, act: Callable[[UnitOfWork], object], **typed: str) -> Response:
    """Do something with a lead and show it again; what was refused is said there, and what was typed stays."""
    try:
        with visit.work(read_only=False) as work:
            act(work)
    except AllywiseError as error:
        return _lead(visit, lead, error, **typed)
    return visit.go(f"/leads/{lead}", "done")
