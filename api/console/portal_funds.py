"""The portal's development funds: ask, see the state, claim with evidence, withdraw."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import HTMLResponse, Response

from api.console.portal_money import exact, parts_of
from api.console.portal_own import Partner, Row, check_area, own_partner
from api.console.shell import Visitor
from domain.errors import AllywiseError, InvalidInput
from programme import records
from programme.funds import claim_request, withdraw_request
from store.unit_of_work import UnitOfWork

router = APIRouter(prefix="/portal/money/funds", default_response_class=HTMLResponse)

_SHOWN, _OFFERS = 50, 50
_TONES = {"approved": "good", "paid": "good", "claimed": "warn", "rejected": "bad"}
RequestId = Annotated[int, Path(ge=1, lt=2**63)]
Word = Annotated[str, Form(max_length=500)]
Text = Annotated[str, Form(max_length=4000)]


@router.get("")
def funds(visit: Partner, cursor: Annotated[str, Query(max_length=2000)] = "") -> Response:
    """List requests, the newest first, with the form to ask."""
    return _funds(visit, cursor)


def _funds(visit: Visitor, cursor: str = "", error: AllywiseError | None = None, **typed: str) -> Response:
    check_area(visit, "fund-requests")
    with visit.work() as work:
        page = work.repository("fund_requests").list(sort="-requested_at", cursor=cursor or None, limit=_SHOWN)
        offers = _with_budget(work)
    values: Row = {
        "rows": page.rows,
        "following": page.next_cursor,
        "cursor": cursor,
        "offers": offers,
        "typed": {"purpose": "", "amount": "", "currency": visit.services.settings.currency, "offer": ""} | typed,
        "parts": parts_of(visit),
        "exact": exact,
        "tones": _TONES,
        "path": "/portal/money/funds",
    }
    return (
        visit.page("portal_funds.html", **values)
        if error is None
        else visit.refused("portal_funds.html", error, **values)
    )


def _with_budget(work: UnitOfWork) -> list[tuple[str, str]]:
    """Return offers in force that have a budget: ids and titles."""
    today = work.clock().date()
    rows = work.repository("offers").list({"budget.gt": 0}, sort="-valid_from", limit=_OFFERS).rows
    return [
        (row["external_id"], row["title"])
        for row in rows
        if (row["valid_from"] or today) <= today <= (row["valid_to"] or today)
    ]


@router.post("")
def ask(visit: Partner, purpose: Word = "", amount: Word = "", currency: Word = "", offer: Word = "") -> Response:
    """Ask for funds."""
    check_area(visit, "fund-requests")
    try:
        with visit.work(read_only=False) as work:
            wanted = {"purpose": purpose.strip() or None, "amount": amount_of(amount, "amount")}
            more = {"currency": currency.strip().upper() or None, "offer": offer or None}
            given = {name: value for name, value in (wanted | more).items() if value is not None}
            row = records.create(work, "fund_requests", {"partner": own_partner(work)["external_id"], **given})
    except AllywiseError as error:
        return _funds(visit, "", error, purpose=purpose, amount=amount, currency=currency, offer=offer)
    return visit.go(f"/portal/money/funds/{row['id']}", "requested")


def amount_of(text: str, field: str) -> Decimal | None:
    """Return an amount as people write it; None for nothing.

    Raises
    ------
    InvalidInput
        If it is none.

    Examples
    --------
    >>> amount_of("1 250.50", "amount"), amount_of("80,5", "amount"), amount_of("1,250", "amount")
    (Decimal('1250.50'), Decimal('80.5'), Decimal('1250'))
    """
    plain = "".join(text.split()).replace("'", "")
    whole, comma, cents = plain.rpartition(",")
    if comma and "." not in cents and len(cents) in (1, 2):
        plain = f"{whole.replace('.', '').replace(',', '')}.{cents}"
    plain = plain.replace(",", "")
    try:
        found = Decimal(plain) if plain else None
    except InvalidOperation:
        found = Decimal("NaN")
    if found is not None and not found.is_finite():
        raise InvalidInput("an amount is a number, such as 1500 or 1500.50", field=field, value=text)
    return found


@router.get("/{id}")
def fund(visit: Partner, id: RequestId) -> Response:
    """Show a request, and what can be done with it."""
    return _fund(visit, id)


def _fund(visit: Visitor, id: int, error: AllywiseError | None = None, **typed: str) -> Response:
    check_area(visit, "fund-requests")
    with visit.work() as work:
        row = work.repository("fund_requests").get(id)
        offer = work.repository("offers").find((row["offer"],)) if row["offer"] else None
    values: Row = {
        "row": row,
        "offer": offer,
        "typed": {"evidence": "", "claimed_amount": str(row["approved_amount"] or "")} | typed,
        "exact": exact,
        "tones": _TONES,
    }
    return (
        visit.page("portal_fund.html", **values)
        if error is None
        else visit.refused("portal_fund.html", error, **values)
    )


@router.post("/{id}/claim")
def claim(visit: Partner, id: RequestId, evidence: Text = "", claimed_amount: Word = "") -> Response:
    """Claim what was approved or less, with evidence."""
    return _done(
        visit,
        id,
        lambda work: claim_request(work, id, evidence.strip(), amount_of(claimed_amount, "claimed_amount")),
        evidence=evidence,
        claimed_amount=claimed_amount,
    )


@router.post("/{id}/withdraw")
def withdraw(visit: Partner, id: RequestId) -> Response:
    """Withdraw a request that nothing was claimed of."""
    return _done(visit, id, lambda work: withdraw_request(work, id))


def _done(visit: Visitor, id: int, act: Callable[[UnitOfWork], Row], **typed: str) -> Response:
    check_area(visit, "fund-requests")
    try:
        with visit.work(read_only=False) as work:
            act(work)
    except AllywiseError as error:
        return _fund(visit, id, error, **typed)
    return visit.go(f"/portal/money/funds/{id}", "done")
