"""Partners and deals for tests of money."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine

from domain.context import SYSTEM, Actor
from domain.terms import Role
from programme import records
from programme.rule import Row
from store.unit_of_work import UnitOfWork
from tests.conftest import FixedClock

MANAGER = Actor("mia", Role.MANAGER)


@contextmanager
def unit(engine: Engine, clock: FixedClock, actor: Actor = MANAGER, **options: Any) -> Iterator[UnitOfWork]:
    with UnitOfWork(engine, actor, clock, currency="EUR", **options) as work:
        yield work


def build(engine: Engine, clock: FixedClock) -> None:
    """Make two programmes, three partners and two products."""
    with unit(engine, clock, SYSTEM) as work:
        for key in ("resale", "referral"):
            work.repository("programs").create({"external_id": key, "name": key})
        for key in ("crm", "erp"):
            work.repository("products").create({"external_id": key, "name": key})
        for key, program in (("P1", "resale"), ("P2", "resale"), ("P3", "referral")):
            work.repository("partners").create(
                {"external_id": key, "name": key, "program": program, "tier": "Gold", "recruited_at": "2020-01-01"}
            )


def actor_of(engine: Engine, clock: FixedClock, partner: str) -> Actor:
    with unit(engine, clock, SYSTEM) as work:
        return Actor(f"person of {partner}", Role.PARTNER, work.repository("partners").get(partner)["id"])


def add_plan(work: UnitOfWork, key: str = "plan", *, bands: dict[int, float] | None = None, **values: Any) -> Row:
    row = records.create(work, "commission_plans", {"external_id": key, "name": key, **values})
    for start, rate in (bands or {}).items():
        records.create(work, "commission_bands", {"plan": key, "from_amount": start, "rate": rate})
    return row


def add_deal(work: UnitOfWork, key: str, amount: float | None = 1000, partner: str = "P1", **values: Any) -> Row:
    """Create a deal, won unless said otherwise."""
    plain = {"outcome": "won", "registered_at": datetime(2024, 3, 1, tzinfo=UTC), "company": f"customer of {key}"}
    if plain | values != plain | values | {"outcome": None}:
        plain["closed_at"] = datetime(2024, 5, 1, 9, tzinfo=UTC)
    given = {"external_id": key, "partner": partner, "amount": amount, **plain, **values}
    return records.create(work, "deals", {name: value for name, value in given.items() if value is not None})


def ledger(work: UnitOfWork, **filters: Any) -> list[Row]:
    return work.repository("ledger").list(filters, limit=1000).rows


def net(work: UnitOfWork, **filters: Any) -> dict[str, Decimal]:
    """Return credit less debit by partner."""
    found: dict[str, Decimal] = {}
    for row in ledger(work, **filters):
        found[row["partner"]] = found.get(row["partner"], Decimal(0)) + (row["credit"] or 0) - (row["debit"] or 0)
    return found
