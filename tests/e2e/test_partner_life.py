"""A partner's whole life over HTTP: from prospect to erasure, as the people and machines around it would walk it."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from domain.settings import Settings
from domain.terms import Role
from tests.conftest import FixedClock
from tests.e2e.office import Office

ACME = "acme"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def office(sqlite_engine, tmp_path, clock) -> Iterator[Office]:
    settings = Settings(home=tmp_path, database_url=str(sqlite_engine.url), check_every_days=0, score_every_days=0)
    with TestClient(create_app(settings, clock)) as client:
        yield Office(client, clock)


def test_a_partners_life(office: Office, clock: FixedClock):
    set_up_the_programme(office)
    recruit(office)
    onboard_and_certify(office, clock)
    sell(office, clock)
    be_paid(office)
    reach_a_goal_and_hear_of_what_runs_out(office, clock)
    renew(office)
    leave_and_be_forgotten(office, clock)


def set_up_the_programme(office: Office) -> None:
    office.create(Role.MANAGER, "programs", external_id="resale", name="Resale", tiers=["silver", "gold"])
    office.create(Role.MANAGER, "program-rules", program="resale", protection_days=90, auto_approve=True)
    for position, (name, revenue) in enumerate((("silver", 0), ("gold", 1000))):
        office.create(Role.MANAGER, "tiers", external_id=name, program="resale", name=name, position=position,
                      min_revenue=revenue)  # fmt: skip
    office.create(Role.MANAGER, "courses", external_id="sales-101", name="Sales 101", validity_days=270)
    office.create(Role.MANAGER, "products", external_id="suite", name="Suite", required_certifications=["Sales 101"])
    office.create(Role.RECRUITER, "criteria", external_id="record", program="resale", name="Track record",
                  kind="record", weight=1, must_have=True, minimum=3)  # fmt: skip
    office.create(Role.RECRUITER, "onboarding-steps", external_id="train", program="resale", title="Get certified",
                  due_days=30, required=True, course="Sales 101")  # fmt: skip
    office.create(Role.MANAGER, "commission-plans", external_id="ten", name="Ten percent", program="resale",
                  base="every", rate=0.1)  # fmt: skip


def recruit(office: Office) -> None:
    office.create(Role.RECRUITER, "prospects", external_id=ACME, name="Acme GmbH", country="DE", kind="reseller",
                  program="resale", website="https://acme.example", account_manager="manager")  # fmt: skip
    ranking = office.ask(Role.RECRUITER, "GET", "prospects/ranking")
    (ranked,) = ranking["items"]
    assert (ranked["partner"], ranked["evidence"]) == (ACME, "none")
    assert 0 < ranked["low"] < ranked["p_productive"] < ranked["high"] < 1
    office.ask(Role.RECRUITER, "POST", f"partners/{ACME}/status", {"status": "applied", "reason": "asked to join"})
    office.create(Role.RECRUITER, "notes", partner=ACME, kind="interview", body="Knows the market.")
    office.ask(Role.RECRUITER, "POST", f"partners/{ACME}/ratings", {"criterion": "record", "score": 4}, status=201)
    qualification = office.ask(Role.RECRUITER, "GET", f"partners/{ACME}/qualification")["qualification"]
    assert qualification["score"] == 80
    office.ask(Role.RECRUITER, "POST", f"partners/{ACME}/status", {"status": "onboarding", "reason": "a good fit"})


def onboard_and_certify(office: Office, clock: FixedClock) -> None:
    office.ask(Role.RECRUITER, "POST", f"partners/{ACME}/status", {"status": "active", "reason": "eager"}, status=409)
    office.create(Role.RECRUITER, "contacts", external_id="ann", partner=ACME, name="Ann", email="ann@acme.example")
    enrolment = office.create(ACME, "enrolments", partner=ACME, course="sales-101", contact="ann")
    clock.advance(days=10)
    office.ask(Role.RECRUITER, "POST", f"enrolments/{enrolment['external_id']}/complete", {"passed": True})
    (certificate,) = office.ask(ACME, "GET", "certifications")["items"]
    assert (certificate["course"], certificate["contact"]) == ("Sales 101", "ann")
    office.create(Role.MANAGER, "agreements", external_id="acme-1", partner=ACME, status="active",
                  valid_from="2024-06-01", valid_to="2025-02-28", territories=["DE"], products=["suite"])  # fmt: skip
    office.ask(Role.RECRUITER, "POST", f"partners/{ACME}/status", {"status": "active", "reason": "ready"})
    assert office.ask(Role.MANAGER, "GET", f"partners/{ACME}/onboarding")["times"]["days_to_onboard"] == 10


def sell(office: Office, clock: FixedClock) -> None:
    now = clock().isoformat()
    office.create(Role.ROUTER, "leads", external_id="lead-1", created_at=now, company="Rhein AG", country="DE",
                  domain="rhein.example", product="suite", estimated_amount=5000, program="resale",
                  attributes={"contact_email": "it@rhein.example"})  # fmt: skip
    match = office.ask(Role.ROUTER, "POST", "match", {"lead_id": "lead-1"})
    assert [candidate["partner"] for candidate in match["candidates"]] == [ACME]
    offered = office.create(Role.ROUTER, "assignments", lead="lead-1", partner=ACME, offered_at=now)
    hidden = office.ask(ACME, "GET", "leads/lead-1")
    assert (hidden["country"], hidden["domain"], hidden["attributes"]["contact_email"]) == ("DE", None, None)
    clock.advance(hours=2)
    office.ask(ACME, "POST", f"assignments/{offered['id']}/accept")
    shown = office.ask(ACME, "GET", "leads/lead-1")
    assert (shown["domain"], shown["attributes"]["contact_email"]) == ("rhein.example", "it@rhein.example")
    claimed = office.create(ACME, "registrations", external_id="deal-1", lead="lead-1", company="Rhein AG",
                            domain="www.rhein.example", country="DE", product="suite", amount=5000)  # fmt: skip
    deal = office.ask(ACME, "GET", "deals/deal-1")
    assert (deal["status"], deal["partner"]) == ("approved", ACME), claimed
    clock.advance(days=20)
    names = {event["name"] for event in office.ask(Role.MANAGER, "GET", "events", limit=200)["items"]}
    assert {"partner.created", "partner.moved", "deal.created", "registration.approved"} <= names
    won = {"outcome": "won", "closed_at": clock().isoformat(), "amount": 5000}
    office.ask(Role.MANAGER, "PATCH", "deals/deal-1", won)


def be_paid(office: Office) -> None:
    commission = office.ask(ACME, "GET", "deals/deal-1/commission")
    assert [entry["credit"] for entry in commission["entries"]] == [500]
    (balance,) = office.ask(ACME, "GET", f"partners/{ACME}/balance")["items"]
    assert (balance["currency"], balance["balance"]) == ("USD", 500)
    tier = office.ask(Role.MANAGER, "GET", f"partners/{ACME}/tier")
    assert tier["earned_tier"] == "gold"


def reach_a_goal_and_hear_of_what_runs_out(office: Office, clock: FixedClock) -> None:
    office.create(Role.MANAGER, "goals", partner=ACME, metric="revenue", target=4000, period_start="2024-06-01",
                  period_end="2024-12-31")  # fmt: skip
    (goal,) = office.ask(ACME, "GET", "goals/progress")["items"]
    assert (goal["actual"], goal["status"]) == (5000, "reached")
    clock.advance(days=210)  # the agreement ends in less than 60 days, the certificate too
    office.nightly()
    kinds = {alert["kind"] for alert in office.ask(Role.MANAGER, "GET", "alerts")["items"]}
    assert {"agreement_expiring", "certificate_expiring"} <= kinds
    names = {event["name"] for event in office.ask(Role.MANAGER, "GET", "events", limit=200)["items"]}
    assert {"agreement.expiring", "certification.expiring", "alert.raised"} <= names


def renew(office: Office) -> None:
    office.ask(Role.MANAGER, "POST", "agreements/acme-1/renew", {}, status=201)
    periods = [(row["valid_from"], row["valid_to"]) for row in office.ask(Role.MANAGER, "GET", "agreements")["items"]]
    assert periods[0] == ("2024-06-01", "2025-02-28")
    assert periods[1][0] == "2025-03-01"


def leave_and_be_forgotten(office: Office, clock: FixedClock) -> None:
    clock.advance(days=30)
    office.ask(Role.MANAGER, "POST", f"partners/{ACME}/status", {"status": "ended", "reason": "sold its business"})
    kept = office.ask(Role.ADMIN, "GET", f"partners/{ACME}/export")
    assert "ann@acme.example" in str(kept)
    office.ask(Role.ADMIN, "POST", f"partners/{ACME}/erase", {"reason": "asked for it"})
    everything = str([office.ask(Role.ADMIN, "GET", path) for path in ("contacts", "notes", "leads", "partners")])
    assert "Ann" not in everything
    assert "Acme GmbH" not in everything
    assert office.ask(Role.ADMIN, "GET", "audit/verification")["ok"] is True
