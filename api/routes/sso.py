"""Single sign-on at an identity provider: there, and back."""

import base64
import binascii
import hmac
import json
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.authentication import is_https, keep_session
from api.dependencies import Services, ServicesDep, allow_anyone
from api.problems import problem_responses
from domain.errors import NotAuthenticated
from programme.single_sign_on import Attempt, begin_sign_on, finish_sign_on

router = APIRouter(tags=["session"])

_COOKIE = "allywise_sso"
_CALLBACK = "/v1/auth/oidc/callback"
_MAX_AGE_SECONDS = 600

_Text = Annotated[str, Query(max_length=4000)]


@router.get(
    "/auth/oidc/login",
    operation_id="begin_sign_on",
    status_code=303,
    response_class=RedirectResponse,
    dependencies=[allow_anyone()],
    responses=problem_responses(404, 503),
)
def begin(request: Request, services: ServicesDep) -> Response:
    """Send the browser to the identity provider; 404 when single sign-on is off."""
    attempt, url = begin_sign_on(services.settings, _redirect_uri(request, services))
    response = RedirectResponse(url, 303)
    kept = base64.urlsafe_b64encode(json.dumps(attempt).encode()).decode()
    # Lax: the browser comes back from another site and must bring it along.
    secure = is_https(request, services)
    response.set_cookie(
        _COOKIE, kept, max_age=_MAX_AGE_SECONDS, path="/v1/auth/oidc", httponly=True, samesite="lax", secure=secure
    )
    return response


@router.get(
    "/auth/oidc/callback",
    operation_id="finish_sign_on",
    status_code=303,
    response_class=RedirectResponse,
    dependencies=[allow_anyone()],
    responses=problem_responses(401, 404, 422, 503),
)
def finish(request: Request, services: ServicesDep, code: _Text = "", state: _Text = "", error: _Text = "") -> Response:
    """Take the browser back from the provider: begins the session and goes on to the console.

    A browser that is not let in is sent to the sign-in page; who does not ask for HTML gets a problem.
    """
    try:
        attempt = _attempt(request, state)
        if error or not code:
            raise NotAuthenticated("the identity provider did not let you in")
        uri = _redirect_uri(request, services)
        found = finish_sign_on(services.unit_of_work, services.settings, services.clock, attempt, code, uri)
    except NotAuthenticated:
        if "text/html" not in request.headers.get("accept", ""):
            raise
        return _gone_to("/login?sso=refused", request, services)
    response = _gone_to("/", request, services)
    keep_session(request, response, services, found.token)
    return response


def _gone_to(path: str, request: Request, services: Services) -> RedirectResponse:
    response = RedirectResponse(path, 303)
    response.delete_cookie(_COOKIE, path="/v1/auth/oidc", httponly=True, secure=is_https(request, services))
    return response


def _redirect_uri(request: Request, services: Services) -> str:
    base = services.settings.public_url or str(request.base_url).rstrip("/")
    return f"{base}{_CALLBACK}"


def _attempt(request: Request, state: str) -> Attempt:
    """Return the attempt that this browser began.

    Raises
    ------
    NotAuthenticated
        If it began none with this state: somebody else's answer was put into its way.
    """
    try:
        kept = json.loads(base64.b64decode(request.cookies.get(_COOKIE, ""), b"-_", validate=True))
        attempt = Attempt(*map(str, kept))
    except (ValueError, TypeError, binascii.Error):
        attempt = None
    if attempt is None or not hmac.compare_digest(attempt.state.encode(), state.encode(errors="replace")):
        raise NotAuthenticated("this sign-on was not begun in this browser, or too long ago; begin again")
    return attempt
