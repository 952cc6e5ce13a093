"""Payloads of matching: leads, candidates, exclusions, replays."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from api import types
from api.schemas_scores import Factor
from domain.terms import Evidence


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
