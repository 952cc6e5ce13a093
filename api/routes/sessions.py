"""Signing in and out, and passwords."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.authentication import (
    Caller,
    csrf_token,
    drop_session,
    keep_session,
    network_address,
    refuse_other_sites,
    signed_in,
)
from api.dependencies import CallerDep, ServicesDep, allow, allow_anyone
from api.problems import problem_responses
from domain.errors import NotAuthenticated
from domain.terms import PartnerRole, Role
from programme import sign_in

router = APIRouter(tags=["session"])

_EVERYBODY = tuple(Role)
_Password = Annotated[str, Field(max_length=1000)]


class Credentials(BaseModel):
    """Who signs in."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=1000)
    password: _Password


class PasswordChange(BaseModel):
    """The password until now, and from now on."""

    model_config = ConfigDict(extra="forbid")

    old_password: _Password
    new_password: _Password


class Acceptance(BaseModel):
    """The one-time token of an invitation, and the password that it sets."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(max_length=200)
    password: _Password


class SessionAnswer(BaseModel):
    """Who is asking."""

    name: str = Field(description="a person's e-mail address, or the name of a key")
    full_name: str | None
    email: str | None
    role: Role
    partner: str | None = Field(description="external id of the one partner whose rows are seen")
    partner_role: PartnerRole | None
    scopes: list[str] = Field(description="what a key is narrowed to; empty: all that its role may")
    csrf_token: str | None = Field(description="for the header X-CSRF-Token of changes; null for an API key")
    expires_at: datetime | None = Field(description="when a person has to sign in again; null for an API key")


@router.post(
    "/session",
    operation_id="sign_in",
    dependencies=[allow_anyone()],
    responses=problem_responses(401, 403, 413, 422, 429),
)
def post_session(body: Credentials, request: Request, response: Response, services: ServicesDep) -> SessionAnswer:
    """Sign in with e-mail address and password: sets the session's cookie, answers the CSRF token.

    After too many wrong passwords for an e-mail address, known or not, or from a network address, 429 says when to
    try again.
    """
    refuse_other_sites(request)
    found = sign_in.sign_in(
        services.unit_of_work, services.settings, body.email, body.password, network_address(request)
    )
    keep_session(request, response, services, found.token)
    caller = signed_in(services, found.token)
    if caller is None:
        raise NotAuthenticated("the account was closed this moment")
    return _answer(services, caller)


@router.get(
    "/session",
    operation_id="get_session",
    dependencies=[allow(*_EVERYBODY)],
    responses=problem_responses(401, 403),
)
def get_session(caller: CallerDep, services: ServicesDep) -> SessionAnswer:
    """Say who I am and what I may."""
    return _answer(services, caller)


@router.delete(
    "/session",
    operation_id="sign_out",
    status_code=204,
    dependencies=[allow(*_EVERYBODY)],
    responses=problem_responses(401, 403),
)
def delete_session(caller: CallerDep, request: Request, response: Response, services: ServicesDep) -> None:
    """Sign out; nothing happens to an API key."""
    if caller.token is not None:
        sign_in.sign_out(services.unit_of_work, caller.actor, caller.token)
        drop_session(request, response, services)


@router.put(
    "/session/password",
    operation_id="change_password",
    status_code=204,
    dependencies=[allow(*_EVERYBODY)],
    responses=problem_responses(401, 403, 413, 422, 429),
)
def put_password(body: PasswordChange, caller: CallerDep, request: Request, services: ServicesDep) -> None:
    """Change the own password; all other sessions end. Wrong old passwords count as tries to sign in."""
    sign_in.change_password(
        services.unit_of_work,
        services.settings,
        caller.actor,
        (body.old_password, body.new_password),
        network_address(request),
        caller.token,
    )


@router.post(
    "/session/invitation",
    operation_id="accept_invitation",
    status_code=204,
    dependencies=[allow_anyone()],
    responses=problem_responses(401, 403, 413, 422),
)
def accept_invitation(body: Acceptance, request: Request, services: ServicesDep) -> None:
    """Set the password of an invited person with the one-time token; then sign in with it."""
    refuse_other_sites(request)
    sign_in.accept_invitation(services.unit_of_work, services.settings, body.token, body.password)


def _answer(services: ServicesDep, caller: Caller) -> SessionAnswer:
    actor = caller.actor
    partner = None
    if actor.partner_id is not None:
        with services.unit_of_work(actor, read_only=True) as work:
            partner = str(work.repository("partners").get(actor.partner_id)["external_id"])
    return SessionAnswer(
        name=actor.name,
        full_name=actor.full_name,
        email=actor.email,
        role=actor.role,
        partner=partner,
        partner_role=actor.partner_role,
        scopes=list(actor.scopes),
        csrf_token=None if caller.token is None else csrf_token(caller.token),
        expires_at=caller.expires_at,
    )
