"""Training: enrolments end, certificates run out, and what partners lack."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api.dependencies import Limit, Work, allow
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.routes.resources import row_key
from api.schemas_people import CompletionRequest, Enrolment, ExpiringPage, TrainingAnswer, TrainingCoverage
from domain.resources import RESOURCES
from domain.terms import Role
from programme import training
from programme.rows import plain_text

router = APIRouter(tags=["training"])

_STAFF = (Role.RECRUITER, Role.MANAGER, Role.ANALYST)
WithinDays = Annotated[int, Query(ge=0, le=3650, description="days ahead")]


@router.get(
    "/partners/{key}/training",
    operation_id="get_partner_training",
    dependencies=[allow(*_STAFF, Role.PARTNER)],
    response_model=TrainingAnswer,
    responses=problem_responses(401, 403, 404, 422),
)
def get_partner_training(key: str, work: Work, within_days: WithinDays = 60) -> Any:
    """Show a partner's certificates: held, running out, run out; and what it lacks, with what that would open.

    A certificate's last day counts. A partner sees its own.
    """
    return training.partner_training(work, row_key(key, RESOURCES["partners"]), within_days)


@router.post(
    "/enrolments/{key}/complete",
    operation_id="complete_enrolment",
    dependencies=[allow(Role.RECRUITER, Role.MANAGER)],
    response_model=Enrolment,
    responses=problem_responses(401, 403, 404, 409, 412, 422),
)
def complete_enrolment(
    key: str, body: CompletionRequest, work: Work, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Say how an enrolment ended; passing writes the certificate, which expires by the course's validity."""

    def complete() -> Any:
        found = row_key(key, RESOURCES["enrolments"])
        return training.complete_enrolment(work, found, passed=body.passed, score=body.score, passed_on=body.passed_on)

    return once(work, idempotency_key, [key, body], complete, Enrolment, status=200)


@router.get(
    "/certifications/expiring",
    operation_id="list_expiring_certifications",
    dependencies=[allow(*_STAFF, Role.PARTNER)],
    responses=problem_responses(401, 403, 422),
)
def list_expiring(
    work: Work,
    within_days: WithinDays = 60,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
) -> ExpiringPage:
    """List certificates that run out and were not renewed, the soonest first. A partner sees its own."""
    items, following = training.list_expiring(work, within_days, cursor, limit)
    return ExpiringPage(items=items, next_cursor=following)


@router.get(
    "/training/coverage",
    operation_id="get_training_coverage",
    dependencies=[allow(*_STAFF)],
    responses=problem_responses(401, 403, 422),
)
def get_coverage(
    work: Work,
    program: Annotated[str | None, Query(description="external id of a programme; default: all")] = None,
    within_days: WithinDays = 60,
) -> TrainingCoverage:
    """Show for each programme and course how many active partners hold it, lose it soon, or are learning."""
    return TrainingCoverage(items=training.coverage(work, plain_text("program", program), within_days))
