"""A lead's way over HTTP: offered, declined, left to expire, to a person, accepted, won; and what is told of it."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from domain.settings import Settings
from domain.terms import Role
from tests.conftest import FixedClock
from tests.e2e.office import Office

PARTNERS = ("berlin", "bonn", "bremen", "porto")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def office(sqlite_engine, tmp_path, clock) -> Iterator[Office]:
    settings = Settings(home=tmp_path, database_url=str(sqlite_engine.url), check_every_days=0, score_every_days=0)
    with TestClient(create_app(settings, clock)) as client:
        yield Office(client, clock)


@pytest.fixture
def programme(office: Office) -> Office:
    """Three partners in Germany, one in Portugal; leads are offered by a policy of two hops that explores."""
    office.create(Role.MANAGER, "programs", external_id="resale", name="Resale")
    office.create(Role.MANAGER, "program-rules", program="resale", answer_hours=24, first_contact_hours=72)
    office.create(Role.MANAGER, "products", external_id="suite", name="Suite", required_certifications=["Suite 1"])
    office.create(Role.MANAGER, "routing-policies", external_id="house", name="House", program="resale", max_hops=2,
                  remind_hours=6, exploration="epsilon", explored_share=1, explored_within=1)  # fmt: skip
    for place, name in enumerate(PARTNERS):
        country = "PT" if name == "porto" else "DE"
        office.create(Role.RECRUITER, "partners", external_id=name, name=f"{name} AG", status="active", country=country,
                      program="resale", recruited_at=f"2023-0{place + 1}-01T00:00:00Z")  # fmt: skip
        office.create(Role.MANAGER, "agreements", external_id=f"of {name}", partner=name, status="active",
                      valid_from="2023-01-01", territories=[country], commission_rate=0.2)  # fmt: skip
        office.create(Role.RECRUITER, "certifications", partner=name, course="Suite 1", passed_on="2023-06-01")
    return office


def lead(office: Office, name: str, clock: FixedClock) -> None:
    office.create(Role.ROUTER, "leads", external_id=name, created_at=clock().isoformat(), company=f"{name} Ltd",
                  country="DE", product="suite", program="resale", estimated_amount=1000, currency="EUR")  # fmt: skip


def waiting(office: Office, name: str) -> dict:
    """Return the offer of a lead that waits."""
    (found,) = [one for one in office.ask(Role.MANAGER, "GET", f"leads/{name}/route")["offers"] if not one["response"]]
    return found


def test_a_lead_finds_its_partner(programme: Office, clock: FixedClock):
    office = programme
    lead(office, "L-1", clock)
    before = office.ask(Role.ROUTER, "POST", "match", {"lead_id": "L-1"})
    assert {row["partner"] for row in before["candidates"]} == set(PARTNERS) - {"porto"}
    assert sum(row["propensity"] for row in before["candidates"]) == pytest.approx(1)
    assert [(row["partner"], row["codes"]) for row in before["excluded"]] == [("porto", ["territory"])]
    assert {row["margin"] for row in before["candidates"]} == {0.8}

    first, second = two_hops(office)
    third = next(iter(set(PARTNERS) - {"porto", first, second}))
    a_person_chooses(office, third)
    clock.advance(days=10)
    office.create(Role.ROUTER, "deals", external_id="D-1", partner=third, lead="L-1", registered_at=clock().isoformat(),
                  status="approved", outcome="won", amount=1200, currency="EUR",
                  closed_at=clock().isoformat())  # fmt: skip
    office.route()
    done = office.ask(Role.MANAGER, "GET", "leads/L-1/route")["route"]
    assert (done["state"], done["due_at"]) == ("closed", None)


def two_hops(office: Office) -> tuple[str, str]:
    """One partner declines, the next lets the offer expire; then a person is to decide."""
    office.ask(Role.ROUTER, "POST", "leads/L-1/route", status=201)
    office.route()
    first = waiting(office, "L-1")
    assert (first["hop"], 0 < first["propensity"] < 1) == (1, True)
    asked = office.ask(first["partner"], "GET", "assignments")["items"]
    assert [row["lead"] for row in asked] == ["L-1"]
    assert asked[0]["attributes"].get("propensity") is None
    hidden = office.ask(first["partner"], "GET", "leads/L-1")
    assert hidden["company"] is None
    office.ask(first["partner"], "POST", f"assignments/{first['id']}/decline", {"decline_reason": "no time"})

    office.route()
    second = waiting(office, "L-1")
    assert second["hop"] == 2
    assert second["partner"] != first["partner"]
    office.route(hours=19)
    assert waiting(office, "L-1")["reminded_at"] is not None
    office.route(hours=6)
    state = office.ask(Role.MANAGER, "GET", "leads/L-1/route")
    assert [one["response"] for one in state["offers"]] == ["declined", "expired"]
    assert state["route"]["state"] == "person"  # two hops, and no more
    events = office.ask(Role.ADMIN, "GET", "events", limit=250)["items"]
    assert "lead.needs_person" in {one["name"] for one in events}
    return first["partner"], second["partner"]


def a_person_chooses(office: Office, third: str) -> None:
    chosen = office.ask(Role.MANAGER, "PUT", "leads/L-1/override", {"partner": third, "reason": "knows them"})
    assert chosen["warnings"] == []
    assert chosen["model_first"]["partner"] == third  # the only one left who may be asked
    office.route()
    offered = waiting(office, "L-1")
    assert (offered["partner"], offered["hop"]) == (third, None)
    office.ask(third, "POST", f"assignments/{offered['id']}/accept")
    assert office.ask(third, "GET", "leads/L-1")["company"] == "L-1 Ltd"
    standing = office.ask(third, "GET", f"assignments/{offered['id']}/standing")
    assert not set(PARTNERS) - {third} & set(str(standing).split("'"))


def test_a_lead_for_which_nobody_is_eligible_has_an_answer(programme: Office):
    found = programme.ask(Role.ROUTER, "POST", "match", {"lead": {"country": "PL", "program": "resale"}})
    assert (found["candidates"], found["policy"], found["explored"]) == ([], None, False)
    assert {row["partner"]: row["codes"] for row in found["excluded"]} == {name: ["territory"] for name in PARTNERS}


def test_a_list_is_given_under_limits_and_offered(programme: Office, clock: FixedClock):
    office = programme
    for partner, room in (("berlin", 1), ("bonn", 1), ("bremen", 2)):
        office.ask(Role.RECRUITER, "PATCH", f"partners/{partner}", {"max_open_leads": room})
    names = [f"L-{k}" for k in range(4)]
    for name in names:
        lead(office, name, clock)
    given = office.ask(Role.ROUTER, "POST", "match/assign", {"lead_ids": names, "offer": True})
    assert len(given["items"]) == 4
    assert sorted(row["partner"] for row in given["items"]) == ["berlin", "bonn", "bremen", "bremen"]
    for row in given["items"]:
        (asked,) = office.ask(row["partner"], "GET", "assignments", lead=row["lead"])["items"]
        assert asked["response"] is None
    assert office.ask(Role.MANAGER, "GET", f"match/assign/{given['allocation_id']}") == given


def test_what_was_done_can_be_judged(programme: Office, clock: FixedClock):
    office = programme
    lead(office, "L-9", clock)
    found = office.ask(Role.ROUTER, "POST", "match", {"lead_id": "L-9"})
    office.create(Role.ROUTER, "assignments", lead="L-9", partner=found["candidates"][0]["partner"],
                  match_id=found["match_id"])  # fmt: skip
    report = office.ask(Role.MANAGER, "GET", "routing/fairness", by="country",
                        since="2020-01-01T00:00:00Z")  # fmt: skip
    assert report
    started = office.ask(Role.MANAGER, "POST", "routing/replays",
                         {"policy": {"name": "new", "exploration": "none"}, "since": "2020-01-01T00:00:00Z"},
                         status=202)  # fmt: skip
    office.nightly()
    job = office.ask(Role.MANAGER, "GET", f"jobs/{started['id']}")
    assert job["status"] in ("done", "failed")
    assert job["error"] or job["result"]
