"""Payloads: resource schemas made from the import format, and the answers of the models."""

from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, create_model

from api import types
from domain.resources import RESOURCES, Column, ColumnType, Resource
from domain.terms import Evidence

_GIVEN: dict[ColumnType, Any] = {
    ColumnType.TEXT: str,
    ColumnType.NUMBER: types.Number,
    ColumnType.INTEGER: types.Whole,
    ColumnType.AMOUNT: types.Money,
    ColumnType.CURRENCY: Annotated[str, Field(pattern="^[A-Z]{3}$")],
    ColumnType.COUNTRY: Annotated[str, Field(pattern="^[A-Z]{2}$")],
    ColumnType.BOOLEAN: types.Flag,
    ColumnType.DATE: types.Day,
    ColumnType.INSTANT: types.Instant,
    ColumnType.LATITUDE: Annotated[types.Number, Field(ge=-90, le=90)],
    ColumnType.LONGITUDE: Annotated[types.Number, Field(ge=-180, le=180)],
    ColumnType.REFERENCE: str,
}
_TYPES: dict[ColumnType, Any] = {
    ColumnType.TEXT: str,
    ColumnType.NUMBER: float,
    ColumnType.INTEGER: int,
    ColumnType.AMOUNT: float,
    ColumnType.CURRENCY: str,
    ColumnType.COUNTRY: str,
    ColumnType.BOOLEAN: bool,
    ColumnType.DATE: date,
    ColumnType.INSTANT: datetime,
    ColumnType.LATITUDE: float,
    ColumnType.LONGITUDE: float,
    ColumnType.REFERENCE: str,
}
_HINTS = {
    ColumnType.CURRENCY: "ISO 4217",
    ColumnType.COUNTRY: "ISO 3166-1 alpha-2",
    ColumnType.INSTANT: "ISO 8601, UTC when no offset stands",
}

Attributes = dict[str, str | float | bool | None]


def _annotation(column: Column, *, given: bool) -> Any:
    """Return the type of a column: `given` by a caller, or in an answer."""
    if column.type is ColumnType.LIST:
        return list[str]
    if column.type is ColumnType.WORD:
        return Literal[column.words]
    return (_GIVEN if given else _TYPES)[column.type]


def _description(column: Column) -> str | None:
    if column.type is ColumnType.REFERENCE:
        return f"external id of one of {column.target}"
    return _HINTS.get(column.type)


def _fields(resource: Resource, *, partial: bool, given: bool = True) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for column in resource.columns:
        field = Field(description=_description(column))
        annotation = _annotation(column, given=given)
        is_ours = column.name == "external_id" and not resource.given_id
        if column.required and not is_ours and not partial:
            fields[column.name] = (annotation, field)
        else:
            fields[column.name] = (annotation | None, Field(None, description=_description(column)))
    if resource.custom:
        fields["attributes"] = (Attributes, Field({}, description="custom attributes by name; null clears one"))
    return fields


def _title(resource: Resource) -> str:
    names = {"activities": "Activity", "criteria": "Criterion", "ledger": "LedgerEntry", "feedback": "FeedbackEntry"}
    words = resource.name.removesuffix("s").split("_")
    return names.get(resource.name, "".join(word.capitalize() for word in words))


def input_schema(name: str) -> type[BaseModel]:
    """Return the schema that creates a row of resource `name`."""
    resource = RESOURCES[name]
    config = ConfigDict(extra="forbid")
    return create_model(f"{_title(resource)}Create", __config__=config, **_fields(resource, partial=False))


def patch_schema(name: str) -> type[BaseModel]:
    """Return the schema that changes a row of resource `name`: what is omitted stays, null clears."""
    resource = RESOURCES[name]
    config = ConfigDict(extra="forbid")
    return create_model(f"{_title(resource)}Patch", __config__=config, **_fields(resource, partial=True))


@cache
def output_schema(name: str) -> type[BaseModel]:
    """Return the schema of a row of resource `name`."""
    resource = RESOURCES[name]
    fields = {"id": (int, Field(description="our id")), **_fields(resource, partial=True, given=False)}
    if not resource.event:
        fields["row_version"] = (int, Field(description="grows with each change; also the ETag"))
        fields["row_created_at"] = (datetime, ...)
        fields["row_updated_at"] = (datetime, ...)
    return create_model(_title(resource), **fields)


class Factor(BaseModel):
    """What moved a probability, on the log-odds scale; all factors and the base add up to it."""

    name: str
    value: str | float | None
    contribution: float
    sentence: str


class LeadInput(BaseModel):
    """A lead that is not in the store: the columns of leads, custom attributes beside them."""

    model_config = ConfigDict(extra="allow")

    external_id: str | None = Field(None, max_length=500)
    created_at: types.Instant | None = None
    company: str | None = None
    domain: str | None = None
    country: str | None = Field(None, pattern="^[A-Z]{2}$")
    region: str | None = None
    city: str | None = None
    industry: str | None = None
    employees: StrictInt | None = Field(None, ge=0, le=2**63 - 1)
    source: str | None = None
    product: str | None = Field(None, description="external id of one of products")
    estimated_amount: types.Number | None = Field(None, ge=0)
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")
    description: str | None = Field(None, max_length=100_000)
    program: str | None = None
    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)


class MatchRequest(BaseModel):
    """Which lead to match, and how."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"lead": {"country": "BR", "industry": "retail"}, "limit": 5}]},
    )

    lead: LeadInput | None = None
    lead_id: str | None = Field(None, description="external id of a lead of the store")
    limit: int = Field(10, ge=1, le=1000)
    as_of: types.Instant | None = Field(None, description="nothing recorded later is used; default: now")
    by: Literal["p_win", "value"] | None = Field(
        None, description="value is p_win x expected amount x margin; default: the objective of the policy"
    )
    explore: bool = Field(True, description="whether the policy may show a near-equal first; false: always the best")


class SimilarWin(BaseModel):
    """An earlier win of the partner that resembles the lead."""

    model_config = ConfigDict(extra="allow")

    deal: str
    text: str


class Candidate(BaseModel):
    """One partner for the lead."""

    partner: str
    rank: int
    p_win: float = Field(description="offered now, the partner accepts and wins within the match horizon")
    low: float = Field(description="80 % interval")
    high: float
    expected_amount: float | None
    evidence: Evidence
    n: int = Field(description="the partner's own outcomes behind the number")
    base: float = Field(description="log-odds before any factor; base plus contributions is the log-odds of p_win")
    factors: list[Factor]
    similar_wins: list[SimilarWin]
    propensity: float = Field(description="probability with which the policy shows this partner first")
    p_accept: float | None = Field(
        None, description="the partner accepts the lead if offered now; null where the history holds no answers"
    )
    p_win_if_accepted: float | None = Field(None, description="p_win = p_accept x p_win_if_accepted")
    margin: float | None = Field(
        None, description="share of the amount left: the policy's margin less the commission of the partner's agreement"
    )
    value: float | None = Field(
        None, description="p_win x expected_amount x margin; null where no amount is to be expected"
    )
    lift: float | None = Field(
        None, description="value (p_win where no value is known) less that of the lead's best other candidate"
    )
    shadow_price: float = Field(
        0.0, description="what recent lists would have paid for the partner's room; taken off where the policy says so"
    )


class Exclusion(BaseModel):
    """A partner that may not get the lead, and why."""

    partner: str
    codes: list[str]
    texts: list[str]


class PolicyUsed(BaseModel):
    """The policy that decided who is shown first."""

    name: str
    fingerprint: str = Field(description="changes with anything in the policy")


class MatchAnswer(BaseModel):
    """Ranked partners for a lead; stored under ``match_id``."""

    match_id: str
    as_of: datetime
    model_version: str
    candidates: list[Candidate]
    excluded: list[Exclusion]
    policy: PolicyUsed | None = Field(None, description="null where nobody is eligible")
    explored: bool = Field(False, description="whether a near-equal was drawn in place of the best")


class ReplayedNumbers(BaseModel):
    """Numbers of one partner, as stored and computed again."""

    partner: str
    stored: list[float | None]
    again: list[float | None]
    same: bool


class MatchReplay(BaseModel):
    """A stored decision taken again: by the same version from the same feature values, by the same policy and key."""

    match_id: str
    as_of: datetime
    model_version: str
    names: list[str] = Field(description="the numbers compared, in their order")
    same: bool = Field(description="whether every number and the order is the same, byte for byte")
    order_same: bool | None = Field(description="whether the draw gives the same order; null where none was stored")
    sentence: str
    rows: list[ReplayedNumbers]


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


class ModelSummary(BaseModel):
    """One version in the registry."""

    name: str
    version: int
    label: str
    champion: bool
    approved: bool
    trained_as_of: datetime
    rows: int
    choice: str
    state: str = Field(description="champion, shadow, approved, candidate or rolled back")
    trained_because: str = Field(description="why it was trained on schedule; empty if somebody asked for it")
    promoted_because: str = Field(description="why somebody promoted it; empty if the gates did")


class TrainingRequest(BaseModel):
    """What to train."""

    model_config = ConfigDict(extra="forbid")

    models: list[Literal["fit", "churn", "match", "recommend"]] = Field(
        ["fit", "churn", "match", "recommend"], min_length=1
    )
    as_of: types.Instant | None = None


class ScoringRequest(BaseModel):
    """What to score and store."""

    model_config = ConfigDict(extra="forbid")

    model: Literal["fit", "churn"]
    horizon_days: int | None = Field(None, ge=1, le=3650)
    as_of: types.Instant | None = None


class Job(BaseModel):
    """Long work: how far it is, and what came out."""

    id: str
    kind: str
    status: Literal["queued", "running", "done", "dead"]
    progress: float
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    attempts: int
    created_at: datetime
    finished_at: datetime | None
