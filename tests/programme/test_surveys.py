"""Surveys: once in a period, on the scale of the kind, told without names."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from domain.context import Actor
from domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from domain.terms import Role
from programme import records
from programme.surveys import answer_survey, survey_results
from store.unit_of_work import UnitOfWork
from tests.conftest import FixedClock

STAFF = Actor("manager", Role.MANAGER)


def unit(engine: Engine, clock: FixedClock, actor: Actor = STAFF) -> UnitOfWork:
    return UnitOfWork(engine, actor, clock, currency="USD")


@pytest.fixture
def ids(engine: Engine, clock: FixedClock) -> dict[str, int]:
    with unit(engine, clock) as work:
        for key in ("sell", "refer"):
            work.repository("programs").create({"external_id": key, "name": key})
        partners = [
            {"external_id": key, "name": key, "status": status, "program": program}
            for key, status, program in (
                ("a", "active", "sell"),
                ("b", "active", "sell"),
                ("c", "active", "refer"),
                ("d", "prospect", "sell"),
            )
        ]
        found = {row["external_id"]: work.repository("partners").create(row)["id"] for row in partners}
        records.create(work, "surveys", {"external_id": "pulse", "title": "Pulse", "kind": "NPS", "program": "sell"})
        records.create(
            work, "surveys", {"external_id": "event", "title": "Event", "kind": "csat", "valid_to": "2024-06-30"}
        )
    return found


def partner(ids: dict[str, int], key: str) -> Actor:
    return Actor(key, Role.PARTNER, ids[key])


def test_a_partner_answers_once_in_a_period(engine: Engine, clock: FixedClock, ids: dict[str, int]) -> None:
    with unit(engine, clock, partner(ids, "a")) as work:
        kept = answer_survey(work, "pulse", 9, "More leads, please.")
        assert (kept["partner"], kept["kind"], kept["score"], kept["attributes"]) == (
            "a",
            "nps",
            9.0,
            {"survey": "pulse"},
        )
        with pytest.raises(Conflict, match="answered in this period"):
            answer_survey(work, "pulse", 3)
    clock.advance(days=40)  # another quarter
    with unit(engine, clock, partner(ids, "a")) as work:
        answer_survey(work, "pulse", 3)
        assert [row["score"] for row in work.repository("feedback").list().rows] == [9.0, 3.0]


def test_results_name_nobody(engine: Engine, clock: FixedClock, ids: dict[str, int]) -> None:
    with unit(engine, clock, partner(ids, "a")) as work:
        answer_survey(work, "pulse", 10, "Good.")
    with unit(engine, clock) as work:
        answer_survey(work, "pulse", 0, partner="b")
        told = survey_results(work, "pulse")
        assert (told.n, told.asked, told.response_rate, told.value, told.mean) == (2, 2, 1.0, 0.0, 5.0)
        assert (told.distribution["10"], told.distribution["0"], sum(told.distribution.values())) == (1, 1, 2)
        assert (told.comments, told.period_start) == (["Good."], datetime(2024, 4, 1, tzinfo=UTC))
        none = survey_results(work, "event")
        assert (none.n, none.asked, none.value, none.response_rate) == (0, 3, None, 0.0)


def test_what_is_no_answer_is_refused(engine: Engine, clock: FixedClock, ids: dict[str, int]) -> None:
    with unit(engine, clock, partner(ids, "c")) as work:
        with pytest.raises(Conflict, match="for partners of sell"):
            answer_survey(work, "pulse", 5)
        with pytest.raises(NotFound):
            answer_survey(work, "event", 5, partner="a")
        for score in (0, 6, 4.5, float("nan")):
            with pytest.raises(InvalidInput, match="whole number from 1 to 5"):
                answer_survey(work, "event", score)
        with pytest.raises(NotAllowed, match="Answer a survey"):
            records.create(work, "feedback", {"partner": "c", "submitted_at": clock.now, "kind": "csat", "score": 5})
    clock.advance(days=30)
    with unit(engine, clock, partner(ids, "c")) as work, pytest.raises(Conflict, match="ended on 2024-06-30"):
        answer_survey(work, "event", 5)


def test_a_survey_keeps_its_scale(engine: Engine, clock: FixedClock, ids: dict[str, int]) -> None:
    with unit(engine, clock) as work:
        with pytest.raises(InvalidInput, match="one of: nps, csat"):
            records.create(work, "surveys", {"external_id": "x", "title": "X", "kind": "stars"})
        answer_survey(work, "pulse", 5, partner="a")
        with pytest.raises(Conflict, match="has answers"):
            records.change(work, "surveys", "pulse", {"kind": "csat"})
        with pytest.raises(Conflict, match="1 answers"):
            records.remove(work, "surveys", "pulse")
        row: dict[str, Any] = {"partner": "a", "submitted_at": clock.now, "kind": "nps", "score": 11}
        with pytest.raises(InvalidInput, match="between 0 and 10"):
            records.create(work, "feedback", row)
