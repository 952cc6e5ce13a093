"""Shapes of whole lists of leads given to partners."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api import types
from api.schemas_matching import LeadInput
from domain.terms import Evidence

_MOST_LEADS = 2000


class AllocationRequest(BaseModel):
    """Which leads to give to partners, and how."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"leads": [{"country": "BR"}, {"country": "DE"}], "by": "p_win"}]},
    )

    lead_ids: list[str] | None = Field(
        None, max_length=_MOST_LEADS, description="external ids of leads of the store; one named twice counts once"
    )
    leads: list[LeadInput] | None = Field(None, max_length=_MOST_LEADS, description="leads that need not be there")
    as_of: types.Instant | None = Field(None, description="nothing recorded later is used; default: now")
    by: Literal["p_win", "value"] | None = Field(
        None, description="what is made the largest in total; default: as the leads' policy says"
    )
    offer: types.Flag = Field(
        False, description="offer each lead to its partner in the same transaction; for leads of the store, as of now"
    )

    @model_validator(mode="after")
    def _one_list(self) -> Self:
        if (self.lead_ids is None) == (self.leads is None):
            raise ValueError("give either 'lead_ids' or 'leads'")
        if self.offer and (self.lead_ids is None or self.as_of is not None):
            raise ValueError("what is to be offered are leads of the store, by lead_ids, as of now: without as_of")
        return self


class AllocatedLead(BaseModel):
    """A lead and the partner that it is given to."""

    lead: str
    partner: str
    p_win: float
    low: float = Field(description="80 % interval")
    high: float
    expected_amount: float | None
    value: float | None = Field(description="p_win x expected amount x margin")
    evidence: Evidence
    n: int = Field(description="the partner's own outcomes behind the number")
    reasons: list[str]


class UnassignedLead(BaseModel):
    """A lead that stays without a partner."""

    lead: str
    code: Literal["no_partner", "no_room", "limits", "refused"]
    text: str


class LimitGroup(BaseModel):
    """How a group of partners comes off under a limit."""

    group: str
    before: int = Field(description="leads under capacity alone")
    leads: int
    share_before: float
    share: float
    at_least: int | None = Field(description="the bounds in leads")
    at_most: int | None
    missing: int = Field(description="leads by which the minimum is missed")
    shadow_price: float = Field(description="what one lead of leeway would add to the total")


class LimitCost(BaseModel):
    """What a limit of a policy costs."""

    policy: str
    program: str | None
    limit: str = Field(description="in words")
    by: str
    value: str | None
    least: float | None
    most: float | None
    binding: bool
    missed: bool = Field(description="whether a minimum could not be met")
    shadow_price: float = Field(description="the largest of its groups'")
    cost: float | None = Field(description="what the total would gain without it")
    groups: list[LimitGroup]


class CapacityCost(BaseModel):
    """What want of room costs."""

    value_without: float = Field(description="total if each lead went to its best partner")
    value: float = Field(description="total under capacity, without limits of shares")
    cost: float
    unassigned: int = Field(description="leads that stay without a partner under capacity alone")
    full_partners: int = Field(description="partners whose room this list uses up")


class AllocationAnswer(BaseModel):
    """A list of leads given to partners; stored under ``allocation_id``."""

    model_config = ConfigDict(protected_namespaces=())

    allocation_id: str
    as_of: datetime
    by: Literal["p_win", "value"]
    model_version: str
    leads: int
    items: list[AllocatedLead]
    unassigned: list[UnassignedLead]
    expected_value: float = Field(description="wins to expect in all, or their value")
    bound: float = Field(description="nothing within capacity and limits can be worth more")
    limits: list[LimitCost]
    limits_cost: float
    capacity: CapacityCost
    offered: bool

    @classmethod
    def of(cls, stored: Any) -> Self:
        """Read an answer as it was stored."""
        return cls.model_validate(stored)
