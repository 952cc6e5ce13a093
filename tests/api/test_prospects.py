"""White space over HTTP, and what prospects would add."""

from domain.terms import Role


def test_white_space_is_listed_worst_first(client, login):
    answer = client.get("/v1/prospects/white-space?limit=250", headers=login(Role.RECRUITER))
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert {item["dimension"] for item in items} == {"country", "region", "industry", "product"}
    order = [(not item["gap"], -item["severity"]) for item in items]
    assert order == sorted(order)
    assert all((item["prospects"] is None) == (item["dimension"] == "product") for item in items)


def test_white_space_of_one_dimension_and_only_gaps(client, login):
    query = {"dimension": "industry", "gaps_only": True}
    answer = client.get("/v1/prospects/white-space", params=query, headers=login(Role.ANALYST))
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert all(item["gap"] and item["dimension"] == "industry" for item in items)
    bad = client.get("/v1/prospects/white-space?dimension=planet", headers=login(Role.ANALYST))
    assert bad.status_code == 422
    assert client.get("/v1/prospects/white-space", headers=login(Role.ROUTER)).status_code == 403


def test_ranked_prospects_fill_gaps_that_are_listed(client, admin):
    query = {"gaps_only": True, "limit": 250}
    gaps = client.get("/v1/prospects/white-space", params=query, headers=admin).json()["items"]
    known = {(gap["dimension"], gap["value"]) for gap in gaps}
    items = client.get("/v1/prospects/ranking?limit=250", headers=admin).json()["items"]
    assert all({(gap["dimension"], gap["value"]) for gap in item["fills"]} <= known for item in items)
    assert any(item["fills"] for item in items)
    for item in items:
        if item["reach"] is None:  # other tests add companies of which nothing is known
            stored = client.get(f"/v1/partners/{item['partner']}", headers=admin).json()
            assert not any(stored[field] for field in ("country", "territories", "industries"))
        else:
            assert 0 <= item["reach"] <= 1
    assert any(item["reach"] is not None for item in items)


def test_a_company_outside_the_store_has_reach(client, login):
    body = {"company": {"country": "DE", "industries": ["retail"]}}
    answer = client.post("/v1/fit", json=body, headers=login(Role.RECRUITER)).json()
    assert 0 <= answer["reach"] <= 1
