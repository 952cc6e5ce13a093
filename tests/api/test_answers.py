"""The four answers over HTTP."""

import math

import pytest

from domain.context import SYSTEM
from domain.terms import Role


def log_odds(p: float) -> float:
    return math.log(p / (1 - p))


def adds_up(answer: dict, p: str) -> bool:
    total = answer["base"] + sum(factor["contribution"] for factor in answer["factors"])
    return math.isclose(total, log_odds(answer[p]), abs_tol=1e-6)


def test_match_ranks_and_says_why_not(client, login):
    known = client.get("/v1/leads?limit=1&sort=-created_at", headers=login(Role.ANALYST)).json()["items"][0]
    lead = {name: known[name] for name in ("country", "region", "city", "industry", "product", "employees")}
    body = {"lead": lead | {"colour": "red"}, "limit": 3}
    answer = client.post("/v1/match", json=body, headers=login(Role.ROUTER))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert set(found) == {"match_id", "as_of", "model_version", "candidates", "excluded", "policy", "explored"}
    chances = [candidate["p_win"] for candidate in found["candidates"]]
    assert chances
    assert chances == sorted(chances, reverse=True)
    assert [candidate["rank"] for candidate in found["candidates"]] == list(range(1, len(chances) + 1))
    for candidate in found["candidates"]:
        assert 0 <= candidate["low"] <= candidate["p_win"] <= candidate["high"] <= 1
        assert adds_up(candidate, "p_win")
    partners = {candidate["partner"] for candidate in found["candidates"]}
    assert partners.isdisjoint(excluded["partner"] for excluded in found["excluded"])
    assert all(excluded["codes"] and excluded["texts"] for excluded in found["excluded"])
    again = client.get(f"/v1/match/{found['match_id']}", headers=login(Role.ANALYST))
    assert again.json() == found


def test_match_takes_a_lead_of_the_store(client, admin):
    lead = client.get("/v1/leads?limit=1&sort=-created_at", headers=admin).json()["items"][0]["external_id"]
    assert client.post("/v1/match", json={"lead_id": lead}, headers=admin).status_code == 200
    assert client.post("/v1/match", json={"lead_id": "none"}, headers=admin).status_code == 404
    assert client.post("/v1/match", json={}, headers=admin).status_code == 422


def test_churn_risk_lists_revenue_first(client, login):
    found = client.get("/v1/churn-risk?horizon_days=90&limit=5", headers=login(Role.MANAGER))
    assert found.status_code == 200, found.text
    items = found.json()["items"]
    assert len(items) == 5
    at_risk = [item["revenue_at_risk"] for item in items]
    assert at_risk == sorted(at_risk, reverse=True)
    mean = sum(item["p_inactive"] for item in items) / 5
    assert found.json()["expected_precision"] == pytest.approx(mean)
    assert all(adds_up(item, "p_inactive") for item in items if item["factors"])
    assert all(item["reasons"] for item in items)
    assert all(item["facts"]["last_sign_at"] and item["facts"]["unanswered_leads"] >= 0 for item in items)


def test_churn_risk_filters(client, admin):
    manager = client.get("/v1/churn-risk", headers=admin).json()["items"][0]["account_manager"]
    items = client.get("/v1/churn-risk", params={"account_manager": manager}, headers=admin).json()["items"]
    assert {item["account_manager"] for item in items} == {manager}
    assert client.get("/v1/churn-risk?min_p=1", headers=admin).json()["items"] == []


def test_churn_never_rises_with_the_horizon(client, admin):
    def chances(horizon: int) -> dict[str, float]:
        query = {"horizon_days": horizon, "as_of": "2026-02-01", "limit": 250}
        items = client.get("/v1/churn-risk", params=query, headers=admin).json()["items"]
        return {item["partner"]: item["p_inactive"] for item in items}

    short, long = chances(30), chances(90)
    assert short.keys() == long.keys()
    assert all(long[partner] <= short[partner] + 1e-9 for partner in short)


def test_prospects_are_ranked(client, login):
    answer = client.get("/v1/prospects/ranking?limit=250", headers=login(Role.RECRUITER))
    assert answer.status_code == 200, answer.text
    chances = [item["p_productive"] for item in answer.json()["items"]]
    assert len(chances) >= 40
    assert chances == sorted(chances, reverse=True)


def test_a_company_that_is_not_in_the_store_gets_a_score(client, login):
    body = {"company": {"name": "Neu GmbH", "kind": "msp", "country": "DE", "employees": 40, "certified": True}}
    answer = client.post("/v1/fit", json=body, headers=login(Role.RECRUITER))
    assert answer.status_code == 200, answer.text
    assert 0 < answer.json()["low"] <= answer.json()["p_productive"] <= answer.json()["high"] < 1


def test_recommendations_respect_dismissal(client, admin):
    path = "/v1/partners/P-00001/recommendations"
    items = client.get(f"{path}?kind=asset&limit=3", headers=admin).json()["items"]
    assert [item["rank"] for item in items] == [1, 2, 3]
    assert all(item["reason"] and 0 <= item["p_engage"] <= 1 for item in items)
    dismissed = {"partner": "P-00001", "kind": "asset", "item": items[0]["item"], "action": "dismissed"}
    assert client.post("/v1/recommendations/feedback", json=dismissed, headers=admin).status_code == 204
    later = client.get(f"{path}?kind=asset&limit=250", headers=admin).json()["items"]
    assert items[0]["item"] not in {item["item"] for item in later}


def test_models_and_cards(client, login):
    models = client.get("/v1/models", headers=login(Role.ANALYST)).json()
    assert {model["name"] for model in models} == {"fit", "churn", "match", "recommend"}
    champions = [model["name"] for model in models if model["champion"]]
    for name in champions:
        card = client.get(f"/v1/models/{name}/card", headers=login(Role.ANALYST)).json()
        assert card["name"] == name
        assert card["parts"]
    assert client.get("/v1/models/none/card", headers=login(Role.ANALYST)).status_code == 422


def test_probes(client):
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}
    client.get("/v1/models")
    assert 'allywise_requests_total{method="GET",route="/v1/models",status="401"}' in client.get("/metrics").text


def test_drift_outcomes_and_shadow_of_a_model(client, login, admin):
    analyst = login(Role.ANALYST)
    for name in ("churn", "fit", "match", "recommend"):
        outcomes = client.get(f"/v1/models/{name}/outcomes", headers=analyst)
        assert (outcomes.status_code, outcomes.json()["name"]) == (200, name)
        drift = client.get(f"/v1/models/{name}/drift", headers=analyst)
        assert drift.status_code in (200, 404), drift.text
    assert client.get("/v1/models/churn/drift?as_of=2020-01-01", headers=analyst).status_code == 404
    unserved = next(one for one in client.get("/v1/models", headers=admin).json() if not one["champion"])
    path, body = f"/v1/models/{unserved['name']}/shadow", {"version": unserved["version"]}
    assert client.post(path, json=body, headers=admin).json()["state"] == "shadow"
    assert client.delete(path, headers=admin).status_code == 204
    assert client.delete(path, headers=admin).status_code == 204
    assert client.post(path, json={"version": 999}, headers=admin).status_code == 404


def test_the_newest_check_answers_and_is_measured(client, login):
    services = client.app.state.services
    champion = services.intelligence.registry.serving("churn", services.clock())
    if champion is None:
        pytest.skip("no version of churn serves")
    path = "/v1/models/churn/drift"
    report = client.get(path, headers=login(Role.ANALYST)).json() | {"sentence": "as checked", "drifted": True}
    with services.unit_of_work(SYSTEM) as work:
        work.model_checks.put("churn", champion.label, services.clock(), report)
    assert client.get(path, headers=login(Role.ANALYST)).json() == report
    text = client.get("/metrics").text
    assert 'allywise_model_drifted{model="churn"} 1.0' in text
    assert client.get(f"{path}?as_of=2026-03-01", headers=login(Role.ANALYST)).json()["drifted"] is False


def test_a_version_that_failed_a_gate_is_promoted_only_with_a_reason(client, admin):
    models = client.get("/v1/models", headers=admin).json()
    refused = next((one for one in models if not one["approved"]), None)
    if refused is None:
        pytest.skip("every version passed its gates")
    path = f"/v1/models/{refused['name']}/promote"
    body = {"version": refused["version"]}
    assert client.post(path, json=body, headers=admin).status_code == 409
