"""API keys: narrowed by scopes, expiring, rotated with a grace, noted when used."""

import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from tests.api.people import add_partners, admin_key, service


@pytest.fixture
def client(sqlite_engine, tmp_path, clock) -> Iterator[TestClient]:
    with service(sqlite_engine, tmp_path, clock) as client:
        yield client


@pytest.fixture
def admin(sqlite_engine, clock, client) -> TestClient:
    add_partners(sqlite_engine, clock, "p1")
    return TestClient(client.app, headers=admin_key(sqlite_engine, clock), raise_server_exceptions=False)


@pytest.fixture
def on_both(engine, tmp_path, clock) -> Iterator[TestClient]:
    with service(engine, tmp_path, clock) as client:
        client.headers.update(admin_key(engine, clock))
        yield client


def make(admin: TestClient, **values: object):
    return admin.post("/v1/keys", json={"name": "crm", "role": "router"} | values)


def with_key(client: TestClient, secret: str) -> TestClient:
    return TestClient(client.app, headers={"Authorization": f"Bearer {secret}"}, raise_server_exceptions=False)


def test_a_key_is_made_shown_once_and_revoked(client, admin):
    answer = admin.post("/v1/keys", headers={"Idempotency-Key": "k"}, json={"name": "crm", "role": "router"})
    assert answer.status_code == 201
    key = answer.json()
    secret = key.pop("secret")
    again = admin.post("/v1/keys", headers={"Idempotency-Key": "k"}, json={"name": "crm", "role": "router"})
    assert again.json() == key | {"secret": None}
    assert admin.get(f"/v1/keys/{key['prefix']}").json() == key
    assert [found["name"] for found in admin.get("/v1/keys").json()] == ["admin", "crm"]
    assert with_key(client, secret).get("/v1/session").json()["role"] == "router"
    assert admin.delete(f"/v1/keys/{key['prefix']}").status_code == 204
    assert with_key(client, secret).get("/v1/session").status_code == 401
    assert admin.delete("/v1/keys/none").status_code == 404
    assert admin.delete("/v1/keys/%00").status_code == 404


def test_scopes_narrow_a_key(client, admin):
    scoped = with_key(client, make(admin, role="manager", scopes=["leads", "deals:read"]).json()["secret"])
    lead = {"external_id": "L1", "created_at": "2024-05-01T00:00:00Z"}
    assert scoped.post("/v1/leads", json=lead).status_code == 201
    assert scoped.post("/v1/leads:bulk", json={"items": []}).status_code == 200
    assert scoped.get("/v1/deals").status_code == 200
    assert scoped.get("/v1/session").json()["scopes"] == ["deals:read", "leads"]
    for method, path in (("POST", "/v1/deals"), ("GET", "/v1/partners"), ("GET", "/v1/partners/p1/recommendations")):
        refused = scoped.request(method, path, json={})
        assert (method, path, refused.status_code) == (method, path, 403)
        assert "narrowed" in refused.json()["detail"]
    reader = with_key(client, make(admin, role="manager", scopes=["read"]).json()["secret"])
    assert reader.get("/v1/partners").status_code == 200
    assert reader.post("/v1/partners", json={}).status_code == 403
    assert reader.get("/v1/keys").status_code == 403  # a scope gives nothing that the role has not


def test_wrong_scopes_and_partners_are_refused(admin):
    for values, field in (
        ({"scopes": ["lads"]}, "scopes"),
        ({"scopes": ["leads:write"]}, "scopes"),
        ({"role": "partner"}, "partner"),
        ({"partner": "p1"}, "partner"),
        ({"name": "a\x07"}, "name"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
    ):
        answer = make(admin, **values)
        assert (values, answer.status_code, answer.json().get("field")) == (values, 422, field)
    assert make(admin, role="partner", partner="none").status_code == 404
    assert make(admin, role="partner", partner="p1").json()["partner"] == "p1"


def test_a_key_expires(client, admin, clock):
    made = make(admin, expires_at="2024-06-02T00:00:00+02:00").json()
    assert made["expires_at"] == "2024-06-01T22:00:00Z"
    caller = with_key(client, made["secret"])
    assert caller.get("/v1/session").status_code == 200
    clock.advance(hours=10)
    assert caller.get("/v1/session").status_code == 401
    assert admin.post(f"/v1/keys/{made['prefix']}/rotate", json={}).status_code == 409


def test_a_rotated_key_works_with_both_secrets_for_a_while(client, admin, clock):
    made = make(admin, scopes=["leads"]).json()
    rotated = admin.post(f"/v1/keys/{made['prefix']}/rotate", json={"grace_hours": 2}).json()
    assert {**made, **{name: rotated[name] for name in ("secret", "rotated_at", "former_until")}} == rotated
    assert rotated["former_until"] == "2024-06-01T14:00:00Z"
    old, new = with_key(client, made["secret"]), with_key(client, rotated["secret"])
    assert (old.get("/v1/leads").status_code, new.get("/v1/leads").status_code) == (200, 200)
    clock.advance(hours=2)
    assert (old.get("/v1/leads").status_code, new.get("/v1/leads").status_code) == (401, 200)
    at_once = admin.post(f"/v1/keys/{made['prefix']}/rotate", json={"grace_hours": 0}).json()
    assert new.get("/v1/leads").status_code == 401
    assert with_key(client, at_once["secret"]).get("/v1/leads").status_code == 200


def test_the_last_use_is_noted_now_and_then(client, admin, clock):
    made = make(admin).json()
    caller, path = with_key(client, made["secret"]), f"/v1/keys/{made['prefix']}"
    assert admin.get(path).json()["last_used_at"] is None
    caller.get("/v1/leads")
    assert admin.get(path).json()["last_used_at"] == "2024-06-01T12:00:00Z"
    clock.advance(minutes=50)
    caller.get("/v1/leads")
    assert admin.get(path).json()["last_used_at"] == "2024-06-01T12:00:00Z"
    clock.advance(minutes=11)
    caller.get("/v1/leads")
    assert admin.get(path).json()["last_used_at"] == "2024-06-01T13:01:00Z"


def test_keys_of_two_partners_with_one_name_do_not_get_each_others_answers(client, admin, sqlite_engine, clock):
    add_partners(sqlite_engine, clock, "p2")
    portals = [
        with_key(client, make(admin, name="portal", role="partner", partner=p).json()["secret"]) for p in ("p1", "p2")
    ]
    key = {"Idempotency-Key": "1"}
    made = [
        portal.post("/v1/contacts", json={"external_id": f"c{n}", "name": "Jo", "partner": f"p{n}"}, headers=key)
        for n, portal in enumerate(portals, 1)
    ]
    assert [answer.status_code for answer in made] == [201, 201]


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800", "x" * 1000])
def test_any_text_names_no_partner(on_both, text):
    admin = on_both
    body = {"name": "crm", "role": "partner", "partner": text}
    assert admin.post("/v1/keys", content=json.dumps(body)).status_code in (404, 422)
    body = {"email": "a@b.example", "name": "A", "role": "partner", "partner": text}
    assert admin.post("/v1/users", content=json.dumps(body)).status_code == 422
