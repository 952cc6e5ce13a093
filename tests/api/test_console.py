"""The console: sign in, look."""

import json
import re
from hashlib import sha256

import pytest
from fastapi.testclient import TestClient

from api.console.assets import STATIC, address
from domain.language import LANGUAGES
from domain.terms import Role
from tests.api.people import PASSWORD, add_partners, admin_key, service
from tests.programmes import END


def open_form(app) -> tuple[TestClient, str]:
    """Open the sign-in page in a new browser; return the browser and the form's token."""
    browser = TestClient(app, follow_redirects=False)
    return browser, hidden(browser.get("/login").text, "form")


def hidden(page: str, name: str) -> str:
    return re.search(f'name="{name}"[^>]* value="([^"]+)"', page)[1]


def sign_in(client, login, role, partner=None):
    browser, form = open_form(client.app)
    key = login(role, partner)["Authorization"].removeprefix("Bearer ")
    answer = browser.post("/login", data={"key": key, "form": form})
    return browser, answer


def test_nobody_sees_the_page_without_a_key(client):
    browser, form = open_form(client.app)
    assert browser.get("/").headers["location"] == "/login"
    refused = browser.post("/login", data={"key": "<script>", "form": form})
    assert refused.status_code == 401
    assert "<script>" not in refused.text
    assert browser.post("/login", data={"key": "x", "form": "of another page"}).status_code == 403


def test_the_overview_tells_what_waits(client, login):
    browser, answer = sign_in(client, login, Role.MANAGER)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    page = browser.get("/")
    assert page.status_code == 200, page.text
    for heading in ("Leads that need a person", "Newest alerts", "Models that serve"):
        assert heading in page.text
    assert "unsafe" not in page.headers["content-security-policy"]
    assert browser.post("/logout").status_code == 403
    assert browser.post("/logout", data={"csrf": hidden(page.text, "csrf")}).headers["location"] == "/login"
    assert browser.get("/").headers["location"] == "/login"


def test_people_are_invited_choose_a_password_and_sign_in(sqlite_engine, tmp_path, clock):
    with service(sqlite_engine, tmp_path, clock) as client:
        body = {"email": "ann@acme.example", "name": "Ann <b>Ash", "role": "partner", "partner": "p1"}
        add_partners(sqlite_engine, clock, "p1")
        token = client.post("/v1/users", headers=admin_key(sqlite_engine, clock), json=body).json()["token"]
        browser = TestClient(client.app, follow_redirects=False)
        page = browser.get("/invitation", params={"token": token}).text
        chosen = {"token": hidden(page, "token"), "form": hidden(page, "form"), "password": PASSWORD}
        assert browser.post("/invitation", data=chosen | {"again": "other"}).status_code == 422
        assert browser.post("/invitation", data=chosen | {"again": PASSWORD}).headers["location"] == "/login"
        form = hidden(browser.get("/login").text, "form")
        given = {"email": "Ann@acme.example", "form": form}
        wrong = browser.post("/login", data=given | {"password": "wrong"})
        assert wrong.status_code == 401
        assert 'value="Ann@acme.example"' in wrong.text
        assert browser.post("/login", data=given | {"password": PASSWORD}).headers["location"] == "/"
        portal = browser.get("/")
        assert portal.status_code == 200
        assert "Ann &lt;b&gt;Ash" in portal.text


@pytest.mark.parametrize(
    "path", ["/", "/prospects", "/prospects?country=DE&min_p=0.1", "/risk", "/risk?horizon=30&tier=x", "/models"]
)
def test_each_page_shows_in_each_language(client, login, path):
    browser, _ = sign_in(client, login, Role.MANAGER)
    for code in LANGUAGES:
        browser.post("/look", data={"language": code, "theme": "dark", "back": path})
        page = browser.get(path)
        assert page.status_code == 200, page.text
        assert f'<html lang="{code}" data-theme="dark">' in page.text


def test_who_may_not_see_a_page_is_told_so_in_words(client, login):
    browser, _ = sign_in(client, login, Role.ROUTER)
    refused = browser.get("/risk")
    assert (refused.status_code, refused.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "not for role router" in refused.text
    assert browser.get("/no-such-page").status_code == 404
    cut_short = sign_in(client, login, Role.MANAGER)[0].get("/goals/x")
    assert (cut_short.status_code, "no page /goals/x" in cut_short.text) == (404, True)
    nobody = TestClient(client.app, follow_redirects=False)
    assert nobody.get("/risk").headers["location"] == "/login?next=/risk"


def test_after_signing_in_nobody_is_led_elsewhere(client, login):
    browser, form = open_form(client.app)
    key = login(Role.MANAGER)["Authorization"].removeprefix("Bearer ")
    for wanted, there in (("/risk", "/risk"), ("//evil.example", "/"), ("https://evil.example/", "/")):
        answer = browser.post("/login", data={"key": key, "form": form, "next": wanted})
        assert answer.headers["location"] == there


def test_files_are_kept_by_browsers_when_their_address_names_their_content(client):
    kept = client.get(address("console.css"), headers={"Accept-Encoding": "gzip"})
    assert kept.headers["cache-control"].endswith("immutable")
    assert kept.headers["content-encoding"] == "gzip"
    assert client.get("/static/console.css?v=old").headers["cache-control"] == "no-cache"
    manifest = json.loads((STATIC / "vendor" / "vendor.json").read_text())
    assert {name: sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() for name in manifest} == {
        name: told["sha256"] for name, told in manifest.items()
    }


def csrf_of(browser: TestClient, path: str) -> str:
    return hidden(browser.get(path).text, "csrf")


def test_a_lead_is_routed_and_given_by_hand_at_the_desk(client, login, admin):
    body = {"external_id": "at-the-desk", "created_at": END.isoformat(), "company": "Desk & Söhne"}
    assert client.post("/v1/leads", headers=admin, json=body).status_code == 201
    browser, _ = sign_in(client, login, Role.MANAGER)
    assert "Desk &amp; Söhne" in browser.get("/leads").text
    id_ = client.get("/v1/leads/at-the-desk", headers=admin).json()["id"]
    page = browser.get(f"/leads/{id_}").text
    assert "Who would close it" in page
    csrf = csrf_of(browser, f"/leads/{id_}")
    assert browser.post(f"/leads/{id_}/route").status_code == 403  # no token
    assert browser.post(f"/leads/{id_}/route", data={"csrf": csrf}).status_code == 303
    assert "next offer is due" in browser.get(f"/leads/{id_}?told=done").text
    wrong = browser.post(f"/leads/{id_}/override", data={"csrf": csrf, "partner": "nobody", "reason": "knows them"})
    assert wrong.status_code == 422
    assert 'value="knows them"' in wrong.text  # what was typed stays
    first = client.post("/v1/match", headers=admin, json={"lead_id": "at-the-desk"}).json()["candidates"][0]["partner"]
    chosen = browser.post(f"/leads/{id_}/override", data={"csrf": csrf, "partner": first, "reason": "knows them"})
    assert chosen.headers["location"] == f"/leads/{id_}?told=done"
    assert "Let the models choose again" in browser.get(f"/leads/{id_}").text
    assert browser.post(f"/leads/{id_}/override/end", data={"csrf": csrf}).status_code == 303
    assert browser.post(f"/leads/{id_}/stop", data={"csrf": csrf}).status_code == 303
    assert browser.get(f"/leads/{id_}?state=closed").status_code == 200
    assert "closed" in browser.get("/leads?state=closed").text


def test_a_partner_answers_a_lead_in_the_portal_and_sees_no_other(client, login, admin):
    body = {"external_id": "in-the-portal", "created_at": END.isoformat(), "company": "Hidden until accepted"}
    assert client.post("/v1/leads", headers=admin, json=body).status_code == 201
    match = client.post("/v1/match", headers=admin, json={"lead_id": "in-the-portal"}).json()
    one, other = (row["partner"] for row in match["candidates"][:2])
    offer = {"lead": "in-the-portal", "partner": one, "match_id": match["match_id"]}
    id_ = client.post("/v1/assignments", headers=admin, json=offer).json()["id"]
    browser, _ = sign_in(client, login, Role.PARTNER, one)
    home = browser.get("/").text
    assert f"/offers/{id_}/accept" in home
    assert "Hidden until accepted" not in home + browser.get(f"/offers/{id_}").text
    stranger, _ = sign_in(client, login, Role.PARTNER, other)
    assert stranger.get(f"/offers/{id_}").status_code == 404
    assert stranger.get("/leads").status_code == 403
    csrf = csrf_of(browser, "/")
    assert (
        browser.post(f"/offers/{id_}/accept", data={"csrf": csrf}).headers["location"] == f"/offers/{id_}?told=accepted"
    )
    assert "Hidden until accepted" in browser.get(f"/offers/{id_}").text
    assert "Hidden until accepted" in browser.get("/").text
    deal = {"external_id": "of-the-portal", "partner": one, "lead": "in-the-portal", "status": "approved",
            "registered_at": END.isoformat(), "outcome": "lost", "closed_at": END.isoformat()}  # fmt: skip
    assert client.post("/v1/deals", headers=admin, json=deal).status_code == 201
    assert "Hidden until accepted" not in browser.get("/").text  # closed leads are in nobody's hands
    given_back = browser.post(f"/offers/{id_}/decline", data={"csrf": csrf, "reason": "no time"})
    assert given_back.headers["location"] == "/portal/leads?told=declined"
    again = browser.post(f"/offers/{id_}/accept", data={"csrf": csrf})
    assert again.status_code == 422
    assert "cannot become" in again.text
