"""The page of fairness: who gets the leads, beside what lots among the eligible would have given."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from api.console.lists import Chosen
from api.console.shell import Visitor, visitor
from api.console.words import mark
from api.fairness import fairness_answer
from domain.errors import CannotAnswer, InvalidInput
from domain.terms import Role

router = APIRouter(default_response_class=HTMLResponse)

_GROUPS = 60
_DAYS = (30, 90, 365, 730)
GROUPINGS = {
    "tier": mark("Tier"),
    "kind": mark("Kind"),
    "size": mark("Employees"),
    "newcomer": mark("Newcomers"),
    "country": mark("Country"),
    "territory": mark("Territory"),
    "program": mark("Programme"),
    "partner": mark("Partner"),
}


@router.get("/fairness")
def fairness(
    visit: Annotated[Visitor, visitor(Role.MANAGER, Role.ANALYST, Role.RECRUITER)],
    by: Chosen = "tier",
    days: Annotated[int, Query(ge=1, le=3650)] = 365,
) -> Response:
    """Show the shares of leads by group, how they are spread, and what lies beyond a limit."""
    # From midnight on and until now: all that ask on one day share the answer that is kept.
    since = visit.services.clock().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)
    values: dict[str, Any] = {"by": by, "days": days, "groupings": _groupings(visit), "spans": sorted({*_DAYS, days})}
    try:
        found = fairness_answer(visit.services, visit.actor, since, None, by, _GROUPS)
    except (InvalidInput, CannotAnswer) as error:
        return visit.refused("fairness.html", error, found=None, **values)
    return visit.page("fairness.html", found=found, **values)


def _groupings(visit: Visitor) -> dict[str, str]:
    """Return what partners may be grouped by, with protected attributes, and what each is called."""
    protected = {name: name.removeprefix("attributes.") for name in visit.services.settings.protected_attributes}
    return GROUPINGS | protected
