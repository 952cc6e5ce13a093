"""People are invited, changed and shut out: by admins all of them, by a partner's admin its own."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from domain.context import SYSTEM
from domain.terms import PartnerRole, Role
from store.audit import AuditFilter
from tests.api.people import PASSWORD, add_partners, add_person, admin_key, service, signed_in


@pytest.fixture
def client(sqlite_engine, tmp_path, clock) -> Iterator[TestClient]:
    with service(sqlite_engine, tmp_path, clock) as client:
        yield client


@pytest.fixture
def admin(sqlite_engine, clock, client) -> TestClient:
    add_partners(sqlite_engine, clock, "p1", "p2")
    return TestClient(client.app, headers=admin_key(sqlite_engine, clock), raise_server_exceptions=False)


def invite(browser: TestClient, email: str, **values: object):
    return browser.post("/v1/users", json={"email": email, "name": email, **values})


def emails(browser: TestClient, **query: object) -> list[str]:
    return [user["email"] for user in browser.get("/v1/users", params=query).json()["items"]]


def test_an_admin_sees_to_everybody(client, admin):
    answer = invite(admin, " Ann@ACME.example ", name="Ann", role="manager")
    assert answer.status_code == 201
    user = answer.json()["user"]
    expected = {"email": "ann@acme.example", "name": "Ann", "role": "manager", "partner": None, "partner_role": None}
    assert expected.items() <= user.items()
    assert (user["status"], user["has_password"], user["last_login_at"]) == ("invited", False, None)
    assert invite(admin, "ANN@acme.example", role="analyst").status_code == 409
    changed = admin.patch(f"/v1/users/{user['id']}", json={"role": "analyst"})
    assert (changed.json()["role"], changed.json()["name"]) == ("analyst", "Ann")
    assert admin.get("/v1/users/999").status_code == 404
    assert admin.get(f"/v1/users/{user['id']}").json() == changed.json()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"email": "a\x00@b.example"}, "email"),
        ({"name": " "}, "name"),
        ({"name": "a\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace") + "\x07"}, "name"),
        ({"role": "manager", "partner": "p1"}, "partner"),
        ({"role": "manager", "partner_role": "seller"}, "partner"),
        ({"role": "partner"}, "partner"),
        ({"role": "partner", "partner": "none"}, "partner"),
    ],
)
def test_what_does_not_fit_is_refused(admin, values, field):
    answer = admin.post("/v1/users", json={"email": "a@b.example", "name": "A", "role": "analyst"} | values)
    assert (answer.status_code, answer.json().get("field")) == (422, field), answer.text


def test_what_must_be_there_cannot_be_emptied(client, admin):
    id_ = add_person(client, "lee@p1.example", Role.PARTNER, "p1")
    for name in ("email", "name", "role", "status"):
        assert admin.patch(f"/v1/users/{id_}", json={name: None}).json()["field"] == name
    moved = admin.patch(f"/v1/users/{id_}", json={"role": "analyst", "partner": None, "partner_role": None})
    assert (moved.status_code, moved.json()["partner"]) == (200, None)


def test_a_list_is_paged_and_filtered(admin):
    for number in range(5):
        invite(admin, f"u{number}@acme.example", role="analyst" if number % 2 else "manager")
    first = admin.get("/v1/users", params={"limit": 2}).json()
    second = admin.get("/v1/users", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    third = admin.get("/v1/users", params={"limit": 2, "cursor": second["next_cursor"]}).json()
    found = [user["email"] for page in (first, second, third) for user in page["items"]]
    assert found == [f"u{number}@acme.example" for number in range(5)]
    assert third["next_cursor"] is None
    assert emails(admin, role="analyst") == ["u1@acme.example", "u3@acme.example"]
    for cursor in ("x", "dXNlcnMg", "users 1", "é"):
        assert admin.get("/v1/users", params={"cursor": cursor}).json()["code"] == "bad_cursor"


def test_a_partners_admin_sees_to_its_own_people_only(client, admin):
    add_person(client, "boss@p1.example", Role.PARTNER, "p1", PartnerRole.PARTNER_ADMIN)
    theirs = add_person(client, "boss@p2.example", Role.PARTNER, "p2", PartnerRole.PARTNER_ADMIN)
    staff = add_person(client, "ann@vendor.example", Role.ADMIN)
    boss = signed_in(client, "boss@p1.example")
    made = invite(boss, "lee@p1.example", role="partner", partner_role="learner")
    assert (made.status_code, made.json()["user"]["partner"]) == (201, "p1")
    assert emails(boss) == ["boss@p1.example", "lee@p1.example"]
    assert invite(boss, "x@p1.example", role="admin").status_code == 403
    assert invite(boss, "x@p1.example", role="partner", partner="p2").status_code == 422
    for id_ in (theirs, staff):
        assert boss.get(f"/v1/users/{id_}").status_code == 404
        assert boss.patch(f"/v1/users/{id_}", json={"name": "x"}).status_code == 404
        assert boss.delete(f"/v1/users/{id_}").status_code == 404
        assert boss.post(f"/v1/users/{id_}/invitation").status_code == 404
    lee = made.json()["user"]["id"]
    assert boss.patch(f"/v1/users/{lee}", json={"role": "manager"}).status_code == 403
    assert boss.patch(f"/v1/users/{lee}", json={"partner": "p2"}).status_code == 422
    assert boss.patch(f"/v1/users/{lee}", json={"partner_role": "seller"}).json()["partner_role"] == "seller"


@pytest.mark.parametrize("role", [PartnerRole.SELLER, PartnerRole.LEARNER])
def test_others_of_a_partner_see_to_nobody(client, admin, role):
    add_person(client, "lee@p1.example", Role.PARTNER, "p1", role)
    lee = signed_in(client, "lee@p1.example")
    assert lee.get("/v1/users").status_code == 403
    assert invite(lee, "x@p1.example", role="partner").status_code == 403


def test_a_change_of_role_signs_out_and_counts_at_once(client, admin):
    id_ = add_person(client, "ann@acme.example", Role.MANAGER)
    ann = signed_in(client, "ann@acme.example")
    assert ann.get("/v1/churn-risk", params={"limit": 0}).status_code == 422
    assert admin.patch(f"/v1/users/{id_}", json={"role": "partner", "partner": "p1"}).status_code == 200
    assert ann.get("/v1/session").status_code == 401
    assert signed_in(client, "ann@acme.example").get("/v1/churn-risk").status_code == 403


def test_nobody_shuts_the_own_account(client, admin):
    id_ = add_person(client, "root@acme.example", Role.ADMIN)
    root = signed_in(client, "root@acme.example")
    assert root.delete(f"/v1/users/{id_}").status_code == 409
    assert root.patch(f"/v1/users/{id_}", json={"role": "analyst"}).status_code == 409
    assert root.patch(f"/v1/users/{id_}", json={"name": "Root"}).status_code == 200


def test_a_shut_account_may_be_opened_again(client, admin):
    id_ = add_person(client, "ann@acme.example", Role.MANAGER)
    assert admin.delete(f"/v1/users/{id_}").status_code == 204
    assert admin.post(f"/v1/users/{id_}/invitation").status_code == 409
    assert admin.patch(f"/v1/users/{id_}", json={"status": "active"}).json()["status"] == "active"
    assert signed_in(client, "ann@acme.example", PASSWORD).get("/v1/session").status_code == 200


def test_the_audit_trail_tells_what_became_of_people_and_no_secret(client, admin):
    id_ = add_person(client, "ann@acme.example", Role.MANAGER, name="Ann Ash")
    signed_in(client, "ann@acme.example")
    admin.delete(f"/v1/users/{id_}")
    with client.app.state.services.unit_of_work(SYSTEM, read_only=True) as work:
        found = work.audit.list(AuditFilter(), limit=50)
    told = str(found)
    assert all(word in told for word in ("created", "changed", "signed_in", "deactivated", f"id:{id_}"))
    assert "argon2" not in told
    assert "Ann Ash" not in str([entry.details for entry in found])  # the name stands with the person only


def test_a_partner_with_people_is_not_deleted(client, admin):
    add_person(client, "lee@p1.example", Role.PARTNER, "p1")
    refused = admin.delete("/v1/partners/p1")
    assert (refused.status_code, refused.json()["used_by"]) == (409, ["users"])
