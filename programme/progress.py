"""What a partner tells of its open deals: stage, amount, when it will close, won or lost.

What it says of its pipeline is taken as said. That a deal is won is the staff's to confirm, since commission follows
from it: the partner reports it, and the staff gets a message.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from domain.errors import Conflict, InvalidInput
from domain.terms import DealOutcome, DealStatus, NoteKind, Role
from programme import records
from programme.rule import Row
from store.unit_of_work import UnitOfWork

EXPECTED_CLOSE = "expected_close_on"
"""Custom attribute of deals: the day (ISO) on which the partner expects the customer's decision."""

REPORTED_WON = "won, to be confirmed"
"""Stage of a deal that its partner has reported as won."""

STAGES = ("contacted", "qualified", "proposal", "negotiation")
"""Stages to choose from; a programme's own words are as good."""

_TOLD = ("stage", "amount", "currency")
_LIVE = (DealStatus.SUBMITTED, DealStatus.APPROVED)


def report_progress(work: UnitOfWork, key: int | str, told: Mapping[str, Any], if_version: int | None = None) -> Row:
    """Write what is told of an open deal and return it; what is not told stays.

    Parameters
    ----------
    work : UnitOfWork
        The transaction.
    key : int or str
        The deal.
    told : mapping
        Any of ``stage``, ``amount``, ``currency``, ``expected_close_on``; ``outcome`` (won or lost) with ``reason`` and
        ``closed_on`` (default: today). A reason goes into a note that both sides read.
    if_version : int, optional
        The version of the row that the change is based on.

    Raises
    ------
    NotFound
        If the actor sees no such deal.
    Conflict
        If the deal is closed, or its registration is rejected or expired.
    StaleVersion
        If the row has changed since.
    InvalidInput
        If a value does not fit, or a lost deal comes without a reason.
    """
    deal = work.repository("deals").get(key)
    _refuse_over(deal)
    outcome = told.get("outcome")
    values: Row = {name: told[name] for name in _TOLD if name in told}
    if EXPECTED_CLOSE in told:
        values["attributes"] = {EXPECTED_CLOSE: _day(told[EXPECTED_CLOSE])}
    if outcome is not None:
        values |= _closed(work, outcome, told)
    after = records.change(work, "deals", deal["id"], values, if_version)
    _note(work, after, told)
    return work.repository("deals").get(deal["id"])


def decide_win(
    work: UnitOfWork, key: int | str, outcome: str | None, reason: str | None = None, closed_on: date | None = None
) -> Row:
    """Confirm a deal that its partner reported as won, or not; the partner reads the answer. Return the deal.

    Parameters
    ----------
    work : UnitOfWork
        The transaction, of somebody of the staff.
    key : int or str
        The deal.
    outcome : {"won", "lost"} or None
        What it is; None: it is still open, at the last stage before.
    reason : str, optional
        Goes into a note that both sides read; asked for unless it is won.
    closed_on : date, optional
        When it was won or lost; default: today.

    Raises
    ------
    NotFound
        If the actor sees no such deal.
    Conflict
        If nobody waits for a confirmation, or the registration is rejected or expired.
    InvalidInput
        If a value does not fit, or the reason is missing.
    """
    deal = work.repository("deals").get(key)
    if deal["stage"] != REPORTED_WON or deal["outcome"] is not None:
        raise Conflict(f"Deal {deal['external_id']} does not wait for a confirmation.")
    said = (reason or "").strip()
    if outcome != DealOutcome.WON and not said:
        raise InvalidInput("say why it is not won: the partner reads it", field="reason")
    if outcome is None:
        return report_progress(work, deal["id"], {"stage": STAGES[-1], "reason": said})
    return report_progress(
        work, deal["id"], {"outcome": outcome, "closed_on": closed_on, "reason": said or "confirmed"}
    )


def _refuse_over(deal: Row) -> None:
    if deal["outcome"] is not None:
        raise Conflict(f"Deal {deal['external_id']} is {deal['outcome']}; nothing more is reported of it.")
    if deal["status"] not in _LIVE:
        raise Conflict(f"The registration of {deal['external_id']} is {deal['status']}; register the deal anew.")


def _day(value: date | str | None) -> str | None:
    if value is None or isinstance(value, date):
        return value.isoformat() if value else None
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise InvalidInput(
            f"{EXPECTED_CLOSE} is a day such as 2026-03-31, not {value[:50]!r}", field=EXPECTED_CLOSE
        ) from None


def _closed(work: UnitOfWork, outcome: str, told: Mapping[str, Any]) -> Row:
    if outcome not in list(DealOutcome):
        raise InvalidInput("outcome is won or lost", field="outcome", value=str(outcome)[:50])
    if outcome == DealOutcome.LOST and not (told.get("reason") or "").strip():
        raise InvalidInput("say why the deal was lost", field="reason")
    if outcome == DealOutcome.WON and work.actor.role is Role.PARTNER:
        return {"stage": REPORTED_WON}
    return {"outcome": str(outcome), "closed_at": _instant(work, told.get("closed_on"))}


def _instant(work: UnitOfWork, day: date | None) -> datetime:
    now = work.clock()
    if day is not None and day > now.date():
        raise InvalidInput("a deal is closed when it is: closed_on lies in the future", field="closed_on")
    return now if day is None or day == now.date() else datetime.combine(day, time(12), UTC)


def _note(work: UnitOfWork, deal: Row, told: Mapping[str, Any]) -> None:
    """Keep the reason where both sides read it, and tell the staff of a win that it is to confirm."""
    outcome, reason = told.get("outcome"), (told.get("reason") or "").strip()
    reported = outcome == DealOutcome.WON and work.actor.role is Role.PARTNER
    if not reported and not reason:
        return
    closed_on = told.get("closed_on") or work.clock().date()
    head = f"Reported as won on {closed_on}: {_money(deal)}." if reported else f"{outcome or 'update'}:".capitalize()
    named = {"partner": deal["partner"], "deal": deal["external_id"], "shared": True}
    kind = NoteKind.MESSAGE if reported else NoteKind.NOTE
    records.create(work, "notes", named | {"kind": str(kind), "body": f"{head} {reason}".strip()})


def _money(deal: Row) -> str:
    amount: Decimal | None = deal["amount"]
    return "no amount given" if amount is None else f"{amount:,.2f} {deal['currency'] or ''}".strip()
