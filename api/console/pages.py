"""Pages for people: one that shows the four answers, and those for signing in (`api.console.login`)."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from api import answers
from api.console import (
    figures,
    interventions,
    leads,
    login,
    models,
    partners,
    portal,
    portal_parts,
    programme,
    prospects,
    risk,
)
from api.console.shell import Visitor, visitor
from api.dependencies import Services
from api.schemas import MatchRequest
from domain.context import Actor
from domain.terms import ModelName, Role

router = APIRouter(default_response_class=HTMLResponse)
for part in (
    figures,
    interventions,
    leads,
    login,
    models,
    partners,
    portal,
    portal_parts,
    programme,
    prospects,
    risk,
):
    router.include_router(part.router)

_SHOWN = 10


@router.get("/")
def overview(visit: Annotated[Visitor, visitor(*Role)]) -> Response:
    """Show the four answers on one page; a partner sees its own home."""
    services, actor = visit.services, visit.actor
    if actor.role is Role.PARTNER:
        return portal.home(visit)
    registry = services.intelligence.registry
    champions = [registry.champion(name) for name in ModelName]
    fit, churn = _fit_panel(services), _churn_panel(services, actor)
    return visit.page(
        "overview.html",
        fit=fit,
        churn=churn,
        match=_match_panel(services),
        recommended=_recommendation_panel(services, churn["rows"]),
        models=[version for version in champions if version is not None],
    )


def _fit_panel(services: Services) -> dict[str, Any]:
    found = answers.prospect_ranking(services, None, {}, _SHOWN)
    return {"rows": found.items, "as_of": found.as_of, "horizon": services.settings.fit_horizon_days}


def _churn_panel(services: Services, actor: Actor) -> dict[str, Any]:
    found = answers.churn_risk(services, None, None, {}, _SHOWN, portfolio=actor.portfolio)
    return {
        "rows": found.items,
        "as_of": found.as_of,
        "horizon": found.horizon_days,
        "revenue": found.revenue_at_risk,
    }


def _match_panel(services: Services) -> dict[str, Any] | None:
    lead = answers.newest_open_lead(services)
    if lead is None:
        return None
    found = answers.match(services, MatchRequest(lead_id=lead, limit=_SHOWN)).answer
    return {
        "lead": lead,
        "answer": found,
        "names": answers.partner_names(services, [one.partner for one in found.candidates]),
    }


def _recommendation_panel(services: Services, at_risk: list[Any]) -> dict[str, Any] | None:
    partner = at_risk[0].partner if at_risk else None
    if partner is None:
        return None
    found = answers.recommendations(services, partner, None, _SHOWN, None)
    if not found.items:
        return None
    titles = answers.item_titles(services)
    rows = [item.model_dump() | {"title": titles.get((item.kind, item.item), item.item)} for item in found.items]
    return {"name": at_risk[0].name, "rows": rows, "horizon": services.settings.recommend_horizon_days}
