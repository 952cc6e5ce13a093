"""Deals and leads that share keys with a search, as a check for other claims on a customer needs them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, case, func, literal, or_, select

from domain.terms import AssignmentResponse, DealStatus
from store.claim_tables import KEY_LENGTH, deal_keys, lead_keys
from store.claims import claims_something
from store.sql import chunks
from store.tables import RESOURCE_TABLES

_PRECISE_WEIGHT = 100
_LOOK = 5

_deals, _leads = RESOURCE_TABLES["deals"], RESOURCE_TABLES["leads"]
_partners, _assignments = RESOURCE_TABLES["partners"], RESOURCE_TABLES["assignments"]
_registrations, _products = RESOURCE_TABLES["registrations"], RESOURCE_TABLES["products"]


class Protection(NamedTuple):
    """An approved registration of an open deal, and until when it is protected."""

    deal_id: int
    registration_id: int
    partner_id: int
    protected_until: datetime
    reminded_at: datetime | None


def ending_protection(connection: Connection, until: datetime, after: int, limit: int) -> list[Protection]:
    """Return protections of open deals that end by `until`, by our id of the deal, from the one after `after` on."""
    query = (
        select(
            _deals.c.id,
            _registrations.c.id,
            _deals.c.partner_id,
            _registrations.c.protected_until,
            _registrations.c.reminded_at,
        )
        .join(_deals, _deals.c.id == _registrations.c.deal_id)
        .where(
            _registrations.c.protected_until <= until,
            _deals.c.status == str(DealStatus.APPROVED),
            _deals.c.outcome.is_(None),
            _deals.c.id > after,
        )
    )
    return [Protection(*row) for row in connection.execute(query.order_by(_deals.c.id).limit(limit))]


class Rival(NamedTuple):
    """A deal or lead that may be of the same customer, with what decides about it."""

    resource: str
    id: int
    external_id: str
    partner_id: int | None
    partner: str | None
    partner_name: str | None
    company: str | None
    domain: str | None
    country: str | None
    address: str | None
    lead_id: int | None
    product: str | None
    status: str | None
    outcome: str | None
    registered_at: datetime
    closed_at: datetime | None
    amount: Any
    currency: str | None
    submitted_at: datetime | None
    protected_until: datetime | None


class Search(NamedTuple):
    """What to look for.

    Parameters
    ----------
    precise, vague : sequence of str
        Keys that say much, and those that many share. One that ends in ``*`` stands for all that begin so.
    lead_id : int or None
        Deals and offers of this lead are found too.
    """

    precise: Sequence[str]
    vague: Sequence[str]
    lead_id: int | None = None


def rival_deals(connection: Connection, search: Search, now: datetime, limit: int, *ids: int) -> list[Rival]:
    """Return live deals that share keys with a search, or are among `ids`: those that share most first."""
    found = _ranked(connection, deal_keys, deal_keys.c.deal_id, search, limit, _deals, claims_something(now))
    wanted = [*ids, *found]
    if search.lead_id is not None:
        of_lead = select(_deals.c.id).where(_deals.c.lead_id == search.lead_id, claims_something(now))
        wanted += connection.execute(of_lead).scalars()
    rows: list[Rival] = []
    for part in chunks(list(dict.fromkeys(wanted))):
        query = _deal_query().where(_deals.c.id.in_(part), claims_something(now))
        rows += [Rival(*row) for row in connection.execute(query)]
    return rows


def told_apart(connection: Connection, deal_id: int, others: Sequence[int]) -> set[int]:
    """Return which of some deals have a registration that was found to be of another customer than a deal's."""
    own = connection.execute(select(_deals.c.external_id).where(_deals.c.id == deal_id)).scalar()
    rows = connection.execute(
        select(_registrations.c.deal_id, _registrations.c.distinct_from).where(_registrations.c.deal_id.in_(others))
    )
    return {int(other) for other, distinct in rows if own in (distinct or ())}


def rival_leads(connection: Connection, search: Search, since: datetime, limit: int, *ids: int) -> list[Rival]:
    """Return open leads made after `since` that share keys with a search, once for each partner that was offered one.

    A lead is open until a deal of it is won or lost. Offers that were turned down say nothing.
    """
    open_ = and_(_leads.c.created_at > since, ~_is_closed())
    found = [*ids, *_ranked(connection, lead_keys, lead_keys.c.lead_id, search, limit, _leads, open_)]
    rows: list[Rival] = []
    for part in chunks(list(dict.fromkeys(found))):
        rows += [Rival(*row) for row in connection.execute(_lead_query().where(_leads.c.id.in_(part), open_))]
    return rows


def _is_closed() -> ColumnElement[bool]:
    return (
        select(_deals.c.id)
        .where(_deals.c.lead_id == _leads.c.id, _deals.c.outcome.is_not(None))
        .correlate(_leads)
        .exists()
    )


def _ranked(
    connection: Connection,
    keys: Table,
    own: ColumnElement[int],
    search: Search,
    limit: int,
    rows: Table,
    condition: ColumnElement[bool],
) -> list[int]:
    """Return ids of rows by how much their keys share with a search, newest first among equals."""
    if not search.precise and not search.vague:
        return []
    alike = [_among(keys, group) for group in (search.precise, search.vague) if group]
    precise = _among(keys, search.precise) if search.precise else literal(False)
    weight = func.sum(case((precise, _PRECISE_WEIGHT), else_=1)).label("weight")
    # First by the keys alone, which lie together in their index; rows, which lie anywhere, of the best ones only.
    best = select(own.label("id"), weight).where(or_(*alike)).group_by(own).order_by(weight.desc(), own.desc())
    top = best.limit(_LOOK * limit).subquery()
    query = select(top.c.id).join(rows, rows.c.id == top.c.id).where(condition)
    return list(connection.execute(query.order_by(top.c.weight.desc(), top.c.id.desc()).limit(limit)).scalars())


def _among(keys: Table, wanted: Sequence[str]) -> ColumnElement[bool]:
    exact = [key[:KEY_LENGTH] for key in wanted if not key.endswith("*")]
    begun = [key[:-1] for key in wanted if key.endswith("*")]
    # The separator's successor bounds the range: both databases answer it from the index, whatever the collation.
    ranges = [and_(keys.c.key >= begin, keys.c.key < begin[:-1] + chr(ord(begin[-1]) + 1)) for begin in begun]
    return or_(keys.c.key.in_(exact), *ranges)


def _deal_query() -> Select[Any]:
    return select(
        literal("deals"),
        _deals.c.id,
        _deals.c.external_id,
        _deals.c.partner_id,
        _partners.c.external_id,
        _partners.c.name,
        func.coalesce(_deals.c.company, _leads.c.company),
        func.coalesce(_deals.c.domain, _leads.c.domain),
        func.coalesce(_deals.c.country, _leads.c.country),
        _registrations.c.address,
        _deals.c.lead_id,
        _products.c.external_id,
        _deals.c.status,
        _deals.c.outcome,
        _deals.c.registered_at,
        _deals.c.closed_at,
        _deals.c.amount,
        _deals.c.currency,
        _registrations.c.submitted_at,
        _registrations.c.protected_until,
    ).select_from(
        _deals.join(_partners, _partners.c.id == _deals.c.partner_id)
        .outerjoin(_leads, _leads.c.id == _deals.c.lead_id)
        .outerjoin(_products, _products.c.id == _deals.c.product_id)
        .outerjoin(_registrations, _registrations.c.deal_id == _deals.c.id)
    )


def _lead_query() -> Select[Any]:
    turned_down = (AssignmentResponse.DECLINED, AssignmentResponse.EXPIRED, AssignmentResponse.WITHDRAWN)
    offered = and_(
        _assignments.c.lead_id == _leads.c.id,
        or_(_assignments.c.response.is_(None), _assignments.c.response.not_in([str(word) for word in turned_down])),
    )
    nothing = literal(None)
    return select(
        literal("leads"),
        _leads.c.id,
        _leads.c.external_id,
        _assignments.c.partner_id,
        _partners.c.external_id,
        _partners.c.name,
        _leads.c.company,
        _leads.c.domain,
        _leads.c.country,
        nothing,
        _leads.c.id,
        _products.c.external_id,
        _assignments.c.response,
        nothing,
        _leads.c.created_at,
        nothing,
        _leads.c.estimated_amount,
        _leads.c.currency,
        func.coalesce(_assignments.c.responded_at, _assignments.c.offered_at),
        nothing,
    ).select_from(
        _leads.outerjoin(_assignments, offered)
        .outerjoin(_partners, _partners.c.id == _assignments.c.partner_id)
        .outerjoin(_products, _products.c.id == _leads.c.product_id)
    )
