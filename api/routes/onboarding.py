"""Onboarding: checklists of partners, what is overdue, how long it takes."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api.dependencies import Limit, Work, allow
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.routes.resources import row_key
from api.schemas_people import OnboardingAnswer, Task
from domain.resources import RESOURCES
from domain.terms import Role
from programme.onboarding import finish_task, start_onboarding
from programme.onboarding_times import OnboardingReport, onboarding_report, partner_onboarding
from programme.rows import plain_text

router = APIRouter(tags=["onboarding"])

_STAFF = (Role.RECRUITER, Role.MANAGER, Role.ANALYST)
_PARTNERS, _TASKS = RESOURCES["partners"], RESOURCES["tasks"]


@router.get(
    "/onboarding",
    operation_id="get_onboarding_report",
    dependencies=[allow(*_STAFF)],
    responses=problem_responses(401, 403, 422),
)
def get_report(
    work: Work,
    program: Annotated[str | None, Query(description="external id of a programme; default: all")] = None,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
) -> OnboardingReport:
    """Show how long onboarding and the first deal take, per programme and in all, and who is being onboarded."""
    return onboarding_report(work, plain_text("program", program), cursor, limit)


@router.get(
    "/partners/{key}/onboarding",
    operation_id="get_onboarding",
    dependencies=[allow(*_STAFF, Role.PARTNER)],
    response_model=OnboardingAnswer,
    responses=problem_responses(401, 403, 404, 422),
)
def get_onboarding(key: str, work: Work) -> OnboardingAnswer:
    """Show a partner's checklist: what is done, overdue and next, and how long it took. A partner sees its own."""
    return OnboardingAnswer.model_validate(partner_onboarding(work, row_key(key, _PARTNERS)), from_attributes=True)


@router.post(
    "/partners/{key}/onboarding",
    operation_id="start_onboarding",
    dependencies=[allow(Role.RECRUITER, Role.MANAGER)],
    response_model=OnboardingAnswer,
    responses=problem_responses(401, 403, 404, 409, 422),
)
def make_checklist(key: str, work: Work, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """Make the tasks that a partner's checklist lacks, such as those of new steps. Again it adds nothing."""

    def start() -> OnboardingAnswer:
        start_onboarding(work, row_key(key, _PARTNERS))
        found = partner_onboarding(work, row_key(key, _PARTNERS))
        return OnboardingAnswer.model_validate(found, from_attributes=True)

    return once(work, idempotency_key, [key], start, OnboardingAnswer, status=200)


@router.post(
    "/tasks/{key}/done",
    operation_id="finish_task",
    dependencies=[allow(Role.RECRUITER, Role.MANAGER, Role.PARTNER)],
    response_model=Task,
    responses=problem_responses(401, 403, 404, 409, 412, 422),
)
def set_done(key: str, work: Work, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """Tick off a task now; one that is done stays as it is, so a retry is safe. A partner ticks off its own.

    What a certificate does is done as that comes; the staff may tick it off nevertheless.
    """
    return once(work, idempotency_key, [key], lambda: finish_task(work, row_key(key, _TASKS)), Task, status=200)
