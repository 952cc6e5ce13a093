"""Routing policies over HTTP: written as rows, told as they are understood, and obeyed by matches."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.context import SYSTEM
from domain.routing import DEFAULT_POLICY, RoutingPolicy, Rule
from domain.terms import Role
from store.unit_of_work import UnitOfWork
from tests.api.small import Login, small_app


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Login]]:
    with small_app(tmp_path_factory.mktemp("small")) as app:
        yield app


@pytest.fixture(scope="module")
def client(app: tuple[TestClient, Login]) -> TestClient:
    return app[0]


@pytest.fixture(scope="module")
def manager(app: tuple[TestClient, Login]) -> dict[str, str]:
    return app[1](Role.MANAGER)


def excluded(client: TestClient, headers: dict[str, str], **lead: Any) -> dict[str, dict[str, str]]:
    answer = client.post("/v1/match", json={"lead": lead}, headers=headers)
    assert answer.status_code == 200, answer.text
    return {one["partner"]: dict(zip(one["codes"], one["texts"], strict=True)) for one in answer.json()["excluded"]}


def test_without_rows_the_default_decides(client: TestClient, manager: dict[str, str]) -> None:
    (found,) = client.get("/v1/routing/policies", headers=manager).json()["items"]
    assert (found["program"], found["external_id"]) == (None, None)
    assert RoutingPolicy.model_validate(found["policy"]) == DEFAULT_POLICY
    assert found["fingerprint"] == DEFAULT_POLICY.fingerprint
    enforced = {one["rule"] for one in found["rules"] if one["enforced"]}
    assert enforced == set(Rule) - {"language", "tier", "distance"}
    assert len(found["rules"]) == len(Rule)


def test_what_is_written_decides_at_once_and_speaks_the_callers_language(
    client: TestClient, manager: dict[str, str]
) -> None:
    assert "a" not in excluded(client, manager, country="BR")
    client.post("/v1/routing-policies", json={"external_id": "p", "name": "near"}, headers=manager).raise_for_status()
    rule = {"policy": "p", "rule": "tier", "names": ["platinum"]}
    client.post("/v1/routing-rules", json=rule, headers=manager).raise_for_status()
    assert "tier" in excluded(client, manager, country="BR")["a"]
    absence = {"partner": "a", "since": "2024-01-01T00:00:00Z", "until": "2030-03-03T00:00:00Z"}
    client.post("/v1/absences", json=absence, headers=manager).raise_for_status()
    spanish = manager | {"Accept-Language": "es"}
    assert excluded(client, spanish, country="BR")["a"]["away"] == "Ausente hasta el 3 de marzo de 2030"
    (found,) = client.get("/v1/routing/policies", headers=manager).json()["items"]
    assert (found["external_id"], found["policy"]["rules"][0]["names"]) == ("p", ["platinum"])
    second = client.post("/v1/routing-policies", json={"external_id": "q", "name": "q"}, headers=manager)
    assert (second.status_code, second.json()["policy"]) == (409, "p")
    wrong = client.patch("/v1/routing-policies/p", json={"explored_share": 3}, headers=manager)
    assert (wrong.status_code, wrong.json()["field"]) == (422, "explored_share")


def test_a_submitted_registration_of_another_is_a_conflict(client: TestClient, manager: dict[str, str]) -> None:
    claim = {"external_id": "r1", "partner": "b", "company": "Nord Öl GmbH", "domain": "nord-oel.example"}
    client.post("/v1/registrations", json=claim, headers=manager).raise_for_status()
    for lead in ({"company": "NORD ÖL"}, {"domain": "https://www.nord-oel.example/kontakt"}):
        found = excluded(client, manager, **lead)
        assert "conflict" in found["a"]
        assert "conflict" not in found.get("b", {})
    assert "conflict" not in excluded(client, manager, company="Süd Öl")["c"]


def test_an_imported_policy_that_makes_no_sense_is_shown(client: TestClient, manager: dict[str, str]) -> None:
    services = client.app.state.services  # type: ignore[attr-defined]  # the application's own state
    with UnitOfWork(services.intelligence.engine, SYSTEM) as work:
        work.repository("programs").create({"external_id": "odd", "name": "odd"})
        row = {"external_id": "odd", "name": "odd", "program": "odd", "working_days": ["never"]}
        work.repository("routing_policies").create(row)
    answer = client.get("/v1/routing/policies", headers=manager).json()
    assert [(one["external_id"], one["program"]) for one in answer["problems"]] == [("odd", "odd")]
    assert "working_days.0" in answer["problems"][0]["problem"]
    assert [one["program"] for one in answer["items"]] == [None]
    assert client.post("/v1/match", json={"lead": {"program": "odd"}}, headers=manager).status_code == 200


def test_checking_completes_or_says_what_is_wrong(client: TestClient, manager: dict[str, str]) -> None:
    given = {"name": "mine", "cool_down_days": 7, "rules": [{"rule": "distance", "number": 300}]}
    answer = client.post("/v1/routing/policies/check", json=given, headers=manager)
    assert answer.status_code == 200
    found = answer.json()
    assert found["policy"]["max_hops"] == DEFAULT_POLICY.max_hops
    assert {one["rule"]: one["number"] for one in found["rules"]}["distance"] == 300
    assert found["fingerprint"] == RoutingPolicy.model_validate(given).fingerprint


@pytest.mark.parametrize(
    "given",
    [
        {"max_hops": 0},
        {"max_hops": "3"},
        {"margin": True},
        {"automatic": 1},
        {"nonsense": 1},
        {"rules": [{"rule": "distance"}]},
        {"rules": [{"rule": "away"}, {"rule": "away"}]},
        {"limits": [{"by": "tier", "least": True}]},
        {"working_days": []},
        [],
        None,
    ],
)
def test_what_is_no_policy_is_refused(client: TestClient, manager: dict[str, str], given: Any) -> None:
    answer = client.post("/v1/routing/policies/check", json=given, headers=manager)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
