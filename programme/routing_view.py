"""Where a routed lead stands, told to people: both clocks, its offers, the choice of a person and the models' own."""

from datetime import datetime
from typing import Any

from domain.routing import RouteState, policy_of
from domain.terms import AssignmentResponse
from programme.claim_terms import every
from programme.rows import every_row
from programme.rule import Row
from store.overrides import Override, override_of
from store.routes import Hop, Opinion, Route, first_contact, hops_of, newest_opinion, route_of
from store.unit_of_work import UnitOfWork

_LIVE = (None, AssignmentResponse.ACCEPTED)


def routing_of(work: UnitOfWork, lead: int | str) -> Row:
    """Return all that is known of the routing of a lead.

    ``route`` (None where nobody routes it), ``offers`` that the actor may see, the oldest first, ``override`` in force,
    and ``model_first``: whom the models put first when they were asked last.

    Raises
    ------
    NotFound
        If the actor may not see the lead.
    """
    row = work.repository("leads").get(lead)
    hops = hops_of(work.connection, row["id"])
    found = sorted(every_row(work, "assignments", lead=row["external_id"]), key=lambda offer: offer["id"])
    offers = [_offer(work, offer, hops.get(offer["id"])) for offer in found]
    route = route_of(work.connection, row["id"])
    return {
        "lead": row["external_id"],
        "route": None if route is None else told_route(route) | _clocks(work, route, offers),
        "offers": offers,
        "override": told_override(override_of(work.connection, row["id"], work.clock())),
        "model_first": _first(newest_opinion(work.connection, row["id"])),
    }


def told_route(route: Route) -> Row:
    """Return a route as lists tell it."""
    policy = policy_of(route.policy)
    names = ("lead", "state", "started_at", "started_by", "hops", "contact_until", "due_at", "ended_at", "note")
    values = {name: getattr(route, name) for name in names}
    return values | {"policy": policy.name, "max_hops": policy.max_hops, "customer_told_at": route.told_at}


def told_override(override: Override | None) -> Row | None:
    """Return an override as it is told."""
    if override is None:
        return None
    names = ("external_id", "partner", "reason", "set_by", "set_at", "expires_at", "is_used")
    return {name: getattr(override, name) for name in names}


def _offer(work: UnitOfWork, row: Row, hop: Hop | None) -> Row:
    names = ("id", "partner", "offered_at", "response", "responded_at", "decline_reason")
    told: Row = {name: row[name] for name in names}
    more = ("hop", "answer_until", "reminded_at", "match_id", "override")
    told |= {name: None if hop is None else getattr(hop, name) for name in more}
    told["propensity"] = _number(row["attributes"].get("propensity"))
    return told | _standing(work, row["partner"], told["match_id"])


def _standing(work: UnitOfWork, partner: str, match_id: str | None) -> Row:
    """Return what the match said of the partner; it need not have been among its candidates."""
    candidates: list[Row] = [] if match_id is None else work.match_runs.get(match_id).response["candidates"]
    found = next((one for one in candidates if one["partner"] == partner), {})
    return {"rank": found.get("rank"), "p_win": _number(found.get("p_win"))}


def _clocks(work: UnitOfWork, route: Route, offers: list[Row]) -> Row:
    """Return who has the lead, until when to answer, and when the customer was, or is to be, in contact."""
    live = [one for one in offers if one["response"] in _LIVE] if route.state != RouteState.CLOSED else []
    taken = next((one for one in offers if one["response"] == AssignmentResponse.ACCEPTED), None)
    contacted_at: datetime | None = None
    if taken is not None:
        partner_id = every(work, "partners").get(taken["partner"])["id"]
        contacted_at = first_contact(work.connection, route.lead_id, partner_id) or taken["responded_at"]
    until, now = route.contact_until, work.clock()
    reached = taken["responded_at"] if taken is not None else None
    is_late = until is not None and route.ended_at is None and (reached or now) >= until
    waiting = next((one for one in live if one["response"] is None), None)
    return {
        "partner": live[-1]["partner"] if live else None,
        "answer_until": None if waiting is None else waiting["answer_until"],
        "contacted_at": contacted_at,
        "is_late": is_late,
    }


def _first(opinion: Opinion | None) -> Row | None:
    if opinion is None:
        return None
    first: dict[str, Any] = opinion.candidates[0] if opinion.candidates else {}
    said = {"partner": first.get("partner"), "p_win": _number(first.get("p_win"))}
    return said | {name: getattr(opinion, name) for name in ("match_id", "as_of", "model_version")}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
