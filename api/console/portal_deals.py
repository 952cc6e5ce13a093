"""Deals of a partner: its pipeline by stage, updates in two taps, one deal with all that is known of it."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import HTMLResponse, Response

from api.console import portal_clock
from api.console.lists import ROWS, Chosen
from api.console.portal_own import Partner, Row, check_area, may, own_partner
from api.console.shell import Visitor
from api.console.words import mark
from api.schemas_claims import finding_for
from domain.errors import AllywiseError, InvalidInput, NotFound
from domain.terms import DealStatus
from programme import records
from programme.claim_rules import findings_of, registration_of
from programme.commissions import preview_commission, told_commission
from programme.progress import EXPECTED_CLOSE, REPORTED_WON, STAGES, report_progress
from store.portal import open_pipeline
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

DealId = Annotated[int, Path(ge=1, lt=2**63)]
Word = Annotated[str, Form(max_length=500)]
Text = Annotated[str, Form(max_length=4000)]
Version = Annotated[int | None, Form(ge=0, lt=2**31)]
_NOTES = 50
_LIVE = [str(DealStatus.SUBMITTED), str(DealStatus.APPROVED)]

LOST = (
    mark("price"),
    mark("chose another product"),
    mark("no budget"),
    mark("no decision"),
    mark("no need any more"),
)
"""Why a deal is lost: kept in English, whoever chose it in which language."""


@router.get("/portal/deals")
def deals(
    visit: Partner, stage: Chosen = "", state: Chosen = "", cursor: Annotated[str, Query(max_length=2000)] = ""
) -> Response:
    """List the own pipeline by stage with its amounts, or deals that are over."""
    return _deals(visit, stage, "over" if state == "over" else "", cursor)


def _deals(
    visit: Visitor, stage: str = "", state: str = "", cursor: str = "", error: AllywiseError | None = None
) -> Response:
    check_area(visit, "deals")
    with visit.work() as work:
        sums = open_pipeline(work.connection, visit.actor.partner_id or 0)
        page = work.repository("deals").list(
            _wanted(stage, state), sort="-registered_at", cursor=cursor or None, limit=ROWS
        )
        now = work.clock()
    values: Row = {
        "sums": sums,
        "rows": page.rows,
        "following": page.next_cursor,
        "chosen": {"stage": stage, "state": state},
        "stages": stages_of(one.stage for one in sums),
        "expected": EXPECTED_CLOSE,
        "reported": REPORTED_WON,
        "now": now,
        "cursor": cursor,
    }
    return (
        visit.page("portal_deals.html", **values)
        if error is None
        else visit.refused("portal_deals.html", error, **values)
    )


def _wanted(stage: str, state: str) -> dict[str, Any]:
    if state == "over":
        return {"outcome": ["won", "lost"]}
    return {"outcome": None, "status": _LIVE} | ({"stage": stage} if stage else {})


def stages_of(used: Any) -> list[str]:
    """Return stages to choose from: the usual ones, and what own open deals are at."""
    return list(dict.fromkeys([*STAGES, *(one for one in used if one and one != REPORTED_WON)]))


@router.post("/portal/deals/{id}/stage")
def set_stage(visit: Partner, id: DealId, stage: Word = "", version: Version = None) -> Response:
    """Set the stage of an open deal, from the list."""
    check_area(visit, "deals")
    try:
        with visit.work(read_only=False) as work:
            report_progress(work, id, {"stage": stage.strip() or None}, version)
    except NotFound:
        raise
    except AllywiseError as error:
        return _deals(visit, error=error)
    return visit.go("/portal/deals", "kept")


@router.get("/portal/deals/{id}")
def deal(visit: Partner, id: DealId) -> Response:
    """Show a deal: its registration and protection, what it will earn, what happened, and ways to update it."""
    return show_deal(visit, id)


def show_deal(visit: Visitor, id: int, error: AllywiseError | None = None, **typed: str) -> Response:
    """Show a deal, again with what was typed where that was refused."""
    check_area(visit, "deals")
    with visit.work() as work:
        row = work.repository("deals").get(id)
        registration = registration_of(work, row)
        values: Row = {
            "deal": row,
            "registration": registration,
            "lead": _offer_of(visit, work, row),
            "open": row["outcome"] is None and row["status"] in _LIVE,
            "commission": _commission(visit, work, row),
            "history": _history(work, row, registration),
            "stages": stages_of([one.stage for one in open_pipeline(work.connection, visit.actor.partner_id or 0)]),
            "now": work.clock(),
        }
    values |= {"lost": LOST, "reported": REPORTED_WON, "clock": portal_clock, "may": lambda area: may(visit, area)}
    values |= {"findings": _findings(visit, row), "typed": _shown(row) | typed}
    template = "portal_deal.html"
    return visit.page(template, **values) if error is None else visit.refused(template, error, **values)


def _shown(row: Row) -> dict[str, str]:
    amount = None if row["amount"] is None else plain(row["amount"])
    told = {"stage": row["stage"], "amount": amount, "close_on": (row["attributes"] or {}).get(EXPECTED_CLOSE)}
    return {name: "" if value is None else str(value) for name, value in told.items()} | {
        "reason": "",
        "words": "",
        "closed_on": "",
        "body": "",
        "appeal": "",
        "why": "",
    }


def _offer_of(visit: Visitor, work: UnitOfWork, row: Row) -> int | None:
    """Return the offer by which the partner got the lead that a deal rests on."""
    if row["lead"] is None or not may(visit, "assignments"):
        return None
    found = work.repository("assignments").list({"lead": row["lead"]}, sort="-offered_at", limit=1).rows
    return found[0]["id"] if found else None


def _findings(visit: Visitor, row: Row) -> list[Any]:
    """Return the other claims on the customer while the registration waits for a decision, as the partner may know."""
    if row["status"] != DealStatus.SUBMITTED or row["outcome"] is not None:
        return []
    with visit.work(read_only=False) as work:  # comparing claims brings their keys up to date
        return [finding_for(one, work.actor.role) for one in findings_of(work, row)]


def _commission(visit: Visitor, work: UnitOfWork, row: Row) -> Row | None:
    """Return what a deal earns its partner: booked, or expected if it is won as it stands."""
    if not may(visit, "commission"):
        return None
    if row["outcome"] is not None or row["amount"] is None:
        found, entries = told_commission(work, row["id"])
        return {"found": found, "entries": entries, "expected": False}
    names = ("amount", "currency", "product", "company", "domain", "country", "region")
    expected = preview_commission(work, own_partner(work)["external_id"], {name: row[name] for name in names}, {})
    return {"found": expected, "entries": [], "expected": True}


def _history(work: UnitOfWork, row: Row, registration: Row | None) -> list[Row]:
    """Return what happened, the newest first: the registration's steps, notes of both sides, the end."""
    told = [(row["registered_at"], mark("Registered"), row["description"])]
    if registration is not None:
        decision = (mark("Decided"), registration["reason"])
        told += [
            (registration["decided_at"], *decision),
            (registration["reminded_at"], mark("Reminded that the protection ends"), None),
            (registration["appealed_at"], mark("Appealed"), registration["appeal_reason"]),
            (registration["appeal_decided_at"], mark("Appeal decided"), registration["appeal_decision"]),
        ]
    told.append((row["closed_at"], mark("Closed"), row["outcome"]) if row["outcome"] else (None, "", None))
    notes = work.repository("notes").list({"deal": row["external_id"]}, sort="-written_at", limit=_NOTES).rows
    rows = [{"at": at, "title": title, "text": text, "own": False} for at, title, text in told if at is not None]
    rows += [{"at": one["written_at"], "title": one["author"], "text": one["body"], "own": True} for one in notes]
    return sorted((one for one in rows if one["at"]), key=lambda one: one["at"], reverse=True)


@router.post("/portal/deals/{id}/update")
def update(
    visit: Partner, id: DealId, stage: Word = "", amount: Word = "", close_on: Word = "", version: Version = None
) -> Response:
    """Write stage, amount and the day on which the customer will decide."""
    typed = {"stage": stage, "amount": amount, "close_on": close_on}
    try:
        told = {"stage": stage.strip() or None, "amount": amount_of(amount), EXPECTED_CLOSE: close_on.strip() or None}
    except AllywiseError as error:
        return show_deal(visit, id, error, **typed)
    return _reported(visit, id, told, version, typed)


@router.post("/portal/deals/{id}/close")
def close(
    visit: Partner,
    id: DealId,
    outcome: Word = "",
    reason: Word = "",
    words: Word = "",
    version: Version = None,
) -> Response:
    """Say that a deal is won, which the staff confirms, or lost, and why."""
    why = ": ".join(text for text in (reason.strip(), words.strip()) if text)
    told = {"outcome": outcome, "reason": why}
    return _reported(visit, id, told, version, {"reason": reason, "words": words})


def _reported(visit: Visitor, id: int, told: Row, version: int | None, typed: dict[str, str]) -> Response:
    check_area(visit, "deals")
    try:
        with visit.work(read_only=False) as work:
            report_progress(work, id, told, version)
    except AllywiseError as error:
        return show_deal(visit, id, error, **typed)
    return visit.go(f"/portal/deals/{id}", "reported" if told.get("outcome") == "won" else "kept")


@router.post("/portal/deals/{id}/note")
def note(visit: Partner, id: DealId, body: Text = "") -> Response:
    """Write a note on a deal that both sides read."""
    check_area(visit, "notes")
    try:
        with visit.work(read_only=False) as work:
            row = work.repository("deals").get(id)
            records.create(work, "notes", {"partner": row["partner"], "deal": row["external_id"], "body": body.strip()})
    except AllywiseError as error:
        return show_deal(visit, id, error, body=body)
    return visit.go(f"/portal/deals/{id}", "noted")


def plain(amount: Decimal) -> str:
    """Write an amount as it is typed.

    Examples
    --------
    >>> plain(Decimal("13000.0")), plain(Decimal("12.5"))
    ('13000', '12.50')
    """
    return f"{amount:.2f}".removesuffix(".00")


def amount_of(text: str) -> Decimal | None:
    """Return an amount as typed: blanks count for nothing.

    Raises
    ------
    InvalidInput
        If it is no amount.

    Examples
    --------
    >>> amount_of(" 12 500.50 "), amount_of("")
    (Decimal('12500.50'), None)
    """
    plain = "".join(text.split())
    try:
        amount = Decimal(plain) if plain else None
    except InvalidOperation:
        amount = Decimal("NaN")
    if amount is not None and (not amount.is_finite() or amount < 0):
        raise InvalidInput("write the amount in digits, such as 12500 or 12500.50", field="amount")
    return amount
