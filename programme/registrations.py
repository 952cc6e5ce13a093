"""A partner's claim on a customer: submitted, checked, decided, protected for a while, appealed, given up."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from domain.context import Actor
from domain.errors import Conflict, InvalidInput, NotFound
from domain.resources import RESOURCES
from domain.terms import AppealStatus, DealStatus, Role
from programme import records
from programme.claim_rules import (
    Decided,
    address,
    claim_of,
    partner_id_of,
    refuse_held,
    registration_of,
    terms_of,
)
from programme.claim_terms import every, later
from programme.conflicts import Claim, Finding, check_claim
from programme.rule import Row
from store.claims import lock_claims
from store.rivals import ending_protection
from store.unit_of_work import UnitOfWork
from store.values import parse

Values = Mapping[str, Any]

MAX_EXTENSION_DAYS = 730
"""By how much a protection may be extended at once."""

_MONTHS_AHEAD = timedelta(days=366)
_BATCH = 200


def submit_registration(work: UnitOfWork, values: Values) -> Row:
    """Register a deal: create it, check it and, where rules allow, approve it; return the deal.

    Parameters
    ----------
    work : UnitOfWork
        One transaction for all of it.
    values : mapping
        Columns of deals, and ``address``; ``partner`` is the actor's own where that is a partner.

    Raises
    ------
    InvalidInput, UnknownReference
        If the customer or the partner is not named, or a value does not fit.
    Conflict
        If the external id is taken.
    """
    given = {name: value for name, value in values.items() if name != "address" and value is not None}
    given["partner"] = partner_of(work, work.actor, given.get("partner"))["external_id"]
    given |= {"status": str(DealStatus.SUBMITTED), "registered_at": work.clock()}
    given.setdefault("external_id", uuid.uuid4().hex)
    token = address.set(values.get("address"))
    try:
        return records.create(work, "deals", given)
    finally:
        address.reset(token)


def partner_of(work: UnitOfWork, actor: Actor, named: str | None) -> Row:
    """Return the partner that a claim is made for: the actor's own, or the one that staff names.

    Raises
    ------
    InvalidInput
        If nobody is named.
    NotFound
        If the actor sees no such partner.
    """
    if actor.role is Role.PARTNER and named is None:
        return work.repository("partners").get(actor.partner_id or 0)
    if named is None:
        raise InvalidInput("name the partner that registers", field="partner")
    return work.repository("partners").get(named)


def check_before(work: UnitOfWork, values: Values) -> list[Finding]:
    """Return the other claims on a customer before anything is registered; takes what `submit_registration` does."""
    partner = partner_of(work, work.actor, values.get("partner"))
    values = _parsed(values)
    if not any(values.get(name) for name in ("company", "domain", "lead")):
        raise InvalidInput("name the customer: company, domain or lead", field="company")
    lead = work.repository("leads").get(str(values["lead"])) if values.get("lead") else None
    deal = {name: values.get(name) for name in ("company", "domain", "country", "product")}
    claim = claim_of(work, {**deal, "partner": partner["external_id"], "lead": lead and lead["external_id"]}, None)
    return check_claim(work, Claim(**{**vars(claim), "address": values.get("address")}))


def _parsed(values: Values) -> Row:
    """Return what a customer is told by as rows of the store would hold it."""
    deal = {name: value for name, value in values.items() if name not in ("address", "partner")}
    return {
        **parse(RESOURCES["deals"], deal),
        **parse(RESOURCES["registrations"], {"address": values.get("address")}),
    }


def registered(work: UnitOfWork, key: int | str) -> tuple[Row, Row]:
    """Return a deal that the actor may see, and its registration.

    An imported deal that waits for a decision gets its registration now.

    Raises
    ------
    NotFound
        If there is none.
    """
    deal = work.repository("deals").get(key)
    registration = registration_of(work, deal)
    if registration is None and deal["status"] == DealStatus.SUBMITTED:
        when = {"submitted_at": deal["registered_at"]}
        named = {"deal": deal["external_id"], "partner": deal["partner"]}
        registration = every(work, "registrations").create({**named, **when})
    if registration is None:
        raise NotFound(f"Deal {key!r} was never registered.", key=key)
    return deal, registration


def approve(
    work: UnitOfWork, key: int | str, reason: str | None = None, distinct_from: Sequence[str] = ()
) -> tuple[Row, Row]:
    """Approve a registration and protect it, unless another claim holds the customer.

    Parameters
    ----------
    work : UnitOfWork
        Whoever else approves at the same time waits until it ends.
    key : int or str
        The deal.
    reason : str, optional
        Needed with `distinct_from`.
    distinct_from : sequence of str
        External ids of deals and leads that resemble the claim and are another customer's, as a person has found out.

    Raises
    ------
    Conflict
        If it is approved already, was rejected and appealed, or another claim on the customer is approved.
    """
    lock_claims(work.connection)
    deal, registration = registered(work, key)
    if deal["status"] == DealStatus.APPROVED:
        raise Conflict(f"The registration of {deal['external_id']} is approved already.")
    if registration["appeal_status"] == AppealStatus.OPEN:
        raise Conflict("The partner has appealed; decide the appeal instead.")
    return _approved(work, deal, registration, reason, distinct_from)


def _approved(
    work: UnitOfWork, deal: Row, registration: Row, reason: str | None, distinct_from: Sequence[str]
) -> tuple[Row, Row]:
    if distinct_from and not reason:
        raise InvalidInput("say in reason why the claims in distinct_from are other customers'", field="reason")
    named = [*registration["distinct_from"], *distinct_from]
    values = {"distinct_from": list(dict.fromkeys(named)), "reason": reason}
    every(work, "registrations").patch(registration["id"], values)
    return _decided(work, deal, DealStatus.APPROVED)


def _decided(work: UnitOfWork, deal: Row, status: DealStatus) -> tuple[Row, Row]:
    records.change(work, "deals", deal["id"], Decided(status=str(status)))
    return registered(work, deal["id"])


def reject(work: UnitOfWork, key: int | str, reason: str) -> tuple[Row, Row]:
    """Reject a registration, or take an approval back, for a reason that the partner reads.

    Raises
    ------
    Conflict
        If it is rejected or expired already, or the deal is won or lost.
    """
    lock_claims(work.connection)
    deal, registration = registered(work, key)
    if deal["status"] not in (DealStatus.SUBMITTED, DealStatus.APPROVED):
        raise Conflict(f"The registration of {deal['external_id']} is {deal['status']} already.")
    _refuse_closed(deal)
    every(work, "registrations").patch(registration["id"], {"reason": reason})
    return _decided(work, deal, DealStatus.REJECTED)


def withdraw(work: UnitOfWork, key: int | str, reason: str | None = None) -> tuple[Row, Row]:
    """Give up a claim: its customer is free for others; the deal is ``expired`` from then on.

    Raises
    ------
    Conflict
        If there is nothing to give up, or the deal is won or lost.
    """
    lock_claims(work.connection)
    deal, registration = registered(work, key)
    if deal["status"] not in (DealStatus.SUBMITTED, DealStatus.APPROVED):
        raise Conflict(f"The registration of {deal['external_id']} is {deal['status']}; there is nothing to withdraw.")
    _refuse_closed(deal)
    told = f"withdrawn: {reason}" if reason else "withdrawn"
    every(work, "registrations").patch(registration["id"], {"reason": told, "protected_until": work.clock()})
    return _decided(work, deal, DealStatus.EXPIRED)


def extend(work: UnitOfWork, key: int | str, days: int, reason: str | None = None) -> tuple[Row, Row]:
    """Protect an approved registration for `days` more, counted from the end of its protection or from now.

    Raises
    ------
    Conflict
        If it is not approved, its deal is closed, or another claim took the customer after it had run out.
    """
    lock_claims(work.connection)
    deal, registration = registered(work, key)
    if deal["status"] != DealStatus.APPROVED:
        raise Conflict(
            f"The registration of {deal['external_id']} is {deal['status']}; only approved ones are extended."
        )
    _refuse_closed(deal)
    refuse_held(work, deal)
    start = max(registration["protected_until"] or work.clock(), work.clock())
    values = {"protected_until": later(start, timedelta(days=days)), "reminded_at": None}
    every(work, "registrations").patch(registration["id"], values | ({"reason": reason} if reason else {}))
    event = {"deal": deal["external_id"], "protected_until": values["protected_until"]}
    work.journal.announce("registration.extended", event, partner_id_of(work, deal))
    return registered(work, deal["id"])


def _refuse_closed(deal: Row) -> None:
    if deal["outcome"] is not None:
        raise Conflict(f"Deal {deal['external_id']} is {deal['outcome']}; its registration has done its duty.")


def appeal(work: UnitOfWork, key: int | str, reason: str) -> tuple[Row, Row]:
    """Ask that a rejection be looked at again; once for each registration.

    Raises
    ------
    Conflict
        If it was not rejected, or appealed before.
    """
    deal, registration = registered(work, key)
    if deal["status"] != DealStatus.REJECTED:
        raise Conflict(f"The registration of {deal['external_id']} is {deal['status']}; only a rejection is appealed.")
    if registration["appeal_status"] is not None:
        raise Conflict(f"The appeal of {deal['external_id']} is {registration['appeal_status']} already.")
    values = {"appealed_at": work.clock(), "appeal_reason": reason, "appeal_status": str(AppealStatus.OPEN)}
    every(work, "registrations").patch(registration["id"], values)
    work.journal.announce("registration.appealed", {"deal": deal["external_id"]}, partner_id_of(work, deal))
    return registered(work, deal["id"])


def decide_appeal(
    work: UnitOfWork, key: int | str, *, uphold: bool, reason: str, distinct_from: Sequence[str] = ()
) -> tuple[Row, Row]:
    """Decide an appeal: upheld, the registration is approved as by `approve`; dismissed, it stays rejected.

    Raises
    ------
    Conflict
        If no appeal is open, or another claim on the customer is approved.
    """
    lock_claims(work.connection)
    deal, registration = registered(work, key)
    if registration["appeal_status"] != AppealStatus.OPEN:
        raise Conflict(f"No appeal of {deal['external_id']} is open.")
    values = {
        "appeal_status": str(AppealStatus.UPHELD if uphold else AppealStatus.DISMISSED),
        "appeal_decided_by": work.actor.name,
        "appeal_decided_at": work.clock(),
        "appeal_decision": reason,
    }
    decided = every(work, "registrations").patch(registration["id"], values)
    told = {"deal": deal["external_id"], "appeal_status": values["appeal_status"]}
    work.journal.announce("registration.appeal_decided", told, partner_id_of(work, deal))
    return _approved(work, deal, decided, reason, distinct_from) if uphold else registered(work, deal["id"])


def end_protections(work: UnitOfWork, after: int = 0) -> tuple[dict[str, int], int | None]:
    """Expire registrations whose protection is over, and remind of those that soon will be; some hundreds at once.

    Safe to repeat: who was reminded is not reminded again.

    Parameters
    ----------
    work : UnitOfWork
        Of the system.
    after : int, default=0
        What the call before returned.

    Returns
    -------
    tuple of dict and int or None
        How many ``expired`` and were ``reminded``; what the next call takes, None when this was the last one.
    """
    lock_claims(work.connection)
    now, counts = work.clock(), {"expired": 0, "reminded": 0}
    found = ending_protection(work.connection, later(now, _MONTHS_AHEAD), after, _BATCH)
    for one in found:
        deal = every(work, "deals").get(one.deal_id)
        if one.protected_until <= now:
            every(work, "registrations").patch(one.registration_id, {"reason": "protection ended"})
            records.change(work, "deals", one.deal_id, Decided(status=str(DealStatus.EXPIRED)))
            counts["expired"] += 1
        elif one.reminded_at is None and one.protected_until - terms_of(work, deal).reminder <= now:
            every(work, "registrations").patch(one.registration_id, {"reminded_at": now})
            event = {"deal": deal["external_id"], "protected_until": one.protected_until}
            work.journal.announce("registration.expiring", event, one.partner_id)
            counts["reminded"] += 1
    return counts, found[-1].deal_id if len(found) == _BATCH else None
