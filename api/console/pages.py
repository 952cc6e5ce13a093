"""Pages for people: all of them, and the first one."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from api.console import (
    admin,
    alerts,
    cohorts,
    companies,
    digest,
    fairness,
    figures,
    funnel,
    goals,
    interventions,
    leads,
    login,
    models,
    onboarding,
    partner,
    partners,
    pipeline,
    policies,
    portal,
    portal_parts,
    programme,
    prospect,
    prospects,
    qualification,
    ranking,
    registrations,
    risk,
    roi,
    shortlists,
    uploads,
    what_if,
    white_space,
)
from api.console.overview import overview
from api.console.shell import Visitor, visitor
from domain.terms import Role

router = APIRouter(default_response_class=HTMLResponse)
for part in (
    admin,
    alerts,
    digest,
    fairness,
    figures,
    interventions,
    login,
    leads,
    models,
    policies,
    partner,
    partners,
    portal,
    portal_parts,
    programme,
    prospects,
    registrations,
    shortlists,
    # before the page of one prospect: /prospects/compare is none
    prospect,
    companies,
    white_space,
    pipeline,
    onboarding,
    qualification,
    uploads,
    risk,
    what_if,
    cohorts,
    funnel,
    ranking,
    roi,
    goals,
):
    router.include_router(part.router)


@router.get("/")
def first_page(visit: Annotated[Visitor, visitor(*Role)]) -> Response:
    """Show what needs the visitor today; a partner sees its own home."""
    return portal.home(visit) if visit.actor.role is Role.PARTNER else overview(visit)
