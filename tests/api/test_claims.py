"""Registrations and offered leads over HTTP, each side with its own words."""

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
from store.unit_of_work import UnitOfWork
from tests.conftest import NOW
from tests.programme.claims_world import open_world

ACME = {"company": "Acme Rockets, Inc.", "domain": "www.acme-rockets.com", "country": "US"}
AGAIN = {"company": "ACME Rockets", "domain": "acme-rockets.com", "country": "US"}

Call = Callable[..., dict]


@pytest.fixture
def call(engine: Engine, clock, tmp_path) -> Iterator[Call]:
    """Call the service as a role or a partner; the status must be as expected."""
    world = open_world(engine, clock, auto_approve=True)
    settings = Settings(home=tmp_path, database_url=engine.url.render_as_string(hide_password=False))
    keys: dict[str, str] = {}

    def key_of(who: str) -> str:
        if who not in keys:
            with UnitOfWork(engine, SYSTEM) as work:
                role = Role.PARTNER if who in world.ids else Role(who)
                keys[who] = work.keys.create(who, role, world.ids.get(who)).secret
        return keys[who]

    with TestClient(create_app(settings, clock)) as client:

        def ask(who: str, method: str, path: str, body: object = None, status: int = 200, **headers: str) -> dict:
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key_of(who)}", **headers}
            answer = client.request(
                method, f"/v1/{path}", content=None if body is None else json.dumps(body), headers=headers
            )
            assert answer.status_code == status, answer.text
            return answer.json()

        yield ask


def test_a_partner_registers_and_a_rival_learns_nothing_of_it(call):
    mine = call("P-1", "POST", "registrations", {"external_id": "D-1", "amount": 125000, **ACME}, 201)
    assert (mine["deal"]["status"], mine["findings"]) == ("approved", [])
    assert mine["registration"]["protected_until"] == (NOW + timedelta(days=90)).isoformat().replace("+00:00", "Z")
    rival = call("P-2", "POST", "registrations", {"external_id": "D-2", **AGAIN}, 201)
    assert rival["deal"]["status"] == "submitted"
    (found,) = rival["findings"]
    assert (found["kind"], found["certainty"], found["state"], found["holds"]) == ("conflict", "same", "approved", True)
    assert found["text"] == (
        "Another partner has an approved registration for this customer. It came before yours. "
        "Alike: domain (100%), company (100%), country (100%)."
    )
    assert [found[name] for name in ("external_id", "partner", "partner_name", "amount", "protected_until")] == [
        None
    ] * 5
    assert [item["theirs"] for item in found["matched"]] == [None] * 3
    assert not any(secret in str(rival) for secret in ("P-1", "Partner 1", "125000", "D-1"))


def test_staff_reads_everything(call):
    call("P-1", "POST", "registrations", {"external_id": "D-1", "amount": 125000, **ACME}, 201)
    call("P-2", "POST", "registrations", {"external_id": "D-2", **AGAIN}, 201)
    (found,) = call("manager", "GET", "registrations/D-2/conflicts")["findings"]
    assert (found["external_id"], found["partner"], found["partner_name"]) == ("D-1", "P-1", "Partner 1")
    assert float(found["amount"]) == 125000
    assert {"field": "domain", "similarity": 1.0, "ours": "acme-rockets.com", "theirs": "acme-rockets.com"} in (
        found["matched"]
    )
    assert "Partner 1 (P-1): deal D-1 with Acme Rockets, Inc., approved and open; claimed 2024-06-01" in found["text"]
    first = call("manager", "GET", "registrations/D-1/conflicts")["findings"]
    assert [(one["external_id"], one["is_first"], one["state"]) for one in first] == [("D-2", False, "submitted")]


def test_a_check_before_writes_nothing(call):
    assert call("P-1", "POST", "registrations/check", ACME)["is_clear"]
    call("P-1", "POST", "registrations", {"external_id": "D-1", **ACME}, 201)
    assert not call("P-2", "POST", "registrations/check", AGAIN)["is_clear"]
    own = call("P-1", "POST", "registrations/check", AGAIN)["findings"]
    assert [(one["kind"], one["is_own"], one["external_id"]) for one in own] == [("duplicate", True, "D-1")]
    assert [row["external_id"] for row in call("manager", "GET", "deals")["items"]] == ["D-1"]


def test_decisions_and_appeal_over_http(call):
    call("P-1", "POST", "registrations", {"external_id": "D-1", **ACME}, 201)
    call("P-2", "POST", "registrations", {"external_id": "D-2", **AGAIN}, 201)
    problem = call("manager", "POST", "registrations/D-2/approve", {}, 409)
    assert problem["held_by"] == ["D-1"]
    call("manager", "POST", "registrations/D-2/reject", {"reason": "the other came first"})
    assert call("P-2", "POST", "registrations/D-2/appeal", {"reason": "ours since May"})["registration"][
        "appeal_status"
    ] == ("open")
    call("manager", "POST", "registrations/D-2/appeal/decide", {"decision": "upheld", "reason": "yes"}, 409)
    call("P-1", "POST", "registrations/D-1/withdraw")
    decided = call("manager", "POST", "registrations/D-2/appeal/decide", {"decision": "upheld", "reason": "yes"})
    assert (decided["deal"]["status"], decided["registration"]["appeal_status"]) == ("approved", "upheld")
    extended = call("manager", "POST", "registrations/D-2/extend", {"days": 30, "reason": "tender"})
    assert extended["registration"]["protected_until"].startswith("2024-09-29")


def test_another_partners_registration_is_not_there(call):
    call("P-1", "POST", "registrations", {"external_id": "D-1", **ACME}, 201)
    call("P-2", "GET", "registrations/D-1/conflicts", status=404)
    call("P-2", "POST", "registrations/D-1/withdraw", {}, 404)
    call("P-2", "POST", "registrations/D-1/appeal", {"reason": "x"}, 404)
    call("P-2", "POST", "registrations", {"partner": "P-1", **AGAIN}, 404)
    call("P-2", "POST", "registrations/D-1/approve", {}, 403)
    call("manager", "GET", "registrations/none/conflicts", status=404)


def test_a_retry_registers_once(call):
    body = {"external_id": "D-1", **ACME}
    first = call("P-1", "POST", "registrations", body, 201, **{"Idempotency-Key": "k"})
    assert call("P-1", "POST", "registrations", body, 201, **{"Idempotency-Key": "k"}) == first
    call("P-1", "POST", "registrations", body, 409)


def test_what_names_no_customer_or_does_not_fit_is_refused(call):
    bodies = (
        {},
        {"company": ""},
        {"company": "a\0b"},
        {"domain": "\ud800.com"},
        {"company": "x", "country": "XX"},
        {"company": "x", "address": "\0"},
        {"company": 5},
        {"company": "x", "more": 1},
    )
    for body in bodies:
        call("P-1", "POST", "registrations", body, 422)
        call("P-1", "POST", "registrations/check", body, 422)
    call("P-1", "POST", "registrations", {"company": "x", "product": "none"}, 422)


def test_leads_are_offered_and_answered_over_http(call):
    call("manager", "POST", "leads", {"external_id": "L-1", "created_at": NOW.isoformat(), **ACME}, 201)
    ids = {}
    for partner in ("P-1", "P-2"):
        row = call("router", "POST", "assignments", {"lead": "L-1", "partner": partner}, 201)
        terms = call(partner, "GET", f"assignments/{row['id']}/terms")
        assert terms == {"answer_until": "2024-06-04T12:00:00Z", "match_id": None}
        ids[partner] = row["id"]
    call("P-1", "POST", f"assignments/{ids['P-2']}/accept", {}, 404)
    assert call("P-1", "POST", f"assignments/{ids['P-1']}/accept", {})["response"] == "accepted"
    call("P-2", "POST", f"assignments/{ids['P-2']}/accept", {}, 409)
    assert call("P-2", "GET", f"assignments/{ids['P-2']}")["response"] == "withdrawn"
    declined = call("P-1", "POST", f"assignments/{ids['P-1']}/decline", {"decline_reason": "too far"})
    assert (declined["response"], declined["decline_reason"]) == ("declined", "too far")
    call("router", "POST", "assignments", {"lead": "L-1", "partner": "P-1"}, 409)
    again = call("router", "POST", "assignments", {"lead": "L-1", "partner": "P-3"}, 201)
    assert call("router", "POST", f"assignments/{again['id']}/withdraw", {})["response"] == "withdrawn"
    call("manager", "POST", f"assignments/{2**63 - 1}/accept", {}, 404)
