"""Payloads of money: commissions, ledger, statements, tiers, funds, agreements."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api import types
from api.schemas import output_schema

LedgerEntry: Any = output_schema("ledger")
Statement: Any = output_schema("statements")

Amount = Annotated[types.Money, Field(lt=10**15)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217; default: the store's own")]
Key = Annotated[str, Field(min_length=1, max_length=800, pattern=r"^[^\x00]+$")]
Text = Annotated[str, Field(max_length=10_000)]
Reason = Annotated[str, Field(min_length=1, max_length=10_000, description="why, for those who read it later")]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ShareGiven(_Given):
    """A partner's share of a commission."""

    partner: Key
    share: Annotated[types.Number, Field(gt=0, le=1)]


class PreviewRequest(_Given):
    """A deal that may be won one day."""

    partner: Key
    amount: Amount
    currency: Currency | None = None
    product: Key | None = None
    company: Text | None = None
    domain: Text | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    region: Text | None = None
    closed_at: types.Instant | None = Field(None, description="when it is won; default: now")
    shares: list[ShareGiven] = Field([], max_length=50, description="what they leave of 1 is the deal's partner's")


class CommissionStep(_Read):
    """A slice of the deal's amount."""

    amount: float
    rate: float
    commission: float = Field(description="before rounding")
    text: str


class CommissionPart(_Read):
    """What a partner gets of it."""

    partner: str
    share: float
    credit: float


class PassedPlan(_Read):
    """A plan that does not pay, and why."""

    plan: str
    reason: str


class CommissionAnswer(_Read):
    """How a commission comes about."""

    reason: str = Field(description="why this plan or agreement pays, or why nothing is due")
    amount: float = Field(description="rounded to whole minor units; the parts add up to it")
    currency: str | None
    base_amount: float | None
    earned_on: date | None
    plan: str | None
    agreement: str | None
    rate: float | None
    volume: float | None = Field(description="before the deal, where bands of the plan ask for it")
    steps: list[CommissionStep]
    parts: list[CommissionPart]
    passed: list[PassedPlan]


class BookedEntry(_Read):
    """What stands in the ledger for a deal."""

    external_id: str
    partner: str
    kind: str | None
    credit: float | None
    debit: float | None
    currency: str | None
    earned_on: date
    booked_at: datetime | None
    plan: str | None
    incentive: str | None
    rate: float | None
    share: float | None
    reverses: str | None
    explanation: str | None


class DealCommission(BaseModel):
    """How the commission on a deal comes about by today's terms, and what was booked for it."""

    deal: str
    computed: CommissionAnswer
    entries: list[BookedEntry]


class RunRequest(_Given):
    """Which deals to settle."""

    after: Annotated[types.Whole, Field(ge=0)] = Field(0, description="`next_after` of the run before")
    limit: int = Field(500, ge=1, le=500, strict=True)
    recompute: types.Flag = Field(
        False, description="also deals that have not changed since they were booked: today's plans hold for them"
    )
    won_since: types.Day | None = None


class CurrencyTotal(_Read):
    """Sums of one currency."""

    currency: str
    credit: float
    debit: float
    balance: float


class RunAnswer(_Read):
    """What a run did."""

    deals: int
    booked: int
    reversed: int
    totals: list[CurrencyTotal]
    next_after: int | None = Field(description="where to go on; null: all deals are settled")


class AdjustmentRequest(_Given):
    """An entry by hand."""

    partner: Key
    credit: Amount | None = None
    debit: Amount | None = None
    currency: Currency | None = None
    earned_on: types.Day | None = Field(None, description="default: today")
    reason: Reason


class PayoutRequest(_Given):
    """A payment to a partner."""

    amount: Amount
    currency: Currency | None = None
    paid_on: types.Day | None = Field(None, description="default: today")
    reference: Text = ""


class CurrencyBalance(_Read):
    """What is owed in one currency."""

    currency: str
    credit: float
    debit: float
    balance: float = Field(description="credit less debit")
    open_credit: float = Field(description="of entries in no statement yet")
    open_debit: float
    by_kind: dict[str, float] = Field(description="credit less debit by kind of entry")


class BalanceAnswer(BaseModel):
    """What a partner is owed, per currency: amounts of different ones are never added."""

    partner: str
    items: list[CurrencyBalance]


class StatementRequest(_Given):
    """A period to be closed for a partner."""

    partner: Key
    period_start: types.Day
    period_end: types.Day
    currency: Currency | None = Field(None, description="of this one only; default: each that has entries")


class StatementsAnswer(BaseModel):
    """Statements that were made, one per currency."""

    items: list[Statement]


class StatementRunRequest(_Given):
    """A period to be closed for all partners."""

    period_start: types.Day
    period_end: types.Day
    after: Annotated[types.Whole, Field(ge=0)] = Field(0, description="`next_after` of the run before")
    limit: int = Field(100, ge=1, le=200, strict=True)


class StatementRunAnswer(_Read):
    """Statements that were made."""

    statements: list[Statement]
    totals: list[CurrencyTotal]
    next_after: int | None


class ReasonGiven(_Given):
    """Why something is done."""

    reason: Reason


class OptionalReason(_Given):
    """Why something is done, if somebody wants to say."""

    reason: Reason | None = None


class TierCriterion(_Read):
    """A threshold of a tier and where the partner stands."""

    name: str = Field(description="revenue, deals, certified, or certification and a course")
    actual: float
    threshold: float
    met: bool
    text: str


class TierStanding(BaseModel):
    """Where a partner stands in its programme, and what is missing to the next tier."""

    partner: str
    program: str | None
    tier: str | None
    earned_tier: str | None = Field(description="the highest one all of whose thresholds are met, else the lowest one")
    next_tier: str | None = Field(description="the one above the present one; null at the top")
    criteria: list[TierCriterion] = Field(description="of the next tier")
    missing: list[str] = Field(description="what of it is not met, in words")
    at_risk: list[str] = Field(description="what of the present tier is not met, in words")


class TierReviewRequest(_Given):
    """Whose tiers to review."""

    program: Key | None = None
    cursor: Text | None = Field(None, description="`next_cursor` of the page before")
    limit: int = Field(100, ge=1, le=200, strict=True)


class TierProposal(_Read):
    """A proposed change of tier with what it rests on."""

    review: output_schema("tier_reviews")  # type: ignore[valid-type]  # made from the resource's columns
    change: str = Field(description="promotion or demotion")
    criteria: list[TierCriterion]


class TierReviewAnswer(_Read):
    """What a round of reviews came to."""

    partners: int
    unchanged: int
    proposals: list[TierProposal]
    next_cursor: str | None


class FundApproval(_Given):
    """How much is approved."""

    amount: Amount | None = Field(None, description="default: all that was asked for")


class FundClaim(_Given):
    """What was spent, and what proves it."""

    evidence: Annotated[str, Field(min_length=1, max_length=10_000, description="a link, or an invoice's number")]
    amount: Amount | None = Field(None, description="default: all that was approved")


class RenewalRequest(_Given):
    """How an agreement goes on."""

    external_id: Key | None = Field(None, description="of the new agreement; default: that of the old one and -R1")
    valid_to: types.Day | None = Field(None, description="its last day; default: as long as the old one")


class TermsGiven(_Given):
    """The next version of an agreement's terms."""

    body: Annotated[str, Field(max_length=200_000)] | None = None
    agreed_on: types.Day | None = Field(None, description="from then on it is never changed")
    agreed_by: Text | None = None
    notice_days: Annotated[types.Whole, Field(ge=0, le=3650)] | None = None
    renews: types.Flag | None = None


class ExpiringAgreement(_Read):
    """An agreement that ends soon."""

    agreement: str
    partner: str
    valid_to: date
    days_left: int
    renews: bool | None
    notice_by: date | None = Field(description="by when notice must be given, if the terms name notice days")
    renewed_by: str | None


class ExpiringPage(BaseModel):
    """Agreements that end soon, the soonest first."""

    items: list[ExpiringAgreement]
    next_cursor: str | None


class AgreementEvent(_Read):
    """What changed of an agreement at an instant."""

    changed_at: datetime
    status: str | None
    reason: str | None
    fields: dict[str, str | None] = Field(description="what each field became")


class AgreementHistory(BaseModel):
    """What changed of an agreement, the latest first."""

    agreement: str
    items: list[AgreementEvent]
