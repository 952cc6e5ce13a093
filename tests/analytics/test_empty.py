"""Every figure answers in an empty store, and adds up however it is told."""

from datetime import UTC, datetime
from itertools import product

import pytest
from sqlalchemy import Engine

from domain.context import Actor
from domain.terms import Role
from intelligence.analytics.book import Book, normal_company
from intelligence.analytics.compute import answer, is_additive
from intelligence.analytics.period import window_of
from intelligence.analytics.ranking import peers, ranking
from intelligence.analytics.registry import FIGURES, figure_named
from store.unit_of_work import UnitOfWork
from tests.analytics.programme import AS_OF, fill


def test_an_empty_store_has_all_figures(engine: Engine) -> None:
    with UnitOfWork(engine, read_only=True) as work:
        book = Book(work.connection, AS_OF, "USD")
        for figure in FIGURES.values():
            found = answer(book, figure, window_of(None, AS_OF), by="partner")
            assert (found.number.value or 0, found.number.n) == (0, 0)
        assert ranking(book, FIGURES["revenue"], window_of(None, AS_OF)).empty


def test_groups_add_up(sqlite_engine: Engine) -> None:
    with UnitOfWork(sqlite_engine, clock=lambda: AS_OF, currency="USD") as work:
        fill(work)
        book = Book(work.connection, AS_OF, "USD")
        for figure, by in product(FIGURES.values(), ("partner", "program", "product", "month")):
            if not is_additive(figure, by) or (by == "product" and not figure.by_product):
                continue
            found = answer(book, figure, window_of("all", AS_OF), by=by)
            for side in ("numerator", "denominator"):
                parts = sum(getattr(number, side) for number in found.groups.values())
                assert parts == pytest.approx(getattr(found.number, side)), (figure.name, by, side)


def test_kinds_are_figures_of_their_own(sqlite_engine: Engine) -> None:
    with UnitOfWork(sqlite_engine, clock=lambda: AS_OF, currency="USD") as work:
        fill(work)
        book, window = Book(work.connection, AS_OF, "USD"), window_of("year", AS_OF)
        names = ("activities.call", "activities.fax", "nps.csat", "csat.csat", "score.nps")
        found = [answer(book, figure_named(name), window).number.value for name in names]
        assert found == [4, 0, -100.0, 0.5, 7.0]


def test_a_partner_sees_figures_of_its_own_rows_only(engine: Engine) -> None:
    with UnitOfWork(engine, clock=lambda: AS_OF, currency="USD") as work:
        fill(work)
        own = Actor("b", Role.PARTNER, work.repository("partners").get("b")["id"])
        book = Book(work.connection, AS_OF, "USD", own)
        found = answer(book, FIGURES["revenue"], window_of("all", AS_OF), by="partner")
        assert (found.number.value, set(found.groups)) == (600.0, {"b"})
        assert answer(book, FIGURES["partners"], window_of("all", AS_OF)).number.value == 1


def test_few_peers_are_not_told_apart(sqlite_engine: Engine) -> None:
    with UnitOfWork(sqlite_engine, clock=lambda: AS_OF, currency="USD") as work:
        fill(work)
        book, window = Book(work.connection, AS_OF, "USD"), window_of("year", AS_OF)
        ids = {row["external_id"]: row["id"] for row in work.repository("partners").list().rows}
        (one,) = [
            found for found in peers(book, FIGURES["deals_won"], window, ids["a"]) if found.segment == "same kind"
        ]
        assert (one.n, one.median, one.percentile) == (1, None, None)
        for place in range(5):
            values = {"external_id": f"e{place}", "name": "E", "status": "active", "recruited_at": datetime(2024, 1, 1)}
            work.repository("partners").create({**values, "kind": "reseller", "recruited_at": "2024-01-01"})
        book = Book(work.connection, AS_OF, "USD")
        one = peers(book, FIGURES["deals_won"], window, ids["a"])[-1]
        assert (one.n, one.median) == (6, 0.0)  # five without a deal, and b with two
        assert one.percentile == pytest.approx(100 * 5 / 6, abs=0.1)


def test_names_of_companies_are_told_alike() -> None:
    assert normal_company("Łódź Trading Sp. z o.o.") == normal_company("łódź trading")
    assert normal_company("Ltd") == "ltd"
    assert datetime(2024, 1, 1, tzinfo=UTC) < AS_OF
