"""People who sign in: invited, given a password by themselves, changed, deactivated.

An admin sees to everybody; a partner's admin to the people of that partner.
"""

import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from domain.context import Actor
from domain.errors import Conflict, InvalidInput, NotAllowed, NotAuthenticated, NotFound
from domain.settings import Settings
from domain.terms import PartnerRole, Role, UserStatus
from store.unit_of_work import UnitOfWork
from store.users import User

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f.]+(\.[^@\s\x00-\x1f\x7f.]+)+")
_MAX_EMAIL, _MAX_NAME = 254, 200
_TOLD = ("role", "partner", "partner_role", "status")
_NOTED = (*_TOLD, "email", "name", "password_hash", "token_expires_at", "oidc_subject")


class Invitation(NamedTuple):
    """A person and the one-time token, shown once, with which that person sets a password."""

    user: User
    token: str


def normal_email(text: str) -> str:
    """Return an e-mail address as it is compared: composed characters, no case, no space around.

    Examples
    --------
    >>> normal_email(" Ann@Example.COM ")
    'ann@example.com'
    """
    return unicodedata.normalize("NFKC", text).strip().lower()


def checked_email(email: str) -> bool:
    """Say whether a normal e-mail address is one.

    Examples
    --------
    >>> [checked_email(text) for text in ("ann@example.com", "ann@example", "ann", "")]
    [True, False, False, False]
    """
    return bool(_EMAIL.fullmatch(email)) and len(email) <= _MAX_EMAIL and email.isprintable()


def invite_user(
    work: UnitOfWork,
    settings: Settings,
    email: str,
    name: str,
    role: Role,
    *,
    partner: str | None = None,
    partner_role: PartnerRole | None = None,
) -> Invitation:
    """Add a person, who sets a password with the token or signs on at the identity provider.

    Raises
    ------
    InvalidInput
        If the e-mail address is none, or role, partner and partner role do not fit together.
    NotAllowed
        If the actor may not invite such a person.
    NotFound
        If there is no such partner that the actor may see.
    Conflict
        If the e-mail address is taken.
    """
    values = _checked(work, email=email, name=name, role=role, partner=partner, partner_role=partner_role)
    token, kept = _new_token(work, settings)
    user = work.users.add(values | kept | {"status": UserStatus.INVITED})
    _note(work, None, user)
    return Invitation(user, token)


def renew_invitation(work: UnitOfWork, settings: Settings, id_: int) -> Invitation:
    """Make a new one-time token for a person: an invitation that was lost, or a forgotten password.

    Tokens made before are worth nothing then; a password that is set stays until the token is used.

    Raises
    ------
    NotFound
        If there is no such person that the actor may see.
    Conflict
        If the person is deactivated.
    """
    user = get_user(work, id_)
    if user.status is UserStatus.DEACTIVATED:
        raise Conflict(f"{user.email} is deactivated; set the status to active first.", id=id_)
    token, kept = _new_token(work, settings)
    return Invitation(_changed(work, user, kept), token)


def get_user(work: UnitOfWork, id_: int) -> User:
    """Return a person.

    Raises
    ------
    NotFound
        If there is none that the actor may see.
    """
    return work.users.get(id_, _own_partner(work.actor))


def list_users(
    work: UnitOfWork, filters: Mapping[str, Any] | None = None, after: int = 0, limit: int | None = None
) -> Sequence[User]:
    """Return the people whom the actor may see, by our id."""
    own = _own_partner(work.actor)
    wanted = dict(filters or {}) | ({} if own is None else {"partner_id": own})
    return work.users.list(wanted, after, limit)


def change_user(work: UnitOfWork, id_: int, changes: Mapping[str, Any]) -> User:
    """Change name, e-mail address, role, partner, partner role or status of a person; what is not given stays.

    Who is deactivated, or gets another role or partner, is signed out everywhere.

    Raises
    ------
    InvalidInput, NotAllowed, NotFound, Conflict
        As of `invite_user`; also if somebody would take the own admin's role or account away.
    """
    user = get_user(work, id_)
    wanted = {name: getattr(user, name) for name in ("email", "name", "role", "partner", "partner_role")} | {
        name: value for name, value in changes.items() if name != "status"
    }
    values = _checked(work, **wanted)
    values["status"] = _status(user, changes.get("status"))
    mine = user.id == work.actor.user_id
    if mine and (values["status"] is UserStatus.DEACTIVATED or values["role"] is not user.role):
        raise Conflict("Nobody takes the own role or account away; another admin does.", id=id_)
    after = _changed(work, user, {name: value for name, value in values.items() if value != getattr(user, name)})
    if any(getattr(after, name) != getattr(user, name) for name in ("role", "partner_id", "partner_role", "status")):
        work.sessions.end_all(user.id)
    return after


def end_sessions(work: UnitOfWork, id_: int) -> User:
    """Sign a person out everywhere and return the person; the account stays as it is.

    Raises
    ------
    NotFound
        If there is no such person that the actor may see.
    """
    user = get_user(work, id_)
    work.sessions.end_all(user.id)
    work.journal.record("signed_out", "users", f"id:{user.id}", None, user.partner_id)
    return user


def user_of_token(work: UnitOfWork, token: str) -> User:
    """Return the person whose one-time token this is.

    Raises
    ------
    NotAuthenticated
        If it is unknown, used or too old.
    """
    user = work.users.by_token(_digest(token))
    if user is None or user.status is UserStatus.DEACTIVATED:
        raise NotAuthenticated("this one-time token is unknown, used or too old; ask for another one")
    return user


def set_password(work: UnitOfWork, user: User, password_hash: str, keep_session: str | None = None) -> User:
    """Give a person a password and make the account active; all sessions but one to keep end, and so do tokens."""
    values = {"password_hash": password_hash, "status": UserStatus.ACTIVE}
    after = _changed(work, user, values | {"token_hash": None, "token_expires_at": None})
    work.sessions.end_all(user.id, keep=keep_session)
    work.sign_in_tries.clear("email", user.email)
    return after


def sign_on_user(
    work: UnitOfWork, user: User | None, *, email: str, name: str, subject: str, role: Role | None
) -> User:
    """Make the account fit what an identity provider vouches for, or add one; return it.

    A role given by the provider replaces the one until now, but for people of partners, whom only an invitation makes
    theirs.
    """
    name = "".join(letter for letter in name if letter.isprintable())[:_MAX_NAME].strip() or email
    if user is None:
        values = {"email": email, "name": name, "role": role, "status": UserStatus.ACTIVE, "oidc_subject": subject}
        user = work.users.add(values)
        _note(work, None, user)
        return user
    values = {"email": email, "oidc_subject": subject, "status": UserStatus.ACTIVE}
    if role is not None and user.role is not Role.PARTNER:
        values["role"] = role
    return _changed(work, user, {key: value for key, value in values.items() if value != getattr(user, key)})


def _own_partner(actor: Actor) -> int | None:
    """Return the partner whose people the actor sees; None: everybody.

    Raises
    ------
    NotAllowed
        If the actor sees to nobody.
    """
    if actor.role is Role.ADMIN:
        return None
    if actor.role is Role.PARTNER and actor.partner_role in (None, PartnerRole.PARTNER_ADMIN):
        return actor.partner_id
    raise NotAllowed("admins see to people, and a partner's admin to that partner's people")


def _checked(
    work: UnitOfWork, email: str, name: str, role: Role, partner: str | None, partner_role: PartnerRole | None
) -> dict[str, Any]:
    email, name = normal_email(email), name.strip()
    if not checked_email(email):
        raise InvalidInput("write an e-mail address such as ann@example.com", field="email")
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        raise InvalidInput(f"a name has 1 to {_MAX_NAME} printable characters", field="name")
    if _own_partner(work.actor) is not None and role is not Role.PARTNER:
        raise NotAllowed("a partner's admin invites people of the own partner only: role partner")
    if role is not Role.PARTNER:
        if partner is not None or partner_role is not None:
            raise InvalidInput("partner and partner_role go with role partner, and only with it", field="partner")
        return {"email": email, "name": name, "role": role, "partner_id": None, "partner_role": None}
    values = {"email": email, "name": name, "role": role, "partner_id": _partner_id(work, partner)}
    return values | {"partner_role": partner_role or PartnerRole.SELLER}


def _partner_id(work: UnitOfWork, partner: str | None) -> int:
    if partner is None and work.actor.partner_id is not None:
        return work.actor.partner_id
    if partner is None:
        raise InvalidInput("a person of role partner names the partner", field="partner")
    try:
        return int(work.repository("partners").get(partner)["id"])
    except NotFound:
        raise InvalidInput(f"there is no partner {partner!r}", field="partner") from None


def _status(user: User, wanted: UserStatus | None) -> UserStatus:
    """Return the status after a change: who has never had a way to sign in stays invited."""
    if wanted is None or wanted is user.status:
        return user.status
    if wanted is UserStatus.DEACTIVATED:
        return wanted
    ready = user.password_hash is not None or user.oidc_subject is not None
    return UserStatus.ACTIVE if ready else UserStatus.INVITED


def _new_token(work: UnitOfWork, settings: Settings) -> tuple[str, dict[str, Any]]:
    token = secrets.token_urlsafe(32)
    expires_at = work.clock() + timedelta(hours=settings.invitation_hours)
    return token, {"token_hash": _digest(token), "token_expires_at": expires_at}


def _changed(work: UnitOfWork, user: User, values: Mapping[str, Any]) -> User:
    after = work.users.change(user.id, values) if values else user
    _note(work, user, after)
    return after


def _note(work: UnitOfWork, before: User | None, after: User) -> None:
    """Tell the audit trail; of name, e-mail address and password only that they were changed."""
    names = [name for name in _NOTED if before is None or getattr(before, name) != getattr(after, name)]
    if names:
        told = {name: str(getattr(after, name)) if name in _TOLD else "changed" for name in names}
        action = "created" if before is None else "changed"
        work.journal.record(action, "users", f"id:{after.id}", told, after.partner_id)


def _digest(token: str) -> str:
    return sha256(token.encode(errors="surrogatepass")).hexdigest()
