"""Who sees which rows and fields: partners their own and leads with a veil, managers their portfolio."""

from datetime import timedelta

import pytest

from domain.access import portfolio_of
from domain.context import SYSTEM, Actor
from domain.errors import InvalidInput, NotFound, UnknownReference
from domain.terms import Role
from store.unit_of_work import UnitOfWork
from tests.conftest import NOW

CONTACT = {
    "company": "Acme",
    "domain": "acme.example",
    "description": "Ask for Jo",
    "latitude": 1.5,
    "longitude": 2.5,
    "attributes": {"Contact_Email": "jo@acme.example", "size": "big"},
}


@pytest.fixture
def people(engine, clock):
    """Two partners, each managed by another, and leads offered to the first: L1 accepted, L2 not answered."""
    with UnitOfWork(engine, SYSTEM, clock) as work:
        ids = {
            name: work.repository("partners").create({"external_id": name, "name": name, "account_manager": manager})[
                "id"
            ]
            for name, manager in (("p1", "Ann Ásh"), ("p2", "BOB@vendor.example"), ("p3", None))
        }
        for number, country in ((1, "FR"), (2, "DE"), (3, "DE"), (4, "DE")):
            lead = {"external_id": f"L{number}", "created_at": NOW - timedelta(days=number), "country": country}
            work.repository("leads").create(lead | CONTACT | {"company": f"Acme {number}"})
        for lead, partner, response in (("L1", "p1", "accepted"), ("L2", "p1", None), ("L3", "p2", "declined")):
            answer = {"response": response, "responded_at": None if response is None else NOW}
            work.repository("assignments").create({"lead": lead, "partner": partner, "offered_at": NOW} | answer)
        for partner in ("p1", "p2"):
            work.repository("deals").create({"external_id": f"D-{partner}", "partner": partner, "registered_at": NOW})
            work.repository("contacts").create({"external_id": f"C-{partner}", "partner": partner, "name": "Jo"})
            agreement = {
                "external_id": f"A-{partner}",
                "partner": partner,
                "status": "active",
                "valid_from": "2024-01-01",
            }
            work.repository("agreements").create(agreement)
            work.repository("terms").create({"agreement": f"A-{partner}", "version": 1})
    return ids


def seen(engine, clock, actor, resource, **options):
    with UnitOfWork(engine, actor, clock, read_only=True) as work:
        return work.repository(resource).list(**options).rows


def ids(rows):
    return sorted(row["external_id"] for row in rows)


def test_contact_data_of_a_lead_is_seen_once_it_is_accepted(engine, clock, people):
    them = Actor("them", Role.PARTNER, people["p1"])
    one, two = seen(engine, clock, them, "leads")
    assert {name: one[name] for name in CONTACT} == CONTACT | {"company": "Acme 1"}
    hidden = dict.fromkeys(CONTACT) | {"attributes": {"Contact_Email": None, "size": "big"}}
    assert {name: two[name] for name in CONTACT} == hidden
    assert two["country"] == "DE"
    with UnitOfWork(engine, them, clock, read_only=True) as work:
        assert work.repository("leads").get("L2")["company"] is None
        assert work.repository("leads").get("L1")["company"] == "Acme 1"
    with UnitOfWork(engine, SYSTEM, clock) as work:
        offer = work.repository("assignments").find(("L2", "p1", NOW))
        work.repository("assignments").patch(offer["id"], {"response": "accepted", "responded_at": NOW})
    assert seen(engine, clock, them, "leads")[1]["company"] == "Acme 2"


FILTERS = [
    ({"company": "Acme 1"}, ["L1"]),
    ({"company": "Acme 2"}, []),
    ({"company": ["Acme 1", "Acme 2"]}, ["L1"]),
    ({"company": None}, ["L2"]),
    ({"company": ["", "Acme 1"]}, ["L1", "L2"]),
    ({"latitude.gte": "1"}, ["L1"]),
    ({"attributes.Contact_Email": "jo@acme.example"}, ["L1"]),
    ({"attributes.Contact_Email": None}, ["L2"]),
    ({"attributes.Contact_Email.gte": "a"}, ["L1"]),
    ({"attributes.size": "big"}, ["L1", "L2"]),
    ({"country": "DE"}, ["L2"]),
]


def test_filters_tell_nothing_of_hidden_fields(engine, clock, people):
    them = Actor("them", Role.PARTNER, people["p1"])
    for filters, found in FILTERS:
        assert (filters, ids(seen(engine, clock, them, "leads", filters=filters))) == (filters, found)


def test_orders_tell_nothing_of_hidden_fields(engine, clock, people):
    them = Actor("them", Role.PARTNER, people["p1"])
    for sort in ("company", "-latitude"):
        with pytest.raises(InvalidInput, match="sorted"):
            seen(engine, clock, them, "leads", sort=sort)
    assert [row["external_id"] for row in seen(engine, clock, them, "leads", sort="country")] == ["L2", "L1"]


def test_a_setting_says_what_is_hidden(engine, clock, people):
    them = Actor("them", Role.PARTNER, people["p1"], lead_contact_fields=("country", "attributes.size"))
    two = seen(engine, clock, them, "leads")[1]
    assert (two["company"], two["country"], two["attributes"]["size"]) == ("Acme 2", None, None)


def test_staff_sees_all_of_a_lead(engine, clock, people):
    rows = seen(engine, clock, Actor("r", Role.ROUTER), "leads", sort="company")
    assert [row["company"] for row in rows] == ["Acme 1", "Acme 2", "Acme 3", "Acme 4"]


def test_a_partner_cannot_refer_to_what_it_cannot_see(engine, clock, people):
    them = Actor("them", Role.PARTNER, people["p1"])
    with UnitOfWork(engine, them, clock) as work:
        notes = work.repository("notes")
        made = notes.create({"partner": "p1", "body": "ours", "lead": "L2", "deal": "D-p1", "shared": True})
        assert (made["lead"], made["deal"]) == ("L2", "D-p1")
        for name, other in (("lead", "L3"), ("deal", "D-p2")):
            with pytest.raises(UnknownReference):
                notes.create({"partner": "p1", "body": "theirs", "shared": True, name: other})
        for partner in ("p2", "none"):
            with pytest.raises((NotFound, UnknownReference)):
                notes.create({"partner": partner, "body": "theirs", "shared": True})


def test_a_manager_may_be_confined_to_a_portfolio(engine, clock, people):
    manager = Actor("ann@vendor.example", Role.MANAGER, full_name="Ann Ásh", email="ann@vendor.example")
    confined = Actor("ann@vendor.example", Role.MANAGER, portfolio=portfolio_of(manager))
    assert ids(seen(engine, clock, manager, "partners")) == ["p1", "p2", "p3"]
    expected = {
        "partners": ["p1"],
        "deals": ["D-p1"],
        "contacts": ["C-p1"],
        "agreements": ["A-p1"],
        "leads": ["L1", "L2", "L4"],  # the last was offered to nobody yet
    }
    assert {name: ids(seen(engine, clock, confined, name)) for name in expected} == expected
    assert [row["agreement"] for row in seen(engine, clock, confined, "terms")] == ["A-p1"]
    other = Actor("bob", Role.MANAGER, portfolio=frozenset({"bob@vendor.example"}))
    assert ids(seen(engine, clock, other, "partners")) == ["p2"]
    with UnitOfWork(engine, confined, clock) as work:
        deal = {"external_id": "D9", "registered_at": NOW}
        work.repository("deals").create(deal | {"partner": "p1"})
        with pytest.raises(NotFound):
            work.repository("deals").create(deal | {"partner": "p2", "external_id": "D10"})
        with pytest.raises(NotFound):
            work.repository("partners").get("p2")
        work.repository("costs").create({"kind": "event", "amount": 10, "incurred_on": "2024-05-01"})
