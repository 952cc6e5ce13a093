"""All partners: searched, filtered, sorted, and as a CSV file."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response

from api.console.exports import MOST_ROWS, csv_file
from api.console.lists import ROWS, Chosen, Page, Start
from api.console.shell import Visitor, visitor
from api.console.words import mark
from domain.terms import PartnerKind, PartnerStatus, Role
from store.partner_list import (
    FILTERS,
    RECRUITED,
    SORTS,
    Activity,
    Listed,
    Wanted,
    lately,
    list_partners,
    partner_choices,
)
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

READERS = (Role.RECRUITER, Role.MANAGER, Role.ANALYST)
RISK_READERS = (Role.ADMIN, Role.MANAGER, Role.ANALYST)
"""Who is told the chance of inactivity, as of ``/v1/churn-risk``."""

YEAR = timedelta(days=365)
EVERY = "every"
"""The choice of partners of any status."""

SORT_NAMES = {
    "name": mark("Name"),
    "-risk": mark("Chance of inactivity"),
    "-recruited_at": mark("Recruited last"),
    "tier": mark("Tier"),
    "country": mark("Country"),
}
Reader = Annotated[Visitor, visitor(*READERS)]


@dataclass(frozen=True)
class Filters:
    """Of the list, as they stand in its address."""

    q: Chosen = ""
    status: Chosen = ""
    kind: Chosen = ""
    tier: Chosen = ""
    program: Chosen = ""
    country: Chosen = ""
    account_manager: Chosen = ""
    sort: Chosen = ""

    @property
    def wanted(self) -> Wanted:
        """Which partners they ask for."""
        statuses = () if self.status == EVERY else (self.status,) if self.status in set(PartnerStatus) else RECRUITED
        same = {name: str(getattr(self, name)) for name in FILTERS}
        return Wanted(self.q, statuses, self.program, same)


FiltersDep = Annotated[Filters, Depends()]


class Row(NamedTuple):
    """A partner of the list, and what it did lately."""

    partner: Listed
    lately: Activity


def sees_risk(visit: Visitor) -> bool:
    """Whether a visitor is told the chance of inactivity."""
    return visit.actor.role in RISK_READERS


@router.get("/partners")
def partners(visit: Reader, filters: FiltersDep, start: Start = 0) -> Response:
    """List partners page by page."""
    with visit.work() as work:
        found = _rows(visit, work, filters, start, ROWS + 1)
        choices = partner_choices(work.connection, visit.actor)
    return visit.page(
        "partners.html",
        page=Page.of(found, start),
        chosen=vars(filters),
        choices=choices,
        kinds=list(PartnerKind),
        statuses=list(PartnerStatus),
        sorts=[(name, SORT_NAMES[name]) for name in SORTS if name != "-risk" or sees_risk(visit)],
        sees_risk=sees_risk(visit),
        horizon=visit.services.settings.churn_horizons_days[-1],
    )


@router.get("/partners.csv")
def partners_csv(visit: Reader, filters: FiltersDep) -> Response:
    """Give the same list as a CSV file."""
    with visit.work() as work:
        found = _rows(visit, work, filters, 0, MOST_ROWS)
    risk = ["p_inactive", "low", "high"] if sees_risk(visit) else []
    head = ["external_id", "name", "status", "kind", "tier", "country", "account_manager", "program", "recruited_at"]
    return csv_file(
        "partners.csv", [*head, *risk, "last_sign_at", "revenue_365_days", "deals_won_365_days"], _cells(found, risk)
    )


def _cells(rows: Iterable[Row], risk: list[str]) -> Iterable[list[Any]]:
    for partner, activity in rows:
        yield [*partner[1:10], *(partner[10:] if risk else ()), *activity]


def _rows(visit: Visitor, work: UnitOfWork, filters: Filters, start: int, limit: int) -> list[Row]:
    settings, now = visit.services.settings, visit.services.clock()
    horizon = settings.churn_horizons_days[-1] if sees_risk(visit) else None
    found = list_partners(
        work.connection,
        visit.actor,
        filters.wanted,
        horizon_days=horizon,
        now=now,
        sort=filters.sort or SORTS[0],
        start=start,
        limit=limit,
    )
    ids = [one.id for one in found]
    activity = lately(
        work.connection,
        ids,
        now=now,
        since=now - YEAR,
        currency=settings.currency,
        life_signs=settings.life_signs,
    )
    return [Row(one, activity[one.id]) for one in found]
