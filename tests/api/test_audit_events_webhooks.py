"""Audit trail, events and webhooks over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from cryptography.fernet import Fernet
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from domain.context import SYSTEM
from domain.events import NOUNS
from domain.terms import Role
from programme.webhook_delivery import deliver_due
from store.unit_of_work import UnitOfWork
from tests.api.people import add_partners, add_person, admin_key, service, signed_in
from tests.conftest import FixedClock
from tests.programme.receivers import Receiver, receiving


@contextmanager
def serving(engine: Engine, tmp_path, clock: FixedClock) -> Iterator[TestClient]:
    """A client that sends an admin's key to a service over a store with two partners."""
    add_partners(engine, clock, "P-1", "P-2")
    keys = (Fernet.generate_key().decode(),)
    with service(engine, tmp_path, clock, webhook_private_addresses=True, encryption_keys=keys) as client:
        client.headers.update(admin_key(engine, clock))
        yield client


@pytest.fixture
def client(sqlite_engine: Engine, tmp_path, clock: FixedClock) -> Iterator[TestClient]:
    with serving(sqlite_engine, tmp_path, clock) as client:
        yield client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def get(client: TestClient, path: str, **query: object) -> dict:
    answer = client.get(f"/v1/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(client: TestClient, path: str, body: object = None, status: int = 201, **headers: str) -> dict:
    answer = client.post(f"/v1/{path}", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def key_of_partner(engine: Engine, name: str) -> dict[str, str]:
    with UnitOfWork(engine, SYSTEM) as work:
        own = work.repository("partners").get(name)["id"]
        return {"Authorization": f"Bearer {work.keys.create(name, Role.PARTNER, own).secret}"}


def test_reads_of_contacts_stand_in_the_trail(client: TestClient) -> None:
    post(client, "contacts", {"external_id": "C-1", "partner": "P-1", "name": "Zoé", "email": "zoe@acme.com"})
    get(client, "contacts")
    get(client, "contacts/C-1")
    found = get(client, "audit", resource="contacts", key="C-1")["items"]
    assert [entry["action"] for entry in found] == ["read", "read", "created"]
    assert {entry["actor"] for entry in found} == {"admin"}
    assert "zoe@acme.com" not in str(found)
    assert get(client, "audit", action="read", resource="partners")["items"] == []


def test_pages_of_the_trail(client: TestClient) -> None:
    for number in range(5):
        post(client, "products", {"external_id": f"A-{number}", "name": "A"})
    first = get(client, "audit", resource="products", limit=3)
    rest = get(client, "audit", resource="products", limit=3, cursor=first["next_cursor"])
    keys = [entry["key"] for entry in (*first["items"], *rest["items"])]
    assert keys == ["A-4", "A-3", "A-2", "A-1", "A-0"]
    assert rest["next_cursor"] is None
    assert client.get("/v1/audit", params={"cursor": "nonsense"}).json()["code"] == "bad_cursor"
    assert client.get("/v1/audit", params={"partner": "P-9"}).status_code == 404
    assert get(client, "audit", partner="id:999")["items"] == []
    assert len(get(client, "audit", partner="P-1")["items"]) == 1


def test_a_person_is_found_by_e_mail(client: TestClient) -> None:
    add_person(client, "anna@example.com", Role.MANAGER, name="Anna")
    browser = signed_in(client, "anna@example.com")
    assert browser.patch("/v1/partners/P-1", json={"tier": "Gold"}).status_code == 200
    (entry,) = get(client, "audit", actor="anna@example.com", resource="partners")["items"]
    assert (entry["actor_name"], entry["details"]["changes"]) == ("Anna", {"tier": {"after": "Gold"}})


def test_verification(client: TestClient) -> None:
    found = get(client, "audit/verification")
    assert (found["ok"], found["first_bad"]) == (True, None)
    noted = {"head_seq": found["head_seq"], "head_hash": found["head_hash"]}
    assert get(client, "audit/verification", **noted)["ok"]
    other = get(client, "audit/verification", head_seq=1, head_hash="0" * 64)
    assert (other["ok"], other["first_bad"]) == (False, 1)
    assert client.get("/v1/audit/verification", params={"head_seq": 1}).status_code == 422


def test_events_are_polled_and_a_partner_gets_its_own(client: TestClient, sqlite_engine: Engine) -> None:
    start = get(client, "events", limit=200)["next_after"]
    post(client, "products", {"external_id": "A", "name": "A"})
    client.patch("/v1/partners/P-2", json={"tier": "Gold"})
    post(client, "notes", {"partner": "P-2", "body": "not for you"})
    client.delete("/v1/products/A")
    feed = get(client, "events", after=start)
    names = [(event["name"], event["key"], event["partner"]) for event in feed["items"]]
    assert names[:2] == [("product.created", "A", None), ("partner.changed", "P-2", "P-2")]
    assert names[-1] == ("product.deleted", "A", None)
    assert feed["items"][1]["data"]["previous"] == {"tier": None}
    assert get(client, "events", after=feed["next_after"])["items"] == []
    assert [event["name"] for event in get(client, "events", name="*.deleted")["items"]] == ["product.deleted"]
    assert get(client, "events", partner="P-1")["items"][0]["key"] == "P-1"
    own = client.get("/v1/events", headers=key_of_partner(sqlite_engine, "P-2")).json()["items"]
    assert {event["partner"] for event in own} == {"P-2"}
    assert "not for you" not in str(own)
    assert [event["name"] for event in own][:2] == ["partner.created", "partner.changed"]


def test_a_webhook_from_creation_to_replay(engine: Engine, tmp_path, clock: FixedClock, receiver: Receiver) -> None:
    with serving(engine, tmp_path, clock) as client:
        _live(client, engine, clock, receiver)


def _live(client: TestClient, engine: Engine, clock: FixedClock, receiver: Receiver) -> None:
    body = {"url": receiver.url, "events": ["deal.*", "partner.changed"], "description": "CRM"}
    made = post(client, "webhooks", body, **{"Idempotency-Key": "a"})
    again = post(client, "webhooks", body, **{"Idempotency-Key": "a"})
    assert made["secret"].startswith("whsec_")
    assert (again["secret"], again["webhook"]) == (None, made["webhook"])
    path = f"webhooks/{made['webhook']['id']}"
    test = post(client, f"{path}/test", status=202)
    clock.advance(seconds=1)
    client.patch("/v1/partners/P-1", json={"tier": "Gold"})
    deliver_due(engine, client.app.state.services.settings, clock)
    found = get(client, f"{path}/deliveries")["items"]
    assert [(each["event"], each["status"]) for each in found] == [
        ("partner.changed", "delivered"),
        ("webhook.test", "delivered"),
    ]
    assert get(client, f"{path}/deliveries/{test['id']}")["last_status"] == 200
    replay = post(client, f"{path}/deliveries/{found[0]['id']}/replay", status=202)
    assert replay["replay_of"] == found[0]["id"]
    assert post(client, f"{path}/replay", {"since": "2024-01-01T00:00:00Z"}, 202) == {"queued": 1}
    first = get(client, f"{path}/deliveries", limit=2)
    assert len(get(client, f"{path}/deliveries", cursor=first["next_cursor"])["items"]) == 2
    assert len(get(client, f"{path}/deliveries", status="waiting")["items"]) == 2


def test_webhooks_are_changed_listed_and_removed(client: TestClient, receiver: Receiver) -> None:
    made = [post(client, "webhooks", {"url": receiver.url, "events": ["*"]})["webhook"] for _ in range(3)]
    first = get(client, "webhooks", limit=2)
    rest = get(client, "webhooks", limit=2, cursor=first["next_cursor"])
    assert [hook["id"] for hook in (*first["items"], *rest["items"])] == [hook["id"] for hook in made]
    path = f"/v1/webhooks/{made[0]['id']}"
    etag = client.get(path).headers["ETag"]
    changed = client.patch(path, json={"active": False}, headers={"If-Match": etag})
    assert (changed.status_code, changed.json()["active"], changed.json()["url"]) == (200, False, receiver.url)
    assert client.patch(path, json={"events": ["deal.*"]}, headers={"If-Match": etag}).status_code == 412
    assert client.post(f"{path}/test").status_code == 409
    rotated = client.post(f"{path}/secret").json()
    assert rotated["secret"].startswith("whsec_")
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    names = [event["name"] for event in get(client, "events", name="webhook.*")["items"]]
    assert names == ["webhook.created"] * 3 + ["webhook.changed", "webhook.rotated", "webhook.deleted"]


@pytest.mark.parametrize(
    "body",
    [
        {"url": "http://169.254.169.254/", "events": ["*"]},
        {"url": "ftp://x", "events": ["*"]},
        {"url": "https://example.com", "events": []},
        {"url": "https://example.com", "events": ["DEAL"]},
        {"url": "https://example.com\x00", "events": ["*"]},
        {"url": "https://example.com", "events": ["*"], "description": "\x00"},
    ],
)
def test_what_is_no_webhook(client: TestClient, body: dict) -> None:
    assert client.post("/v1/webhooks", json=body).status_code == 422


def test_a_webhook_of_an_unknown_partner(client: TestClient) -> None:
    body = {"url": "https://example.com", "events": ["*"], "partner": "P-9"}
    assert client.post("/v1/webhooks", json=body).status_code == 404


def test_nouns_of_events_are_those_of_the_endpoints() -> None:
    from api.exposure import EXPOSED

    told = {exposed.resource.name: exposed.singular for exposed in EXPOSED if exposed.path != "prospects"}
    assert {name: NOUNS[name] for name in told} == told


def test_times_of_the_trail(client: TestClient) -> None:
    assert len(get(client, "audit", **{"from": "2024-06-01", "to": "2024-06-02T00:00:00+02:00"})["items"]) > 0
    assert get(client, "audit", **{"to": "2024-06-01"})["items"] == []
    for wrong in ("0.5", "yesterday", "9999-12-31T23:59:59-12:00"):
        assert client.get("/v1/audit", params={"from": wrong}).status_code == 422


def test_a_retried_replay_sends_once(client: TestClient, receiver: Receiver) -> None:
    made = post(client, "webhooks", {"url": receiver.url, "events": ["*"]})
    path = f"webhooks/{made['webhook']['id']}"
    tests = [post(client, f"{path}/test", status=202, **{"Idempotency-Key": "t"})["id"] for _ in range(2)]
    assert len(set(tests)) == 1
    replays = [
        post(client, f"{path}/deliveries/{tests[0]}/replay", status=202, **{"Idempotency-Key": "r"})["id"]
        for _ in range(2)
    ]
    assert len({*tests, *replays}) == 2
    for _ in range(2):
        answer = post(client, f"{path}/replay", {"since": "2024-01-01T00:00:00Z"}, 202, **{"Idempotency-Key": "s"})
        assert answer["queued"] > 0
    sent = [each["event_id"] for each in get(client, f"{path}/deliveries", limit=100)["items"]]
    assert len(sent) == 2 + answer["queued"] + 1  # the webhook's own creation came to it, too
