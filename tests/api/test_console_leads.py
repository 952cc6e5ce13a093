"""The routing desk's pages: filters and counts, the page of a lead, offers by a person."""

import pytest

from domain.context import SYSTEM
from domain.terms import Role
from intelligence.matching.service import open_leads
from store.desk import UNROUTED, Asked, desk_counts, desk_leads, given_up_before
from tests.api.people import add_partners, admin_key, service
from tests.api.test_console import csrf_of, open_form, sign_in

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def lead(client):
    """A lead that only this module works with."""
    with client.app.state.services.unit_of_work(SYSTEM) as work:
        known = work.repository("leads").list({"external_id": "L-000001"}, limit=1).rows[0]  # not one of a test's
        values = {name: known[name] for name in ("country", "product", "industry", "program")}
        row = {"external_id": "L-desk", "company": f"Desk {HOSTILE}", "created_at": work.clock(), **values}
        return work.repository("leads").create(row)


def test_free_leads_are_those_that_the_models_call_open(client):
    services = client.app.state.services
    most = len(services.intelligence.history().leads)
    expected = set(open_leads(services.intelligence)["external_id"])
    with services.unit_of_work(SYSTEM, read_only=True) as work:
        asked = Asked(given_up=given_up_before(work.clock(), services.settings.match_horizon_days))
        free = desk_leads(work.connection, SYSTEM, asked._replace(is_free=True), 0, most)
        counts = desk_counts(work.connection, SYSTEM, asked)
        shown = desk_leads(work.connection, SYSTEM, asked._replace(state=UNROUTED), 0, most)
    assert {one.lead for one in free} == expected
    assert {one.lead for one in shown} <= expected
    assert counts[UNROUTED] == len(shown)


def test_the_list_is_filtered_by_its_address(client, login, lead):
    browser, _ = sign_in(client, login, Role.ROUTER)
    page = browser.get(f"/leads?state=unrouted&country={lead['country']}&free=1").text
    assert f"/leads/{lead['id']}" in page
    assert HOSTILE not in page
    assert "Not routed" in page
    for query in ("country=QX", "hours=4", "state=accepted", "product=none", "program=none"):
        assert f"/leads/{lead['id']}" not in browser.get(f"/leads?{query}").text
    assert "No lead is like that" in browser.get("/leads?country=XX").text
    assert browser.get("/leads?state=<b>&hours=x&start=0").status_code == 200
    assert browser.get("/leads?start=-1").status_code == 422


def test_a_router_offers_a_lead_to_a_candidate_and_takes_it_back(client, login, lead):
    browser, _ = sign_in(client, login, Role.ROUTER)
    path = f"/leads/{lead['id']}"
    page = browser.get(path).text
    assert "What makes the value" in page
    assert HOSTILE not in page
    assert "Choose the partner yourself" not in page
    partner, second = (part.partition('"')[0] for part in page.split('name="partner" value="')[1:3])
    csrf = csrf_of(browser, path)
    nobody = browser.post(f"{path}/offer", data={"csrf": csrf, "partner": "nobody"})
    assert nobody.status_code == 422
    assert "nobody" in nobody.text
    made = browser.post(f"{path}/offer", data={"csrf": csrf, "partner": partner})
    assert made.headers["location"] == f"{path}?told=offered"
    page = browser.get(path).text
    assert "To be answered" in page
    assert "Offer to " not in page
    services = client.app.state.services
    with services.unit_of_work(SYSTEM) as work:
        (row,) = work.repository("assignments").list({"lead": "L-desk"}).rows
    assert (row["partner"], row["response"], row["attributes"].get("propensity")) == (partner, None, None)
    other = browser.post(f"/leads/{lead['id'] - 1}/take-back/{row['id']}", data={"csrf": csrf})
    assert other.status_code == 422
    assert browser.post(f"{path}/stop", data={"csrf": csrf}).status_code == 303
    again = browser.post(f"{path}/offer", data={"csrf": csrf, "partner": second})
    assert again.status_code == 303
    with services.unit_of_work(SYSTEM) as work:
        rows = work.repository("assignments").list({"lead": "L-desk"}).rows
    waiting = next(one for one in rows if one["response"] is None)
    assert browser.post(f"{path}/take-back/{waiting['id']}", data={"csrf": csrf}).status_code == 303
    assert browser.post(f"{path}/stop", data={"csrf": csrf}).status_code == 303


def test_others_look_and_do_not_touch(client, login, lead):
    path = f"/leads/{lead['id']}"
    for role in (Role.ANALYST, Role.RECRUITER):
        browser, _ = sign_in(client, login, role)
        page = browser.get(path).text
        assert 'action="/leads/' not in page
        csrf = csrf_of(browser, "/leads")
        for what in ("offer", "route", "take-back/1", "override"):
            assert browser.post(f"{path}/{what}", data={"csrf": csrf, "partner": "x"}).status_code == 403
    assert browser.get("/leads/999999999").status_code == 404


def test_with_nobody_eligible_the_page_says_why(sqlite_engine, tmp_path, clock):
    with service(sqlite_engine, tmp_path, clock) as client:
        key = admin_key(sqlite_engine, clock)["Authorization"].removeprefix("Bearer ")
        browser, token = open_form(client.app)
        browser.post("/login", data={"key": key, "form": token})
        assert "No lead here" in browser.get("/leads").text
        with client.app.state.services.unit_of_work(SYSTEM) as work:
            id_ = work.repository("leads").create({"external_id": "L1", "created_at": clock()})["id"]
        assert "There are no partners yet" in browser.get(f"/leads/{id_}").text
        add_partners(sqlite_engine, clock, "p1", status="ended")
        page = browser.get(f"/leads/{id_}").text
        assert "Nobody may get this lead" in page
        assert "not an active partner" in page
