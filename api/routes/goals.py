"""Goals and joint business plans: how they stand, and what becomes of them."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api.dependencies import Limit, Work, allow
from api.figures import AsOfBookDep, decode_place, encode_place
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.routes.resources import row_key
from api.schemas_goals import GoalProgress, GoalsProgress, PartnerPlan, PlanAnswer, PlanStatusChange
from domain.resources import RESOURCES
from domain.terms import Role
from intelligence.analytics.progress import GoalStatus
from programme.goals import Wanted, goals_progress, partner_plan
from programme.plans import change_plan_status

router = APIRouter(tags=["goals"])

_READERS = (Role.RECRUITER, Role.MANAGER, Role.ANALYST, Role.PARTNER)
_Words = Annotated[str | None, Query(max_length=500)]


@router.get(
    "/goals/progress",
    operation_id="list_goal_progress",
    dependencies=[allow(*_READERS)],
    responses=problem_responses(401, 403, 404, 422),
)
def list_goal_progress(
    work: Work,
    books: AsOfBookDep,
    partner: Annotated[str | None, Query(max_length=500, description="external id of a partner")] = None,
    metric: Annotated[str | None, Query(max_length=500, description="the goal's own word")] = None,
    status: GoalStatus | None = None,
    program: _Words = None,
    tier: _Words = None,
    account_manager: _Words = None,
    running: Annotated[bool, Query(description="only goals whose period as_of lies in")] = True,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(max_length=4000, description="`next_cursor` of the page before")] = None,
) -> GoalsProgress:
    """Tell how goals stand: actual beside target, pace, forecast with an 80 % interval; the most pressing first.

    A partner sees its own. The next pages are as of the same instant.
    """
    asked = {"partner": partner, "metric": metric, "status": status, "program": program, "tier": tier,
             "account_manager": account_manager, "running": running}  # fmt: skip
    start = 0
    if cursor is not None:
        start, as_of = decode_place(cursor, asked)
        books = books.at(as_of)
    partner_id = None if partner is None else work.repository("partners").get(partner)["id"]
    groups = {"program": program, "tier": tier, "account_manager": account_manager}
    found = goals_progress(
        books.own, books.everybody, Wanted(running, partner_id, metric, status=status, groups=groups), start, limit
    )
    place = {"after": start + limit, "as_of": books.own.as_of.isoformat(), "asked": asked}
    return GoalsProgress(
        as_of=books.own.as_of,
        currency=books.own.currency,
        counts=dict(found.counts),
        total=found.total,
        items=[GoalProgress.of(one, found.partners) for one in found.items],
        next_cursor=encode_place(place) if start + limit < found.total else None,
    )


@router.get(
    "/partners/{key}/plan",
    operation_id="get_partner_plan",
    dependencies=[allow(*_READERS)],
    responses=problem_responses(401, 403, 404, 422),
)
def get_partner_plan(key: str, work: Work, books: AsOfBookDep) -> PartnerPlan:
    """Show a partner's joint business plan with its goals and how they stand; without a plan the goals that run."""
    partner = work.repository("partners").get(row_key(key, RESOURCES["partners"]))
    plan, found = partner_plan(work, books.own, books.everybody, partner)
    return PartnerPlan(
        partner=partner["external_id"],
        as_of=books.own.as_of,
        currency=books.own.currency,
        plan=None if plan is None else PlanAnswer.model_validate(plan),
        goals=[GoalProgress.of(one, found.partners) for one in found.items],
    )


@router.post(
    "/plans/{key}/status",
    operation_id="change_plan_status",
    dependencies=[allow(Role.MANAGER)],
    response_model=PlanAnswer,
    responses=problem_responses(401, 403, 404, 409, 422),
)
def set_plan_status(
    key: str, body: PlanStatusChange, work: Work, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Agree to a plan, close it, or make an agreed one a draft again. The same status again changes nothing."""
    plan = row_key(key, RESOURCES["plans"])
    return once(
        work, idempotency_key, [key, body], lambda: change_plan_status(work, plan, body.status), PlanAnswer, status=200
    )
