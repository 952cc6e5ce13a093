"""What a digest tells of a period: rows of partners that its reader sees, the most pressing first, and how many."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, exists, func, or_, select

from domain.context import Actor
from domain.resources import RESOURCES
from store.journal_tables import alerts
from store.rankings import Run
from store.tables import RESOURCE_TABLES, scores
from store.visibility import visible_rows

_partners = RESOURCE_TABLES["partners"]
_MOST_GOALS = 500


class Line(NamedTuple):
    """Something that concerns a partner.

    Parameters
    ----------
    partner_id, partner, name
        The partner, by our id and the callers', and its name.
    what : str
        Which lead, agreement, course, goal.
    on : date or datetime, optional
        Since when it waits, or when it ends.
    before, now : float, optional
        Of a risk.
    details : mapping
        What else is told of it.
    """

    partner_id: int
    partner: str
    name: str
    what: str = ""
    on: date | datetime | None = None
    before: float | None = None
    now: float | None = None
    details: Mapping[str, Any] = {}


class Found(NamedTuple):
    """The first of what was found, and how many there are."""

    total: int
    lines: Sequence[Line]


class Scope(NamedTuple):
    """Who reads, and how many lines of each kind."""

    actor: Actor
    limit: int


def _found(connection: Connection, query: Select[Any], order: Sequence[Any], limit: int) -> Found:
    total = connection.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = connection.execute(query.order_by(*order).limit(limit))
    return Found(int(total), [Line(*row) for row in rows])


def _named(*columns: Any) -> Select[Any]:
    return select(_partners.c.id, _partners.c.external_id.label("partner"), _partners.c.name, *columns)


def _seen(scope: Scope) -> tuple[Any, ...]:
    return visible_rows(scope.actor, RESOURCES["partners"])


def moved(
    connection: Connection, scope: Scope, before: Run, after: Run, edge: float, least: float, *, up: bool
) -> Found:
    """Return partners whose probability rose to `edge` or more (`up`), or fell below it, by `least` or more."""
    was, now = scores.alias(), scores.alias()
    same = [table.c[name] == getattr(run, name) for table, run in ((was, before), (now, after)) for name in Run._fields]
    crossed = (was.c.p < edge, now.c.p >= edge, now.c.p - was.c.p >= least)
    if not up:
        crossed = (was.c.p >= edge, now.c.p < edge, was.c.p - now.c.p >= least)
    stake = func.coalesce(now.c.stake, 0.0)
    query = _named(now.c.model_version.label("what"), now.c.as_of.label("on"), was.c.p.label("before"), now.c.p)
    joined = query.join(now, now.c.partner_id == _partners.c.id).join(was, was.c.partner_id == _partners.c.id)
    chosen = joined.where(*same, *crossed, *_seen(scope))
    return _found(connection, chosen, (stake.desc(), now.c.p.desc(), _partners.c.id), scope.limit)


def details_of(connection: Connection, run: Run, partner_ids: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
    """Return what explains the scores of a run, of few partners."""
    same = [scores.c[name] == getattr(run, name) for name in Run._fields]
    query = select(scores.c.partner_id, scores.c.details).where(*same, scores.c.partner_id.in_(list(partner_ids)))
    return {row.partner_id: row.details for row in connection.execute(query)}


def count_high(connection: Connection, scope: Scope, run: Run, edge: float) -> int:
    """Return how many partners a run saw at `edge` or more."""
    same = [scores.c[name] == getattr(run, name) for name in Run._fields]
    query = select(func.count()).select_from(scores.join(_partners, _partners.c.id == scores.c.partner_id))
    return int(connection.scalar(query.where(*same, scores.c.p >= edge, *_seen(scope))) or 0)


def waiting_offers(connection: Connection, scope: Scope, since: datetime, at: datetime) -> Found:
    """Return leads offered since an instant that had no answer at another, those that wait longest first."""
    offers, leads = RESOURCE_TABLES["assignments"], RESOURCE_TABLES["leads"]
    query = _named(func.coalesce(leads.c.company, leads.c.external_id), offers.c.offered_at)
    query = query.join(offers, offers.c.partner_id == _partners.c.id).join(leads, leads.c.id == offers.c.lead_id)
    open_then = or_(offers.c.response.is_(None), offers.c.responded_at > at)
    chosen = query.where(offers.c.offered_at >= since, offers.c.offered_at < at, open_then, *_seen(scope))
    return _found(connection, chosen, (offers.c.offered_at, offers.c.id), scope.limit)


def waiting_registrations(connection: Connection, scope: Scope, at: datetime) -> Found:
    """Return registrations of deals that nobody had decided at an instant, those that wait longest first."""
    claims, deals = RESOURCE_TABLES["registrations"], RESOURCE_TABLES["deals"]
    query = _named(func.coalesce(deals.c.company, deals.c.external_id), claims.c.submitted_at)
    query = query.join(claims, claims.c.partner_id == _partners.c.id).join(deals, deals.c.id == claims.c.deal_id)
    open_then = or_(and_(claims.c.decided_at.is_(None), deals.c.status == "submitted"), claims.c.decided_at > at)
    chosen = query.where(claims.c.submitted_at < at, open_then, *_seen(scope))
    return _found(connection, chosen, (claims.c.submitted_at, deals.c.id), scope.limit)


def ending_agreements(connection: Connection, scope: Scope, first: date, last: date) -> Found:
    """Return active agreements whose last day lies in a span, and that none of the same partner outlasts."""
    table = RESOURCE_TABLES["agreements"]
    later = table.alias()
    outlasted = exists().where(
        later.c.partner_id == table.c.partner_id,
        later.c.id != table.c.id,
        later.c.status == "active",
        or_(later.c.valid_to.is_(None), later.c.valid_to > table.c.valid_to),
    )
    query = _named(table.c.external_id, table.c.valid_to).join(table, table.c.partner_id == _partners.c.id)
    within = (table.c.status == "active", table.c.valid_to >= first, table.c.valid_to <= last)
    chosen = query.where(*within, ~outlasted, *_seen(scope))
    return _found(connection, chosen, (table.c.valid_to, table.c.id), scope.limit)


def ending_certificates(connection: Connection, scope: Scope, first: date, last: date) -> Found:
    """Return certificates that run out in a span, and that no later one of the same partner and course replaces."""
    table = RESOURCE_TABLES["certifications"]
    later = table.alias()
    replaced = exists().where(
        later.c.partner_id == table.c.partner_id,
        later.c.course == table.c.course,
        later.c.id != table.c.id,
        or_(later.c.expires_on.is_(None), later.c.expires_on > table.c.expires_on),
    )
    query = _named(table.c.course, table.c.expires_on).join(table, table.c.partner_id == _partners.c.id)
    chosen = query.where(table.c.expires_on >= first, table.c.expires_on <= last, ~replaced, *_seen(scope))
    return _found(connection, chosen, (table.c.expires_on, table.c.id), scope.limit)


def goals_off_track(connection: Connection, scope: Scope, at: datetime) -> Found:
    """Return goals that were told to be off track and whose period had not ended at an instant, the next end first."""
    query = _named(alerts.c.details, alerts.c.id.label("alert")).join(alerts, alerts.c.partner_id == _partners.c.id)
    open_then = or_(alerts.c.resolved_at.is_(None), alerts.c.resolved_at > at)
    told = (alerts.c.kind == "goal_off_track", alerts.c.created_at <= at, open_then)
    rows = connection.execute(query.where(*told, *_seen(scope)).order_by(alerts.c.id.desc()).limit(_MOST_GOALS))
    lines = [
        Line(row.id, row.partner, row.name, str(row.details.get("metric") or ""), ends, details=row.details)
        for row in rows
        if (ends := _day(row.details.get("period_end"))) is not None and ends >= at.date()
    ]
    lines.sort(key=lambda line: (str(line.on), line.name))
    return Found(len(lines), lines[: scope.limit])


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
