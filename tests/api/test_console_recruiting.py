"""Pages of recruiters: ranking, file, one prospect, scoring again, shortlists, comparing, white space."""

import csv
import html
import io
import re

import pytest
from markupsafe import escape

from domain.context import SYSTEM
from domain.language import LANGUAGES
from domain.terms import Role
from store.unit_of_work import UnitOfWork
from tests.api.people import add_partners, service
from tests.api.test_console import csrf_of, hidden, open_form, sign_in

HOSTILE = '<script>alert(1)</script> & "=1+1"'


@pytest.fixture
def recruiter(client, login):
    browser, answer = sign_in(client, login, Role.RECRUITER)
    assert answer.status_code == 303
    return browser


@pytest.fixture
def prospects(client, admin):
    """Return the external ids of the best three prospects of the ranking."""
    rows = client.get("/v1/prospects/ranking", headers=admin, params={"limit": 3}).json()["items"]
    return [row["partner"] for row in rows]


def fields_of(page):
    """Return what a form's fields hold."""
    found = dict(re.findall(r'<input id="field-([^"]+)"[^>]* value="([^"]*)"', page))
    found |= dict(re.findall(r'<textarea id="field-([^"]+)"[^>]*>([^<]*)<', page))
    for name, options in re.findall(r'<select id="field-([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return {name: html.unescape(value) for name, value in found.items()}


def test_filters_of_the_ranking_live_in_the_address(client, recruiter, admin):
    rows = client.get("/v1/prospects/ranking", headers=admin, params={"limit": 200}).json()["items"]
    profiles = {row["partner"]: client.get(f"/v1/partners/{row['partner']}", headers=admin).json() for row in rows}
    first = profiles[rows[0]["partner"]]
    page = recruiter.get("/prospects", params={"country": first["country"], "kind": first["kind"], "min_p": "0.1"}).text
    assert first["name"] in page
    assert f'<option value="{first["country"]}" selected>' in page
    other = next(row for row in profiles.values() if row["country"] != first["country"])
    assert f">{other['name']}</a>" not in page
    assert "No prospect fits" in recruiter.get("/prospects?country=XX").text
    assert recruiter.get("/prospects?country=&min_p=&status=").status_code == 200  # as the form sends it
    assert recruiter.get("/prospects?min_p=2").status_code == 422
    assert recruiter.get("/prospects?fills=product:x").status_code == 422
    assert "No prospect fits" in recruiter.get("/prospects?fills=country:XX&status=applied").text


def test_the_file_has_what_the_list_has_and_no_formulas(client, recruiter, admin):
    body = {"external_id": "formula", "name": "=HYPERLINK(1)", "status": "prospect"}
    assert client.post("/v1/partners", headers=admin, json=body).status_code == 201
    answer = recruiter.get("/prospects.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert re.search(r'filename="prospects-\d{4}-\d\d-\d\d.csv"', answer.headers["content-disposition"])
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    found = client.get("/v1/prospects/ranking", headers=admin, params={"limit": 200}).json()["items"]
    assert [row["id"] for row in rows] == [row["partner"] for row in found]
    assert [row["name"] for row in rows if row["id"] == "formula"] == ["'=HYPERLINK(1)"]
    assert float(rows[0]["chance"]) == found[0]["p_productive"]
    assert client.delete("/v1/partners/formula", headers=admin).status_code == 204


def test_a_gap_lists_those_who_would_fill_it(client, recruiter, admin):
    rows = client.get("/v1/prospects/white-space", headers=admin).json()["items"]
    gap = next(row for row in rows if row["prospects"] and row["dimension"] != "product")
    link = f"fills={gap['dimension']}%3A{gap['value'].replace(' ', '+')}"
    assert link in recruiter.get("/white-space", params={"dimension": gap["dimension"]}).text
    answer = recruiter.get(f"/prospects.csv?{link}")
    assert len(answer.text.splitlines()) - 1 == gap["prospects"]
    assert "Fills the gap" in recruiter.get(f"/prospects?{link}").text


def test_white_space_shows_demand_with_numbers(recruiter):
    page = recruiter.get("/white-space")
    assert page.status_code == 200
    for text in ("By country", "By industry", "By product", "demand that is met"):
        assert text in page.text
    assert "By country" not in recruiter.get("/white-space?dimension=product").text
    assert recruiter.get("/white-space?dimension=none&gaps=1").status_code == 200
    assert recruiter.get("/white-space?gaps=7").status_code == 422


def test_a_prospect_shows_chance_reasons_and_look_alikes(client, recruiter, admin, prospects):
    row = client.get("/v1/prospects/ranking", headers=admin, params={"limit": 1}).json()["items"][0]
    page = recruiter.get(f"/prospects/{row['partner']}").text
    told = [factor["sentence"] for factor in row["factors"][:1]] or ["No model serves yet"]
    for text in (row["name"], "Why this chance", *told):
        assert str(escape(text)) in page
    for like in row["similar"]:
        name = client.get(f"/v1/partners/{like}", headers=admin).json()["name"]
        assert str(escape(name)) in page
    assert recruiter.get("/prospects/nobody").status_code == 404
    id_ = client.get(f"/v1/partners/{row['partner']}", headers=admin).json()["id"]
    assert row["name"] in recruiter.get(f"/prospects/id:{id_}").text


def test_every_page_shows_in_each_language(recruiter, prospects):
    paths = [f"/prospects/{prospects[0]}", f"/prospects/{prospects[0]}/edit", "/white-space", "/companies/new-score"]
    for code in LANGUAGES:
        for path in [*paths, "/shortlists", f"/prospects/compare?partner={prospects[0]}&partner={prospects[1]}"]:
            recruiter.post("/look", data={"language": code, "back": path})
            assert recruiter.get(path).status_code == 200, (code, path)


def test_edited_data_are_scored_beside_the_stored_and_kept_only_when_saved(client, recruiter, admin, prospects):
    key = prospects[1]
    path = f"/prospects/{key}/edit"
    page = recruiter.get(path).text
    before = client.get(f"/v1/partners/{key}", headers=admin).json()
    form = fields_of(page) | {"csrf": hidden(page, "csrf"), "version": hidden(page, "version")}
    assert form["name"] == before["name"]
    assert "Nothing was changed" in recruiter.post(path, data=form | {"do": "score"}).text
    other = form | {"employees": str((before["employees"] or 0) + 4321), "do": "score"}
    answer = recruiter.post(path, data=other)
    assert answer.status_code == 200
    for text in ("As it is", "With the changes", "What moved", "Employees: <s>"):
        assert text in answer.text
    assert fields_of(answer.text)["employees"] == other["employees"]  # what was typed stays
    assert client.get(f"/v1/partners/{key}", headers=admin).json() == before
    wrong = recruiter.post(path, data=other | {"employees": "many", "description": HOSTILE})
    assert wrong.status_code == 422
    assert "whole number" in wrong.text
    assert 'value="many"' in wrong.text
    assert "<script>alert" not in wrong.text
    saved = recruiter.post(path, data=other | {"do": "save"})
    assert saved.headers["location"] == f"/prospects/{key}?told=saved"
    after = client.get(f"/v1/partners/{key}", headers=admin).json()
    assert after["employees"] == int(other["employees"])
    same = set(before) - {"employees", "row_version", "row_updated_at"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    stale = recruiter.post(path, data=other | {"do": "save", "employees": "1"})
    assert stale.status_code == 412
    assert "has changed since" in stale.text


def test_lists_and_own_fields_come_back_as_they_were(client, recruiter, admin):
    body = {"external_id": "form-1", "name": "Form & Co", "status": "prospect", "industries": ["food, drink", "retail"],
            "annual_revenue": 1000.5, "attributes": {"rating": 4.5, "cloud": True, "model": "field"}}  # fmt: skip
    assert client.post("/v1/partners", headers=admin, json=body).status_code == 201
    page = recruiter.get("/prospects/form-1/edit").text
    form = fields_of(page) | {"csrf": hidden(page, "csrf"), "version": hidden(page, "version"), "do": "save"}
    assert (form["industries"], form["attributes.cloud"]) == ("food, drink; retail", "yes")
    assert recruiter.post("/prospects/form-1/edit", data=form).status_code == 303
    assert client.get("/v1/partners/form-1", headers=admin).json()["row_version"] == 1
    form |= {"attributes.rating": "", "attributes.cloud": "no", "industries": "retail"}
    assert recruiter.post("/prospects/form-1/edit", data=form | {"attributes.rating": "good"}).status_code == 422
    assert recruiter.post("/prospects/form-1/edit", data=form).status_code == 303
    after = client.get("/v1/partners/form-1", headers=admin).json()
    assert (after["industries"], after["attributes"]) == (["retail"], {"cloud": False, "model": "field"})
    assert client.delete("/v1/partners/form-1", headers=admin).status_code == 204


def test_a_company_that_is_not_there_is_scored_and_added(client, recruiter, admin):
    csrf = csrf_of(recruiter, "/companies/new-score")
    form = {"csrf": csrf, "name": HOSTILE, "kind": "msp", "country": "DE", "employees": "40", "industries": "retail"}
    scored = recruiter.post("/companies/new-score", data=form | {"do": "score"})
    assert scored.status_code == 200
    assert "Expected revenue" in scored.text
    assert "<script>alert" not in scored.text
    assert client.get("/v1/partners", headers=admin, params={"name": HOSTILE}).json()["items"] == []
    refused = recruiter.post("/companies/new-score", data=form | {"do": "add", "name": "", "city": "Bonn"})
    assert (refused.status_code, 'value="Bonn"' in refused.text) == (422, True)
    added = recruiter.post("/companies/new-score", data=form | {"do": "add", "external_id": "n/1 ü"})
    assert added.headers["location"] == "/prospects/n%2F1%20%C3%BC?told=company_added"
    page = recruiter.get(added.headers["location"])
    assert page.status_code == 200
    assert "&lt;script&gt;alert" in page.text
    assert client.get("/v1/prospects/n%2F1%20ü", headers=admin).status_code in (200, 404)
    with client.app.state.services.unit_of_work(SYSTEM) as work:
        assert work.repository("partners").get("n/1 ü")["status"] == "prospect"
        work.repository("partners").delete("n/1 ü")


def test_a_prospect_moves_on_with_a_reason_or_is_told_what_is_missing(client, recruiter, admin):
    body = {"external_id": "mover", "name": "Mover", "status": "prospect"}
    assert client.post("/v1/partners", headers=admin, json=body).status_code == 201
    csrf = csrf_of(recruiter, "/prospects/mover")
    refused = recruiter.post("/prospects/mover/status", data={"csrf": csrf, "status": "active", "reason": "at once"})
    assert refused.status_code == 422
    assert "it can become applied, rejected" in refused.text
    assert 'value="at once"' in refused.text
    moved = recruiter.post("/prospects/mover/status", data={"csrf": csrf, "status": "applied", "reason": "good talk"})
    assert moved.headers["location"] == "/prospects/mover?told=moved"
    assert "good talk" in recruiter.get("/prospects/mover").text
    note = recruiter.post("/prospects/mover/notes", data={"csrf": csrf, "body": HOSTILE, "kind": "call"})
    assert note.status_code == 303
    page = recruiter.get("/prospects/mover").text
    assert "&lt;script&gt;alert" in page
    assert recruiter.post("/prospects/mover/notes", data={"csrf": csrf, "body": " "}).status_code == 422
    assert recruiter.post("/prospects/mover/status", data={"status": "onboarding"}).status_code == 403  # no token


def test_the_step_to_active_says_what_is_missing(client, recruiter, admin, login):
    must = {"external_id": "must-1", "name": "Speaks with us", "weight": 1, "must_have": True}
    assert client.post("/v1/criteria", headers=admin, json=must).status_code == 201
    body = {"external_id": "gated", "name": "Gated", "status": "onboarding"}
    assert client.post("/v1/partners", headers=admin, json=body).status_code == 201
    page = recruiter.get("/prospects/gated").text
    assert "must-have criterion to meet: Speaks with us" in page
    assert "Move it all the same" not in page  # a recruiter may not
    csrf = hidden(page, "csrf")
    assert (
        "cannot become active yet"
        in recruiter.post("/prospects/gated/status", data={"csrf": csrf, "status": "active"}).text
    )
    manager, _ = sign_in(client, login, Role.MANAGER)
    page = manager.get("/prospects/gated").text
    assert "Move it all the same" in page
    over = {"csrf": hidden(page, "csrf"), "status": "active", "override": "1", "reason": "old friends"}
    assert manager.post("/prospects/gated/status", data=over).status_code == 303
    assert "overridden" in manager.get("/prospects/gated").text
    assert client.delete("/v1/criteria/must-1", headers=admin).status_code == 204


def test_shortlists_from_first_to_last_entry(client, recruiter, login, admin, prospects):
    csrf = csrf_of(recruiter, "/prospects")
    nothing = recruiter.post("/shortlists", data={"csrf": csrf, "shortlist": "x"})
    assert (nothing.status_code, "Choose at least one company" in nothing.text) == (422, True)
    unnamed = recruiter.post("/shortlists", data={"csrf": csrf, "shortlist": " ", "partner": prospects, "note": "n1"})
    assert unnamed.status_code == 422
    assert all(f'name="partner" value="{key}" checked' in unnamed.text for key in prospects)
    assert ">n1</textarea>" in unnamed.text
    made = recruiter.post("/shortlists", data={"csrf": csrf, "shortlist": "South / <b>", "partner": prospects[:2]})
    path = "/shortlists/South%20%2F%20%3Cb%3E"
    assert made.headers["location"] == f"{path}?told=put_aside"
    assert path.replace("/shortlists/", "/shortlists/") in recruiter.get("/shortlists").text
    page = recruiter.get(path)
    assert page.status_code == 200
    assert "South / &lt;b&gt;" in page.text
    with client.app.state.services.unit_of_work(SYSTEM) as work:
        entry = work.repository("shortlist_entries").find(("South / <b>", prospects[0]))
    noted = recruiter.post(f"/shortlist-entries/{entry['id']}/note", data={"csrf": csrf, "note": "=call first"})
    assert noted.status_code == 303
    assert (
        recruiter.post(f"/shortlist-entries/{entry['id']}/note", data={"csrf": csrf, "note": "n" * 2001}).status_code
        == 422
    )
    rows = list(
        csv.DictReader(io.StringIO(recruiter.get("/shortlists.csv?name=South / <b>").content.decode("utf-8-sig")))
    )
    assert {row["id"] for row in rows} == set(prospects[:2])
    assert "'=call first" in {row["note"] for row in rows}
    assert recruiter.get(f"/prospects/{prospects[0]}").text.count("South / &lt;b&gt;") >= 1
    analyst, _ = sign_in(client, login, Role.ANALYST)
    assert analyst.get(path).status_code == 200
    assert "Remove" not in analyst.get(path).text
    own = csrf_of(analyst, "/prospects")
    assert analyst.post(f"/shortlist-entries/{entry['id']}/remove", data={"csrf": own}).status_code == 403
    for row in (entry, *_entries(client, "South / <b>", but=entry["id"])):
        gone = recruiter.post(f"/shortlist-entries/{row['id']}/remove", data={"csrf": csrf})
    assert gone.headers["location"] == "/shortlists?told=unlisted"
    assert recruiter.get(path).status_code == 404


def _entries(client, name, but):
    with client.app.state.services.unit_of_work(SYSTEM) as work:
        return [row for row in work.repository("shortlist_entries").list({"shortlist": name}).rows if row["id"] != but]


def test_two_to_four_are_compared(recruiter, prospects):
    csrf = csrf_of(recruiter, "/prospects")
    answer = recruiter.post("/prospects/compare", data={"csrf": csrf, "partner": prospects})
    assert answer.headers["location"] == "/prospects/compare?" + "&".join(f"partner={key}" for key in prospects)
    page = recruiter.get(answer.headers["location"])
    for text in ("Expected revenue", "Fills gaps in", "Territories"):
        assert text in page.text
    assert all(f"/prospects/{key}" in page.text for key in prospects)
    assert "Choose two to 4" in recruiter.get("/prospects/compare").text
    assert "Choose two to 4" in recruiter.get("/prospects/compare?partner=nobody").text


def test_pages_are_for_recruiting_roles(client, login, prospects):
    router, _ = sign_in(client, login, Role.ROUTER)
    for path in ("/prospects", "/prospects.csv", f"/prospects/{prospects[0]}", "/shortlists", "/white-space",
                 "/prospects/compare", "/companies/new-score"):  # fmt: skip
        assert router.get(path).status_code == 403, path
    partner, _ = sign_in(client, login, Role.PARTNER, prospects[0])
    assert partner.get(f"/prospects/{prospects[0]}").status_code == 403
    analyst, _ = sign_in(client, login, Role.ANALYST)
    assert "Put aside" not in analyst.get("/prospects").text
    assert "Move to" not in analyst.get(f"/prospects/{prospects[0]}").text
    assert analyst.get("/companies/new-score").status_code == 403


def test_pages_of_an_empty_store_say_what_would_fill_them(sqlite_engine, tmp_path, clock):
    with service(sqlite_engine, tmp_path, clock) as client:
        with UnitOfWork(sqlite_engine, SYSTEM, clock) as work:
            key = work.keys.create("boss", Role.MANAGER).secret
        browser, form = open_form(client.app)
        assert browser.post("/login", data={"key": key, "form": form}).status_code == 303
        for path, text in (
            ("/prospects", "No prospects yet"),
            ("/shortlists", "No shortlist yet"),
            ("/white-space", "Nothing to show yet"),
            ("/prospects/compare", "Choose two to 4"),
            ("/companies/new-score", "Score a company"),
        ):
            page = browser.get(path)
            assert (page.status_code, text in page.text) == (200, True), path
        assert len(browser.get("/prospects.csv").text.splitlines()) == 1
        csrf = csrf_of(browser, "/companies/new-score")
        scored = browser.post("/companies/new-score", data={"csrf": csrf, "do": "score", "name": "First"})
        assert scored.status_code == 200, scored.text
        add_partners(sqlite_engine, clock, "p1", status="prospect")
        for path in ("/prospects", "/prospects/p1", "/prospects/p1/edit", "/prospects/compare?partner=p1"):
            assert browser.get(path).status_code == 200, path
        form = {"csrf": csrf, "do": "score", "employees": "12"}
        assert browser.post("/prospects/p1/edit", data=form).status_code == 200
