"""Lists of partners for people: searched and sorted by the database, with newest score, signs of life and sales."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, func, or_, select, true

from domain.context import Actor
from domain.resources import RESOURCES
from domain.terms import DealOutcome, ModelName, PartnerStatus
from store.sql import chunks
from store.tables import RESOURCE_TABLES, scores
from store.visibility import visible_rows

_PARTNERS, _PROGRAMS, _ACTIVITIES, _DEALS = (
    RESOURCE_TABLES[name] for name in ("partners", "programs", "activities", "deals")
)
_DEAL_SIGN = "deal"

RECRUITED = (PartnerStatus.ACTIVE, PartnerStatus.INACTIVE, PartnerStatus.ENDED, None)
"""Statuses of companies with an accepted relation; of those without one nobody said that they are prospects."""

SORTS = ("name", "-risk", "-recruited_at", "tier", "country")
"""What a list may be sorted by; by risk, those without a score come last."""

FILTERS = ("kind", "tier", "country", "account_manager")


class Listed(NamedTuple):
    """A partner of a list, with the newest churn score if there is one."""

    id: int
    external_id: str
    name: str
    status: str | None
    kind: str | None
    tier: str | None
    country: str | None
    account_manager: str | None
    program: str | None
    recruited_at: datetime | None
    p: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Wanted:
    """Which partners: all of these must hold.

    Parameters
    ----------
    text : str
        Stands in name, external id or website, in any case of letters.
    statuses : sequence of str or None
        Any of them, None being that of rows without one; empty: all.
    program : str
        External id.
    same : mapping
        Columns of `FILTERS` and their values; empty ones are left out.
    """

    text: str = ""
    statuses: Sequence[str | None] = ()
    program: str = ""
    same: Mapping[str, str] = field(default_factory=dict)


class Activity(NamedTuple):
    """What a partner did lately: last sign of life, and revenue of a period (None where no amount is known)."""

    last_sign_at: datetime | None = None
    revenue: Decimal | None = None
    deals_won: int = 0


def list_partners(
    connection: Connection,
    actor: Actor,
    wanted: Wanted,
    *,
    horizon_days: int | None,
    now: datetime,
    sort: str = "name",
    start: int = 0,
    limit: int = 50,
) -> list[Listed]:
    """Return partners that the actor sees, from the `start`-th on.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    actor : Actor
        Whose view.
    wanted : Wanted
        Which.
    horizon_days : int or None
        Of the churn scores; None: scores are none of the reader's business.
    now : datetime
        Scores of later instants are left out.
    sort : str
        One of `SORTS`.
    start, limit : int
        Which page.
    """
    newest = _newest_scores(connection, horizon_days, now)
    query = _query(newest).where(*visible_rows(actor, RESOURCES["partners"]), *_conditions(wanted))
    rows = connection.execute(query.order_by(*_order(sort, newest)).offset(start).limit(limit))
    return [Listed(*tuple(row)) for row in rows]


def _newest_scores(connection: Connection, horizon_days: int | None, now: datetime) -> FromClause:
    """Return the last stored scoring run: one instant, so that chances can be compared."""
    of_churn = (scores.c.model == ModelName.CHURN, scores.c.horizon_days == (horizon_days or -1))
    as_of = connection.scalar(select(func.max(scores.c.as_of)).where(*of_churn, scores.c.as_of <= now))
    columns = [scores.c[name] for name in ("partner_id", "p", "low", "high")]
    return select(*columns).where(*of_churn, scores.c.as_of == as_of).subquery()


def _query(newest: FromClause) -> Select[Any]:
    own = ("id", "external_id", "name", "status", "kind", "tier", "country", "account_manager")
    joined = _PARTNERS.join(_PROGRAMS, _PROGRAMS.c.id == _PARTNERS.c.program_id, isouter=True)
    joined = joined.join(newest, newest.c.partner_id == _PARTNERS.c.id, isouter=True)
    columns = [*(_PARTNERS.c[name] for name in own), _PROGRAMS.c.name, _PARTNERS.c.recruited_at]
    return select(*columns, newest.c.p, newest.c.low, newest.c.high).select_from(joined)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        _PARTNERS.c[name] == wanted.same[name] for name in FILTERS if wanted.same.get(name)
    ]
    if wanted.statuses:
        named = [status for status in wanted.statuses if status is not None]
        missing = [_PARTNERS.c.status.is_(None)] if None in wanted.statuses else []
        found.append(or_(_PARTNERS.c.status.in_(named), *missing))
    if wanted.program:
        program = select(_PROGRAMS.c.id).where(_PROGRAMS.c.external_id == wanted.program)
        found.append(_PARTNERS.c.program_id == program.scalar_subquery())
    if wanted.text.strip():
        found.append(_holds(wanted.text.strip()))
    return found


def _holds(text: str) -> ColumnElement[bool]:
    # SQLite's lower() knows ASCII only: what is written in other scripts is also looked for as it stands.
    plain = text.replace("\0", "")
    columns = [_PARTNERS.c[name] for name in ("name", "external_id", "website")]
    lowered = [func.lower(column).contains(plain.lower(), autoescape=True) for column in columns]
    return or_(*lowered, *(column.contains(plain, autoescape=True) for column in columns))


def _order(sort: str, newest: FromClause) -> list[ColumnElement[Any]]:
    last: list[ColumnElement[Any]] = [func.lower(_PARTNERS.c.name), _PARTNERS.c.id]
    if sort == "-risk":
        return [newest.c.p.is_(None), newest.c.p.desc(), *last]
    name = sort.removeprefix("-")
    if sort not in SORTS or name == "name":
        return last
    column = _PARTNERS.c[name]
    return [column.is_(None), column.desc() if sort.startswith("-") else column.asc(), *last]


def lately(
    connection: Connection,
    partner_ids: Sequence[int],
    *,
    now: datetime,
    since: datetime,
    currency: str | None,
    life_signs: Sequence[str] = (),
) -> dict[int, Activity]:
    """Return what few partners did lately, by our id.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    partner_ids : sequence of int
        Ours.
    now, since : datetime
        End and begin of the period of revenue.
    currency : str or None
        Of revenue; amounts in others are left out.
    life_signs : sequence of str, optional
        As in the settings.
    """
    signs: dict[int, datetime] = {}
    sums: dict[int, tuple[Decimal | None, int]] = {}
    for part in chunks(list(partner_ids)):
        for query in _sign_queries(part, now, life_signs):
            for id_, at in connection.execute(query):
                signs[id_] = max(at, signs.get(id_, at))
        for id_, revenue, n in connection.execute(_sales(part, since, now, currency)):
            sums[id_] = (revenue, n)
    return {id_: Activity(signs.get(id_), *sums.get(id_, (None, 0))) for id_ in partner_ids}


def _sign_queries(ids: Sequence[int], now: datetime, life_signs: Sequence[str]) -> list[Select[Any]]:
    mine = _ACTIVITIES.c.partner_id.in_(ids)
    done = select(_ACTIVITIES.c.partner_id, func.max(_ACTIVITIES.c.occurred_at)).where(
        mine, _ACTIVITIES.c.occurred_at <= now, _ACTIVITIES.c.kind.in_(list(life_signs)) if life_signs else true()
    )
    found = [done.group_by(_ACTIVITIES.c.partner_id)]
    if not life_signs or _DEAL_SIGN in life_signs:
        for name, more in (("registered_at", true()), ("closed_at", _DEALS.c.outcome == DealOutcome.WON)):
            column = _DEALS.c[name]
            deals = select(_DEALS.c.partner_id, func.max(column)).where(_DEALS.c.partner_id.in_(ids), more)
            found.append(deals.where(column <= now).group_by(_DEALS.c.partner_id))
    return found


def _sales(ids: Sequence[int], since: datetime, now: datetime, currency: str | None) -> Select[Any]:
    won = and_(
        _DEALS.c.partner_id.in_(ids),
        _DEALS.c.outcome == DealOutcome.WON,
        _DEALS.c.closed_at > since,
        _DEALS.c.closed_at <= now,
    )
    home = or_(_DEALS.c.currency == currency, _DEALS.c.currency.is_(None))
    revenue = func.sum(_DEALS.c.amount).filter(home)
    return select(_DEALS.c.partner_id, revenue, func.count()).where(won).group_by(_DEALS.c.partner_id)


class Choices(NamedTuple):
    """Values that filters of partners offer; of programmes external id and name."""

    tiers: list[str]
    countries: list[str]
    account_managers: list[str]
    programs: list[tuple[str, str]]


def partner_choices(connection: Connection, actor: Actor) -> Choices:
    """Return what partners that the actor sees can be filtered by."""
    seen = visible_rows(actor, RESOURCES["partners"])

    def values(name: str) -> list[str]:
        column = _PARTNERS.c[name]
        found = connection.scalars(select(column).distinct().where(column.is_not(None), *seen).order_by(column))
        return [str(value) for value in found if value]

    programs = connection.execute(select(_PROGRAMS.c.external_id, _PROGRAMS.c.name).order_by(_PROGRAMS.c.name))
    named = [(str(key), str(name)) for key, name in programs]
    return Choices(values("tier"), values("country"), values("account_manager"), named)
