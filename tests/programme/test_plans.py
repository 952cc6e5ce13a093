"""Joint business plans: proposed by partners, agreed by the vendor; goals are the vendor's."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine

from domain.context import Actor
from domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from domain.terms import PlanStatus, Role
from intelligence.analytics.book import Book
from programme import records
from programme.goals import partner_plan
from programme.plans import change_plan_status
from store.unit_of_work import UnitOfWork
from tests.conftest import FixedClock

YEAR = {"title": "Together", "period_start": "2024-01-01", "period_end": "2024-12-31"}


@pytest.fixture
def units(engine: Engine, clock: FixedClock) -> Any:
    with UnitOfWork(engine, clock=clock) as work:
        ids = [work.repository("partners").create({"external_id": key, "name": key})["id"] for key in "ab"]
    staff, partner = Actor("manager", Role.MANAGER), Actor("a", Role.PARTNER, ids[0])
    return lambda as_partner=False: UnitOfWork(engine, partner if as_partner else staff, clock, currency="USD")


def test_a_partner_proposes_and_the_vendor_agrees(units: Any) -> None:
    with units(as_partner=True) as work:
        plan = records.create(work, "plans", {"external_id": "p", "partner": "a", **YEAR})
        assert plan["status"] == "draft"
        records.change(work, "plans", "p", {"objective": "Ten customers"})
        for status in (PlanStatus.AGREED, PlanStatus.CLOSED):
            with pytest.raises(NotAllowed):
                change_plan_status(work, "p", status)
        with pytest.raises(NotAllowed):
            records.create(work, "plans", {"external_id": "q", "partner": "a", "status": "agreed", **YEAR})
        with pytest.raises(NotFound):
            records.create(work, "plans", {"external_id": "q", "partner": "b", **YEAR})
    with units() as work:
        assert change_plan_status(work, "p", PlanStatus.AGREED)["status"] == "agreed"
        assert change_plan_status(work, "p", PlanStatus.AGREED)["status"] == "agreed"
        with pytest.raises(Conflict, match="is fixed"):
            records.change(work, "plans", "p", {"period_end": "2025-06-30"})
        with pytest.raises(Conflict, match="close it instead"):
            records.remove(work, "plans", "p")
    with units(as_partner=True) as work, pytest.raises(NotAllowed, match="draft again"):
        records.change(work, "plans", "p", {"objective": "Twenty"})
    with units() as work:
        change_plan_status(work, "p", PlanStatus.CLOSED)
        with pytest.raises(Conflict, match="cannot become draft; it can become nothing"):
            change_plan_status(work, "p", PlanStatus.DRAFT)


def test_a_plan_holds_the_goals_of_its_period(units: Any, clock: FixedClock) -> None:
    with units() as work:
        partner = work.repository("partners").get("a")
        for start, end, status in (("2023-01-01", "2023-12-31", "agreed"), ("2024-01-01", "2024-12-31", "draft")):
            plan = {"partner": "a", "title": start, "period_start": start, "period_end": end, "status": status}
            records.create(work, "plans", {"external_id": start, **plan})
            records.create(
                work,
                "goals",
                {"partner": "a", "metric": "revenue", "period_start": start, "period_end": end, "target": 10},
            )
        book = Book(work.connection, clock.now, "USD")
        plan, found = partner_plan(work, book, book, partner)
        assert (plan["external_id"], [one.goal.period_start for one in found.items]) == (
            "2024-01-01",
            [date(2024, 1, 1)],
        )
        other, found = partner_plan(work, book, book, work.repository("partners").get("b"))
        assert (other, found.items) == (None, [])


def test_goals_are_the_vendors(units: Any) -> None:
    goal = {"partner": "a", "metric": "revenue", "period_start": "2024-01-01", "period_end": "2024-12-31", "target": 5}
    with units(as_partner=True) as work, pytest.raises(NotAllowed, match="propose a plan"):
        records.create(work, "goals", goal)
    with units() as work:
        for wrong in ({"metric": " "}, {"target": -1}):
            with pytest.raises(InvalidInput):
                records.create(work, "goals", {**goal, **wrong})
        assert records.create(work, "goals", {**goal, "metric": "nps", "target": -10})["target"] == -10
