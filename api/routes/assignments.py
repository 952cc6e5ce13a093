"""Leads offered to partners, and their answers."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from api.dependencies import Work, allow
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.schemas_claims import Assignment, Decline, Offer, OfferTerms
from domain.terms import AssignmentResponse, Role
from programme.assignments import standing_of
from programme.offers import answer_offer, offer_lead
from store.unit_of_work import UnitOfWork

router = APIRouter(tags=["assignments"])

_OFFERERS = (Role.MANAGER, Role.ROUTER)
_ANSWERERS = (Role.MANAGER, Role.PARTNER)
_PROBLEMS = problem_responses(401, 403, 404, 409, 413, 422)

AssignmentId = Annotated[int, Path(ge=1, lt=2**63, description="our id of the assignment")]


@router.post(
    "/assignments",
    operation_id="offer_lead",
    status_code=201,
    dependencies=[allow(*_OFFERERS)],
    response_model=Assignment,
    responses=_PROBLEMS,
)
def offer(body: Offer, work: Work, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """Offer a lead to a partner, to be answered in time: see its `/terms`.

    409 where the lead is taken or closed, the partner has declined it, has it already, is gone or has its hands full.
    """
    values = body.model_dump(exclude_unset=True, exclude={"match_id"})
    request = {"offer": values, "match_id": body.match_id}
    return once(work, idempotency_key, request, lambda: offer_lead(work, values, body.match_id), Assignment)


@router.get(
    "/assignments/{id}/terms",
    operation_id="get_assignment_terms",
    dependencies=[allow(*Role)],
    response_model=OfferTerms,
    responses=problem_responses(401, 403, 404, 422),
)
def get_terms(id: AssignmentId, work: Work) -> dict[str, Any]:
    """Tell until when an offered lead is to be answered, and of which match it came. A partner sees its own offers."""
    return standing_of(work, work.repository("assignments").get(id))


@router.post(
    "/assignments/{id}/accept",
    operation_id="accept_assignment",
    dependencies=[allow(*_ANSWERERS)],
    response_model=Assignment,
    responses=_PROBLEMS,
)
def accept(id: AssignmentId, work: Work, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """Accept an offered lead. Exactly one of several partners gets it; others get 409, their offers are withdrawn."""
    return _answered(work, idempotency_key, id, AssignmentResponse.ACCEPTED)


@router.post(
    "/assignments/{id}/decline",
    operation_id="decline_assignment",
    dependencies=[allow(*_ANSWERERS)],
    response_model=Assignment,
    responses=_PROBLEMS,
)
def decline(
    id: AssignmentId, work: Work, body: Decline | None = None, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Decline an offered lead, or give an accepted one back. The partner is not asked for it again."""
    return _answered(work, idempotency_key, id, AssignmentResponse.DECLINED, body)


@router.post(
    "/assignments/{id}/withdraw",
    operation_id="withdraw_assignment",
    dependencies=[allow(*_OFFERERS)],
    response_model=Assignment,
    responses=_PROBLEMS,
)
def withdraw(id: AssignmentId, work: Work, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """Take an offer back, also one that was accepted; the lead may be offered to others."""
    return _answered(work, idempotency_key, id, AssignmentResponse.WITHDRAWN)


def _answered(
    work: UnitOfWork, key: str | None, id_: int, response: AssignmentResponse, body: BaseModel | None = None
) -> JSONResponse:
    request: Any = {str(response): id_, "body": None if body is None else body.model_dump()}
    reason = getattr(body, "decline_reason", None)
    return once(work, key, request, lambda: answer_offer(work, id_, response, reason), Assignment, status=200)
