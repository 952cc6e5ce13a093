"""What a partner tells of its open deals, over HTTP and by the service."""

from datetime import date, timedelta

import pytest

from domain.context import SYSTEM, Actor
from domain.errors import Conflict, InvalidInput, NotFound, StaleVersion
from domain.terms import Role
from programme.contact_log import Contacted, log_contact
from programme.offers import answer_offer, offer_lead
from programme.progress import REPORTED_WON, report_progress
from programme.registrations import reject, submit_registration
from store.unit_of_work import UnitOfWork
from tests.conftest import NOW


@pytest.fixture
def open_work(engine, clock):
    """Return a function that opens a transaction as a partner by its name, or as the system."""
    ids = {}
    with UnitOfWork(engine, SYSTEM, clock, currency="EUR") as work:
        for name in ("one", "two"):
            ids[name] = work.repository("partners").create({"external_id": name, "name": name, "status": "active"})[
                "id"
            ]
        submit_registration(work, {"partner": "one", "company": "Acme", "external_id": "D", "amount": 100})

    def opened(who: str = "") -> UnitOfWork:
        actor = Actor(who, Role.PARTNER, ids[who]) if who else SYSTEM
        return UnitOfWork(engine, actor, clock, currency="EUR")

    return opened


def test_what_is_told_is_kept_and_the_rest_stays(open_work):
    with open_work("one") as work:
        seen = work.repository("deals").get("D")["row_version"]
        row = report_progress(work, "D", {"stage": "proposal", "expected_close_on": date(2024, 8, 1)}, seen)
        assert (row["stage"], row["amount"], row["attributes"]) == (
            "proposal",
            100,
            {"expected_close_on": "2024-08-01"},
        )
        with pytest.raises(StaleVersion):
            report_progress(work, "D", {"stage": "other"}, seen)
        cleared = report_progress(work, "D", {"expected_close_on": None, "stage": None})
        assert (cleared["stage"], cleared["attributes"]) == (None, {})
        for wrong in ({"outcome": "maybe"}, {"outcome": "lost"}, {"expected_close_on": "soon"}, {"amount": "x"}):
            with pytest.raises(InvalidInput):
                report_progress(work, "D", wrong)


def test_of_another_partners_deal_nothing_is_told(open_work):
    with open_work("two") as work, pytest.raises(NotFound):
        report_progress(work, "D", {"stage": "mine"})


def test_a_partners_win_waits_for_the_staff(open_work):
    with open_work("one") as work:
        row = report_progress(work, "D", {"outcome": "won", "reason": "order 17", "amount": 120})
        assert (row["stage"], row["outcome"], row["closed_at"]) == (REPORTED_WON, None, None)
        (note,) = work.repository("notes").list({"deal": "D"}).rows
    assert (note["kind"], note["shared"]) == ("message", True)
    assert note["body"] == "Reported as won on 2024-06-01: 120.00 EUR. order 17"
    with open_work() as work:  # the staff's word is the outcome
        won = report_progress(work, "D", {"outcome": "won", "closed_on": date(2024, 5, 30)})
        assert (won["outcome"], won["closed_at"].date()) == ("won", date(2024, 5, 30))
        assert work.repository("ledger").list().rows == []  # its registration is not approved
    with open_work("one") as work, pytest.raises(Conflict):
        report_progress(work, "D", {"stage": "again"})


def test_a_lost_deal_is_closed_with_its_reason(open_work):
    with open_work("one") as work:
        with pytest.raises(InvalidInput):
            report_progress(work, "D", {"outcome": "lost", "reason": "price", "closed_on": NOW.date() + timedelta(1)})
        row = report_progress(work, "D", {"outcome": "lost", "reason": "price"})
        assert (row["outcome"], row["closed_at"]) == ("lost", NOW)
        assert [note["body"] for note in work.repository("notes").list({"deal": "D"}).rows] == ["Lost: price"]


def test_what_is_rejected_is_registered_anew(open_work):
    with open_work() as work:
        reject(work, "D", "no")
    with open_work("one") as work, pytest.raises(Conflict, match="register the deal anew"):
        report_progress(work, "D", {"stage": "proposal"})


def test_a_contact_is_noted_once_the_lead_is_accepted(open_work):
    with open_work() as work:
        work.repository("leads").create({"external_id": "L", "created_at": NOW})
        offer = offer_lead(work, {"lead": "L", "partner": "one"})["id"]
    with open_work("one") as work:
        with pytest.raises(Conflict):
            log_contact(work, offer, Contacted.CALL)
        answer_offer(work, offer, "accepted")
        note = log_contact(work, offer, Contacted.EMAIL, " will call back ")
        assert (note["body"], note["lead"], note["partner"]) == ("Wrote to the customer. will call back", "L", "one")
    with open_work("two") as work, pytest.raises(NotFound):
        log_contact(work, offer, Contacted.CALL)
