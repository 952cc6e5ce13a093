"""Routing policies that are written make sense; imported ones that make none are told and not obeyed."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from domain.context import Actor
from domain.errors import Conflict, InvalidInput, NotFound
from domain.routing import DEFAULT_POLICY, Rule
from domain.terms import Role
from programme import records
from programme.routing_rules import policies_understood
from store import routing_policies
from store.absences import NEVER, load_absences
from store.routing_policies import load_policies
from store.unit_of_work import UnitOfWork
from tests.conftest import FixedClock

Units = Callable[..., UnitOfWork]


@pytest.fixture
def units(engine: Engine, clock: FixedClock) -> Units:
    with UnitOfWork(engine, clock=clock) as work:
        ids = [work.repository("partners").create({"external_id": key, "name": key})["id"] for key in "ab"]
        for key in ("x", "y"):
            work.repository("programs").create({"external_id": key, "name": key})
    staff, partner = Actor("manager", Role.MANAGER), Actor("a", Role.PARTNER, ids[0])
    return lambda as_partner=False: UnitOfWork(engine, partner if as_partner else staff, clock)


def policy(work: UnitOfWork, key: str, **values: Any) -> dict[str, Any]:
    return records.create(work, "routing_policies", {"external_id": key, "name": key, **values})


def test_one_active_policy_for_the_leads_of_a_programme(units: Units) -> None:
    with units() as work:
        policy(work, "all")
        policy(work, "of x", program="x")
        policy(work, "old", program="x", active=False)
        policy(work, "of y", program="y")
        for values in ({}, {"program": "x"}, {"program": "x", "active": True}):
            with pytest.raises(Conflict, match="active") as caught:
                policy(work, "more", **values)
            assert caught.value.details["policy"] == ("of x" if values else "all")
        for key, values in (("old", {"active": True}), ("old", {"active": None}), ("of y", {"program": "x"})):
            with pytest.raises(Conflict, match="of x is active for programme x"):
                records.change(work, "routing_policies", key, values)
        records.change(work, "routing_policies", "of x", {"max_hops": 2})
        records.change(work, "routing_policies", "of x", {"active": False})
        records.change(work, "routing_policies", "old", {"active": True})
        assert load_policies(work.connection).of("x").name == "old"


def test_of_two_written_at_once_one_is_refused(units: Units) -> None:
    def write(key: str) -> bool:
        try:
            with units() as work:
                policy(work, key, program="x")
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(write, "abcd")) == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"margin": 1.5}, "margin"),
        ({"max_hops": 0}, "max_hops"),
        ({"answer_hours": 0}, "answer_hours"),
        ({"working_days": ["mon", "someday"]}, "working_days.1"),
        ({"cool_down_days": -1}, "cool_down_days"),
    ],
)
def test_values_out_of_range_are_refused_with_their_field(units: Units, values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught, units() as work:
        policy(work, "p", **values)
    assert caught.value.details["field"] == field
    with units() as work:
        policy(work, "p")
    with pytest.raises(InvalidInput), units() as work:
        records.change(work, "routing_policies", "p", values)
    with units() as work:
        assert load_policies(work.connection).of(None).model_copy(update={"name": "default"}) == DEFAULT_POLICY


@pytest.mark.parametrize(
    ("resource", "values", "field"),
    [
        ("routing_rules", {"rule": "distance"}, "number"),
        ("routing_rules", {"rule": "distance", "number": -4}, "number"),
        ("routing_rules", {"rule": "tier"}, "names"),
        ("routing_limits", {"by": "tier"}, "least"),
        ("routing_limits", {"by": "tier", "least": 0.5, "most": 0.2}, "least"),
        ("routing_limits", {"by": "tier", "most": 2}, "most"),
    ],
)
def test_rules_and_limits_must_say_what_they_need(
    units: Units, resource: str, values: dict[str, Any], field: str
) -> None:
    with units() as work:
        policy(work, "p")
    with pytest.raises(InvalidInput) as caught, units() as work:
        records.create(work, resource, {"policy": "p", **values})
    assert caught.value.details["field"] == field
    assert "Value error" not in caught.value.message


def test_what_is_written_is_what_decides(units: Units) -> None:
    with units() as work:
        policy(work, "p", program="x", cool_down_days=3, working_days=["mon", "fri"])
        records.create(work, "routing_rules", {"policy": "p", "rule": "distance", "number": 300})
        records.create(work, "routing_rules", {"policy": "p", "rule": "territory", "enforced": False})
        records.create(work, "routing_limits", {"policy": "p", "by": "newcomer", "least": 0.1})
        with pytest.raises(Conflict):
            records.create(work, "routing_rules", {"policy": "p", "rule": "distance", "number": 5})
        found = load_policies(work.connection).of("x")
        assert (found.setting(Rule.DISTANCE).number, found.setting(Rule.TERRITORY).enforced) == (300, False)
        assert (found.cool_down_days, found.working_days, found.limits[0].least) == (3, ("mon", "fri"), 0.1)
        assert load_policies(work.connection).of("y") == DEFAULT_POLICY


def test_imported_nonsense_is_told_and_the_general_policy_holds(units: Units, caplog: Any) -> None:
    with units() as work:
        policy(work, "general", max_hops=7)
        rows = work.repository("routing_policies")  # as an import writes them, past the rules
        rows.create({"external_id": "bad", "name": "bad", "program": "x", "working_days": ["funday"]})
        rows.create({"external_id": "bad rule", "name": "bad rule", "program": "y"})
        work.repository("routing_rules").create({"policy": "bad rule", "rule": "tier"})
        rows.create({"external_id": "second", "name": "second", "max_hops": 9})
    routing_policies._warn.cache_clear()  # it says each thing once
    with units() as work, caplog.at_level(logging.WARNING):
        policies = load_policies(work.connection)
        assert [policies.of(program).max_hops for program in ("x", "y", None)] == [7, 7, 7]
        told = {one.external_id: one.problem for one in policies_understood(work).stored}
    assert "working_days.0" in str(told["bad"])
    assert told["bad rule"] == "rule tier: names: rule tier needs the names of the eligible tiers"
    assert told["second"] == "general is active for the same leads and came first."
    assert told["general"] is None
    assert {record.getMessage().split(" is not")[0] for record in caplog.records} >= {
        f"routing policy {key}" for key in ("bad", "bad rule", "second")
    }


def test_imported_nonsense_is_mended_row_by_row(units: Units) -> None:
    with units() as work:
        work.repository("routing_policies").create({"external_id": "p", "name": "p", "max_hops": 0})
        rule = work.repository("routing_rules").create({"policy": "p", "rule": "distance"})
    with units() as work:
        records.change(work, "routing_rules", rule["id"], {"number": 100})
        assert load_policies(work.connection).of(None) == DEFAULT_POLICY
        records.change(work, "routing_policies", "p", {"max_hops": 1})
        assert load_policies(work.connection).of(None).setting(Rule.DISTANCE).number == 100


def test_absences_end_after_they_begin_and_are_the_partners_own(units: Units) -> None:
    with units(as_partner=True) as work:
        row = records.create(
            work, "absences", {"partner": "a", "since": "2024-07-01T00:00:00Z", "until": "2024-07-15T00:00:00Z"}
        )
        records.create(work, "absences", {"partner": "a", "since": "2024-07-10T00:00:00Z"})
        for since, until in (("2024-08-02", "2024-08-01"), ("2024-08-02", "2024-08-02")):
            with pytest.raises(InvalidInput) as caught:
                records.create(work, "absences", {"partner": "a", "since": since, "until": until})
            assert caught.value.details["field"] == "until"
        with pytest.raises(InvalidInput, match="lies after since"):
            records.change(work, "absences", row["id"], {"until": "2024-06-30T00:00:00Z"})
        with pytest.raises(NotFound):
            records.create(work, "absences", {"partner": "b", "since": "2024-07-01"})
        ahead = records.create(work, "absences", {"partner": "a", "since": work.clock() + timedelta(days=1)})
        begun = records.create(work, "absences", {"partner": "a", "since": work.clock()})
        records.remove(work, "absences", ahead["id"])
        with pytest.raises(Conflict, match="has begun"):
            records.remove(work, "absences", begun["id"])
    with units() as work:
        records.remove(work, "absences", begun["id"])
        found = load_absences(work.connection)
        since, until = (int(datetime(2024, 7, day, tzinfo=UTC).timestamp() * 1e6) for day in (1, 15))
        assert (found.since_us[0], found.until_us.tolist()) == (since, [until, NEVER])
        earlier = found.fingerprint
        records.remove(work, "absences", row["id"])
        assert load_absences(work.connection).fingerprint != earlier
