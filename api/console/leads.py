"""The routing desk: leads, who would close them, who may not get them, offers and clocks, and a person's choice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, Response

from api import answers
from api.console.lead_clocks import Clock, age, parts_of
from api.console.lists import ROWS, Chosen, Page, Start
from api.console.menu import is_page
from api.console.places import country_name
from api.console.shell import Visitor, visitor
from api.schemas_matching import MatchAnswer, MatchRequest
from domain.errors import AllywiseError, NotFound
from domain.routing import PROPENSITY, RouteState
from domain.terms import AssignmentResponse, Role
from programme import routing
from programme.offers import answer_offer, offer_lead
from programme.routing_overrides import end_override, opinion_on, set_override
from programme.routing_view import routing_of
from store.desk import (
    FILTERS,
    UNROUTED,
    Asked,
    Holder,
    Standing,
    desk_counts,
    desk_leads,
    given_up_before,
    holders_of,
    lead_countries,
)
from store.rankings import program_choices
from store.routes import route_of
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

_ROUTERS, _DECIDERS = (Role.MANAGER, Role.ROUTER), (Role.MANAGER,)
_CANDIDATES, _MOST_PRODUCTS = 10, 500
_STATES = (UNROUTED, *(str(state) for state in RouteState))
_HOURS = (4, 24, 72, 168, 720)
_OVER = (RouteState.ACCEPTED, RouteState.CLOSED)
Desk = Annotated[Visitor, visitor(Role.RECRUITER, Role.MANAGER, Role.ROUTER, Role.ANALYST)]
RoutingDesk = Annotated[Visitor, visitor(*_ROUTERS)]
DecidingDesk = Annotated[Visitor, visitor(*_DECIDERS)]
LeadId = Annotated[int, Path(ge=1, lt=2**63)]
Text = Annotated[str, Form(max_length=2000)]
Row = dict[str, Any]


@router.get("/leads")
def leads(
    visit: Desk,
    state: Chosen = "",
    country: Chosen = "",
    product: Chosen = "",
    program: Chosen = "",
    hours: Chosen = "",
    free: Chosen = "",
    start: Start = 0,
) -> Response:
    """List leads, filtered by the address, with how many stand where."""
    chosen = {"state": state if state in _STATES else "", "country": country, "product": product, "program": program}
    chosen |= {"hours": hours if hours in map(str, _HOURS) else "", "free": "1" if free else ""}
    with visit.work() as work:
        asked = _asked(visit, work, chosen)
        page: Page[Row] = Page.of(_listed(work, asked, start), start)
        values = _choices(work) | {"counts": desk_counts(work.connection, work.actor, asked)}
    return visit.page("leads.html", page=page, states=_STATES, chosen=chosen, **values)


def _asked(visit: Visitor, work: UnitOfWork, chosen: Row) -> Asked:
    now = work.clock()
    return Asked(
        {name: chosen[name] for name in FILTERS if chosen[name]},
        now - timedelta(hours=int(chosen["hours"])) if chosen["hours"] else None,
        bool(chosen["free"]),
        given_up_before(now, visit.services.settings.match_horizon_days),
        chosen["state"],
    )


def _listed(work: UnitOfWork, asked: Asked, start: int) -> list[Row]:
    standings = desk_leads(work.connection, work.actor, asked, start, ROWS + 1)
    names = [one.lead for one in standings]
    rows = work.repository("leads").list({"external_id": names}, limit=len(names)).rows if names else []
    by_name = {row["external_id"]: row for row in rows}
    holders = holders_of(work.connection, work.actor, [one.lead_id for one in standings])
    return [_line(work, by_name[one.lead], one, holders.get(one.lead_id)) for one in standings]


def _line(work: UnitOfWork, lead: Row, one: Standing, holder: Holder | None) -> Row:
    """Return a lead as a line of the list; a clock that has done its work is not shown."""
    now, waits = work.clock(), holder is not None and holder.response is None
    is_over = one.state in _OVER or (holder is not None and not waits)
    return {
        "lead": lead,
        "state": one.state,
        "age": age(lead["created_at"], now),
        "holder": holder,
        "answer": Clock.of(holder.answer_until, now) if holder is not None and waits else None,
        "customer": None if is_over else Clock.of(one.contact_until, now),
    }


def _choices(work: UnitOfWork) -> Row:
    products = work.repository("products").list(sort="name", limit=_MOST_PRODUCTS).rows
    countries = lead_countries(work.connection, work.actor)
    return {
        "countries": sorted(((code, country_name(code)) for code in countries), key=lambda one: one[1]),
        "products": [(row["external_id"], row["name"] or row["external_id"]) for row in products],
        "programs": program_choices(work.connection),
        "hours": _HOURS,
    }


def _may_route(visit: Visitor) -> bool:
    return visit.actor.role in (Role.ADMIN, *_ROUTERS)


@router.get("/leads/{lead}")
def lead(visit: Desk, lead: LeadId) -> Response:
    """Show a lead: ranked candidates with the parts of their value, the excluded with reasons, offers and clocks."""
    return _lead(visit, lead)


def _lead(visit: Visitor, lead: int, error: AllywiseError | None = None, **typed: str) -> Response:
    with visit.work() as work:
        row = work.repository("leads").get(lead)
        known = routing_of(work, lead)
        currency, now = work.currency, work.clock()
    # As of now; nothing is stored for having looked.
    found = answers.match(visit.services, MatchRequest(lead_id=row["external_id"], limit=_CANDIDATES)).answer
    live = [one for one in known["offers"] if one["response"] in (None, "accepted")]
    route = known["route"]
    values: Row = {
        "lead": row,
        "known": known,
        "live": live,
        "answer": next((Clock.of(one["answer_until"], now) for one in live if one["response"] is None), None),
        "customer": Clock.of(route["contact_until"], now) if route and route["state"] not in _OVER else None,
        "age": age(row["created_at"], now),
        "match": found,
        "parts": parts_of(found.candidates),
        "excluded": _by_reason(found),
        "names": answers.partner_names(visit.services, _partners(known, found)),
        "currency": currency,
        "typed": {"partner": "", "reason": ""} | typed,
        "may_route": _may_route(visit),
        "may_decide": visit.actor.role in (Role.ADMIN, *_DECIDERS),
        "may_read_partners": is_page(visit.actor, "/partners"),
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


@router.post("/leads/{lead}/offer")
def offer(visit: RoutingDesk, lead: LeadId, partner: Text = "") -> Response:
    """Offer a lead to a partner that a person chose among those ranked; the clocks run from now on."""
    try:
        with visit.work() as work:
            row = work.repository("leads").get(lead)
        # Kept, so that the offer tells where its partner stood; it says nothing of what the policy would have drawn.
        ranked = answers.match(visit.services, MatchRequest(lead_id=row["external_id"], limit=_CANDIDATES))
    except AllywiseError as error:
        return _lead(visit, lead, error)

    def act(work: UnitOfWork) -> None:
        match_id = ranked.keep(work)
        values = {"lead": row["external_id"], "partner": partner.strip(), "attributes": {PROPENSITY: None}}
        route = route_of(work.connection, lead)
        if route is None or route.state == RouteState.CLOSED:
            routing.start(work, lead)
        offer_lead(work, values, match_id)

    return _done(visit, lead, act, told="offered")


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


@router.post("/leads/{lead}/take-back/{assignment}")
def take_back(visit: RoutingDesk, lead: LeadId, assignment: LeadId) -> Response:
    """Take an offer of a lead that nobody routes back."""

    def act(work: UnitOfWork) -> object:
        row = work.repository("leads").get(lead)
        if work.repository("assignments").get(assignment)["lead"] != row["external_id"]:
            raise NotFound("There is no such offer of this lead.")
        return answer_offer(work, assignment, AssignmentResponse.WITHDRAWN)

    return _done(visit, lead, act)


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


def _done(visit: Visitor, lead: int, act: Callable[[UnitOfWork], object], told: str = "done", **typed: str) -> Response:
    """Do something with a lead and show it again; what was refused is said there, and what was typed stays."""
    try:
        with visit.work(read_only=False) as work:
            act(work)
    except AllywiseError as error:
        return _lead(visit, lead, error, **typed)
    return visit.go(f"/leads/{lead}", told)
