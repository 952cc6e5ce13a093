"""What holds of deals as claims on customers: registered when submitted, checked, approved one at a time."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from domain.errors import Conflict, InvalidInput, NotAllowed
from domain.terms import DealStatus, Role
from programme.claim_keys import give_keys
from programme.claim_terms import ClaimTerms, claim_terms, every, later
from programme.conflicts import Claim, Finding, FindingKind, check_claim, holding, words_for_staff
from programme.rule import Row, Rule
from store.claims import lock_claims
from store.unit_of_work import UnitOfWork

Values = Mapping[str, Any]

BY_RULE = "rule"
"""Who has decided when nobody did."""

_CUSTOMER = ("partner", "company", "domain", "country", "lead")
_DECIDERS = (Role.ADMIN, Role.MANAGER)

address: ContextVar[str | None] = ContextVar("address", default=None)
"""Address of the customer of the deal being created: it belongs to the registration, deals have no column for it."""


class Decided(dict[str, Any]):
    """Values of a deal that a service of registrations writes; who may ask for it was checked there."""


class DealClaims(Rule):
    """Over deals: a submitted one is a registration, and none is approved while another claim holds the customer."""

    def values(self, work: UnitOfWork, before: Row | None, values: Values) -> Values:
        """Refuse what only the decision on a registration may do, and an approval against a claim that holds."""
        if before is None:
            return _new_values(work, values)
        wanted = values.get("status", before["status"])
        if work.actor.role is Role.PARTNER and not isinstance(values, Decided) and _is_decision(before, values):
            raise NotAllowed("a partner does not decide on its own registrations; withdraw or appeal instead")
        _check_decider(work, before, values)
        becomes = wanted == DealStatus.APPROVED and before["status"] != DealStatus.APPROVED
        if becomes or (wanted == DealStatus.APPROVED and _moves(before, values) and registration_of(work, before)):
            lock_claims(work.connection)
            refuse_held(work, {**before, **values})
        return values

    def written(self, work: UnitOfWork, before: Row | None, after: Row) -> None:
        """Keep the keys by which claims find each other, and the registration in step with its deal."""
        give_keys(work, "deals", after["id"])
        if after["status"] == DealStatus.SUBMITTED and registration_of(work, after) is None:
            _open(work, after)
        elif before is not None and before["status"] != after["status"]:
            _note_decision(work, after)

    def removing(self, work: UnitOfWork, before: Row) -> None:
        """Take the registration away with its deal, unless it is protected."""
        registration = registration_of(work, before)
        if registration is None:
            return
        if before["status"] == DealStatus.APPROVED and before["outcome"] is None:
            raise Conflict(f"The registration of {before['external_id']} is approved; withdraw or reject it first.")
        every(work, "registrations").delete(registration["id"])


class LeadKeys(Rule):
    """Over leads: keep the keys by which claims find them."""

    def written(self, work: UnitOfWork, before: Row | None, after: Row) -> None:
        """Give the lead, and the deals that rest on it, their keys."""
        give_keys(work, "leads", after["id"])


class RegistrationRule(Rule):
    """Over registrations: they are written by their own endpoints; what a person may add is the address."""

    def values(self, work: UnitOfWork, before: Row | None, values: Values) -> Values:
        """Refuse everything else."""
        if before is None or set(values) - {"address", "attributes"}:
            raise Conflict(
                "Registrations are written by POST /v1/registrations and the decisions under it; only address and "
                "attributes may be changed here."
            )
        return values


def _new_values(work: UnitOfWork, values: Values) -> Values:
    if work.actor.role is Role.PARTNER:
        if values.get("status", DealStatus.SUBMITTED) != DealStatus.SUBMITTED or values.get("outcome") is not None:
            raise NotAllowed("a partner registers deals: leave status and outcome out")
        if values.get("lead") is not None:
            work.repository("leads").get(str(values["lead"]))  # one that it was offered
        values = {**values, "status": DealStatus.SUBMITTED}
    if values.get("status") == DealStatus.SUBMITTED:
        if not any(values.get(name) for name in ("company", "domain", "lead")):
            raise InvalidInput("a registration names its customer: company, domain or lead", field="company")
        lock_claims(work.connection)
    return values


def _is_decision(before: Row, values: Values) -> bool:
    return bool(values.get("status", before["status"]) != before["status"])


def _check_decider(work: UnitOfWork, before: Row, values: Values) -> None:
    """Refuse that a machine decides on what was submitted."""
    decides = before["status"] == DealStatus.SUBMITTED and _is_decision(before, values)
    if decides and not isinstance(values, Decided) and work.actor.role not in _DECIDERS:
        raise NotAllowed(f"role {work.actor.role} does not decide on registrations; it takes: {', '.join(_DECIDERS)}")


def _moves(before: Row, values: Values) -> bool:
    """Whether an approved registration would claim another customer, for another partner, or anew."""
    reopened = before["outcome"] is not None and "outcome" in values and values["outcome"] is None
    return reopened or any(name in values and values[name] != before[name] for name in _CUSTOMER)


def registration_of(work: UnitOfWork, deal: Row) -> Row | None:
    """Return the registration of a deal, None if it was never registered."""
    return every(work, "registrations").find((deal["external_id"],))


def claim_of(work: UnitOfWork, deal: Row, registration: Row | None) -> Claim:
    """Return what a deal claims; what it does not say, its lead does."""
    lead = every(work, "leads").get(deal["lead"]) if deal["lead"] else {}
    said = {name: deal[name] or lead.get(name) for name in ("company", "domain", "country")}
    registration = registration or {}
    return Claim(
        partner_id=every(work, "partners").get(deal["partner"])["id"],
        address=registration.get("address"),
        product=deal["product"],
        lead_id=lead.get("id"),
        deal_id=deal.get("id"),
        claimed_at=registration.get("submitted_at"),
        distinct_from=tuple(registration.get("distinct_from") or ()),
        **said,
    )


def findings_of(work: UnitOfWork, deal: Row) -> list[Finding]:
    """Return the other claims on a deal's customer."""
    return check_claim(work, claim_of(work, deal, registration_of(work, deal)))


def refuse_held(work: UnitOfWork, deal: Row) -> None:
    """Refuse to approve a deal while another claim holds its customer.

    Raises
    ------
    Conflict
        It names the claims to staff.
    """
    held = holding(findings_of(work, deal))
    if not held:
        return
    if work.actor.role is Role.PARTNER:
        raise Conflict("Another claim on this customer is approved.")
    raise Conflict(
        "Another claim on this customer is approved; reject it, let it expire, or name it in distinct_from if it is "
        f"another customer's: {' '.join(words_for_staff(finding) for finding in held)}",
        held_by=[finding.rival.external_id for finding in held],
    )


def _open(work: UnitOfWork, deal: Row) -> None:
    """Write the registration of a submitted deal, check it, and approve it where the programme's rules let that be."""
    values = {
        "deal": deal["external_id"],
        "partner": deal["partner"],
        "submitted_at": work.clock(),
        "address": address.get(),
    }
    registration = every(work, "registrations").create(values)
    findings = check_claim(work, claim_of(work, deal, registration))
    told = {"deal": deal["external_id"], "findings": len(findings)}
    work.journal.announce("registration.submitted", told, partner_id_of(work, deal))
    if any(finding.kind is FindingKind.CONFLICT for finding in findings):
        work.journal.announce("registration.conflict", {**told, "conflicts": _named(findings)})
    from programme import records  # late: its rules are these

    if terms_of(work, deal).auto_approve and all(_is_harmless(finding) for finding in findings):
        records.change(work, "deals", deal["id"], Decided(status=str(DealStatus.APPROVED)))


def _is_harmless(finding: Finding) -> bool:
    return finding.is_own and finding.kind is FindingKind.RELATED


def _named(findings: Sequence[Finding]) -> list[str]:
    return [finding.rival.external_id for finding in findings if finding.kind is FindingKind.CONFLICT]


def terms_of(work: UnitOfWork, deal: Row) -> ClaimTerms:
    """Return the rules for the claims of a deal's partner."""
    return claim_terms(work, every(work, "partners").get(deal["partner"])["program"])


def partner_id_of(work: UnitOfWork, deal: Row) -> int:
    """Return our id of a deal's partner."""
    return int(every(work, "partners").get(deal["partner"])["id"])


def _note_decision(work: UnitOfWork, deal: Row) -> None:
    """Keep the registration in step with the new status of its deal."""
    registration = registration_of(work, deal)
    if registration is None:
        return
    now, status = work.clock(), deal["status"]
    by_rule = work.actor.role is Role.PARTNER and status == DealStatus.APPROVED
    values: Row = {"decided_at": now, "decided_by": BY_RULE if by_rule else work.actor.name}
    if status == DealStatus.APPROVED:
        values |= {"protected_until": later(now, terms_of(work, deal).protection), "reminded_at": None}
    elif status != DealStatus.EXPIRED:
        values["protected_until"] = None
    every(work, "registrations").patch(registration["id"], values)
    event = {"deal": deal["external_id"], "protected_until": values.get("protected_until")}
    work.journal.announce(f"registration.{status}", event, partner_id_of(work, deal))
