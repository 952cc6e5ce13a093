"""Payloads of money: commissions, ledger, statements, tiers, funds, agreements."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api import types
from api.schemas import output_schema

LedgerEntry: Any = output_schema("ledger")
Statement: Any = output_schema("statements")

Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217; default: the store's own")]
Key = Annotated[str, Field(min_length=1, max_length=800)]
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
    amount: types.Money
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
    credit: types.Money | None = None
    debit: types.Money | None = None
    currency: Currency | None = None
    earned_on: types.Day | None = Field(None, description="default: today")
    reason: Reason


class PayoutRequest(_Given):
    """A payment to a partner."""

    amount: types.Money
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
