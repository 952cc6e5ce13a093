"""Pages of routing: policies, what they would have done, fairness."""

from domain.context import SYSTEM
from domain.terms import Role
from tests.api.people import admin_key, service
from tests.api.test_console import csrf_of, open_form, sign_in
from worker.handlers import WorkerContext
from worker.loop import run_one


def form(browser, program="", **changed):
    """Return what the form of a policy sends when nothing is touched, but what is changed."""
    fields = {
        "csrf": csrf_of(browser, f"/policies/edit?program={program}"),
        "program": program,
        "name": "of the form",
        "objective": "value",
        "margin": "40",
        "max_hops": "2",
        "answer_hours": "48",
        "remind_hours": "12",
        "cool_down_days": "0",
        "newcomer_days": "180",
        "exploration": "epsilon",
        "explored_share": "12,5",
        "explored_within": "20",
        "working_days": ["mon", "tue"],
        "rules": ["not_active", "territory", "tier"],
        "tiers": "gold; silver",
        "by_0": "newcomer",
        "least_0": "5",
        "act": "save",
    }
    return fields | changed


def test_a_policy_is_put_in_force_with_rules_and_limits_and_changed_again(client, login, admin):
    browser, _ = sign_in(client, login, Role.MANAGER)
    program = client.get("/v1/programs", headers=admin).json()["items"][0]["external_id"]
    assert browser.post("/policies/edit", data=form(browser, program)).headers["location"] == "/policies?told=done"
    items = client.get("/v1/routing/policies", headers=admin).json()["items"]
    found = next(one for one in items if one["program"] == program)["policy"]
    assert (found["margin"], found["explored_share"], found["max_hops"]) == (0.4, 0.125, 2)
    assert found["working_days"] == ["mon", "tue"]
    enforced = {one["rule"] for one in found["rules"] if one["enforced"]}
    assert "tier" in enforced
    assert {one["rule"] for one in found["rules"] if not one["enforced"]} >= {"no_agreement", "at_capacity"}
    assert next(one["names"] for one in found["rules"] if one["rule"] == "tier") == ["gold", "silver"]
    assert found["limits"] == [{"by": "newcomer", "value": None, "least": 0.05, "most": None}]
    page = browser.get(f"/policies/edit?program={program}").text
    assert 'value="12.5"' in page
    assert "gold; silver" in page
    rules = ["not_active", "territory", "no_agreement"]
    again = form(browser, program, rules=rules, by_0="", least_0="", exploration="none")
    assert browser.post("/policies/edit", data=again).status_code == 303
    items = client.get("/v1/routing/policies", headers=admin).json()["items"]
    found = next(one for one in items if one["program"] == program)["policy"]
    assert found["limits"] == []
    assert "tier" not in {one["rule"] for one in found["rules"] if one["enforced"]}
    assert "of the form" in browser.get("/policies").text
    off = client.patch(f"/v1/routing-policies/policy-{program}", headers=admin, json={"active": False})
    assert off.status_code == 200, off.text  # other tests share the programme


def test_what_is_refused_stays_typed(client, login):
    browser, _ = sign_in(client, login, Role.MANAGER)
    for wrong, said in (
        ({"margin": "400"}, "margin"),
        ({"margin": "much"}, "is no number"),
        ({"rules": ["tier"], "tiers": ""}, "names of the eligible tiers"),
        ({"program": "none such"}, "none such"),
        ({"least_0": "60", "most_0": "40"}, "is more than most"),
    ):
        refused = browser.post("/policies/edit", data=form(browser) | wrong)
        assert refused.status_code in (404, 422), refused.text
        assert said in refused.text
        assert "of the form" in refused.text


def test_a_policy_is_tried_on_past_leads(client, login, programme):
    browser, _ = sign_in(client, login, Role.MANAGER)
    begun = browser.post("/policies/edit", data=form(browser, act="try", rules=["not_active"], by_0=""))
    where = begun.headers["location"]
    assert where.startswith("/what-if/")
    assert "Waits for the worker" in browser.get(where).text
    assert where in browser.get("/what-if").text
    services = client.app.state.services
    while run_one(WorkerContext(services.settings, services.intelligence, services.clock)):
        pass
    page = browser.get(where).text
    for text in ("Side by side", "By the outcomes on record", "What changes", "Wins expected"):
        assert text in page
    assert browser.get("/what-if/none").status_code == 404


def test_fairness_compares_groups_and_refuses_what_is_no_group(client, login):
    browser, _ = sign_in(client, login, Role.ANALYST)
    for by in ("tier", "country", "partner"):
        page = browser.get(f"/fairness?by={by}&days=730")
        assert page.status_code == 200
        assert "Unevenness" in page.text
    wrong = browser.get("/fairness?by=<b>")
    assert wrong.status_code == 422
    assert "<b>" not in wrong.text


def test_pages_of_routing_are_for_those_who_may_ask(client, login):
    browser, _ = sign_in(client, login, Role.ROUTER)
    assert browser.get("/policies").status_code == 200
    assert "Change or try" not in browser.get("/policies").text
    for path in ("/policies/edit", "/what-if", "/fairness"):
        assert browser.get(path).status_code == 403


def test_an_empty_store_has_a_policy_and_no_leads(sqlite_engine, tmp_path, clock):
    with service(sqlite_engine, tmp_path, clock) as client:
        key = admin_key(sqlite_engine, clock)["Authorization"].removeprefix("Bearer ")
        browser, token = open_form(client.app)
        browser.post("/login", data={"key": key, "form": token})
        assert "All leads" in browser.get("/policies").text
        assert "No lead was offered" in browser.get("/fairness").text
        assert "No policy has been tried yet" in browser.get("/what-if").text
        with client.app.state.services.unit_of_work(SYSTEM) as work:
            other = work.jobs.enqueue("train", {"models": []}, created_by="test")
        assert browser.get(f"/what-if/{other.id}").status_code == 404
