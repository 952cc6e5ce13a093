"""Deal registrations as the staff decides them: what waits, what others claim, approve, reject, extend, appeals."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import HTMLResponse, Response

from api import answers
from api.console.lists import Chosen
from api.console.shell import Visitor, visitor
from api.console.words import mark
from api.schemas_claims import MAX_DISTINCT, finding_for
from domain.errors import AllywiseError, InvalidInput, NotFound
from domain.terms import AppealStatus, DealOutcome, DealStatus, Role
from programme import registrations
from programme.claim_rules import findings_of
from programme.conflicts import FindingKind
from programme.progress import REPORTED_WON, decide_win
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

_ROWS = 50
_LIVE = (DealStatus.SUBMITTED, DealStatus.APPROVED)
Reader = Annotated[Visitor, visitor(Role.RECRUITER, Role.MANAGER, Role.ROUTER, Role.ANALYST)]
Decider = Annotated[Visitor, visitor(Role.MANAGER)]
DealId = Annotated[int, Path(ge=1, lt=2**63)]
Text = Annotated[str, Form(max_length=2000)]
Cursor = Annotated[str, Query(max_length=2000)]
Row = dict[str, Any]

APPEALS, WON = "appealed", "won"
VIEWS = {
    str(DealStatus.SUBMITTED): mark("To decide"),
    APPEALS: mark("Appeals"),
    WON: mark("Won, to confirm"),
    str(DealStatus.APPROVED): mark("Approved"),
    str(DealStatus.REJECTED): mark("Rejected"),
    str(DealStatus.EXPIRED): mark("Expired"),
}
"""What the list shows, and what it is called."""


@router.get("/registrations")
def listed(visit: Reader, status: Chosen = DealStatus.SUBMITTED, cursor: Cursor = "") -> Response:
    """List registrations: those that wait the longest first, decided ones the newest first."""
    if status not in VIEWS:
        raise InvalidInput(f"status must be one of {', '.join(VIEWS)}", field="status")
    with visit.work() as work:
        deals, following = _LISTS.get(status, _deals)(work, status, cursor)
    return visit.page(
        "registrations.html",
        rows=deals,
        following=following,
        names=answers.partner_names(visit.services, [deal["partner"] for deal in deals]),
        chosen=status,
        views=VIEWS,
        now=visit.services.clock(),
    )


def _deals(work: UnitOfWork, status: str, cursor: str) -> tuple[list[Row], str | None]:
    sort = "registered_at" if status == DealStatus.SUBMITTED else "-registered_at"
    page = work.repository("deals").list({"status": status}, sort=sort, cursor=cursor or None, limit=_ROWS)
    return page.rows, page.next_cursor


def _appealed(work: UnitOfWork, _status: str, cursor: str) -> tuple[list[Row], str | None]:
    filters = {"appeal_status": AppealStatus.OPEN}
    page = work.repository("registrations").list(filters, cursor=cursor or None, limit=_ROWS)
    return [work.repository("deals").get(row["deal"]) for row in page.rows], page.next_cursor


def _won(work: UnitOfWork, _status: str, cursor: str) -> tuple[list[Row], str | None]:
    """Return deals that their partners reported as won."""
    filters = {"status": [str(DealStatus.APPROVED), str(DealStatus.SUBMITTED)], "stage": REPORTED_WON, "outcome": None}
    page = work.repository("deals").list(filters, sort="registered_at", cursor=cursor or None, limit=_ROWS)
    return page.rows, page.next_cursor


_LISTS = {APPEALS: _appealed, WON: _won}


@router.get("/registrations/{deal}")
def registration(visit: Reader, deal: DealId) -> Response:
    """Show a registration with the other claims on its customer as they stand now."""
    return _registration(visit, deal)


def _registered(work: UnitOfWork, key: int) -> tuple[Row, Row | None]:
    """Return a deal, and its registration: one that an import brought approved has none, and may still be won."""
    try:
        return registrations.registered(work, key)
    except NotFound:
        return work.repository("deals").get(key), None


def _registration(visit: Visitor, key: int, error: AllywiseError | None = None, **typed: str) -> Response:
    with visit.work(read_only=False) as work:  # comparing claims brings their keys up to date
        deal, row = _registered(work, key)
        found = [finding_for(one, work.actor.role) for one in findings_of(work, deal)]
    # What was told apart once is no finding any more; those that hold the customer come first.
    values: Row = {
        "deal": deal,
        "registration": row,
        "findings": found,
        "clear": all(one.kind == FindingKind.RELATED for one in found),
        "names": answers.partner_names(visit.services, [deal["partner"]]),
        "may_decide": visit.actor.role in (Role.ADMIN, Role.MANAGER),
        "won": deal["stage"] == REPORTED_WON and deal["outcome"] is None and deal["status"] in _LIVE,
        "today": work.clock().date().isoformat(),
        "typed": {"reason": "", "days": "30", "closed_on": ""} | typed,
    }
    page = "registration.html"
    return visit.page(page, **values) if error is None else visit.refused(page, error, **values)


@router.post("/registrations/{deal}/approve")
def approve(
    visit: Decider, deal: DealId, reason: Text = "", distinct_from: Annotated[list[str] | None, Form()] = None
) -> Response:
    """Approve a registration; claims that were ticked are another customer's."""
    apart = (distinct_from or [])[:MAX_DISTINCT]
    return _done(visit, deal, lambda work: registrations.approve(work, deal, _told(reason), apart), reason)


@router.post("/registrations/{deal}/reject")
def reject(visit: Decider, deal: DealId, reason: Text = "") -> Response:
    """Reject a registration, or take an approval back; the partner reads the reason."""
    return _done(visit, deal, lambda work: registrations.reject(work, deal, _given(reason)), reason)


@router.post("/registrations/{deal}/extend")
def extend(visit: Decider, deal: DealId, days: Annotated[str, Form(max_length=10)] = "", reason: Text = "") -> Response:
    """Protect an approved registration for some days more."""

    def act(work: UnitOfWork) -> object:
        if not days.strip().isdigit() or not 1 <= int(days) <= registrations.MAX_EXTENSION_DAYS:
            raise InvalidInput(f"days is a whole number from 1 to {registrations.MAX_EXTENSION_DAYS}", field="days")
        return registrations.extend(work, deal, int(days), _told(reason))

    return _done(visit, deal, act, reason, days=days)


@router.post("/registrations/{deal}/appeal")
def decide_appeal(visit: Decider, deal: DealId, decision: Text = "", reason: Text = "") -> Response:
    """Decide an appeal: upheld, the registration is approved."""

    def act(work: UnitOfWork) -> object:
        upheld = decision == AppealStatus.UPHELD
        return registrations.decide_appeal(work, deal, uphold=upheld, reason=_given(reason), distinct_from=[])

    return _done(visit, deal, act, reason)


@router.post("/registrations/{deal}/won")
def decide_won(
    visit: Decider,
    deal: DealId,
    decision: Text = "",
    reason: Text = "",
    closed_on: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Confirm that a deal is won, or say that it is lost or still open; the partner reads it."""

    def act(work: UnitOfWork) -> object:
        if decision not in (*DealOutcome, "open"):
            raise InvalidInput("decision is won, lost or open", field="decision")
        outcome = None if decision == "open" else decision
        return decide_win(work, deal, outcome, _told(reason), _day(closed_on))

    return _done(visit, deal, act, reason, closed_on=closed_on)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise InvalidInput("write the day as 2026-03-31", field="closed_on") from None


def _told(reason: str) -> str | None:
    return reason.strip() or None


def _given(reason: str) -> str:
    if not reason.strip():
        raise InvalidInput("say why: the partner reads it", field="reason")
    return reason.strip()


def _done(visit: Visitor, deal: int, act: Callable[[UnitOfWork], object], reason: str, **typed: str) -> Response:
    """Decide, and show the registration; what was refused is said there, and what was typed stays."""
    try:
        with visit.work(read_only=False) as work:
            act(work)
    except AllywiseError as error:
        return _registration(visit, deal, error, reason=reason, **typed)
    return visit.go(f"/registrations/{deal}", "done")
