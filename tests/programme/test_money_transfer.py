"""A store that was exported and imported elsewhere goes on where it was."""

from decimal import Decimal

from domain.settings import Settings
from programme.ledger import adjust
from programme.settlement import run_commissions
from programme.statements import close_statements
from store.transfer import export_folder, import_folder
from tests.programme.money_worlds import add_deal, add_plan, build, ledger, net, unit
from tests.programme.test_statements import MAY


def test_an_imported_store_books_nothing_again(sqlite_engine, postgres_engine, clock, tmp_path):
    build(sqlite_engine, clock)
    with unit(sqlite_engine, clock) as work:
        add_plan(work, rate=0.0333, bands={5000: 0.05}, marginal=True)
        work.repository("commission_plans").patch("plan", {"tiers": ["Gold"], "volume_days": 30})
        for number, amount in enumerate((1234.56, 7000.1, 0.3)):
            add_deal(work, f"D{number}", amount, domain=f"https://c{number}.de/x")
        clock.advance(minutes=1)
        work.repository("commission_shares").create({"deal": "D1", "partner": "P2", "share": 1 / 3})
        assert run_commissions(work).booked == 2
        adjust(work, "P1", reason="=1", debit=Decimal("1.5"))
        close_statements(work, "P1", *MAY)
        before, entries = net(work), len(ledger(work))
    export_folder(sqlite_engine, tmp_path / "out")
    clock.advance(hours=1)
    settings = Settings(home=tmp_path, currency="EUR")
    assert import_folder(postgres_engine, tmp_path / "out", settings=settings, clock=clock).problems == []
    with unit(postgres_engine, clock) as work:
        assert net(work) == before
        run = run_commissions(work)
        assert (run.deals, run.booked, run.reversed) == (3, 0, 0)
        assert len(ledger(work)) == entries
        work.repository("deals").patch("D2", {"outcome": "lost"})
        assert run_commissions(work).reversed == 1
