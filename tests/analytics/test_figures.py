"""Each figure on a programme small enough to count by hand."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from intelligence.analytics.book import Book
from intelligence.analytics.compute import answer
from intelligence.analytics.period import Window, window_of
from intelligence.analytics.registry import FIGURES, figure_named
from store.unit_of_work import UnitOfWork
from tests.analytics.programme import AS_OF, fill

YEAR = Window(datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))

EXPECTED: dict[str, float | None] = {
    "revenue": 1600.0,  # 1000 + 600; the deal in EUR is told apart
    "deals_won": 3,
    "deals_lost": 2,
    "win_rate": 0.6,
    "average_deal_size": 800.0,
    "sales_cycle_days": 20.0,  # 10, 20, 30
    "new_customers": 2,  # acme twice
    "registrations": 6,
    "registration_approval_rate": 0.8,  # of 5 decided
    "registration_win_rate": 0.75,  # of 4 approved
    "pipeline": 0.0,
    "open_deals": 1,
    "pipeline_coverage": 0.0,
    "top_partners_share": 1.0,
    "leads_offered": 4,
    "leads_accepted": 2,
    "acceptance_rate": 0.5,
    "accepted_to_deal_rate": 0.5,
    "deal_to_won_rate": 1.0,
    "offered_to_won_rate": 0.25,
    "lead_response_hours": 10.0,  # 5, 10, 50
    "lead_response_hours_p90": 42.0,
    "sla_kept": 0.5,  # two in time, one late, one never answered
    "lead_spread": 0.0,  # two each
    "routing_agreement": None,
    "partners": 4,
    "active_partners": 2,
    "recruited": 2,
    "ended": 0,
    "time_to_onboard_days": 30.0,
    "time_to_first_deal_days": 72.0,  # 34, 110
    "certifications": 2,
    "certified_share": 0.5,
    "certification_coverage": 0.5,
    "activities": 4,
    "engagement": 2.0,
    "engaged_share": 0.5,
    "nps": 0.0,
    "csat": 0.5,
    "spend": 400.0,  # 250 of costs, 100 + 50 of the ledger
    "roi": 3.0,
    "acquisition_cost": 200.0,
}


@pytest.fixture
def work(engine: Engine) -> Any:
    with UnitOfWork(engine, clock=lambda: AS_OF, currency="USD") as work:
        fill(work)
        yield work


def test_every_figure_is_what_is_counted_by_hand(work: UnitOfWork) -> None:
    book = Book(work.connection, AS_OF, "USD")
    found = {name: answer(book, figure, YEAR).number.value for name, figure in FIGURES.items()}
    assert found == pytest.approx(EXPECTED)


def test_currencies_are_never_added(work: UnitOfWork) -> None:
    found = answer(Book(work.connection, AS_OF, "USD"), figure_named("revenue"), YEAR)
    assert (found.number.value, found.others) == (1600.0, {"EUR": 500.0})
    in_euro = answer(Book(work.connection, AS_OF, "USD", told="EUR"), figure_named("revenue"), YEAR)
    assert (in_euro.number.value, in_euro.others) == (500.0, {"USD": 1600.0})


def test_as_of_knows_nothing_later(work: UnitOfWork) -> None:
    early = datetime(2024, 3, 1, tzinfo=UTC)
    book = Book(work.connection, early, "USD")
    found = {name: answer(book, FIGURES[name], window_of("all", early)).number.value for name in FIGURES}
    assert (found["revenue"], found["deals_won"], found["open_deals"]) == (1000.0, 1, 1)
    assert (found["activities"], found["spend"], found["nps"]) == (1, 0.0, None)
    assert (found["leads_accepted"], found["lead_response_hours"]) == (1, 5.0)


def test_what_comes_later_changes_no_figure_of_earlier(work: UnitOfWork) -> None:
    early = datetime(2024, 8, 1, tzinfo=UTC)
    window = window_of("all", early)

    def told() -> dict[str, Any]:
        book = Book(work.connection, early, "USD")
        by_tier = answer(book, FIGURES["revenue"], window, by="tier").groups
        return {name: answer(book, FIGURES[name], window).number for name in FIGURES} | {"by tier": by_tier}

    before = told()
    later = datetime(2024, 9, 1, tzinfo=UTC)
    work.clock = lambda: later
    work.repository("deals")._clock = work.repository("partners")._clock = work.clock
    work.repository("deals").patch("d5", {"outcome": "won", "closed_at": later, "amount": 77})
    work.repository("deals").patch("d1", {"amount": 5000})
    work.repository("partners").patch("a", {"tier": "silver", "status": "inactive"})
    work.repository("activities").create(
        {"partner": "a", "occurred_at": "2024-05-01", "recorded_at": later, "kind": "call"}
    )
    work.repository("feedback").create({"partner": "a", "submitted_at": later, "kind": "nps", "score": 0})
    entry = {"partner": "a", "kind": "commission", "credit": 9, "earned_on": "2024-05-01", "booked_at": later}
    work.repository("ledger").create(entry)
    work.repository("costs").create({"partner": "a", "kind": "event", "amount": 9, "incurred_on": "2024-09-01"})
    assert str(told()) == str(before)  # as text: what is not a number equals itself there
    book = Book(work.connection, later, "USD")
    assert answer(book, FIGURES["revenue"], window_of("all", later)).number.value == 5677.0
