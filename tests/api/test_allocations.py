"""Whole lists over HTTP: given under capacity, offered, kept; and the store of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.app import create_app
from domain.context import SYSTEM
from domain.errors import NotFound
from domain.settings import Settings
from domain.terms import Role
from programme.privacy import erase_partner
from store.allocations import Allocation, allocation, keep_allocation, prices_between
from store.unit_of_work import UnitOfWork

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)


class World:
    """An application over three partners that take two leads each, and seven leads."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.engine = client.app.state.services.intelligence.engine
        with UnitOfWork(self.engine, SYSTEM, lambda: NOW) as work:
            self.headers = {
                role: {"Authorization": f"Bearer {work.keys.create(str(role), role).secret}"}
                for role in (Role.ROUTER, Role.ANALYST, Role.ADMIN)
            }
            for k in range(3):
                partner = {"external_id": f"P{k}", "name": f"Partner {k}", "recruited_at": "2023-01-01"}
                work.repository("partners").create(partner | {"status": "active", "max_open_leads": 2, "tier": "gold"})
            for k in range(7):
                work.repository("leads").create({"external_id": f"L{k}", "created_at": "2024-05-01T00:00:00Z"})

    def assign(self, body: Any, status: int = 200, role: Role = Role.ROUTER, **headers: str) -> Any:
        answer = self.client.post("/v1/match/assign", json=body, headers=self.headers[role] | headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.client.get(f"/v1/{path}", headers=self.headers[Role.ANALYST])
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
def world(tmp_path: Path, sqlite_engine: Engine) -> Iterator[World]:
    settings = Settings(home=tmp_path, store_url=str(sqlite_engine.url))
    with TestClient(create_app(settings, lambda: NOW), raise_server_exceptions=False) as client:
        yield World(client)


LEADS = [f"L{k}" for k in range(7)]


def test_a_list_is_given_kept_and_read_again(world: World) -> None:
    found = world.assign({"lead_ids": [*LEADS, "L0"]})
    assert found["leads"] == 7
    assert len(found["items"]) == 6
    assert {item["partner"] for item in found["items"]} == {"P0", "P1", "P2"}
    assert [one["code"] for one in found["unassigned"]] == ["no_room"]
    assert found["expected_value"] == pytest.approx(sum(item["p_win"] for item in found["items"]))
    assert found["capacity"]["unassigned"] == 1
    assert found["model_version"] == "baseline"
    assert not found["offered"]
    assert world.get(f"match/assign/{found['allocation_id']}") == found
    world.get("match/assign/none", 404)
    with UnitOfWork(world.engine, SYSTEM) as work:
        kept = allocation(work.connection, found["allocation_id"])
    assert set(kept.prices["room"]) <= {"P0", "P1", "P2"}
    assert kept.policy[0]["name"] == "default"
    assert world.get("assignments")["items"] == []


def test_a_retry_gets_the_first_answer(world: World) -> None:
    first = world.assign({"leads": [{}, {}]}, **{"Idempotency-Key": "a"})
    assert world.assign({"leads": [{}, {}]}, **{"Idempotency-Key": "a"}) == first
    assert {item["lead"] for item in first["items"]} == {"1", "2"}
    world.assign({"leads": [{}]}, 422, **{"Idempotency-Key": "a"})


def test_limits_of_the_policy_in_force_hold_and_are_told(world: World) -> None:
    with UnitOfWork(world.engine, SYSTEM, lambda: NOW) as work:
        work.repository("routing_policies").create({"external_id": "R", "name": "north"})
        work.repository("routing_limits").create({"policy": "R", "by": "partner", "value": "P1", "most": 0.0})
    found = world.assign({"lead_ids": LEADS[:4]})
    assert {item["partner"] for item in found["items"]} == {"P0", "P2"}
    (limit,) = found["limits"]
    assert limit["limit"] == "north: partner P1 gets at most 0 % of the leads"
    assert limit["cost"] >= 0


def test_leads_are_offered_in_the_same_transaction(world: World) -> None:
    found = world.assign({"lead_ids": LEADS, "offer": True})
    offered = world.get("assignments")["items"]
    assert {(one["lead"], one["partner"]) for one in offered} == {
        (one["lead"], one["partner"]) for one in found["items"]
    }
    assert len(offered) == 6
    assert {one["response"] for one in offered} == {None}
    again = world.assign({"lead_ids": LEADS, "offer": True})
    assert again["items"] == []
    assert {one["code"] for one in again["unassigned"]} == {"no_partner"}


def test_an_offer_that_is_refused_leaves_the_others_standing(world: World) -> None:
    with UnitOfWork(world.engine, SYSTEM, lambda: NOW) as work:
        taken = {"lead": "L0", "partner": "P0", "offered_at": NOW, "response": "accepted", "responded_at": NOW}
        work.repository("assignments").create(taken)
    found = world.assign({"lead_ids": ["L0", "L1"], "offer": True})
    assert [item["lead"] for item in found["items"]] == ["L1"]
    assert [(one["lead"], one["code"]) for one in found["unassigned"]] == [("L0", "refused")]
    assert found["expected_value"] == pytest.approx(found["items"][0]["p_win"])
    assert world.get(f"match/assign/{found['allocation_id']}") == found


def test_prices_that_lists_left_count_for_single_leads_where_the_policy_says_so(world: World) -> None:
    def match() -> list[tuple[str, float]]:
        answer = world.client.post("/v1/match", json={"lead_id": "L0"}, headers=world.headers[Role.ROUTER])
        return [(one["partner"], one["shadow_price"]) for one in answer.json()["candidates"]]

    prices = {"by": "p_win", "room": {"P0": 0.05}, "limits": {"": {"P1": 0.02}, "other": {"P2": 0.5}}}
    with UnitOfWork(world.engine, SYSTEM, lambda: NOW) as work:
        keep_allocation(work.connection, Allocation("a", NOW, NOW, "ann", None, [], {}, {}, prices))
    assert match() == [("P0", 0.0), ("P1", 0.0), ("P2", 0.0)]
    with UnitOfWork(world.engine, SYSTEM, lambda: NOW) as work:
        work.repository("routing_policies").create({"external_id": "R", "name": "north", "shadow_prices": True})
    assert match() == [("P2", 0.0), ("P1", 0.02), ("P0", 0.05)]


def test_an_erased_partner_has_no_name_and_no_price_in_lists(world: World, tmp_path: Path) -> None:
    found = world.assign({"lead_ids": LEADS})
    with UnitOfWork(world.engine, SYSTEM, lambda: NOW) as work:
        work.repository("partners").patch("P0", {"status": "ended"})
        erase_partner(work, "P0", "asked for it", tmp_path)
        kept = allocation(work.connection, found["allocation_id"])
    assert "P0" not in {item["partner"] for item in kept.response["items"]}
    assert len(kept.response["items"]) == 6
    assert "P0" not in kept.prices["room"]


def test_slips_are_told(world: World) -> None:
    for body, status in (
        ({}, 422),
        ({"lead_ids": ["L0"], "leads": [{}]}, 422),
        ({"lead_ids": ["nobody"]}, 404),
        ({"lead_ids": ["\0"]}, 404),
        ({"leads": [{}], "offer": True}, 422),
        ({"lead_ids": ["L0"], "offer": True, "as_of": "2024-05-31T00:00:00Z"}, 422),
        ({"lead_ids": ["L0"] * 2001}, 422),
        ({"leads": [{"product": "none"}]}, 422),
        ({"lead_ids": []}, 200),
        ({"lead_ids": ["L0"], "as_of": "9999-12-31T00:00:00Z"}, 200),
    ):
        world.assign(body, status)


def test_an_analyst_gives_no_leads(world: World) -> None:
    world.assign({"lead_ids": ["L0"]}, 403, Role.ANALYST)


def test_lists_are_kept_and_their_prices_found_by_time(engine: Engine) -> None:
    prices = {"by": "p_win", "room": {"P0": 0.1}, "limits": {}}
    with UnitOfWork(engine, SYSTEM, lambda: NOW) as work:
        for days in (0, 5, 40):
            made = Allocation(f"a{days}", NOW - timedelta(days=days), NOW, "ann", None, [], {}, {"items": []}, prices)
            keep_allocation(work.connection, made)
    with UnitOfWork(engine, SYSTEM, read_only=True) as work:
        assert allocation(work.connection, "a5").prices == prices
        found = prices_between(work.connection, NOW - timedelta(days=30), NOW)
        assert [at for at, _ in found] == [NOW, NOW - timedelta(days=5)]
        assert prices_between(work.connection, NOW - timedelta(days=30), NOW - timedelta(days=1)) == []
        for wrong in ("none", "\0"):
            with pytest.raises(NotFound):
                allocation(work.connection, wrong)
