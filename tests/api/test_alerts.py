"""Alerts and preferences over HTTP."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from domain.context import SYSTEM
from domain.settings import Settings
from domain.terms import Role
from programme.alert_watch import watch_events
from store.unit_of_work import UnitOfWork
from tests.api.people import add_partners, add_person, admin_key, service, signed_in
from tests.conftest import FixedClock


@pytest.fixture
def client(sqlite_engine: Engine, tmp_path, clock: FixedClock) -> Iterator[TestClient]:
    """A client with an admin's key, over a store with two partners and alerts on each."""
    add_partners(sqlite_engine, clock, "p1", account_manager="Anna")
    add_partners(sqlite_engine, clock, "p2")
    with UnitOfWork(sqlite_engine, SYSTEM, clock) as work:
        for key in ("p1", "p2"):
            told = {"id": key, "lead": f"L-{key}", "partner": key}
            work.journal.announce("assignment.offered", told, work.repository("partners").get(key)["id"])
            work.journal.announce("registration.conflict", {"deal": f"D-{key}"})
    with UnitOfWork(sqlite_engine, SYSTEM, clock) as work:
        watch_events(work, Settings(home=tmp_path))
    with service(sqlite_engine, tmp_path, clock) as client:
        client.headers.update(admin_key(sqlite_engine, clock))
        yield client


def kinds(client: TestClient, **query: object) -> list[str]:
    answer = client.get("/v1/alerts", params=query)
    assert answer.status_code == 200, answer.text
    return [alert["kind"] for alert in answer.json()["items"]]


def test_a_manager_lists_reads_and_resolves(client: TestClient) -> None:
    add_person(client, "anna@example.com", Role.MANAGER, name="Anna")
    anna = signed_in(client, "anna@example.com")
    assert kinds(anna) == ["registration_conflict"] * 2
    first = anna.get("/v1/alerts", params={"limit": 1}).json()
    rest = anna.get("/v1/alerts", params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert (first["items"][0]["key"], rest["items"][0]["key"], rest["next_cursor"]) == ("D-p2", "D-p1", None)
    path = f"/v1/alerts/{first['items'][0]['id']}"
    assert anna.post(f"{path}/read").json()["read_at"] is not None
    assert len(kinds(anna, unread="true")) == 1
    assert len(kinds(client, unread="true")) == 2
    assert anna.post(f"{path}/resolve").json()["resolved_by"].startswith("user:")
    assert len(kinds(client, state="open")) == 1
    assert kinds(anna, partner="p1") == []
    assert client.get("/v1/alerts", params={"partner": "p9"}).status_code == 404
    assert client.post("/v1/alerts/999/read").status_code == 404


def test_a_partner_gets_its_own(client: TestClient) -> None:
    add_person(client, "zoe@p1.example", Role.PARTNER, "p1", name="Zoe")
    zoe = signed_in(client, "zoe@p1.example")
    (alert,) = zoe.get("/v1/alerts").json()["items"]
    assert (alert["kind"], alert["partner"], alert["details"]["lead"]) == ("lead_offered", "p1", "L-p1")
    other = next(
        item["id"] for item in client.get("/v1/alerts").json()["items"] if item["kind"] == "registration_conflict"
    )
    assert zoe.post(f"/v1/alerts/{other}/read").status_code == 404
    assert zoe.post(f"/v1/alerts/{alert['id']}/resolve").status_code == 200


def test_preferences_are_a_persons_own(client: TestClient) -> None:
    add_person(client, "anna@example.com", Role.MANAGER, name="Anna")
    anna = signed_in(client, "anna@example.com")
    first = {item["kind"]: item for item in anna.get("/v1/alert-preferences").json()["items"]}
    assert (first["message"]["console"], first["message"]["email"], first["message"]["webhook"]) == (True, "off", "off")
    assert "webhook_disabled" not in first
    body = {"items": [{"kind": "registration_conflict", "console": False, "email": "daily", "webhook": "immediate"}]}
    assert anna.put("/v1/alert-preferences", json=body).status_code == 200
    assert kinds(anna, console="true") == []
    assert len(kinds(anna)) == 2
    mine = {item["kind"]: item for item in client.get("/v1/alert-preferences").json()["items"]}
    assert mine["registration_conflict"]["console"] is True
    assert client.put("/v1/alert-preferences", json=body).json()["code"] == "invalid_input"
    for wrong in ({"items": [{"kind": "nothing"}]}, {"items": [{"kind": "message", "email": "hourly"}]}, {}, []):
        assert anna.put("/v1/alert-preferences", json=wrong).status_code == 422


def test_messages_over_http(client: TestClient) -> None:
    add_person(client, "zoe@p1.example", Role.PARTNER, "p1", name="Zoe")
    zoe = signed_in(client, "zoe@p1.example")
    answer = zoe.post("/v1/notes", json={"partner": "p1", "kind": "message", "body": "Hello"})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["author"], answer.json()["shared"]) == ("Zoe", True)
    assert zoe.post("/v1/notes", json={"partner": "p1", "kind": "interview", "body": "x"}).status_code == 403
    assert zoe.post("/v1/notes", json={"partner": "p2", "body": "x"}).status_code in (404, 422)
    quiet = client.post("/v1/notes", json={"partner": "p1", "body": "quiet"}).json()
    assert [note["body"] for note in zoe.get("/v1/notes").json()["items"]] == ["Hello"]
    assert zoe.get(f"/v1/notes/{quiet['external_id']}").status_code == 404
