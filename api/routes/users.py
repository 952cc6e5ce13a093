"""People who sign in."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import Limit, ServicesDep, Work, allow
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from domain.errors import BadCursor, InvalidInput
from domain.terms import PartnerRole, Role, UserStatus
from programme import people
from store.users import User

router = APIRouter(tags=["users"])

_ADMINS = (Role.PARTNER,)
"""Besides admin; of a partner its admin, which the area and the service see to."""

_Id = Annotated[int, Path(ge=1, le=2**31 - 1, description="our id")]
_Email = Annotated[str, Field(max_length=1000, description="what the person signs in with; case does not matter")]
_Name = Annotated[str, Field(max_length=1000)]
_Partner = Annotated[
    str | None, Field(max_length=1000, description="external id, for role partner; default: that of who asks")
]


class NewUser(BaseModel):
    """A person to be invited."""

    model_config = ConfigDict(extra="forbid")

    email: _Email
    name: _Name
    role: Role
    partner: _Partner = None
    partner_role: PartnerRole | None = Field(None, description="for role partner; default: seller")


class UserPatch(BaseModel):
    """What is to change; what is not given stays."""

    model_config = ConfigDict(extra="forbid")

    email: _Email | None = None
    name: _Name | None = None
    role: Role | None = None
    partner: _Partner = None
    partner_role: PartnerRole | None = None
    status: UserStatus | None = Field(None, description="deactivated signs the person out and keeps the account shut")


class UserAnswer(BaseModel):
    """A person."""

    id: int
    email: str
    name: str
    role: Role
    partner: str | None
    partner_role: PartnerRole | None
    status: UserStatus
    has_password: bool = Field(description="without: single sign-on only, or not yet set")
    created_at: datetime
    last_login_at: datetime | None


class UserPage(BaseModel):
    """Some people, and the cursor of the next page."""

    items: list[UserAnswer]
    next_cursor: str | None


class InvitationAnswer(BaseModel):
    """A person, and the one-time token for `POST /v1/session/invitation`."""

    user: UserAnswer
    token: str | None = Field(description="told once: a retry with the same Idempotency-Key gets null")
    token_expires_at: datetime | None


@router.get(
    "/users",
    operation_id="list_users",
    dependencies=[allow(*_ADMINS)],
    responses=problem_responses(401, 403, 422),
)
def list_users(
    work: Work,
    role: Role | None = None,
    partner_role: PartnerRole | None = None,
    status: UserStatus | None = None,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before")] = None,
) -> UserPage:
    """List people, by age of the account; a partner's admin sees those of that partner."""
    wanted = {"role": role, "partner_role": partner_role, "status": status}
    filters = {name: value for name, value in wanted.items() if value is not None}
    found = people.list_users(work, filters, _after(cursor), limit + 1)
    work.journal.read("users", [f"id:{user.id}" for user in found[:limit]])
    following = _cursor(found[limit - 1].id) if len(found) > limit else None
    return UserPage(items=[_answer(user) for user in found[:limit]], next_cursor=following)


@router.post(
    "/users",
    operation_id="create_user",
    status_code=201,
    response_model=InvitationAnswer,
    dependencies=[allow(*_ADMINS)],
    responses=problem_responses(401, 403, 404, 409, 413, 422),
)
def create_user(
    body: NewUser, work: Work, services: ServicesDep, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Invite a person, who sets a password with the token told here, once. Safe to retry with an Idempotency-Key."""
    return once(
        work,
        idempotency_key,
        {"create": "users", "values": body.model_dump()},
        lambda: _invitation(people.invite_user(work, services.settings, **dict(body))),
        InvitationAnswer,
        secret="token",  # noqa: S106  # the name of a field
    )


@router.get(
    "/users/{user_id}",
    operation_id="get_user",
    dependencies=[allow(*_ADMINS)],
    responses=problem_responses(401, 403, 404, 422),
)
def get_user(user_id: _Id, work: Work) -> UserAnswer:
    """Get a person."""
    found = people.get_user(work, user_id)
    work.journal.read("users", [f"id:{found.id}"])
    return _answer(found)


@router.patch(
    "/users/{user_id}",
    operation_id="change_user",
    dependencies=[allow(*_ADMINS)],
    responses=problem_responses(401, 403, 404, 409, 413, 422),
)
def change_user(user_id: _Id, body: UserPatch, work: Work) -> UserAnswer:
    """Change what is given. With another role, partner or status the person is signed out everywhere."""
    changes: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    for name in ("email", "name", "role", "status"):
        if changes.get(name, body) is None:
            raise InvalidInput(f"{name} cannot be empty; leave it out to keep it", field=name)
    return _answer(people.change_user(work, user_id, changes))


@router.delete(
    "/users/{user_id}",
    operation_id="deactivate_user",
    status_code=204,
    dependencies=[allow(*_ADMINS)],
    responses=problem_responses(401, 403, 404, 409, 422),
)
def deactivate_user(user_id: _Id, work: Work) -> None:
    """Shut an account: what the person did stays readable under the name. Safe to retry."""
    people.change_user(work, user_id, {"status": UserStatus.DEACTIVATED})


@router.post(
    "/users/{user_id}/invitation",
    operation_id="renew_invitation",
    status_code=201,
    dependencies=[allow(*_ADMINS)],
    responses=problem_responses(401, 403, 404, 409, 422),
)
def renew_invitation(user_id: _Id, work: Work, services: ServicesDep) -> InvitationAnswer:
    """Make a new one-time token: for a lost invitation or a forgotten password. Earlier ones end."""
    return _invitation(people.renew_invitation(work, services.settings, user_id))


def _invitation(made: people.Invitation) -> InvitationAnswer:
    return InvitationAnswer(user=_answer(made.user), token=made.token, token_expires_at=made.user.token_expires_at)


def _answer(user: User) -> UserAnswer:
    known = {name: value for name, value in user._asdict().items() if name in UserAnswer.model_fields}
    return UserAnswer(**known, has_password=user.password_hash is not None)


def _cursor(id_: int) -> str:
    return base64.urlsafe_b64encode(f"users {id_}".encode()).decode().rstrip("=")


def _after(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        name, _, id_ = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode().partition(" ")
    except (ValueError, binascii.Error):
        name, id_ = "", ""
    if name != "users" or not (id_.isascii() and id_.isdigit() and len(id_) < 18):
        raise BadCursor("The cursor is not one that this service gave; begin without one.")
    return int(id_)
