"""What all pages share: who looks, where they may go, and how pages and their failures come about."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.authentication import (
    CSRF_HEADER,
    SAFE_METHODS,
    SESSION_COOKIE,
    Caller,
    check_csrf,
    masked_csrf_token,
    signed_in,
)
from api.console.menu import is_page, menu_of
from api.console.names import Names
from api.console.rendering import render
from api.console.words import mark
from api.dependencies import Services, ServicesDep
from domain.context import Actor
from domain.errors import AllywiseError, NotAllowed, NotAuthenticated
from domain.language import spoken
from domain.terms import Role
from programme.alerts import count_unread
from store.unit_of_work import UnitOfWork

_PACKED_FROM, _PACKED_LEVEL = 1000, 4
THEME_COOKIE = "allywise_theme"
THEMES = ("light", "dark")
_FOR_MACHINES = ("/v1", "/healthz", "/readyz", "/metrics", "/openapi.json", "/static")
TOLD: Mapping[str, str] = {
    "done": mark("Done."),
    "offered": mark("Offered. The partner is told; the clock runs."),
    "goal_set": mark("The goal is set."),
    "goal_changed": mark("The goal is changed."),
    "goal_removed": mark("The goal is removed."),
    "plan_agreed": mark("The plan is agreed."),
    "plan_closed": mark("The plan is closed."),
    "plan_draft": mark("The plan is a draft again."),
    "accepted": mark("Accepted: the lead is yours. Call the customer, then register the deal."),
    "declined": mark("Declined. You are not asked for it again."),
    "noted": mark("Noted."),
    "kept": mark("Saved."),
    "ticked": mark("Ticked off."),
    "reported": mark("Reported. Your partner team confirms the win."),
    "registered": mark("Registered. How it stands is told below."),
    "appealed": mark("Appealed. Somebody looks at it again."),
    "away": mark("Announced. From then on no leads are offered to you."),
    "called_off": mark("Called off. Leads are offered on those days, too."),
    "asked": mark("Asked. Your partner team answers by a message."),
    "put_aside": mark("Put on the shortlist."),
    "unlisted": mark("Taken off the shortlist."),
    "saved": mark("Saved."),
    "discarded": mark("Thrown away. Nothing of it was written."),
    "moved": mark("Moved to the next stage."),
    "company_added": mark("Added to the prospects."),
    "training": mark("Training has begun; new versions show up here when it is done, in some minutes."),
    "planned": mark("The action is planned."),
    "action_done": mark("Noted. What comes of it stands under Actions."),
    "dropped": mark("Dropped."),
    "read": mark("Marked as read."),
    "resolved": mark("Resolved."),
    "preferences": mark("Saved. This is how you are told from now on."),
    "requested": mark("Asked. You see here how your partner team decides."),
    "proposed": mark("Proposed. Your partner team agrees to it or answers."),
    "listed": mark("Saved. Your partner team publishes what is new."),
    "sent": mark("Sent. Your partner team reads it here, too."),
    "answered": mark("Thank you. Your answer is kept."),
    "dismissed": mark("It is not shown to you again."),
    "enrolled": mark("Enrolled. Your partner team records how the course ends."),
}
"""What a page says after something was done, by the word in its address."""


@dataclass(frozen=True)
class Visitor:
    """Who looks at a page, with what pages are made of."""

    request: Request
    services: Services
    caller: Caller

    @property
    def actor(self) -> Actor:
        """On whose behalf the page is made."""
        return self.caller.actor

    def work(self, *, read_only: bool = True) -> UnitOfWork:
        """Open a transaction on the visitor's behalf."""
        return self.services.unit_of_work(self.actor, read_only=read_only)

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a page of a template."""
        return shown(self.request, template, status, self.caller, **values)

    def refused(self, template: str, error: AllywiseError, **values: Any) -> HTMLResponse:
        """Return a form again with what was typed, and what was wrong with it."""
        return self.page(template, 422, problem=error.message, problem_field=error.details.get("field"), **values)

    def go(self, path: str, told: str = "") -> Response:
        """Send the browser to another page after something was done; one of `TOLD` is said there."""
        return RedirectResponse(f"{path}{'&' if '?' in path else '?'}told={told}" if told else path, 303)


def visitor(*roles: Role) -> Any:
    """Return the dependency of a page that `roles` may see, and admin all that is not for partners alone.

    Whoever is not signed in is sent to sign in first. What changes something must carry the session's CSRF token, in
    field ``csrf`` or in the header.
    """
    allowed = frozenset(roles if roles == (Role.PARTNER,) else (Role.ADMIN, *roles))

    def found(request: Request, services: ServicesDep, csrf: Annotated[str, Form(max_length=200)] = "") -> Visitor:
        caller = who(request, services)
        if caller is None or caller.token is None:
            raise NotAuthenticated("sign in first")
        if request.method not in SAFE_METHODS:
            check_csrf(caller.token, csrf or request.headers.get(CSRF_HEADER, ""))
        if caller.actor.scopes:  # a page does much at once, of more than one area
            raise NotAllowed("this key is narrowed; pages are for keys that are not, and for people who sign in")
        if caller.actor.role not in allowed:
            raise NotAllowed(f"this page is not for role {caller.actor.role}")
        return Visitor(request, services, caller)

    found.roles = allowed  # type: ignore[attr-defined]  # read by the tests of pages
    return Depends(found)


def who(request: Request, services: Services) -> Caller | None:
    """Return who is signed in with this browser."""
    token = request.cookies.get(SESSION_COOKIE)
    return signed_in(services, token) if token else None


def shown(
    request: Request, template: str, status: int = 200, caller: Caller | None = None, **values: Any
) -> HTMLResponse:
    """Return a page, also for nobody known."""
    actor = None if caller is None else caller.actor
    theme = request.cookies.get(THEME_COOKIE, "")
    opened = partial(request.app.state.services.unit_of_work, actor, read_only=True)
    common = {
        "actor": actor,
        "csrf": masked_csrf_token(caller.token) if caller is not None and caller.token else "",
        "menu": menu_of(actor, request.url.path),
        "path": request.url.path,
        "address": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "language": spoken().code,
        "theme": theme if theme in THEMES else "",
        "told": TOLD.get(request.query_params.get("told", "")),
        "currency": request.app.state.services.settings.currency,
        "unread": _unread(request, actor),
        "problem": None,
        "problem_field": None,
        "leads_to": lambda path: actor is not None and is_page(actor, path),
        "product_name": Names(opened, "products"),
        "program_name": Names(opened, "programs"),
    }
    return _packed(request, HTMLResponse(render(template, common | values), status))


def _packed(request: Request, page: HTMLResponse) -> HTMLResponse:
    """Return a page compressed where the browser takes it; what is secret in it is masked."""
    page.headers["Vary"] = "Accept-Encoding, Accept-Language, Cookie"
    if len(page.body) < _PACKED_FROM or "gzip" not in request.headers.get("accept-encoding", ""):
        return page
    page.body = gzip.compress(bytes(page.body), _PACKED_LEVEL)
    page.headers["Content-Encoding"] = "gzip"
    page.headers["Content-Length"] = str(len(page.body))
    return page


def _unread(request: Request, actor: Actor | None) -> int:
    """Return how many alerts wait to be read by somebody of the staff."""
    if actor is None or actor.role is Role.PARTNER:
        return 0
    with request.app.state.services.unit_of_work(actor, read_only=True) as work:
        return count_unread(work)


def wants_page(request: Request) -> bool:
    """Whether what is asked for is a page, and not for machines."""
    return not request.url.path.startswith(_FOR_MACHINES)


def failure(request: Request, status: int, detail: str) -> Response:
    """Return the page that says what went wrong; whoever is not signed in is sent to sign in."""
    if status == 401:
        wanted = request.url.path if request.method in SAFE_METHODS else "/"
        return RedirectResponse("/login" if wanted == "/" else f"/login?next={quote(wanted)}", 303)
    try:
        caller = who(request, request.app.state.services)
    except AllywiseError:  # the store is away: the page says so without it
        caller = None
    return shown(request, "failure.html", status, caller, code=status, detail=detail)


def own_path(path: str) -> str:
    """Return a path of this service to go to, the first page where it is none: nobody is led to another site.

    Examples
    --------
    >>> own_path("/risk?page=2"), own_path("//evil.example/x"), own_path("https://evil.example")
    ('/risk?page=2', '/', '/')
    """
    parts = urlsplit(path.replace("\\", "/"))
    is_own = not parts.scheme and not parts.netloc and path.startswith("/") and not path.startswith("//")
    return path if is_own and path.isprintable() else "/"
