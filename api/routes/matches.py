"""Match a lead with the partners most likely to close it."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api import answers
from api.dependencies import ServicesDep, Work, allow
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.schemas import MatchAnswer, MatchRequest
from domain.terms import Role

router = APIRouter(tags=["matching"])


@router.post(
    "/match",
    operation_id="match_lead",
    response_model=MatchAnswer,
    dependencies=[allow(Role.ROUTER, Role.MANAGER, Role.RECRUITER)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def match_lead(
    body: MatchRequest, services: ServicesDep, work: Work, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Rank all eligible partners for a lead by P(win), and say for everyone else why not.

    The decision is stored with feature values and versions under `match_id`. Safe to retry with an Idempotency-Key.
    """
    return once(work, idempotency_key, body, lambda: answers.match(services, body, work), 200)


@router.get(
    "/match/{match_id}",
    operation_id="get_match",
    response_model=MatchAnswer,
    dependencies=[allow(Role.ROUTER, Role.MANAGER, Role.RECRUITER, Role.ANALYST)],
    responses=problem_responses(401, 403, 404),
)
def get_match(match_id: str, work: Work) -> JSONResponse:
    """Get a stored decision as it was answered."""
    return JSONResponse(work.match_runs.get(match_id).response)
