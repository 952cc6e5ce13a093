"""The public directory: anybody finds a partner, the best performers first. Off by default."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from api.console.shell import shown
from api.console.terms import term
from api.dependencies import ServicesDep
from api.routes.directory import KEPT, MOST_SKIPPED, AskedDep, check_open
from domain.context import SYSTEM
from programme.directory import choices, find_partners

router = APIRouter(default_response_class=HTMLResponse)

_SHOWN = 20


@router.get("/directory")
def directory(request: Request, services: ServicesDep, asked: AskedDep) -> Response:
    """Show partners that want to be found; nobody need be signed in."""
    check_open(services, request)
    sought, start = asked.sought, asked.start
    with services.unit_of_work(SYSTEM, read_only=True) as work:
        found = find_partners(work, sought, start, _SHOWN)
        offered = choices(work)
    following = start + _SHOWN
    values: dict[str, Any] = {
        "found": found,
        "choices": offered | {"kind": [(word, term(word)) for word in offered["kind"]]},
        "products": dict(offered["product"]),
        "chosen": sought._asdict(),
        "start": start,
        "shown": _SHOWN,
        "following": following if following < found.total and following <= MOST_SKIPPED else None,
        "plain": not any(sought) and not start,
    }
    response = shown(request, "directory.html", **values)
    response.headers["Cache-Control"] = KEPT
    response.headers["Vary"] = "Cookie, Accept-Language"
    return response
