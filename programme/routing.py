"""The life of an offered lead: offer, remind, expire, the next partner, at last a person; the customer's clock beside.

A lead is routed by its row in ``routes``. One step is one transaction that locks the lead, reads what there is and does
what is next; done again it changes nothing, so that several workers, crashes and clocks that jump do no harm.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.errors import Conflict, NotFound
from domain.routing import PROPENSITY, RouteState, RoutingPolicy, policy_of
from domain.terms import AssignmentResponse
from programme import records
from programme.assignments import announce_offer, standing_of
from programme.claim_terms import contact_time, every, later
from programme.offers import offer_lead
from programme.routing_clock import remind_at
from programme.routing_ranking import Decision
from programme.rows import plain_text
from programme.rule import Row
from store.claims import lock_lead
from store.offers import Offer, is_closed, offer, offers_of
from store.overrides import Override, override_of
from store.routes import LONGEST_WAIT, Route, change_route, note_hop, put_route, route_of
from store.routing_policies import load_policies
from store.unit_of_work import UnitOfWork

_R, _S = AssignmentResponse, RouteState

MOST_TRIES = 6
"""How often an offer is tried that the rules refuse to every candidate, before a person decides."""

_FIRST_WAIT = timedelta(seconds=30)

NOTES = {
    "hop_limit": "It was offered to as many partners as the policy allows.",
    "nobody_eligible": "No eligible partner is left.",
    "refused": "No candidate can be offered the lead.",
    "override_refused": "The partner that a person chose cannot be offered the lead.",
    "pulled_back": "It was pulled back for a person to decide.",
    "stopped": "Its routing was stopped.",
    "deal_closed": "A deal of it was won or lost.",
}
"""Why a person decides, or why a route ended; codes are public and only grow."""


def start(work: UnitOfWork, lead: int | str) -> Route:
    """Begin to route a lead by the policy of its programme as it is now; the first offer follows at once.

    Begun again after it was stopped or left to a person, it has all its hops again, but the customer's clock goes on.

    Raises
    ------
    NotFound
        If there is no such lead that the actor may see.
    Conflict
        If it is being routed, is accepted by a partner, or is closed.
    """
    row = work.repository("leads").get(lead)
    lock_lead(work.connection, row["id"])
    before, now = route_of(work.connection, row["id"]), work.clock()
    if before is not None and before.state not in (_S.PERSON, _S.CLOSED):
        raise Conflict(f"Lead {row['external_id']} is being routed already; it is {before.state}.")
    if is_closed(work.connection, row["id"]):
        raise Conflict(f"Lead {row['external_id']} is closed: a deal of it was won or lost.")
    if any(one.response == _R.ACCEPTED for one in offers_of(work.connection, row["id"])):
        raise Conflict(f"Lead {row['external_id']} is accepted by a partner already.")
    _begin(work, row, before, now)
    found = _route(work, row["id"])
    policy = str(found.policy["name"])
    work.journal.announce("lead.routing_started", {"lead": row["external_id"], "policy": policy})
    return found


def _begin(work: UnitOfWork, row: Row, before: Route | None, now: datetime) -> None:
    again = {"state": str(_S.OPEN), "hops": 0, "due_at": now, "ended_at": None, "note": None, "lease_until": None}
    policy = load_policies(work.connection).of(row["program"])
    values: dict[str, Any] = {**again, "tries": 0, "policy": policy.model_dump(mode="json")}
    if before is None:
        span = contact_time(work, row["program"], policy)
        values |= {"started_at": now, "contact_until": None if span is None else later(now, span)}
        values["started_by"] = work.actor.name
    else:
        values |= {name: getattr(before, name) for name in ("started_at", "started_by", "contact_until", "told_at")}
    put_route(work.connection, row["id"], **values)


def stop(work: UnitOfWork, lead: int | str, reason: str | None = None) -> Route:
    """Stop routing a lead and take a waiting offer back; an accepted one stays.

    Raises
    ------
    NotFound
        If the actor may not see the lead, or nobody routes it.
    """
    route, reason = _locked(work, lead), plain_text("reason", reason)
    if route.state != _S.CLOSED:
        _take_back(work, route, {None})
        note = reason or NOTES["stopped"]
        now = work.clock()
        change_route(work.connection, route, state=str(_S.CLOSED), due_at=None, ended_at=now, note=note)
        work.journal.announce("lead.routing_stopped", {"lead": route.lead, "reason": reason, "hops": route.hops})
    return _route(work, route.lead_id)


def pull_back(work: UnitOfWork, lead: int | str, *, go_on: bool = True, reason: str | None = None) -> Route:
    """Take a waiting or accepted offer back; the next partner follows, or a person decides.

    Raises
    ------
    NotFound
        If the actor may not see the lead, or nobody routes it.
    Conflict
        If no partner has it.
    """
    route, reason = _locked(work, lead), plain_text("reason", reason)
    if route.state == _S.CLOSED or is_closed(work.connection, route.lead_id):
        raise Conflict(f"Lead {route.lead} is not routed any more.")
    if not _take_back(work, route, {None, _R.ACCEPTED}):
        raise Conflict(f"No partner has lead {route.lead}: it is {route.state}.")
    told = {"lead": route.lead, "next": go_on, "reason": reason}
    work.journal.announce("lead.pulled_back", told)
    if go_on:
        change_route(work.connection, route, state=str(_S.OPEN), due_at=work.clock(), note=reason)
    else:
        _leave_to_person(work, route, "pulled_back", reason)
    return _route(work, route.lead_id)


def step(work: UnitOfWork, lead_id: int, decision: Decision | None = None) -> Route | None:
    """Do what is next for a lead; return its route if that needs a decision whom to offer it to, and none was given.

    Parameters
    ----------
    work : UnitOfWork
        On behalf of the system.
    lead_id : int
        Ours.
    decision : Decision, optional
        A ranking of late; taken only if the lead still is to be offered.
    """
    lock_lead(work.connection, lead_id)
    route = route_of(work.connection, lead_id)
    if route is None or route.state == _S.CLOSED:
        return None
    if is_closed(work.connection, lead_id):
        _close(work, route)
        return None
    _expire(work, route)
    offers = offers_of(work.connection, lead_id)
    if any(one.response == _R.ACCEPTED for one in offers):
        change_route(work.connection, route, state=str(_S.ACCEPTED), due_at=None, note=None, tries=0)
        return None
    route = _tell_customer_waits(work, route)
    waiting = [one for one in offers if one.response is None]
    if waiting:
        due = _due(route, [_remind(work, route, one) for one in waiting])
        change_route(work.connection, route, state=str(_S.OFFERED), due_at=due, note=None, tries=0)
        return None
    return _go_on(work, route, offers, decision)


def postpone(work: UnitOfWork, lead_id: int, note: str, version: int | None = None) -> None:
    """Put off a route that cannot be stepped now, for longer each time; one that moved on since `version` is left."""
    lock_lead(work.connection, lead_id)
    route = route_of(work.connection, lead_id)
    if route is None or route.state == _S.CLOSED:
        return
    if version in (None, route.version):
        _put_off(work, route, note)
    else:
        change_route(work.connection, route)


def _go_on(work: UnitOfWork, route: Route, offers: Sequence[Offer], decision: Decision | None) -> Route | None:
    """Offer the lead to the next partner, or leave it to a person."""
    override = _unused(work, override_of(work.connection, route.lead_id, work.clock()))
    if override is None and route.state == _S.PERSON:
        change_route(work.connection, route, due_at=_due(route, []))
    elif override is None and route.hops >= _policy(route).max_hops:
        _leave_to_person(work, route, "hop_limit")
    elif decision is None:
        change_route(work.connection, route, state=str(_S.OPEN), due_at=work.clock(), in_hand=True)
        return _route(work, route.lead_id)
    else:
        _offer_next(work, route, offers, decision, override)
    return None


def _offer_next(
    work: UnitOfWork, route: Route, offers: Sequence[Offer], decision: Decision, override: Override | None
) -> None:
    asked = {every(work, "partners").get(one.partner_id)["external_id"] for one in offers}
    choices = [override.partner] if override else [name for name in decision.partners if name not in asked]
    with_run = decision.keep(work, route.lead_id)
    refusal = NOTES["nobody_eligible"]
    # What a person chose says nothing of the policy, nor does who steps in for the one that it drew: such offers stand
    # in the log without a propensity.
    drawn = None if override else next(iter(decision.partners), None)
    for partner in choices:
        more = {} if partner == drawn else {"attributes": {PROPENSITY: None}}
        values = {"lead": route.lead, "partner": partner, "offered_at": work.clock(), **more}
        try:
            with work.attempt():  # undone if refused, the lock on the partner as well
                made = offer_lead(work, values, with_run)
        except Conflict as error:
            refusal = error.message
        else:
            _note_offer(work, route, made, override)
            return
    if override is not None:
        every(work, "routing_overrides").patch(override.id, {"ended_at": work.clock()})
        _leave_to_person(work, route, "override_refused", refusal)
    elif not choices:
        _leave_to_person(work, route, "nobody_eligible")
    elif route.tries >= MOST_TRIES:
        _leave_to_person(work, route, "refused", refusal)
    else:  # others filled the hands of all candidates since the ranking: a new one sees that
        _put_off(work, route, refusal)


def _note_offer(work: UnitOfWork, route: Route, made: Row, override: Override | None) -> None:
    hops = route.hops if override else route.hops + 1
    noted = {"hop": None, "override": override.external_id} if override else {"hop": hops}
    note_hop(work.connection, made["id"], **noted)
    due = _due(route, [_remind(work, route, offer(work.connection, made["id"]))])
    change_route(work.connection, route, state=str(_S.OFFERED), hops=hops, due_at=due, note=None, tries=0)


def _expire(work: UnitOfWork, route: Route) -> None:
    """Let offers run out whose time is up."""
    for one in offers_of(work.connection, route.lead_id):
        if one.response is None and _answer_until(work, one) <= work.clock():
            records.change(work, "assignments", one.id, {"response": str(_R.EXPIRED)})


def _remind(work: UnitOfWork, route: Route, one: Offer) -> datetime:
    """Remind the partner of an offer once, if it is time, and return when something is next to be done for it."""
    until = _answer_until(work, one)
    at = remind_at(one.offered_at, until, _policy(route).remind_hours)
    if at is None or one.reminded_at is not None:
        return until
    if work.clock() < at:
        return min(at, until)
    note_hop(work.connection, one.id, reminded_at=work.clock())
    announce_offer(work, every(work, "assignments").get(one.id), "reminded", answer_until=until)
    return until


def _answer_until(work: UnitOfWork, one: Offer) -> datetime:
    if one.answer_until is not None:
        return one.answer_until
    until: datetime = standing_of(work, every(work, "assignments").get(one.id))["answer_until"]
    return until


def _tell_customer_waits(work: UnitOfWork, route: Route) -> Route:
    """Tell people, once, that the customer's time is up and no partner has accepted."""
    now = work.clock()
    if route.contact_until is None or route.told_at is not None or now < route.contact_until:
        return route
    told = {"lead": route.lead, "contact_until": route.contact_until, "state": route.state, "hops": route.hops}
    work.journal.announce("lead.customer_waiting", told)
    change_route(work.connection, route, in_hand=True, told_at=now)
    return route._replace(told_at=now)


def _unused(work: UnitOfWork, override: Override | None) -> Override | None:
    """Return an override whose partner was not asked yet; one whose partner did not take the lead has ended."""
    if override is None or not override.is_used:
        return override
    every(work, "routing_overrides").patch(override.id, {"ended_at": work.clock()})
    return None


def _leave_to_person(work: UnitOfWork, route: Route, why: str, note: str | None = None) -> None:
    told = note or NOTES[why]
    due = _due(route, [])
    change_route(work.connection, route, state=str(_S.PERSON), due_at=due, note=told, tries=0)
    if why != "pulled_back":  # who pulled it back knows
        payload = {"lead": route.lead, "reason": why, "note": told, "hops": route.hops}
        work.journal.announce("lead.needs_person", payload)


def _put_off(work: UnitOfWork, route: Route, note: str) -> None:
    wait = min(_FIRST_WAIT * 2 ** min(route.tries, 20), LONGEST_WAIT)
    due = _due(route, [later(work.clock(), wait)])
    change_route(work.connection, route, due_at=due, note=note, tries=route.tries + 1)


def _close(work: UnitOfWork, route: Route) -> None:
    _take_back(work, route, {None})
    now = work.clock()
    change_route(
        work.connection, route, state=str(_S.CLOSED), due_at=None, ended_at=now, note=NOTES["deal_closed"], tries=0
    )
    told = {"lead": route.lead, "reason": NOTES["deal_closed"], "hops": route.hops}
    work.journal.announce("lead.routing_stopped", told)


def _take_back(work: UnitOfWork, route: Route, responses: set[str | None]) -> int:
    """Withdraw offers that stand so; return how many."""
    found = [one for one in offers_of(work.connection, route.lead_id) if one.response in responses]
    for one in found:
        records.change(work, "assignments", one.id, {"response": str(_R.WITHDRAWN)})
    return len(found)


def _due(route: Route, instants: list[datetime]) -> datetime | None:
    contact = [route.contact_until] if route.contact_until is not None and route.told_at is None else []
    return min([*instants, *contact], default=None)


def _policy(route: Route) -> RoutingPolicy:
    return policy_of(route.policy)


def _locked(work: UnitOfWork, lead: int | str) -> Route:
    row = work.repository("leads").get(lead)
    lock_lead(work.connection, row["id"])
    route = route_of(work.connection, row["id"])
    if route is None:
        raise NotFound(f"Lead {row['external_id']} is not routed.", lead=row["external_id"])
    return route


def _route(work: UnitOfWork, lead_id: int) -> Route:
    found = route_of(work.connection, lead_id)
    if found is None:
        raise NotFound("The lead is not routed.")
    return found
