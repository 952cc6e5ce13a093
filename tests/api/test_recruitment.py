"""Recruitment over HTTP."""

from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine

from api.app import create_app
from domain.context import SYSTEM
from domain.settings import Settings
from domain.terms import Role
from store.unit_of_work import UnitOfWork

Call = Callable[..., Response]


@pytest.fixture
def call(sqlite_engine: Engine, tmp_path, clock) -> Iterator[Call]:
    """A function that asks the service over a store with a programme and two partners, in any role."""
    settings = Settings(home=tmp_path, database_url=str(sqlite_engine.url))
    keys: dict[tuple[Role, str | None], str] = {}

    with TestClient(create_app(settings, clock)) as client:

        def ask(method: str, path: str, role: Role = Role.ADMIN, partner: str | None = None, **options) -> Response:
            if (role, partner) not in keys:
                with UnitOfWork(sqlite_engine, SYSTEM, clock) as work:
                    id_ = work.repository("partners").get(partner)["id"] if partner else None
                    keys[role, partner] = work.keys.create(f"{role} {partner}", role, id_).secret
            headers = {"Authorization": f"Bearer {keys[role, partner]}", **options.pop("headers", {})}
            return client.request(method, f"/v1{path}", headers=headers, **options)

        made = ask("POST", "/programs", json={"external_id": "resale", "name": "Resale", "objective": "Sell"})
        assert made.status_code == 201, made.text
        for key in ("p1", "p2"):
            ask("POST", "/partners", json={"external_id": key, "name": key, "program": "resale", "status": "applied"})
        yield ask


def test_a_partner_moves_with_a_reason_and_safe_retries(call):
    body = {"status": "onboarding", "reason": "good talk"}
    headers = {"Idempotency-Key": "k1"}
    moved = call("POST", "/partners/p1/status", Role.RECRUITER, json=body, headers=headers)
    again = call("POST", "/partners/p1/status", Role.RECRUITER, json=body, headers=headers)
    assert (moved.status_code, moved.json()["status"]) == (200, "onboarding")
    assert again.headers["Idempotency-Replayed"] == "true"
    steps = call("GET", "/stage-changes", Role.ANALYST, params={"partner": "p1"}).json()["items"]
    assert [(step["to_status"], step["changed_by"]) for step in steps] == [("onboarding", "recruiter None")]
    history = call("GET", "/partners/p1/history", Role.ANALYST).json()
    assert history["items"][-1] | {"changed_at": "", "days_in_stage": 0} == {
        "from_status": "applied",
        "to_status": "onboarding",
        "changed_at": "",
        "changed_by": "recruiter None",
        "reason": "good talk",
        "overridden": False,
        "days_in_stage": 0,
    }


@pytest.mark.parametrize(
    ("method", "path"), [("PATCH", "/partners/p1"), ("PATCH", "/prospects/p1"), ("POST", "/partners/p1/status")]
)
def test_a_step_that_is_not_in_the_table_names_those_that_are(call, method, path):
    refused = call(method, path, json={"status": "active"})
    assert (refused.status_code, refused.json()["allowed"]) == (409, ["onboarding", "rejected", "prospect"])


def test_the_pipeline_is_served_with_its_table(call):
    stages = {
        stage["stage"]: stage for stage in call("GET", "/pipeline", params={"program": "resale"}).json()["stages"]
    }
    assert stages["applied"]["count"] == 2
    assert stages["onboarding"]["next"] == ["active", "rejected", "ended"]
    assert call("GET", "/pipeline", params={"program": "none"}).status_code == 404


def test_dossier_and_overview_in_one_answer(call):
    call("POST", "/notes", json={"partner": "p1", "kind": "interview", "body": "keen"})
    dossier = call("GET", "/prospects/p1/dossier").json()
    assert (dossier["profile"]["external_id"], dossier["notes"][0]["body"], dossier["fit"]) == ("p1", "keen", None)
    overview = call("GET", "/programs/resale/overview").json()
    assert (overview["program"]["objective"], overview["tiers"]) == ("Sell", [])
    for path in ("/prospects/none/dossier", "/programs/none/overview", "/partners/none/history"):
        assert call("GET", path).status_code == 404


def test_ratings_make_a_score_whose_parts_add_up(call):
    for key, weight in (("rep", 3), ("size", 1)):
        body = {"external_id": key, "name": key, "weight": weight, "must_have": key == "size"}
        assert call("POST", "/criteria", json=body).status_code == 201
    rated = call("POST", "/partners/p1/ratings", Role.RECRUITER, json={"criterion": "rep", "score": 4})
    assert (rated.status_code, rated.json()["rated_by"]) == (201, "recruiter None")
    found = call("GET", "/partners/p1/qualification", Role.ANALYST).json()["qualification"]
    assert (found["score"], found["missing"], found["failed"]) == (80.0, ["size"], ["size"])
    assert sum(item["points"] for item in found["criteria"]) == 80.0
    page = call("GET", "/prospects/qualification", params={"limit": 1}).json()
    assert page["items"][0]["partner"]["external_id"] == "p1"
    rest = call("GET", "/prospects/qualification", params={"limit": 1, "cursor": page["next_cursor"]}).json()
    assert ([item["partner"]["external_id"] for item in rest["items"]], rest["next_cursor"]) == (["p2"], None)
    for params in ({"min_score": 101}, {"status": "lovely"}, {"cursor": "nonsense"}, {"program": "a\0b"}):
        assert call("GET", "/prospects/qualification", params=params).status_code == 422
    bad = call("POST", "/partners/p1/ratings", json={"criterion": "none", "score": 4})
    assert (bad.status_code, bad.json()["code"]) == (422, "unknown_reference")


def test_a_partner_sees_and_ticks_off_its_own_checklist(call):
    step = {"external_id": "sign", "title": "Sign", "program": "resale", "required": True, "due_days": 7}
    assert call("POST", "/onboarding-steps", json=step).status_code == 201
    assert call("POST", "/partners/p1/onboarding").status_code == 409
    for key in ("p1", "p2"):
        call("POST", f"/partners/{key}/status", json={"status": "onboarding"})
    refused = call("POST", "/partners/p1/status", json={"status": "active"})
    assert (refused.status_code, refused.json()["missing"]) == (409, {"steps": ["Sign"]})
    own = call("GET", "/partners/p1/onboarding", Role.PARTNER, "p1").json()["progress"]
    assert (own["done"], own["next"]["title"]) == (0, "Sign")
    assert call("GET", "/partners/p2/onboarding", Role.PARTNER, "p1").status_code == 404
    task = own["next"]["task"]
    assert call("POST", f"/tasks/{task}/done", Role.PARTNER, "p2").status_code == 404
    assert call("POST", f"/tasks/{task}/done", Role.PARTNER, "p1").json()["done_at"] is not None
    again = call("POST", "/partners/p1/onboarding", Role.RECRUITER)
    assert (again.status_code, again.json()["progress"]["share"]) == (200, 1.0)
    assert call("POST", "/partners/p1/status", json={"status": "active"}).json()["status"] == "active"
    report = call("GET", "/onboarding", params={"program": "resale"}).json()
    assert (report["all"]["onboarding"], report["all"]["to_onboard"]["n"]) == (1, 1)
    assert [item["progress"]["partner"] for item in report["items"]] == ["p2"]
