"""Payloads of recruitment, onboarding and training."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import output_schema
from domain.terms import PartnerStatus
from programme.onboarding import Progress
from programme.qualification import FitBeside, Qualification
from programme.recruitment import HistoryEntry
from programme.stages import Stage

Partner: Any = output_schema("partners")
Program: Any = output_schema("programs")
ProgramRules: Any = output_schema("program_rules")
Tier: Any = output_schema("tiers")
Criterion: Any = output_schema("criteria")
OnboardingStep: Any = output_schema("onboarding_steps")
Note: Any = output_schema("notes")
Task: Any = output_schema("tasks")
Agreement: Any = output_schema("agreements")


class StatusRequest(BaseModel):
    """Where a partner is to stand."""

    model_config = ConfigDict(extra="forbid")

    status: PartnerStatus
    reason: str | None = Field(None, max_length=10_000, description="why; kept in the history")
    override: bool = Field(
        False, description="answer for steps not done and musts not met: an admin or manager may, with a reason"
    )


class History(BaseModel):
    """The statuses that a partner had, the oldest first."""

    partner: str
    items: tuple[HistoryEntry, ...]


class DossierAnswer(BaseModel):
    """All that is known of a company: people's qualification and the model's fit stand side by side."""

    profile: Partner
    history: tuple[HistoryEntry, ...]
    qualification: Qualification
    fit: FitBeside | None
    notes: list[Note] = Field(description="interviews and notes, the newest first, at most 100")
    onboarding: Progress
    tasks: list[Task]
    agreements: list[Agreement]
    unmet: dict[str, list[str]] = Field(description="what stands between it and being active")


class TierLevel(Tier):  # type: ignore[misc]  # made from the import format
    """A level, and how many partners stand on it."""

    partners: int


class OverviewAnswer(BaseModel):
    """A programme and who stands where in it."""

    program: Program
    rules: ProgramRules | None
    tiers: list[TierLevel]
    stages: tuple[Stage, ...]
    criteria: list[Criterion]
    onboarding_steps: list[OnboardingStep]
