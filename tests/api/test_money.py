"""Commissions, ledger and statements over HTTP."""

from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine

from api.app import create_app
from domain.context import SYSTEM
from domain.settings import Settings
from domain.terms import Role
from store.unit_of_work import UnitOfWork
from tests.programme.money_worlds import build

Call = Callable[..., Response]


@pytest.fixture
def call(sqlite_engine: Engine, tmp_path, clock) -> Iterator[Call]:
    """A function that asks the service over a store with three partners and a plan of 10 %, in any role."""
    settings = Settings(home=tmp_path, database_url=str(sqlite_engine.url), currency="EUR")
    keys: dict[tuple[Role, str | None], str] = {}
    build(sqlite_engine, clock)

    with TestClient(create_app(settings, clock)) as client:

        def ask(method: str, path: str, role: Role = Role.MANAGER, partner: str | None = None, **options) -> Response:
            if (role, partner) not in keys:
                with UnitOfWork(sqlite_engine, SYSTEM, clock) as work:
                    id_ = work.repository("partners").get(partner)["id"] if partner else None
                    keys[role, partner] = work.keys.create(f"{role} {partner}", role, id_).secret
            headers = {"Authorization": f"Bearer {keys[role, partner]}", **options.pop("headers", {})}
            return client.request(method, f"/v1{path}", headers=headers, **options)

        made = ask("POST", "/commission-plans", json={"external_id": "ten", "name": "Ten", "rate": 0.1})
        assert made.status_code == 201, made.text
        yield ask


def win(call: Call, key: str, amount: float, partner: str = "P1", **values) -> None:
    body = {"external_id": key, "partner": partner, "amount": amount, "registered_at": "2024-03-01T00:00:00Z"}
    body |= {"outcome": "won", "closed_at": "2024-05-01T09:00:00Z", **values}
    made = call("POST", "/deals", json=body)
    assert made.status_code == 201, made.text


def test_a_deal_says_how_its_commission_came_about(call):
    win(call, "D1", 1000)
    call("POST", "/commission-shares", json={"deal": "D1", "partner": "P2", "share": 0.25})
    told = call("GET", "/deals/D1/commission").json()
    assert told["computed"]["amount"] == 100
    assert told["computed"]["reason"] == "Plan 'Ten' is the only one that fits."
    assert [(part["partner"], part["credit"]) for part in told["computed"]["parts"]] == [("P1", 75), ("P2", 25)]
    assert [(entry["kind"], entry["credit"], entry["debit"]) for entry in told["entries"]] == [
        ("commission", 100, 0),
        ("reversal", 0, 100),
        ("commission", 75, 0),
        ("commission", 25, 0),
    ]


def test_a_partner_sees_its_own_part_of_its_own_deals(call):
    win(call, "D1", 1000)
    call("POST", "/commission-shares", json={"deal": "D1", "partner": "P2", "share": 0.25})
    told = call("GET", "/deals/D1/commission", Role.PARTNER, "P1").json()
    assert [part["partner"] for part in told["computed"]["parts"]] == ["P1"]
    assert {entry["partner"] for entry in told["entries"]} == {"P1"}
    for path in ("/deals/D1/commission", "/partners/P1/balance"):
        assert call("GET", path, Role.PARTNER, "P2").status_code == 404
    assert {row["partner"] for row in call("GET", "/ledger", Role.PARTNER, "P2").json()["items"]} == {"P2"}


def test_a_preview_keeps_nothing(call):
    body = {"partner": "P1", "amount": 200.05, "shares": [{"partner": "P2", "share": 0.5}]}
    told = call("POST", "/commissions/preview", json=body).json()
    assert (told["amount"], told["rate"], told["currency"]) == (20.01, 0.1, "EUR")
    assert [part["credit"] for part in told["parts"]] == [10.01, 10]
    assert call("GET", "/ledger").json()["items"] == []
    assert call("POST", "/commissions/preview", Role.PARTNER, "P2", json=body).status_code == 404
    own = call("POST", "/commissions/preview", Role.PARTNER, "P1", json=body).json()
    assert [part["partner"] for part in own["parts"]] == ["P1"]


def test_a_run_may_be_repeated(call):
    win(call, "D1", 1000)
    body = {"recompute": True}
    assert call("POST", "/commission-runs", json=body).json() == {
        "deals": 1,
        "booked": 0,
        "reversed": 0,
        "totals": [],
        "next_after": None,
    }
    call("PATCH", "/commission-plans/ten", json={"rate": 0.2})
    first = call("POST", "/commission-runs", json=body, headers={"Idempotency-Key": "a"})
    again = call("POST", "/commission-runs", json=body, headers={"Idempotency-Key": "a"})
    assert first.json() == again.json()
    assert first.json()["totals"] == [{"currency": "EUR", "credit": 200, "debit": 100, "balance": 100}]


def test_adjustments_and_payouts_make_the_balance(call):
    win(call, "D1", 1000)
    win(call, "D2", 500, currency="USD")
    given = {"partner": "P1", "debit": 30, "reason": "returned goods"}
    entry = call("POST", "/ledger", json=given)
    assert (entry.status_code, entry.json()["kind"], entry.json()["explanation"]) == (
        201,
        "adjustment",
        "returned goods",
    )
    too_much = call("POST", "/partners/P1/payouts", json={"amount": 70.01})
    assert (too_much.status_code, "70.00 EUR" in too_much.json()["detail"]) == (409, True)
    assert call("POST", "/partners/P1/payouts", json={"amount": 50, "reference": "B-7"}).status_code == 201
    told = call("GET", "/partners/P1/balance", Role.PARTNER, "P1").json()
    by_kind = {"adjustment": -30, "commission": 100, "payout": -50}
    sums = {"credit": 100, "debit": 80, "balance": 20, "open_credit": 100, "open_debit": 80}
    assert told["items"][0] == {"currency": "EUR", **sums, "by_kind": by_kind}
    assert [(item["currency"], item["balance"]) for item in told["items"]] == [("EUR", 20), ("USD", 50)]


def test_adjustments_that_cannot_be(call):
    given = {"partner": "P1", "credit": 1, "reason": "x"}
    wrong = ({"credit": None}, {"debit": 1}, {"credit": 0.001}, {"credit": 1e300}, {"credit": -1}, {"reason": " "})
    for values in (*wrong, {"reason": "\0"}, {"currency": "XQQ"}, {"reason": None}, {"partner": "\0"}, {"shoe": 1}):
        answer = call("POST", "/ledger", json={**given, **values})
        assert (values, answer.status_code) == (values, 422)
    assert call("POST", "/ledger", json={**given, "partner": "nobody"}).status_code == 404


def test_a_ledger_has_no_way_to_change_it(call):
    win(call, "D1", 1000)
    key = call("GET", "/ledger").json()["items"][0]["external_id"]
    for method, path in (("PATCH", f"/ledger/{key}"), ("DELETE", f"/ledger/{key}"), ("POST", "/ledger:bulk")):
        assert call(method, path, Role.ADMIN, json={}).status_code in (404, 405)
    assert call("DELETE", "/deals/D1").status_code == 204
    assert call("GET", "/partners/P1/balance").json()["items"][0]["balance"] == 0


def test_a_statement_is_closed_once_and_given_as_csv(call):
    win(call, "D1", 1000)
    win(call, "D2", 10, currency="USD")
    period = {"partner": "P1", "period_start": "2024-05-01", "period_end": "2024-05-31"}
    made = call("POST", "/statements", json=period)
    assert made.status_code == 201, made.text
    euro, dollar = made.json()["items"]
    assert (euro["currency"], euro["credit"], dollar["currency"], dollar["credit"]) == ("EUR", 100, "USD", 1)
    again = call("POST", "/statements", json=period)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    listed = call("GET", "/ledger", params={"statement": euro["external_id"]}).json()["items"]
    assert [entry["deal"] for entry in listed] == ["D1"]
    answer = call("GET", f"/statements/{euro['external_id']}/csv", Role.PARTNER, "P1")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.splitlines()[1].startswith("2024-05-01,commission,D1,ten,,1000.0,0.1,1.0,100.0,0")
    assert call("GET", f"/statements/{euro['external_id']}/csv", Role.PARTNER, "P2").status_code == 404


def test_a_run_closes_a_period_for_all(call):
    win(call, "D1", 1000)
    win(call, "D2", 500, "P2")
    body = {"period_start": "2024-05-01", "period_end": "2024-05-31"}
    first = call("POST", "/statement-runs", json={**body, "limit": 1}).json()
    assert [row["partner"] for row in first["statements"]] == ["P1"]
    second = call("POST", "/statement-runs", json={**body, "after": first["next_after"]}).json()
    assert [(row["partner"], row["credit"]) for row in second["statements"]] == [("P2", 50)]
    assert second["totals"] == [{"currency": "EUR", "credit": 50, "debit": 0, "balance": 50}]
    assert call("POST", "/statement-runs", json=body).json()["statements"] == []


def test_tiers_are_reviewed_and_decided(call):
    for position, (name, least) in enumerate((("Silver", None), ("Gold", 1000))):
        body = {"external_id": name, "program": "resale", "name": name, "position": position, "min_revenue": least}
        assert call("POST", "/tiers", json=body).status_code == 201
    told = call("GET", "/partners/P1/tier", Role.PARTNER, "P1").json()
    assert (told["tier"], told["earned_tier"], told["next_tier"], told["missing"]) == ("Gold", "Silver", None, [])
    assert told["at_risk"] == ["Revenue of the last 365 days: 0.00 EUR, needed 1,000.00 EUR"]
    assert call("GET", "/partners/P1/tier", Role.PARTNER, "P2").status_code == 404
    made = call("POST", "/tier-reviews", json={})
    assert made.status_code == 201, made.text
    first, second = made.json()["proposals"]
    assert first["criteria"][0] | {"text": ""} == {
        "name": "revenue",
        "actual": 0,
        "threshold": 1000,
        "met": False,
        "text": "",
    }
    done = call("POST", f"/tier-reviews/{first['review']['external_id']}/accept")
    assert (done.status_code, done.json()["status"]) == (200, "accepted")
    assert call("GET", "/partners/P1").json()["tier"] == "Silver"
    key = second["review"]["external_id"]
    assert call("POST", f"/tier-reviews/{key}/reject", json={"reason": ""}).status_code == 422
    assert call("POST", f"/tier-reviews/{key}/reject", json={"reason": "wait"}).json()["status"] == "rejected"
    assert call("POST", f"/tier-reviews/{key}/accept").status_code == 409
    assert call("GET", "/tier-reviews", Role.PARTNER, "P1").json()["items"][0]["partner"] == "P1"


def test_funds_go_from_request_to_ledger(call):
    call("POST", "/offers", json={"external_id": "mdf", "title": "MDF", "budget": 100, "currency": "EUR"})
    body = {"external_id": "F1", "partner": "P1", "purpose": "Fair", "amount": 80, "offer": "mdf"}
    assert call("POST", "/fund-requests", Role.PARTNER, "P2", json=body).status_code == 404
    assert call("POST", "/fund-requests", Role.PARTNER, "P1", json=body).status_code == 201
    assert call("POST", "/fund-requests/F1/approve", Role.PARTNER, "P1", json={}).status_code == 403
    raised = call("PATCH", "/fund-requests/F1", Role.PARTNER, "P1", json={"status": "approved"})
    assert raised.status_code == 403
    assert call("POST", "/fund-requests/F1/approve", json={"amount": 70}).json()["approved_amount"] == 70
    assert call("POST", "/fund-requests/F1/claim", Role.PARTNER, "P2", json={"evidence": "x"}).status_code == 404
    claimed = call("POST", "/fund-requests/F1/claim", Role.PARTNER, "P1", json={"evidence": "INV-1", "amount": 60.5})
    assert (claimed.status_code, claimed.json()["claimed_amount"]) == (200, 60.5)
    assert call("POST", "/fund-requests/F1/pay").json()["status"] == "paid"
    assert call("POST", "/fund-requests/F1/pay").status_code == 409
    assert call("GET", "/partners/P1/balance").json()["items"][0]["by_kind"] == {"fund": 60.5}
    call("POST", "/fund-requests", json={**body, "external_id": "F2", "amount": 40})
    assert "39.50 EUR left" in call("POST", "/fund-requests/F2/approve", json={}).json()["detail"]
    assert call("POST", "/fund-requests/F2/reject", json={"reason": "later"}).json()["status"] == "rejected"
    call("POST", "/fund-requests", json={**body, "external_id": "F3", "amount": 4})
    gone = call("POST", "/fund-requests/F3/withdraw", Role.PARTNER, "P1", json={})
    assert (gone.status_code, gone.json()["status"]) == (200, "withdrawn")


def test_agreements_are_acted_on_with_reasons(call):
    body = {"partner": "P1", "valid_from": "2024-01-01", "valid_to": "2024-06-30", "exclusive": True}
    for key, partner in (("A1", "P1"), ("A2", "P2")):
        made = call("POST", "/agreements", json={**body, "external_id": key, "partner": partner, "status": "draft"})
        assert made.status_code == 201
    assert call("POST", "/agreements/A1/activate", json={"reason": "signed"}).json()["status"] == "active"
    refused = call("POST", "/agreements/A2/activate", json={"reason": "signed"})
    assert (refused.status_code, refused.json()["partner"], refused.json()["agreement"]) == (409, "P1", "A1")
    assert call("POST", "/agreements/A1/activate", json={}).status_code == 422
    terms = call("POST", "/agreements/A1/terms", json={"body": "text", "agreed_on": "2024-01-01", "notice_days": 10})
    assert (terms.status_code, terms.json()["version"]) == (201, 1)
    assert call("PATCH", f"/terms/{terms.json()['id']}", json={"body": "other"}).status_code == 409
    (item,) = call("GET", "/agreements/expiring", Role.PARTNER, "P1", params={"within_days": 60}).json()["items"]
    assert (item["agreement"], item["days_left"], item["notice_by"]) == ("A1", 29, "2024-06-20")
    assert call("GET", "/agreements/expiring", Role.PARTNER, "P2").json()["items"] == []
    headers = {"Idempotency-Key": "r"}
    new = call("POST", "/agreements/A1/renew", json={}, headers=headers)
    assert (new.status_code, new.json()["external_id"], new.json()["valid_from"]) == (201, "A1-R1", "2024-07-01")
    assert call("POST", "/agreements/A1/renew", json={}, headers=headers).json() == new.json()
    assert call("POST", "/agreements/A1/renew", json={}).status_code == 409
    assert call("POST", "/agreements/A1/suspend", json={"reason": "unpaid"}).json()["status"] == "suspended"
    assert call("POST", "/agreements/A1/end", json={"reason": "left"}).json()["valid_to"] == "2024-06-01"
    history = call("GET", "/agreements/A1/history").json()["items"]
    assert {event["reason"] for event in history} >= {"left"}
    assert call("GET", "/agreements/nothing/history").status_code == 404
