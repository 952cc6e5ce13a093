"""Errors as RFC 9457 problem details: the one place that knows which error is which HTTP status."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from domain import errors

STATUS: Mapping[type[errors.AllywiseError], int] = {
    errors.InvalidInput: 422,
    errors.ImportRejected: 422,
    errors.UnknownReference: 422,
    errors.BadCursor: 422,
    errors.NotAuthenticated: 401,
    errors.NotAllowed: 403,
    errors.TooManyRequests: 429,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.IdempotencyMismatch: 422,
    errors.StaleVersion: 412,
    errors.CannotAnswer: 503,
    errors.ArtefactInvalid: 503,
    errors.FeatureSetMismatch: 503,
    errors.TrainingImpossible: 409,
    errors.GateFailed: 409,
    errors.StoreNotReady: 503,
}
"""HTTP status of each error class; a test fails when a class is missing."""

_HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_media_type"}


class Problem(BaseModel):
    """What a client gets instead of an answer (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="URI of the kind of problem", examples=["urn:allywise:problem:not_found"])
    title: str = Field(description="the kind of problem in words")
    status: int
    detail: str = Field(description="what is wrong here, and what would be right")
    code: str = Field(description="stable word to program against", examples=["not_found"])
    request_id: str = Field(description="to quote when asking for help; also in the X-Request-Id header")


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document problem answers of a route, for its ``responses=``."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _TITLES[status], "content": content} for status in statuses}


_TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    412: "Stale version",
    411: "Length required",
    413: "Too large",
    415: "Unsupported media type",
    422: "Invalid input",
    429: "Too many requests",
    500: "Internal error",
    503: "Cannot answer now",
}


Page = Callable[[Request, int, str], Response]
"""Makes a page for people of a request, a status and what is wrong."""


def add_problem_handlers(
    app: FastAPI, wants_page: Callable[[Request], bool] = lambda _: False, page: Page | None = None
) -> None:
    """Make every failure of `app` a problem response of one shape, and a `page` where a browser asked for one."""
    app.state.failure_page = lambda request: page if wants_page(request) else None
    app.add_exception_handler(errors.AllywiseError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_unforeseen)


class _ProblemResponse(JSONResponse):
    """A problem quotes what was sent, and that may be half a surrogate pair, which has no bytes: all of it in ASCII."""

    media_type = "application/problem+json"

    def render(self, content: Any) -> bytes:
        """Return `content` as JSON."""
        return json.dumps(content, separators=(",", ":"), allow_nan=False).encode("ascii")


def problem(
    request: Request, status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """Make one problem response."""
    page: Page | None = request.app.state.failure_page(request)
    if page is not None:
        return page(request, status, detail)
    body = {
        "type": f"urn:allywise:problem:{code}",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": getattr(request.state, "request_id", ""),
    }
    return _ProblemResponse(jsonable_encoder(more | body), status, dict(headers or {}))


def _on_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, errors.AllywiseError):
        raise error
    status = STATUS[type(error)]
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}.get(status)
    if isinstance(error, errors.TooManyRequests):
        headers = {"Retry-After": str(error.details["retry_after"])}
    body_names = ("status", "code", "detail", "headers")
    more = {name: value for name, value in error.details.items() if name not in body_names}
    return problem(request, status, error.code, error.message, headers=headers, **more)


def _on_invalid_request(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    is_page = request.app.state.failure_page(request) is not None
    if is_page and any(item["loc"][0] == "path" for item in error.errors()):
        # An address typed or cut short by a person: there is no such page, whatever its parts should have been.
        return problem(request, 404, errors.NotFound.code, f"There is no page {request.url.path}.")
    found = [
        {"field": ".".join(str(part) for part in item["loc"]), "message": item["msg"]} for item in error.errors()[:50]
    ]
    detail = "; ".join(f"{item['field']}: {item['message']}" for item in found[:3])
    return problem(request, 422, errors.InvalidInput.code, detail, errors=found)


def _on_unforeseen(request: Request, _error: Exception) -> Response:
    # The server logs the traceback; the caller gets nothing of it but the id to quote.
    detail = "something went wrong here that should not have; please report it with the request id"
    return problem(request, 500, "internal_error", detail)


def _on_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 400:  # the framework's word for a body that is not even text
        return problem(request, 422, errors.InvalidInput.code, "the body cannot be read: send JSON in UTF-8, or a form")
    code = _HTTP_CODES.get(error.status_code, "http_error")
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods_of(request)) or headers.get("Allow", "")
    return problem(request, error.status_code, code, str(error.detail), headers=headers)


def _methods_of(request: Request) -> list[str]:
    """Return the methods of the path as documented: the router names only those of the first route that has it."""
    paths: dict[str, dict[str, Any]] = request.scope["app"].openapi()["paths"]
    fitting = [path for path in paths if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", path), request.url.path)]
    plainest = min(fitting, key=lambda path: path.count("{"), default=None)
    return sorted(method.upper() for method in paths[plainest]) if plainest else []
