"""Whole lists of leads given to partners."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.dependencies import ActorDep, Services, ServicesDep, Work, allow, utc
from api.idempotency import IdempotencyKey, once, replay
from api.problems import problem_responses
from api.schemas_allocations import AllocationAnswer, AllocationRequest
from domain.errors import NotFound
from domain.terms import Role
from intelligence.matching.assign import assign_leads
from programme.allocations import keep_list
from store.allocations import allocation

router = APIRouter(tags=["matching"])


@router.post(
    "/match/assign",
    operation_id="assign_leads",
    response_model=AllocationAnswer,
    dependencies=[allow(Role.ROUTER, Role.MANAGER)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def assign(
    body: AllocationRequest, services: ServicesDep, actor: ActorDep, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Give each lead of a list to one partner so that all are worth most, within capacity and limits of shares.

    Says what capacity and each limit cost, and why a lead stays without a partner. Stored under `allocation_id`; its
    shadow prices count for single leads where a policy says so. With `offer` each lead is offered at once; one that
    cannot be offered stays without a partner. Safe to retry with an Idempotency-Key.
    """
    with services.unit_of_work(actor, read_only=True) as work:
        earlier = replay(work, idempotency_key, body)
    if earlier is not None:
        return earlier
    as_of = utc(body.as_of) or services.clock()
    # The store is not locked while the models work and the list is solved: only the decision is written.
    result = assign_leads(services.intelligence, _asked(services, body, as_of), as_of, body.by)
    request = body.model_dump(mode="json", exclude_unset=True)
    with services.unit_of_work(actor) as work:
        return once(
            work,
            idempotency_key,
            body,
            lambda: keep_list(work, result, as_of, request, offered=body.offer),
            AllocationAnswer,
            200,
        )


@router.get(
    "/match/assign/{allocation_id}",
    operation_id="get_allocation",
    response_model=AllocationAnswer,
    dependencies=[allow(Role.ROUTER, Role.MANAGER, Role.ANALYST)],
    responses=problem_responses(401, 403, 404),
)
def get_allocation(allocation_id: str, work: Work) -> AllocationAnswer:
    """Get a stored list as it was answered."""
    return AllocationAnswer.of(allocation(work.connection, allocation_id).response)


def _asked(services: Services, body: AllocationRequest, as_of: datetime) -> list[Any]:
    if body.lead_ids is None:
        return [lead.model_dump(exclude_unset=True) for lead in body.leads or []]
    wanted = list(dict.fromkeys(body.lead_ids))
    known = set(services.intelligence.history(as_of if body.as_of else None).leads["external_id"])
    for lead in wanted:
        if lead not in known:
            raise NotFound(f"no lead {lead!r} as of {as_of.isoformat()}", lead_id=lead)
    return list(wanted)
