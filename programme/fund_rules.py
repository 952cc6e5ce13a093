"""What must hold of requests for market development funds: who may do which step, and budgets that are never overdrawn.

All ways of changing a request pass here: the endpoints of its steps and a plain change of its status alike.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from domain.errors import Conflict, InvalidInput, NotAllowed
from domain.resources import RESOURCES
from domain.terms import FundStatus, LedgerKind, Role
from programme.ledger import Entry, book, service_rows
from programme.money import ZERO, check_amount, shown
from programme.money_rules import after_write
from programme.rule import Row, Rule
from store import ledger as queries
from store.unit_of_work import UnitOfWork

_S = FundStatus

TRANSITIONS: Mapping[FundStatus, tuple[FundStatus, ...]] = MappingProxyType(
    {
        _S.REQUESTED: (_S.APPROVED, _S.REJECTED, _S.WITHDRAWN),
        _S.APPROVED: (_S.CLAIMED, _S.WITHDRAWN),
        _S.CLAIMED: (_S.PAID, _S.REJECTED),
        _S.PAID: (),
        _S.REJECTED: (),
        _S.WITHDRAWN: (),
    }
)
"""Which statuses may follow each: the one table of it."""

_STAFF_STEPS = (_S.APPROVED, _S.REJECTED, _S.PAID)
_STAFF = (Role.ADMIN, Role.MANAGER)
_SERVICE = ("decided_by", "decided_at", "claimed_at", "paid_at", "requested_at")
_OPEN = ("purpose", "amount", "currency", "offer")
"""What may be changed while a request waits for an answer."""

_GIVEN: Mapping[FundStatus, tuple[str, ...]] = {
    _S.APPROVED: ("approved_amount",),
    _S.REJECTED: ("reason",),
    _S.CLAIMED: ("claimed_amount", "evidence"),
    _S.PAID: (),
    _S.WITHDRAWN: ("reason",),
}
"""What comes with each step."""


class FundRule(Rule):
    """Over requests for funds."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check the step, complete it with who and when, and keep within the offer's budget."""
        row = after_write("fund_requests", before, values)
        told = [name for name in _SERVICE if row.get(name) != (before or {}).get(name)]
        if told:
            raise InvalidInput(f"{told[0]} is set by the service; leave it out", field=told[0])
        if before is None:
            return _requested(work, row, values)
        if row["status"] == before["status"]:
            return _corrected(before, row, values)
        wanted = _check_step(work, before, row)
        return {**values, **_completed(work, wanted, before, row)}

    def written(self, work: UnitOfWork, before: Row | None, after: Row) -> None:
        """Credit the partner with what is paid; announce each step."""
        if before is not None and before["status"] == after["status"]:
            return
        partner = service_rows(work, "partners").get(after["partner"])
        if after["status"] == _S.PAID:
            book(work, [_credit(work, after)])
        payload = {"fund_request": after["external_id"], "partner": after["partner"], "amount": after["amount"]}
        work.journal.announce(f"fund_request.{after['status']}", payload, partner["id"])

    def removing(self, work: UnitOfWork, before: Row) -> None:
        """Keep what was decided."""
        if _status(before) != _S.REQUESTED:
            raise Conflict(f"A request that is {before['status']} is kept; withdraw or reject it instead.")


def _requested(work: UnitOfWork, row: Row, values: Mapping[str, Any]) -> Mapping[str, Any]:
    if row.get("status") not in (None, _S.REQUESTED):
        raise InvalidInput("a request begins as requested; its further steps have their own endpoints", field="status")
    for name in ("approved_amount", "claimed_amount", "evidence", "reason"):
        if row.get(name) is not None:
            raise InvalidInput(f"{name} comes with a later step; leave it out", field=name)
    currency = _currency(work, row)
    if row.get("amount") is not None and currency is not None:
        check_amount(row["amount"], currency, "amount")
    more = {"status": _S.REQUESTED, "requested_at": work.clock(), "currency": currency}
    return {**values, **{name: value for name, value in more.items() if value is not None}}


def _currency(work: UnitOfWork, row: Row) -> str | None:
    """Return the request's currency: its own, else that of the offer, else the store's."""
    if row.get("currency") is not None or row.get("offer") is None:
        return row.get("currency") or work.currency
    offer = service_rows(work, "offers").find((row["offer"],))
    return (offer or {}).get("currency") or work.currency


def _corrected(before: Row, row: Row, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let a request be corrected while it waits, and nothing but its attributes later."""
    status = _status(before)
    _refuse_others(before, row, _OPEN if status == _S.REQUESTED else (), f"that is {status}")
    if status == _S.REQUESTED and row["amount"] is not None and row["currency"] is not None:
        check_amount(row["amount"], row["currency"], "amount")
    return values


def _refuse_others(before: Row, row: Row, allowed: tuple[str, ...], told: str) -> None:
    for name in RESOURCES["fund_requests"].by_name:
        if name not in allowed and row.get(name) != before[name]:
            raise Conflict(f"{name} of a request {told} does not change.", field=name)


def _status(row: Row) -> FundStatus:
    return FundStatus(row["status"] or _S.REQUESTED)


def _check_step(work: UnitOfWork, before: Row, row: Row) -> FundStatus:
    if row["status"] is None:
        raise InvalidInput("status cannot be cleared", field="status")
    wanted, status = _status(row), _status(before)
    if wanted in _STAFF_STEPS and work.actor.role not in _STAFF:
        raise NotAllowed(f"a request is {wanted} by the vendor: role manager or admin")
    allowed = TRANSITIONS[status]
    if wanted not in allowed:
        told = f"only {' or '.join(allowed)}" if allowed else "nothing"
        raise Conflict(f"A request that is {status} cannot become {wanted}; {told} may follow.", current=status)
    _refuse_others(before, row, ("status", *_GIVEN[wanted]), f"as it is {wanted}")
    return wanted


def _completed(work: UnitOfWork, wanted: FundStatus, before: Row, row: Row) -> dict[str, Any]:
    """Return what a step adds, having checked it."""
    match wanted:
        case FundStatus.APPROVED:
            return _approve(work, before, row)
        case FundStatus.REJECTED:
            return _reject(work, before, row)
        case FundStatus.CLAIMED:
            return _claim(work, row)
        case FundStatus.PAID:
            return {"paid_at": work.clock()}
    return {}


def _approve(work: UnitOfWork, before: Row, row: Row) -> dict[str, Any]:
    currency = str(row["currency"])
    amount: Decimal = row["amount"] if row.get("approved_amount") is None else row["approved_amount"]
    check_amount(amount, currency, "approved_amount")
    if amount > row["amount"]:
        raise InvalidInput(
            f"approved_amount is at most what was asked for, {shown(row['amount'], currency)}",
            field="approved_amount",
            value=str(amount),
        )
    _check_budget(work, before, row, amount)
    return {"approved_amount": amount, **_decision(work)}


def _check_budget(work: UnitOfWork, before: Row, row: Row, amount: Decimal) -> None:
    if row["offer"] is None:
        return
    offers = service_rows(work, "offers")
    queries.lock_row(work.connection, "offers", offers.get(row["offer"])["id"])
    offer = offers.get(row["offer"])
    if offer["budget"] is None:
        return
    if offer["currency"] != row["currency"]:
        raise Conflict(
            f"The budget of {offer['external_id']!r} is in {offer['currency']}, the request in {row['currency']}; "
            "amounts are never converted."
        )
    promised = queries.committed_funds(work.connection, offer["id"], but=before["id"])
    spent = sum((part for currency, part in promised if currency == offer["currency"]), ZERO)
    if spent + amount > offer["budget"]:
        left = shown(max(offer["budget"] - spent, ZERO), str(offer["currency"]))
        raise Conflict(f"The budget of {offer['external_id']!r} has {left} left.", left=str(offer["budget"] - spent))


def _reject(work: UnitOfWork, before: Row, row: Row) -> dict[str, Any]:
    if not (row.get("reason") or "").strip() or row["reason"] == before["reason"]:
        raise InvalidInput("reason must say why the request is rejected", field="reason")
    return _decision(work)


def _claim(work: UnitOfWork, row: Row) -> dict[str, Any]:
    currency, approved = str(row["currency"]), row["approved_amount"] or ZERO
    amount: Decimal = approved if row.get("claimed_amount") is None else row["claimed_amount"]
    check_amount(amount, currency, "claimed_amount")
    if amount > approved:
        raise InvalidInput(
            f"claimed_amount is at most what was approved, {shown(approved, currency)}",
            field="claimed_amount",
            value=str(amount),
        )
    if not (row.get("evidence") or "").strip():
        raise InvalidInput("evidence must say what was done: a link, or the number of an invoice", field="evidence")
    return {"claimed_amount": amount, "claimed_at": work.clock()}


def _decision(work: UnitOfWork) -> dict[str, Any]:
    return {"decided_by": work.actor.name, "decided_at": work.clock()}


def _credit(work: UnitOfWork, request: Row) -> Entry:
    amount, currency = request["claimed_amount"] or ZERO, str(request["currency"])
    return Entry(
        partner=request["partner"],
        kind=LedgerKind.FUND,
        currency=currency,
        earned_on=work.clock().date(),
        explanation=f"Funds for {request['purpose']}: {shown(amount, currency)} as claimed.",
        credit=amount,
        attributes={"fund_request": request["external_id"]},
    )


FUND_RULES: Mapping[str, tuple[Rule, ...]] = {"fund_requests": (FundRule(),)}
"""Rules by resource."""
