"""Reasons in the language that the caller asks for."""

import pytest


@pytest.mark.parametrize(("accepted", "code"), [("pl", "pl"), ("pt-BR,en;q=0.5", "pt"), ("de", "en")])
def test_reasons_follow_accept_language(client, admin, accepted, code):
    path = "/v1/churn-risk?as_of=2026-02-01&limit=20"
    plain = client.get(path, headers=admin)
    asked = client.get(path, headers=admin | {"Accept-Language": accepted})
    assert asked.headers["Content-Language"] == code
    numbers = [[(item["partner"], item["p_inactive"]) for item in answer.json()["items"]] for answer in (plain, asked)]
    assert numbers[0] == numbers[1]
    reasons = [[item["reasons"] for item in answer.json()["items"]] for answer in (plain, asked)]
    assert (reasons[0] == reasons[1]) == (code == "en")
