"""Pages of the programme: dashboard, figures, funnel, cohorts, ranking, return, goals, plans."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.console.figure_words import GROUPS, WORDS
from domain.context import SYSTEM
from domain.terms import Role
from intelligence.analytics.registry import FAMILIES, FIGURES
from tests.analytics.programme import AS_OF
from tests.api.people import service
from tests.api.small import Login, small_app
from tests.api.test_console import csrf_of, sign_in

PAGES = ("/programme", "/figures", "/figures/revenue", "/funnel", "/cohorts", "/ranking", "/roi", "/goals", "/plans")
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Login]]:
    with small_app(tmp_path_factory.mktemp("small")) as app:
        yield app


@pytest.fixture(scope="module")
def analyst(app: tuple[TestClient, Login]) -> TestClient:
    return sign_in(*app, Role.ANALYST)[0]


@pytest.fixture(scope="module")
def manager(app: tuple[TestClient, Login]) -> TestClient:
    return sign_in(*app, Role.MANAGER)[0]


def test_every_figure_has_words_and_a_place() -> None:
    assert set(WORDS) == set(FIGURES) | {"score"}
    assert sorted(name for _, names in GROUPS for name in names) == sorted(FIGURES)
    assert "score" in FAMILIES


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_for_who_may_ask_for_figures(app: tuple[TestClient, Login], analyst: TestClient, path: str) -> None:
    page = analyst.get(path)
    assert page.status_code == 200, page.text
    assert "style=" not in page.text
    for role, partner in ((Role.ROUTER, None), (Role.PARTNER, "a")):
        assert sign_in(*app, role, partner)[0].get(path).status_code == 403


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_has_a_page_with_its_rows(analyst: TestClient, name: str) -> None:
    page = analyst.get(f"/figures/{name}?period=all&by=country")
    assert page.status_code == 200, page.text
    assert FIGURES[name].formula[:30] in page.text.replace("&#39;", "'").replace("&lt;", "<")


def test_rows_behind_revenue_stand_on_the_page_and_in_the_file(analyst: TestClient) -> None:
    page = analyst.get("/figures/revenue?period=year").text
    assert "2 rows add up to" in page
    assert "$1,600" in page
    assert "€500" in page  # not counted
    lines = analyst.get("/figures/revenue/rows.csv?period=year").text.strip().splitlines()
    head = lines[0].lstrip("\ufeff").split(",")
    assert sum(float(line.split(",")[head.index("counts")]) for line in lines[1:]) == 1600.0
    assert analyst.get("/figures/no-such").status_code == 404
    assert analyst.get("/figures/revenue?period=fortnight").status_code == 422
    assert analyst.get("/figures/activities.training").status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_what_stands_in_the_address_is_shown_as_text(analyst: TestClient, path: str) -> None:
    fields = ("tier", "program", "partner", "account_manager", "kind", "metric", "status")
    page = analyst.get(path, params={"start": 100, **dict.fromkeys(fields, HOSTILE)})
    assert page.status_code == 200, page.text
    assert HOSTILE not in page.text


@pytest.mark.parametrize("query", ["", "period=all", "period=month", "kind=reseller&by=country", "program=nope"])
def test_the_dashboard_keeps_its_filters(analyst: TestClient, query: str) -> None:
    page = analyst.get(f"/programme?{query}").text
    for name in ("Revenue", "Win rate", "Active partners", "Segments side by side"):
        assert name in page
    links = re.findall(r'href="/figures/revenue([^"#]*)"', page)
    assert all(part in links[0] for part in query.split("&") if part and not part.startswith("by="))


def test_cohorts_are_shades(analyst: TestClient) -> None:
    for query in ("show=active", "added=no", "per=all", "quarters=40"):
        page = analyst.get(f"/cohorts?quarters=20&{query}")
        assert page.status_code == 200
        assert 'class="number heat-' in page.text
    assert analyst.get("/cohorts?quarters=41").status_code == 422


def test_a_ranking_counts_places(analyst: TestClient) -> None:
    page = analyst.get("/ranking?figure=revenue&period=year").text
    assert page.index(">A</a>") < page.index(">B</a>")
    assert "Nothing to rank" in analyst.get("/ranking?figure=deals_won&period=year&min_n=1000").text
    assert analyst.get("/ranking?figure=revenue&min_n=").status_code == 200  # as a form sends it
    assert analyst.get("/ranking?figure=nonsense").status_code == 404


def test_a_manager_sets_changes_and_removes_a_goal(manager: TestClient, analyst: TestClient) -> None:
    csrf = csrf_of(manager, "/goals/new?metric=registrations")
    typed = {"csrf": csrf, "partner": "a", "metric": "registrations", "period_start": "2024-01-01",
             "period_end": "2024-12-31", "target": "many"}  # fmt: skip
    refused = manager.post("/goals/new", data=typed)
    assert refused.status_code == 422
    assert 'value="2024-12-31"' in refused.text
    assert 'aria-invalid="true"' in refused.text
    assert manager.post("/goals/new", data=typed | {"partner": HOSTILE, "target": "1"}).status_code == 422
    assert manager.post("/goals/new", data=typed | {"target": "12,5"}).headers["location"] == "/goals?told=goal_set"
    with manager.app.state.services.unit_of_work(SYSTEM, read_only=True) as work:
        (goal,) = work.repository("goals").list({"metric": "registrations"}).rows
    assert (goal["partner"], goal["target"]) == ("a", 12.5)
    again = manager.post("/goals/new", data=typed | {"target": "1"})
    assert again.status_code == 422  # one goal of a figure begins on a day
    page = manager.get("/goals?when=all&metric=deals").text  # by any name of the figure
    assert f"/goals/{goal['id']}" in page
    assert "Deals registered" in page
    assert f"/goals/{goal['id']}" not in analyst.get("/goals?when=all").text
    assert manager.get(f"/goals/{goal['id']}").status_code == 200
    bad = manager.post(f"/goals/{goal['id']}", data={"csrf": csrf, "target": "x", "period_end": "2024-11-30"})
    assert bad.status_code == 422
    assert 'value="2024-11-30"' in bad.text
    moved = manager.post(f"/goals/{goal['id']}", data={"csrf": csrf, "target": "20", "period_end": "2024-11-30"})
    assert moved.headers["location"] == "/goals?told=goal_changed"
    assert analyst.post(f"/goals/{goal['id']}/remove", data={"csrf": csrf_of(analyst, "/goals")}).status_code == 403
    gone = manager.post(f"/goals/{goal['id']}/remove", data={"csrf": csrf})
    assert gone.headers["location"] == "/goals?told=goal_removed"
    assert manager.get(f"/goals/{goal['id']}").status_code == 404
    assert manager.post("/goals/new", data=typed | {"csrf": "stale"}).status_code == 403


def test_partners_are_offered_by_a_part_of_their_name(manager: TestClient, analyst: TestClient) -> None:
    assert '<option value="a">A</option>' in manager.get("/goals/partners?partner=a").text
    assert "option" not in manager.get("/goals/partners?partner=").text
    assert analyst.get("/goals/partners?partner=a").status_code == 403


def test_a_manager_agrees_to_a_plan(app: tuple[TestClient, Login], manager: TestClient, analyst: TestClient) -> None:
    with app[0].app.state.services.unit_of_work(SYSTEM) as work:
        plan = work.repository("plans").create(
            {"external_id": "plan-1", "partner": "a", "title": f"Together {HOSTILE}", "period_start": "2024-01-01",
             "period_end": "2024-12-31", "status": "draft"}
        )  # fmt: skip
    page = manager.get("/plans").text
    assert "Together &lt;script&gt;" in page
    assert "Agree to" in page
    assert "Agree to" not in analyst.get("/plans").text
    csrf = csrf_of(manager, "/plans")
    path = f"/plans/{plan['id']}/status"
    assert manager.post(path, data={"csrf": csrf, "to": "agreed"}).headers["location"] == "/plans?told=plan_agreed"
    assert manager.post(path, data={"csrf": csrf, "to": "nothing"}).status_code == 422
    assert manager.post(path, data={"csrf": csrf, "to": "closed"}).status_code == 303
    over = manager.post(path, data={"csrf": csrf, "to": "agreed"})
    assert over.status_code == 422
    assert "cannot become" in over.text
    assert "Together" in manager.get("/plans?status=closed").text
    assert manager.post("/plans/999999/status", data={"csrf": csrf, "to": "agreed"}).status_code == 404


def test_pages_of_an_empty_store_say_what_would_fill_them(sqlite_engine: Any, tmp_path: Any) -> None:
    with service(sqlite_engine, tmp_path, lambda: AS_OF) as client:

        def login(role: Role, _partner: str | None = None) -> dict[str, str]:
            with client.app.state.services.unit_of_work(SYSTEM) as work:
                return {"Authorization": f"Bearer {work.keys.create(str(role), role).secret}"}

        browser, _ = sign_in(client, login, Role.MANAGER)
        for path in (*PAGES, "/goals/new", "/figures/roi?period=all&by=partner", "/cohorts?show=active"):
            page = browser.get(path)
            assert page.status_code == 200, (path, page.text)
        assert "No partner is active" in browser.get("/programme").text
        assert "No goal fits" in browser.get("/goals").text
