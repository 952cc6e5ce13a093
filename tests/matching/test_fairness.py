"""Shares of leads beside shares of eligibility, in a programme that is counted by hand."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from domain.context import SYSTEM
from domain.errors import InvalidInput
from domain.settings import Settings
from intelligence.analytics.book import Book
from intelligence.analytics.compute import answer
from intelligence.analytics.period import Window
from intelligence.analytics.registry import FIGURES
from intelligence.context import Intelligence
from intelligence.matching.fairness import FairnessReport, fairness, fairness_of
from intelligence.matching.fairness_report import binomial, exact_interval, gini
from programme.fairness_watch import tell_unfair, unfair_groups
from store.engine import create_store_engine
from store.offers import keep_offer_terms
from store.routes import note_hop
from store.unit_of_work import UnitOfWork
from tests.conftest import FixedClock
from tests.matching.worlds import NoText, _Registry

MAY = datetime(2024, 5, 1, tzinfo=UTC)
SINCE = datetime(2024, 4, 1, tzinfo=UTC)


def partners(work: UnitOfWork) -> None:
    """Two in Brazil, gold and silver; a small newcomer and an old one in Portugal, silver."""
    common = {"status": "active", "recruited_at": datetime(2020, 1, 1, tzinfo=UTC)}
    for key, tier, country, size in (("a", "gold", "BR", 300), ("b", "silver", "BR", 9), ("c", "silver", "PT", 10)):
        values = {"tier": tier, "country": country, "territories": [country], "employees": size}
        attributes = {"owner": "x" if key == "a" else "y"}
        work.repository("partners").create(
            {"external_id": key, "name": key, **values, **common, "attributes": attributes}
        )
    values = {"external_id": "n", "name": "n", "tier": "silver", "country": "PT", "territories": ["PT", "ES"]}
    work.repository("partners").create({**values, "status": "active", "recruited_at": MAY - timedelta(days=10)})


def offers(work: UnitOfWork, given: dict[str, tuple[str, int]]) -> None:
    """Offer leads of a country to a partner, all accepted, the second of them to somebody else afterwards."""
    for name, (partner, n) in given.items():
        for k in range(n):
            at, key = MAY + timedelta(minutes=k), f"{name}{k}"
            work.repository("leads").create({"external_id": key, "created_at": MAY, "country": name[:2]})
            values = {"lead": key, "partner": partner, "offered_at": at, "responded_at": at + timedelta(hours=1)}
            work.repository("assignments").create({**values, "response": "accepted"})


def fill(work: UnitOfWork) -> None:
    """Brazil: 60 leads, all to a (b might have had them). Portugal: 40 to c (n might), and then one to n."""
    partners(work)
    offers(work, {"BR": ("a", 60), "PT": ("c", 40)})
    values = {"lead": "PT1", "partner": "n", "offered_at": MAY + timedelta(hours=2)}
    work.repository("assignments").create({**values, "response": "expired"})
    for key in ("BR0", "BR1"):
        values = {"external_id": key, "partner": "a", "lead": key, "registered_at": MAY + timedelta(days=1)}
        work.repository("deals").create({**values, "closed_at": MAY + timedelta(days=9), "outcome": "won"})


@pytest.fixture(scope="module")
def filled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fairness") / "filled.db"
    shutil.copyfile(sqlite_template, path)
    engine = create_store_engine(f"sqlite:///{path}")
    with UnitOfWork(engine, SYSTEM, FixedClock()) as work:
        fill(work)
    engine.dispose()
    return path


@pytest.fixture
def engine(filled: Path, tmp_path: Path) -> Iterator[Engine]:
    path = tmp_path / "fairness.db"
    shutil.copyfile(filled, path)
    engine = create_store_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, match_horizon_days=20, protected_attributes=("Owner",))


def context_over(engine: Engine, settings: Settings, clock: FixedClock) -> Intelligence:
    return Intelligence(engine, settings, cast(Any, _Registry(None)), cast(Any, NoText()), clock)


@pytest.fixture
def context(engine: Engine, settings: Settings, clock: FixedClock) -> Intelligence:
    return context_over(engine, settings, clock)


@pytest.fixture
def work(engine: Engine, clock: FixedClock) -> Callable[[], UnitOfWork]:
    return lambda: UnitOfWork(engine, SYSTEM, clock)


def by_name(report: FairnessReport) -> dict[str | None, Any]:
    return {one.group: one for one in report.groups}


def test_shares_are_what_is_counted_by_hand(context: Intelligence) -> None:
    report = fairness(context, SINCE, None, "tier")
    assert (report.leads, report.compared, report.nobody_eligible, report.not_eligible) == (100, 100, 0, 0)
    gold, silver = by_name(report)["gold"], by_name(report)["silver"]
    assert (gold.first_offers, gold.offers, gold.accepted, gold.wins, gold.partners) == (60, 60, 60, 2, 1)
    assert (silver.first_offers, silver.offers, silver.accepted, silver.wins, silver.partners) == (40, 41, 40, 0, 3)
    assert (gold.compared.observed, gold.compared.expected, gold.compared.ratio) == (60, 30.0, 2.0)
    assert (silver.compared.observed, silver.compared.expected) == (40, 70.0)
    assert silver.compared.low < 4 / 7 < silver.compared.high < 0.8
    assert gold.win_rate.value == pytest.approx(2 / 60)
    assert (report.newcomers.value, report.newcomers.n) == (0.0, 1)
    assert report.spread.partners == 4
    assert report.spread.gini == pytest.approx(gini(np.array([60.0, 0, 40, 0])))
    assert report.spread.top_share == 0.6
    assert [(flag.group, flag.kind) for flag in report.flags] == [("silver", "four_fifths")]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("partner", {"a": (60, 30.0), "b": (0, 30.0), "c": (40, 20.0), "n": (0, 20.0)}),
        ("kind", {None: (100, 100.0)}),
        ("size", {"250-999": (60, 30.0), "1-9": (0, 30.0), "10-49": (40, 20.0), None: (0, 20.0)}),
        ("newcomer", {"established": (100, 80.0), "newcomer": (0, 20.0)}),
        ("country", {"BR": (60, 60.0), "PT": (40, 40.0)}),
        ("territory", {"BR": (60, 60.0), "PT": (40, 40.0), "ES": (0, 20.0)}),
        ("program", {None: (100, 100.0)}),
        ("owner", {"x": (60, 30.0), "y": (40, 50.0), None: (0, 20.0)}),
        ("attributes.owner", {"x": (60, 30.0), "y": (40, 50.0), None: (0, 20.0)}),
    ],
)
def test_partners_are_grouped_by(context: Intelligence, by: str, expected: dict[str | None, Any]) -> None:
    found = by_name(fairness(context, SINCE, None, by))
    assert {name: (one.compared.observed, one.compared.expected) for name, one in found.items()} == expected


def test_only_protected_attributes_are_grouped_by(context: Intelligence) -> None:
    with pytest.raises(InvalidInput, match="tier, kind, size, newcomer, country, territory, program, Owner"):
        fairness(context, by="segment")
    with pytest.raises(InvalidInput, match="before it begins"):
        fairness(context, MAY, SINCE)


def test_what_comes_later_changes_no_share_of_earlier(
    context: Intelligence, work: Callable[[], UnitOfWork], clock: FixedClock
) -> None:
    until = MAY + timedelta(days=2)
    before = fairness(context, SINCE, until, "tier")
    assert fairness(context, SINCE, until, "tier") is before
    clock.advance(days=3)
    with work() as unit:
        unit.repository("partners").patch("a", {"tier": "silver", "territories": ["ES"], "status": "inactive"})
        offers(unit, {"ES": ("n", 0)})
    after = fairness(context, SINCE, until, "tier")
    assert after is not before
    shares = [[one.compared for one in report.groups] for report in (before, after)]
    assert shares[0] == shares[1]


def test_several_groupings_at_once_say_what_each_says_alone(context: Intelligence) -> None:
    together = fairness_of(context, SINCE, MAY + timedelta(days=5), ("tier", "territory"))
    alone = fairness(context, SINCE, MAY + timedelta(days=5, microseconds=0), "territory")
    assert together[1].groups == alone.groups
    assert [report.by for report in together] == ["tier", "territory"]


def test_a_policy_limits_shares(context: Intelligence, work: Callable[[], UnitOfWork]) -> None:
    with work() as unit:
        unit.repository("routing_policies").create({"external_id": "p", "name": "spread"})
        for values in ({"by": "partner", "most": 0.5}, {"by": "newcomer", "least": 0.1}, {"by": "tier", "most": 0.9}):
            unit.repository("routing_limits").create({"policy": "p", **values})
    flags = [flag for by in ("partner", "newcomer", "tier") for flag in fairness(context, SINCE, None, by).flags]
    limits = [(flag.by, flag.group, flag.kind, flag.bound) for flag in flags if flag.policy == "spread"]
    assert limits == [("newcomer", "newcomer", "least", 0.1)]  # 60 of 100 may be chance where 50 are allowed
    assert "its limit is at least 10%" in next(flag.text for flag in flags if flag.policy == "spread")


def test_unfair_shares_are_told_once_a_month(
    context: Intelligence, work: Callable[[], UnitOfWork], settings: Settings, clock: FixedClock
) -> None:
    flags = unfair_groups(context)
    assert ("tier", "silver") in {(flag.by, flag.group) for flag in flags}
    for expected in (len(flags), 0):
        with work() as unit:
            assert tell_unfair(unit, settings, flags) == expected
    with work() as unit:
        kinds = {alert.kind for alert in unit.alerts.list(["routing_unfair"])}
        assert kinds == {"routing_unfair"}
        assert "routing.unfair" in {event.name for event in unit.events.list(0, 1000).items}
    clock.advance(days=31)
    with work() as unit:
        assert tell_unfair(unit, settings, flags) == len(flags)


def test_agreement_counts_offers_to_the_first_of_those_not_asked(
    work: Callable[[], UnitOfWork], context: Intelligence
) -> None:
    with work() as unit:
        ranked = [{"partner": name, "rank": k + 1, "p_win": 0.5 - k / 10} for k, name in enumerate("cna")]
        run = {"as_of": MAY, "created_by": "t", "model_version": "m/1", "request": {}, "features": []}
        match_id = unit.match_runs.put(**run, response={"candidates": ranked})
        made = [row for row in unit.repository("assignments").list(limit=200).rows if row["lead"] in ("PT1", "BR0")]
        for row in made:  # c, then n once c was asked; a, whom the match puts last
            keep_offer_terms(unit.connection, row["id"], MAY + timedelta(days=9), match_id)
        window = Window(SINCE, datetime(2024, 6, 1, tzinfo=UTC))
        book = Book(unit.connection, datetime(2024, 6, 1, tzinfo=UTC), "USD")
        found = answer(book, FIGURES["routing_agreement"], window).number
        assert (found.value, found.n) == (pytest.approx(2 / 3), 3)
        first = next(row["id"] for row in made if row["partner"] == "c")
        note_hop(unit.connection, first, hop=1, override=None)  # the machine did what it says itself
        assert answer(book, FIGURES["routing_agreement"], window).number.value == 0.5
        assert answer(book, FIGURES["lead_spread"], window).number.value == pytest.approx(0.55)
    groups = by_name(fairness(context, SINCE, None, "partner"))
    assert (groups["a"].expected_wins, groups["a"].expected_of, groups["a"].wins_of) == (pytest.approx(0.3), 1, 1)
    assert groups["b"].expected_wins is None


def test_an_empty_store_has_an_answer(sqlite_engine: Engine, settings: Settings, clock: FixedClock) -> None:
    context = context_over(sqlite_engine, settings, clock)
    report = fairness(context)
    assert (report.leads, report.groups, report.spread.gini, report.flags) == (0, (), None, ())
    with UnitOfWork(sqlite_engine, SYSTEM, clock) as unit:
        partners(unit)
    assert [one.compared.ratio for one in fairness(context).groups] == [None, None]
    assert unfair_groups(context) == []


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=30))
def test_gini_lies_between_none_and_all(values: list[int]) -> None:
    found = gini(np.array(values, dtype=np.float64))
    if found is None:
        assert sum(values) == 0
    else:
        assert 0.0 <= found <= 1.0 - 1.0 / len(values) + 1e-9
        assert found == pytest.approx(gini(np.array(values, dtype=np.float64) * 7.0))


@given(st.integers(1, 300), st.floats(0, 1))
def test_the_interval_holds_the_share(n: int, share: float) -> None:
    k = int(share * n)
    rate = binomial(k, n)
    assert 0.0 <= rate.low <= rate.value <= rate.high <= 1.0  # type: ignore[operator]
    low, high = exact_interval(k, n, 0.95)
    assert low <= rate.low  # type: ignore[operator]
    assert high >= rate.high  # type: ignore[operator]
