"""Pages for signing in: with e-mail address and password, with a key, or at the identity provider."""

import hmac
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.authentication import check_csrf, drop_session, is_https, keep_session, network_address
from api.console.shell import THEME_COOKIE, THEMES, own_path, shown, who
from api.dependencies import Services, ServicesDep
from api.middleware import LANGUAGE_COOKIE
from domain.errors import AllywiseError, InvalidInput, NotAllowed, NotAuthenticated, TooManyRequests
from domain.language import LANGUAGES
from programme import sign_in

router = APIRouter(default_response_class=HTMLResponse)

_FORM_COOKIE = "allywise_form"
_YEAR = 365 * 86_400
_STALE = "This form was not of a page that this browser has open; please try again"
_REFUSED = "That did not work: the identity provider, or this service, did not let you in"

_Text = Annotated[str, Form(max_length=1000)]


@router.get("/login")
def login_page(
    request: Request,
    services: ServicesDep,
    sso: Annotated[str, Query(max_length=20)] = "",
    next: Annotated[str, Query(max_length=500)] = "/",
) -> Response:
    """Show the form that asks who it is."""
    return _form(request, services, "login.html", problem=_REFUSED if sso else None, next=own_path(next))


@router.post("/login")
def login(
    services: ServicesDep,
    request: Request,
    email: _Text = "",
    password: _Text = "",
    key: _Text = "",
    form: _Text = "",
    next: _Text = "/",
) -> Response:
    """Sign in with e-mail address and password, or with an API key; the session is kept in a cookie."""
    try:
        _check_form(request, form)
        if key:
            found = sign_in.sign_in_with_key(services.unit_of_work, services.settings, key.strip())
        else:
            address = network_address(request)
            found = sign_in.sign_in(services.unit_of_work, services.settings, email, password, address)
    except (NotAuthenticated, NotAllowed, TooManyRequests) as error:
        return _form(request, services, "login.html", error, email=email, next=own_path(next))
    response = RedirectResponse(own_path(next), 303)
    keep_session(request, response, services, found.token)
    return response


@router.post("/logout")
def logout(services: ServicesDep, request: Request, csrf: _Text = "") -> Response:
    """End the session."""
    caller = who(request, services)
    response = RedirectResponse("/login", 303)
    if caller is not None and caller.token is not None:
        check_csrf(caller.token, csrf)
        sign_in.sign_out(services.unit_of_work, caller.actor, caller.token)
    drop_session(request, response, services)
    return response


@router.post("/look")
def look(
    request: Request, services: ServicesDep, language: _Text = "", theme: _Text = "", back: _Text = "/"
) -> Response:
    """Keep which language and colours this browser is shown; nobody need be signed in."""
    response = RedirectResponse(own_path(back), 303)
    secure = is_https(request, services)
    for name, value, known in ((LANGUAGE_COOKIE, language, LANGUAGES), (THEME_COOKIE, theme, THEMES)):
        if value in known:
            response.set_cookie(name, value, max_age=_YEAR, httponly=True, samesite="lax", secure=secure)
        else:
            response.delete_cookie(name)
    return response


@router.get("/invitation")
def invitation_page(
    request: Request, services: ServicesDep, token: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Show the form in which an invited person sets a password."""
    return _form(request, services, "invitation.html", token=token)


@router.post("/invitation")
def accept_invitation(
    services: ServicesDep, request: Request, token: _Text, password: _Text, again: _Text, form: _Text = ""
) -> Response:
    """Set the password with the one-time token."""
    try:
        _check_form(request, form)
        if password != again:
            raise InvalidInput("the two passwords are not the same")
        sign_in.accept_invitation(services.unit_of_work, services.settings, token, password)
    except (InvalidInput, NotAllowed, NotAuthenticated) as error:
        return _form(request, services, "invitation.html", error, token=token)
    return RedirectResponse("/login", 303)


def _form(
    request: Request,
    services: Services,
    template: str,
    error: AllywiseError | None = None,
    problem: str | None = None,
    **values: Any,
) -> Response:
    """Return the page of a form, tied to this browser by a cookie that must come back with it."""
    token = request.cookies.get(_FORM_COOKIE) or secrets.token_urlsafe(32)
    if error is not None:
        problem = f"That did not work: {error.message}"
    status = {NotAllowed: 403, TooManyRequests: 429, InvalidInput: 422}.get(type(error), 401) if error else 200
    settings = services.settings
    values = {"email": "", "next": "/"} | values
    response = shown(
        request,
        template,
        status,
        problem=problem,
        form=token,
        sso=bool(settings.oidc_issuer),
        min_length=settings.password_min_length,
        **values,
    )
    response.set_cookie(_FORM_COOKIE, token, httponly=True, samesite="strict", secure=is_https(request, services))
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.details["retry_after"])
    return response


def _check_form(request: Request, presented: str) -> None:
    expected = request.cookies.get(_FORM_COOKIE, "")
    if not expected or not hmac.compare_digest(expected.encode(), presented.encode(errors="replace")):
        raise NotAllowed(_STALE)
