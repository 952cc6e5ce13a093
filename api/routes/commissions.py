"""Commissions, ledger, balances and statements."""

from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Response

from api.dependencies import Work, allow, utc
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.routes.resources import row_key
from api.schemas_money import (
    AdjustmentRequest,
    BalanceAnswer,
    CommissionAnswer,
    DealCommission,
    LedgerEntry,
    PayoutRequest,
    PreviewRequest,
    RunAnswer,
    RunRequest,
    StatementRequest,
    StatementRunAnswer,
    StatementRunRequest,
    StatementsAnswer,
)
from domain.resources import RESOURCES
from domain.terms import Role
from programme.commissions import preview_commission, told_commission
from programme.ledger import adjust, entries_csv, partner_balance, pay_out
from programme.money import fraction
from programme.settlement import run_commissions
from programme.statements import close_all_statements, close_statements, statement_entries

router = APIRouter()

_READERS = (Role.RECRUITER, Role.MANAGER, Role.ANALYST, Role.PARTNER)


@router.get(
    "/deals/{key}/commission",
    operation_id="get_deal_commission",
    tags=["commissions"],
    response_model=DealCommission,
    dependencies=[allow(*_READERS)],
    responses=problem_responses(401, 403, 404, 422),
)
def get_deal_commission(key: str, work: Work) -> dict[str, Any]:
    """Say how the commission on a deal comes about by today's terms, and what was booked for it and taken back.

    A partner sees its own deals, and of these its own part.
    """
    deal = work.repository("deals").get(row_key(key, RESOURCES["deals"]))
    computed, entries = told_commission(work, deal["id"])
    return {"deal": deal["external_id"], "computed": computed, "entries": entries}


@router.post(
    "/commissions/preview",
    operation_id="preview_commission",
    tags=["commissions"],
    response_model=CommissionAnswer,
    dependencies=[allow(*_READERS)],
    responses=problem_responses(401, 403, 404, 413, 422),
)
def preview(body: PreviewRequest, work: Work) -> Any:
    """Say what a deal would earn if it were won like this. Nothing is kept; safe to repeat."""
    values = body.model_dump(exclude={"partner", "shares"}) | {"closed_at": utc(body.closed_at)}
    shares = {given.partner: fraction(given.share) for given in body.shares}
    return preview_commission(work, body.partner, values, shares)


@router.post(
    "/commission-runs",
    operation_id="run_commissions",
    tags=["commissions"],
    status_code=201,
    response_model=RunAnswer,
    dependencies=[allow(Role.MANAGER)],
    responses=problem_responses(401, 403, 413, 422),
)
def run(body: RunRequest, work: Work, idempotency_key: IdempotencyKey = None) -> Any:
    """Book all that is due for won deals, also for those that came by import, and take back what no longer is.

    At most `limit` deals at a time; go on with `next_after`. Safe to repeat: what is booked is not booked again. The
    service does the same each night.
    """

    def settle() -> Any:
        return run_commissions(
            work, after=body.after, limit=body.limit, recompute=body.recompute, won_since=body.won_since
        )

    return once(work, idempotency_key, {"run": body.model_dump()}, settle, RunAnswer)


@router.post(
    "/ledger",
    operation_id="book_adjustment",
    tags=["ledger"],
    status_code=201,
    response_model=LedgerEntry,
    dependencies=[allow(Role.MANAGER)],
    responses=problem_responses(401, 403, 404, 413, 422),
)
def book_adjustment(body: AdjustmentRequest, work: Work, idempotency_key: IdempotencyKey = None) -> Any:
    """Book an adjustment by hand, with its reason: exactly one of credit and debit, in whole minor units.

    Entries are never changed or deleted; a wrong one is adjusted the other way.
    """
    values = body.model_dump()
    partner = values.pop("partner")
    return once(
        work, idempotency_key, {"adjust": body.model_dump()}, lambda: adjust(work, partner, **values), LedgerEntry
    )


@router.get(
    "/partners/{key}/balance",
    operation_id="get_balance",
    tags=["ledger"],
    response_model=BalanceAnswer,
    dependencies=[allow(*_READERS)],
    responses=problem_responses(401, 403, 404, 422),
)
def get_balance(key: str, work: Work) -> dict[str, Any]:
    """Say what a partner is owed, per currency: all credits less all debits, payouts among them."""
    partner = work.repository("partners").get(row_key(key, RESOURCES["partners"]))
    return {"partner": partner["external_id"], "items": partner_balance(work, partner["id"])}


@router.post(
    "/partners/{key}/payouts",
    operation_id="book_payout",
    tags=["ledger"],
    status_code=201,
    response_model=LedgerEntry,
    dependencies=[allow(Role.MANAGER)],
    responses=problem_responses(401, 403, 404, 409, 413, 422),
)
def book_payout(key: str, body: PayoutRequest, work: Work, idempotency_key: IdempotencyKey = None) -> Any:
    """Book that a partner was paid: at most what it is owed in that currency."""
    amount = Decimal(body.amount)
    more = body.model_dump(exclude={"amount"})
    partner = row_key(key, RESOURCES["partners"])
    request = {"pay": key, "values": body.model_dump()}
    return once(work, idempotency_key, request, lambda: pay_out(work, partner, amount, **more), LedgerEntry)


@router.post(
    "/statements",
    operation_id="close_statement",
    tags=["statements"],
    status_code=201,
    response_model=StatementsAnswer,
    dependencies=[allow(Role.MANAGER)],
    responses=problem_responses(401, 403, 404, 409, 413, 422),
)
def close(body: StatementRequest, work: Work, idempotency_key: IdempotencyKey = None) -> Any:
    """Close a period of a partner: one statement per currency, whose totals are the sums of its entries.

    It takes in what was earned in the period and stands in no statement yet, and what was booked late for days that
    earlier statements have closed. A statement is never changed.
    """

    def make() -> Any:
        return {"items": close_statements(work, body.partner, body.period_start, body.period_end, body.currency)}

    return once(work, idempotency_key, {"close": body.model_dump()}, make, StatementsAnswer)


@router.post(
    "/statement-runs",
    operation_id="run_statements",
    tags=["statements"],
    status_code=201,
    response_model=StatementRunAnswer,
    dependencies=[allow(Role.MANAGER)],
    responses=problem_responses(401, 403, 413, 422),
)
def close_all(body: StatementRunRequest, work: Work, idempotency_key: IdempotencyKey = None) -> Any:
    """Close a period for all partners with entries in no statement; safe to repeat. Go on with `next_after`."""

    def make() -> Any:
        return close_all_statements(work, body.period_start, body.period_end, after=body.after, limit=body.limit)

    return once(work, idempotency_key, {"close_all": body.model_dump()}, make, StatementRunAnswer)


@router.get(
    "/statements/{key}/csv",
    operation_id="get_statement_csv",
    tags=["statements"],
    response_class=Response,
    dependencies=[allow(*_READERS)],
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, **problem_responses(401, 403, 404, 422)},
)
def get_statement_csv(key: str, work: Work) -> Response:
    """Give the entries of a statement as CSV."""
    _statement, entries = statement_entries(work, row_key(key, RESOURCES["statements"]))
    return Response(entries_csv(entries), media_type="text/csv; charset=utf-8")
