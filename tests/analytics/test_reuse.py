"""What is kept between requests is what would be read anew: at any instant, in any order, for every reader."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine

from domain.context import Actor
from domain.terms import Role
from intelligence.analytics.book import Book
from intelligence.analytics.compute import answer
from intelligence.analytics.figure import grouped
from intelligence.analytics.journey import stages
from intelligence.analytics.period import MOMENT, Window, window_of
from intelligence.analytics.ranking import moved, numbers_by_partner, peers
from intelligence.analytics.registry import FIGURES
from intelligence.analytics.scorecard import scorecard
from store.figures import Books, Shelf
from store.unit_of_work import UnitOfWork
from tests.analytics.programme import AS_OF, fill

HOUR = timedelta(hours=1)


def _at(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2024, month, day, hour, tzinfo=UTC)


@pytest.fixture
def work(engine: Engine) -> Any:
    with UnitOfWork(engine, clock=lambda: AS_OF, currency="USD") as work:
        fill(work)
        yield work


def told(book: Book, names: Iterable[str] = FIGURES) -> dict[str, Any]:
    """Return what a book says, as text: NaN is itself there."""
    window = window_of("trailing_90", book.as_of)
    found: dict[str, Any] = {name: repr(answer(book, FIGURES[name], window)) for name in names}
    found["ranked"] = moved(book, FIGURES["revenue"], window).to_csv()
    found["stages"] = stages(book, book.as_of).to_csv()
    found["earlier"] = stages(book, book.as_of - 30 * 24 * HOUR).to_csv()
    found["required"] = book.required_courses.to_csv()
    return found


def test_what_is_kept_is_what_is_read_anew(work: UnitOfWork) -> None:
    shelf = Shelf()
    # Right before, at and after a status and a deal won; then back.
    instants = [border + step for border in (_at(2, 1), _at(5, 21)) for step in (-MOMENT, timedelta())]
    for as_of in [AS_OF, AS_OF + HOUR, *instants, _at(5, 21, 2), AS_OF]:
        kept = Book(work.connection, as_of, "USD", shelf=shelf)
        assert told(kept) == told(Book(work.connection, as_of, "USD")), as_of


def test_everybody_sees_own_rows_of_what_is_kept(work: UnitOfWork) -> None:
    shelf = Shelf()
    own = {name: work.repository("partners").get(name)["id"] for name in ("a", "b")}
    for step, name in enumerate(("a", "b", "a")):
        actor = Actor(name, Role.PARTNER, own[name])
        asked = Book(work.connection, AS_OF + step * HOUR, "USD", actor)
        kept = replace(asked, shelf=shelf)
        assert set(kept.deals["partner_id"]) == {own[name]}
        names = ("revenue", "new_customers", "leads_offered", "active_partners")
        assert told(kept, names) == told(asked, names)
        assert replace(kept, actor=Book(work.connection, AS_OF, "USD").actor).sees_all


def test_nothing_is_made_anew_while_nothing_becomes_known(work: UnitOfWork) -> None:
    shelf = Shelf()
    first, later = (Book(work.connection, AS_OF + step * HOUR, "USD", shelf=shelf) for step in (0, 1))
    assert later.deals is first.deals
    assert later.history.partners is first.history.partners
    assert later.history.until == np.datetime64("2024-12-31T13:00:00")
    before = Book(work.connection, _at(12, 22) - MOMENT, "USD", shelf=shelf)
    assert before.deals is not first.deals


def test_dates_in_the_history_of_fields_are_times_on_the_books(work: UnitOfWork) -> None:
    work.repository("changes").create(
        {"resource": "partners", "external_id": "a", "field": "ended_at", "changed_at": _at(3, 1),
         "value": "2024-08-08T10:00:00Z"}
    )  # fmt: skip
    books = Books(work.connection)
    assert books.place(_at(8, 8, 10)) == books.place(_at(8, 8, 10) - MOMENT) + 1
    assert books.place(_at(8, 8, 10)) == books.place(_at(8, 8, 11))


def test_peers_are_told_from_facts_at_hand_as_from_all(work: UnitOfWork) -> None:
    book = Book(work.connection, AS_OF, "USD")
    window = Window(_at(1, 1), AS_OF + MOMENT)
    for number in range(6):  # more of a kind than are too few to tell of
        partner = work.repository("partners").create(
            {
                "external_id": f"p{number}",
                "name": "P",
                "status": "active",
                "recruited_at": _at(1, 3),
                "kind": "reseller",
            }
        )
        work.repository("deals").create(
            {"external_id": f"q{number}", "partner": partner["external_id"], "registered_at": _at(4, 1),
             "closed_at": _at(4, 2 + number), "outcome": "won", "amount": 100 * number, "currency": "USD"}
        )  # fmt: skip
    id_ = work.repository("partners").get("a")["id"]
    found = scorecard(book, book, window, id_, internal=True)
    assert any(peer.median is not None for one in found for peer in one.peers)
    for one in found:
        figure = one.answer.figure
        assert repr(one.answer) == repr(answer(book, figure, window, {"partner": "a"}))
        assert one.peers == peers(book, figure, window, id_)
        every = numbers_by_partner(book, figure, window).to_dict()
        few = numbers_by_partner(book, figure, window, among=pd.Index([id_])).to_dict()
        assert repr(few) == repr({key: number for key, number in every.items() if key == id_})


def test_quantiles_of_groups_are_those_of_each() -> None:
    figure, draws = FIGURES["lead_response_hours"], np.random.default_rng(3)
    facts = pd.DataFrame({"num": draws.gamma(2.0, 50.0, 400), "den": 1.0, "partner_id": draws.zipf(1.5, 400) % 23})
    together = grouped(figure, facts, facts["partner_id"])
    for partner, rows in facts.groupby("partner_id"):
        assert repr(together[partner]) == repr(grouped(figure, rows, rows["partner_id"])[partner])
        assert together[partner].value == pytest.approx(np.quantile(rows["num"], figure.quantile))
