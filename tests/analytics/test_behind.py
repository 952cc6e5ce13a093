"""Rows behind figures, series, cohorts, funnels and targets: they add up to what the figures say."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from intelligence.analytics.behind import facts_behind, rows_behind
from intelligence.analytics.book import Book
from intelligence.analytics.cohorts import cohorts
from intelligence.analytics.compute import answer, facts_of, is_dated
from intelligence.analytics.figure import number
from intelligence.analytics.funnel import leads_funnel, registrations_funnel
from intelligence.analytics.period import Window, parts, window_of
from intelligence.analytics.ranking import moved
from intelligence.analytics.registry import FIGURES, figure_named
from intelligence.analytics.targets import targets
from programme.recruitment import recruiting
from store.figures import Shelf
from store.unit_of_work import UnitOfWork
from tests.analytics.programme import AS_OF, fill

YEAR = Window(datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))


@pytest.fixture
def work(engine: Engine) -> Any:
    with UnitOfWork(engine, clock=lambda: AS_OF, currency="USD") as work:
        fill(work)
        yield work


@pytest.fixture
def book(work: UnitOfWork) -> Book:
    return Book(work.connection, AS_OF, "USD")


def test_the_rows_behind_a_figure_are_named_and_add_up_to_it(book: Book) -> None:
    for name, figure in FIGURES.items():
        told = answer(book, figure, YEAR).number
        rows = rows_behind(book, facts_behind(book, figure, YEAR))
        assert len(rows) == told.n or figure.shape in ("top", "gini"), name
        if figure.shape in ("sum", "ratio"):
            assert sum(row.above for row in rows) == pytest.approx(told.numerator), name
            assert figure.shape == "sum" or sum(row.below for row in rows) == pytest.approx(told.denominator), name
        assert all(row.key or row.words or row.source == "feedback" for row in rows), name
        dated = [row.at for row in rows if row.at is not None]
        assert dated == sorted(dated, reverse=True), name


def test_the_rows_of_revenue_are_the_deals_that_were_won(book: Book) -> None:
    rows = rows_behind(book, facts_behind(book, figure_named("revenue"), YEAR))
    assert {row.source for row in rows} == {"deals"}
    assert sum(row.above for row in rows) == 1600.0


def test_a_series_is_what_each_stretch_by_itself_would_tell(book: Book) -> None:
    dated = [figure for figure in FIGURES.values() if is_dated(figure)]
    assert len(dated) > 20
    for figure in dated:
        told = answer(book, figure, YEAR, {}, "month").groups
        for piece in parts(YEAR, "month"):
            facts, _ = facts_of(book, figure, piece, {})
            by_itself = number(figure, facts)
            found = told.get(piece.start.date().isoformat())
            if found is None:  # before the programme began
                assert not len(facts), figure.name
            else:
                assert (found.value, found.n) == (by_itself.value, by_itself.n), figure.name


def test_cohorts_add_up_to_what_their_partners_won_since(book: Book) -> None:
    found = cohorts(book, quarters=40)
    assert found
    assert sum(cohort.partners for cohort in found) == int(book.partners["recruited_at"].notna().sum())
    own = book.won[book.won["currency"] == "USD"].dropna(subset="amount")
    since = own["closed_at"].to_numpy() >= book.partners["recruited_at"].reindex(own["partner_id"]).to_numpy()
    total = sum(cohort.cells[-1].cumulative for cohort in found)
    assert total >= own["amount"].to_numpy()[since].sum()
    for cohort in found:
        assert [cell.quarter for cell in cohort.cells] == list(range(len(cohort.cells)))
        assert sum(cell.revenue for cell in cohort.cells) == pytest.approx(cohort.cells[-1].cumulative)
        assert all(0 <= cell.active <= cohort.partners for cell in cohort.cells)
        assert all(cell.is_whole for cell in cohort.cells[:-1])
    assert cohorts(book, {"tier": "no such"}) == []
    early = Book(book.connection, datetime(1990, 1, 1, tzinfo=UTC), "USD")
    assert cohorts(early) == []


def test_funnels_say_what_the_figures_say(book: Book) -> None:
    steps = {step.name: step for step in leads_funnel(book, YEAR)}
    for name, figure in (("accepted", "acceptance_rate"), ("deal", "accepted_to_deal_rate"),
                         ("won", "deal_to_won_rate")):  # fmt: skip
        assert steps[name].share == answer(book, figure_named(figure), YEAR).number.value
    assert steps["offered"].n == 4
    made = {step.name: step for step in registrations_funnel(book, YEAR)}
    assert made["won"].share == answer(book, figure_named("registration_win_rate"), YEAR).number.value
    assert made["registered"].n == 6
    nothing = Window(datetime(1999, 1, 1, tzinfo=UTC), datetime(1999, 2, 1, tzinfo=UTC))
    assert [(step.n, step.share) for step in leads_funnel(book, nothing)] == [(0, None)] * 4


def test_recruiting_counts_stays_that_began_in_the_period(work: UnitOfWork, book: Book) -> None:
    every = [int(id_) for id_ in book.partners.index]
    whole = {stage.stage: stage for stage in recruiting(work, every, datetime(1970, 1, 1, tzinfo=UTC), AS_OF)}
    assert sum(stage.count for stage in whole.values()) == len(every)
    none = recruiting(work, every, datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 2, tzinfo=UTC))
    assert {stage.entered for stage in none} == {0}
    assert {stage.count for stage in recruiting(work, [], YEAR.start, YEAR.end)} == {0}


def test_targets_put_goals_that_run_together(work: UnitOfWork) -> None:
    work.repository("goals").create(
        {"partner": "a", "metric": "certs", "period_start": date(AS_OF.year, 1, 1),
         "period_end": date(AS_OF.year, 12, 31), "target": 5}
    )  # fmt: skip
    work.repository("goals").create(
        {"partner": "a", "metric": "win rate", "period_start": date(AS_OF.year, 1, 1),
         "period_end": date(AS_OF.year, 12, 31), "target": 0.01}
    )  # fmt: skip
    book = Book(work.connection, AS_OF, "USD")
    found = targets(book)
    certs, rate = found["certifications"], found["win_rate"]
    year = window_of("year", AS_OF)
    expected = answer(book, figure_named("certifications"), year, {"partner": "a"}).number.value
    assert (certs.n, certs.target, certs.actual) == (1, 5.0, expected)
    assert certs.expected is not None
    assert 0 < certs.expected <= 5
    assert (rate.n, rate.target) == (1, None)
    assert targets(book, {"tier": "no such"}) == {}


def test_a_place_is_told_with_the_one_before(book: Book) -> None:
    found = moved(book, figure_named("revenue"), YEAR)
    assert list(found["rank"]) == sorted(found["rank"])
    assert "before" in found
    assert moved(book, figure_named("revenue"), window_of("all", AS_OF))["before"].isna().all()


def test_only_tables_that_changed_are_read_again(engine: Engine) -> None:
    with UnitOfWork(engine, clock=lambda: AS_OF, currency="USD") as work:
        fill(work)
    shelf = Shelf()
    with UnitOfWork(engine, clock=lambda: AS_OF) as work:
        before = shelf.books(work.connection)
        assert shelf.books(work.connection) is before
        work.repository("deals").create(
            {"external_id": "late", "partner": "a", "registered_at": AS_OF, "outcome": "won", "closed_at": AS_OF,
             "amount": 77, "currency": "USD"}
        )  # fmt: skip
        after = shelf.books(work.connection)
        assert after is not before
        assert after.frames["assignments"] is before.frames["assignments"]
        assert after.frames["deals"] is not before.frames["deals"]
        work.repository("deals").patch("late", {"amount": 78})
        fresh = Book(work.connection, AS_OF, "USD")
        kept = Book(work.connection, AS_OF, "USD", shelf=shelf)
        window = window_of("month", AS_OF)
        for name in ("revenue", "deals_won", "offered_to_won_rate", "win_rate"):
            assert answer(kept, figure_named(name), window).number == answer(fresh, figure_named(name), window).number
