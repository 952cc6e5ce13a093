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
