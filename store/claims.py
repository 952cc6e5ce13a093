"""Who else has a claim on a customer: keys of deals and leads to find each other by, and the rows that share some.

What the keys are is the business of `programme.claim_keys`; here they are kept, and kept complete: rows written one by
one get theirs in the same transaction, an import leaves a mark in its own, and whoever asks next makes up for it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    and_,
    delete,
    func,
    literal,
    or_,
    select,
    text,
)

from domain.terms import DealOutcome, DealStatus
from store.claim_tables import KEY_LENGTH, deal_keys, key_marks, key_progress, lead_keys
from store.jobs import JobRepository
from store.sql import chunks, insert_into
from store.tables import RESOURCE_TABLES

REACH = timedelta(days=730)
"""Deals won and leads made longer ago than this have no keys: they are nobody's claim any more."""

_LOCK = 7_236_114
"""Name of the advisory lock of all decisions on claims."""

_BATCH = 20_000

_deals, _leads = RESOURCE_TABLES["deals"], RESOURCE_TABLES["leads"]

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
                _drop_keys(connection, name, mark.resource, table.c.row_updated_at == mark.at)
                count += _write_all(connection, name, query.where(table.c.row_updated_at == mark.at), keys_of)
            elif name == mark.resource:
                count += _write_all(connection, name, query, keys_of)
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


def _drop_keys(connection: Connection, name: str, resource: str, condition: ColumnElement[bool]) -> None:
    """Take the keys of rows of `resource` (deals of leads, where `name` says deals), also of those closed meanwhile."""
    if name == resource:
        table = RESOURCE_TABLES[name]
        ids = select(table.c.id).where(condition)
    else:
        ids = select(_deals.c.id).join(_leads, _leads.c.id == _deals.c.lead_id).where(condition)
    keys, own = _keys_table(name)
    connection.execute(delete(keys).where(keys.c[own].in_(ids)))


def _keys_table(resource: str) -> tuple[Table, str]:
    return (deal_keys, "deal_id") if resource == "deals" else (lead_keys, "lead_id")


def _write_all(connection: Connection, resource: str, query: Select[Any], keys_of: KeysOf) -> int:
    own = RESOURCE_TABLES[resource].c.id
    count, last = 0, 0
    while True:
        rows = list(_read(connection, query.where(own > last).order_by(own).limit(_BATCH)))
        if not rows:
            return count
        _write_keys(connection, resource, rows, keys_of, [])
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
        .where(claims_something(now))
    )
    if resource == "deals":
        return [("deals", of_deals)]
    of_leads = select(_leads.c.id, _leads.c.company, _leads.c.domain, _leads.c.country)
    return [("leads", of_leads.where(_leads.c.created_at > now - REACH)), ("deals", of_deals)]


def claims_something(now: datetime) -> ColumnElement[bool]:
    """Return the condition of deals that claim their customer: open ones, and those won of late."""
    won = and_(_deals.c.outcome == str(DealOutcome.WON), _deals.c.closed_at > now - REACH)
    return and_(_deals.c.status.in_(_LIVE), or_(_deals.c.outcome.is_(None), won))


def _read(connection: Connection, query: Select[Any]) -> Iterable[Customer]:
    return (Customer(*row) for row in connection.execute(query))


def _write_keys(
    connection: Connection, resource: str, rows: Sequence[Customer], keys_of: KeysOf, ids: Sequence[int]
) -> None:
    table, own = _keys_table(resource)
    for part in chunks(ids):
        connection.execute(delete(table).where(table.c[own].in_(part)))
    values = sorted(
        (key, row.id) for row in rows for key in dict.fromkeys(key[:KEY_LENGTH] for key in keys_of(row))
    )  # in the order of the index
    if values:
        _insert_keys(connection, table, own, values)


def _insert_keys(connection: Connection, table: Table, own: str, values: Sequence[tuple[str, int]]) -> None:
    if connection.dialect.name != "postgresql":
        named = [{"key": key, own: id_} for key, id_ in values]
        connection.execute(insert_into(connection, table).on_conflict_do_nothing(), named)
        return
    keys, ids = zip(*values, strict=True)
    given = func.unnest(literal(list(keys), ARRAY(String)), literal(list(ids), ARRAY(BigInteger)))
    rows = given.table_valued("key", own).render_derived()
    query = insert_into(connection, table).from_select(["key", own], select(rows.c.key, rows.c[own]))
    connection.execute(query.on_conflict_do_nothing())
