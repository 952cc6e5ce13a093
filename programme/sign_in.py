"""Signing in: by password, by the cookie's token, by key; who that is, as an actor.

Nothing here tells whether an e-mail address is known: an unknown one is answered with the same words, after the same
time, and is locked after as many tries.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from domain.access import portfolio_of
from domain.context import SYSTEM, Actor
from domain.errors import InvalidInput, NotAuthenticated, TooManyRequests
from domain.settings import Settings
from domain.terms import Role, UserStatus
from programme.passwords import checked_password, hash_password, is_password, needs_new_hash
from programme.people import normal_email, set_password, user_of_token
from store.keys import Key
from store.sessions import Session
from store.unit_of_work import UnitOfWork
from store.users import User

OpenWork = Callable[..., UnitOfWork]
"""Opens a unit of work for an actor: ``open_work(actor, read_only=False)``."""

_WRONG = "this e-mail address and password do not belong together"


class SignedIn(NamedTuple):
    """A session just begun, with the token that is never shown again."""

    token: str
    user: User | None
    key: Key | None


def sign_in(open_work: OpenWork, settings: Settings, email: str, password: str, address: str) -> SignedIn:
    """Begin the session of a person who gives the right password.

    Parameters
    ----------
    open_work : callable
        Opens a transaction for an actor; several short ones are used, none while the password is looked at.
    settings : Settings
        Limits and lifetimes.
    email, password : str
        As typed.
    address : str
        The network address that tries.

    Raises
    ------
    NotAuthenticated
        If they do not belong together, or the person may not sign in with a password.
    TooManyRequests
        If there were too many tries for this e-mail address or from this network address.
    """
    email = normal_email(email)
    user = _looked_at(open_work, settings, email, address)
    right = is_password(password, user.password_hash if user is not None else None)
    if user is None or not right or user.status is not UserStatus.ACTIVE:
        raise NotAuthenticated(_WRONG)
    renewed = hash_password(password) if needs_new_hash(str(user.password_hash)) else None
    with open_work(actor_of_user(user, settings)) as work:
        work.sign_in_tries.clear("email", email)
        work.sign_in_tries.take_back("address", address)
        if renewed is not None:
            work.users.change(user.id, {"password_hash": renewed})
        return begin_session(work, settings, user)


def _looked_at(open_work: OpenWork, settings: Settings, email: str, address: str) -> User | None:
    """Count the try, and return the person whose password it may be."""
    lock = timedelta(minutes=settings.sign_in_lock_minutes)
    with open_work(SYSTEM) as work:
        wait = work.sign_in_tries.count("address", address, settings.sign_in_tries_per_address, lock)
        wait = wait or work.sign_in_tries.count("email", email, settings.sign_in_tries, lock)
        user = work.users.by_email(email)
    if wait:
        raise TooManyRequests(f"too many tries to sign in; try again in {wait} seconds", retry_after=wait)
    return user


def sign_out(open_work: OpenWork, actor: Actor, token: str) -> None:
    """End a session."""
    with open_work(actor) as work:
        work.sessions.end(token)


def change_password(
    open_work: OpenWork,
    settings: Settings,
    actor: Actor,
    passwords: tuple[str, str],
    address: str,
    token: str | None,
) -> None:
    """Give the actor another password, who knows the one until now; all sessions but that of `token` end.

    Raises
    ------
    InvalidInput
        If the actor has no password, the old one is wrong or the new one not good enough.
    TooManyRequests
        As of `sign_in`.
    """
    old, new = passwords
    if actor.email is None:
        raise InvalidInput("an API key has no password; rotate it: POST /v1/keys/{prefix}/rotate")
    checked_password(new, settings.password_min_length, actor.email)
    user = _looked_at(open_work, settings, actor.email, address)
    if user is None or not is_password(old, user.password_hash):
        raise InvalidInput("this is not the password until now", field="old_password")
    kept = hash_password(new)
    with open_work(actor) as work:
        work.sign_in_tries.take_back("address", address)
        set_password(work, user, kept, token)


def accept_invitation(open_work: OpenWork, settings: Settings, token: str, password: str) -> None:
    """Set the password of the person whose one-time token this is.

    Raises
    ------
    NotAuthenticated
        If the token is unknown, used or too old.
    InvalidInput
        If the password is not good enough.
    """
    with open_work(SYSTEM, read_only=True) as work:
        user = user_of_token(work, token)
    kept = hash_password(checked_password(password, settings.password_min_length, user.email))
    with open_work(actor_of_user(user, settings)) as work:
        set_password(work, user_of_token(work, token), kept)


def begin_session(work: UnitOfWork, settings: Settings, user: User) -> SignedIn:
    """Begin the session of a person whose identity was proven."""
    token = work.sessions.begin(timedelta(hours=settings.session_hours), user_id=user.id)
    work.journal.record("signed_in", "users", f"id:{user.id}", partner_id=user.partner_id)
    work.users.change(user.id, {"last_login_at": work.clock()})
    return SignedIn(token, user, None)


def sign_in_with_key(open_work: OpenWork, settings: Settings, secret: str) -> SignedIn:
    """Begin a browser's session with an API key; it ends when the key does.

    Raises
    ------
    NotAuthenticated
        If the key is unknown, revoked or expired.
    """
    with open_work(SYSTEM) as work:
        key = work.keys.find(secret)
        if key is None:
            raise NotAuthenticated("this API key is unknown, revoked or expired")
        token = work.sessions.begin(timedelta(hours=settings.session_hours), key_id=key.id)
    return SignedIn(token, None, key)


def session_of(work: UnitOfWork, settings: Settings, token: str) -> tuple[Session, Actor] | None:
    """Return the session that a token stands for, and on whose behalf it acts; None when it does so no more."""
    session = work.sessions.find(token, timedelta(minutes=settings.session_idle_minutes))
    if session is None:
        return None
    if session.user_id is None:
        key = work.keys.by_id(session.key_id or 0)
        return None if key is None else (session, actor_of_key(key, settings))
    user = work.users.get(session.user_id)
    return (session, actor_of_user(user, settings)) if user.status is UserStatus.ACTIVE else None


def actor_of_key(key: Key, settings: Settings) -> Actor:
    """Return the actor that a key is."""
    return Actor(
        key.name, key.role, key.partner_id, scopes=key.scopes, lead_contact_fields=settings.lead_contact_fields
    )


def actor_of_user(user: User, settings: Settings) -> Actor:
    """Return the actor that a person is."""
    actor = Actor(
        user.email,
        user.role,
        user.partner_id,
        user_id=user.id,
        full_name=user.name,
        email=user.email,
        partner_role=user.partner_role,
        lead_contact_fields=settings.lead_contact_fields,
    )
    confined = settings.managers_see_portfolio_only and user.role is Role.MANAGER
    return replace(actor, portfolio=portfolio_of(actor)) if confined else actor
