"""Actions for partners: what the service notes of them, and what came of them."""

from datetime import timedelta

import pytest

from domain.context import SYSTEM, Actor
from domain.errors import Conflict, InvalidInput
from domain.settings import Settings
from domain.terms import Role
from programme import records
from programme.intervention_outcomes import LEAST_CASES, beside, outcomes
from store.engine import Engine
from store.interventions import done_actions, latest_actions
from store.unit_of_work import UnitOfWork
from tests.conftest import FixedClock

ANN = Actor("ann", Role.MANAGER, full_name="Ann Ash")


@pytest.fixture
def settings() -> Settings:
    return Settings(churn_horizons_days=(30, 90))


def add(work: UnitOfWork, *names: str) -> list[int]:
    rows = [work.repository("partners").create({"external_id": name, "name": name.upper()}) for name in names]
    return [row["id"] for row in rows]


def score(work: UnitOfWork, id_: int, p: float, as_of, horizon: int = 90) -> None:
    row = {"partner_id": id_, "model": "churn", "horizon_days": horizon, "as_of": as_of, "p": p, "low": p, "high": p}
    work.scores.put_many([row | {"model_version": "churn/1", "details": {}}])


def deal(work: UnitOfWork, partner: str, at, amount: float | None = None) -> None:
    values = {"external_id": f"{partner}-{at:%y%m%d}", "partner": partner, "registered_at": at}
    won = {"status": "approved", "outcome": "won", "closed_at": at, "amount": amount} if amount else {}
    work.repository("deals").create(values | won)


def test_when_who_and_how_the_risk_stood_are_noted(engine: Engine, clock: FixedClock) -> None:
    with UnitOfWork(engine, SYSTEM, clock) as work:
        (id_,) = add(work, "p1")
        score(work, id_, 0.4, clock() - timedelta(days=3), 30)
        score(work, id_, 0.7, clock() - timedelta(days=3))
        score(work, id_, 0.8, clock() - timedelta(days=9))
        score(work, id_, 0.1, clock() + timedelta(days=1))
    with UnitOfWork(engine, ANN, clock) as work:
        made = records.create(work, "interventions", {"partner": "p1", "title": "Call"})
    assert (made["owner"], made["planned_at"], made["p_inactive_before"]) == ("Ann Ash", clock(), 0.7)
    assert made["kind"] == "other"


def test_an_old_score_does_not_tell_how_the_risk_stood(sqlite_engine: Engine, clock: FixedClock) -> None:
    with UnitOfWork(sqlite_engine, ANN, clock) as work:
        (id_,) = add(work, "p1")
        score(work, id_, 0.7, clock() - timedelta(days=60))
        made = records.create(work, "interventions", {"partner": "p1", "title": "Call"})
    assert made["p_inactive_before"] is None


def test_what_is_refused(sqlite_engine: Engine, clock: FixedClock) -> None:
    tomorrow = clock() + timedelta(days=1)
    with UnitOfWork(sqlite_engine, ANN, clock) as work:
        add(work, "p1", "p2")
        new = {"partner": "p1", "title": "Call"}
        for wrong in ({"p_inactive_before": 0.9}, {"done_at": tomorrow}, {"planned_at": tomorrow.isoformat()}):
            with pytest.raises(InvalidInput):
                records.create(work, "interventions", new | wrong)
        made = records.create(work, "interventions", new)
        for fixed in ({"partner": "p2"}, {"planned_at": clock() - timedelta(days=1)}):
            with pytest.raises(Conflict):
                records.change(work, "interventions", made["id"], fixed)
        with pytest.raises(InvalidInput, match="before planned_at"):
            records.change(work, "interventions", made["id"], {"done_at": clock() - timedelta(days=1)})
        with pytest.raises(InvalidInput):
            records.change(work, "interventions", made["id"], {"p_inactive_before": 0.9})
        records.change(work, "interventions", made["id"], {"done_at": clock()})
        with pytest.raises(Conflict):
            records.remove(work, "interventions", made["id"])
        records.change(work, "interventions", made["id"], {"done_at": None})
        records.remove(work, "interventions", made["id"])


def test_what_was_done_earlier_was_planned_by_then(sqlite_engine: Engine, clock: FixedClock) -> None:
    earlier = clock() - timedelta(days=10)
    with UnitOfWork(sqlite_engine, ANN, clock) as work:
        (id_,) = add(work, "p1")
        score(work, id_, 0.6, clock() - timedelta(days=12))
        score(work, id_, 0.3, clock() - timedelta(days=2))
        values = {"partner": "p1", "title": "Call", "done_at": earlier.isoformat()}
        made = records.create(work, "interventions", values)
    assert (made["planned_at"], made["p_inactive_before"]) == (earlier, 0.6)


def test_the_action_that_matters_of_a_partner(engine: Engine, clock: FixedClock) -> None:
    with UnitOfWork(engine, ANN, clock) as work:
        one, two, three = add(work, "p1", "p2", "p3")
        for title, more in (
            ("done", {"done_at": clock()}),
            ("some day", {}),
            ("late", {"due_on": "2024-07-01"}),
            ("first", {"due_on": "2024-06-02"}),
        ):
            records.create(work, "interventions", {"partner": "p1", "title": title, **more})
        for title, days in (("old", 5), ("last", 1)):
            done = clock() - timedelta(days=days)
            records.create(work, "interventions", {"partner": "p2", "title": title, "done_at": done})
        found = latest_actions(work.connection, [one, two, three])
    assert {id_: action.title for id_, action in found.items()} == {one: "first", two: "last"}


def test_what_came_of_an_action(engine: Engine, clock: FixedClock, settings: Settings) -> None:
    done_at = clock() - timedelta(days=40)
    with UnitOfWork(engine, ANN, clock, currency="USD") as work:
        (id_,) = add(work, "p1")
        score(work, id_, 0.6, done_at - timedelta(days=1))
        score(work, id_, 0.2, clock() - timedelta(days=1))
        records.create(work, "interventions", {"partner": "p1", "title": "Call", "done_at": done_at})
        deal(work, "p1", done_at - timedelta(days=50), 100)
        deal(work, "p1", done_at + timedelta(days=5))
        deal(work, "p1", done_at + timedelta(days=35), 70)
        (found,) = outcomes(work, settings, done_actions(work.connection, ANN, clock()), clock())
        early = outcomes(work, settings, done_actions(work.connection, ANN, clock()), done_at + timedelta(days=1))
    month, quarter = found.windows
    assert (found.done.p_inactive_before, found.p_now) == (0.6, 0.2)
    assert (month.over, month.signs_before, month.signs_after, month.revenue_after) == (True, 0, 1, 0)
    assert (quarter.over, quarter.revenue_before, quarter.revenue_after) == (False, 100, 70)
    assert early[0].windows[1].signs_after == 0


def world(work: UnitOfWork, clock: FixedClock, cases: int, others: int) -> None:
    """After an action four of five are active, of the others one of five."""
    then = clock() - timedelta(days=60)
    names = [f"a{k}" for k in range(cases)] + [f"b{k}" for k in range(others)]
    for k, (name, id_) in enumerate(zip(names, add(work, *names), strict=True)):
        score(work, id_, 0.6, then - timedelta(days=2))
        acted = name.startswith("a")
        if acted:
            records.create(work, "interventions", {"partner": name, "title": "Call", "done_at": then})
        if (k % 5 != 0) == acted:
            deal(work, name, then + timedelta(days=7))


def test_a_difference_to_comparable_partners(engine: Engine, clock: FixedClock, settings: Settings) -> None:
    with UnitOfWork(engine, SYSTEM, clock) as work:
        world(work, clock, 30, 40)
        month, quarter = beside(work, settings, clock())
    assert (month.cases, month.compared) == (30, 40)
    assert month.active_share == pytest.approx(0.8)
    assert month.active_share_beside == pytest.approx(0.2)
    assert month.difference == pytest.approx(0.6)
    assert 0.3 < month.low < 0.5
    assert 0.7 < month.high < 0.9
    assert (quarter.cases, quarter.difference) == (0, None)


def test_few_cases_tell_nothing(sqlite_engine: Engine, clock: FixedClock, settings: Settings) -> None:
    with UnitOfWork(sqlite_engine, SYSTEM, clock) as work:
        world(work, clock, LEAST_CASES - 1, 10)
        month, _ = beside(work, settings, clock())
    assert (month.cases, month.difference) == (LEAST_CASES - 1, None)


def test_an_empty_store_has_no_outcomes(sqlite_engine: Engine, clock: FixedClock, settings: Settings) -> None:
    with UnitOfWork(sqlite_engine, SYSTEM, clock) as work:
        assert outcomes(work, settings, (), clock()) == []
        assert [one.cases for one in beside(work, settings, clock())] == [0, 0]
        assert latest_actions(work.connection, []) == {}
