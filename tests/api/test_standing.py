"""Fairness and standing over HTTP: who may ask, and that a partner learns nothing of a rival."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.context import SYSTEM
from domain.terms import Role
from store.unit_of_work import UnitOfWork
from tests.api.conftest import Login
from tests.programmes import END

LEAD = "standing-lead"


def intelligence(client: TestClient) -> Any:
    return client.app.state.services.intelligence


@pytest.fixture(scope="module")
def offered(client: TestClient, login: Login) -> dict[str, Any]:
    """Return a match of a new lead, and the offer of its second partner, whose match it was."""
    manager = login(Role.MANAGER)
    registry = intelligence(client).registry
    if registry.serving("match", END) is None:  # whatever its gates said
        registry.promote("match", 1, reason="for this test")
    with UnitOfWork(intelligence(client).engine, SYSTEM) as work:
        industry = work.repository("leads").list(limit=1).rows[0]["industry"]
        values = {"external_id": LEAD, "created_at": END, "industry": industry, "company": "Veiled Ltd"}
        work.repository("leads").create(values)  # of no country: nearly every partner may have it
    match = client.post("/v1/match", json={"lead_id": LEAD, "limit": 8}, headers=manager).json()
    assert len(match["candidates"]) >= 3
    partner = match["candidates"][1]["partner"]
    body = {"lead": LEAD, "partner": partner, "match_id": match["match_id"]}
    made = client.post("/v1/assignments", json=body, headers=manager)
    assert made.status_code == 201, made.text
    return {"match": match, "partner": partner, "id": made.json()["id"]}


def get(client: TestClient, path: str, headers: dict[str, str], **params: Any) -> Any:
    return client.get(f"/v1/{path}", headers=headers, params=params)


def rivals(offered: dict[str, Any]) -> set[str]:
    lines = [*offered["match"]["candidates"], *offered["match"]["excluded"]]
    return {one["partner"] for one in lines} - {offered["partner"]}


def test_a_partner_sees_its_place_and_nothing_of_its_rivals(
    client: TestClient, login: Login, offered: dict[str, Any]
) -> None:
    partner = login(Role.PARTNER, offered["partner"])
    found = get(client, f"assignments/{offered['id']}/standing", partner)
    assert found.status_code == 200
    told = found.json()
    listed = len(offered["match"]["candidates"])
    assert (told["ranked"], told["lead"], told["partner"]) == (listed, LEAD, offered["partner"])
    assert told["text"] == f"Place {told['rank']} of {listed}"
    assert told["factors"]
    assert told["model_version"] == offered["match"]["model_version"]
    assert {told["p_win"], told["low"], told["high"]} == {None}
    assert {one["contribution"] for one in told["factors"]} == {None}
    assert {one["p_win"] for one in told["improvements"]} <= {None}
    assert all(one["rank"] <= told["rank"] for one in told["improvements"])
    assert not [name for name in rivals(offered) if name in found.text]
    assert not [one for one in offered["match"]["candidates"] if str(one["p_win"]) in found.text]
    assert "Veiled" not in found.text


def test_the_answer_is_in_the_language_asked_for(client: TestClient, login: Login, offered: dict[str, Any]) -> None:
    partner = login(Role.PARTNER, offered["partner"]) | {"Accept-Language": "pl"}
    told = get(client, f"assignments/{offered['id']}/standing", partner).json()
    assert told["text"].startswith("Miejsce ")


def test_the_staff_sees_the_numbers_and_others_nothing(
    client: TestClient, login: Login, offered: dict[str, Any]
) -> None:
    path = f"assignments/{offered['id']}/standing"
    told = get(client, path, login(Role.ANALYST)).json()
    mine = next(one for one in offered["match"]["candidates"] if one["partner"] == offered["partner"])
    assert told["p_win"] == mine["p_win"]
    assert told["factors"][0]["contribution"] is not None
    rival = login(Role.PARTNER, sorted(rivals(offered))[0])
    assert get(client, path, rival).status_code == 404
    assert get(client, "assignments/0/standing", rival).status_code == 422


def test_a_partner_sees_its_period_and_no_other(client: TestClient, login: Login, offered: dict[str, Any]) -> None:
    path, rival = f"partners/{offered['partner']}/standing", sorted(rivals(offered))[0]
    found = get(client, path, login(Role.PARTNER, offered["partner"]))
    told = found.json()
    assert (found.status_code, told["partner"]) == (200, offered["partner"])
    assert told["considered"] >= told["ranked"] + told["excluded"] >= 1
    assert not [name for name in rivals(offered) if name in found.text]
    assert LEAD not in found.text
    assert get(client, path, login(Role.PARTNER, rival)).status_code == 404
    assert get(client, path, login(Role.ROUTER)).status_code == 403
    assert get(client, path, login(Role.RECRUITER), since="2030-01-01").status_code == 422
    assert get(client, path, login(Role.RECRUITER), since="0001-01-01").status_code == 200
    assert get(client, path, login(Role.RECRUITER), until="0001-01-01").status_code == 422


@pytest.mark.parametrize("by", ["tier", "newcomer", "territory", "partner"])
def test_shares_of_leads_are_told(client: TestClient, login: Login, by: str) -> None:
    found = get(client, "routing/fairness", login(Role.ANALYST), by=by, since="2025-03-01").json()
    assert (found["by"], found["compared"] > 0, found["groups_left_out"]) == (by, True, 0)
    assert found["compared"] <= found["leads"]
    total = sum(one["compared"]["expected"] for one in found["groups"])
    assert by in ("territory", "partner") or total == pytest.approx(found["compared"])
    assert get(client, "routing/fairness", login(Role.ROUTER), by=by).status_code == 403


@pytest.mark.parametrize(
    "query", [{"by": "luck"}, {"since": "2030-01-01"}, {"until": "0001-01-01"}, {"since": "soon"}, {"by": "x" * 300}]
)
def test_what_cannot_be_compared_is_refused(client: TestClient, login: Login, query: dict[str, str]) -> None:
    assert get(client, "routing/fairness", login(Role.MANAGER), **query).status_code == 422
