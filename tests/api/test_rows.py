"""Rows over HTTP on both engines: every resource alike, filters, delta sync, upserts, deletes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.app import create_app
from api.exposure import EXPOSED, Exposure
from domain.columns import Column, ColumnType
from domain.context import SYSTEM
from domain.settings import Settings
from domain.terms import Role
from store.engine import create_store_engine
from store.unit_of_work import UnitOfWork

EDITABLE = [exposed for exposed in EXPOSED if exposed.writers]


@pytest.fixture
def rows(engine: Engine, tmp_path) -> Iterator[TestClient]:
    """A client that sends an admin's key to a service over an empty store."""
    settings = Settings(home=tmp_path, database_url=engine.url.render_as_string(hide_password=False))
    with UnitOfWork(engine, SYSTEM) as work:
        secret = work.keys.create("tests", Role.ADMIN).secret
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {secret}"}) as client:
        yield client


def partners(rows: TestClient, *names: str, **values: object) -> None:
    for name in names:
        body = {"external_id": name, "name": name, **values}
        answer = rows.post("/v1/partners", json=body)
        assert answer.status_code == 201, answer.text


def listed(rows: TestClient, path: str, **query: object) -> list[str]:
    answer = rows.get(f"/v1/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return [row["external_id"] for row in answer.json()["items"]]


def sample(column: Column) -> object:
    """Return a value that fits a required column which refers to nothing."""
    if column.words:
        return column.words[0]
    values = {
        ColumnType.INSTANT: "2024-05-01T00:00:00Z",
        ColumnType.DATE: "2024-05-01",
        ColumnType.NUMBER: 1,
        ColumnType.INTEGER: 1,
        ColumnType.AMOUNT: 1,
    }
    return "nps" if column.name == "kind" else values.get(column.type, f"some {column.name}")


ALSO: dict[str, dict[str, object]] = {"routing-limits": {"least": 0.1}}
"""What rows of a resource must have beside their required columns."""


def made(rows: TestClient, exposed: Exposure) -> dict[str, object]:
    """Create a row of a resource, and first what it must refer to."""
    body = dict(ALSO.get(exposed.path, {}))
    for column in exposed.resource.columns:
        if not column.required:
            continue
        if column.type is ColumnType.REFERENCE:
            target = next(other for other in EXPOSED if other.resource.name == column.target)
            body[column.name] = made(rows, target)["external_id"]
        else:
            body[column.name] = sample(column)
    if exposed.resource.has_external_id:
        known = rows.get(f"/v1/{exposed.path}/{body['external_id']}")
        if known.status_code == 200:
            return known.json()
    answer = rows.post(f"/v1/{exposed.path}", json=body)
    assert answer.status_code == 201, (exposed.path, answer.text)
    return answer.json()


@pytest.mark.parametrize("exposed", EDITABLE, ids=[exposed.path for exposed in EDITABLE])
def test_a_row_lives_and_dies_over_http(sqlite_rows, exposed):
    rows = sqlite_rows
    row = made(rows, exposed)
    path = f"/v1/{exposed.path}/id:{row['id']}"
    got = rows.get(path)
    assert got.json() == row
    assert row in rows.get(f"/v1/{exposed.path}", params={"id": row["id"]}).json()["items"]
    if not exposed.resource.event:
        assert got.headers["etag"] == '"1"'
        same = rows.patch(path, json={}, headers={"If-Match": '"1"'})
        assert (same.status_code, same.json()) == (200, row)
    gone = rows.delete(path)
    assert gone.status_code in (204, 409), gone.text  # 409: by its rule, or because a consequence refers to it
    assert rows.get(path).status_code == (404 if gone.status_code == 204 else 200)


@pytest.fixture(scope="module")
def sqlite_rows(sqlite_template: Path, tmp_path_factory) -> Iterator[TestClient]:
    """One for all resources: none of these tests counts rows."""
    home = tmp_path_factory.mktemp("rows")
    shutil.copyfile(sqlite_template, home / "allywise.db")
    settings = Settings(home=home)
    engine = create_store_engine(settings.store_url)
    with UnitOfWork(engine, SYSTEM) as work:
        secret = work.keys.create("tests", Role.ADMIN).secret
    engine.dispose()
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {secret}"}) as client:
        yield client


def test_filters_ask_for_any_of_ranges_and_emptiness(rows):
    partners(rows, "a", country="DE", employees=5, attributes={"score": 1, "note": "x"})
    partners(rows, "b", country="BR", employees=50, attributes={"score": 7})
    partners(rows, "c", attributes={"score": "high"})
    assert listed(rows, "partners", country=["DE", "BR"]) == ["a", "b"]
    assert listed(rows, "partners", country="") == ["c"]
    assert listed(rows, "partners", **{"employees.gte": 5, "employees.lt": 50}) == ["a"]
    assert listed(rows, "partners", **{"attributes.score.gt": 1}) == ["b"]
    assert listed(rows, "partners", **{"attributes.score": "high"}) == ["c"]
    assert listed(rows, "partners", **{"attributes.note": ""}) == ["b", "c"]
    assert listed(rows, "partners", sort="-employees") == ["b", "a", "c"]


@pytest.mark.parametrize(
    "query", ["shoe=1", "territories.gt=BR", "employees=many", "updated_since=yesterday", "sort=shoe", "limit=1001"]
)
def test_a_filter_that_cannot_be_is_refused(rows, query):
    answer = rows.get(f"/v1/partners?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_delta_sync_tells_what_changed_since(rows):
    partners(rows, "a", "b")
    since = rows.get("/v1/partners/b").json()["row_updated_at"]
    rows.patch("/v1/partners/a", json={"tier": "gold"})
    assert set(listed(rows, "partners", updated_since=since, sort="row_updated_at")) == {"a", "b"}
    later = rows.get("/v1/partners/a").json()["row_updated_at"]
    assert listed(rows, "partners", updated_since=later) == ["a"]


def test_rows_with_a_natural_key_are_named_by_our_id(rows):
    partners(rows, "a")
    row = rows.post(
        "/v1/goals",
        json={
            "partner": "a",
            "metric": "revenue",
            "period_start": "2024-01-01",
            "period_end": "2024-03-31",
            "target": 10,
        },
    ).json()
    assert rows.patch(f"/v1/goals/{row['id']}", json={"target": 20}).json()["target"] == 20
    again = rows.post(
        "/v1/goals",
        json={
            "partner": "a",
            "metric": "revenue",
            "period_start": "2024-01-01",
            "period_end": "2024-03-31",
            "target": 10,
        },
    )
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_prospects_and_partners_are_one_resource(rows):
    rows.post("/v1/prospects", json={"external_id": "new", "name": "New"})
    partners(rows, "old", status="active", recruited_at="2024-01-01T00:00:00Z")
    assert listed(rows, "prospects") == ["new"]
    assert listed(rows, "partners") == ["new", "old"]
    assert rows.get("/v1/prospects/old").status_code == 404
    refused = rows.post("/v1/prospects", json={"external_id": "x", "name": "x", "status": "active"})
    assert (refused.status_code, refused.json()["field"]) == (422, "status")


def test_bulk_has_a_result_for_each_row(rows):
    partners(rows, "a", country="DE", tier="gold")
    items = [
        {"external_id": "a", "country": "BR"},
        {"external_id": "b", "name": "B"},
        {"external_id": "c"},
        {"external_id": "a"},
        {"name": "none"},
        {"external_id": ["a"], "name": "x"},
    ]
    answer = rows.post("/v1/partners:bulk", json={"items": items})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [result["status"] for result in found["results"]] == [
        "changed", "created", "failed", "unchanged", "failed", "failed"]  # fmt: skip
    assert found["results"][2]["problem"] == {
        "code": "invalid_input", "detail": "name is required", "field": "name"}  # fmt: skip
    assert (found["kept"], found["created"], found["changed"], found["failed"]) == (True, 1, 1, 3)
    row = rows.get("/v1/partners/a").json()
    assert (row["country"], row["tier"], row["row_version"]) == ("BR", "gold", 2)


@pytest.mark.parametrize("options", [{"dry_run": True}, {"on_error": "abort"}])
def test_bulk_keeps_nothing_when_asked_to(rows, options):
    items = [{"external_id": "a", "name": "A"}, {"external_id": "b"}]
    found = rows.post("/v1/partners:bulk", json={"items": items, **options}).json()
    assert [result["status"] for result in found["results"]] == ["created", "failed"]
    assert found["kept"] is False
    assert listed(rows, "partners") == []


def test_what_is_in_use_is_not_deleted(rows):
    partners(rows, "a", "b")
    rows.post("/v1/contacts", json={"external_id": "c", "partner": "a", "name": "C"})
    used = rows.delete("/v1/partners/a")
    assert (used.status_code, used.json()["used_by"]) == (409, ["contacts"])
    stale = rows.delete("/v1/partners/b", headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    assert rows.delete("/v1/partners/b").status_code == 204
    assert listed(rows, "partners") == ["a"]


def test_pages_by_a_time_stay_in_place(rows):
    partners(rows, "p")
    for number in range(7):
        rows.post(
            "/v1/deals",
            json={
                "external_id": f"d{number}",
                "partner": "p",
                "registered_at": f"2024-01-0{1 + number // 2}T00:00:00Z",
            },
        )
    seen, cursor = [], None
    while True:
        query = {"limit": 2, "sort": "-registered_at", "partner": "p"} | ({"cursor": cursor} if cursor else {})
        page = rows.get("/v1/deals", params=query).json()
        seen += [row["external_id"] for row in page["items"]]
        rows.post(
            "/v1/deals",
            json={"external_id": f"new{len(seen)}", "partner": "p", "registered_at": "2024-02-01T00:00:00Z"},
        )
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["d6", "d5", "d4", "d3", "d2", "d1", "d0"]


def test_a_created_row_tells_its_version(rows):
    body = {"external_id": "a", "name": "A"}
    first, again = (rows.post("/v1/partners", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.headers["etag"] == again.headers["etag"] == '"1"'
    elsewhere = rows.post("/v1/prospects", json=body, headers={"Idempotency-Key": "k"})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "idempotency_mismatch")


def test_a_field_that_no_text_can_name_is_a_bad_row_also_when_retried(rows):
    body = {"items": [{"external_id": "a", "name": "A", "sh\0oe": 1}]}
    first, again = (rows.post("/v1/partners:bulk", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert [answer.json()["results"][0]["status"] for answer in (first, again)] == ["failed", "failed"]


def test_reading_what_is_personal_stands_in_the_trail(rows):
    partners(rows, "p")
    rows.post("/v1/contacts", json={"external_id": "c@p.example", "partner": "p", "name": "C"})
    lead = {"external_id": "plain", "created_at": "2024-01-01T00:00:00Z"}
    rows.post("/v1/leads", json=lead)
    rows.post("/v1/leads", json=lead | {"external_id": "person", "attributes": {"contact_email": "x@y.example"}})
    contact = rows.get("/v1/contacts/c@p.example").json()
    rows.get("/v1/leads")
    found = rows.get("/v1/audit", params={"action": "read"}).json()["items"]
    told = {(entry["resource"], key) for entry in found for key in (entry["key"] or "").split(",")}
    assert ("contacts", f"id:{contact['id']}") in told
    assert "plain" not in str(found)
    assert "person" in str(found)
