"""Match a lead with the partners most likely to close it."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from api.answers import match, replayed
from api.dependencies import ActorDep, ServicesDep, Work, allow
from api.idempotency import IdempotencyKey, remember, replay
from api.problems import problem_responses
from api.schemas_matching import MatchAnswer, MatchReplay, MatchRequest
from domain.terms import Role
from store.match_runs import as_answered

router = APIRouter(tags=["matching"])


@router.post(
    "/match",
    operation_id="match_lead",
    response_model=MatchAnswer,
    dependencies=[allow(Role.ROUTER, Role.MANAGER, Role.RECRUITER)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def match_lead(
    body: MatchRequest, services: ServicesDep, actor: ActorDep, idempotency_key: IdempotencyKey = None
) -> Response:
    """Rank all eligible partners for a lead by P(win), and say for everyone else why not.

    The decision is stored with feature values and versions under `match_id`. Safe to retry with an Idempotency-Key.
    """
    if idempotency_key is not None:
        with services.unit_of_work(actor, read_only=True) as work:
            earlier = replay(work, idempotency_key, body, as_answered)
        if earlier is not None:
            return earlier
    # The store is not locked while the models work, and what they say is put into JSON: only the decision is written.
    found = match(services, body)
    answer = Response(found.body, media_type="application/json")
    with services.unit_of_work(actor) as work:
        earlier = replay(work, idempotency_key, body, as_answered)
        if earlier is None:
            found.keep(work)
            remember(work, idempotency_key, body, 200, found.stored)
    return earlier or answer


@router.get(
    "/match/{match_id}",
    operation_id="get_match",
    response_model=MatchAnswer,
    dependencies=[allow(Role.ROUTER, Role.MANAGER, Role.RECRUITER, Role.ANALYST)],
    responses=problem_responses(401, 403, 404),
)
def get_match(match_id: str, work: Work) -> JSONResponse:
    """Get a stored decision as it was answered."""
    return JSONResponse(as_answered(work.match_runs.get(match_id).response))


@router.get(
    "/match/{match_id}/replay",
    operation_id="replay_match",
    response_model=MatchReplay,
    dependencies=[allow(Role.ROUTER, Role.MANAGER, Role.ANALYST)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def replay_stored_match(match_id: str, services: ServicesDep) -> MatchReplay:
    """Take a stored decision again, from the stored feature values by the version and the policy that made it.

    Says for each number, and for the order, whether it comes out the same. What the baseline answered is counted from
    the store and has no version to ask again (422).
    """
    return replayed(services, match_id)
