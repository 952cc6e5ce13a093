"""Market development funds: the steps of a request. Requests themselves are made and listed as rows."""

from typing import Any

from fastapi import APIRouter

from api.dependencies import Work, allow
from api.problems import problem_responses
from api.routes.resources import row_key
from api.schemas import output_schema
from api.schemas_money import FundApproval, FundClaim, OptionalReason, ReasonGiven
from domain.resources import RESOURCES
from domain.terms import Role
from programme.funds import approve_request, claim_request, pay_request, reject_request, withdraw_request

router = APIRouter(prefix="/fund-requests/{key}", tags=["fund-requests"])

_REQUESTS = RESOURCES["fund_requests"]
_REQUEST: Any = output_schema("fund_requests")
_PROBLEMS = problem_responses(401, 403, 404, 409, 413, 422)


def _step(*roles: Role) -> dict[str, Any]:
    return {"response_model": _REQUEST, "dependencies": [allow(*roles)], "responses": _PROBLEMS}


@router.post("/approve", operation_id="approve_fund_request", **_step(Role.MANAGER))
def approve(key: str, body: FundApproval, work: Work) -> Any:
    """Approve a request, with all that was asked for or less. An offer's budget is never overdrawn: 409."""
    return approve_request(work, row_key(key, _REQUESTS), body.amount)


@router.post("/reject", operation_id="reject_fund_request", **_step(Role.MANAGER))
def reject(key: str, body: ReasonGiven, work: Work) -> Any:
    """Reject a request, or what was claimed, with a reason."""
    return reject_request(work, row_key(key, _REQUESTS), body.reason)


@router.post("/claim", operation_id="claim_fund_request", **_step(Role.MANAGER, Role.PARTNER))
def claim(key: str, body: FundClaim, work: Work) -> Any:
    """Claim what was approved or less, with evidence of what was done."""
    return claim_request(work, row_key(key, _REQUESTS), body.evidence, body.amount)


@router.post("/pay", operation_id="pay_fund_request", **_step(Role.MANAGER))
def pay(key: str, work: Work) -> Any:
    """Credit what was claimed to the partner's ledger; it goes out with the next payout."""
    return pay_request(work, row_key(key, _REQUESTS))


@router.post("/withdraw", operation_id="withdraw_fund_request", **_step(Role.MANAGER, Role.PARTNER))
def withdraw(key: str, body: OptionalReason, work: Work) -> Any:
    """Withdraw a request that nothing was claimed of."""
    return withdraw_request(work, row_key(key, _REQUESTS), body.reason)
