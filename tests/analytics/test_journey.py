"""Journey stages by their rule, flows that add up, and next actions from facts."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Engine

from intelligence.analytics.actions import next_actions
from intelligence.analytics.book import Book
from intelligence.analytics.journey import Stage, over_time, stage_counts, stages, standing
from intelligence.analytics.period import parts, window_of
from store.unit_of_work import UnitOfWork
from tests.analytics.programme import AS_OF, fill


@pytest.fixture
def work(engine: Engine) -> Any:
    with UnitOfWork(engine, clock=lambda: AS_OF, currency="USD") as work:
        fill(work)
        yield work


def sell(work: UnitOfWork, partner: str, *years_ago: float, amount: float = 100) -> None:
    for place, ago in enumerate(years_ago):
        closed = AS_OF - timedelta(days=365 * ago)
        values = {"external_id": f"{partner}-{place}", "partner": partner, "registered_at": closed, "closed_at": closed}
        work.repository("deals").create({**values, "outcome": "won", "amount": amount})


@pytest.mark.parametrize(
    ("years_ago", "stage"),
    [
        ((), Stage.FIRST_REVENUE),
        ((0.5, 0.4), Stage.FIRST_REVENUE),
        ((0.9, 0.5, 0.1), Stage.ACCELERATION),
        ((1.5, 0.5, 0.1), Stage.ACCELERATION),  # twice as much as the year before
        ((2.5, 1.5, 0.5), Stage.MATURITY),
        ((1.9, 1.8, 1.7), Stage.MATURITY),
    ],
)
def test_won_deals_growth_and_tenure_make_the_stage(work: UnitOfWork, years_ago: Any, stage: Stage) -> None:
    values = {"external_id": "x", "name": "X", "status": "active", "recruited_at": "2020-01-01"}
    id_ = work.repository("partners").create(values)["id"]
    sell(work, "x", *years_ago)
    assert standing(Book(work.connection, AS_OF, "USD"), id_).stage is stage


def test_every_partner_has_a_stage_and_flows_add_up(work: UnitOfWork) -> None:
    book = Book(work.connection, AS_OF, "USD")
    frame = stages(book, AS_OF)
    assert frame["stage"].tolist() == ["first_revenue", "first_revenue", "attracting", "attracting"]
    told = over_time(book, parts(window_of("year", AS_OF), "quarter"))
    assert len(told) == 4
    for (_, before, _), (_, after, flows) in pairwise(told):
        for stage in Stage:
            came = sum(n for (_, b), n in flows.items() if b == stage)
            went = sum(n for (a, _), n in flows.items() if a == stage)
            assert before[stage] + came - went == after[stage]
    assert told[-1][1] == stage_counts(frame)


def test_actions_name_the_facts(work: UnitOfWork) -> None:
    book = Book(work.connection, AS_OF, "USD")
    ids = {row["external_id"]: row["id"] for row in work.repository("partners").list().rows}

    def codes(partner: str) -> set[tuple[str, str | None]]:
        found = next_actions(book, book, ids[partner], standing(book, ids[partner]))
        return {(action.code, action.refers_to) for action in found}

    assert codes("a") == {
        ("get_certificate", "Pro"),
        ("mend_goal", "won revenue"),
        ("send_content", None),
    }
    assert codes("b") == {("answer_lead", "l4"), ("get_in_touch", None)}
    assert codes("d") == {("approach", None)}


def test_expiry_is_told_ahead(work: UnitOfWork) -> None:
    soon = (AS_OF + timedelta(days=30)).date()
    given = {"partner": "a", "status": "active", "valid_from": "2024-01-01", "valid_to": soon}
    work.repository("agreements").create({"external_id": "ag", **given})
    work.repository("certifications").create(
        {"partner": "a", "course": "Pro", "passed_on": "2024-12-01", "expires_on": soon}
    )
    work.repository("tasks").create({"partner": "a", "title": "Send the logo", "due_on": soon})
    book = Book(work.connection, AS_OF, "USD")
    id_ = work.repository("partners").get("a")["id"]
    found = next_actions(book, book, id_, standing(book, id_))
    assert [action.code for action in found if action.due_on == soon] == [
        "do_task",
        "renew_agreement",
        "renew_certificate",
    ]


def test_an_empty_store_answers(engine: Engine) -> None:
    with UnitOfWork(engine, read_only=True) as work:
        book = Book(work.connection, datetime(2024, 1, 1, tzinfo=UTC), "USD")
        assert stage_counts(stages(book, book.as_of)) == dict.fromkeys(map(str, Stage), 0)
