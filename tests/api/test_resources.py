"""The store over HTTP."""

import pytest

from domain.terms import Role


@pytest.fixture
def partner(client, admin, request):
    name = f"new-{request.node.name}"[:60]
    body = {"external_id": name, "name": "Café 北京 =1+1", "country": "DE", "attributes": {"gold": True, "staff": 12}}
    answer = client.post("/v1/partners", json=body, headers=admin)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_create_and_get(client, admin, partner):
    answer = client.get(f"/v1/partners/{partner['external_id']}", headers=admin)
    assert answer.json() == partner
    assert answer.json()["attributes"] == {"gold": True, "staff": 12}
    assert answer.headers["etag"] == '"1"'
    assert client.get(f"/v1/partners/id:{partner['id']}", headers=admin).json() == partner


def test_the_same_id_again_is_a_conflict(client, admin, partner):
    answer = client.post("/v1/partners", json={"external_id": partner["external_id"], "name": "x"}, headers=admin)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_patch_merges_and_keeps_history(client, admin, partner):
    path = f"/v1/partners/{partner['external_id']}"
    changed = client.patch(path, json={"tier": "gold", "attributes": {"staff": None}}, headers=admin)
    assert changed.status_code == 200, changed.text
    assert changed.json()["tier"] == "gold"
    assert changed.json()["country"] == "DE"
    assert changed.json()["attributes"] == {"gold": True}
    stale = client.patch(path, json={"tier": "silver"}, headers=admin | {"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    cleared = client.patch(path, json={"tier": None}, headers=admin | {"If-Match": changed.headers["etag"]})
    assert cleared.json()["tier"] is None


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"external_id": "x"}, "name"),
        ({"external_id": "x", "name": "x", "country": "XX"}, "country"),
        ({"external_id": "x", "name": "x", "status": "lovely"}, "status"),
        ({"external_id": "x", "name": "x", "program": "none"}, "program"),
        ({"external_id": "x", "name": "x", "shoe_size": 3}, "shoe_size"),
    ],
)
def test_bad_payloads_name_the_field(client, admin, body, word):
    answer = client.post("/v1/partners", json=body, headers=admin)
    assert answer.status_code == 422
    assert word in answer.json()["detail"]


@pytest.mark.parametrize("key", ["id:9223372036854775808", "id:99999999999999999999999", "id:²"])
def test_an_id_that_no_row_can_have_is_not_found(client, admin, key):
    assert client.get(f"/v1/partners/{key}", headers=admin).status_code == 404
    assert client.get(f"/v1/activities/{key}", headers=admin).status_code == 404


def test_an_instant_outside_the_calendar_in_utc_is_invalid(client, admin):
    beyond = "9999-12-31T23:59:59-12:00"
    asked = client.post("/v1/match", json={"lead": {"country": "DE"}, "as_of": beyond}, headers=admin)
    listed = client.get("/v1/churn-risk", params={"as_of": beyond}, headers=admin)
    created = client.post("/v1/leads", json={"external_id": "beyond", "created_at": beyond}, headers=admin)
    assert [answer.status_code for answer in (asked, listed, created)] == [422] * 3


def test_lists_page_through_everything_once(client, admin):
    seen, cursor = [], None
    while True:
        query = {"limit": 100, "country": "DE"} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/leads", params=query, headers=admin).json()
        seen += [row["external_id"] for row in page["items"]]
        assert all(row["country"] == "DE" for row in page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen))


def test_a_retry_with_the_same_key_creates_once(client, admin):
    headers = admin | {"Idempotency-Key": "once"}
    body = {"external_id": "lead-once", "created_at": "2026-02-01T00:00:00Z"}
    first, again = (client.post("/v1/leads", json=body, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    other = client.post("/v1/leads", json=body | {"city": "Porto"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


def test_a_partner_sees_its_own_rows_only(client, login):
    mine = login(Role.PARTNER, "P-00001")
    assert client.get("/v1/partners/P-00001", headers=mine).status_code == 200
    assert client.get("/v1/partners/P-00002", headers=mine).status_code == 404
    assert {row["external_id"] for row in client.get("/v1/partners", headers=mine).json()["items"]} == {"P-00001"}
    assert {row["partner"] for row in client.get("/v1/deals", headers=mine).json()["items"]} <= {"P-00001"}
    assert client.get("/v1/partners/P-00002/recommendations", headers=mine).status_code == 404


def test_activities_are_facts(client, admin):
    body = {"partner": "P-00001", "occurred_at": "2026-02-02T10:00:00Z", "kind": "call"}
    answer = client.post("/v1/activities", json=body, headers=admin)
    assert answer.status_code == 201, answer.text
    assert client.get(f"/v1/activities/{answer.json()['id']}", headers=admin).json()["kind"] == "call"
    assert client.patch(f"/v1/activities/{answer.json()['id']}", json={}, headers=admin).status_code == 405
