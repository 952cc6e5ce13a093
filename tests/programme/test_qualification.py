"""Qualification: scores that add up, missing ratings, musts, several raters, the list."""

import math

import pytest

from domain.context import Actor
from domain.errors import BadCursor, InvalidInput, NotAllowed
from domain.terms import Role
from programme import records
from programme.prospects import STATUSES, list_qualification
from programme.qualification import qualify, score_ratings
from store.ratings import Wanted
from store.unit_of_work import UnitOfWork

ANNA = Actor("anna", Role.MANAGER)
RITA = Actor("rita", Role.RECRUITER)
ALL = Wanted(STATUSES)


def criterion(key, weight=1.0, **values):
    row = {"external_id": key, "name": key, "weight": weight, "kind": None, "must_have": None, "minimum": None, "id": 0}
    return row | values


def rating(of, score, by="anna", at=1):
    return {"criterion": of, "score": score, "rated_by": by, "rated_at": at, "id": at}


def test_parts_add_up_to_the_score_by_weight():
    found = score_ratings([criterion("a", 3), criterion("b", 1)], [rating("a", 5), rating("b", 1)])
    assert found.score == pytest.approx(100 * (3 * 5 + 1 * 1) / (4 * 5))
    assert [item.points for item in found.criteria] == [75.0, 5.0]
    assert (found.coverage, found.missing, found.at_least, found.at_most) == (1.0, (), 80.0, 80.0)


def test_missing_ratings_are_said_and_bounded():
    found = score_ratings([criterion("a", 3), criterion("b", 1)], [rating("a", 4)])
    assert (found.score, found.missing, found.coverage) == (80.0, ("b",), 0.75)
    assert (found.at_least, found.at_most) == (60.0, 85.0)
    assert sum(item.points for item in found.criteria) == found.score


def test_the_latest_rating_of_each_rater_counts_and_raters_are_averaged():
    ratings = [rating("a", 0, at=1), rating("a", 4, at=2), rating("a", 1, "rita", at=1)]
    (item,) = score_ratings([criterion("a")], ratings).criteria
    assert (item.rating, item.raters) == (2.5, 2)


@pytest.mark.parametrize(
    ("given", "minimum", "met"), [(3, 3, True), (2.9, 3, False), (0.5, None, True), (0, None, False), (None, 1, False)]
)
def test_musts_need_their_minimum_and_a_rating(given, minimum, met):
    ratings = [] if given is None else [rating("a", given)]
    found = score_ratings([criterion("a", must_have=True, minimum=minimum)], ratings)
    assert (found.criteria[0].met, found.qualified) == (met, met)
    assert found.failed == (() if met else ("a",))


def test_nothing_to_judge_by_is_no_score():
    found = score_ratings([], [rating("gone", 5)])
    assert (found.score, found.at_least, found.coverage, found.qualified) == (None, None, 0.0, True)


def test_weights_that_are_all_zero_count_as_equal():
    found = score_ratings([criterion("a", 0), criterion("b", 0)], [rating("a", 5), rating("b", 0)])
    assert found.score == 50.0


@pytest.fixture
def engine_with_criteria(engine, clock):
    with UnitOfWork(engine, ANNA, clock) as work:
        for name in ("resale", "referral"):
            records.create(work, "programs", {"external_id": name, "name": name})
        for key, program, weight, must in (
            ("rep", None, 2, True),
            ("size", "resale", 1, None),
            ("age", "resale", 3, None),
        ):
            values = {"program": program, "weight": weight, "must_have": must, "minimum": 2 if must else None}
            records.create(work, "criteria", {"external_id": key, "name": key, **values})
    return engine


def partner(work, key, **values):
    return records.create(work, "partners", {"external_id": key, "name": key, **values})


def rate(work, key, **scores):
    for of, score in scores.items():
        records.create(work, "ratings", {"partner": key, "criterion": of, "score": score})


def test_a_programme_asks_its_own_criteria_and_those_of_all(engine_with_criteria, clock):
    with UnitOfWork(engine_with_criteria, ANNA, clock) as work:
        for program, names in (("resale", ["age", "rep", "size"]), ("referral", ["rep"]), (None, ["rep"])):
            row = partner(work, f"of-{program}", program=program)
            assert [item.name for item in qualify(work, row).criteria] == names
        with pytest.raises(InvalidInput, match="belongs to programme"):
            rate(work, "of-referral", size=3)
        assert qualify(work, row).score is None


def test_ratings_are_given_in_ones_own_name(engine_with_criteria, clock):
    with UnitOfWork(engine_with_criteria, ANNA, clock) as work:
        partner(work, "p1")
        rate(work, "p1", rep=4)
        (row,) = work.repository("ratings").list().rows
        assert (row["rated_by"], row["rated_at"]) == ("anna", clock.now)
    with UnitOfWork(engine_with_criteria, RITA, clock) as work:
        with pytest.raises(NotAllowed):
            records.change(work, "ratings", row["id"], {"score": 1})
        with pytest.raises(NotAllowed):
            records.create(work, "ratings", {"partner": "p1", "criterion": "rep", "score": 1, "rated_by": "anna"})
        for score in (-0.1, 5.1, math.inf):
            with pytest.raises(InvalidInput, match="from 0 to 5"):
                rate(work, "p1", rep=score)


def test_the_list_has_the_scores_of_the_single_view_best_first(engine_with_criteria, clock):
    scores = {"a": {"rep": 1, "age": 5}, "b": {"rep": 5, "size": 1, "age": 4}, "c": {}, "d": {"rep": 5, "size": 3}}
    with UnitOfWork(engine_with_criteria, ANNA, clock) as work:
        for key, given in scores.items():
            partner(work, key, program="resale", country="DE" if key < "c" else "FR")
            rate(work, key, **given)
        partner(work, "gone", status="ended")
    with UnitOfWork(engine_with_criteria, RITA, clock) as work:
        rate(work, "b", rep=2)
    with UnitOfWork(engine_with_criteria, ANNA, clock, read_only=True) as work:
        shown, cursor = [], None
        while True:
            page = list_qualification(work, ALL, 365, cursor, limit=1)
            shown += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
        assert [item.partner["external_id"] for item in shown] == ["d", "a", "b", "c"]
        expected = [qualify(work, item.partner) for item in shown]
        assert [item.qualification for item in shown] == expected
        for wanted, keys in (
            (Wanted(STATUSES, equal={"country": "DE"}), "ab"),
            (Wanted(STATUSES, qualified=True), "db"),
            (Wanted(STATUSES, qualified=False), "ac"),
            (Wanted(STATUSES, rated=False), "c"),
            (Wanted(STATUSES, min_score=expected[1].score - 1e-6), "da"),
            (Wanted(STATUSES, program="referral"), ""),
        ):
            page = list_qualification(work, wanted, 365)
            assert "".join(item.partner["external_id"] for item in page.items) == keys
        other = list_qualification(work, ALL, 365, limit=1).next_cursor
        with pytest.raises(BadCursor):
            list_qualification(work, Wanted(STATUSES, rated=True), 365, other)
