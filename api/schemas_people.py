"""Payloads of recruitment, onboarding and training."""

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import output_schema
from api.types import Day, Flag, Number
from domain.terms import PartnerStatus
from programme.certificates import Holding
from programme.onboarding import Progress
from programme.onboarding_times import Times
from programme.qualification import FitBeside, Qualification
from programme.recruitment import HistoryEntry
from programme.stages import Stage
from programme.training import CourseCoverage, ExpiringCertificate, MissingCourse, Person

Partner: Any = output_schema("partners")
Program: Any = output_schema("programs")
ProgramRules: Any = output_schema("program_rules")
Tier: Any = output_schema("tiers")
Criterion: Any = output_schema("criteria")
OnboardingStep: Any = output_schema("onboarding_steps")
Note: Any = output_schema("notes")
Task: Any = output_schema("tasks")
Agreement: Any = output_schema("agreements")
Rating: Any = output_schema("ratings")
Enrolment: Any = output_schema("enrolments")


class StatusRequest(BaseModel):
    """Where a partner is to stand."""

    model_config = ConfigDict(extra="forbid")

    status: PartnerStatus
    reason: str | None = Field(None, max_length=10_000, description="why; kept in the history")
    override: Flag = Field(
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


class RatingRequest(BaseModel):
    """What the caller thinks of a company by one criterion."""

    model_config = ConfigDict(extra="forbid")

    criterion: str = Field(description="external id of one of criteria", max_length=800)
    score: Number = Field(ge=0, le=5, description="0 to 5")
    comment: str | None = Field(None, max_length=10_000)


class QualificationAnswer(BaseModel):
    """People's qualification of a company; the model's fit beside it, never mixed."""

    partner: str
    status: str | None
    program: str | None
    qualification: Qualification
    fit: FitBeside | None


class ProspectItem(BaseModel):
    """A company in a list of recruiters."""

    partner: Partner
    qualification: Qualification
    fit: FitBeside | None


class ProspectPage(BaseModel):
    """A page of companies by people's qualification."""

    items: list[ProspectItem]
    next_cursor: str | None


class OnboardingAnswer(BaseModel):
    """A partner's checklist, and how long it took."""

    progress: Progress
    times: Times


class CompletionRequest(BaseModel):
    """How an enrolment ended."""

    model_config = ConfigDict(extra="forbid")

    passed: Flag
    score: Number | None = Field(None, ge=-1e12, le=1e12, description="points, on any scale")
    passed_on: Day | None = Field(None, description="day of the certificate; default: today (UTC)")


class TrainingAnswer(BaseModel):
    """How a partner stands with its courses on a day."""

    partner: str
    on: date
    held: tuple[Holding, ...]
    expiring: tuple[Holding, ...]
    expired: tuple[Holding, ...]
    missing: tuple[MissingCourse, ...]
    persons: tuple[Person, ...]
    enrolments: list[Enrolment] = Field(description="open ones")


class ExpiringPage(BaseModel):
    """A page of certificates that run out."""

    items: tuple[ExpiringCertificate, ...]
    next_cursor: str | None


class TrainingCoverage(BaseModel):
    """Active partners and the courses they hold."""

    items: tuple[CourseCoverage, ...]
