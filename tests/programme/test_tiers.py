"""Tiers: thresholds, standings, reviews."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.errors import Conflict, InvalidInput
from programme import records
from programme.tiers import accept_review, partner_standing, reject_review, review_tiers
from tests.programme.money_worlds import add_deal, build, unit


@pytest.fixture
def work(engine, clock):
    build(engine, clock)
    with unit(engine, clock) as work:
        for position, (name, values) in enumerate(
            {
                "Silver": {},
                "Gold": {"min_revenue": 1000, "min_deals": 2, "currency": "EUR"},
                "Platinum": {"min_revenue": 5000, "min_certified": 2, "required_certifications": ["sales"]},
            }.items()
        ):
            given = {"external_id": name, "program": "resale", "name": name, "position": position, **values}
            records.create(work, "tiers", given)
        yield work


def test_a_standing_shows_each_threshold_beside_what_is_there(work):
    add_deal(work, "D1", 900)
    add_deal(work, "D2", 50)
    add_deal(work, "D3", 9000, currency="USD")
    add_deal(work, "old", 9000, closed_at=datetime(2023, 6, 1, tzinfo=UTC))
    found = partner_standing(work, "P1")
    assert (found.tier, found.earned.name, found.following.name, found.change) == (
        "Gold",
        "Silver",
        "Platinum",
        "demotion",
    )
    revenue, deals = found.current.criteria
    assert (revenue.actual, revenue.threshold, revenue.met) == (Decimal(950), Decimal(1000), False)
    assert revenue.text == (
        "Revenue of the last 365 days: 950.00 EUR (besides 9,000.00 USD, which do not count), needed 1,000.00 EUR"
    )
    assert (deals.text, deals.met) == ("Deals won in the last 365 days: 3, needed 2", True)


def test_certificates_count_by_person_while_they_are_valid(work):
    work.repository("courses").create({"external_id": "S-1", "name": "sales"})
    for key in ("ann", "bob"):
        work.repository("contacts").create({"external_id": key, "partner": "P1", "name": key})
    for course, contact, expires in (
        ("S-1", "ann", None),
        ("tech", "ann", "2024-06-01"),
        ("sales", "bob", "2024-05-31"),
        ("web", None, None),
    ):
        given = {"partner": "P1", "course": course, "contact": contact, "passed_on": "2024-01-01"}
        work.repository("certifications").create({**given, "expires_on": expires})
    _revenue, certified, sales = partner_standing(work, "P1").following.criteria
    assert (certified.text, certified.met) == ("Certified people: 2, needed 2", True)
    assert (sales.name, sales.met) == ("certification sales", True)


def test_reviews_propose_promotions_and_demotions_and_people_decide(work):
    records.change(work, "partners", "P2", {"tier": "silver"})
    for number in range(2):
        add_deal(work, f"D{number}", 600, "P2")
    done = review_tiers(work)
    assert (done.partners, done.unchanged, done.next_cursor) == (2, 0, None)
    down, up = done.proposals
    assert (down.change, down.review["partner"], down.review["proposed_tier"]) == ("demotion", "P1", "Silver")
    assert (up.change, up.review["partner"], up.review["proposed_tier"]) == ("promotion", "P2", "Gold")
    assert up.review["explanation"] == (
        "Promotion from silver to Gold: all that Gold takes is met. "
        "Revenue of the last 365 days: 1,200.00 EUR, needed 1,000.00 EUR (met); "
        "Deals won in the last 365 days: 2, needed 2 (met)."
    )
    assert all(not criterion.met for criterion in down.criteria)
    assert [item.review["id"] for item in review_tiers(work).proposals] == [down.review["id"], up.review["id"]]

    accepted = accept_review(work, up.review["external_id"])
    assert (accepted["status"], accepted["decided_by"]) == ("accepted", "mia")
    assert work.repository("partners").get("P2")["tier"] == "Gold"
    with pytest.raises(InvalidInput):
        reject_review(work, down.review["id"], " ")
    reject_review(work, down.review["id"], "one bad quarter")
    assert work.repository("partners").get("P1")["tier"] == "Gold"
    for review in (up.review, down.review):
        with pytest.raises(Conflict, match="already"):
            accept_review(work, review["id"])


def test_what_was_rejected_comes_again_with_the_next_quarter_only(work, clock):
    (proposal,) = [item for item in review_tiers(work).proposals if item.review["partner"] == "P1"]
    reject_review(work, proposal.review["id"], "wait")
    assert [item.review["partner"] for item in review_tiers(work).proposals] == ["P2"]
    clock.advance(days=40)
    assert [item.review["partner"] for item in review_tiers(work).proposals] == ["P1", "P2"]


def test_a_proposal_that_no_longer_holds_is_closed(work):
    (proposal, _other) = review_tiers(work).proposals
    for number in range(2):
        add_deal(work, f"D{number}", 600)
    assert [item.review["partner"] for item in review_tiers(work).proposals] == ["P2"]
    closed = work.repository("tier_reviews").get(proposal.review["id"])
    assert (closed["status"], closed["decided_by"]) == ("rejected", "service")


def test_a_tier_that_changed_meanwhile_is_not_overwritten(work):
    (proposal, _other) = review_tiers(work).proposals
    records.change(work, "partners", "P1", {"tier": "Platinum"})
    with pytest.raises(Conflict, match="Platinum since"):
        accept_review(work, proposal.review["id"])


def test_pages_and_programmes_without_tiers(work):
    first = review_tiers(work, limit=1)
    second = review_tiers(work, limit=5, cursor=first.next_cursor)
    assert (first.partners, second.partners, second.next_cursor) == (1, 1, None)
    assert review_tiers(work, program="referral").partners == 0
    assert partner_standing(work, "P3").levels == []
    with pytest.raises(InvalidInput):
        records.create(work, "tiers", {"external_id": "x", "program": "resale", "name": "x", "min_deals": -1})
