"""Routed leads over HTTP, with the real ranking."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.app import create_app
from domain.context import SYSTEM
from domain.settings import Settings
from domain.terms import Role
from programme.routing_round import RoutingUpkeep, ranking_by
from store.unit_of_work import UnitOfWork
from tests.conftest import NOW
from tests.programme.routing_world import Routed, open_routed


class Service:
    """The service over a world, called as a role or a partner; a worker that steps when told to."""

    def __init__(self, world: Routed, client: TestClient) -> None:
        self.world = world
        self.client = client
        self.keys: dict[str, str] = {}
        intelligence = client.app.state.services.intelligence
        self.worker = RoutingUpkeep(world.engine, world.clock, ranking_by(intelligence))

    def __call__(
        self, who: str, method: str, path: str, body: object = None, status: int = 200, **headers: str
    ) -> dict:
        if who not in self.keys:
            with UnitOfWork(self.world.engine, SYSTEM) as work:
                role = Role.PARTNER if who in self.world.ids else Role(who)
                self.keys[who] = work.keys.create(who, role, self.world.ids.get(who)).secret
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.keys[who]}", **headers}
        content = None if body is None else json.dumps(body)
        answer = self.client.request(method, f"/v1/{path}", content=content, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def run(self) -> None:
        while self.worker.run():
            pass


@pytest.fixture
def serve(engine: Engine, clock, tmp_path) -> Iterator[Callable[..., Service]]:
    settings = Settings(home=tmp_path, database_url=engine.url.render_as_string(hide_password=False))
    with TestClient(create_app(settings, clock)) as client:
        yield lambda **more: Service(open_routed(engine, clock, **more), client)


def test_a_lead_is_routed_answered_and_followed(serve, clock):
    call = serve(first_contact_hours=48, policy={"max_hops": 2})
    assert call("router", "GET", "leads/L-1/route")["route"] is None
    begun = call("router", "POST", "leads/L-1/route", {}, 201, **{"Idempotency-Key": "a"})
    assert (begun["state"], begun["hops"], begun["max_hops"], begun["policy"]) == ("open", 0, 2, "Fast")
    assert call("router", "POST", "leads/L-1/route", {}, 201, **{"Idempotency-Key": "a"}) == begun
    call("router", "POST", "leads/L-1/route", {}, 409)
    call.run()
    now = call("analyst", "GET", "leads/L-1/route")
    (offer,) = now["offers"]
    assert now["route"]["state"] == "offered"
    assert (offer["hop"], offer["rank"], offer["response"], offer["override"]) == (1, 1, None, None)
    assert offer["p_win"] == now["model_first"]["p_win"] > 0
    assert now["model_first"]["partner"] == offer["partner"] == now["route"]["partner"]
    assert call("router", "GET", f"match/{offer['match_id']}")["candidates"][0]["partner"] == offer["partner"]
    call(offer["partner"], "POST", f"assignments/{offer['id']}/decline", {"decline_reason": "no capacity"})
    call.run()
    second = call("manager", "GET", "leads/L-1/route")["offers"][1]
    assert second["partner"] != offer["partner"]
    clock.advance(hours=1)
    call(second["partner"], "POST", f"assignments/{second['id']}/accept", {})
    route = call("manager", "GET", "leads/L-1/route")["route"]
    assert (route["state"], route["partner"], route["is_late"]) == ("accepted", second["partner"], False)
    assert route["contacted_at"] == (NOW + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    pulled = call("router", "POST", "leads/L-1/route/pull-back", {"next": True})
    assert pulled["state"] == "open"
    call.run()
    assert call("router", "GET", "leads/L-1/route")["route"]["state"] == "person"  # two hops were all
    call("router", "POST", "leads/L-1/route/pull-back", {}, 409)


def test_a_person_chooses_and_the_models_go_on(serve, clock):
    call = serve(policy={"max_hops": 3})
    with call.world.system() as work:
        work.repository("partners").patch("P-3", {"status": "inactive"})
    body = {"partner": "P-3", "reason": "knows the customer"}
    call("router", "PUT", "leads/L-1/override", body, 403)
    chosen = call("manager", "PUT", "leads/L-1/override", body)
    assert (chosen["override"]["partner"], chosen["override"]["set_by"]) == ("P-3", "manager")
    assert chosen["model_first"]["partner"] not in (None, "P-3")
    assert [one["code"] for one in chosen["warnings"]] == ["not_active"]
    call("manager", "POST", "leads/L-1/route", {}, 201)
    clock.advance(minutes=1)
    call.run()
    now = call("manager", "GET", "leads/L-1/route")
    (offer,) = now["offers"]
    assert (offer["partner"], offer["hop"], offer["rank"]) == ("P-3", None, None)
    assert offer["override"] == chosen["override"]["external_id"]
    assert now["override"]["is_used"]
    assert now["model_first"]["match_id"] == offer["match_id"]
    assert call("manager", "DELETE", "leads/L-1/override")["override"] is None
    assert call("manager", "DELETE", "leads/L-1/override")["override"] is None
    call("manager", "PUT", "leads/L-1/override", {**body, "expires_at": "2020-01-01T00:00:00Z"}, 422)
    call("manager", "PUT", "leads/nothing/override", body, 404)
    call("manager", "PUT", "leads/L-1/override", {**body, "partner": "P-9"}, 422)
    row = call("manager", "GET", "routing-overrides")["items"][0]
    call("manager", "DELETE", f"routing-overrides/{row['external_id']}", None, 409)


def test_routes_are_listed_by_state_and_stopped(serve, clock):
    call = serve(leads=3)
    for lead in ("L-1", "L-2", "L-3"):
        call("router", "POST", f"leads/{lead}/route", {}, 201)
    call.run()
    assert call("router", "DELETE", "leads/L-2/route")["state"] == "closed"
    assert call("router", "DELETE", "leads/L-2/route")["state"] == "closed"
    first = call("analyst", "GET", "routes?limit=2")
    assert [row["lead"] for row in first["items"]] == ["L-1", "L-2"]
    rest = call("analyst", "GET", f"routes?limit=2&cursor={first['next_cursor']}")
    assert ([row["lead"] for row in rest["items"]], rest["next_cursor"]) == (["L-3"], None)
    assert [row["lead"] for row in call("analyst", "GET", "routes?state=offered")["items"]] == ["L-1", "L-3"]
    due = (NOW + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    assert call("analyst", "GET", f"routes?due_until={due}")["items"] == []
    call("P-1", "GET", "routes", None, 403)
    call("analyst", "GET", "routes?cursor=x", None, 422)
    call("router", "GET", "leads/L-9/route", None, 404)
    call("router", "DELETE", "leads/L-9/route", None, 404)
    with call.world.system() as work:
        work.repository("leads").create({"external_id": "other", "created_at": NOW})
    call("router", "DELETE", "leads/other/route", None, 404)
