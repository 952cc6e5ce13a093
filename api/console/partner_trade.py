"""A partner's business: deals, leads, agreements and money, goals, training."""

from collections.abc import Iterable
from statistics import median
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from api.console.lists import ROWS, Chosen
from api.console.partner_page import Key, Reader, partner_of, show
from api.figures import get_books
from domain.terms import AssignmentResponse, DealOutcome, DealStatus
from programme.agreement_rules import latest_terms
from programme.goals import partner_plan
from programme.ledger import partner_balance
from programme.rule import Row
from programme.tiers import partner_standing
from programme.training import partner_training
from store.partner_facts import DealSum, booked_on_deals, deal_sums, offer_counts, response_hours
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

_AGREEMENTS, _STATEMENTS, _REQUESTS = 50, 12, 20
_SOON_DAYS = 90
_STATES = ("open", *DealOutcome)
Cursor = Annotated[str, Query(max_length=2000)]


@router.get("/partners/{key:path}/deals")
def deals(visit: Reader, key: Key, state: Chosen = "", status: Chosen = "", cursor: Cursor = "") -> Response:
    """List a partner's deals, the newest first, with what they came to."""
    with visit.work() as work:
        partner = partner_of(work, key)
        filters: dict[str, Any] = {"partner": partner["external_id"]}
        filters |= {"outcome": None if state == "open" else state} if state in _STATES else {}
        filters |= {"status": status} if status in list(DealStatus) else {}
        page = work.repository("deals").list(filters, sort="-registered_at", cursor=cursor or None, limit=ROWS)
        sums = deal_sums(work.connection, partner["id"])
        booked = booked_on_deals(work.connection, partner["id"], [row["id"] for row in page.rows])
        claims = _claims(work, partner, page.rows)
    return show(
        visit,
        "partner_deals.html",
        partner,
        "deals",
        rows=page.rows,
        following=page.next_cursor,
        cursor=cursor,
        booked=booked,
        claims=claims,
        sums=sums,
        win_rate=_win_rate(sums),
        chosen={"state": state, "status": status},
        states=_STATES,
        statuses=list(DealStatus),
    )


def _claims(work: UnitOfWork, partner: Row, deals: Iterable[Row]) -> dict[str, Row]:
    """Return the registrations of some deals, by deal."""
    names = [row["external_id"] for row in deals]
    if not names:
        return {}
    found = work.repository("registrations").list({"partner": partner["external_id"], "deal": names}, limit=ROWS)
    return {row["deal"]: row for row in found.rows}


def _win_rate(sums: Iterable[DealSum]) -> tuple[float | None, int]:
    """Return the share won of all closed deals, and how many these are."""
    counts = {state: sum(one.deals for one in sums if one.state == state) for state in DealOutcome}
    closed = sum(counts.values())
    return (counts[DealOutcome.WON] / closed if closed else None), closed


@router.get("/partners/{key:path}/leads")
def leads(visit: Reader, key: Key, response: Chosen = "", cursor: Cursor = "") -> Response:
    """List the leads that a partner was offered, the newest first, and how it answered."""
    with visit.work() as work:
        partner = partner_of(work, key)
        filters: dict[str, Any] = {"partner": partner["external_id"]}
        if response == "open" or response in list(AssignmentResponse):
            filters["response"] = None if response == "open" else response
        page = work.repository("assignments").list(filters, sort="-offered_at", cursor=cursor or None, limit=ROWS)
        names = [row["lead"] for row in page.rows]
        known = work.repository("leads").list({"external_id": names}, limit=ROWS).rows if names else []
        counts = {one.response or "open": one for one in offer_counts(work.connection, partner["id"])}
        hours = response_hours(work.connection, partner["id"])
    offered, won = sum(one.offers for one in counts.values()), sum(one.won for one in counts.values())
    accepted = counts[AssignmentResponse.ACCEPTED].offers if AssignmentResponse.ACCEPTED in counts else 0
    return show(
        visit,
        "partner_leads.html",
        partner,
        "leads",
        rows=page.rows,
        following=page.next_cursor,
        cursor=cursor,
        of={row["external_id"]: row for row in known},
        offered=offered,
        accepted=accepted,
        won=won,
        waiting=counts["open"].offers if "open" in counts else 0,
        hours=median(hours) if hours else None,
        chosen={"response": response},
        responses=["open", *AssignmentResponse],
    )


@router.get("/partners/{key:path}/agreements")
def agreements(visit: Reader, key: Key) -> Response:
    """Show a partner's agreements and what becomes of them, its tier and what is missing to the next, and its money."""
    with visit.work() as work:
        partner = partner_of(work, key)
        own = {"partner": partner["external_id"]}
        rows = work.repository("agreements").list(own, sort="-valid_from", limit=_AGREEMENTS).rows
        statements = work.repository("statements").list(own, sort="-period_end", limit=_STATEMENTS).rows
        requests = work.repository("fund_requests").list(own, sort="-requested_at", limit=_REQUESTS).rows
        values: dict[str, Any] = {
            "agreements": [row | {"terms": latest_terms(work, row["external_id"], agreed=True)} for row in rows],
            "today": work.clock().date(),
            "soon_days": _SOON_DAYS,
            "tier": partner_standing(work, partner["id"]),
            "balances": partner_balance(work, partner["id"]),
            "statements": statements,
            "requests": requests,
            "reviews": work.repository("tier_reviews").list(own | {"status": "proposed"}, limit=5).rows,
        }
    return show(visit, "partner_agreements.html", partner, "agreements", **values)


@router.get("/partners/{key:path}/goals")
def goals(visit: Reader, key: Key) -> Response:
    """Show a partner's joint plan and its goals, with what the end of their periods will bring."""
    with visit.work() as work:
        partner = partner_of(work, key)
        books = get_books(visit.services, work, visit.services.clock())
        plan, found = partner_plan(work, books.own, books.everybody, partner)
    return show(visit, "partner_goals.html", partner, "goals", plan=plan, goals=found.items)


@router.get("/partners/{key:path}/training")
def training(visit: Reader, key: Key) -> Response:
    """Show what a partner's people hold, what runs out, what is missing and what it would open."""
    with visit.work() as work:
        partner = partner_of(work, key)
        found = partner_training(work, partner["id"])
    return show(visit, "partner_training.html", partner, "training", training=found)
