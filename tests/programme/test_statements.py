"""Statements: their totals are the sums of their entries, and each entry stands in one of them at the most."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import Conflict, InvalidInput, NotFound
from programme.ledger import adjust, entries_csv, partner_balance
from programme.statements import close_statements, statement_entries
from tests.programme.money_worlds import actor_of, build, ledger, unit

MAY = (date(2024, 5, 1), date(2024, 5, 31))
JUNE = (date(2024, 6, 1), date(2024, 6, 30))


def add(work, cents: int, on: date, *, currency: str = "EUR", partner: str = "P1") -> None:
    amount = Decimal(abs(cents)) / 100
    side = {"credit": amount} if cents > 0 else {"debit": amount}
    adjust(work, partner, reason="test", currency=currency, earned_on=on, **side)


def test_late_entries_come_with_the_next_statement(engine, clock):
    build(engine, clock)
    with unit(engine, clock) as work:
        add(work, 1000, date(2024, 4, 30))
        add(work, 500, date(2024, 5, 2))
        add(work, -200, date(2024, 5, 31))
        add(work, 1, date(2024, 5, 2), partner="P2")
        (may,) = close_statements(work, "P1", *MAY)
        assert (may["credit"], may["debit"]) == (Decimal(5), Decimal(2))
        add(work, 300, date(2024, 5, 3))
        add(work, 400, date(2024, 6, 3))
        (june,) = close_statements(work, "P1", *JUNE)
        # What was earned in April, which no statement had closed before May's, is late by then too.
        assert june["credit"] == Decimal(17)
        with pytest.raises(Conflict, match="share no day"):
            close_statements(work, "P1", date(2024, 6, 30), date(2024, 7, 31), "EUR")


def test_an_empty_statement_is_made_only_when_its_currency_is_named(engine, clock):
    build(engine, clock)
    with unit(engine, clock) as work:
        assert close_statements(work, "P1", *MAY) == []
        (empty,) = close_statements(work, "P1", *MAY, "USD")
        assert (empty["credit"], empty["debit"], empty["currency"]) == (0, 0, "USD")
        with pytest.raises(InvalidInput, match="before period_start"):
            close_statements(work, "P1", *MAY[::-1])


def test_partners_see_their_own_statements(sqlite_engine, clock):
    build(sqlite_engine, clock)
    with unit(sqlite_engine, clock) as work:
        add(work, 100, MAY[0])
        (made,) = close_statements(work, "P1", *MAY)
    with unit(sqlite_engine, clock, actor_of(sqlite_engine, clock, "P1")) as work:
        assert statement_entries(work, made["external_id"])[0]["credit"] == 1
    with unit(sqlite_engine, clock, actor_of(sqlite_engine, clock, "P2")) as work, pytest.raises(NotFound):
        statement_entries(work, made["external_id"])


def test_cells_that_a_spreadsheet_would_compute_are_texts(sqlite_engine, clock):
    build(sqlite_engine, clock)
    with unit(sqlite_engine, clock) as work:
        adjust(work, "P1", reason="=1+1", credit=Decimal(1), earned_on=MAY[0])
        (made,) = close_statements(work, "P1", *MAY)
        assert ",'=1+1," in entries_csv(statement_entries(work, made["external_id"])[1])


ENTRY = st.tuples(
    st.integers(-(10**9), 10**9).filter(bool), st.integers(0, 120), st.sampled_from(["EUR", "USD"]), st.booleans()
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ENTRY, min_size=1, max_size=12))
def test_totals_are_the_sums_of_the_entries_whenever_they_are_closed(sqlite_engine, clock, entries):
    with unit(sqlite_engine, clock) as work:
        if not work.repository("partners").list().rows:
            work.repository("partners").create({"external_id": "P1", "name": "P1"})
        key = f"Q{len(work.repository('partners').list(limit=1000).rows)}"
        work.repository("partners").create({"external_id": key, "name": key})
        start = date(2024, 1, 1)
        for cents, day, currency, close in entries:
            add(work, cents, date(2024, 1, 1) + timedelta(days=day), currency=currency, partner=key)
            if close:
                close_statements(work, key, start, start + timedelta(days=9))
                start += timedelta(days=10)
        close_statements(work, key, start, date(2025, 1, 1))
        rows = ledger(work, partner=key)
        statements = work.repository("statements").list({"partner": key}, limit=1000).rows
        for statement in statements:
            mine = [row for row in rows if row["statement"] == statement["external_id"]]
            assert statement["credit"] == sum((row["credit"] for row in mine), Decimal(0))
            assert statement["debit"] == sum((row["debit"] for row in mine), Decimal(0))
            assert {row["currency"] for row in mine} <= {statement["currency"]}
        for balance in partner_balance(work, key):
            closed = [row for row in statements if row["currency"] == balance.currency]
            closed_credit = sum((row["credit"] for row in closed), Decimal(0))
            assert closed_credit + balance.open_credit == balance.credit
            assert sum(balance.by_kind.values()) == balance.balance
