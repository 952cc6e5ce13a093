"""Payloads of goals, plans and surveys."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.types import Number
from domain.terms import PlanStatus
from intelligence.analytics.progress import GoalStatus, Progress


class GoalProgress(BaseModel):
    """A goal and how it stands."""

    goal_id: int
    partner: str
    partner_name: str
    metric: str
    figure: str | None = Field(description="the figure that counts towards it; null: no figure has that name")
    period_start: date
    period_end: date
    target: float
    status: GoalStatus
    actual: float | None
    share: float | None = Field(description="actual / target")
    expected: float | None = Field(description="the target's share of the time that has passed; sums only")
    forecast: float | None = Field(description="at the end of the period")
    low: float | None = Field(description="80 % interval of the forecast")
    high: float | None
    p_reach: float | None = Field(description="chance to reach the target")
    method: str = Field(description="pipeline, blocks, level, final or none; see docs/goals.md")
    note: str | None

    @classmethod
    def of(cls, one: Progress, partners: Mapping[int, tuple[str, str]]) -> "GoalProgress":
        """Return progress as payload."""
        goal = one.goal
        unknown = one.status is GoalStatus.UNKNOWN_METRIC
        return cls(
            goal_id=goal.id,
            partner=partners[goal.partner_id][0],
            partner_name=partners[goal.partner_id][1],
            metric=goal.metric,
            figure=one.figure,
            period_start=goal.period_start,
            period_end=goal.period_end,
            target=goal.target,
            status=one.status,
            actual=one.actual,
            share=round(one.actual / goal.target, 6) if one.actual is not None and goal.target else None,
            expected=one.expected,
            forecast=one.forecast,
            low=one.low,
            high=one.high,
            p_reach=one.p_reach,
            method=one.method,
            note=f"No figure is called {goal.metric!r}: see GET /v1/analytics/figures." if unknown else None,
        )


class GoalsProgress(BaseModel):
    """Goals, the most pressing first."""

    as_of: datetime
    currency: str
    counts: dict[str, int] = Field(description="by status, all pages together")
    total: int
    items: list[GoalProgress]
    next_cursor: str | None


class PlanAnswer(BaseModel):
    """A joint business plan."""

    model_config = ConfigDict(extra="ignore")

    external_id: str
    partner: str
    title: str
    objective: str | None
    status: PlanStatus | None
    period_start: date
    period_end: date
    owner: str | None


class PartnerPlan(BaseModel):
    """A partner's plan and its goals."""

    partner: str
    as_of: datetime
    currency: str
    plan: PlanAnswer | None = Field(description="the one whose period `as_of` lies in, else the next, else the last")
    goals: list[GoalProgress]


class PlanStatusChange(BaseModel):
    """What a plan becomes."""

    model_config = ConfigDict(extra="forbid")

    status: PlanStatus


class SurveyAnswerCreate(BaseModel):
    """An answer to a survey."""

    model_config = ConfigDict(extra="forbid")

    score: Number = Field(description="a whole number: nps 0 to 10, csat 1 to 5")
    comment: str | None = Field(None, max_length=100_000)
    partner: str | None = Field(None, description="external id; a partner answers for itself and need not give it")


class SurveyAnswerKept(BaseModel):
    """An answer as it is kept: a row of feedback."""

    model_config = ConfigDict(extra="ignore")

    id: int
    partner: str
    submitted_at: datetime
    kind: str
    score: float
    comment: str | None
    attributes: dict[str, Any]


class SurveyResultsAnswer(BaseModel):
    """What partners answered in a period, without their names."""

    model_config = ConfigDict(from_attributes=True)

    survey: str
    kind: str
    period_start: datetime | None
    period_end: datetime | None
    n: int
    asked: int = Field(description="partners onboarding, active or inactive, of the survey's programme if it has one")
    response_rate: float | None
    value: float | None = Field(description="nps: -100 to 100; csat: share of 4 and 5")
    mean: float | None
    distribution: dict[str, int]
    comments: list[str]
