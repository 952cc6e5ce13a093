"""Leads offered to partners and their answers: one acceptance for each lead, nobody asked twice who said no.

What makes an offer end by the clock, and go to the next partner, is not here: `programme.routing` changes a waiting
offer's ``response`` to ``expired`` once its time is up, and offers the lead anew; every offer and answer wakes it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.errors import Conflict, NotAllowed
from domain.resources import RESOURCES
from domain.routing import RouteState, RoutingPolicy, policy_of
from domain.terms import AssignmentResponse, PartnerStatus, Role
from programme.claim_terms import answer_time, every
from programme.routing_clock import clock_end
from programme.rule import Row, Rule
from store.claims import lock_lead
from store.offers import Offer, is_closed, keep_offer_terms, offer, offers_of, open_leads
from store.routes import absences_of, lock_partner, route_of, wake_route
from store.routing_policies import load_policies
from store.unit_of_work import UnitOfWork
from store.values import parse_cell

Values = Mapping[str, Any]
_R = AssignmentResponse

FOLLOWS: Mapping[str | None, tuple[str, ...]] = {
    None: (_R.ACCEPTED, _R.DECLINED, _R.EXPIRED, _R.WITHDRAWN),
    _R.ACCEPTED: (_R.DECLINED, _R.WITHDRAWN),
}
"""Which answers may follow which; a lead given back is declined or withdrawn, what is over stays over."""

_COLUMNS = RESOURCES["assignments"]
_GONE = (PartnerStatus.ENDED, PartnerStatus.REJECTED)


class AssignmentRule(Rule):
    """Over assignments: whom a lead may be offered to, and one acceptance for each lead."""

    def values(self, work: UnitOfWork, before: Row | None, values: Values) -> Values:
        """Refuse offers that must not be made, and answers that come too late or from the wrong side."""
        if before is None:
            return _offered(work, values)
        if "response" not in values or _response(values) == before["response"]:
            return values
        wanted = _response(values)
        _check_answer(work, before, wanted)
        return {"responded_at": work.clock(), **values}

    def written(self, work: UnitOfWork, before: Row | None, after: Row) -> None:
        """Take the lead's other offers back once one is accepted; tell what happened."""
        if before is None and after["response"] is None:
            _keep_terms(work, after)
            announce_offer(work, after, "offered")
            _wake(work, after)
        elif after["response"] is not None and (before is None or before["response"] != after["response"]):
            announce_offer(work, after, after["response"])
            if after["response"] == _R.ACCEPTED:
                _withdraw_others(work, after)
            _wake(work, after)


def _wake(work: UnitOfWork, assignment: Row) -> None:
    """Let whoever routes the lead look at it again, now."""
    state = RouteState.ACCEPTED if assignment["response"] == _R.ACCEPTED else None
    wake_route(work.connection, every(work, "leads").get(assignment["lead"])["id"], work.clock(), state)


def _response(values: Values) -> str | None:
    found = parse_cell(_COLUMNS.column("response"), values.get("response"))
    return None if found is None else str(found)


def _offered(work: UnitOfWork, values: Values) -> Values:
    values = {**values, "offered_at": values.get("offered_at") or work.clock()}
    lead = _named(work, "leads", values.get("lead"))
    partner = _named(work, "partners", values.get("partner"))
    if lead is None or partner is None:
        return values  # the repository says what is missing
    lock_lead(work.connection, lead["id"])
    offers, response = offers_of(work.connection, lead["id"]), _response(values)
    if response in (None, _R.ACCEPTED):
        _refuse_taken(work, lead, offers)
    if response is None:
        _refuse_asked(partner, offers)
        _refuse_full(work, partner)
    return values


def _named(work: UnitOfWork, resource: str, key: Any) -> Row | None:
    return every(work, resource).find((key,)) if isinstance(key, str) and "\0" not in key else None


def _refuse_taken(work: UnitOfWork, lead: Row, offers: list[Offer]) -> None:
    if any(one.response == _R.ACCEPTED for one in offers):
        raise Conflict(f"Lead {lead['external_id']} is accepted by a partner already.")
    if is_closed(work.connection, lead["id"]):
        raise Conflict(f"Lead {lead['external_id']} is closed: a deal of it was won or lost.")


def _refuse_asked(partner: Row, offers: list[Offer]) -> None:
    asked = {one.response for one in offers if one.partner_id == partner["id"]}
    if partner["status"] in _GONE:
        raise Conflict(f"Partner {partner['external_id']} is {partner['status']}; it is offered no leads.")
    if _R.DECLINED in asked:
        raise Conflict(f"Partner {partner['external_id']} has declined this lead and is not asked again.")
    if None in asked:
        raise Conflict(f"The lead is offered to partner {partner['external_id']} already, who has not answered yet.")


def _refuse_full(work: UnitOfWork, partner: Row) -> None:
    most = partner["max_open_leads"]
    if most is None:
        return
    lock_partner(work.connection, partner["id"])  # of two leads at once only one may take the last place
    in_hand = open_leads(work.connection, partner["id"], work.clock())
    if in_hand >= most:
        raise Conflict(
            f"Partner {partner['external_id']} has {in_hand} open leads and takes {most}.",
            open_leads=in_hand,
            max_open_leads=most,
        )


def _check_answer(work: UnitOfWork, before: Row, wanted: str | None) -> None:
    """Refuse an answer that may not follow; of several at the same time for one lead the first one counts."""
    if work.actor.role is Role.PARTNER and wanted not in (_R.ACCEPTED, _R.DECLINED):
        raise NotAllowed("a partner accepts or declines an offered lead; only the staff takes one back")
    lead = every(work, "leads").get(before["lead"])
    lock_lead(work.connection, lead["id"])
    now = offer(work.connection, before["id"])  # again, now that nobody else answers for this lead
    if wanted is None or wanted not in FOLLOWS.get(now.response, ()):
        raise Conflict(f"The offer is {now.response or 'waiting'}; it cannot become {wanted or 'waiting'}.")
    if wanted in (_R.ACCEPTED, _R.DECLINED) and now.response is None:
        _refuse_late(work, now, before)
    if wanted == _R.ACCEPTED:
        _refuse_taken(work, lead, offers_of(work.connection, lead["id"]))


def _refuse_late(work: UnitOfWork, found: Offer, row: Row) -> None:
    until = found.answer_until or _answer_until(work, row)
    if until <= work.clock():
        raise Conflict(f"The offer was to be answered by {until:%Y-%m-%d %H:%M} UTC; it has expired.")


def _answer_until(work: UnitOfWork, assignment: Row) -> datetime:
    lead = every(work, "leads").get(assignment["lead"])
    partner = every(work, "partners").get(assignment["partner"])
    policy, offered_at = policy_for(work, lead), assignment["offered_at"]
    hours = answer_time(work, lead["program"] or partner["program"], policy)
    return clock_end(offered_at, hours, policy.working_days, absences_of(work.connection, partner["id"], offered_at))


def policy_for(work: UnitOfWork, lead: Row) -> RoutingPolicy:
    """Return the policy that a lead is routed by: the one that its route began with, else the one in force."""
    route = route_of(work.connection, lead["id"])
    if route is not None and route.state != RouteState.CLOSED:
        return policy_of(route.policy)
    return load_policies(work.connection).of(lead["program"])


def _keep_terms(work: UnitOfWork, assignment: Row) -> None:
    keep_offer_terms(work.connection, assignment["id"], _answer_until(work, assignment))


def _withdraw_others(work: UnitOfWork, accepted: Row) -> None:
    lead = every(work, "leads").get(accepted["lead"])
    for one in offers_of(work.connection, lead["id"]):
        if one.response is None and one.id != accepted["id"]:
            taken_back = {"response": str(_R.WITHDRAWN), "responded_at": work.clock()}
            row = every(work, "assignments").patch(one.id, taken_back)
            announce_offer(work, row, _R.WITHDRAWN)


def announce_offer(work: UnitOfWork, assignment: Row, what: str, **more: Any) -> None:
    """Tell what happened to an offer, ``assignment.<what>``: the partner may know."""
    partner = every(work, "partners").get(assignment["partner"])
    told = {name: assignment[name] for name in ("id", "lead", "partner", "offered_at", "responded_at")}
    work.journal.announce(f"assignment.{what}", told | more, partner["id"])


def standing_of(work: UnitOfWork, assignment: Row) -> Row:
    """Return an assignment with ``answer_until`` and ``match_id`` beside."""
    found = offer(work.connection, assignment["id"])
    until = found.answer_until or _answer_until(work, assignment)
    return {**assignment, "answer_until": until, "match_id": found.match_id}
