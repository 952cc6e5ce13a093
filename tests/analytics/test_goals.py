"""Goals: how they stand, what is forecast, and that it holds on programmes whose future is known."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine

from intelligence.analytics.book import Book
from intelligence.analytics.outlook import Outlook, Rest
from intelligence.analytics.period import MOMENT, Window
from intelligence.analytics.progress import Goal, GoalStatus, progress
from intelligence.analytics.registry import figure_named
from programme.goals import tell_off_track
from store.engine import reading
from store.history import History
from store.unit_of_work import UnitOfWork
from tests.analytics.programme import fill

NOON = datetime(2024, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def work(engine: Engine) -> Any:
    with UnitOfWork(engine, clock=lambda: NOON, currency="USD") as work:
        fill(work)
        yield work


def stand(work: UnitOfWork, metric: str, target: float, partner: str = "a", **period: date) -> Any:
    book = Book(work.connection, NOON, "USD")
    partner_id = work.repository("partners").get(partner)["id"]
    span = {"period_start": date(2024, 1, 1), "period_end": date(2024, 12, 31)} | period
    goal = Goal(1, partner_id, metric, span["period_start"], span["period_end"], target)
    return progress(book, Outlook(book), [goal])[0]


def test_actual_and_pace_are_counted(work: UnitOfWork) -> None:
    one = stand(work, "Won revenue", 4000)
    assert (one.figure, one.actual, one.method) == ("revenue", 1000.0, "pipeline")
    assert one.expected == pytest.approx(4000 * 182.5 / 366)
    assert one.low <= one.forecast <= one.high


STANDS: list[tuple[str, float, dict[str, date], str]] = [
    ("revenue", 900, {}, "reached"),
    ("revenue", 10_000_000, {}, "off_track"),
    ("revenue", 2000, {"period_end": date(2024, 3, 31)}, "missed"),
    ("deals_won", 1, {"period_end": date(2024, 3, 31)}, "reached"),
    ("revenue", 1, {"period_start": date(2024, 8, 1)}, "not_started"),
    ("happiness", 1, {}, "unknown_metric"),
    ("win_rate", 0.9, {}, "on_track"),
    ("lead_response_hours", 5, {}, "off_track"),
    ("lead_response_hours", 8, {}, "on_track"),
    ("activities.call", 1, {}, "reached"),
    ("certifications", 2, {}, "reached"),
    ("nps", 50, {}, "at_risk"),
]


def test_a_goal_stands_in_a_word(work: UnitOfWork) -> None:
    found = [
        (metric, target, period, stand(work, metric, target, **period).status) for metric, target, period, _ in STANDS
    ]
    assert found == [(metric, target, period, GoalStatus(word)) for metric, target, period, word in STANDS]


def test_off_track_is_told_once(work: UnitOfWork) -> None:
    given = {"partner": "a", "metric": "revenue", "period_start": "2024-06-01", "period_end": "2024-08-31"}
    work.repository("goals").create({**given, "target": 9_000_000})  # beside the one of the year
    assert [tell_off_track(work, "USD"), tell_off_track(work, "USD")] == [2, 0]


def test_what_is_certain_is_not_spread() -> None:
    assert (Rest(0.0, 0.0).quantile(0.9), Rest(0.0, 0.0).chance_above(1), Rest(0.0, 0.0).chance_above(0)) == (0, 0, 1)
    half = Rest(1.0, 2.0, nothing=0.5)
    assert (half.quantile(0.4), half.chance_above(1e-12)) == (0.0, pytest.approx(0.5))


def world(partners: int, seed: int) -> dict[str, pd.DataFrame]:
    """Return deals of two years: partners register at rates of their own, win a share, after a while."""
    random = np.random.default_rng(seed)
    start = np.datetime64("2022-01-01", "us")
    rates = random.gamma(2.0, 4.0, partners) / 365
    rows = []
    for partner, rate in enumerate(rates, 1):
        for day in random.uniform(0, 1095, random.poisson(rate * 1095)):
            closed = day + random.gamma(2.0, 30.0)
            rows.append((partner, day, closed, random.random() < 0.4, random.lognormal(8, 0.7)))
    frame = pd.DataFrame(rows, columns=["partner_id", "day", "closed", "won", "amount"])
    deals = pd.DataFrame(
        {
            "partner_id": frame["partner_id"],
            "registered_at": start + (frame["day"].to_numpy() * 86_400_000_000).astype("timedelta64[us]"),
            "closed_at": start + (frame["closed"].to_numpy() * 86_400_000_000).astype("timedelta64[us]"),
            "outcome": np.where(frame["won"], "won", "lost"),
            "status": "approved",
            "amount": frame["amount"],
        }
    )
    recruited = pd.DataFrame({"id": np.arange(1, partners + 1), "recruited_at": start, "status": "active"})
    return {"deals": deals, "partners": recruited}


class Known(Book):
    """A book of frames at hand."""

    def __init__(self, frames: dict[str, pd.DataFrame], as_of: datetime, engine: Engine) -> None:
        super().__init__(reading(engine.connect()), as_of, "USD")
        self.__dict__["history"] = History.of(as_of, **frames)


@pytest.mark.parametrize("name", ["revenue", "deals_won", "registrations"])
def test_forecasts_hold_on_a_future_that_is_known(sqlite_engine: Engine, name: str) -> None:
    frames, days = world(200, seed=5), 150
    as_of, figure = datetime(2024, 3, 1, tzinfo=UTC), figure_named(name)
    outlook = Outlook(Known(frames, as_of, sqlite_engine))
    later = Known(frames, as_of + timedelta(days=days + 200), sqlite_engine)
    facts = figure.facts(later, Window(as_of + MOMENT, as_of + timedelta(days=days) + MOMENT))
    came = facts.groupby("partner_id")["num"].sum()
    inside, forecast = [], 0.0
    for partner in range(1, 201):
        if name == "registrations":
            rest = outlook.others(figure, partner, days)
        else:
            rest = outlook.deals(partner, days, amounts=name == "revenue")
        inside.append(rest.quantile(0.1) <= came.get(partner, 0.0) <= rest.quantile(0.9))
        forecast += rest.mean
    assert forecast == pytest.approx(came.sum(), rel=0.2)
    # Numbers of deals are whole: an interval of few of them holds more than it says.
    assert 0.72 <= np.mean(inside) <= 0.96
    later.connection.close()
    outlook.book.connection.close()
