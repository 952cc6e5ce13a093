"""API keys."""

from datetime import datetime
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import Work, allow, utc
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from domain.access import area_of
from domain.terms import Role
from programme import keys
from store.keys import Key, NewKey
from store.unit_of_work import UnitOfWork

router = APIRouter(tags=["keys"])

_Prefix = Annotated[str, Path(max_length=100, description="as shown in the list: the letters after aw_")]


class NewKeyRequest(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200, description="what or whom it is for; printable")
    role: Role
    partner: str | None = Field(None, max_length=1000, description="external id, for role partner")
    scopes: list[str] = Field(
        default_factory=list,
        max_length=100,
        description="narrow it: read (whatever the role reads), or areas such as deals or leads:read; none: all",
    )
    expires_at: datetime | None = Field(None, description="from when on it is worth nothing; null: never")


class RotationRequest(BaseModel):
    """How a key is rotated."""

    model_config = ConfigDict(extra="forbid")

    grace_hours: float = Field(24, ge=0, le=720, description="for how long the secret until now goes on working")


class KeyAnswer(BaseModel):
    """A key; its secret is not kept."""

    prefix: str
    name: str
    role: Role
    partner: str | None
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    rotated_at: datetime | None
    former_until: datetime | None = Field(description="until when the secret before the last rotation works")
    last_used_at: datetime | None = Field(description="to within an hour")


class NewKeyAnswer(KeyAnswer):
    """A key and its secret."""

    secret: str | None = Field(description="told once: a retry with the same Idempotency-Key gets null")


@router.get("/keys", operation_id="list_keys", dependencies=[allow()], responses=problem_responses(401, 403))
def list_keys(work: Work) -> list[KeyAnswer]:
    """List all keys, oldest first."""
    return [KeyAnswer.model_validate(_told(work, key)) for key in work.keys.list()]


@router.post(
    "/keys",
    operation_id="create_key",
    status_code=201,
    response_model=NewKeyAnswer,
    dependencies=[allow()],
    responses=problem_responses(401, 403, 404, 409, 413, 422),
)
def create_key(body: NewKeyRequest, work: Work, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """Make a key and tell its secret, this once. Safe to retry with an Idempotency-Key."""

    def create() -> dict[str, object]:
        made = keys.create_key(
            work,
            body.name,
            body.role,
            areas=known_areas(),
            partner=body.partner,
            scopes=body.scopes,
            expires_at=utc(body.expires_at),
        )
        return _told_once(work, made)

    request_body = {"create": "keys", "values": body.model_dump(mode="json")}
    return once(work, idempotency_key, request_body, create, NewKeyAnswer, secret="secret")  # noqa: S106


@router.get(
    "/keys/{prefix}", operation_id="get_key", dependencies=[allow()], responses=problem_responses(401, 403, 404, 422)
)
def get_key(prefix: _Prefix, work: Work) -> KeyAnswer:
    """Get a key."""
    return KeyAnswer.model_validate(_told(work, work.keys.get(prefix)))


@router.post(
    "/keys/{prefix}/rotate",
    operation_id="rotate_key",
    dependencies=[allow()],
    responses=problem_responses(401, 403, 404, 409, 413, 422),
)
def rotate_key(prefix: _Prefix, body: RotationRequest, work: Work) -> NewKeyAnswer:
    """Give a key a new secret; name, role and scopes stay, and so does the prefix.

    The secret until now works for the grace, so that whoever uses it can be changed over without a gap.
    """
    return NewKeyAnswer.model_validate(_told_once(work, keys.rotate_key(work, prefix, body.grace_hours)))


@router.delete(
    "/keys/{prefix}",
    operation_id="revoke_key",
    status_code=204,
    dependencies=[allow()],
    responses=problem_responses(401, 403, 404, 422),
)
def revoke_key(prefix: _Prefix, work: Work) -> None:
    """Revoke a key for good. Safe to retry."""
    keys.revoke_key(work, prefix)


@lru_cache
def known_areas() -> frozenset[str]:
    """Return the areas that a key can be narrowed to: those of all routes."""
    from api.app import VERSIONED  # which imports this module

    return frozenset(area_of(route.path) for module in VERSIONED for route in module.router.routes)


def _told(work: UnitOfWork, key: Key) -> dict[str, object]:
    partner = None if key.partner_id is None else work.repository("partners").get(key.partner_id)["external_id"]
    return key._asdict() | {"partner": partner, "scopes": list(key.scopes)}


def _told_once(work: UnitOfWork, made: NewKey) -> dict[str, object]:
    return _told(work, made.key) | {"secret": made.secret}
