"""Nightly duties of money: twice is once."""

from datetime import UTC, datetime

import pytest

from domain.settings import Settings
from intelligence.context import open_intelligence
from programme import records
from store.unit_of_work import UnitOfWork
from tests.programme.money_worlds import add_plan, build, net, unit
from worker.handlers import HANDLERS, WorkerContext
from worker.schedule import Schedule


@pytest.fixture
def context(sqlite_engine, clock, tmp_path) -> WorkerContext:
    build(sqlite_engine, clock)
    settings = Settings(home=tmp_path, database_url=str(sqlite_engine.url), currency="EUR")
    intelligence = open_intelligence(sqlite_engine, settings, clock=clock)
    return WorkerContext(settings=settings, intelligence=intelligence, clock=clock)


def run(context: WorkerContext, kind: str, **payload: int) -> dict[str, int]:
    return HANDLERS[kind](context, payload, lambda _share: None)


def test_commissions_of_imported_deals_are_booked_in_batches(context, sqlite_engine, clock):
    with unit(sqlite_engine, clock) as work:
        add_plan(work, rate=0.1)
        for number in range(25):
            given = {"external_id": f"D{number}", "partner": "P1", "amount": 10, "outcome": "won"}
            work.repository("deals").create({**given, "registered_at": "2024-01-01", "closed_at": "2024-02-01"})
    assert run(context, "commissions", batch=10) == {"deals": 25, "entries": 25}
    assert run(context, "commissions") == {"deals": 0, "entries": 0}
    with unit(sqlite_engine, clock) as work:
        assert net(work, earned_on="2024-02-01") == {"P1": 25}


def test_expiring_agreements_are_told_once(context, sqlite_engine, clock):
    with unit(sqlite_engine, clock) as work:
        given = {"external_id": "A", "partner": "P1", "valid_from": "2024-01-01", "valid_to": "2024-06-20"}
        records.create(work, "agreements", {**given, "status": "active"})
    assert (run(context, "agreements"), run(context, "agreements")) == ({"told": 1}, {"told": 0})


def test_tiers_are_reviewed_once_a_quarter(context, sqlite_engine, clock):
    with unit(sqlite_engine, clock) as work:
        records.create(work, "tiers", {"external_id": "s", "program": "resale", "name": "Silver", "position": 1})
    assert run(context, "tier_reviews") == run(context, "tier_reviews") == {"partners": 2, "proposals": 2}
    with unit(sqlite_engine, clock) as work:
        assert len(work.repository("tier_reviews").list().rows) == 2
    planned = []
    for day in ("2024-06-01", "2024-06-29", "2024-06-30", "2024-08-01"):
        clock.now = datetime.fromisoformat(day).replace(tzinfo=UTC, hour=12)
        Schedule(context).plan()
        with UnitOfWork(sqlite_engine) as work:
            planned.append(len(work.jobs.newest("tier_reviews")))
    assert planned == [1, 1, 2, 2]
