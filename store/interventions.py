"""What was done for partners, and the facts that tell what came of it: signs of life, wins, scores."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from domain.context import Actor
from domain.resources import RESOURCES
from store.sql import chunks
from store.tables import RESOURCE_TABLES, scores
from store.visibility import visible_rows

_interventions, _partners = RESOURCE_TABLES["interventions"], RESOURCE_TABLES["partners"]
_activities, _deals = RESOURCE_TABLES["activities"], RESOURCE_TABLES["deals"]
_DEAL = "deal"


class Done(NamedTuple):
    """An action that was taken; partner by our id and the callers', and its name."""

    id: int
    external_id: str
    partner_id: int
    partner: str
    name: str
    kind: str | None
    title: str
    owner: str | None
    done_at: datetime
    p_inactive_before: float | None


def done_actions(
    connection: Connection,
    actor: Actor,
    until: datetime,
    *,
    since: datetime | None = None,
    before: tuple[datetime, int] | None = None,
    limit: int | None = None,
) -> Sequence[Done]:
    """Return actions that were taken by an instant, of partners that `actor` sees, the latest first.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    actor : Actor
        On whose behalf.
    until : datetime
        Done then or earlier.
    since : datetime, optional
        Done after this instant.
    before : tuple of datetime and int, optional
        When the last one known was done, and its id: the page after it.
    limit : int, optional
        How many at the most.
    """
    done, id_ = _interventions.c.done_at, _interventions.c.id
    columns: list[ColumnElement[Any]] = [_interventions.c[name] for name in ("id", "external_id", "partner_id")]
    columns += [_partners.c.external_id.label("partner"), _partners.c.name]
    columns += [_interventions.c[name] for name in ("kind", "title", "owner", "done_at", "p_inactive_before")]
    joined = _interventions.join(_partners, _partners.c.id == _interventions.c.partner_id)
    conditions = [done <= until, *visible_rows(actor, RESOURCES["interventions"])]
    conditions += [done > since] if since is not None else []
    conditions += [or_(done < before[0], and_(done == before[0], id_ < before[1]))] if before is not None else []
    query = select(*columns).select_from(joined).where(*conditions).order_by(done.desc(), id_.desc()).limit(limit)
    return [Done(*row) for row in connection.execute(query)]


class Planned(NamedTuple):
    """The open action of a partner that is due first, or the last one that was taken."""

    id: int
    partner_id: int
    kind: str | None
    title: str
    owner: str | None
    due_on: date | None
    done_at: datetime | None


def latest_actions(connection: Connection, partner_ids: Sequence[int]) -> Mapping[int, Planned]:
    """Return of each partner the open action that is due first, else the last one that was taken; by our id."""
    columns = [_interventions.c[name] for name in Planned._fields]
    order = (
        _interventions.c.done_at.is_not(None),
        case((_interventions.c.done_at.is_(None), _interventions.c.due_on.is_(None)), else_=False),
        case((_interventions.c.done_at.is_(None), _interventions.c.due_on), else_=None),
        _interventions.c.done_at.desc(),
        _interventions.c.id.desc(),
    )
    rank = func.row_number().over(partition_by=_interventions.c.partner_id, order_by=order).label("rank")
    found: dict[int, Planned] = {}
    for part in chunks(partner_ids):
        ranked = select(*columns, rank).where(_interventions.c.partner_id.in_(part)).subquery()
        rows = connection.execute(select(*[ranked.c[name] for name in Planned._fields]).where(ranked.c.rank == 1))
        found |= {row.partner_id: Planned(*row) for row in rows}
    return found


def acted_on(connection: Connection, since: datetime, until: datetime) -> Sequence[tuple[int, datetime]]:
    """Return partner (our id) and instant of every action that was taken after `since` and by `until`."""
    done = _interventions.c.done_at
    rows = connection.execute(select(_interventions.c.partner_id, done).where(done > since, done <= until))
    return [(row.partner_id, row.done_at) for row in rows]


def signs_of_life(
    connection: Connection,
    partner_ids: Sequence[int],
    since: datetime,
    until: datetime,
    as_of: datetime,
    kinds: Sequence[str] = (),
) -> Sequence[tuple[int, datetime]]:
    """Return partner and instant of each sign of life in (since, until], as known at `as_of`; `kinds` as settings."""
    found: list[tuple[int, datetime]] = []
    for part in chunks([int(id_) for id_ in partner_ids]):
        for query in _signs(part, since, min(until, as_of), as_of, kinds):
            found += [(row[0], row[1]) for row in connection.execute(query)]
    return found


def _signs(
    partner_ids: Sequence[int], since: datetime, until: datetime, as_of: datetime, kinds: Sequence[str]
) -> list[Any]:
    at = _activities.c.occurred_at
    known = or_(_activities.c.recorded_at.is_(None), _activities.c.recorded_at <= as_of)
    conditions: list[ColumnElement[bool]] = [at > since, at <= until, known, _activities.c.partner_id.in_(partner_ids)]
    conditions += [_activities.c.kind.in_(list(kinds))] if kinds else []
    queries = [select(_activities.c.partner_id, at).where(*conditions)]
    if not kinds or _DEAL in kinds:
        for when, more in ((_deals.c.registered_at, ()), (_deals.c.closed_at, (_deals.c.outcome == "won",))):
            mine = _deals.c.partner_id.in_(partner_ids)
            queries.append(select(_deals.c.partner_id, when).where(mine, when > since, when <= until, *more))
    return queries


def wins(
    connection: Connection, partner_ids: Sequence[int], since: datetime, until: datetime, currency: str
) -> Sequence[tuple[int, datetime, float]]:
    """Return partner, instant and amount of deals won in (since, until]; amounts in other currencies are left out."""
    closed, own = _deals.c.closed_at, func.coalesce(_deals.c.currency, currency) == currency
    found: list[tuple[int, datetime, float]] = []
    for part in chunks([int(id_) for id_ in partner_ids]):
        conditions = (_deals.c.partner_id.in_(part), closed > since, closed <= until, _deals.c.outcome == "won", own)
        query = select(_deals.c.partner_id, closed, _deals.c.amount).where(*conditions, _deals.c.amount.is_not(None))
        found += [(row[0], row[1], float(row[2])) for row in connection.execute(query)]
    return found


def run_at(
    connection: Connection, model: str, horizon_days: int, until: datetime, reach: timedelta | None = None
) -> datetime | None:
    """Return the instant of the newest scores of a model by `until`; None if there are none within `reach` of it."""
    conditions = [scores.c.model == model, scores.c.horizon_days == horizon_days, scores.c.as_of <= until]
    conditions += [scores.c.as_of >= until - reach] if reach is not None else []
    found: datetime | None = connection.scalar(select(func.max(scores.c.as_of)).where(*conditions))
    return found


def scores_of_run(connection: Connection, model: str, horizon_days: int, as_of: datetime) -> Mapping[int, float]:
    """Return what a model said at one instant, by our partner id."""
    same = (scores.c.model == model, scores.c.horizon_days == horizon_days, scores.c.as_of == as_of)
    return {row.partner_id: row.p for row in connection.execute(select(scores.c.partner_id, scores.c.p).where(*same))}


def newest_p(
    connection: Connection, model: str, horizon_days: int, partner_ids: Sequence[int], until: datetime
) -> Mapping[int, tuple[float, datetime]]:
    """Return of each partner the newest probability by `until`, and the instant it is as of."""
    wanted = (scores.c.model == model, scores.c.horizon_days == horizon_days, scores.c.as_of <= until)
    found: dict[int, tuple[float, datetime]] = {}
    for part in chunks([int(id_) for id_ in partner_ids]):
        mine = (*wanted, scores.c.partner_id.in_(part))
        last = select(scores.c.partner_id, func.max(scores.c.as_of).label("as_of")).where(*mine)
        newest = last.group_by(scores.c.partner_id).subquery()
        same = and_(scores.c.partner_id == newest.c.partner_id, scores.c.as_of == newest.c.as_of)
        rows = connection.execute(
            select(scores.c.partner_id, scores.c.p, scores.c.as_of)
            .select_from(scores.join(newest, same))
            .where(*wanted)
        )
        found |= {row.partner_id: (row.p, row.as_of) for row in rows}
    return found


def p_before(connection: Connection, model: str, partner_id: int, at: datetime, reach: timedelta) -> float | None:
    """Return what a model last said of a partner by `at`, at the longest horizon; None if nothing within `reach`."""
    wanted = (scores.c.model == model, scores.c.partner_id == partner_id, scores.c.as_of <= at)
    query = select(scores.c.p).where(*wanted, scores.c.as_of >= at - reach)
    found = connection.scalar(query.order_by(scores.c.horizon_days.desc(), scores.c.as_of.desc()).limit(1))
    return None if found is None else float(found)


class Open(NamedTuple):
    """An action that was not taken yet, with its partner's name."""

    id: int
    partner_id: int
    partner: str
    name: str
    kind: str | None
    title: str
    owner: str | None
    due_on: date | None
    planned_at: datetime | None
    p_inactive_before: float | None


def open_actions(
    connection: Connection,
    actor: Actor,
    *,
    owner: str | None = None,
    due_by: date | None = None,
    planned_by: datetime | None = None,
    start: int = 0,
    limit: int | None = None,
) -> Sequence[Open]:
    """Return actions not taken yet, of partners that `actor` sees, those due first, then those without a day.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    actor : Actor
        On whose behalf.
    owner : str, optional
        Only this person's.
    due_by : date, optional
        Only those due by this day.
    planned_by : datetime, optional
        As of this instant: planned by then, and not done by then.
    start, limit : int, optional
        Which page.
    """
    query = _open(actor, owner=owner, due_by=due_by, planned_by=planned_by)
    due = _interventions.c.due_on
    ordered = query.order_by(due.is_(None), due, _interventions.c.id).offset(start).limit(limit)
    return [Open(*row) for row in connection.execute(ordered)]


def _open(actor: Actor, *, owner: str | None, due_by: date | None, planned_by: datetime | None) -> Any:
    own = {name: _interventions.c[name] for name in Open._fields if name not in ("partner", "name")}
    columns = own | {"partner": _partners.c.external_id, "name": _partners.c.name}
    joined = _interventions.join(_partners, _partners.c.id == _interventions.c.partner_id)
    done, planned = _interventions.c.done_at, _interventions.c.planned_at
    conditions = [*visible_rows(actor, RESOURCES["interventions"])]
    conditions += [done.is_(None) if planned_by is None else or_(done.is_(None), done > planned_by)]
    conditions += [or_(planned.is_(None), planned <= planned_by)] if planned_by is not None else []
    conditions += [_interventions.c.owner == owner] if owner is not None else []
    conditions += [_interventions.c.due_on <= due_by] if due_by is not None else []
    return select(*[columns[name] for name in Open._fields]).select_from(joined).where(*conditions)
