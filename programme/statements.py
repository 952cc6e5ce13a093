"""Statements: a partner's entries of a closed period in one currency, and their sums. Never changed once closed."""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from domain.errors import Conflict, InvalidInput
from programme.ledger import service_rows
from programme.money import Total, totals
from programme.rule import Row
from store import ledger as queries
from store.unit_of_work import UnitOfWork


class Closing(NamedTuple):
    """What closing a period for many partners did; `next_after` is None when all are done."""

    statements: list[Row]
    totals: list[Total]
    next_after: int | None


def close_statements(
    work: UnitOfWork, partner: int | str, start: date, end: date, currency: str | None = None
) -> list[Row]:
    """Close a period of one partner: one statement per currency that has entries, and return them.

    It takes in entries that were earned in the period and stand in no statement, and late ones: those earned on a day
    that an earlier statement has closed already.

    Parameters
    ----------
    work : UnitOfWork
        The transaction.
    partner : int or str
        Our id, or the external one, of a partner that the actor sees.
    start, end : date
        First and last day.
    currency : str, optional
        Of this currency only; its statement is made even if it is empty.

    Raises
    ------
    NotFound
        If the actor sees no such partner.
    InvalidInput
        If the period ends before it begins.
    Conflict
        If a statement of the partner and currency shares a day with the period.
    """
    if end < start:
        raise InvalidInput(f"period_end ({end}) lies before period_start ({start}); it must not", field="period_end")
    found = work.repository("partners").get(partner)
    queries.lock_row(work.connection, "partners", found["id"])  # two closings at once would share the entries
    entries = queries.open_entries(work.connection, found["id"], start, end, currency)
    by_currency: dict[str, list[tuple[int, Decimal | None, Decimal | None]]] = {currency: []} if currency else {}
    for id_, code, credit, debit in entries:
        by_currency.setdefault(code, []).append((id_, credit, debit))
    if not by_currency:
        _refuse_overlap(work, found, work.currency or "", start, end)
    return [_close(work, found, start, end, code, by_currency[code]) for code in sorted(by_currency)]


def close_all_statements(work: UnitOfWork, start: date, end: date, *, after: int = 0, limit: int = 200) -> Closing:
    """Close a period for the next partners, of those that the actor sees, with entries in no statement.

    Partners for whom a statement shares a day with the period are left out: their entries come with the next one.
    Safe to repeat.
    """
    waiting = queries.partners_with_open_entries(work.connection, end, after, limit)
    seen = {row["id"] for row in work.repository("partners").list({"id": [id_ for id_, _ in waiting]}, limit=1000).rows}
    made: list[Row] = []
    for id_ in (id_ for id_, _ in waiting if id_ in seen):
        try:
            with work.attempt():
                made += close_statements(work, id_, start, end)
        except Conflict:
            continue
    sums = totals((row["currency"], row["credit"], row["debit"]) for row in made)
    return Closing(made, sums, waiting[-1][0] if len(waiting) == limit else None)


def statement_entries(work: UnitOfWork, key: int | str) -> tuple[Row, list[Row]]:
    """Return a statement that the actor sees, and its entries by day; errors as of `Repository.get`."""
    statement = work.repository("statements").get(key)
    return statement, queries.entries_of_statement(work.connection, statement["id"])


def _close(
    work: UnitOfWork,
    partner: Row,
    start: date,
    end: date,
    currency: str,
    entries: list[tuple[int, Decimal | None, Decimal | None]],
) -> Row:
    _refuse_overlap(work, partner, currency, start, end)
    (sums,) = totals((currency, credit, debit) for _, credit, debit in entries) or [Total(currency, *[Decimal(0)] * 2)]
    values: dict[str, Any] = {"period_start": start, "period_end": end, "closed_at": work.clock()}
    statement = service_rows(work, "statements").create(
        {"partner": partner["external_id"], "currency": currency, "credit": sums.credit, "debit": sums.debit, **values}
    )
    rows = service_rows(work, "ledger")
    for id_, _, _ in entries:
        rows.patch(id_, {"statement": statement["external_id"]})
    work.journal.announce(
        "statement.closed",
        {"statement": statement["external_id"], "partner": partner["external_id"], "currency": currency},
        partner["id"],
    )
    return statement


def _refuse_overlap(work: UnitOfWork, partner: Row, currency: str, start: date, end: date) -> None:
    other = queries.overlapping_statement(work.connection, partner["id"], currency, start, end)
    if other is not None:
        raise Conflict(
            f"Statement {other[0]!r} of {partner['external_id']!r} in {currency} covers {other[1]} to {other[2]}; "
            "the periods of statements share no day. What was earned since comes with the next one.",
            statement=other[0],
        )
