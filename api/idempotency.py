"""Creating POSTs may be retried: the same key and body get the first answer again."""

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Header
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from domain.errors import IdempotencyMismatch
from store.unit_of_work import UnitOfWork

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        description="Any text of yours, unique per intended creation: a retry with the same key and body "
        "gets the first answer again, another body with the same key is refused.",
    ),
]


def once(
    work: UnitOfWork,
    key: str | None,
    request: Any,
    create: Callable[[], Any],
    shape: type[BaseModel],
    status: int = 201,
    secret: str | None = None,
) -> JSONResponse:
    """Answer `create()`, or what it answered the first time this `key` came.

    Parameters
    ----------
    work : UnitOfWork
        The transaction of the creation; the answer is remembered in it.
    key : str or None
        Value of the Idempotency-Key header; none: always create.
    request : Any
        What was asked, JSON-ready: hashed to tell retries from misuse.
    create : callable
        Does the work and returns what `shape` is made of.
    shape : type
        Schema of the body.
    status : int
        Status of the answer.
    secret : str, optional
        Name of a field of the answer that is told once: it is not remembered, a retry gets null.
    """
    earlier = replay(work, key, request)
    if earlier is not None:
        return earlier
    body = shape.model_validate(create(), from_attributes=True).model_dump(mode="json")
    remember(work, key, request, status, body if secret is None else body | {secret: None})
    return JSONResponse(body, status, _headers(body))


def remember(work: UnitOfWork, key: str | None, request: Any, status: int, body: Any) -> None:
    """Keep an answer for retries, if a `key` came; `body` is plain JSON, or its text."""
    if key is not None:
        kept = json.loads(body) if isinstance(body, str) else body
        work.idempotency.put(work.actor.identity, key, _hash(request), status, kept)


def replay(
    work: UnitOfWork, key: str | None, request: Any, restore: Callable[[Any], Any] | None = None
) -> JSONResponse | None:
    """Return the answer that `key` got before, None if it is new; `restore` makes the body of what was remembered.

    Raises
    ------
    IdempotencyMismatch
        If it came with another request.
    """
    earlier = work.idempotency.get(work.actor.identity, key) if key is not None else None
    if earlier is None:
        return None
    if earlier.body_hash != _hash(request):
        raise IdempotencyMismatch(f"Idempotency-Key {key!r} came before with another body; use a new key")
    body = earlier.body if restore is None else restore(earlier.body)
    return JSONResponse(body, earlier.status, {"Idempotency-Replayed": "true"} | _headers(body))


def _headers(body: Any) -> dict[str, str]:
    """Return the ETag of a row, for the next change."""
    version = body.get("row_version") if isinstance(body, dict) else None
    return {} if version is None else {"ETag": f'"{version}"'}


def _hash(request: Any) -> str:
    return hashlib.sha256(json.dumps(jsonable_encoder(request), sort_keys=True).encode()).hexdigest()
