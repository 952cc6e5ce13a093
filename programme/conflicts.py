"""Who else claims a customer: what matches, how surely, who came first, in words for each side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from domain.terms import AssignmentResponse, DealOutcome, DealStatus
from programme.claim_keys import catch_up_keys, name_of, search_of
from programme.companies import company_domain, company_name, domain_label
from programme.likeness import address_likeness, name_likeness
from store.claims import Customer
from store.rivals import Rival, rival_deals, rival_leads, told_apart
from store.unit_of_work import UnitOfWork

SAME, LIKELY, POSSIBLE = 0.9, 0.75, 0.6
"""From these similarities on two claims are surely, likely, possibly on one customer."""

OPEN_DEAL = timedelta(days=365)
"""An open deal that was never registered holds its customer for so long."""

RECENTLY_WON = timedelta(days=180)
"""A won deal holds its customer for so long."""

OPEN_LEAD = timedelta(days=365)
"""A lead is remembered for so long."""

_CANDIDATES = 200


class FindingKind(StrEnum):
    """What another claim means."""

    CONFLICT = "conflict"
    DUPLICATE = "duplicate"
    RELATED = "related"


class Certainty(StrEnum):
    """How surely two claims are on the same customer."""

    SAME = "same"
    LIKELY = "likely"
    POSSIBLE = "possible"


class ClaimState(StrEnum):
    """Where another claim stands."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    UNPROTECTED = "unprotected"
    WON = "won"
    ACCEPTED = "accepted"
    OFFERED = "offered"
    KNOWN = "known"


@dataclass(frozen=True)
class Claim:
    """What a partner says that it is working on.

    Parameters
    ----------
    partner_id : int
        Our id of who claims.
    company, domain, country, address : str, optional
        Of the customer.
    product : str, optional
        External id of what it is about.
    lead_id, deal_id : int, optional
        Our ids of the lead it rests on, and of its own deal, which is no rival of itself.
    claimed_at : datetime, optional
        When it was made; None: it is being made.
    distinct_from : tuple of str
        External ids of deals that a person found to be of other customers.
    """

    partner_id: int
    company: str | None = None
    domain: str | None = None
    country: str | None = None
    address: str | None = None
    product: str | None = None
    lead_id: int | None = None
    deal_id: int | None = None
    claimed_at: datetime | None = None
    distinct_from: tuple[str, ...] = ()

    @property
    def customer(self) -> Customer:
        """Whom it claims."""
        return Customer(self.deal_id or 0, self.company, self.domain, self.country)


@dataclass(frozen=True)
class MatchedField:
    """What both claims have alike: the field, what each says, how alike (0 to 1)."""

    field: str
    ours: str | None
    theirs: str | None
    similarity: float


@dataclass(frozen=True)
class Finding:
    """Another claim on what may be the same customer.

    Parameters
    ----------
    kind : FindingKind
        Another partner's claim, a second one of the same partner, or something to know.
    certainty, similarity
        How surely it is the same customer.
    matched : tuple of MatchedField
        Why.
    state : ClaimState
        Where the other claim stands.
    claimed_at : datetime
        When the other claim was made.
    is_first : bool
        Whether the other claim was made before this one.
    holds : bool
        Whether no further claim may be approved as long as the other one stands.
    is_own : bool
        Whether it is the same partner's.
    rival : Rival
        The other claim itself.
    """

    kind: FindingKind
    certainty: Certainty
    similarity: float
    matched: tuple[MatchedField, ...]
    state: ClaimState
    claimed_at: datetime
    is_first: bool
    holds: bool
    is_own: bool
    rival: Rival = field(repr=False)

    @property
    def amount(self) -> Decimal | None:
        """What the other claim is worth."""
        return None if self.rival.amount is None else Decimal(str(self.rival.amount))


def check_claim(work: UnitOfWork, claim: Claim) -> list[Finding]:
    """Return the other claims on what may be the same customer: those that hold it first, then the likest.

    Looked at are open deals, deals won in the last 180 days, and open leads of the last year, of all partners.

    Parameters
    ----------
    work : UnitOfWork
        One that may write: deals and leads of a new import are given their keys first.
    claim : Claim
        What is claimed.
    """
    catch_up_keys(work)
    now, search = work.clock(), search_of(claim.customer, claim.lead_id)
    deals = [deal for deal in rival_deals(work.connection, search, now, _CANDIDATES) if deal.id != claim.deal_id]
    if claim.deal_id is not None and deals:  # told apart once, they are apart from either side
        apart = told_apart(work.connection, claim.deal_id, [deal.id for deal in deals])
        deals = [deal for deal in deals if deal.id not in apart]
    behind = {(deal.lead_id, deal.partner_id) for deal in deals}
    leads = [
        lead
        for lead in rival_leads(work.connection, search, now - OPEN_LEAD, _CANDIDATES)
        if (lead.id, lead.partner_id) not in behind and (lead.id != claim.lead_id or _is_of_another(lead, claim))
    ]
    found = (_finding(claim, rival, now) for rival in [*deals, *leads] if rival.external_id not in claim.distinct_from)
    return sorted((finding for finding in found if finding is not None), key=_order)


def _is_of_another(rival: Rival, claim: Claim) -> bool:
    return rival.partner_id is not None and rival.partner_id != claim.partner_id


def _order(finding: Finding) -> tuple[bool, int, float, datetime, int]:
    rank = list(FindingKind).index(finding.kind)
    return not finding.holds, rank, -finding.similarity, finding.claimed_at, finding.rival.id


def _finding(claim: Claim, rival: Rival, now: datetime) -> Finding | None:
    similarity, matched = compare(claim, rival)
    state = _state(rival, now)
    if similarity < POSSIBLE or state is None:
        return None
    certainty = _certainty(similarity)
    kind = FindingKind.RELATED if certainty is Certainty.POSSIBLE else _kind(claim, rival, state)
    claimed_at = rival.submitted_at or rival.registered_at
    return Finding(
        kind=kind,
        certainty=certainty,
        similarity=round(similarity, 2),
        matched=matched,
        state=state,
        claimed_at=claimed_at,
        is_first=claim.claimed_at is None or (claimed_at, rival.id) < (claim.claimed_at, claim.deal_id or 0),
        holds=kind is not FindingKind.RELATED and state is ClaimState.APPROVED,
        is_own=rival.partner_id == claim.partner_id,
        rival=rival,
    )


def _certainty(similarity: float) -> Certainty:
    if similarity >= SAME:
        return Certainty.SAME
    return Certainty.LIKELY if similarity >= LIKELY else Certainty.POSSIBLE


def _state(rival: Rival, now: datetime) -> ClaimState | None:
    """Return where another claim stands; None if it is none any more."""
    if rival.resource == "leads":
        if rival.partner_id is None:
            return ClaimState.KNOWN
        return ClaimState.ACCEPTED if rival.status == AssignmentResponse.ACCEPTED else ClaimState.OFFERED
    if rival.outcome == DealOutcome.WON:
        return ClaimState.WON if rival.closed_at is not None and rival.closed_at > now - RECENTLY_WON else None
    if rival.status == DealStatus.SUBMITTED:
        return ClaimState.SUBMITTED
    until = rival.protected_until if rival.submitted_at is not None else rival.registered_at + OPEN_DEAL
    return ClaimState.APPROVED if until is None or until > now else ClaimState.UNPROTECTED


def _kind(claim: Claim, rival: Rival, state: ClaimState) -> FindingKind:
    takes = state in (ClaimState.SUBMITTED, ClaimState.APPROVED)
    if rival.partner_id == claim.partner_id:
        other_product = claim.product is not None and rival.product is not None and claim.product != rival.product
        return FindingKind.DUPLICATE if takes and not other_product else FindingKind.RELATED
    takes = takes or state in (ClaimState.WON, ClaimState.ACCEPTED)
    return FindingKind.CONFLICT if takes else FindingKind.RELATED


def compare(claim: Claim, rival: Rival) -> tuple[float, tuple[MatchedField, ...]]:
    """Return how alike the customers of two claims are (0 to 1), and in what.

    The formula stands in docs/deal-registration.md; it knows nothing of partners and states.
    """
    theirs = Customer(rival.id, rival.company, rival.domain, rival.country)
    ours = claim.customer
    domains = company_domain(ours.domain), company_domain(theirs.domain)
    names = name_of(ours), name_of(theirs)
    name = name_likeness(company_name(names[0]), company_name(names[1]))
    address = address_likeness(claim.address, rival.address)
    same_lead = claim.lead_id is not None and claim.lead_id == rival.lead_id
    abroad = bool(ours.country and theirs.country and ours.country != theirs.country)
    score = _by_name(names, name, domains, address, countries=(ours.country, theirs.country))
    if domains[0] is not None and domains[0] == domains[1]:
        by_domain = 0.97 if name >= 0.5 or not ours.company or not theirs.company else 0.85
        score = max(score, min(by_domain, 0.8) if abroad else by_domain)
    matched = (
        MatchedField("lead", None, rival.external_id if rival.resource == "leads" else None, float(same_lead)),
        MatchedField("domain", *domains, _domain_likeness(*domains)),
        MatchedField("company", *names, round(name, 2)),
        MatchedField("address", claim.address, rival.address, round(address, 2)),
        MatchedField("country", ours.country, theirs.country, float(bool(ours.country) and not abroad)),
    )
    return 1.0 if same_lead else score, tuple(item for item in matched if item.similarity >= 0.5)


def _by_name(
    names: tuple[str | None, str | None],
    name: float,
    domains: tuple[str | None, str | None],
    address: float,
    countries: tuple[str | None, str | None],
) -> float:
    score = name
    if None not in domains and _domain_likeness(*domains) == 0:
        score -= 0.15
    if None in countries:
        score -= 0.05
    if address >= 0.85:
        score += 0.1
    if address >= 0.9 and name >= 0.5:
        score = max(score, 0.8)
    if max(len(company_name(text).key) for text in names) <= 3:
        score = min(score, 0.8)
    if None not in countries and countries[0] != countries[1]:
        score = min(score, 0.7)
    return min(max(score, 0.0), 0.99)


def _domain_likeness(a: str | None, b: str | None) -> float:
    if a is None or b is None:
        return 0.0
    if a == b:
        return 1.0
    return 0.7 if domain_label(a) == domain_label(b) else 0.0


_STATE_WORDS = {
    ClaimState.SUBMITTED: "submitted, not decided",
    ClaimState.APPROVED: "approved and open",
    ClaimState.UNPROTECTED: "open, but no longer protected",
    ClaimState.WON: "won",
    ClaimState.ACCEPTED: "accepted as a lead",
    ClaimState.OFFERED: "offered as a lead, not answered",
    ClaimState.KNOWN: "a lead that nobody works on",
}

_PARTNER_SENTENCES = {
    ClaimState.SUBMITTED: "Another partner has submitted a registration for this customer; it is not decided yet.",
    ClaimState.APPROVED: "Another partner has an approved registration for this customer.",
    ClaimState.UNPROTECTED: "Another partner has worked with this customer; it is not protected any more.",
    ClaimState.WON: "The customer has recently bought through another partner.",
    ClaimState.ACCEPTED: "Another partner works on a lead of this customer.",
    ClaimState.OFFERED: "The customer is known to us as a lead.",
    ClaimState.KNOWN: "The customer is known to us as a lead.",
}


def words_for_staff(finding: Finding) -> str:
    """Return a finding in a sentence that names everybody."""
    rival = finding.rival
    who = f"{rival.partner_name} ({rival.partner})" if rival.partner else "Nobody"
    first = "before this claim" if finding.is_first else "after this claim"
    return (
        f"{who}: {rival.resource.removesuffix('s')} {rival.external_id} with {rival.company or rival.domain or 'it'}, "
        f"{_STATE_WORDS[finding.state]}; claimed {finding.claimed_at:%Y-%m-%d %H:%M:%S} UTC, {first}. "
        f"{finding.certainty.capitalize()} customer ({finding.similarity:.0%}): {_matched_words(finding.matched)}."
    )


def words_for_partner(finding: Finding) -> str:
    """Return a finding in sentences that name no other partner, and nothing of its deal."""
    if finding.is_own:
        rival = finding.rival
        said = f"Your own {rival.resource.removesuffix('s')} {rival.external_id} is with this customer: "
        return f"{said}{_STATE_WORDS[finding.state]}."
    if finding.certainty is Certainty.POSSIBLE:
        return "We know of a company that resembles this customer; somebody will look at it."
    first = " It came before yours." if finding.is_first else " It came after yours."
    rivals = finding.kind is FindingKind.CONFLICT
    return f"{_PARTNER_SENTENCES[finding.state]}{first if rivals else ''} Alike: {_matched_words(finding.matched)}."


def _matched_words(matched: Sequence[MatchedField]) -> str:
    return ", ".join(f"{item.field} ({item.similarity:.0%})" for item in matched) or "nothing but the whole"


def holding(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that forbid to approve a claim."""
    return [finding for finding in findings if finding.holds]
