"""Agreements: activation, suspension and end, renewal, versions of terms, what expires, what happened."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.dependencies import Limit, Work, allow
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.routes.resources import row_key
from api.schemas import output_schema
from api.schemas_money import AgreementHistory, ExpiringPage, ReasonGiven, RenewalRequest, TermsGiven
from domain.resources import RESOURCES
from domain.terms import AgreementStatus, Role
from programme.agreements import add_terms, agreement_history, change_status, expiring_agreements, renew_agreement

router = APIRouter(prefix="/agreements", tags=["agreements"])

_AGREEMENTS = RESOURCES["agreements"]
_AGREEMENT: Any = output_schema("agreements")
_TERMS: Any = output_schema("terms")
_STAFF = (Role.RECRUITER, Role.MANAGER, Role.ANALYST)
_WRITE: dict[str, Any] = {
    "response_model": _AGREEMENT,
    "dependencies": [allow(Role.RECRUITER, Role.MANAGER)],
    "responses": problem_responses(401, 403, 404, 409, 413, 422),
}


@router.get(
    "/expiring",
    operation_id="list_expiring_agreements",
    response_model=ExpiringPage,
    dependencies=[allow(*_STAFF, Role.PARTNER)],
    responses=problem_responses(401, 403, 422),
)
def list_expiring(
    work: Work,
    within_days: Annotated[int, Query(ge=0, le=3650, description="from today on")] = 90,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
) -> dict[str, Any]:
    """List active agreements that end within some days, the soonest first, with notice and follower if there are."""
    items, following = expiring_agreements(work, within_days, cursor=cursor or None, limit=limit)
    return {"items": items, "next_cursor": following}


@router.get(
    "/{key}/history",
    operation_id="get_agreement_history",
    response_model=AgreementHistory,
    dependencies=[allow(*_STAFF)],
    responses=problem_responses(401, 403, 404, 422),
)
def get_history(key: str, work: Work) -> dict[str, Any]:
    """Tell what changed of an agreement, the latest first, with the reasons that were given."""
    agreement = work.repository("agreements").get(row_key(key, _AGREEMENTS))
    return {"agreement": agreement["external_id"], "items": agreement_history(work, agreement["id"])}


@router.post("/{key}/activate", operation_id="activate_agreement", **_WRITE)
def activate(key: str, body: ReasonGiven, work: Work) -> Any:
    """Activate a draft or a suspended agreement. 409 names exclusive rights of another partner that it overlaps."""
    return change_status(work, row_key(key, _AGREEMENTS), AgreementStatus.ACTIVE, body.reason)


@router.post("/{key}/suspend", operation_id="suspend_agreement", **_WRITE)
def suspend(key: str, body: ReasonGiven, work: Work) -> Any:
    """Suspend an active agreement: while suspended it makes nobody eligible and pays no commission."""
    return change_status(work, row_key(key, _AGREEMENTS), AgreementStatus.SUSPENDED, body.reason)


@router.post("/{key}/end", operation_id="end_agreement", **_WRITE)
def end(key: str, body: ReasonGiven, work: Work) -> Any:
    """End an agreement for good, today if its last day lies ahead."""
    return change_status(work, row_key(key, _AGREEMENTS), AgreementStatus.ENDED, body.reason)


@router.post("/{key}/renew", operation_id="renew_agreement", status_code=201, **_WRITE)
def renew(key: str, body: RenewalRequest, work: Work, idempotency_key: IdempotencyKey = None) -> Any:
    """Make the agreement that follows from the day after: same scope, rate, agreed terms. The two name each other."""

    def make() -> Any:
        return renew_agreement(work, row_key(key, _AGREEMENTS), external_id=body.external_id, valid_to=body.valid_to)

    return once(work, idempotency_key, {"renew": key, "values": body.model_dump()}, make, _AGREEMENT)


@router.post(
    "/{key}/terms",
    operation_id="add_agreement_terms",
    status_code=201,
    response_model=_TERMS,
    dependencies=[allow(Role.MANAGER)],
    responses=problem_responses(401, 403, 404, 409, 413, 422),
)
def add_version(key: str, body: TermsGiven, work: Work, idempotency_key: IdempotencyKey = None) -> Any:
    """Add the next version of the terms. What has a day of agreement is never changed."""
    values = body.model_dump(exclude_unset=True)
    request = {"terms": key, "values": values}
    return once(work, idempotency_key, request, lambda: add_terms(work, row_key(key, _AGREEMENTS), values), _TERMS)
