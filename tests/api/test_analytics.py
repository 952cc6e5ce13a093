"""Figures over HTTP: definitions, values by group, scorecards, rankings, journeys."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from fastapi.testclient import TestClient

from domain.terms import Role
from tests.api.small import Login, small_app

PERIOD = "period=year"


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
def analyst(login: Login) -> dict[str, str]:
    return login(Role.ANALYST)


def test_figures_say_what_they_mean(client: TestClient, login: Login, analyst: dict[str, str]) -> None:
    told = {one["name"]: one for one in client.get("/v1/analytics/figures", headers=analyst).json()["items"]}
    assert told["win_rate"]["formula"] == "deals won / (deals won + deals lost), of those closed in the period"
    assert told["spend"]["internal"]
    partner = client.get("/v1/analytics/figures", headers=login(Role.PARTNER, "a")).json()["items"]
    assert "spend" not in {one["name"] for one in partner}


@pytest.mark.parametrize("by", ["partner", "tier", "program", "country", "account_manager", "kind", "product", "month"])
@pytest.mark.parametrize("name", ["revenue", "win_rate"])
def test_groups_add_up_to_the_whole(client: TestClient, analyst: dict[str, str], name: str, by: str) -> None:
    answer = client.get(f"/v1/analytics/figures/{name}?by={by}&{PERIOD}&limit=1", headers=analyst).json()
    parts = [*answer["groups"], *([answer["rest"]] if answer["rest"] else [])]
    assert answer["n"] >= 2
    assert sum(part["n"] for part in parts) == answer["n"]
    for side in ("numerator", "denominator"):
        assert sum(part[side] for part in parts) == pytest.approx(answer[side], rel=1e-12)


def test_what_cannot_be_told_says_so(client: TestClient, analyst: dict[str, str]) -> None:
    for path, status in (
        ("figures/nonsense", 404),
        ("figures/revenue?by=colour", 422),
        ("figures/nps?by=product", 422),
        ("figures/revenue?period=fortnight", 422),
        ("figures/revenue?from=2026-01-02&to=2026-01-01", 422),
        ("figures/revenue?as_of=9999-12-31T23:59:59Z", 422),
        ("ranking?cursor=x", 422),
    ):
        assert (path, client.get(f"/v1/analytics/{path}", headers=analyst).status_code) == (path, status)


def test_the_overview_has_every_figure(client: TestClient, analyst: dict[str, str]) -> None:
    answer = client.get(f"/v1/analytics/overview?{PERIOD}", headers=analyst).json()
    names = {one["name"] for one in client.get("/v1/analytics/figures", headers=analyst).json()["items"]}
    figures = {one["name"]: one for one in answer["figures"]}
    assert set(figures) == names
    trend = figures["revenue"]["trend"]
    assert (trend["before"], trend["change"]) == (0, 1600)
    assert trend["change_low"] < trend["change"] < trend["change_high"]
    assert sum(answer["statuses"].values()) == figures["partners"]["value"]
    assert sum(answer["stages"].values()) <= figures["partners"]["value"]


def test_a_ranking_is_paged_without_gaps(client: TestClient, analyst: dict[str, str]) -> None:
    whole = client.get(f"/v1/analytics/ranking?figure=revenue&{PERIOD}&limit=250", headers=analyst).json()
    pages, cursor = [], None
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        page = client.get(f"/v1/analytics/ranking?figure=revenue&{PERIOD}&limit=1{more}", headers=analyst).json()
        pages += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert pages == whole["items"]
    assert [one["value"] for one in pages] == sorted((one["value"] for one in pages), reverse=True)
    total = client.get(f"/v1/analytics/figures/revenue?{PERIOD}", headers=analyst).json()["value"]
    assert sum(one["value"] for one in pages) == pytest.approx(total)


def test_a_partner_sees_its_own_scorecard_and_no_other(
    client: TestClient, login: Login, analyst: dict[str, str]
) -> None:
    own = login(Role.PARTNER, "a")
    answer = client.get(f"/v1/partners/a/scorecard?{PERIOD}", headers=own).json()
    figures = {one["name"]: one for one in answer["figures"]}
    assert not {"spend", "roi", "acquisition_cost"} & set(figures)
    staff = client.get(f"/v1/partners/a/scorecard?{PERIOD}", headers=analyst).json()
    assert [one for one in staff["figures"] if one["name"] in figures] == answer["figures"]
    assert {peers["segment"] for peers in figures["activities"]["peers"]} == {"same programme and tier", "same kind"}
    assert client.get("/v1/partners/b/scorecard", headers=own).status_code == 404
    assert client.get("/v1/partners/b/journey", headers=own).status_code == 404


def test_every_partner_has_a_stage(client: TestClient, analyst: dict[str, str]) -> None:
    answer = client.get(f"/v1/analytics/journey?by=quarter&{PERIOD}", headers=analyst).json()
    assert set(answer["stages"]) == set(answer["counts"])
    for before, after in pairwise(answer["periods"]):
        assert before["end"] == after["start"]
    moved = answer["periods"][1]
    for stage, count in moved["counts"].items():
        came = sum(flow["partners"] for flow in moved["flows"] if flow["after"] == stage)
        went = sum(flow["partners"] for flow in moved["flows"] if flow["before"] == stage)
        assert answer["periods"][0]["counts"][stage] + came - went == count
    one = client.get(f"/v1/partners/a/journey?{PERIOD}", headers=analyst).json()
    assert one["stage"] in answer["stages"]
    assert one["reason"]


@pytest.mark.parametrize("name", ["revenue", "win_rate", "spend", "roi", "active_partners", "lead_response_hours"])
def test_the_rows_behind_a_figure_add_up_page_by_page(client: TestClient, analyst: dict[str, str], name: str) -> None:
    told = client.get(f"/v1/analytics/figures/{name}?{PERIOD}", headers=analyst).json()
    page = client.get(f"/v1/analytics/figures/{name}/rows?{PERIOD}&limit=1", headers=analyst).json()
    rows = page["items"]
    while page["next_cursor"]:
        path = f"/v1/analytics/figures/{name}/rows?{PERIOD}&limit=1&cursor={page['next_cursor']}"
        page = client.get(path, headers=analyst).json()
        rows += page["items"]
    assert len(rows) == page["total"] == told["n"]
    assert sum(row["above"] for row in rows) == pytest.approx(told["numerator"])
    assert page["numerator"] == pytest.approx(told["numerator"])
    assert client.get(f"/v1/analytics/figures/{name}/rows?cursor=x", headers=analyst).status_code == 422


def test_cohorts_tell_quarters_since_recruitment(client: TestClient, login: Login, analyst: dict[str, str]) -> None:
    answer = client.get("/v1/analytics/cohorts?quarters=40", headers=analyst).json()
    assert answer["items"]
    for cohort in answer["items"]:
        assert cohort["partners"] > 0
        assert sum(cell["revenue"] for cell in cohort["cells"]) == pytest.approx(cohort["cells"][-1]["cumulative"])
    one = client.get("/v1/analytics/cohorts?quarters=40&partner=a", headers=analyst).json()
    assert [cohort["partners"] for cohort in one["items"]] == [1]
    for query, status in (("quarters=0", 422), ("quarters=41", 422), ("product=x", 422)):
        assert client.get(f"/v1/analytics/cohorts?{query}", headers=analyst).status_code == status
    assert client.get("/v1/analytics/cohorts", headers=login(Role.PARTNER, "a")).status_code == 403
