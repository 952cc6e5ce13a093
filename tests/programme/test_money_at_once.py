"""Money when several act at once: nothing is booked twice, nothing overdrawn, no band entered twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from domain.errors import AllywiseError
from programme import records
from programme.ledger import adjust, partner_balance, pay_out
from programme.settlement import run_commissions
from programme.statements import close_statements
from store.unit_of_work import UnitOfWork
from tests.programme.money_worlds import add_deal, add_plan, build, ledger, net, unit

MAY = (date(2024, 5, 1), date(2024, 5, 31))


@pytest.fixture
def at_once(engine, clock):
    """Return a function that does something in several transactions at once and says which of them were kept."""
    build(engine, clock)

    def run(times: int, act: Callable[[UnitOfWork, int], object]) -> list[bool]:
        def one(number: int) -> bool:
            try:
                with unit(engine, clock) as work:
                    act(work, number)
            except AllywiseError:
                return False
            return True

        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(one, range(times)))

    return run


def test_runs_at_once_book_each_deal_once(at_once, engine, clock):
    with unit(engine, clock) as work:
        add_plan(work, rate=0.1)
        for number in range(10):
            given = {"external_id": f"D{number}", "partner": "P1", "amount": 10, "outcome": "won"}
            work.repository("deals").create({**given, "registered_at": "2024-01-01", "closed_at": "2024-02-01"})
    at_once(3, lambda work, _: run_commissions(work))
    with unit(engine, clock) as work:
        run_commissions(work)  # what one run left to another that failed
        assert sorted(row["deal"] for row in ledger(work)) == [f"D{number}" for number in range(10)]


def test_deals_won_at_once_share_the_bands(at_once, engine, clock):
    with unit(engine, clock) as work:
        add_plan(work, rate=0.1, bands={1000: 0.2}, marginal=True)
        for number in range(3):
            add_deal(work, f"D{number}", 1000, outcome=None)
    win = {"outcome": "won", "closed_at": datetime(2024, 5, 1, tzinfo=UTC)}
    assert all(at_once(3, lambda work, number: records.change(work, "deals", f"D{number}", win)))
    with unit(engine, clock) as work:
        # One of them is the first, by whichever order; deals of one instant count by their ids.
        assert sum(row["credit"] == 100 for row in ledger(work)) >= 1
        run_commissions(work, recompute=True)
        assert net(work) == {"P1": Decimal(500)}


def test_a_statement_is_closed_by_one_and_payouts_stop_at_what_is_owed(at_once, engine, clock):
    with unit(engine, clock) as work:
        adjust(work, "P1", reason="x", credit=Decimal(100), earned_on=MAY[0])
    assert sum(at_once(3, lambda work, _: close_statements(work, "P1", *MAY))) == 1
    assert sum(at_once(4, lambda work, _: pay_out(work, "P1", Decimal(40)))) == 2
    with unit(engine, clock) as work:
        (balance,) = partner_balance(work, "P1")
        assert (balance.balance, balance.open_debit) == (Decimal(20), Decimal(80))
