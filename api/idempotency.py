"""Creating POSTs may be retried: the same key and body get the first answer again."""

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Header
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

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


def once(work: UnitOfWork, key: str | None, request: Any, create: Callable[[], Any], status: int = 201) -> JSONResponse:
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
        Does the work and returns the body.
    status : int
        Status of the answer.
    """
    if key is None:
        return JSONResponse(jsonable_encoder(create()), status)
    body_hash = hashlib.sha256(json.dumps(jsonable_encoder(request), sort_keys=True).encode()).hexdigest()
    actor = work.actor.name
    earlier = work.idempotency.get(actor, key)
    if earlier is not None:
        if earlier.body_hash != body_hash:
            raise IdempotencyMismatch(f"Idempotency-Key {key!r} came before with another body; use a new key")
        return JSONResponse(earlier.body, earlier.status, {"Idempotency-Replayed": "true"})
    body = jsonable_encoder(create())
    work.idempotency.put(actor, key, body_hash, status, body)
    return JSONResponse(body, status)
