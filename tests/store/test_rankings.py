"""Lists of stored scores: what the database filters, orders and pages, on both engines."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from domain.context import SYSTEM, Actor
from domain.terms import Role
from store.rankings import (
    Choice,
    first_scored,
    names_of,
    newest_run,
    program_choices,
    ranked,
    total,
    values_of,
)
from store.tables import scores
from store.unit_of_work import UnitOfWork

AS_OF = datetime(2024, 2, 1, tzinfo=UTC)
BEFORE = AS_OF - timedelta(days=7)
PARTNERS = (
    {"external_id": "a", "country": "DE", "tier": "gold", "account_manager": "Ann", "program": "x"},
    {"external_id": "b", "country": "DE", "account_manager": "Bob"},
    {"external_id": "c", "country": "PT", "account_manager": "ann", "program": "x"},
    {"external_id": "d"},
)
CHANCES = {"a": (0.2, 100.0), "b": (0.9, 50.0), "c": (0.6, 100.0), "d": (0.1, None)}


@pytest.fixture
def work(engine):
    with UnitOfWork(engine, SYSTEM) as work:
        work.repository("programs").create({"external_id": "x", "name": "Ex"})
        ids = {
            row["external_id"]: work.repository("partners").create(row | {"name": row["external_id"].upper()})["id"]
            for row in PARTNERS
        }
        work.scores.put_many(score(ids[name], AS_OF, *CHANCES[name]) for name in ids)
        work.scores.put_many(score(ids[name], BEFORE, 0.5, 1.0) for name in "ab")
        yield work


def score(partner_id, as_of, p, stake):
    details = {"revenue_at_risk": stake, "band": "high"}
    common = {"model": "churn", "horizon_days": 90, "low": 0.0, "high": 1.0, "model_version": "churn/1"}
    return common | {"partner_id": partner_id, "as_of": as_of, "p": p, "details": details}


def listed(work, start=0, limit=10, *, by_stake=True, **choice):
    run = newest_run(work.connection, "churn", 90, AS_OF)
    return [one.partner for one in ranked(work.connection, run, Choice(**choice), start, limit, by_stake=by_stake)]


def test_by_stake_then_chance_then_name(work):
    assert listed(work) == ["c", "a", "b", "d"]
    assert listed(work, by_stake=False) == ["b", "c", "a", "d"]
    assert (listed(work, 1, 2), listed(work, 4, 2)) == (["a", "b"], [])


def test_rows_of_before_the_column_are_ordered_by_their_details(work):
    work.connection.execute(update(scores).values(stake=None))
    assert listed(work) == ["c", "a", "b", "d"]
    assert total(work.connection, newest_run(work.connection, "churn", 90, AS_OF), Choice()) == (4, 250.0)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"filters": {"country": "DE"}}, ["a", "b"]),
        ({"filters": {"country": "DE", "tier": "gold"}}, ["a"]),
        ({"filters": {"program": "x"}}, ["c", "a"]),
        ({"filters": {"program": "none"}}, []),
        ({"filters": {"account_manager": "Ann"}}, ["a"]),
        ({"portfolio": frozenset({"ANN"})}, ["c", "a"]),
        ({"portfolio": frozenset()}, []),
        ({"min_p": 0.6}, ["c", "b"]),
        ({"filters": {"country": "'; drop table scores"}}, []),
    ],
)
def test_what_passes(work, choice, expected):
    assert listed(work, **choice) == expected


def test_the_newest_run_is_that_of_the_instant(work):
    def at(until, **more):
        return newest_run(work.connection, "churn", 90, until, **more)

    assert (at(AS_OF).as_of, at(AS_OF - timedelta(seconds=1)).as_of) == (AS_OF, BEFORE)
    assert at(AS_OF, before=AS_OF).as_of == BEFORE
    assert at(BEFORE, before=BEFORE) is None
    assert first_scored(work.connection, at(AS_OF), Choice()) == 2
    assert total(work.connection, at(AS_OF), Choice(min_p=0.5)) == (2, 150.0)


def test_a_removed_partner_is_listed_no_more(work):
    work.repository("partners").delete("c")
    assert listed(work) == ["a", "b", "d"]


def test_choices_are_those_that_a_person_sees(work):
    assert values_of(work.connection, "country", SYSTEM) == ["DE", "PT"]
    confined = Actor("ann", Role.MANAGER, portfolio=frozenset({"Bob"}))
    assert values_of(work.connection, "account_manager", confined) == ["Bob"]
    assert program_choices(work.connection) == [("x", "Ex")]
    assert names_of(work.connection, ["a", "zz"]) == {"a": "A"}
    with pytest.raises(KeyError):
        values_of(work.connection, "name", SYSTEM)


def test_only_those_of_a_status_count(work):
    work.repository("partners").patch("a", {"status": "ended"})
    assert listed(work, statuses=("active", "prospect", "applied", "onboarding", "inactive")) == ["c", "b", "d"]
    assert listed(work, statuses=("ended",)) == ["a"]
    assert listed(work, statuses=()) == []
