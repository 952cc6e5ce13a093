"""Money and tiers that wait for a person: funds asked for, claims to be paid, changes of tier proposed."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import HTMLResponse, Response

from api import answers
from api.console.lists import ROWS, Chosen
from api.console.shell import Visitor, visitor
from api.console.words import mark
from domain.errors import AllywiseError, InvalidInput, NotFound
from domain.terms import FundStatus, ReviewStatus, Role
from programme.funds import approve_request, pay_request, reject_request
from programme.tiers import accept_review, reject_review
from store.unit_of_work import UnitOfWork

router = APIRouter(prefix="/approvals", default_response_class=HTMLResponse)

Decider = Annotated[Visitor, visitor(Role.MANAGER)]
Id = Annotated[int, Path(ge=1, lt=2**63)]
Word = Annotated[str, Form(max_length=2000)]
Cursor = Annotated[str, Query(max_length=2000)]
FUNDS, CLAIMS, TIERS = "funds", "claims", "tiers"
VIEWS = {FUNDS: mark("Funds asked for"), CLAIMS: mark("Claims to pay"), TIERS: mark("Changes of tier")}
"""What waits, and what it is called."""
_ROWS = {
    FUNDS: ("fund_requests", FundStatus.REQUESTED, "requested_at"),
    CLAIMS: ("fund_requests", FundStatus.CLAIMED, "claimed_at"),
    TIERS: ("tier_reviews", ReviewStatus.PROPOSED, "reviewed_on"),
}


@router.get("")
def listed(visit: Decider, what: Chosen = FUNDS, cursor: Cursor = "") -> Response:
    """List what waits, the oldest first."""
    if what not in VIEWS:
        raise InvalidInput(f"what must be one of {', '.join(VIEWS)}", field="what")
    return _page(visit, what, cursor)


def _page(
    visit: Visitor, what: str, cursor: str = "", error: AllywiseError | None = None, at: int = 0, **typed: str
) -> Response:
    resource, waiting, sort = _ROWS[what]
    with visit.work() as work:
        found = work.repository(resource).list({"status": waiting}, sort=sort, cursor=cursor or None, limit=ROWS)
    values: dict[str, Any] = {
        "rows": found.rows,
        "following": found.next_cursor,
        "cursor": cursor,
        "names": answers.partner_names(visit.services, [row["partner"] for row in found.rows]),
        "views": VIEWS,
        "what": what,
        "at": at,
        "typed": {"amount": "", "reason": ""} | typed,
        "plain": plain_amount,
    }
    if error is not None:
        return visit.refused("approvals.html", error, **values)
    return visit.page("approvals.html", **values)


@router.post("/funds/{id}/approve")
def approve(visit: Decider, id: Id, amount: Word = "") -> Response:
    """Approve a request, with all that was asked for or less."""
    return _done(visit, FUNDS, id, lambda work: approve_request(work, id, _amount(amount)), amount=amount)


@router.post("/funds/{id}/reject")
def decline(visit: Decider, id: Id, reason: Word = "") -> Response:
    """Decline a request; the partner reads the reason."""
    return _done(visit, FUNDS, id, lambda work: reject_request(work, id, _given(reason)), reason=reason)


@router.post("/claims/{id}/pay")
def pay(visit: Decider, id: Id) -> Response:
    """Credit what was claimed to the partner's ledger."""
    return _done(visit, CLAIMS, id, lambda work: pay_request(work, id))


@router.post("/claims/{id}/reject")
def decline_claim(visit: Decider, id: Id, reason: Word = "") -> Response:
    """Decline what was claimed; the partner reads the reason."""
    return _done(visit, CLAIMS, id, lambda work: reject_request(work, id, _given(reason)), reason=reason)


@router.post("/tiers/{id}/accept")
def accept(visit: Decider, id: Id) -> Response:
    """Give a partner the proposed tier."""
    return _done(visit, TIERS, id, lambda work: accept_review(work, id))


@router.post("/tiers/{id}/reject")
def leave(visit: Decider, id: Id, reason: Word = "") -> Response:
    """Leave a partner's tier as it is."""
    return _done(visit, TIERS, id, lambda work: reject_review(work, id, _given(reason)), reason=reason)


def plain_amount(amount: Any) -> str:
    """Write an amount as a field takes it.

    Examples
    --------
    >>> plain_amount(3300.0), plain_amount(Decimal("12.50")), plain_amount(None)
    ('3300', '12.5', '')
    """
    return "" if amount is None else format(Decimal(str(amount)).normalize(), "f")


def _amount(text: str) -> Decimal | None:
    plain = text.strip().replace(",", ".")
    if not plain:
        return None
    try:
        found = Decimal(plain)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise InvalidInput(f"{text.strip()[:50]!r} is no amount; write it as 1250.00", field="amount")
    return found


def _given(reason: str) -> str:
    if not reason.strip():
        raise InvalidInput("say why: the partner reads it", field="reason")
    return reason.strip()


def _done(visit: Visitor, what: str, id_: int, act: Callable[[UnitOfWork], object], **typed: str) -> Response:
    try:
        with visit.work(read_only=False) as work:
            act(work)
    except NotFound:
        raise
    except AllywiseError as error:
        return _page(visit, what, error=error, at=id_, **typed)
    return visit.go(f"/approvals?what={what}", "done")
