"""Leads on their way to a partner: begun, followed, pulled back, stopped; and a person's choice of the partner."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse

from api.cursors import cursor_of, parts_of
from api.dependencies import ActorDep, Limit, ServicesDep, Work, allow, utc
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.routes.resources import row_key
from api.schemas_routing import OverrideAnswer, OverrideInput, PullBack, RouteRow, RouteRowPage, Routing
from api.types import Instant
from domain.resources import RESOURCES
from domain.routing import RouteState
from domain.terms import Role
from programme import routing
from programme.routing_overrides import end_override, opinion_on, set_override
from programme.routing_view import routing_of, told_route
from store.routes import list_routes

router = APIRouter(tags=["routing"])

_READERS = (Role.RECRUITER, Role.MANAGER, Role.ROUTER, Role.ANALYST)
_ROUTERS = (Role.MANAGER, Role.ROUTER)
_DECIDERS = (Role.MANAGER,)
_PROBLEMS = problem_responses(401, 403, 404, 409, 413, 422)

LeadKey = Annotated[str, Path(description="external id of the lead, or ours as `id:42`")]


def _key(text: str) -> int | str:
    return row_key(text, RESOURCES["leads"])


@router.get(
    "/routes",
    operation_id="list_routes",
    dependencies=[allow(*_READERS)],
    response_model=RouteRowPage,
    responses=problem_responses(401, 403, 422),
)
def get_routes(
    work: Work,
    state: RouteState | None = None,
    due_until: Annotated[Instant | None, Query(description="only those that are due by then")] = None,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before")] = None,
) -> dict[str, Any]:
    """List routed leads in the order in which the leads were recorded."""
    after = parts_of(cursor, int)[0] if cursor else 0
    until = utc(due_until)
    found = list_routes(work.connection, work.actor, state=state, due_until=until, after=after, limit=limit + 1)
    following = cursor_of(found[limit - 1].lead_id) if len(found) > limit else None
    return {"items": [told_route(route) for route in found[:limit]], "next_cursor": following}


@router.post(
    "/leads/{key}/route",
    operation_id="start_route",
    status_code=201,
    dependencies=[allow(*_ROUTERS)],
    response_model=RouteRow,
    responses=_PROBLEMS,
)
def start_route(key: LeadKey, work: Work, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """Begin to route a lead by the policy of its programme; the first offer follows within moments.

    409 while it is routed, accepted or closed. Begun again after a stop, or from a person, it has all its hops again.
    """
    return once(work, idempotency_key, {"route": key}, lambda: told_route(routing.start(work, _key(key))), RouteRow)


@router.get(
    "/leads/{key}/route",
    operation_id="get_route",
    dependencies=[allow(*_READERS)],
    response_model=Routing,
    responses=problem_responses(401, 403, 404),
)
def get_route(key: LeadKey, work: Work) -> dict[str, Any]:
    """Tell where a lead stands: both clocks, its offers, the override in force, and whom the models put first."""
    return routing_of(work, _key(key))


@router.delete(
    "/leads/{key}/route",
    operation_id="stop_route",
    dependencies=[allow(*_ROUTERS)],
    response_model=RouteRow,
    responses=_PROBLEMS,
)
def stop_route(key: LeadKey, work: Work) -> dict[str, Any]:
    """Stop routing a lead and take a waiting offer back; an accepted one stays. Safe to repeat."""
    return told_route(routing.stop(work, _key(key)))


@router.post(
    "/leads/{key}/route/pull-back",
    operation_id="pull_back_lead",
    dependencies=[allow(*_ROUTERS)],
    response_model=RouteRow,
    responses=_PROBLEMS,
)
def pull_back(
    key: LeadKey, work: Work, body: PullBack | None = None, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Take a waiting or accepted offer back, and go on to the next partner or leave the lead to a person."""
    body = body or PullBack()

    def act() -> dict[str, Any]:
        return told_route(routing.pull_back(work, _key(key), go_on=body.next, reason=body.reason))

    return once(work, idempotency_key, {"pull-back": key, "body": body.model_dump()}, act, RouteRow, status=200)


@router.put(
    "/leads/{key}/override",
    operation_id="set_override",
    dependencies=[allow(*_DECIDERS)],
    response_model=OverrideAnswer,
    responses=problem_responses(401, 403, 404, 409, 413, 422, 503),
)
def put_override(key: LeadKey, body: OverrideInput, services: ServicesDep, actor: ActorDep) -> dict[str, Any]:
    """Choose the partner to whom the next offer of the lead goes; it replaces an earlier choice.

    What speaks against the partner is told as warnings. The models give their opinion all the same, now and at every
    hop, and it is stored: how often people and models agree is a figure of the programme.
    """
    # The store is not locked while the models work.
    decision = opinion_on(services.intelligence, actor, _key(key))
    values = body.model_dump(exclude_unset=True) | {"expires_at": utc(body.expires_at)}
    with services.unit_of_work(actor) as work:
        lead_id = set_override(work, _key(key), values, decision)
        warnings = [{"code": code, "text": text} for code, text in decision.exclusions_of(body.partner)]
        return routing_of(work, lead_id) | {"warnings": warnings}


@router.delete(
    "/leads/{key}/override",
    operation_id="end_override",
    dependencies=[allow(*_DECIDERS)],
    response_model=Routing,
    responses=_PROBLEMS,
)
def delete_override(key: LeadKey, work: Work) -> dict[str, Any]:
    """End the choice that is in force; the models choose again. Safe to repeat."""
    return routing_of(work, end_override(work, _key(key)))
