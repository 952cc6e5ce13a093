"""Accounts as an admin looks for them: searched and sorted by the database, with who is signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, or_, select

from domain.terms import Role
from store.access_tables import sessions, users
from store.tables import RESOURCE_TABLES

_PARTNERS = RESOURCE_TABLES["partners"]
_COLUMNS = ("id", "email", "name", "role", "partner_role", "status", "created_at", "last_login_at")


class Account(NamedTuple):
    """An account of a list; ``sessions`` are those in which the person is signed in now."""

    id: int
    email: str
    name: str
    role: str
    partner_role: str | None
    status: str
    created_at: datetime
    last_login_at: datetime | None
    partner: str | None
    partner_name: str | None
    sessions: int


class OpenSession(NamedTuple):
    """A browser in which somebody is signed in."""

    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class WantedAccounts:
    """Which accounts: all of these must hold; empty: any.

    Parameters
    ----------
    text : str
        Stands in name, e-mail address, or name or external id of the partner.
    role : str
        Of the account.
    status : str
        Of the account.
    partner : str
        External id.
    """

    text: str = ""
    role: str = ""
    status: str = ""
    partner: str = ""


def accounts(
    connection: Connection, wanted: WantedAccounts, start: int, limit: int, *, now: datetime, idle: timedelta
) -> Sequence[Account]:
    """Return accounts: those of the staff first, then by name.

    Parameters
    ----------
    connection : Connection
        To the store.
    wanted : WantedAccounts
        Which.
    start, limit : int
        How many to leave out, and how many to return at the most.
    now, idle
        Signed in is who was seen within `idle` before `now`.
    """
    live = sessions.c.user_id == users.c.id, *_live(now, idle)
    signed_in = select(func.count()).select_from(sessions).where(*live).scalar_subquery()
    named = (_PARTNERS.c.external_id.label("partner"), _PARTNERS.c.name.label("partner_name"))
    query = select(*(users.c[name] for name in _COLUMNS), *named, signed_in.label("sessions"))
    joined = users.outerjoin(_PARTNERS, _PARTNERS.c.id == users.c.partner_id)
    order = (users.c.role == Role.PARTNER, func.lower(users.c.name), users.c.id)
    page = query.select_from(joined).where(*_conditions(wanted)).order_by(*order).offset(start).limit(limit)
    return [Account(*row) for row in connection.execute(page)]


def _conditions(wanted: WantedAccounts) -> list[ColumnElement[bool]]:
    exact: tuple[tuple[Any, str], ...] = (
        (users.c.role, wanted.role),
        (users.c.status, wanted.status),
        (_PARTNERS.c.external_id, wanted.partner),
    )
    found = [column == value for column, value in exact if value]
    if wanted.text:
        places = (users.c.name, users.c.email, _PARTNERS.c.name, _PARTNERS.c.external_id)
        found.append(or_(*(column.icontains(wanted.text, autoescape=True) for column in places)))
    return found


def open_sessions(connection: Connection, user_id: int, *, now: datetime, idle: timedelta) -> Sequence[OpenSession]:
    """Return where a person is signed in, the latest seen first."""
    columns = (sessions.c[name] for name in OpenSession._fields)
    query = select(*columns).where(sessions.c.user_id == user_id, *_live(now, idle))
    return [OpenSession(*row) for row in connection.execute(query.order_by(sessions.c.last_seen_at.desc()).limit(50))]


def _live(now: datetime, idle: timedelta) -> tuple[ColumnElement[bool], ...]:
    return (sessions.c.revoked_at.is_(None), sessions.c.expires_at > now, sessions.c.last_seen_at > now - idle)
