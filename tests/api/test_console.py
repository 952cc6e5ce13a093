"""The console: sign in, look."""

from fastapi.testclient import TestClient

from domain.terms import Role


def sign_in(client, login, role):
    browser = TestClient(client.app, follow_redirects=False)
    key = login(role)["Authorization"].removeprefix("Bearer ")
    answer = browser.post("/login", data={"key": key})
    return browser, answer


def test_nobody_sees_the_page_without_a_key(client):
    browser = TestClient(client.app, follow_redirects=False)
    assert browser.get("/").headers["location"] == "/login"
    refused = browser.post("/login", data={"key": "<script>"})
    assert refused.status_code == 401
    assert "<script>" not in refused.text


def test_the_overview_shows_the_four_answers(client, login):
    browser, answer = sign_in(client, login, Role.MANAGER)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    page = browser.get("/")
    assert page.status_code == 200, page.text
    for heading in ("Prospects to recruit", "Partners at risk", "Newest open lead", "Content and offers"):
        assert heading in page.text
    assert "script" not in page.headers["content-security-policy"]
    assert browser.post("/logout").headers["location"] == "/login"
