"""Who else has a claim on a customer: keys of deals and leads to find each other by, and the rows that share some.

What the keys are is the business of `programme.claim_keys`; here they are kept, and kept complete: rows written one by
one get theirs in the same transaction, an import leaves a mark in its own, and whoever asks next makes up for it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, case, delete, func, literal, or_, select, text

from domain.terms import AssignmentResponse, DealOutcome, DealStatus
from store.claim_tables import KEY_LENGTH, deal_keys, key_marks, key_progress, lead_keys
from store.jobs import JobRepository
from store.sql import chunks, insert_into
from store.tables import RESOURCE_TABLES

REACH = timedelta(days=730)
"""Deals won and leads made longer ago than this have no keys: they are nobody's claim any more."""

_LOCK = 7_236_114
"""Name of the advisory lock of all decisions on claims."""

_PRECISE_WEIGHT = 100
_BATCH = 2000

_deals, _leads = RESOURCE_TABLES["deals"], RESOURCE_TABLES["leads"]
_partners, _assignments = RESOURCE_TABLES["partners"], RESOURCE_TABLES["assignments"]
_registrations, _products = RESOURCE_TABLES["registrations"], RESOURCE_TABLES["products"]

_LIVE = (str(DealStatus.SUBMITTED), str(DealStatus.APPROVED))


class Customer(NamedTuple):
    """What a deal or lead says of its customer; a deal that says nothing itself has what its lead says."""

    id: int
    company: str | None
    domain: str | None
    country: str | None


KeysOf = Callable[[Customer], Iterable[str]]
"""Returns the keys of a customer."""


def lock_claims(connection: Connection) -> None:
    """Let nobody else decide on a claim until this transaction ends.

    On SQLite the transaction holds the only write lock already.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _LOCK})


def lock_lead(connection: Connection, lead_id: int) -> None:
    """Let nobody else answer for a lead until this transaction ends."""
    connection.execute(select(_leads.c.id).where(_leads.c.id == lead_id).with_for_update()).all()


def mark_imported(connection: Connection, counts: Mapping[str, Any], at: datetime) -> None:
    """Note, in the import's own transaction, that rows stamped `at` have no keys yet.

    Parameters
    ----------
    counts : mapping
        Rows ``inserted`` and ``updated`` by resource.
    """
    for resource in ("deals", "leads"):
        found = counts.get(resource)
        if found is not None and found.inserted + found.updated:
            values = {"resource": resource, "marked_at": at}
            connection.execute(insert_into(connection, key_marks).values(**values).on_conflict_do_nothing())
            JobRepository(connection, lambda: at).enqueue(
                "claim_keys", {}, created_by="import", unique_key=f"claim_keys/{at.isoformat()}"
            )


def keep_keys(connection: Connection, resource: str, row_id: int, keys_of: KeysOf, now: datetime) -> None:
    """Give one deal, or a lead and the deals that rest on it, their keys anew."""
    for name, query in _customers(resource, now):
        if name == resource:
            own = RESOURCE_TABLES[name].c.id
            _write_keys(connection, name, list(_read(connection, query.where(own == row_id))), keys_of, [row_id])
        else:
            rows = list(_read(connection, query.where(_deals.c.lead_id == row_id)))
            _write_keys(connection, name, rows, keys_of, [row.id for row in rows])


def catch_up(connection: Connection, keys_of: KeysOf, now: datetime) -> int:
    """Give rows of imports, and those older than the keys, theirs; return how many deals and leads were looked at."""
    if not _pending(connection):
        return 0
    lock_claims(connection)
    count = 0
    for mark in _pending(connection):
        table = RESOURCE_TABLES[mark.resource]
        for name, query in _customers(mark.resource, now):
            if mark.at is not None:
                count += _write_all(
                    connection, name, query.where(table.c.row_updated_at == mark.at), keys_of, had_keys=True
                )
            elif name == mark.resource:
                count += _write_all(connection, name, query, keys_of, had_keys=False)
        _unmark(connection, mark)
    return count


class _Mark(NamedTuple):
    """Rows of an import; without an instant: those that were there before the keys."""

    resource: str
    at: datetime | None


def _pending(connection: Connection) -> list[_Mark]:
    complete = set(connection.execute(select(key_progress.c.resource)).scalars())
    old = [_Mark(resource, None) for resource in ("deals", "leads") if resource not in complete]
    return old + [_Mark(*row) for row in connection.execute(select(key_marks.c.resource, key_marks.c.marked_at))]


def _unmark(connection: Connection, mark: _Mark) -> None:
    if mark.at is None:
        connection.execute(insert_into(connection, key_progress).values(resource=mark.resource))
    else:
        same = (key_marks.c.resource == mark.resource, key_marks.c.marked_at == mark.at)
        connection.execute(delete(key_marks).where(*same))


def _write_all(connection: Connection, resource: str, query: Select[Any], keys_of: KeysOf, *, had_keys: bool) -> int:
    own = RESOURCE_TABLES[resource].c.id
    count, last = 0, 0
    while True:
        rows = list(_read(connection, query.where(own > last).order_by(own).limit(_BATCH)))
        if not rows:
            return count
        _write_keys(connection, resource, rows, keys_of, [row.id for row in rows] if had_keys else [])
        count, last = count + len(rows), rows[-1].id


def _customers(resource: str, now: datetime) -> list[tuple[str, Select[Any]]]:
    """Return queries of the customers whose keys depend on rows of `resource`."""
    of_deals = (
        select(
            _deals.c.id,
            func.coalesce(_deals.c.company, _leads.c.company),
            func.coalesce(_deals.c.domain, _leads.c.domain),
            func.coalesce(_deals.c.country, _leads.c.country),
        )
        .select_from(_deals.outerjoin(_leads, _leads.c.id == _deals.c.lead_id))
        .where(_claims_something(now))
    )
    if resource == "deals":
        return [("deals", of_deals)]
    of_leads = select(_leads.c.id, _leads.c.company, _leads.c.domain, _leads.c.country)
    return [("leads", of_leads.where(_leads.c.created_at > now - REACH)), ("deals", of_deals)]


def _claims_something(now: datetime) -> ColumnElement[bool]:
    won = and_(_deals.c.outcome == str(DealOutcome.WON), _deals.c.closed_at > now - REACH)
    return and_(_deals.c.status.in_(_LIVE), or_(_deals.c.outcome.is_(None), won))


def _read(connection: Connection, query: Select[Any]) -> Iterable[Customer]:
    return (Customer(*row) for row in connection.execute(query))


def _write_keys(
    connection: Connection, resource: str, rows: Sequence[Customer], keys_of: KeysOf, ids: Sequence[int]
) -> None:
    table, own = (deal_keys, "deal_id") if resource == "deals" else (lead_keys, "lead_id")
    for part in chunks(ids):
        connection.execute(delete(table).where(table.c[own].in_(part)))
    values = [
        {"key": key, own: row.id} for row in rows for key in dict.fromkeys(key[:KEY_LENGTH] for key in keys_of(row))
    ]
    if values:
        connection.execute(insert_into(connection, table).on_conflict_do_nothing(), values)


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
    found = _ranked(connection, deal_keys, deal_keys.c.deal_id, search, limit, _deals, _claims_something(now))
    wanted = [*ids, *found]
    if search.lead_id is not None:
        of_lead = select(_deals.c.id).where(_deals.c.lead_id == search.lead_id, _claims_something(now))
        wanted += connection.execute(of_lead).scalars()
    rows: list[Rival] = []
    for part in chunks(list(dict.fromkeys(wanted))):
        query = _deal_query().where(_deals.c.id.in_(part), _claims_something(now))
        rows += [Rival(*row) for row in connection.execute(query)]
    return rows


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
    weight = func.sum(case((precise, _PRECISE_WEIGHT), else_=1))
    query = (
        select(own)
        .join(rows, rows.c.id == own)
        .where(or_(*alike), condition)
        .group_by(own)
        .order_by(weight.desc(), own.desc())
    )
    return list(connection.execute(query.limit(limit)).scalars())


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
