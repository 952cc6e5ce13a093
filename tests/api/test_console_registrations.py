"""Registrations as the staff decides them."""

import pytest
from fastapi.testclient import TestClient

from domain.context import SYSTEM
from domain.terms import Role
from tests.api.people import add_partners, admin_key, service
from tests.api.test_console import csrf_of, hidden, open_form

ACME = {"company": "Acme <Rockets>, Inc.", "domain": "acme-rockets.com", "country": "US"}


@pytest.fixture
def desk(engine, clock, tmp_path):
    """Return a function that signs a role or a partner in, over a store with two partners and their claims."""
    add_partners(engine, clock, "p1", "p2", status="active")
    with service(engine, tmp_path, clock) as client:
        admin = admin_key(engine, clock)
        for partner, key in (("p1", "D-1"), ("p2", "D-2")):
            body = ACME | {"partner": partner, "external_id": key, "amount": 5000}
            assert client.post("/v1/registrations", headers=admin, json=body).status_code == 201

        def sign_in(role, partner=None):
            with client.app.state.services.unit_of_work(SYSTEM) as work:
                id_ = work.repository("partners").get(partner)["id"] if partner else None
                secret = work.keys.create(f"{role} {partner}", role, id_).secret
            browser, form = open_form(client.app)
            browser.post("/login", data={"key": secret, "form": form})
            return browser

        def id_of(key):
            return client.get(f"/v1/deals/{key}", headers=admin).json()["id"]

        def status_of(key):
            return client.get(f"/v1/deals/{key}", headers=admin).json()["status"]

        yield sign_in, id_of, status_of


def send(browser: TestClient, path: str, where: str, **values):
    return browser.post(path, data={"csrf": csrf_of(browser, where)} | values)


def test_of_two_claims_one_is_approved_and_the_other_rejected_and_appealed(desk):
    sign_in, id_of, status_of = desk
    browser = sign_in(Role.MANAGER)
    queue = browser.get("/registrations").text
    assert "Acme &lt;Rockets&gt;" in queue
    first, second = f"/registrations/{id_of('D-1')}", f"/registrations/{id_of('D-2')}"
    assert first in queue
    assert "conflict" in browser.get(second).text
    done = send(browser, f"{first}/approve", first, reason="came first")
    assert done.headers["location"] == f"{first}?told=done"
    assert status_of("D-1") == "approved"
    held = send(browser, f"{second}/approve", second, reason="also good")
    assert held.status_code == 422
    assert "also good" in held.text
    silent = send(browser, f"{second}/reject", second)
    assert silent.status_code == 422
    assert "say why" in silent.text
    assert send(browser, f"{second}/reject", second, reason="somebody was first").status_code == 303
    partner = sign_in(Role.PARTNER, "p2")
    asked = partner.post(
        "/v1/registrations/D-2/appeal",
        json={"reason": "we knew them for years"},
        headers={"X-CSRF-Token": hidden(partner.get("/").text, "csrf")},
    )
    assert asked.status_code == 200, asked.text
    assert second in browser.get("/registrations?status=appealed").text
    assert "we knew them for years" in browser.get(second).text
    assert send(browser, f"{second}/appeal", second, decision="dismissed", reason="no proof").status_code == 303
    assert "no proof" in browser.get(second).text
    for view in ("approved", "rejected", "expired"):
        assert browser.get(f"/registrations?status={view}").status_code == 200


def test_another_customer_is_told_apart_and_a_protection_extended(desk):
    sign_in, id_of, status_of = desk
    browser = sign_in(Role.MANAGER)
    first, second = f"/registrations/{id_of('D-1')}", f"/registrations/{id_of('D-2')}"
    send(browser, f"{first}/approve", first)
    apart = send(browser, f"{second}/approve", second, reason="a branch of its own", distinct_from="D-1")
    assert apart.status_code == 303
    assert (status_of("D-1"), status_of("D-2")) == ("approved", "approved")
    before = browser.get(first).text
    assert send(browser, f"{first}/extend", first, days="many").status_code == 422
    assert send(browser, f"{first}/extend", first, days="45").status_code == 303
    assert browser.get(first).text != before


def test_who_may_not_decide_only_reads(desk):
    sign_in, id_of, _ = desk
    browser = sign_in(Role.ANALYST)
    page = f"/registrations/{id_of('D-1')}"
    assert "Approve" not in browser.get(page).text
    assert send(browser, f"{page}/approve", page).status_code == 403
    assert browser.get("/registrations?status=wrong").status_code == 422
    assert browser.get("/registrations/999999").status_code == 404
    assert sign_in(Role.PARTNER, "p1").get(page).status_code == 403


def test_a_reported_win_is_confirmed_or_not_and_the_partner_reads_it(desk):
    sign_in, id_of, _ = desk
    manager = sign_in(Role.MANAGER)
    first = f"/registrations/{id_of('D-1')}"
    assert send(manager, f"{first}/approve", first, reason="first").status_code == 303
    assert send(manager, f"{first}/won", first, decision="won").status_code == 422  # nobody reported it
    partner = sign_in(Role.PARTNER, "p1")
    token = {"X-CSRF-Token": hidden(partner.get("/").text, "csrf")}

    def report():
        assert partner.post("/v1/deals/D-1/progress", json={"outcome": "won"}, headers=token).status_code == 200
        assert first in manager.get("/registrations?status=won").text

    report()
    assert "Confirm the win" in manager.get(first).text
    assert "Confirm the win" not in sign_in(Role.ANALYST).get(first).text
    silent = send(manager, f"{first}/won", first, decision="open")
    assert silent.status_code == 422
    assert "say why" in silent.text
    later = send(manager, f"{first}/won", first, decision="won", closed_on="2999-01-01", reason="so <be> it")
    assert later.status_code == 422
    assert "so &lt;be&gt; it" in later.text
    assert send(manager, f"{first}/won", first, decision="open", reason="no order yet").status_code == 303
    assert first not in manager.get("/registrations?status=won").text
    deal = partner.get("/v1/deals/D-1").json()
    assert (deal["stage"], deal["outcome"]) == ("negotiation", None)
    report()
    assert send(manager, f"{first}/won", first, decision="won", reason="").status_code == 303
    deal = partner.get("/v1/deals/D-1").json()
    assert deal["outcome"] == "won"
    assert deal["closed_at"]
    notes = " ".join(one["body"] for one in partner.get("/v1/notes").json()["items"])
    assert "no order yet" in notes
    assert "Won: confirmed" in notes
    other = sign_in(Role.PARTNER, "p2")
    assert send(other, f"{first}/won", "/", decision="won").status_code == 403


def test_the_win_of_an_imported_deal_is_confirmed_too(desk):
    sign_in, id_of, _ = desk
    manager = sign_in(Role.MANAGER)
    token = {"X-CSRF-Token": hidden(manager.get("/registrations").text, "csrf")}
    deal = {"external_id": "D-9", "partner": "p1", "registered_at": "2024-05-01T00:00:00Z", "status": "approved"}
    deal |= {"stage": "won, to be confirmed", "company": "Brought along"}
    assert manager.post("/v1/deals", json=deal, headers=token).status_code == 201
    path = f"/registrations/{id_of('D-9')}"
    assert path in manager.get("/registrations?status=won").text
    assert "came with an import" in manager.get(path).text
    assert send(manager, f"{path}/won", path, decision="lost", reason="no budget").status_code == 303
    assert "Confirm the win" not in manager.get(path).text
    assert manager.get("/registrations/999999").status_code == 404
