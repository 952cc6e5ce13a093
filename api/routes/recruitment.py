"""The recruitment pipeline: moves, histories, qualification, dossiers, programmes side by side."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api.dependencies import ServicesDep, Work, allow
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.routes.resources import row_key
from api.schemas_people import DossierAnswer, History, OverviewAnswer, Partner, StatusRequest
from domain.resources import RESOURCES
from domain.terms import Role
from programme import recruitment
from programme.recruitment import PipelineFigures

router = APIRouter(tags=["recruitment"])

_STAFF = (Role.RECRUITER, Role.MANAGER, Role.ANALYST)
_PARTNERS = RESOURCES["partners"]


@router.get(
    "/pipeline",
    operation_id="get_pipeline",
    dependencies=[allow(*_STAFF)],
    responses=problem_responses(401, 403, 404, 422),
)
def get_pipeline(
    work: Work, program: Annotated[str | None, Query(description="external id of a programme; default: all")] = None
) -> PipelineFigures:
    """Show the stages of recruitment: which may follow which, how many stand there, how long, how many go on.

    Over all programmes, and for each. Conversion counts stays that ended: with a later stage, or with rejection,
    inactivity or the end.
    """
    return recruitment.pipeline(work, program)


@router.post(
    "/partners/{key}/status",
    operation_id="move_partner",
    dependencies=[allow(Role.RECRUITER, Role.MANAGER)],
    response_model=Partner,
    responses=problem_responses(401, 403, 404, 409, 412, 422),
)
def move_partner(key: str, body: StatusRequest, work: Work, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """Bring a partner to another stage, with a reason that its history keeps.

    Only along the table of `GET /v1/pipeline`; what a step asks for and is missing is named in the refusal (409). An
    admin or manager may override that. The same status again changes nothing, so a retry is safe.
    """

    def move() -> Any:
        return recruitment.move_partner(work, row_key(key, _PARTNERS), body.status, body.reason, override=body.override)

    return once(work, idempotency_key, [key, body], move, Partner, status=200)


@router.get(
    "/partners/{key}/history",
    operation_id="get_partner_history",
    dependencies=[allow(*_STAFF)],
    responses=problem_responses(401, 403, 404, 422),
)
def get_partner_history(key: str, work: Work) -> History:
    """Show who brought a partner to which status when and why, and how long it stood there."""
    partner = work.repository("partners").get(row_key(key, _PARTNERS))
    return History(partner=partner["external_id"], items=recruitment.partner_history(work, partner["id"]))


@router.get(
    "/prospects/{key}/dossier",
    operation_id="get_dossier",
    dependencies=[allow(*_STAFF)],
    response_model=DossierAnswer,
    responses=problem_responses(401, 403, 404, 422),
)
def get_dossier(key: str, work: Work, services: ServicesDep) -> Any:
    """Show all that is known of a company; people's ratings and the model's fit stand side by side, never mixed."""
    return recruitment.dossier(work, row_key(key, _PARTNERS), services.settings.fit_horizon_days)


@router.get(
    "/programs/{key}/overview",
    operation_id="get_program_overview",
    dependencies=[allow(*_STAFF)],
    response_model=OverviewAnswer,
    responses=problem_responses(401, 403, 404, 422),
)
def get_program_overview(key: str, work: Work) -> Any:
    """Show a programme: objective, levels and rules, what it asks of partners, and who stands where in it."""
    return recruitment.program_overview(work, row_key(key, RESOURCES["programs"]))
