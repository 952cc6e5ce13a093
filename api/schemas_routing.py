"""Payloads of routed leads and of people's choices of the partner."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from api.types import Flag, Instant
from domain.routing import RouteState
from domain.terms import AssignmentResponse


class RouteRow(BaseModel):
    """A routed lead, as lists tell it."""

    lead: str = Field(description="external id")
    state: RouteState
    policy: str = Field(description="name of the policy that it began with")
    max_hops: int
    hops: int = Field(description="partners that the policy offered it to; a person's choice is none")
    started_at: datetime
    started_by: str
    contact_until: datetime | None = Field(description="the customer's clock; no hop moves it")
    customer_told_at: datetime | None = Field(description="when people were told that the customer waits")
    due_at: datetime | None = Field(description="when something is next to be done")
    ended_at: datetime | None
    note: str | None = Field(description="why a person decides, why it ended, or why it is put off")


class RouteRowPage(BaseModel):
    """Some routed leads, and the cursor of the next page."""

    items: list[RouteRow]
    next_cursor: str | None


class RouteNow(RouteRow):
    """A routed lead with its clocks."""

    partner: str | None = Field(description="who has it: waiting for an answer, or accepted")
    answer_until: datetime | None = Field(description="the partner's clock, while an offer waits")
    contacted_at: datetime | None = Field(
        description="first activity or registered deal of who accepted it, else the acceptance"
    )
    is_late: bool = Field(description="nobody accepted it before `contact_until`")


class RoutedOffer(BaseModel):
    """An offer of the lead."""

    id: int
    partner: str
    hop: int | None = Field(description="its number among the policy's offers; none: a person chose the partner")
    offered_at: datetime
    answer_until: datetime | None
    reminded_at: datetime | None
    response: AssignmentResponse | None
    responded_at: datetime | None
    decline_reason: str | None
    match_id: str | None
    rank: int | None = Field(description="where that match had the partner")
    p_win: float | None = Field(description="what that match said of it")
    propensity: float | None = Field(description="probability with which the policy showed this partner first")
    override: str | None = Field(description="external id of the override that it follows")


class OverrideRow(BaseModel):
    """A person's choice of the partner."""

    external_id: str
    partner: str
    reason: str
    set_by: str | None
    set_at: datetime | None
    expires_at: datetime | None
    is_used: bool = Field(description="its partner was offered the lead")


class ModelFirst(BaseModel):
    """Whom the models put first when they were asked last."""

    partner: str | None = Field(description="none: nobody was eligible")
    p_win: float | None
    match_id: str
    as_of: datetime
    model_version: str


class Routing(BaseModel):
    """All that is known of the routing of a lead."""

    lead: str
    route: RouteNow | None = Field(description="none: it is not routed")
    offers: list[RoutedOffer]
    override: OverrideRow | None
    model_first: ModelFirst | None


class PullBack(BaseModel):
    """What follows when an offer is taken back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"next": True, "reason": "region"}]})

    next: Flag = Field(True, description="go on to the next partner; else a person decides")
    reason: str | None = Field(None, max_length=2000, pattern=r"^[^\x00]*$")


class OverrideInput(BaseModel):
    """A person's choice."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"partner": "P-7", "reason": "knows the customer", "expires_at": "2030-01-31T00:00:00Z"},
            ]
        },
    )

    partner: str = Field(description="external id")
    reason: str = Field(min_length=1, max_length=2000, pattern=r"\S")
    expires_at: Instant | None = Field(None, description="default: in 30 days")


class OverrideWarning(BaseModel):
    """What speaks against the partner."""

    code: str
    text: str


class OverrideAnswer(Routing):
    """The lead's routing with the new choice, and what speaks against it."""

    warnings: list[OverrideWarning]
