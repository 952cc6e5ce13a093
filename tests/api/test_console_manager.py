"""Pages of managers: risk list, actions, alerts."""

import csv
import io
from datetime import timedelta

import pytest

from api.console.interventions import points
from api.console.risk_words import what_to_do, why
from domain.context import SYSTEM
from domain.terms import Role
from programme import records
from programme.alerts import raise_alert
from programme.risk_advice import Advice, Call, advice
from store.alerts import Draft
from store.unit_of_work import UnitOfWork
from tests.api.people import add_partners, add_person, service, signed_in
from tests.api.test_console import hidden, sign_in
from tests.api.test_console_digest import browser_of
from tests.conftest import NOW

PAGES = ("/risk", "/risk.csv", "/interventions", "/interventions/outcomes", "/alerts", "/alerts/preferences")
HOSTILE = "<script>alert(1)</script>"


def test_the_risk_list_narrows_and_adds_up(client, login):
    browser, _ = sign_in(client, login, Role.MANAGER)
    everybody = browser.get("/risk").text
    assert "Partners at risk" in everybody
    assert "Plan an action" in everybody
    rows = list(csv.DictReader(io.StringIO(browser.get("/risk.csv").text.removeprefix("\ufeff"))))
    assert rows
    manager = rows[0]["account_manager"]
    some = browser.get("/risk.csv", params={"account_manager": manager}).text
    own = list(csv.DictReader(io.StringIO(some.removeprefix("\ufeff"))))
    assert {row["account_manager"] for row in own} == {manager}
    assert len(own) == sum(row["account_manager"] == manager for row in rows)
    assert "No partner fits" in browser.get("/risk?mine=1").text
    for query in ("band=high", "horizon=30", "horizon=77", "program=none", "country=XX", "start=900", "band=odd"):
        assert browser.get(f"/risk?{query}").status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_managers_are_no_partners_business(client, login, path):
    with UnitOfWork(client.app.state.services.intelligence.engine, SYSTEM) as work:
        partner = work.repository("partners").list({"status": "active"}, limit=1).rows[0]["external_id"]
    browser, _ = sign_in(client, login, Role.PARTNER, partner)
    assert browser.get(path).status_code == 403


def test_analysts_look_and_change_nothing(client, login):
    browser, _ = sign_in(client, login, Role.ANALYST)
    page = browser.get("/risk").text
    assert "Plan an action" not in page
    assert browser.get("/interventions/new").status_code == 403
    token = hidden(page, "csrf")
    assert browser.post("/interventions/new", data={"csrf": token, "partner": "x"}).status_code == 403


def test_an_empty_store_has_whole_pages(sqlite_engine, tmp_path, clock):
    with service(sqlite_engine, tmp_path, clock) as client:
        browser = browser_of(client, sqlite_engine, clock)
        told = [browser.get(path) for path in PAGES]
        assert [page.status_code for page in told] == [200] * len(PAGES)
        for page, text in zip(told, ("No partner fits", "external_id", "Nothing is to be done"), strict=False):
            assert text in page.text
        assert "Nothing was done yet" in told[3].text
        assert "Nothing asks for attention" in told[4].text
        assert browser.get("/interventions/7").status_code == 404


def test_an_action_is_planned_changed_done_reopened_and_dropped(sqlite_engine, tmp_path, clock):
    add_partners(sqlite_engine, clock, "p1")
    with service(sqlite_engine, tmp_path, clock) as client:
        browser = browser_of(client, sqlite_engine, clock)
        form = browser.get("/interventions/new?partner=p1&title=Call&back=//evil.example").text
        assert 'name="back" value="/"' in form
        token = hidden(form, "csrf")
        sent = {"csrf": token, "partner": "p1", "kind": "call", "title": f"{HOSTILE} =1+1", "due_on": "2024-06-03"}
        gone = browser.post("/interventions/new", data=sent | {"back": "/risk?tier=gold"})
        assert gone.headers["location"] == "/risk?tier=gold&told=planned"
        listed = browser.get("/interventions").text
        assert HOSTILE not in listed
        assert "&lt;script&gt;" in listed
        changed = {"csrf": token, "title": "Visit", "kind": "visit", "owner": "Ann", "due_on": ""}
        assert browser.post("/interventions/1", data=changed).status_code == 303
        assert browser.post("/interventions/1/done", data={"csrf": token, "done_on": "2024-06-01"}).status_code == 303
        assert "Visit" in browser.get("/interventions/outcomes").text
        refused = browser.post("/interventions/1/drop", data={"csrf": token})
        assert refused.status_code == 422
        assert "What was done stays" in refused.text
        assert browser.post("/interventions/1/reopen", data={"csrf": token}).status_code == 303
        assert browser.post("/interventions/1/drop", data={"csrf": token}).status_code == 303
        assert "Nothing is to be done" in browser.get("/interventions").text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"partner": "nobody"}, "nobody"),
        ({"title": " "}, "title is required"),
        ({"due_on": "soon"}, "due_on"),
        ({"done_on": "2024-06-09"}, "lies in the past"),
        ({"done_on": "yesterday"}, "written like"),
        ({"kind": "magic"}, 'role="alert"'),
    ],
)
def test_what_is_refused_comes_back_as_typed(sqlite_engine, tmp_path, clock, wrong, said):
    add_partners(sqlite_engine, clock, "p1")
    with service(sqlite_engine, tmp_path, clock) as client:
        browser = browser_of(client, sqlite_engine, clock)
        token = hidden(browser.get("/interventions/new").text, "csrf")
        sent = {"csrf": token, "partner": "p1", "title": "Call", "description": "as <typed>"} | wrong
        refused = browser.post("/interventions/new", data=sent)
        assert refused.status_code == 422
        assert said in refused.text
        assert "as &lt;typed&gt;" in refused.text


def test_a_confined_manager_sees_and_plans_for_the_own_partners_only(sqlite_engine, tmp_path, clock):
    add_partners(sqlite_engine, clock, "mine", account_manager="ann@acme.example")
    add_partners(sqlite_engine, clock, "theirs", account_manager="Bob")
    with UnitOfWork(sqlite_engine, SYSTEM, clock) as work:
        for name in ("mine", "theirs"):
            for more in ({}, {"done_at": NOW}):
                records.create(work, "interventions", {"partner": name, "title": f"For {name}", **more})
    with service(sqlite_engine, tmp_path, clock, managers_see_portfolio_only=True) as client:
        add_person(client, "ann@acme.example", Role.MANAGER)
        browser = signed_in(client, "ann@acme.example")
        for path in ("/interventions", "/interventions/outcomes", "/digest"):
            page = browser.get(path).text
            assert "For mine" in page
            assert "For theirs" not in page
        assert browser.get("/interventions/3").status_code == 404
        assert browser.post("/interventions/new", data={"partner": "theirs", "title": "x"}).status_code == 422
        outcomes = browser.get("/v1/interventions/outcomes").json()
        assert [one["partner"] for one in outcomes["items"]] == ["mine"]


def test_outcomes_over_http_come_in_pages(sqlite_engine, tmp_path, clock):
    add_partners(sqlite_engine, clock, "p1")
    with UnitOfWork(sqlite_engine, SYSTEM, clock) as work:
        for days in range(3):
            done = NOW - timedelta(days=days)
            records.create(work, "interventions", {"partner": "p1", "title": f"{days} days ago", "done_at": done})
    with service(sqlite_engine, tmp_path, clock) as client:
        browser = browser_of(client, sqlite_engine, clock)
        first = browser.get("/v1/interventions/outcomes?limit=2").json()
        then = browser.get("/v1/interventions/outcomes", params={"limit": 2, "cursor": first["next_cursor"]}).json()
        assert [one["title"] for one in first["items"] + then["items"]] == [f"{days} days ago" for days in range(3)]
        assert [one["difference"] for one in first["beside"]] == [None, None]
        assert (then["next_cursor"], then["beside"]) == (None, [])
        assert browser.get("/v1/interventions/outcomes?cursor=x").status_code == 422


def test_alerts_are_filtered_paged_read_and_resolved(sqlite_engine, tmp_path, clock):
    add_partners(sqlite_engine, clock, "p1")
    with service(sqlite_engine, tmp_path, clock) as client:
        with UnitOfWork(sqlite_engine, SYSTEM, clock) as work:
            lead = work.repository("leads").create({"external_id": "L1", "created_at": NOW})
            for n in range(60):
                draft = Draft("message", "info", f"{HOSTILE} number {n}.", f"m{n}", "notes", partner_id=1)
                raise_alert(work, draft, client.app.state.services.settings)
            waits = Draft("lead_needs_person", "critical", "L1 waits.", "l", "leads", "L1")
            raise_alert(work, waits, client.app.state.services.settings)
        browser = browser_of(client, sqlite_engine, clock)
        page = browser.get("/alerts").text
        assert f'href="/leads/{lead["id"]}"' in page
        assert '<span class="count">61<' in page
        assert HOSTILE not in page
        assert "number 10." not in page
        assert "number 10." in browser.get("/alerts?before=12").text
        assert "number 59." not in browser.get("/alerts?severity=critical").text
        token = hidden(page, "csrf")
        read = browser.post("/alerts/read?kind=message", data={"csrf": token, "ids": [1, 2]})
        assert read.headers["location"] == "/alerts?kind=message&state=open&told=read"
        assert browser.post("/alerts/resolve", data={"csrf": token, "ids": [1, 61]}).status_code == 303
        assert browser.post("/alerts/resolve", data={"csrf": token}).headers["location"] == "/alerts?state=open"
        missing = browser.post("/alerts/resolve", data={"csrf": token, "ids": [999]})
        assert (missing.status_code, "no alert 999" in missing.text) == (422, True)
        assert "L1 waits." in browser.get("/alerts?state=resolved").text
        assert '<span class="count">58<' in browser.get("/interventions").text


def test_people_choose_how_they_are_told_and_keys_get_no_mail(sqlite_engine, tmp_path, clock):
    with service(sqlite_engine, tmp_path, clock) as client:
        add_person(client, "ann@acme.example", Role.MANAGER)
        ann = signed_in(client, "ann@acme.example")
        sent = {"email-weekly_digest": "daily", "console-weekly_digest": "1", "webhook-message": "odd"}
        assert ann.post("/alerts/preferences", data=sent).status_code == 303
        items = {one["kind"]: one for one in ann.get("/v1/alert-preferences").json()["items"]}
        assert items["weekly_digest"]["email"] == "daily"
        assert (items["message"]["webhook"], items["message"]["console"]) == ("off", False)
        machine = browser_of(client, sqlite_engine, clock)
        token = hidden(machine.get("/alerts/preferences").text, "csrf")
        refused = machine.post("/alerts/preferences", data={"csrf": token, "email-message": "daily"})
        assert (refused.status_code, "no e-mail address" in refused.text) == (422, True)


@pytest.mark.parametrize(
    ("facts", "p", "call"),
    [
        ({"unanswered_leads": 2}, 0.1, Call.LEADS_WAIT),
        ({"agreement_ends_on": (NOW + timedelta(days=20)).date()}, 0.1, Call.AGREEMENT_ENDS),
        ({"certificate_expires_on": NOW.date()}, 0.1, Call.CERTIFICATE_ENDS),
        ({"last_sign_at": NOW - timedelta(days=30), "usual_gap_days": 10.0}, 0.6, Call.SILENT),
        ({"last_sign_at": NOW - timedelta(days=90), "usual_gap_days": None}, 0.6, Call.SILENT),
        ({"last_sign_at": NOW, "last_deal_at": None}, 0.6, Call.NO_DEAL),
        ({"last_sign_at": NOW, "last_deal_at": NOW, "last_won_at": None}, 0.6, Call.NO_WIN),
        ({"last_sign_at": NOW, "last_deal_at": NOW, "last_won_at": NOW}, 0.6, Call.RISK),
        ({"last_sign_at": NOW - timedelta(days=90)}, 0.1, None),
    ],
)
def test_one_thing_to_do_with_its_why(facts, p, call):
    told = advice(facts, p, NOW)
    assert (told and told.call) == call
    if told is not None:
        assert what_to_do(told)
        assert "%(" not in why(told)


def test_every_call_has_words():
    assert all(what_to_do(Advice(call, "call")) and why(Advice(call, "call")) for call in Call)
    assert points(0.0) == "0 points"
