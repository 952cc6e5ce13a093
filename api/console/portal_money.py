"""The portal's money: what is owed, lines, statements as PDF and CSV, and by what is earned."""

from decimal import Decimal
from typing import Annotated, Any

from babel.numbers import format_currency, format_decimal
from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.console.formats import day
from api.console.lists import Chosen
from api.console.paper import Paper
from api.console.portal_own import Partner, Row, check_area, may, own_partner
from api.console.shell import Visitor
from api.console.terms import term
from api.console.words import gettext, mark
from domain.language import spoken
from domain.terms import LedgerKind
from programme.ledger import entries_csv, partner_balance
from programme.money import fraction
from programme.partner_terms import earning_terms, running_rewards
from programme.statements import statement_entries
from programme.tiers import partner_standing
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

_SHOWN, _LATEST = 50, 8
_REQUESTED = ("requested", "approved", "claimed")
_COLUMNS = (mark("Day"), mark("What"), mark("Deal"), mark("Rate"), mark("Credit"), mark("Debit"))
StatementId = Annotated[int, Path(ge=1, lt=2**63)]
Cursor = Annotated[str, Query(max_length=2000)]


def exact(amount: Decimal | float | None, currency: str | None) -> str:
    """Write an amount with its cents.

    Examples
    --------
    >>> exact(Decimal("1234.5"), "EUR"), exact(None, "EUR")
    ('€1,234.50', '–')
    """
    if amount is None:
        return "–"
    if not currency:
        return format_decimal(amount, locale=spoken().code)
    return format_currency(amount, currency, locale=spoken().code)


def rate(value: Decimal | float | None) -> str:
    """Write a rate with as many digits as it has.

    Examples
    --------
    >>> rate(0.125), rate(Decimal("0.1"))
    ('12.5%', '10%')
    """
    if value is None:
        return "–"
    number = fraction(value) if isinstance(value, float) else value
    return format_decimal(number * 100, format="#,##0.####", locale=spoken().code) + "%"


def parts_of(visit: Visitor) -> list[tuple[str, str]]:
    """Return the pages of money that somebody of the partner may see: paths and names."""
    every = (
        ("balance", "/portal/money", gettext("Overview")),
        ("ledger", "/portal/money/lines", gettext("Lines")),
        ("statements", "/portal/money/statements", gettext("Statements")),
        ("fund-requests", "/portal/money/funds", gettext("Funds")),
        ("tier", "/portal/money/terms", gettext("Terms and tier")),
    )
    return [(path, text) for area, path, text in every if may(visit, area)]


@router.get("/portal/money")
def money(visit: Partner) -> Response:
    """Show what is owed, the latest lines and statements, and what waits."""
    if not may(visit, "balance") and may(visit, "tier"):
        return RedirectResponse("/portal/money/terms", 303)
    check_area(visit, "balance")
    with visit.work() as work:
        partner = own_partner(work)
        lines = work.repository("ledger").list(sort="-earned_on", limit=_LATEST).rows
        values: Row = {
            "balances": partner_balance(work, partner["id"]),
            "lines": lines,
            "deals": deals_of(work, lines),
            "statements": work.repository("statements").list(sort="-period_end", limit=3).rows,
            "requests": work.repository("fund_requests").list({"status": list(_REQUESTED)}, limit=20).rows,
            "standing": partner_standing(work, partner["id"]),
        }
    return _page(visit, "portal_money.html", **values)


def _page(visit: Visitor, template: str, **values: Any) -> Response:
    return visit.page(template, parts=parts_of(visit), exact=exact, rate=rate, **values)


@router.get("/portal/money/lines")
def lines(visit: Partner, kind: Chosen = "", cursor: Cursor = "") -> Response:
    """List the lines of the ledger, the newest first, with the deals behind."""
    check_area(visit, "ledger")
    kinds = [str(one) for one in LedgerKind]
    with visit.work() as work:
        filters = {"kind": kind} if kind in kinds else {}
        page = work.repository("ledger").list(filters, sort="-earned_on", cursor=cursor or None, limit=_SHOWN)
        deals = deals_of(work, page.rows)
    chosen = {"kind": kind if kind in kinds else ""}
    shown = {"lines": page.rows, "following": page.next_cursor, "deals": deals, "cursor": cursor}
    return _page(visit, "portal_lines.html", kinds=[(one, term(one)) for one in kinds], chosen=chosen, **shown)


@router.get("/portal/money/statements")
def statements(visit: Partner, cursor: Cursor = "") -> Response:
    """List the statements, the newest first."""
    check_area(visit, "statements")
    with visit.work() as work:
        page = work.repository("statements").list(sort="-period_end", cursor=cursor or None, limit=_SHOWN)
    return _page(visit, "portal_statements.html", rows=page.rows, following=page.next_cursor, cursor=cursor)


@router.get("/portal/money/statements/{id}")
def statement(visit: Partner, id: StatementId, cursor: Cursor = "") -> Response:
    """Show a statement with its lines."""
    check_area(visit, "statements")
    with visit.work() as work:
        row = work.repository("statements").get(id)
        filters = {"statement": row["external_id"]}
        page = work.repository("ledger").list(filters, sort="earned_on", cursor=cursor or None, limit=_SHOWN)
        deals = deals_of(work, page.rows)
    shown = {"row": row, "lines": page.rows, "following": page.next_cursor, "deals": deals, "cursor": cursor}
    return _page(visit, "portal_statement.html", **shown)


@router.get("/portal/money/statements/{id}/csv")
def statement_csv(visit: Partner, id: StatementId) -> Response:
    """Give the lines of a statement as CSV."""
    check_area(visit, "statements")
    with visit.work() as work:
        row, entries = statement_entries(work, id)
    return _file(entries_csv(entries).encode(), "text/csv; charset=utf-8", f"statement-{row['period_end']}.csv")


@router.get("/portal/money/statements/{id}/pdf")
def statement_pdf(visit: Partner, id: StatementId) -> Response:
    """Give a statement as PDF."""
    check_area(visit, "statements")
    with visit.work() as work:
        row, entries = statement_entries(work, id)
        paper = statement_paper(own_partner(work), row, entries, deals_of(work, entries))
    return _file(paper.content(), "application/pdf", f"statement-{row['period_end']}.pdf")


@router.get("/portal/money/terms")
def terms(visit: Partner) -> Response:
    """Show by what is earned, the rewards that run, and the tier with what the next one takes."""
    check_area(visit, "tier")
    with visit.work() as work:
        partner = own_partner(work)
        tiers = work.repository("tiers").list({"program": partner["program"]}, sort="position", limit=100).rows
        values: Row = {
            "earning": earning_terms(work, partner) if may(visit, "commissions") else None,
            "rewards": running_rewards(work, partner) if may(visit, "incentives") else [],
            "standing": partner_standing(work, partner["id"]),
            "benefits": {row["name"]: row["benefits"] for row in tiers if partner["program"]},
        }
    return _page(visit, "portal_terms.html", **values)


def deals_of(work: UnitOfWork, rows: list[Row]) -> dict[str, Row]:
    """Return the deals behind lines by external id, as far as the partner sees them."""
    wanted = sorted({row["deal"] for row in rows if row["deal"]})
    found = [work.repository("deals").list({"external_id": wanted[at : at + _SHOWN]}, limit=_SHOWN).rows
             for at in range(0, len(wanted), _SHOWN)]  # fmt: skip
    return {row["external_id"]: row for rows in found for row in rows}


def statement_paper(partner: Row, row: Row, entries: list[Row], deals: dict[str, Row]) -> Paper:
    """Return a statement to print."""
    period = f"{day(row['period_start'])} – {day(row['period_end'])}"
    currency = row["currency"]
    foot = f"{partner['name']} · {row['external_id']}"
    paper = Paper(gettext("Statement %(period)s") % {"period": period}, row["closed_at"], foot)
    net = (row["credit"] or Decimal(0)) - (row["debit"] or Decimal(0))
    paper.facts(
        [
            (gettext("Partner"), partner["name"]),
            (gettext("Number"), row["external_id"]),
            (gettext("Closed"), day(row["closed_at"])),
            (gettext("Credit"), exact(row["credit"], currency)),
            (gettext("Debit"), exact(row["debit"], currency)),
            (gettext("Sum"), exact(net, currency)),
        ]
    )
    paper.rows(
        [gettext(name) for name in _COLUMNS],
        [_printed(entry, deals) for entry in entries],
        (14, 52, 20, 7, 14, 14),
        "LLLRRR",
    )
    return paper


def _printed(entry: Row, deals: dict[str, Row]) -> list[str]:
    deal = deals.get(entry["deal"] or "")
    named = (deal["company"] or deal["external_id"]) if deal else entry["deal"]
    amounts = (entry["credit"], entry["debit"])
    told = f"{term(entry['kind'])}. {entry['explanation'] or ''}".strip()
    sides = [exact(amount, entry["currency"]) if amount else "" for amount in amounts]
    return [day(entry["earned_on"]), told, named or "", "" if entry["rate"] is None else rate(entry["rate"]), *sides]


def _file(content: bytes, kind: str, name: str) -> Response:
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
