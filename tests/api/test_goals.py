"""Goals, plans and surveys over HTTP."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from domain.terms import Role
from tests.analytics.programme import AS_OF
from tests.api.small import Login, small_app


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Login]]:
    with small_app(tmp_path_factory.mktemp("small")) as app:
        yield app


@pytest.fixture(scope="module")
def client(app: tuple[TestClient, Login]) -> TestClient:
    return app[0]


@pytest.fixture(scope="module")
def login(app: tuple[TestClient, Login]) -> Login:
    return app[1]


@pytest.fixture(scope="module")
def manager(login: Login) -> dict[str, str]:
    return login(Role.MANAGER)


@pytest.fixture(scope="module")
def own(login: Login) -> dict[str, str]:
    return login(Role.PARTNER, "a")


def test_goals_tell_how_they_stand(client: TestClient, manager: dict[str, str], own: dict[str, str]) -> None:
    for metric in ("deals won", "happiness", "activities.call"):
        goal = {"partner": "b", "metric": metric, "period_start": "2024-01-01", "period_end": "2024-12-31", "target": 2}
        client.post("/v1/goals", json=goal, headers=manager).raise_for_status()
    answer = client.get("/v1/goals/progress?limit=2", headers=manager).json()
    assert answer["counts"] == {"off_track": 2, "reached": 1, "unknown_metric": 1}
    again = client.get(f"/v1/goals/progress?limit=2&cursor={answer['next_cursor']}", headers=manager).json()
    assert [one["metric"] for one in [*answer["items"], *again["items"]]][2:] == ["deals won", "happiness"]
    assert again["items"][1]["note"].startswith("No figure is called 'happiness'")
    assert (again["next_cursor"], answer["total"]) == (None, 4)
    mine = client.get("/v1/goals/progress?running=false", headers=own).json()
    assert {one["partner"] for one in mine["items"]} == {"a"}
    assert client.get("/v1/goals/progress?partner=b", headers=own).status_code == 404
    assert client.get("/v1/goals/progress?cursor=eA", headers=manager).status_code == 422


def test_a_plan_is_proposed_and_agreed(client: TestClient, manager: dict[str, str], own: dict[str, str]) -> None:
    year = {"period_start": f"{AS_OF.year}-01-01", "period_end": f"{AS_OF.year}-12-31"}
    plan = {"external_id": "jbp", "partner": "a", "title": "Together", **year}
    assert client.post("/v1/plans", json=plan, headers=own).json()["status"] == "draft"
    goal = {"partner": "a", "metric": "won deals", "target": 1000, **year}
    client.post("/v1/goals", json=goal, headers=manager).raise_for_status()
    assert client.post("/v1/plans/jbp/status", json={"status": "agreed"}, headers=own).status_code == 403
    agreed = client.post("/v1/plans/jbp/status", json={"status": "agreed"}, headers=manager)
    assert (agreed.status_code, agreed.json()["status"]) == (200, "agreed")
    shown = client.get("/v1/partners/a/plan", headers=own).json()
    assert shown["plan"]["external_id"] == "jbp"
    (told,) = [one for one in shown["goals"] if one["metric"] == "won deals"]
    assert (told["figure"], told["status"]) == ("deals_won", "off_track")
    assert told["low"] <= told["forecast"] <= told["high"] < 1000
    assert client.get("/v1/partners/b/plan", headers=own).status_code == 404


def test_a_survey_is_answered_once(client: TestClient, manager: dict[str, str], own: dict[str, str]) -> None:
    survey = {"external_id": "pulse", "title": "Pulse", "kind": "nps"}
    assert client.post("/v1/surveys", json=survey, headers=manager).status_code == 201
    keyed = {**own, "Idempotency-Key": "answer-1"}
    first = client.post("/v1/surveys/pulse/answers", json={"score": 9, "comment": "Çok iyi"}, headers=keyed)
    assert (first.status_code, first.json()["score"]) == (201, 9)
    assert client.post("/v1/surveys/pulse/answers", json={"score": 9, "comment": "Çok iyi"}, headers=keyed).json() == (
        first.json()
    )
    assert client.post("/v1/surveys/pulse/answers", json={"score": 8}, headers=own).status_code == 409
    assert client.post("/v1/surveys/none/answers", json={"score": 8}, headers=own).status_code == 404
    told = client.get("/v1/surveys/pulse/results", headers=manager).json()
    assert (told["n"], told["value"], told["comments"]) == (1, 100.0, ["Çok iyi"])
    assert client.get("/v1/surveys/pulse/results", headers=own).status_code == 403
