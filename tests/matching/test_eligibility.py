"""Who may be offered a lead, rule by rule."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from domain.routing import Rule
from intelligence.matching.eligibility import covers
from store.history import History
from tests.matching.eligible import T, asked, blocked, lead_frame, micros, rules_of
from tests.matching.worlds import partners


def agreements(**columns: Any) -> pd.DataFrame:
    base = {"id": [1, 2, 3], "partner_id": [1, 2, 3], "valid_from": pd.Timestamp("2024-01-01"), "status": "active"}
    return pd.DataFrame(base | columns)


def test_everyone_is_eligible_in_a_plain_store() -> None:
    assert blocked() == {}


def test_status_is_that_of_the_instant() -> None:
    ended = partners(3, ended_at=[pd.Timestamp("2024-03-01"), pd.NaT, pd.Timestamp("2024-09-01")])
    assert blocked(partners=ended) == {Rule.NOT_ACTIVE: [0]}
    assert blocked(partners=ended, at="2024-09-01") == {Rule.NOT_ACTIVE: [0, 2]}
    assert blocked(partners=ended, at="2022-01-01") == {Rule.NOT_ACTIVE: [0, 1, 2]}


def test_without_an_agreement_nobody_is_eligible_once_the_store_holds_one() -> None:
    one = agreements().iloc[:1]
    assert blocked(agreements=one) == {Rule.NO_AGREEMENT: [1, 2]}
    assert blocked(agreements=one, at="2023-06-01") == {}


def test_agreements_hold_on_their_last_day_and_only_when_active() -> None:
    ends = agreements(
        valid_to=[pd.Timestamp(T), pd.Timestamp("2024-05-31"), pd.NaT], status=["active", "active", "draft"]
    )
    assert blocked(agreements=ends) == {Rule.NO_AGREEMENT: [1, 2]}


def test_an_agreement_marked_as_ended_since_it_ran_out_held_before() -> None:
    ends = agreements(valid_to=[pd.Timestamp("2024-12-31"), pd.NaT, pd.Timestamp("2999-01-01")], status="ended")
    assert blocked(agreements=ends) == {Rule.NO_AGREEMENT: [1, 2]}


def test_a_suspended_agreement_holds_again_once_it_is_taken_up() -> None:
    signed = agreements(external_id=["x", "y", "z"])
    changes = pd.DataFrame(
        {
            "resource": "agreements",
            "external_id": "y",
            "field": "status",
            "changed_at": pd.to_datetime(["2024-01-01", "2024-03-01", "2024-05-01"]),
            "value": ["active", "suspended", "active"],
        }
    )
    known = History.of("2026-01-01", partners=partners(3), agreements=signed, changes=changes)
    world, rules = rules_of(known, "2024-02-01")
    for at, expected in (("2024-02-29", []), ("2024-03-01", [1]), ("2024-04-30", [1]), ("2024-05-01", [])):
        found = rules.blocked(asked(world, None), micros(at)).get(Rule.NO_AGREEMENT, np.zeros(3, dtype=bool))
        assert np.flatnonzero(found).tolist() == expected


def test_an_agreement_must_cover_place_and_product() -> None:
    products = pd.DataFrame({"external_id": ["A", "B"], "name": ["A", "B"]})
    signed = agreements(territories=[("DE-N", "FR"), (), ("DE",)], products=[(), ("A",), ("B",)])
    wanted = {"country": "DE", "region": "S", "product": "A"}
    found = blocked(wanted, agreements=signed, products=products)
    assert found == {Rule.TERRITORY: [0], Rule.PRODUCT_NOT_COVERED: [2]}
    assert blocked({}, agreements=signed, products=products) == {}


def test_without_agreements_territories_of_the_partner_rule() -> None:
    found = blocked({"country": "BR", "region": "SP"}, partners=partners(3, territories=[("BR-SP",), ("DE",), ("*",)]))
    assert found == {Rule.TERRITORY: [1]}


@pytest.mark.parametrize(
    ("territories", "country", "region", "expected"),
    [
        (("BR",), "BR", "SP", True),
        (("BR-SP",), "BR", "BR-SP", True),
        (("BR-SP",), "BR", "RJ", False),
        (("BR-SP",), None, None, True),
        (("BR-SP",), None, "RJ", False),
        (("*",), "JP", None, True),
        (("DE-SP",), None, "BR-SP", False),
    ],
)
def test_covers(territories: tuple[str, ...], country: str | None, region: str | None, expected: bool) -> None:
    assert covers(territories, country, region) is expected


def test_certifications_missing_and_expired() -> None:
    products = pd.DataFrame({"external_id": ["A"], "name": ["A"], "required_certifications": [("safety",)]})
    passed = pd.DataFrame(
        {
            "partner_id": [1, 2],
            "course": "safety",
            "passed_on": pd.Timestamp("2024-01-01"),
            "expires_on": [pd.Timestamp(T), pd.Timestamp("2024-05-31")],
        }
    )
    found = blocked({"product": "A"}, products=products, certifications=passed)
    assert found == {Rule.CERTIFICATION_MISSING: [2], Rule.CERTIFICATION_EXPIRED: [1]}
    assert blocked({"country": "DE"}, products=products, certifications=passed) == {}


def offers(**columns: Any) -> pd.DataFrame:
    base = {"lead_id": [1], "partner_id": [1], "offered_at": pd.Timestamp("2024-05-01")}
    return pd.DataFrame(base | columns)


def test_capacity_counts_waiting_and_accepted_leads_until_their_deal_is_closed() -> None:
    limits = partners(3, max_open_leads=[1.0, 1.0, np.nan])
    waiting = offers()
    assert blocked(partners=limits, leads=lead_frame(), assignments=waiting) == {Rule.AT_CAPACITY: [0]}
    accepted = offers(response="accepted", responded_at=pd.Timestamp("2024-05-02"))
    deal = pd.DataFrame(
        {
            "partner_id": [1],
            "lead_id": [1],
            "registered_at": pd.Timestamp("2024-05-03"),
            "outcome": "won",
            "closed_at": pd.Timestamp("2024-06-02"),
        }
    )
    given = {"partners": limits, "leads": lead_frame(), "assignments": accepted, "deals": deal}
    assert blocked(**given) == {Rule.AT_CAPACITY: [0]}
    assert blocked(at="2024-06-02", **given) == {}
    assert blocked(at="2024-04-30", **given) == {}


def test_who_declined_the_lead_is_not_asked_again() -> None:
    declined = offers(response="declined", responded_at=pd.Timestamp("2024-05-02"))
    assert blocked(leads=lead_frame(), assignments=declined, row=0) == {Rule.DECLINED_BEFORE: [0]}
    assert blocked(leads=lead_frame(), assignments=declined, row=1) == {}
    assert blocked(leads=lead_frame(), assignments=declined, row=0, at="2024-05-01") == {}


def test_an_open_deal_of_another_with_the_customer_is_a_conflict() -> None:
    deal = pd.DataFrame({"partner_id": [2], "registered_at": pd.Timestamp("2024-05-03"), "company": ["ACME"]})
    assert blocked({"company": "Acme"}, deals=deal) == {Rule.CONFLICT: [0, 2]}
    assert blocked({"company": "Other"}, deals=deal) == {}
    assert blocked({"company": "Acme"}, deals=deal.assign(status="rejected")) == {}


def test_exclusive_rights_of_another_must_cover_the_lead_for_certain() -> None:
    signed = agreements(territories=[("DE-N",), (), ()], exclusive=[True, False, False])
    assert blocked({"country": "DE", "region": "N"}, agreements=signed) == {Rule.EXCLUSIVE_TO_OTHER: [1, 2]}
    assert blocked({"country": "DE"}, agreements=signed) == {}
