"""Market development funds: a request's way from approval to claim and payment. What must hold is `fund_rules`."""

from decimal import Decimal
from typing import Any

from domain.errors import Conflict
from domain.terms import FundStatus
from programme import records
from programme.rule import Row
from store import ledger as queries
from store.unit_of_work import UnitOfWork


def approve_request(work: UnitOfWork, key: int | str, amount: Decimal | None = None) -> Row:
    """Approve a request, with all that was asked for or less, and return it.

    Raises
    ------
    NotFound
        If the actor sees no such request.
    InvalidInput
        If the amount is above what was asked for, or not of whole minor units.
    Conflict
        If it was answered already, or the offer's budget has less left.
    """
    return _step(work, key, FundStatus.APPROVED, approved_amount=amount)


def reject_request(work: UnitOfWork, key: int | str, reason: str) -> Row:
    """Reject a request or a claim, with a reason, and return it; errors as of `approve_request`."""
    return _step(work, key, FundStatus.REJECTED, reason=reason)


def claim_request(work: UnitOfWork, key: int | str, evidence: str, amount: Decimal | None = None) -> Row:
    """Claim what was approved or less, with evidence, and return the request; errors as of `approve_request`."""
    return _step(work, key, FundStatus.CLAIMED, evidence=evidence, claimed_amount=amount)


def pay_request(work: UnitOfWork, key: int | str) -> Row:
    """Credit what was claimed to the partner's ledger, and return the request; errors as of `approve_request`."""
    return _step(work, key, FundStatus.PAID)


def withdraw_request(work: UnitOfWork, key: int | str, reason: str | None = None) -> Row:
    """Withdraw a request that nothing was claimed of, and return it; errors as of `approve_request`."""
    return _step(work, key, FundStatus.WITHDRAWN, reason=reason)


def _step(work: UnitOfWork, key: int | str, status: FundStatus, **values: Any) -> Row:
    request = work.repository("fund_requests").get(key)
    queries.lock_row(work.connection, "fund_requests", request["id"])
    if work.repository("fund_requests").get(request["id"])["status"] == status:
        raise Conflict(f"The request is {status} already.", current=status)
    given = {name: value for name, value in values.items() if value is not None}
    return records.change(work, "fund_requests", request["id"], {"status": status, **given})
