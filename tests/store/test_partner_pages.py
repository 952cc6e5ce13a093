"""What lists of partners and the page of one ask of the store."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from domain.context import Actor
from domain.terms import Role
from store.partner_facts import activity_days, booked_on_deals, deal_sums, offer_counts, response_hours, score_points
from store.partner_list import RECRUITED, Wanted, lately, list_partners, partner_choices
from store.unit_of_work import UnitOfWork
from tests.conftest import NOW, FixedClock


@pytest.fixture
def work(engine: Engine, clock: FixedClock) -> Iterator[UnitOfWork]:
    with UnitOfWork(engine, clock=clock, currency="EUR") as work:
        yield work


def partner(work: UnitOfWork, name: str, **values: Any) -> int:
    made = work.repository("partners").create({"external_id": name.lower(), "name": name, **values})
    return int(made["id"])


def score(work: UnitOfWork, id_: int, p: float, as_of: datetime = NOW, version: str = "churn/1") -> None:
    row = {"partner_id": id_, "model": "churn", "horizon_days": 90, "as_of": as_of, "p": p}
    work.scores.put_many([row | {"low": p / 2, "high": p, "model_version": version, "details": {"band": "low"}}])


def names(work: UnitOfWork, wanted: Wanted, actor: Actor | None = None, **more: Any) -> list[str]:
    found = list_partners(
        work.connection, actor or work.actor, wanted, **{"horizon_days": 90, "now": NOW, "sort": "name"} | more
    )
    return [one.name for one in found]


def test_partners_are_searched_without_regard_to_case_and_signs_mean_themselves(work: UnitOfWork) -> None:
    partner(work, "Ämber 100%", website="https://amber.example")
    partner(work, "Basalt", website="https://Stone.example")
    assert names(work, Wanted("BASALT")) == ["Basalt"]
    assert names(work, Wanted("stone.EXAMPLE")) == ["Basalt"]
    assert names(work, Wanted("Ämber")) == ["Ämber 100%"]
    assert names(work, Wanted("0%")) == ["Ämber 100%"]
    assert names(work, Wanted("_")) == []
    assert names(work, Wanted("\0")) != []


def test_partners_are_filtered_sorted_and_paged(work: UnitOfWork) -> None:
    work.repository("programs").create({"external_id": "prog", "name": "Sell"})
    a = partner(work, "a", tier="gold", status="active", program="prog", account_manager="Ann Ash")
    b = partner(work, "b", tier="silver", status="ended", account_manager="Bob")
    partner(work, "c", status="prospect")
    score(work, a, 0.2)
    score(work, b, 0.9)
    score(work, a, 0.99, NOW - timedelta(days=1))
    assert names(work, Wanted(), sort="-risk") == ["b", "a", "c"]
    assert names(work, Wanted(statuses=("active",))) == ["a"]
    assert names(work, Wanted(statuses=RECRUITED), start=1) == ["b"]
    assert names(work, Wanted(program="prog")) == ["a"]
    assert names(work, Wanted(same={"tier": "gold", "country": ""})) == ["a"]
    assert names(work, Wanted(), sort="no column; drop table partners") == ["a", "b", "c"]
    ann = Actor("ann", Role.MANAGER, portfolio=frozenset({"Ann Ash"}))
    assert names(work, Wanted(), ann) == ["a"]
    assert partner_choices(work.connection, ann).account_managers == ["Ann Ash"]
    hidden = list_partners(work.connection, work.actor, Wanted(), horizon_days=None, now=NOW)
    assert [one.p for one in hidden] == [None, None, None]


def test_what_partners_did_lately(work: UnitOfWork) -> None:
    a, b = partner(work, "a"), partner(work, "b")
    deals = work.repository("deals")
    closed = {"registered_at": NOW - timedelta(days=50), "outcome": "won", "closed_at": NOW - timedelta(days=9)}
    deals.create({"external_id": "d1", "partner": "a", "amount": "10.5", "currency": "EUR", **closed})
    deals.create({"external_id": "d2", "partner": "a", "amount": "99", "currency": "USD", **closed})
    at = NOW - timedelta(days=3)
    work.repository("activities").create({"partner": "a", "occurred_at": at, "kind": "login"})
    found = lately(work.connection, [a, b], now=NOW, since=NOW - timedelta(days=365), currency="EUR")
    assert found[a] == (at, Decimal("10.5"), 2)
    assert found[b] == (None, None, 0)
    only_deals = lately(
        work.connection, [a], now=NOW, since=NOW - timedelta(days=365), currency="EUR", life_signs=("deal",)
    )
    assert only_deals[a].last_sign_at == closed["closed_at"]


def test_sums_over_deals_and_offers(work: UnitOfWork) -> None:
    a = partner(work, "a")
    deals, leads = work.repository("deals"), work.repository("leads")
    lead = leads.create({"external_id": "l1", "created_at": NOW})
    ids = [
        deals.create({"external_id": f"d{n}", "partner": "a", "registered_at": NOW, "currency": "EUR", **values})["id"]
        for n, values in enumerate(
            [
                {"amount": "5", "outcome": "won", "lead": lead["external_id"]},
                {"amount": "7"},
                {},
                {"status": "rejected", "amount": "1"},
            ]
        )
    ]
    assert {(one.state, one.deals, one.amount) for one in deal_sums(work.connection, a)} == {
        ("won", 1, Decimal("5")),
        ("open", 2, Decimal("7")),
        ("rejected", 1, Decimal("1")),
    }
    offers = work.repository("assignments")
    for days, response in ((4, "accepted"), (2, "declined"), (1, None)):
        offered = NOW - timedelta(days=days)
        told = {"response": response, "responded_at": offered + timedelta(hours=6)} if response else {}
        offers.create({"lead": "l1", "partner": "a", "offered_at": offered, **told})
    counts = {one.response: (one.offers, one.won) for one in offer_counts(work.connection, a)}
    assert counts == {"accepted": (1, 1), "declined": (1, 1), None: (1, 1)}
    assert response_hours(work.connection, a) == [6.0, 6.0]
    entry = {"partner": "a", "kind": "commission", "currency": "EUR", "earned_on": NOW.date(), "deal": "d0"}
    work.repository("ledger").create(entry | {"credit": "3"})
    work.repository("ledger").create(entry | {"debit": "1"})
    assert booked_on_deals(work.connection, a, ids) == {ids[0]: {"EUR": Decimal("2")}}


def test_activities_are_told_by_day_also_those_before_1970(work: UnitOfWork) -> None:
    a = partner(work, "a")
    days = [datetime(1969, 12, 30, 23, 59, tzinfo=UTC), datetime(2024, 2, 29, 0, 0, tzinfo=UTC)]
    for at in (days[0], days[1], days[1] + timedelta(hours=23)):
        work.repository("activities").create({"partner": "a", "occurred_at": at, "kind": "login"})
    found = activity_days(work.connection, a, NOW, 10)
    assert [(one.at, one.n) for one in found] == [
        (datetime(2024, 2, 29, tzinfo=UTC), 2),
        (datetime(1969, 12, 30, tzinfo=UTC), 1),
    ]
    assert len(activity_days(work.connection, a, NOW, 1)) == 1
    assert activity_days(work.connection, a, days[0] - timedelta(days=1), 5) == []


def test_scores_over_time_come_oldest_first_and_not_from_the_future(work: UnitOfWork) -> None:
    a = partner(work, "a")
    for days, version in ((2, "churn/1"), (1, "churn/2"), (-1, "churn/3")):
        score(work, a, 0.1 * (days + 2), NOW - timedelta(days=days), version)
    points = score_points(work.connection, a, "churn", 90, until=NOW)
    assert [(one.model_version, one.band) for one in points] == [("churn/1", "low"), ("churn/2", "low")]
    assert len(score_points(work.connection, a, "churn", 90, until=NOW, limit=1)) == 1
