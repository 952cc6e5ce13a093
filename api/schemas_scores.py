"""Payloads of scores and recommendations: risk, fit, white space, what to send."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from api import types
from domain.terms import Evidence


class Factor(BaseModel):
    """What moved a probability, on the log-odds scale; all factors and the base add up to it."""

    name: str
    value: str | float | None
    contribution: float
    sentence: str


class PartnerFacts(BaseModel):
    """What a person checks a risk against; empty where there is nothing to tell."""

    last_sign_at: types.Told | None = Field(description="latest sign of life")
    last_sign_kind: str | None
    usual_gap_days: float | None = Field(description="median of the latest gaps between active days")
    last_deal_at: types.Told | None
    last_won_at: types.Told | None
    agreement_ends_on: date | None
    certificate_expires_on: date | None
    unanswered_leads: int


class ChurnRisk(BaseModel):
    """One partner of the risk list."""

    partner: str
    name: str
    as_of: datetime
    horizon_days: int
    p_inactive: float
    low: float
    high: float
    band: str
    trend: float | str | None
    revenue_at_risk: float | None
    account_manager: str | None
    evidence: Evidence
    n: int
    reasons: list[str]
    facts: PartnerFacts
    base: float = Field(description="log-odds before any factor")
    factors: list[Factor]
    model_version: str


class ChurnRiskList(BaseModel):
    """The risk list and what to expect of it."""

    as_of: datetime
    horizon_days: int
    expected_precision: float | None = Field(description="mean p_inactive of the list: the share expected to go silent")
    revenue_at_risk: float
    items: list[ChurnRisk]


class FilledGap(BaseModel):
    """A country, region or industry with more demand than its partners can meet."""

    dimension: Literal["country", "region", "industry"]
    value: str


class FitScore(BaseModel):
    """One prospect of the ranking."""

    partner: str | None
    name: str | None
    as_of: datetime
    horizon_days: int
    p_productive: float
    low: float
    high: float
    expected_revenue: float | None
    reach: float | None = Field(
        None,
        ge=0,
        le=1,
        description="share of prospects whose places and industries hold less of the last year's demand (by employees "
        "where the programme has seen none); says nothing of p_productive",
    )
    fills: list[FilledGap] = Field(
        default_factory=list, description="gaps of the white space that it would help to fill"
    )
    band: str
    evidence: Evidence
    n: int
    similar: list[str]
    reasons: list[str]
    base: float = Field(description="log-odds before any factor")
    factors: list[Factor]
    model_version: str


class ProspectRanking(BaseModel):
    """Prospects, the most promising first."""

    as_of: datetime
    items: list[FitScore]


class WhiteSpaceRow(BaseModel):
    """Demand and coverage of one value."""

    dimension: Literal["country", "region", "industry", "product"]
    value: str = Field(description="code of the place, folded name of the industry, external id of the product")
    name: str
    demand: int = Field(description="leads of the last 365 days, and deals that came without one")
    won: int
    lost: int
    unrouted: int = Field(description="leads of them that were never offered")
    partners: int = Field(description="active partners that cover it")
    capacity: float = Field(description="partners, each divided over what it covers in proportion to demand")
    expected: float = Field(description="demand that this capacity meets at the load usual in the dimension")
    missing_partners: float | None = Field(
        description="partners that would bring the load to the usual; null: none has any"
    )
    unserved: float = Field(description="demand beyond what is expected, or never offered, whichever is more")
    severity: float = Field(description="unserved as a share of all demand")
    gap: bool = Field(description="misses at least half a partner, and more than chance would")
    prospects: int | None = Field(description="prospects that would cover it; null for products")


class WhiteSpace(BaseModel):
    """Where there is demand, and how well partners cover it, the worst gap first."""

    as_of: datetime
    items: list[WhiteSpaceRow]


class CompanyInput(BaseModel):
    """A company that is not in the store: the columns of partners, custom attributes beside them."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [{"kind": "msp", "country": "PL"}]})

    name: str | None = Field(None, max_length=10_000)
    kind: str | None = None
    country: str | None = Field(None, pattern="^[A-Z]{2}$")
    region: str | None = None
    city: str | None = None
    industries: list[str] | None = None
    languages: list[str] | None = None
    employees: StrictInt | None = Field(None, ge=0, le=2**63 - 1)
    annual_revenue: types.Number | None = Field(None, ge=0)
    founded_on: types.Day | None = None
    website: str | None = None
    description: str | None = Field(None, max_length=100_000)
    program: str | None = None


class FitRequest(BaseModel):
    """The company to score."""

    model_config = ConfigDict(extra="forbid")

    company: CompanyInput
    as_of: types.Instant | None = None


class Recommendation(BaseModel):
    """One recommended asset or offer."""

    rank: int
    kind: Literal["asset", "offer"]
    item: str
    title: str | None
    p_engage: float
    low: float
    high: float
    evidence: Evidence
    n: int = Field(description="items that the partner engaged with")
    worth: float | None = Field(description="of one use of an offer, in the store's currency, where amounts are known")
    base: float = Field(description="with the factors' contributions, the log-odds of p_engage")
    factors: list[Factor]
    reason: str
    model_version: str


class RecommendationList(BaseModel):
    """Recommendations for a partner, the best first."""

    partner: str
    as_of: datetime
    items: list[Recommendation]
    notes: list[str] = Field(default_factory=list, description="what could not be done as asked")


class RecommendationFeedback(BaseModel):
    """What a partner did with a recommendation."""

    model_config = ConfigDict(extra="forbid")

    partner: str
    kind: Literal["asset", "offer"]
    item: str
    action: Literal["shown", "opened", "dismissed"]
