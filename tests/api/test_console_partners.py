"""Pages of partners over HTTP: the list, the page of one, what is changed there."""

import csv
import io
import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from api.console.partner_page import PARTS
from api.console.rendering import partner_page
from domain.context import SYSTEM
from domain.language import LANGUAGES
from domain.terms import Role
from store.audit import AuditFilter
from tests.api.people import add_partners, add_person, service, signed_in
from tests.api.test_console import csrf_of, sign_in
from tests.programmes import END

HOSTILE = "ACME/DE & co <b>'\"?#"


@pytest.fixture
def small(sqlite_engine, tmp_path, clock):
    """A service without models whose only partner has an odd id, and a browser of its manager."""
    with service(sqlite_engine, tmp_path, clock) as client:
        add_partners(sqlite_engine, clock, HOSTILE, status="active", account_manager="Ann Ash")
        add_person(client, "ann@vendor.example", Role.MANAGER, name="Ann Ash")
        yield client, signed_in(client, "ann@vendor.example")


def work_of(client: TestClient):
    return client.app.state.services.unit_of_work(SYSTEM)


def test_managers_find_partners_and_take_the_list_with_them(client, login):
    browser, _ = sign_in(client, login, Role.MANAGER)
    with work_of(client) as work:
        row = work.repository("partners").list({"status": "active"}, limit=1).rows[0]
    page = browser.get("/partners", params={"q": row["name"].upper()})
    assert page.status_code == 200, page.text
    assert partner_page(row["external_id"]) in page.text
    assert "No partner fits" in browser.get("/partners", params={"q": "no such name"}).text
    for sort in ("name", "-risk", "-recruited_at", "tier", "country", "' or 1=1"):
        assert browser.get("/partners", params={"sort": sort, "status": "every"}).status_code == 200
    answer = browser.get("/partners.csv", params={"q": row["external_id"]})
    assert answer.headers["content-type"].startswith("text/csv")
    (found, *_) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert found["name"] == row["name"]
    assert "p_inactive" in found


@pytest.mark.parametrize("part", [*(part for part, _ in PARTS), "edit", "timeline?kind=activities", "deals?state=won"])
def test_each_part_of_a_partners_page_shows(client, login, part):
    browser, _ = sign_in(client, login, Role.MANAGER)
    with work_of(client) as work:
        row = work.repository("partners").list({"status": "active"}, limit=1).rows[0]
    page = browser.get(partner_page(row["external_id"], part=part))
    assert page.status_code == 200, page.text
    assert row["name"] in page.text
    assert not re.search("(&lt;|<)(function|bound method)|object at 0x|Undefined", page.text)


def test_the_overview_speaks_each_language(client, login):
    browser, _ = sign_in(client, login, Role.MANAGER)
    with work_of(client) as work:
        row = work.repository("partners").list({"status": "active"}, limit=1).rows[0]
    path = partner_page(row["external_id"])
    for code in LANGUAGES:
        browser.post("/look", data={"language": code, "theme": "dark", "back": path})
        assert browser.get(path).status_code == 200


def test_who_may_see_partners_and_what_of_them(client, login):
    with work_of(client) as work:
        row = work.repository("partners").list({"status": "active"}, limit=1).rows[0]
    path = partner_page(row["external_id"])
    router, _ = sign_in(client, login, Role.ROUTER)
    own, _ = sign_in(client, login, Role.PARTNER, row["external_id"])
    for browser in (router, own):
        assert [browser.get(there).status_code for there in ("/partners", path, f"{path}/scores")] == [403, 403, 403]
    recruiter, _ = sign_in(client, login, Role.RECRUITER)
    assert "Why this risk" not in recruiter.get(path).text
    assert "p_inactive" not in recruiter.get("/partners.csv").text
    analyst, _ = sign_in(client, login, Role.ANALYST)
    assert "Why this risk" in analyst.get(path).text
    token = {"csrf": csrf_of(analyst, path)}
    for part in ("edit", "status", "notes", "absence", "recommended"):
        assert analyst.post(f"{path}/{part}", data=token).status_code == 403
    assert analyst.get("/partners/no-such").status_code == 404


def test_partners_of_other_portfolios_are_not_there(sqlite_engine, tmp_path, clock):
    with service(sqlite_engine, tmp_path, clock, managers_see_portfolio_only=True) as client:
        add_partners(sqlite_engine, clock, "p1", status="active", account_manager="Ann Ash")
        add_partners(sqlite_engine, clock, "p2", status="active", account_manager="Bob")
        add_person(client, "ann@vendor.example", Role.MANAGER, name="Ann Ash")
        ann = signed_in(client, "ann@vendor.example")
        listed = ann.get("/partners").text
        assert "P1" in listed
        assert "P2" not in listed
        assert "Bob" not in listed
        for part, _ in PARTS:
            assert ann.get(f"/partners/p1/{part}".rstrip("/")).status_code == 200, part
            assert ann.get(f"/partners/p2/{part}".rstrip("/")).status_code == 404
        assert ann.post("/partners/p2/notes", data={"body": "x"}).status_code == 404


def test_an_empty_store_says_what_fills_the_list(sqlite_engine, tmp_path, clock):
    with service(sqlite_engine, tmp_path, clock) as client:
        add_person(client, "ann@vendor.example", Role.MANAGER)
        page = signed_in(client, "ann@vendor.example").get("/partners")
        assert "Partners appear here once" in page.text


def test_odd_ids_lead_to_pages_on_which_nothing_is_markup(small):
    client, browser = small
    link = re.search(r'href="(/partners/[^"]+)">ACME', browser.get("/partners").text)[1]
    for part in [part for part, _ in PARTS] + ["edit"]:
        page = browser.get(f"{link}/{part}".rstrip("/"))
        assert page.status_code == 200, (part, page.text)
        assert "<b>" not in page.text
    with work_of(client) as work:
        id_ = work.repository("partners").get(HOSTILE)["id"]
    assert browser.get(f"/partners/id:{id_}/deals").status_code == 200


def test_a_formula_in_a_name_is_text_in_the_file(small):
    client, browser = small
    with work_of(client) as work:
        work.repository("partners").create({"external_id": "x", "name": "=HYPERLINK(1)", "status": "active"})
    assert ",'=HYPERLINK(1)," in browser.get("/partners.csv").text


def test_notes_are_written_and_refused_ones_keep_what_was_typed(small):
    client, browser = small
    path = partner_page(HOSTILE)
    refused = browser.post(f"{path}/notes", data={"body": " ", "kind": "call", "shared": "1"})
    assert refused.status_code == 422
    assert "Write something first." in refused.text
    assert 'value="call" selected' in refused.text
    assert " checked" in refused.text
    answer = browser.post(f"{path}/notes", data={"body": "Called <i>them</i>", "kind": "call"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}/notes?told=done")
    with work_of(client) as work:
        (note,) = work.repository("notes").list({"partner": HOSTILE}).rows
    assert (note["author"], note["kind"], note["shared"]) == ("Ann Ash", "call", False)
    page = browser.get(f"{path}/notes").text
    assert "Called &lt;i&gt;them&lt;/i&gt;" in page
    assert "Called &lt;i&gt;them" in browser.get(f"{path}/timeline?kind=notes").text


def edited(browser, path, **changed):
    page = browser.get(f"{path}/edit").text
    typed = dict(re.findall(r'<input id="field-(\w+)" name="\w+" type="text" value="([^"]*)"', page))
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    chosen = re.findall(r'<select id="field-(\w+)".*?</select>', page, re.DOTALL)
    return {**typed, **dict.fromkeys(chosen, ""), "version": version, "description": "", **changed}


def test_fields_are_changed_and_what_another_changed_is_not_overwritten_unseen(small):
    client, browser = small
    path = partner_page(HOSTILE)
    form = edited(browser, path, tier="gold", territories="BR-SP; BR-RJ", employees="12")
    assert browser.post(f"{path}/edit", data=form | {"country": "Atlantis"}).status_code == 422
    refused = browser.post(f"{path}/edit", data=form | {"employees": "many"})
    assert refused.status_code == 422
    assert 'value="many"' in refused.text
    assert 'value="BR-SP; BR-RJ"' in refused.text
    assert browser.post(f"{path}/edit", data=form).status_code == 303
    with work_of(client) as work:
        row = work.repository("partners").get(HOSTILE)
    assert (row["tier"], row["territories"], row["employees"]) == ("gold", ["BR-SP", "BR-RJ"], 12)
    assert row["account_manager"] == "Ann Ash"
    stale = browser.post(f"{path}/edit", data=form | {"tier": "silver"})
    assert stale.status_code == 412
    assert "changed this partner meanwhile" in stale.text
    assert 'value="silver"' in stale.text
    assert "now: gold" in stale.text
    again = re.search(r'name="version" value="(\d+)"', stale.text)[1]
    assert browser.post(f"{path}/edit", data=form | {"tier": "silver", "version": again}).status_code == 303
    assert browser.post(f"{path}/edit", data=form | {"version": "first"}).status_code == 422


def test_a_status_follows_the_table_with_its_reason(small):
    client, browser = small
    path = partner_page(HOSTILE)
    refused = browser.post(f"{path}/status", data={"status": "prospect", "reason": "why not"})
    assert refused.status_code == 422
    assert 'value="why not"' in refused.text
    assert browser.post(f"{path}/status", data={"status": "nonsense"}).status_code == 422
    assert browser.post(f"{path}/status", data={"status": "inactive", "reason": "silent"}).status_code == 303
    with work_of(client) as work:
        assert work.repository("partners").get(HOSTILE)["status"] == "inactive"
    assert "silent" in browser.get(f"{path}/timeline?kind=stages").text


def test_an_absence_is_noted_to_the_end_of_its_last_day(small):
    client, browser = small
    path = partner_page(HOSTILE)
    assert browser.post(f"{path}/absence", data={"since": "soon"}).status_code == 422
    assert browser.post(f"{path}/absence", data={"until": "2030-01-01"}).status_code == 422
    form = {"since": "2030-01-01", "until": "2030-01-05", "away_reason": "holidays"}
    assert browser.post(f"{path}/absence", data=form | {"until": "2029-01-01"}).status_code == 422
    assert browser.post(f"{path}/absence", data=form).status_code == 303
    with work_of(client) as work:
        (row,) = work.repository("absences").list({"partner": HOSTILE}).rows
    assert (row["until"] - row["since"], row["reason"]) == (timedelta(days=5), "holidays")
    assert "holidays" in browser.get(path).text
    assert 'name="absence"' in browser.get(f"{path}/edit").text
    assert browser.post(f"{path}/absence-off", data={"absence": "none"}).status_code == 422
    assert browser.post(f"{path}/absence-off", data={"absence": str(row["id"])}).status_code == 303
    with work_of(client) as work:
        assert work.repository("absences").list({"partner": HOSTILE}).rows == []


def test_who_read_contacts_is_written_down(small):
    client, browser = small
    with work_of(client) as work:
        work.repository("contacts").create(
            {"external_id": "c1", "partner": HOSTILE, "name": "Cy", "email": "cy@x.example"}
        )
    assert "cy@x.example" in browser.get(partner_page(HOSTILE)).text
    with work_of(client) as work:
        (entry,) = work.audit.list(AuditFilter(resource="contacts", action="read"))
    assert entry.actor_name == "Ann Ash"


def test_the_timeline_goes_on_where_it_stopped(small):
    client, browser = small
    services = client.app.state.services
    now = services.clock()
    with work_of(client) as work:
        for n in range(120):  # many in one instant, too
            at = now - timedelta(hours=n // 30)
            work.repository("deals").create({"external_id": f"deal {n:03}", "partner": HOSTILE, "registered_at": at})
    path, seen = f"{partner_page(HOSTILE)}/timeline?kind=deals", []
    for _ in range(4):
        page = browser.get(path).text
        seen += re.findall(r"deal \d{3}", page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        if older is None:
            break
        path = older[1].replace("&amp;", "&").replace("&#39;", "'")
    assert len(seen) == len(set(seen)) == 120
    assert older is None


def test_recommended_items_are_noted_as_sent_or_unsuitable(client, login):
    browser, _ = sign_in(client, login, Role.MANAGER)
    with work_of(client) as work:
        row = work.repository("partners").list({"status": "active"}, sort="-id", limit=1).rows[0]
    path = partner_page(row["external_id"], part="recommended")
    page = browser.get(path).text
    kind, item = re.search(r'name="kind" value="(\w+)"><input type="hidden" name="item" value="([^"]+)"', page).groups()
    form = {"csrf": csrf_of(browser, path), "kind": kind, "item": item}
    assert browser.post(path, data=form | {"action": "eaten"}).status_code == 422
    assert browser.post(path, data=form | {"action": "dismissed"}).status_code == 303
    with work_of(client) as work:
        last = work.recommendation_feedback.find(partner_id=row["id"])[-1]
    assert (last.kind, last.item, last.action, last.occurred_at) == (kind, item, "dismissed", END)
    assert f'value="{item}"' not in browser.get(path).text
