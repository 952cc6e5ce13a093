"""Pages of recruiters: the ranking of prospects."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from api import answers
from api.console.lists import ROWS, Chosen, Page, Start, given
from api.console.shell import Visitor, visitor
from api.schemas import FitScore
from domain.terms import PartnerKind, Role
from store.rankings import program_choices, values_of

router = APIRouter(default_response_class=HTMLResponse)

_READERS = (Role.RECRUITER, Role.MANAGER, Role.ANALYST)


@router.get("/prospects")
def prospects(
    visit: Annotated[Visitor, visitor(*_READERS)],
    country: Chosen = "",
    kind: Chosen = "",
    program: Chosen = "",
    min_p: Annotated[float, Query(ge=0, le=1)] = 0.0,
    start: Start = 0,
) -> Response:
    """Rank prospects by their chance to become productive; filters live in the address."""
    filters = given(country=country, kind=kind, program=program)
    found = answers.prospect_ranking(visit.services, None, filters, ROWS + 1, min_p=min_p, start=start)
    with visit.work() as work:
        countries = values_of(work.connection, "country", visit.actor)
        programs = program_choices(work.connection)
    page: Page[FitScore] = Page.of(found.items, start)
    return visit.page(
        "prospects.html",
        page=page,
        as_of=found.as_of,
        horizon=visit.services.settings.fit_horizon_days,
        chosen={"country": country, "kind": kind, "program": program, "min_p": min_p or ""},
        countries=countries,
        kinds=list(PartnerKind),
        programs=programs,
    )
