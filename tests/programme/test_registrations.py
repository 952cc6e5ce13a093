"""Registrations: submitted, checked, decided one at a time, protected, appealed, given up."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from domain.terms import Role
from programme import records, registrations
from store.events import EventRepository
from tests.conftest import NOW
from tests.programme.claims_world import open_world

ACME = {"company": "Acme Rockets, Inc.", "domain": "www.acme-rockets.com", "country": "US"}
AGAIN = {"company": "ACME Rockets", "domain": "https://acme-rockets.com/about", "country": "US"}


def submit(world, partner: str, **values: object) -> dict:
    with world.partner(partner) as work:
        return registrations.submit_registration(work, values)


def test_a_registration_waits_for_a_person_and_is_protected_once_approved(engine, clock):
    world = open_world(engine, clock, protection_days=60)
    deal = submit(world, "P-1", external_id="D-1", address="Main Street 5", amount=100, **ACME)
    assert (deal["status"], deal["partner"], deal["registered_at"]) == ("submitted", "P-1", NOW)
    assert world.registration("D-1")["address"] == "Main Street 5"
    clock.advance(hours=2)
    with world.staff() as work:
        approved, registration = registrations.approve(work, "D-1", "known to us")
    assert approved["status"] == "approved"
    assert registration["submitted_at"] == NOW
    assert registration["decided_by"] == "maria"
    assert registration["protected_until"] == NOW + timedelta(days=60, hours=2)


def test_a_rule_approves_what_nobody_else_claims(engine, clock):
    world = open_world(engine, clock, auto_approve=True)
    assert submit(world, "P-1", external_id="D-1", **ACME)["status"] == "approved"
    assert world.registration("D-1")["decided_by"] == "rule"
    assert submit(world, "P-2", external_id="D-2", **AGAIN)["status"] == "submitted"
    assert submit(world, "P-2", external_id="D-3", company="Zenith Foods", country="US")["status"] == "approved"


def test_two_registrations_of_one_customer_are_never_both_approved(engine, clock):
    world = open_world(engine, clock)
    submit(world, "P-1", external_id="D-1", **ACME)
    clock.advance(minutes=1)
    submit(world, "P-2", external_id="D-2", **AGAIN)
    with world.staff() as work:
        registrations.approve(work, "D-1")
    with pytest.raises(Conflict, match=r"Partner 1 \(P-1\): deal D-1") as caught, world.staff() as work:
        registrations.approve(work, "D-2")
    assert caught.value.details["held_by"] == ["D-1"]
    with pytest.raises(Conflict, match="D-1"), world.staff() as work:
        records.change(work, "deals", "D-2", {"status": "approved"})  # no other way in either
    with world.staff() as work:
        registrations.reject(work, "D-1", "not theirs")
        assert registrations.approve(work, "D-2")[0]["status"] == "approved"


def test_a_person_may_find_that_it_is_another_customer(engine, clock):
    world = open_world(engine, clock)
    submit(world, "P-1", external_id="D-1", company="Silva Alimentos", country="BR")
    submit(world, "P-2", external_id="D-2", company="Silva Alimentos Ltda", country="BR")
    with world.staff() as work:
        registrations.approve(work, "D-1")
    with pytest.raises(InvalidInput, match="reason"), world.staff() as work:
        registrations.approve(work, "D-2", distinct_from=["D-1"])
    with world.staff() as work:
        registrations.approve(work, "D-2", "another city, another tax number", ["D-1"])
    assert world.registration("D-2")["distinct_from"] == ["D-1"]
    with world.staff() as work:  # apart from either side: the first one does not have to be told so, too
        registrations.extend(work, "D-1", 30)


def test_a_deal_posted_as_submitted_is_a_registration_too(engine, clock):
    world = open_world(engine, clock, auto_approve=True)
    with world.staff() as work:
        row = {"external_id": "D-1", "partner": "P-1", "registered_at": NOW, "status": "submitted", **ACME}
        assert records.create(work, "deals", row)["status"] == "approved"
        with pytest.raises(InvalidInput, match="names its customer"):
            records.create(work, "deals", {**row, "external_id": "D-2", "company": None, "domain": None})
    assert world.registration("D-1")["protected_until"] == NOW + timedelta(days=90)


def test_a_deal_that_was_brought_as_approved_holds_its_customer(engine, clock):
    world = open_world(engine, clock, auto_approve=True)
    with world.staff() as work:
        records.create(work, "deals", {"external_id": "D-1", "partner": "P-1", "registered_at": NOW, **ACME})
    assert world.registration("D-1") is None
    assert submit(world, "P-2", external_id="D-2", **AGAIN)["status"] == "submitted"


def test_an_approved_registration_does_not_move_onto_a_held_customer(engine, clock):
    world = open_world(engine, clock, auto_approve=True)
    submit(world, "P-1", external_id="D-1", **ACME)
    submit(world, "P-2", external_id="D-2", company="Zenith Foods", country="US")
    with pytest.raises(Conflict, match="D-1"), world.staff() as work:
        records.change(work, "deals", "D-2", AGAIN)
    with world.staff() as work:
        records.change(work, "deals", "D-2", {"company": "Zenith Foods International", "amount": 5})


def test_a_partner_does_not_decide(engine, clock):
    world = open_world(engine, clock)
    submit(world, "P-1", external_id="D-1", **ACME)
    with pytest.raises(NotAllowed), world.partner("P-1") as work:
        records.change(work, "deals", "D-1", {"status": "approved"})
    with pytest.raises(NotAllowed), world.staff(Role.ROUTER) as work:
        records.change(work, "deals", "D-1", {"status": "rejected"})
    with pytest.raises(NotAllowed), world.partner("P-1") as work:
        records.create(
            work, "deals", {"external_id": "D-9", "partner": "P-1", "registered_at": NOW, "status": "approved", **ACME}
        )
    with pytest.raises(NotFound), world.partner("P-2") as work:
        registrations.withdraw(work, "D-1")
    with pytest.raises(NotFound), world.partner("P-2") as work:
        registrations.submit_registration(work, {"partner": "P-1", **ACME})


def test_a_partner_names_only_leads_that_it_was_offered(engine, clock):
    world = open_world(engine, clock)
    with world.system() as work:
        for key in ("L-1", "L-2"):
            work.repository("leads").create({"external_id": key, "created_at": NOW, **ACME})
        work.repository("assignments").create({"lead": "L-1", "partner": "P-1", "offered_at": NOW})
    assert submit(world, "P-1", lead="L-1")["status"] == "submitted"
    with pytest.raises(NotFound), world.partner("P-1") as work:
        registrations.submit_registration(work, {"lead": "L-2"})


def test_protection_ends_after_a_reminder_and_frees_the_customer(engine, clock):
    world = open_world(engine, clock, auto_approve=True, protection_days=30, reminder_days=7)
    submit(world, "P-1", external_id="D-1", **ACME)
    submit(world, "P-1", external_id="D-2", company="Zenith Foods", country="US")
    with world.staff() as work:
        records.change(work, "deals", "D-2", {"outcome": "won", "closed_at": NOW + timedelta(days=1)})

    def night() -> dict[str, int]:
        with world.system() as work:
            return registrations.end_protections(work)[0]

    clock.advance(days=22)
    assert night() == {"expired": 0, "reminded": 0}
    clock.advance(days=1)
    assert [night(), night()] == [{"expired": 0, "reminded": 1}, {"expired": 0, "reminded": 0}]
    clock.advance(days=7)
    assert [night(), night()] == [{"expired": 1, "reminded": 0}, {"expired": 0, "reminded": 0}]
    assert (world.deal("D-1")["status"], world.deal("D-2")["status"]) == ("expired", "approved")
    assert submit(world, "P-2", external_id="D-3", **AGAIN)["status"] == "approved"


def test_an_extension_counts_from_the_end_and_not_against_a_newer_claim(engine, clock):
    world = open_world(engine, clock, auto_approve=True, protection_days=30)
    submit(world, "P-1", external_id="D-1", **ACME)
    with world.staff() as work:
        assert registrations.extend(work, "D-1", 10)[1]["protected_until"] == NOW + timedelta(days=40)
    clock.advance(days=41)  # over, though the night has not come
    assert submit(world, "P-2", external_id="D-2", **AGAIN)["status"] == "submitted"  # an old open deal is a finding
    with world.staff() as work:
        registrations.approve(work, "D-2")
    with pytest.raises(Conflict, match="D-2"), world.staff() as work:
        registrations.extend(work, "D-1", 10)


def test_an_appeal_is_decided_once(engine, clock):
    world = open_world(engine, clock)
    submit(world, "P-1", external_id="D-1", **ACME)
    with pytest.raises(Conflict, match="only a rejection"), world.partner("P-1") as work:
        registrations.appeal(work, "D-1", "please")
    with world.staff() as work:
        registrations.reject(work, "D-1", "too early")
    with world.partner("P-1") as work:
        assert registrations.appeal(work, "D-1", "we met them in May")[1]["appeal_status"] == "open"
    with pytest.raises(Conflict, match="decide the appeal"), world.staff() as work:
        registrations.approve(work, "D-1")
    with world.staff() as work:
        deal, registration = registrations.decide_appeal(work, "D-1", uphold=True, reason="they did")
    assert (deal["status"], registration["appeal_status"]) == ("approved", "upheld")
    assert (registration["appeal_decided_by"], registration["appeal_decision"]) == ("maria", "they did")
    with pytest.raises(Conflict, match="No appeal"), world.staff() as work:
        registrations.decide_appeal(work, "D-1", uphold=False, reason="no")


def test_an_upheld_appeal_does_not_break_another_claim(engine, clock):
    world = open_world(engine, clock)
    for partner, key in (("P-1", "D-1"), ("P-2", "D-2")):
        submit(world, partner, external_id=key, **ACME)
    with world.staff() as work:
        registrations.reject(work, "D-1", "the other came first")
        registrations.approve(work, "D-2")
    with world.partner("P-1") as work:
        registrations.appeal(work, "D-1", "we did")
    with pytest.raises(Conflict, match="D-2"), world.staff() as work:
        registrations.decide_appeal(work, "D-1", uphold=True, reason="so it is")
    assert world.registration("D-1")["appeal_status"] == "open"
    with world.staff() as work:
        assert registrations.decide_appeal(work, "D-1", uphold=False, reason="no")[0]["status"] == "rejected"


def test_a_withdrawn_claim_frees_the_customer(engine, clock):
    world = open_world(engine, clock, auto_approve=True)
    submit(world, "P-1", external_id="D-1", **ACME)
    with world.partner("P-1") as work:
        assert registrations.withdraw(work, "D-1", "they went silent")[0]["status"] == "expired"
    assert world.registration("D-1")["reason"] == "withdrawn: they went silent"
    with pytest.raises(Conflict, match="nothing to withdraw"), world.partner("P-1") as work:
        registrations.withdraw(work, "D-1")
    assert submit(world, "P-2", external_id="D-2", **AGAIN)["status"] == "approved"


def test_a_protected_deal_is_not_deleted_and_another_takes_its_registration_along(engine, clock):
    world = open_world(engine, clock, auto_approve=True)
    submit(world, "P-1", external_id="D-1", **ACME)
    submit(world, "P-2", external_id="D-2", **AGAIN)
    with pytest.raises(Conflict, match="withdraw or reject it first"), world.staff() as work:
        records.remove(work, "deals", "D-1")
    with world.staff() as work:
        records.remove(work, "deals", "D-2")
    assert world.registration("D-2") is None


def test_registrations_are_not_written_past_their_endpoints(engine, clock):
    world = open_world(engine, clock)
    submit(world, "P-1", external_id="D-1", **ACME)
    id_ = world.registration("D-1")["id"]
    with pytest.raises(Conflict, match="only address"), world.staff() as work:
        records.change(work, "registrations", id_, {"protected_until": NOW})
    with world.staff() as work:
        assert records.change(work, "registrations", id_, {"address": "Main Street 6"})["address"] == "Main Street 6"


def test_events_of_a_registration_name_its_partner_only(sqlite_engine, clock):
    world = open_world(sqlite_engine, clock, auto_approve=True)
    submit(world, "P-1", external_id="D-1", **ACME)
    submit(world, "P-2", external_id="D-2", **AGAIN)
    with world.system() as work:
        told = EventRepository(work.connection, work.actor, clock).list(0, 100).items
    found = [(event.name, event.partner_id) for event in told if event.name.startswith("registration.")]
    business = [one for one in found if one[0].partition(".")[2] not in ("created", "changed")]
    assert business == [
        ("registration.submitted", world.ids["P-1"]),
        ("registration.approved", world.ids["P-1"]),
        ("registration.submitted", world.ids["P-2"]),
        ("registration.conflict", None),
    ]


def test_of_several_at_once_one_is_approved(engine, clock):
    world = open_world(engine, clock, 8, auto_approve=True)
    ready = Barrier(8)

    def register(number: int) -> str:
        ready.wait(30)
        return submit(world, f"P-{number}", external_id=f"D-{number}", **(ACME if number % 2 else AGAIN))["status"]

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(register, range(1, 9))) == {"approved": 1, "submitted": 7}
