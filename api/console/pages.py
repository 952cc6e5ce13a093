"""Pages for people: sign in with a key, and one page that shows the four answers."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, select_autoescape

from api import answers
from api.dependencies import SESSION_COOKIE, Services, ServicesDep, actor_of_key
from api.schemas import MatchRequest
from domain.context import Actor
from domain.errors import NotAuthenticated
from domain.terms import ModelName, Role

router = APIRouter(default_response_class=HTMLResponse)

_HERE = Path(__file__).parent
_SHOWN = 10
_MAX_AGE_SECONDS = 12 * 3600


def static_files() -> StaticFiles:
    """Return the application that serves styles and icons."""
    return StaticFiles(directory=_HERE / "static")


def percent(p: float) -> str:
    """Write a probability for a person.

    Examples
    --------
    >>> percent(0.347), percent(0.002), percent(0.999)
    ('35 %', '<1 %', '>99 %')
    """
    if p < 0.005:
        return "<1 %"
    return ">99 %" if p > 0.995 else f"{p:.0%}".replace("%", " %")


def money(amount: float | None) -> str:
    """Write an amount for a person, without cents.

    Examples
    --------
    >>> money(1234567.8), money(None)
    ('1,234,568', '–')
    """
    return "–" if amount is None else f"{amount:,.0f}"


def day(instant: datetime | None) -> str:
    """Write the day of an instant."""
    return "now" if instant is None else f"{instant.day} {instant:%B %Y}"


_templates = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=select_autoescape())
_templates.globals.update(percent=percent, money=money, day=day)


def _page(name: str, status: int = 200, **values: Any) -> HTMLResponse:
    return HTMLResponse(_templates.get_template(name).render({"actor": None} | values), status)


def _signed_in(request: Request, services: Services) -> Actor | None:
    secret = request.cookies.get(SESSION_COOKIE)
    if not secret:
        return None
    try:
        return actor_of_key(services, secret)
    except NotAuthenticated:
        return None


@router.get("/login")
def login_page() -> HTMLResponse:
    """Show the form that asks for a key."""
    return _page("login.html")


@router.post("/login")
def login(services: ServicesDep, request: Request, key: Annotated[str, Form(max_length=200)]) -> Response:
    """Sign in with an API key, kept in a cookie that no script can read."""
    try:
        actor_of_key(services, key.strip())
    except NotAuthenticated as error:
        return _page("login.html", 401, problem=f"That did not work: {error.message}.")
    response = RedirectResponse("/", 303)
    response.set_cookie(
        SESSION_COOKIE,
        key.strip(),
        max_age=_MAX_AGE_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.post("/logout")
def logout() -> Response:
    """Forget the key."""
    response = RedirectResponse("/login", 303)
    response.delete_cookie(SESSION_COOKIE)
    return response


@router.get("/")
def overview(request: Request, services: ServicesDep) -> Response:
    """Show the four answers on one page."""
    actor = _signed_in(request, services)
    if actor is None:
        return RedirectResponse("/login", 303)
    if actor.role is Role.PARTNER:
        return _page("login.html", 403, problem="The portal for partners is not open yet; please use the API.")
    registry = services.intelligence.registry
    champions = [registry.champion(name) for name in ModelName]
    fit, churn = _fit_panel(services), _churn_panel(services)
    return _page(
        "overview.html",
        actor=actor,
        fit=fit,
        churn=churn,
        match=_match_panel(services),
        recommended=_recommendation_panel(services, churn["rows"]),
        models=[version for version in champions if version is not None],
    )


def _fit_panel(services: Services) -> dict[str, Any]:
    found = answers.prospect_ranking(services, None, {}, _SHOWN)
    return {"rows": found.items, "as_of": found.as_of, "horizon": services.settings.fit_horizon_days}


def _churn_panel(services: Services) -> dict[str, Any]:
    found = answers.churn_risk(services, None, None, {}, _SHOWN)
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
    codes = Counter(code for excluded in found.excluded for code in excluded.codes)
    return {
        "lead": lead,
        "answer": found,
        "names": answers.partner_names(services),
        "main_code": codes.most_common(1)[0][0] if codes else None,
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
