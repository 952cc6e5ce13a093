"""Exploration over HTTP: switched on by a policy, logged with the offer, hidden from partners, off again."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.app import create_app
from domain.context import SYSTEM
from domain.settings import Settings
from domain.terms import Role
from store.unit_of_work import UnitOfWork
from tests.conftest import NOW
from tests.programme.claims_world import open_world

ON = {"external_id": "try", "name": "try", "exploration": "epsilon", "explored_share": 1.0, "explored_within": 1.0}
Call = Callable[..., Any]


@pytest.fixture
def call(engine: Engine, clock, tmp_path) -> Iterator[Call]:
    """Call the service as a role or a partner; the status must be as expected."""
    world = open_world(engine, clock)
    with world.system() as work:
        for number in range(5):
            row = {"external_id": f"L-{number}", "created_at": NOW, "program": "resale", "country": "DE"}
            work.repository("leads").create(row)
    settings = Settings(home=tmp_path, database_url=engine.url.render_as_string(hide_password=False))
    keys: dict[str, str] = {}
    with TestClient(create_app(settings, clock)) as client:

        def ask(who: str, method: str, path: str, body: object = None, status: int = 200, **headers: str) -> Any:
            if who not in keys:
                with UnitOfWork(engine, SYSTEM) as work:
                    role = Role.PARTNER if who in world.ids else Role(who)
                    keys[who] = work.keys.create(who, role, world.ids.get(who)).secret
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {keys[who]}", **headers}
            content = None if body is None else json.dumps(body)
            answer = client.request(method, f"/v1/{path}", content=content, headers=headers)
            assert answer.status_code == status, answer.text
            return answer.json()

        yield ask


def match(call: Call, lead: str, **more: object) -> dict[str, Any]:
    return call("router", "POST", "match", {"lead_id": lead, **more})


def shown(found: dict[str, Any]) -> list[float]:
    return [candidate["propensity"] for candidate in found["candidates"]]


def test_a_policy_switches_it_on_and_off(call: Call) -> None:
    plain = match(call, "L-1")
    assert (plain["explored"], shown(plain)) == (False, [1.0, 0.0, 0.0])
    assert plain["policy"]["name"] == "default"
    call("manager", "POST", "routing-policies", ON, 201)
    found = {f"L-{number}": match(call, f"L-{number}") for number in range(5)}
    assert {one["policy"]["name"] for one in found.values()} == {"try"}
    assert len({one["policy"]["fingerprint"] for one in [plain, *found.values()]}) == 2
    first = [one["candidates"][0]["partner"] for one in found.values()]
    assert len(set(first)) > 1
    for lead, one in found.items():
        assert shown(one) == pytest.approx([1 / 3] * 3)
        assert [candidate["rank"] for candidate in one["candidates"]] == [1, 2, 3]
        assert one["explored"] == (one["candidates"][0]["partner"] != plain["candidates"][0]["partner"])
        again = match(call, lead, limit=1)  # asking until a favourite comes does not help
        assert [again["candidates"][0]["partner"]] == [one["candidates"][0]["partner"]]
        assert not match(call, lead, explore=False)["explored"]
        assert call("analyst", "GET", f"match/{one['match_id']}") == one
    call("manager", "PATCH", "routing-policies/try", {"exploration": "none"})
    assert shown(match(call, "L-1")) == [1.0, 0.0, 0.0]


def test_a_lead_that_is_not_in_the_store_is_drawn_for_each_time(call: Call) -> None:
    call("manager", "POST", "routing-policies", ON, 201)
    first = {call("router", "POST", "match", {"lead": {}})["candidates"][0]["partner"] for _ in range(8)}
    assert len(first) > 1


def test_an_offer_keeps_its_propensity_and_no_partner_sees_it(call: Call) -> None:
    call("manager", "POST", "routing-policies", ON, 201)
    found = match(call, "L-1")
    partner = found["candidates"][0]["partner"]
    body = {"lead": "L-1", "partner": partner, "match_id": found["match_id"], "attributes": {"desk": "north"}}
    offer = call("manager", "POST", "assignments", body, 201)
    assert offer["attributes"] == {"desk": "north", "propensity": pytest.approx(1 / 3)}
    mine = call(partner, "GET", f"assignments/{offer['id']}")
    assert mine["attributes"] == {"desk": "north", "propensity": None}
    listed = call(partner, "GET", "assignments?attributes.propensity=0.3333333333333333")
    assert listed["items"] == []
    assert len(call(partner, "GET", "assignments?attributes.desk=north")["items"]) == 1
    taken = call(partner, "POST", f"assignments/{offer['id']}/accept")
    assert taken["attributes"].get("propensity") is None
    told = json.dumps(call(partner, "GET", "events"))
    assert "assignment" in told
    assert "propensity" not in told


def test_what_a_person_chose_has_no_propensity(call: Call) -> None:
    found = match(call, "L-2")
    by_hand = call("manager", "POST", "assignments", {"lead": "L-2", "partner": "P-1"}, 201)
    assert "propensity" not in by_hand["attributes"]
    said = {"lead": "L-2", "partner": "P-2", "match_id": found["match_id"], "attributes": {"propensity": 0.25}}
    assert call("manager", "POST", "assignments", said, 201)["attributes"]["propensity"] == 0.25
    beyond = match(call, "L-3", limit=1)
    shown_first = beyond["candidates"][0]["partner"]
    other = next(name for name in ("P-1", "P-2", "P-3") if name != shown_first)
    late = {"lead": "L-3", "partner": other, "match_id": beyond["match_id"]}
    assert "propensity" not in call("manager", "POST", "assignments", late, 201)["attributes"]


def test_what_the_baseline_said_cannot_be_asked_again(call: Call) -> None:
    found = match(call, "L-1")
    problem = call("manager", "GET", f"match/{found['match_id']}/replay", status=422)
    assert "baseline" in problem["detail"]
    call("manager", "GET", "match/none/replay", status=404)
    call("P-1", "GET", f"match/{found['match_id']}/replay", status=403)
