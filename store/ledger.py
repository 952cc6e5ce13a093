"""Queries of money: deals to be settled, what was booked for them, volumes, and what statements take in.

They see all rows, whoever asks: what a partner may be told is decided by those who call them.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from domain.terms import AgreementStatus, AssignmentResponse, DealOutcome, DealStatus, FundStatus
from store.tables import RESOURCE_TABLES

Row = dict[str, Any]

_deals, _ledger, _partners = (RESOURCE_TABLES[name] for name in ("deals", "ledger", "partners"))
_products, _programs, _shares = (RESOURCE_TABLES[name] for name in ("products", "programs", "commission_shares"))
_statements, _agreements = (RESOURCE_TABLES[name] for name in ("statements", "agreements"))
_requests, _offers = (RESOURCE_TABLES[name] for name in ("fund_requests", "offers"))
_assignments = RESOURCE_TABLES["assignments"]

UNEARNED = (DealStatus.SUBMITTED, DealStatus.REJECTED)
"""Statuses of a registration with which a deal earns nothing; one whose protection ended still earns."""

_EARNS = func.coalesce(_deals.c.status, DealStatus.APPROVED).not_in(UNEARNED)
_CLOSED = func.coalesce(_deals.c.closed_at, _deals.c.registered_at, type_=_deals.c.closed_at.type)
"""A won deal without a day of its own counts from its registration."""


class DealFacts(NamedTuple):
    """What of a deal, and of its partner, money depends on."""

    id: int
    external_id: str
    partner_id: int
    partner: str
    program: str | None
    tier: str | None
    lead_id: int | None
    company: str | None
    domain: str | None
    country: str | None
    region: str | None
    product: str | None
    status: str | None
    outcome: str | None
    amount: Decimal | None
    currency: str | None
    registered_at: datetime
    closed_at: datetime | None


def lock_row(connection: Connection, resource: str, row_id: int) -> None:
    """Make other units of work that want the same row wait until this one ends; references to it do not wait."""
    table = RESOURCE_TABLES[resource]
    connection.execute(select(table.c.id).where(table.c.id == row_id).with_for_update(key_share=True))


def lock_name(connection: Connection, name: str) -> None:
    """Make other units of work that lock the same name wait until this one ends; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def deal_facts(connection: Connection, deal_ids: Sequence[int]) -> list[DealFacts]:
    """Return deals (at most a few hundred) by id."""
    query = _facts().where(_deals.c.id.in_(deal_ids)).order_by(_deals.c.id)
    return [DealFacts(*row) for row in connection.execute(query)]


def deals_to_settle(
    connection: Connection,
    after_id: int,
    limit: int,
    *,
    registered: bool,
    every: bool = False,
    won_since: date | None = None,
) -> list[int]:
    """Return ids of deals that may ask for entries, in their order.

    Won deals without any, and deals that were changed, they or their shares, after their latest entry.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    after_id, limit : int
        The page.
    registered : bool
        Also deals, approved once, that are not won and have no entries: something rewards registering.
    every : bool, default=False
        All won deals.
    won_since : date, optional
        Only those won on this day or later.
    """
    booked = func.coalesce(_ledger.c.booked_at, _ledger.c.row_created_at, type_=_ledger.c.booked_at.type)
    latest = select(func.max(booked)).where(_ledger.c.deal_id == _deals.c.id).scalar_subquery()
    shared = select(1).where(_shares.c.deal_id == _deals.c.id, _shares.c.row_updated_at > latest).exists()
    wanted = _deals.c.outcome == DealOutcome.WON
    if registered:
        wanted = or_(wanted, _EARNS)
    due = wanted if every else or_(and_(wanted, latest.is_(None)), _deals.c.row_updated_at > latest, shared)
    query = select(_deals.c.id).where(_deals.c.id > after_id, due)
    if won_since is not None:
        query = query.where(_CLOSED >= datetime.combine(won_since, time(), UTC))
    return list(connection.execute(query.order_by(_deals.c.id).limit(limit)).scalars())


def lock_free_deals(connection: Connection, deal_ids: Sequence[int]) -> list[int]:
    """Lock deals (at most a few hundred) that nobody else is changing, and return their ids."""
    mine = select(_deals.c.id).where(_deals.c.id.in_(deal_ids)).order_by(_deals.c.id)
    return list(connection.execute(mine.with_for_update(skip_locked=True, key_share=True)).scalars())


def shares_of(connection: Connection, deal_id: int) -> list[tuple[str, float]]:
    """Return partners and their shares of a deal, by external id."""
    query = select(_partners.c.external_id, _shares.c.share).join(_partners, _partners.c.id == _shares.c.partner_id)
    rows = connection.execute(query.where(_shares.c.deal_id == deal_id).order_by(_partners.c.external_id))
    return [(row[0], row[1]) for row in rows]


def entries_of_deal(connection: Connection, deal_id: int) -> list[Row]:
    """Return what was booked for a deal, references as external ids, in the order of booking."""
    return _entries(connection, _ledger.c.deal_id == deal_id)


def entries_of_statement(connection: Connection, statement_id: int) -> list[Row]:
    """Return the entries of a statement, references as external ids, by day."""
    return sorted(_entries(connection, _ledger.c.statement_id == statement_id), key=lambda row: row["earned_on"])


def open_entries(
    connection: Connection, partner_id: int, start: date, end: date, currency: str | None = None
) -> list[tuple[int, str, Decimal | None, Decimal | None]]:
    """Return (id, currency, credit, debit) of entries that a statement over a period takes in.

    Those earned in it, and late ones: earned earlier, on a day that an earlier statement of the partner and currency
    has closed already.
    """
    closed = select(func.max(_statements.c.period_end)).where(
        _statements.c.partner_id == partner_id, _statements.c.currency == _ledger.c.currency
    )
    late = _ledger.c.earned_on <= closed.scalar_subquery()
    query = select(_ledger.c.id, _ledger.c.currency, _ledger.c.credit, _ledger.c.debit).where(
        _ledger.c.partner_id == partner_id,
        _ledger.c.statement_id.is_(None),
        _ledger.c.earned_on <= end,
        or_(_ledger.c.earned_on >= start, late),
    )
    if currency is not None:
        query = query.where(_ledger.c.currency == currency)
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(query.order_by(_ledger.c.id))]


def partners_with_open_entries(connection: Connection, end: date, after_id: int, limit: int) -> list[tuple[int, str]]:
    """Return ids of partners with entries, earned by `end`, that stand in no statement."""
    waiting = select(_ledger.c.partner_id).where(_ledger.c.statement_id.is_(None), _ledger.c.earned_on <= end)
    query = select(_partners.c.id, _partners.c.external_id).where(
        _partners.c.id > after_id, _partners.c.id.in_(waiting)
    )
    return [(row[0], row[1]) for row in connection.execute(query.order_by(_partners.c.id).limit(limit))]


def overlapping_statement(
    connection: Connection, partner_id: int, currency: str, start: date, end: date
) -> tuple[str, date, date] | None:
    """Return external id and period of a statement of the partner and currency that shares days with a period."""
    query = select(_statements.c.external_id, _statements.c.period_start, _statements.c.period_end).where(
        _statements.c.partner_id == partner_id,
        _statements.c.currency == currency,
        _statements.c.period_start <= end,
        _statements.c.period_end >= start,
    )
    row = connection.execute(query.limit(1)).first()
    return None if row is None else (row[0], row[1], row[2])


def entries_of_partner(
    connection: Connection, partner_id: int
) -> list[tuple[str, str, Decimal | None, Decimal | None, bool]]:
    """Return (kind, currency, credit, debit, in a statement) of each entry of a partner."""
    columns = (_ledger.c.kind, _ledger.c.currency, _ledger.c.credit, _ledger.c.debit, _ledger.c.statement_id)
    rows = connection.execute(select(*columns).where(_ledger.c.partner_id == partner_id))
    return [(row[0], row[1], row[2], row[3], row[4] is not None) for row in rows]


def forget_deal(connection: Connection, deal_id: int, at: datetime) -> None:
    """Let the entries of a deal stand without it, and drop its shares: it is about to be deleted."""
    mine = _ledger.c.deal_id == deal_id
    service = {"row_version": _ledger.c.row_version + 1, "row_updated_at": at}
    connection.execute(_ledger.update().where(mine).values(deal_id=None, **service))
    connection.execute(_shares.delete().where(_shares.c.deal_id == deal_id))


def volume_before(
    connection: Connection, deal: DealFacts, since: date, closed_at: datetime, products: Sequence[str]
) -> Decimal:
    """Return what the partner of `deal` won from the day `since` until just before it, in its currency.

    Deals that closed at the same instant count in the order of their ids. `products`: of these only; none: of all.
    """
    query = (
        select(func.sum(_deals.c.amount))
        .where(*_won_by(deal.partner_id), _deals.c.currency == deal.currency)
        .where(_CLOSED >= datetime.combine(since, time(), UTC))
        .where(or_(_CLOSED < closed_at, and_(_CLOSED == closed_at, _deals.c.id < deal.id)))
    )
    if products:
        query = query.where(
            _deals.c.product_id.in_(select(_products.c.id).where(_products.c.external_id.in_(products)))
        )
    return connection.execute(query).scalar() or Decimal(0)


def won_customers(connection: Connection, partner_id: int) -> list[tuple[str | None, str | None, datetime]]:
    """Return (domain, company, when) of each deal that a partner won."""
    rows = connection.execute(select(_deals.c.domain, _deals.c.company, _CLOSED).where(*_won_by(partner_id)))
    return [(row[0], row[1], row[2]) for row in rows]


def valid_agreements(connection: Connection, partner_id: int, on: date) -> list[Row]:
    """Return a partner's agreements that were in force on a day: in its period, neither draft nor suspended.

    An ended one was in force until its ``valid_to``; without that it never counts.
    """
    names = ("external_id", "territories", "products", "commission_rate", "valid_from", "valid_to")
    status = func.coalesce(_agreements.c.status, AgreementStatus.ACTIVE)
    query = select(*(_agreements.c[name] for name in names)).where(
        _agreements.c.partner_id == partner_id,
        _agreements.c.valid_from <= on,
        or_(_agreements.c.valid_to.is_(None), _agreements.c.valid_to >= on),
        or_(
            status == AgreementStatus.ACTIVE,
            and_(status == AgreementStatus.ENDED, _agreements.c.valid_to.is_not(None)),
        ),
    )
    return [dict(row) for row in connection.execute(query.order_by(_agreements.c.external_id)).mappings()]


def accepted_at(connection: Connection, lead_id: int, partner_id: int) -> datetime | None:
    """Return when a partner accepted a lead, the latest time; None if it did not."""
    query = select(func.max(_assignments.c.responded_at)).where(
        _assignments.c.lead_id == lead_id,
        _assignments.c.partner_id == partner_id,
        _assignments.c.response == AssignmentResponse.ACCEPTED,
    )
    found: datetime | None = connection.execute(query).scalar()
    return found


def committed_funds(connection: Connection, offer_id: int, but: int) -> list[tuple[str, Decimal]]:
    """Return (currency, amount) of what an offer has promised to requests other than the one with id `but`.

    A request counts with what was claimed of it, before that with what was approved.
    """
    held = (FundStatus.APPROVED, FundStatus.CLAIMED, FundStatus.PAID)
    amount = func.coalesce(_requests.c.claimed_amount, _requests.c.approved_amount, type_=_requests.c.amount.type)
    query = select(_requests.c.currency, amount).where(
        _requests.c.offer_id == offer_id, _requests.c.status.in_(held), _requests.c.id != but
    )
    return [(row[0], row[1] or Decimal(0)) for row in connection.execute(query)]


def expiring_agreements(connection: Connection, start: date, end: date, after_id: int, limit: int) -> list[Row]:
    """Return active agreements whose last day lies in a period, in order of our id, with their partners."""
    names = ("id", "external_id", "partner_id", "valid_to", "attributes")
    query = (
        select(*(_agreements.c[name] for name in names), _partners.c.external_id.label("partner"))
        .join(_partners, _partners.c.id == _agreements.c.partner_id)
        .where(_agreements.c.valid_to.between(start, end), _agreements.c.id > after_id)
        .where(func.coalesce(_agreements.c.status, AgreementStatus.ACTIVE) == AgreementStatus.ACTIVE)
    )
    return [dict(row) for row in connection.execute(query.order_by(_agreements.c.id).limit(limit)).mappings()]


def exclusive_agreements(connection: Connection, but_partner: str, start: date, end: date | None) -> list[Row]:
    """Return active exclusive agreements of other partners whose periods share a day with the given one."""
    names = ("external_id", "territories", "products", "valid_from", "valid_to")
    query = (
        select(*(_agreements.c[name] for name in names), _partners.c.external_id.label("partner"))
        .join(_partners, _partners.c.id == _agreements.c.partner_id)
        .where(_agreements.c.exclusive.is_(True), _agreements.c.status == AgreementStatus.ACTIVE)
        .where(_partners.c.external_id != but_partner)
        .where(or_(_agreements.c.valid_to.is_(None), _agreements.c.valid_to >= start))
    )
    if end is not None:
        query = query.where(_agreements.c.valid_from <= end)
    return [dict(row) for row in connection.execute(query.order_by(_agreements.c.id)).mappings()]


def _won_by(partner_id: int) -> tuple[ColumnElement[bool], ...]:
    return _deals.c.partner_id == partner_id, _deals.c.outcome == DealOutcome.WON, _EARNS


def _facts() -> Select[Any]:
    of_deal = ("lead_id", "company", "domain", "country", "region")
    ending = ("status", "outcome", "amount", "currency", "registered_at", "closed_at")
    return (
        select(
            _deals.c.id,
            _deals.c.external_id,
            _deals.c.partner_id,
            _partners.c.external_id,
            _programs.c.external_id,
            _partners.c.tier,
            *(_deals.c[name] for name in of_deal),
            _products.c.external_id,
            *(_deals.c[name] for name in ending),
        )
        .join(_partners, _partners.c.id == _deals.c.partner_id)
        .outerjoin(_programs, _programs.c.id == _partners.c.program_id)
        .outerjoin(_products, _products.c.id == _deals.c.product_id)
    )


def _entries(connection: Connection, condition: ColumnElement[bool]) -> list[Row]:
    plan, incentive = RESOURCE_TABLES["commission_plans"], RESOURCE_TABLES["incentives"]
    plain = ("id", "external_id", "kind", "base_amount", "rate", "share", "credit", "debit", "currency", "earned_on")
    more = ("booked_at", "reverses", "explanation", "attributes")
    query = (
        select(
            *(_ledger.c[name] for name in (*plain, *more)),
            _partners.c.external_id.label("partner"),
            plan.c.external_id.label("plan"),
            incentive.c.external_id.label("incentive"),
            _deals.c.external_id.label("deal"),
        )
        .join(_partners, _partners.c.id == _ledger.c.partner_id)
        .outerjoin(plan, plan.c.id == _ledger.c.plan_id)
        .outerjoin(incentive, incentive.c.id == _ledger.c.incentive_id)
        .outerjoin(_deals, _deals.c.id == _ledger.c.deal_id)
        .where(condition)
        .order_by(_ledger.c.id)
    )
    return [dict(row) for row in connection.execute(query).mappings()]
