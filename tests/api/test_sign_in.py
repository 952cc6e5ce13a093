"""People sign in: by password, with limits, with a cookie that other sites cannot misuse."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from domain.context import SYSTEM
from domain.terms import PartnerRole, Role
from tests.api.people import PASSWORD, add_partners, add_person, admin_key, service, signed_in


@pytest.fixture
def client(sqlite_engine, tmp_path, clock) -> Iterator[TestClient]:
    with service(sqlite_engine, tmp_path, clock) as client:
        yield client


@pytest.fixture
def guarded(engine, tmp_path, clock) -> Iterator[TestClient]:
    with service(engine, tmp_path, clock, sign_in_tries=3, sign_in_tries_per_address=8) as client:
        yield client


def attempt(client: TestClient, email: str, password: str = "wrong"):  # noqa: S107
    return client.post("/v1/session", json={"email": email, "password": password})


def test_a_person_signs_in_does_something_and_signs_out(guarded, clock):
    id_ = add_person(guarded, "ann@acme.example", Role.MANAGER, name="Ann Ash")
    answer = attempt(guarded, " Ann@ACME.example ", PASSWORD)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["name"], told["full_name"], told["role"]) == ("ann@acme.example", "Ann Ash", "manager")
    assert told["expires_at"] == "2024-06-02T00:00:00Z"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert guarded.get("/v1/session").json() == told
    body = {"external_id": "P1", "name": "One"}
    refused = guarded.post("/v1/partners", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert guarded.post("/v1/partners", json=body, headers={"X-CSRF-Token": "0" * 64}).status_code == 403
    csrf = {"X-CSRF-Token": told["csrf_token"]}
    assert guarded.post("/v1/partners", json=body, headers=csrf).status_code == 201
    assert guarded.delete("/v1/session", headers=csrf).status_code == 204
    assert guarded.get("/v1/session").status_code == 401
    with guarded.app.state.services.unit_of_work(SYSTEM, read_only=True) as work:  # the store's side of it
        assert work.users.get(id_).last_login_at == clock.now


def test_a_session_token_is_worth_nothing_once_it_ended(client, clock):
    add_person(client, "ann@acme.example", Role.MANAGER)
    attempt(client, "ann@acme.example", PASSWORD)
    token = client.cookies["allywise_session"]
    clock.advance(minutes=110)
    assert client.get("/v1/session").status_code == 200
    clock.advance(minutes=110)  # seen 110 minutes ago: not idle
    assert client.get("/v1/session").status_code == 200
    clock.advance(minutes=121)
    assert client.get("/v1/session").status_code == 401
    again = signed_in(client, "ann@acme.example")
    for _ in range(8):
        clock.advance(minutes=89)
        assert again.get("/v1/session").status_code == 200
    clock.advance(minutes=9)  # twelve hours and a minute
    assert again.get("/v1/session").status_code == 401
    assert token not in str(again.cookies)


def test_https_makes_the_cookie_secure(sqlite_engine, tmp_path, clock):
    with service(sqlite_engine, tmp_path, clock, public_url="https://partners.example") as client:
        add_person(client, "ann@acme.example", Role.MANAGER)
        assert "Secure" in attempt(client, "ann@acme.example", PASSWORD).headers["set-cookie"]


def test_known_and_unknown_addresses_are_answered_alike_and_locked_alike(guarded, clock):
    add_person(guarded, "ann@acme.example", Role.MANAGER)
    told = {}
    for email in ("ann@acme.example", "nobody@acme.example"):
        found = [attempt(guarded, email) for _ in range(4)]
        assert [answer.status_code for answer in found] == [401, 401, 401, 429]
        told[email] = [{**answer.json(), "request_id": ""} for answer in found]
        assert found[-1].headers["retry-after"] == "900"
    assert told["ann@acme.example"] == told["nobody@acme.example"]
    assert attempt(guarded, "ann@acme.example", PASSWORD).status_code == 429
    clock.advance(minutes=15)
    assert attempt(guarded, "ann@acme.example", PASSWORD).status_code == 200
    assert [attempt(guarded, "ann@acme.example").status_code for _ in range(3)] == [401, 401, 401]


def test_many_tries_at_once_are_no_way_round(guarded):
    add_person(guarded, "ann@acme.example", Role.MANAGER)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: attempt(guarded, "ann@acme.example").status_code, range(8)))
    assert sorted(found) == [401] * 3 + [429] * 5


def test_a_success_clears_the_tries(guarded):
    add_person(guarded, "ann@acme.example", Role.MANAGER)
    for _ in range(3):
        assert [attempt(guarded, "ann@acme.example").status_code for _ in range(2)] == [401, 401]
        assert attempt(guarded, "ann@acme.example", PASSWORD).status_code == 200


def test_a_network_address_that_tries_many_people_is_locked(guarded):
    found = [attempt(guarded, f"person{n}@acme.example").status_code for n in range(10)]
    assert found == [401] * 8 + [429] * 2


def test_people_without_a_password_and_deactivated_ones_do_not_sign_in(client, sqlite_engine, clock):
    admin = admin_key(sqlite_engine, clock)
    invited = client.post(
        "/v1/users", headers=admin, json={"email": "new@acme.example", "name": "New", "role": "analyst"}
    )
    assert invited.status_code == 201
    assert attempt(client, "new@acme.example", "").status_code == 401
    id_ = add_person(client, "old@acme.example", Role.ANALYST)
    browser = signed_in(client, "old@acme.example")
    assert client.delete(f"/v1/users/{id_}", headers=admin).status_code == 204
    assert attempt(client, "old@acme.example", PASSWORD).status_code == 401
    assert browser.get("/v1/session").status_code == 401


def test_an_invitation_sets_a_password_once(client, sqlite_engine, clock):
    admin = admin_key(sqlite_engine, clock)
    body = {"email": "new@acme.example", "name": "New", "role": "analyst"}
    made = client.post("/v1/users", headers={**admin, "Idempotency-Key": "k1"}, json=body).json()
    again = client.post("/v1/users", headers={**admin, "Idempotency-Key": "k1"}, json=body)
    assert (again.json()["user"], again.json()["token"]) == (made["user"], None)
    assert made["user"]["status"] == "invited"

    def accept(token: str, password: str = PASSWORD):
        return client.post("/v1/session/invitation", json={"token": token, "password": password})

    assert accept("none").status_code == 401
    for weak in ("short", "aaaaaaaaaaaaaaa", "New@secretsecret", "x" * 201):
        assert accept(made["token"], weak).status_code == 422
    assert accept(made["token"]).status_code == 204
    assert accept(made["token"]).status_code == 401
    browser = signed_in(client, "new@acme.example")
    assert browser.get("/v1/session").json()["role"] == "analyst"
    path = f"/v1/users/{made['user']['id']}"
    assert client.get(path, headers=admin).json()["status"] == "active"
    renewed = client.post(f"{path}/invitation", headers=admin).json()
    clock.advance(hours=73)
    assert accept(renewed["token"]).status_code == 401


def test_a_changed_password_ends_the_other_sessions(client):
    add_person(client, "ann@acme.example", Role.MANAGER)
    one, two = signed_in(client, "ann@acme.example"), signed_in(client, "ann@acme.example")
    wrong = one.put("/v1/session/password", json={"old_password": "wrong", "new_password": "another long secret"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "old_password")
    right = one.put("/v1/session/password", json={"old_password": PASSWORD, "new_password": "another long secret"})
    assert right.status_code == 204
    assert one.get("/v1/session").status_code == 200
    assert two.get("/v1/session").status_code == 401
    assert attempt(client, "ann@acme.example", PASSWORD).status_code == 401
    assert attempt(client, "ann@acme.example", "another long secret").status_code == 200


def test_other_sites_cannot_sign_a_browser_in(client):
    add_person(client, "ann@acme.example", Role.MANAGER)
    body = {"email": "ann@acme.example", "password": PASSWORD}
    assert client.post("/v1/session", json=body, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/v1/session", json=body, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_a_partners_people_are_told_whose_they_are(client, sqlite_engine, clock):
    add_partners(sqlite_engine, clock, "p1")
    add_person(client, "lee@p1.example", Role.PARTNER, "p1", PartnerRole.LEARNER)
    told = signed_in(client, "lee@p1.example").get("/v1/session").json()
    assert (told["partner"], told["partner_role"], told["role"]) == ("p1", "learner", "partner")


def test_sessions_and_tries_are_forgotten(guarded, clock):
    add_person(guarded, "ann@acme.example", Role.MANAGER)
    attempt(guarded, "ann@acme.example", PASSWORD)
    attempt(guarded, "nobody@acme.example")
    with guarded.app.state.services.unit_of_work(SYSTEM) as work:
        later = clock.now + timedelta(days=1)
        assert (work.sessions.forget(clock.now), work.sign_in_tries.forget(clock.now)) == (0, 0)
        assert (work.sessions.forget(later), work.sign_in_tries.forget(later)) == (1, 2)
