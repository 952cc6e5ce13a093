"""Pages of managers: the risk list."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from api import answers
from api.console.lists import ROWS, Chosen, Page, Start, given
from api.console.shell import Visitor, visitor
from api.schemas import ChurnRisk
from domain.terms import Role
from store.rankings import values_of

router = APIRouter(default_response_class=HTMLResponse)

_READERS = (Role.MANAGER, Role.ANALYST)


@router.get("/risk")
def risk(
    visit: Annotated[Visitor, visitor(*_READERS)],
    account_manager: Chosen = "",
    tier: Chosen = "",
    country: Chosen = "",
    horizon: Annotated[int, Query(ge=0, le=3650)] = 0,
    start: Start = 0,
) -> Response:
    """List partners by what is at risk; filters live in the address."""
    horizons = visit.services.settings.churn_horizons_days
    filters = given(account_manager=account_manager, tier=tier, country=country)
    portfolio = visit.actor.portfolio
    found = answers.churn_risk(
        visit.services, None, horizon or horizons[-1], filters, ROWS + 1, portfolio=portfolio, start=start
    )
    with visit.work() as work:
        choices: dict[str, Any] = {
            name: values_of(work.connection, column, visit.actor)
            for name, column in (("managers", "account_manager"), ("tiers", "tier"), ("countries", "country"))
        }
    page: Page[ChurnRisk] = Page.of(found.items, start)
    return visit.page(
        "risk.html",
        page=page,
        found=found,
        horizons=horizons,
        chosen={"account_manager": account_manager, "tier": tier, "country": country, "horizon": horizon or ""},
        **choices,
    )
