"""The answer of a match is written once, and what is stored of it reads the same."""

import json

from api.match_body import written
from api.schemas_matching import MatchAnswer
from domain.terms import Role
from intelligence.matching.answers import KeptOut
from store.match_runs import as_answered

HEAD = {"match_id": "m", "as_of": "2026-01-01T00:00:00Z", "model_version": "match/1", "candidates": []}
GROUPS = [
    KeptOut(['a"b', "ç", "back\\slash"], ["away"], ['Is "away"']),
    KeptOut(["d"], ["territory", "tier"], ["Outside", "No\ttier"]),
]


def test_body_and_stored_say_the_same():
    body, stored = written(HEAD, GROUPS)
    found = json.loads(body)
    assert as_answered(json.loads(stored)) == found
    assert [one["partner"] for one in found["excluded"]] == ['a"b', "ç", "back\\slash", "d"]
    assert found["excluded"][3] == {"partner": "d", "codes": ["territory", "tier"], "texts": ["Outside", "No\ttier"]}


def test_nobody_is_kept_out():
    body, stored = written(HEAD, [])
    assert json.loads(body)["excluded"] == [] == json.loads(stored)["excluded"]


def test_what_was_stored_one_by_one_still_reads():
    rows = [{"partner": "a", "codes": ["away"], "texts": ["Is away"]}]
    assert as_answered({"excluded": rows})["excluded"] == rows
    assert as_answered({"candidates": []}) == {"candidates": []}


def test_the_answer_has_the_promised_shape_and_a_retry_gets_it_again(client, login):
    headers = login(Role.ROUTER)
    lead = client.get("/v1/leads?limit=1&sort=-created_at", headers=login(Role.ANALYST)).json()["items"][0]
    keyed = headers | {"Idempotency-Key": "match-once"}
    first = client.post("/v1/match", json={"lead_id": lead["external_id"]}, headers=keyed)
    assert MatchAnswer.model_validate(first.json()).model_dump(mode="json") == first.json()
    again = client.post("/v1/match", json={"lead_id": lead["external_id"]}, headers=keyed)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
