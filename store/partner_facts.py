"""What the page of one partner asks of the store beyond lists: sums over its deals and offers, its scores over time."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Date, Integer, cast, func, literal, select

from domain.terms import AssignmentResponse, DealOutcome, DealStatus
from store.sql import chunks
from store.tables import RESOURCE_TABLES, scores

_DEALS, _OFFERS, _LEDGER, _ACTIVITIES = (
    RESOURCE_TABLES[name] for name in ("deals", "assignments", "ledger", "activities")
)
_DAY_US = 86_400_000_000
_EPOCH = date(1970, 1, 1)


class DealSum(NamedTuple):
    """Deals of one state and currency: ``open``, ``won``, ``lost``, ``rejected`` or ``expired``."""

    state: str
    currency: str | None
    deals: int
    amount: Decimal | None


class OfferCount(NamedTuple):
    """Leads offered with one answer (None: waiting), and how many of them the partner won."""

    response: str | None
    offers: int
    won: int


class ScorePoint(NamedTuple):
    """What a model said of a partner as of an instant."""

    as_of: datetime
    p: float
    low: float
    high: float
    model_version: str
    band: str | None


class ActivityDay(NamedTuple):
    """Activities of one kind on one day, in UTC."""

    at: datetime
    kind: str
    n: int


def deal_sums(connection: Connection, partner_id: int) -> list[DealSum]:
    """Return how many deals a partner has by state and currency, and their amounts."""
    columns = (_DEALS.c.outcome, _DEALS.c.status, _DEALS.c.currency)
    query = select(*columns, func.count(), func.sum(_DEALS.c.amount)).where(_DEALS.c.partner_id == partner_id)
    found: dict[tuple[str, str | None], tuple[int, Decimal | None]] = {}
    for outcome, status, currency, n, amount in connection.execute(query.group_by(*columns)):
        gone = status in (DealStatus.REJECTED, DealStatus.EXPIRED)
        state = str(outcome) if outcome in list(DealOutcome) else str(status) if gone else "open"
        count, total = found.get((state, currency), (0, None))
        both = [one for one in (total, amount) if one is not None]
        found[state, currency] = (count + n, sum(both, Decimal(0)) if both else None)
    return [DealSum(state, currency, *sums) for (state, currency), sums in sorted(found.items(), key=str)]


def booked_on_deals(connection: Connection, partner_id: int, deal_ids: Sequence[int]) -> dict[int, dict[str, Decimal]]:
    """Return what stands in a partner's ledger for few deals, credit less debit: by our deal id and currency."""
    found: dict[int, dict[str, Decimal]] = {}
    for part in chunks(list(deal_ids)):
        query = select(
            _LEDGER.c.deal_id, _LEDGER.c.currency, func.sum(_LEDGER.c.credit), func.sum(_LEDGER.c.debit)
        ).where(_LEDGER.c.partner_id == partner_id, _LEDGER.c.deal_id.in_(part))
        for deal, currency, credit, debit in connection.execute(query.group_by(_LEDGER.c.deal_id, _LEDGER.c.currency)):
            found.setdefault(deal, {})[currency or ""] = (credit or Decimal(0)) - (debit or Decimal(0))
    return found


def offer_counts(connection: Connection, partner_id: int) -> list[OfferCount]:
    """Return how a partner answered the leads that it was offered, and how many of them it won."""
    won = (
        select(literal(1))
        .where(
            _DEALS.c.lead_id == _OFFERS.c.lead_id,
            _DEALS.c.partner_id == partner_id,
            _DEALS.c.outcome == DealOutcome.WON,
        )
        .exists()
    )
    rows = select(_OFFERS.c.response, cast(won, Integer).label("won")).where(_OFFERS.c.partner_id == partner_id)
    each = rows.subquery()
    query = select(each.c.response, func.count(), func.sum(each.c.won)).group_by(each.c.response)
    return [OfferCount(response, n, int(wins or 0)) for response, n, wins in connection.execute(query)]


def response_hours(connection: Connection, partner_id: int, limit: int = 500) -> list[float]:
    """Return how many hours a partner took to answer the latest leads that it accepted or declined."""
    answered = (AssignmentResponse.ACCEPTED, AssignmentResponse.DECLINED)
    query = select(_OFFERS.c.offered_at, _OFFERS.c.responded_at).where(
        _OFFERS.c.partner_id == partner_id,
        _OFFERS.c.response.in_(answered),
        _OFFERS.c.responded_at >= _OFFERS.c.offered_at,
    )
    rows = connection.execute(query.order_by(_OFFERS.c.offered_at.desc()).limit(limit))
    return [(responded - offered) / timedelta(hours=1) for offered, responded in rows]


def score_points(
    connection: Connection, partner_id: int, model: str, horizon_days: int, *, until: datetime, limit: int = 400
) -> list[ScorePoint]:
    """Return the newest scores of a partner until an instant, the oldest first."""
    columns = [scores.c[name] for name in ScorePoint._fields[:-1]]
    query = select(*columns, scores.c.details["band"].as_string()).where(
        scores.c.partner_id == partner_id,
        scores.c.model == model,
        scores.c.horizon_days == horizon_days,
        scores.c.as_of <= until,
    )
    rows = connection.execute(query.order_by(scores.c.as_of.desc()).limit(limit)).fetchall()
    return [ScorePoint(*tuple(row)) for row in reversed(rows)]


def activity_days(connection: Connection, partner_id: int, until: datetime, limit: int) -> list[ActivityDay]:
    """Return a partner's activities by day and kind of its latest active days, at most `limit` days, the newest first.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    partner_id : int
        Ours.
    until : datetime
        The last day is that of this instant, all of it.
    limit : int
        How many days.
    """
    end = _midnight(until.astimezone(UTC).date()) + timedelta(days=1)
    day = _day_of(connection, _ACTIVITIES.c.occurred_at)
    mine = (_ACTIVITIES.c.partner_id == partner_id, _ACTIVITIES.c.occurred_at < end)
    days = list(connection.scalars(select(day).where(*mine).distinct().order_by(day.desc()).limit(limit)))
    if not days:
        return []
    query = select(day.label("day"), _ACTIVITIES.c.kind, func.count().label("n"))
    query = query.where(*mine, _ACTIVITIES.c.occurred_at >= _midnight(days[-1])).group_by(day, _ACTIVITIES.c.kind)
    rows = connection.execute(query.order_by(day.desc(), func.count().desc(), _ACTIVITIES.c.kind))
    return [ActivityDay(_midnight(found), str(kind), n) for found, kind, n in rows]


def _day_of(connection: Connection, instant: ColumnElement[Any]) -> ColumnElement[Any]:
    if connection.dialect.name == "postgresql":
        return cast(func.timezone("UTC", instant), Date)
    # Microseconds since 1970, also before it: the remainder of what lies before is negative.
    plain = cast(instant, Integer)
    return (plain - ((plain % _DAY_US) + _DAY_US) % _DAY_US) / _DAY_US


def _midnight(found: Any) -> datetime:
    on = found if isinstance(found, date) else _EPOCH + timedelta(days=int(found))
    return datetime.combine(on, time(), UTC)
