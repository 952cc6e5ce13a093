"""Payloads of registrations and of offered leads."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Attributes, output_schema
from api.types import Instant, Money
from domain.terms import AssignmentResponse, Role
from programme.conflicts import Certainty, ClaimState, Finding, FindingKind, words_for_partner, words_for_staff
from programme.registrations import MAX_EXTENSION_DAYS

MAX_DISTINCT = 200

Deal: Any = output_schema("deals")
RegistrationRow: Any = output_schema("registrations")
Assignment: Any = output_schema("assignments")


class CustomerInput(BaseModel):
    """A customer that a partner claims: company, domain or lead must be there."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"company": "Acme Ltda.", "domain": "acme.com.br", "country": "BR"}]},
    )

    partner: str | None = Field(None, description="external id; a partner need not name itself")
    company: str | None = None
    domain: str | None = Field(None, description="domain, web or mail address")
    country: str | None = Field(None, description="ISO 3166-1 alpha-2")
    address: str | None = None
    product: str | None = Field(None, description="external id of one of products")
    lead: str | None = Field(None, description="external id of the lead that it rests on")


class RegistrationInput(CustomerInput):
    """A deal to be registered."""

    external_id: str | None = Field(None, description="yours; one is made if you give none")
    region: str | None = None
    industry: str | None = None
    stage: str | None = None
    amount: Money | None = None
    currency: str | None = Field(None, description="ISO 4217")
    description: str | None = None
    attributes: Attributes = Field(default_factory=dict)


class Approval(BaseModel):
    """Why a registration is approved, and what only resembles it."""

    model_config = ConfigDict(extra="forbid")

    reason: str | None = None
    distinct_from: list[str] = Field(
        default_factory=list,
        max_length=MAX_DISTINCT,
        description="external ids of deals and leads that are another customer's, as you found out; takes a reason",
    )


class Rejection(BaseModel):
    """Why a registration is rejected: the partner reads it."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1)


class Withdrawal(BaseModel):
    """Why a claim is given up."""

    model_config = ConfigDict(extra="forbid")

    reason: str | None = None


class Extension(BaseModel):
    """By how much a protection is extended."""

    model_config = ConfigDict(extra="forbid")

    days: int = Field(ge=1, le=MAX_EXTENSION_DAYS, strict=True)
    reason: str | None = None


class AppealInput(BaseModel):
    """Why a rejection should be looked at again."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1)


class AppealDecision(BaseModel):
    """How an appeal is decided: the partner reads the reason."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["upheld", "dismissed"]
    reason: str = Field(min_length=1)
    distinct_from: list[str] = Field(default_factory=list, max_length=MAX_DISTINCT)


class Matched(BaseModel):
    """A field in which two claims are alike."""

    field: str = Field(description="lead, domain, company, address or country")
    similarity: float = Field(ge=0, le=1)
    ours: str | None = Field(description="as this claim has it")
    theirs: str | None = Field(description="as the other claim has it; for staff, and of one's own")


class ClaimFinding(BaseModel):
    """Another claim on what may be the same customer. Who made it, and what it is worth, only staff reads."""

    kind: FindingKind
    certainty: Certainty
    similarity: float = Field(ge=0, le=1)
    matched: list[Matched]
    state: ClaimState | None = Field(description="where the other claim stands")
    claimed_at: datetime | None = Field(description="when it was made, UTC")
    is_first: bool = Field(description="whether it was made before this one")
    holds: bool = Field(description="whether nothing else is approved as long as it stands")
    is_own: bool = Field(description="whether it is the same partner's")
    text: str
    resource: Literal["deals", "leads"] | None = None
    external_id: str | None = None
    partner: str | None = None
    partner_name: str | None = None
    amount: Money | None = None
    currency: str | None = None
    protected_until: datetime | None = None


class CheckAnswer(BaseModel):
    """What a registration of this customer would meet."""

    checked_at: datetime
    is_clear: bool = Field(description="no conflict and no duplicate")
    findings: list[ClaimFinding]


class RegistrationAnswer(BaseModel):
    """A registered deal and its registration."""

    deal: Deal
    registration: RegistrationRow


class SubmittedAnswer(RegistrationAnswer):
    """A registered deal and what was found about it."""

    findings: list[ClaimFinding]


class Offer(BaseModel):
    """A lead to be offered to a partner."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"lead": "L-1", "partner": "P-1"}]})

    lead: str = Field(description="external id")
    partner: str = Field(description="external id")
    offered_at: Instant | None = Field(None, description="default: now")
    response: AssignmentResponse | None = Field(None, description="of an offer that was answered elsewhere")
    responded_at: Instant | None = None
    decline_reason: str | None = None
    match_id: str | None = Field(None, description="of the match that proposed the partner", max_length=32)
    attributes: Attributes = Field(default_factory=dict)


class Decline(BaseModel):
    """Why a lead is turned down."""

    model_config = ConfigDict(extra="forbid")

    decline_reason: str | None = None


class OfferTerms(BaseModel):
    """Until when an offered lead is to be answered, and of which match it came."""

    answer_until: datetime
    match_id: str | None


def finding_for(finding: Finding, role: Role) -> ClaimFinding:
    """Return a finding as `role` may read it: a partner learns nothing of who else claims, nor of the deal."""
    if role is not Role.PARTNER or finding.is_own:
        text = words_for_partner(finding) if role is Role.PARTNER else words_for_staff(finding)
        return ClaimFinding(**_plain(finding), **_of_rival(finding), text=text)
    plain = _plain(finding)
    plain["matched"] = [Matched(**{**vars(item), "theirs": None}) for item in finding.matched]
    if finding.kind is not FindingKind.CONFLICT:  # a lead that it was not offered, a company that may be another one
        plain |= {"state": None, "claimed_at": None}
    return ClaimFinding(**plain, text=words_for_partner(finding))


def _plain(finding: Finding) -> dict[str, Any]:
    names = ("kind", "certainty", "similarity", "state", "claimed_at", "is_first", "holds", "is_own")
    matched = [Matched(**vars(item)) for item in finding.matched]
    return {name: getattr(finding, name) for name in names} | {"matched": matched}


def _of_rival(finding: Finding) -> dict[str, Any]:
    names = ("resource", "external_id", "partner", "partner_name", "currency", "protected_until")
    return {name: getattr(finding.rival, name) for name in names} | {"amount": finding.amount}
