"""Around every request: an id, measurements, security headers, a limit on bodies."""

import time
import uuid
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from prometheus_client import Counter, Histogram

from api.admission import Admission
from api.dependencies import get_services
from api.problems import problem
from domain.language import LANGUAGES, Language, language_of, negotiate, speaking

REQUESTS = Counter("allywise_requests_total", "Requests by route and status.", ("method", "route", "status"))
SECONDS = Histogram("allywise_request_seconds", "Time to answer, by route.", ("method", "route"))
OLDER = Counter("allywise_older_answers_total", "Answers without what was written in the last seconds.")

LANGUAGE_COOKIE = "allywise_language"
"""Holds the language that somebody chose on a page."""

MAX_BODY_BYTES = 4 * 2**20
"""Largest body of an ordinary request; uploads have a setting of their own."""

MAX_PAGE_UPLOAD_BYTES = 32 * 2**20
"""Largest upload on a page; more than that is imported by ``POST /v1/imports`` or on the machine itself."""

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def add_middleware(app: FastAPI) -> None:
    """Wrap all requests of `app`."""
    app.add_middleware(Admission)
    app.middleware("http")(_around)  # the outer one: what waits is measured, and what is refused is counted


async def _around(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    request.state.request_id = uuid.uuid4().hex
    started = time.perf_counter()
    refused = _refuse_body(request)
    with speaking(_language(request)):
        response = refused if refused is not None else await call_next(request)
    route = _route(request)
    REQUESTS.labels(request.method, route, response.status_code).inc()
    SECONDS.labels(request.method, route).observe(time.perf_counter() - started)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Content-Language"] = _language(request).code
    response.headers["X-Request-Id"] = request.state.request_id
    return response


def _language(request: Request) -> Language:
    """Return the language that the reader of pages has chosen, else the one that the browser or machine asks for."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return language_of(chosen)
    return negotiate(request.headers.get("accept-language", ""), get_services(request).settings.language)


def _route(request: Request) -> str:
    """Return the path of the route that answered, as documented: a route knows itself without its router's prefix."""
    path = getattr(request.scope.get("route"), "path", None)
    if path is None:
        return "unmatched"
    prefix = "/v1" if request.url.path.startswith("/v1/") and not path.startswith("/v1") else ""
    return f"{prefix}{path}"


def _refuse_body(request: Request) -> Response | None:
    if request.method in ("GET", "HEAD", "OPTIONS") or request.url.path == "/v1/imports":
        return None
    length = request.headers.get("content-length")
    if length is None and request.headers.get("transfer-encoding"):
        return problem(request, 411, "length_required", "send a Content-Length header")
    most = MAX_PAGE_UPLOAD_BYTES if request.url.path == "/uploads" else MAX_BODY_BYTES
    if length is not None and (not length.isdigit() or int(length) > most):
        return problem(request, 413, "too_large", f"the body is {length} bytes; at most {most} are read")
    return None
