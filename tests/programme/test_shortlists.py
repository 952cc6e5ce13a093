"""Shortlists: tidy, signed, bounded; the scores of then and now; nothing is left of an erased company."""

from datetime import timedelta

import pytest

from domain.context import Actor
from domain.errors import Conflict, InvalidInput, UnknownReference
from domain.terms import Role
from programme import records, shortlists
from programme.shortlists import put_aside
from store.shortlists import points_of, points_then, words_of
from store.shortlists import shortlists as list_shortlists
from store.unit_of_work import UnitOfWork

RECRUITER = Actor("rita@acme.example", Role.RECRUITER)


def companies(engine, clock, *names):
    with UnitOfWork(engine, RECRUITER, clock) as work:
        for name in names:
            records.create(work, "partners", {"external_id": name, "name": name.upper(), "country": "DE"})


def test_an_entry_is_tidied_signed_and_dated(engine, clock):
    companies(engine, clock, "a", "b")
    with UnitOfWork(engine, RECRUITER, clock) as work:
        made = put_aside(work, "  Nordics   2027 ", ["a", "b", "a"], "  call first ")
        assert (made.shortlist, made.added, made.there) == ("Nordics 2027", ("a", "b"), ())
        again = put_aside(work, "Nordics 2027", ["b"])
        assert (again.added, again.there) == ((), ("b",))
        row = work.repository("shortlist_entries").find(("Nordics 2027", "a"))
        told = {name: row[name] for name in ("note", "added_by", "added_at")}
        assert told == {"note": "call first", "added_by": RECRUITER.name, "added_at": work.clock()}
        (found,) = list_shortlists(work.connection, work.actor)
        assert (found.name, found.entries) == ("Nordics 2027", 2)


def test_who_added_what_and_when_is_the_services_word(engine, clock):
    companies(engine, clock, "a")
    with UnitOfWork(engine, RECRUITER, clock) as work:
        values = {"shortlist": "x", "partner": "a"}
        with pytest.raises(InvalidInput, match="added_by is set by the service"):
            records.create(work, "shortlist_entries", {**values, "added_by": "somebody else"})
        row = records.create(work, "shortlist_entries", values)
        with pytest.raises(InvalidInput, match="added_at is set by the service"):
            records.change(work, "shortlist_entries", row["id"], {"added_at": work.clock() - timedelta(1)})
        after = records.change(work, "shortlist_entries", row["id"], {"note": " later ", "added_by": row["added_by"]})
        assert (after["note"], after["added_by"]) == ("later", RECRUITER.name)
        with pytest.raises(InvalidInput, match="cannot be changed"):
            records.change(work, "shortlist_entries", row["id"], {"shortlist": "y"})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"shortlist": "   ", "partner": "a"}, "needs a name"),
        ({"shortlist": "x" * 81, "partner": "a"}, "at most 80"),
        ({"shortlist": 7, "partner": "a"}, "is a text"),
        ({"shortlist": "x", "partner": "a", "note": "n" * 2001}, "at most 2000"),
    ],
)
def test_what_does_not_fit_is_refused(engine, clock, values, message):
    companies(engine, clock, "a")
    with UnitOfWork(engine, RECRUITER, clock) as work, pytest.raises(InvalidInput, match=message):
        records.create(work, "shortlist_entries", values)


def test_only_companies_that_are_there_and_not_too_many(engine, clock, monkeypatch):
    monkeypatch.setattr(shortlists, "MOST_ENTRIES", 2)
    companies(engine, clock, "a", "b", "c")
    with UnitOfWork(engine, RECRUITER, clock) as work:
        with pytest.raises(UnknownReference):
            put_aside(work, "x", ["nobody"])
        with pytest.raises(InvalidInput, match="at least one"):
            put_aside(work, "x", [])
        put_aside(work, "x", ["a", "b"])
        with pytest.raises(Conflict, match="takes no more"):
            put_aside(work, "x", ["c"])
        assert put_aside(work, "y", ["c"]).added == ("c",)


def test_a_manager_sees_entries_of_the_own_portfolio_only(engine, clock):
    companies(engine, clock, "a", "b")
    with UnitOfWork(engine, RECRUITER, clock) as work:
        records.change(work, "partners", "a", {"account_manager": "Max"})
        put_aside(work, "x", ["a", "b"])
        put_aside(work, "y", ["b"])
    with UnitOfWork(engine, Actor("max", Role.MANAGER, portfolio=frozenset({"Max"})), clock) as work:
        assert [(one.name, one.entries) for one in list_shortlists(work.connection, work.actor)] == [("x", 1)]
        assert words_of(work.connection, work.actor, "country", ["prospect"]) == ["DE"]
        assert words_of(work.connection, work.actor, "region", ["prospect"]) == []


def test_the_score_of_then_is_the_last_one_before_the_entry(engine, clock):
    companies(engine, clock, "a", "b")
    with UnitOfWork(engine, RECRUITER, clock) as work:
        put_aside(work, "x", ["a", "b"])
        now = work.clock()
        id_ = work.repository("partners").get("a")["id"]
        said = {"partner_id": id_, "model": "fit", "horizon_days": 365, "low": 0.1, "high": 0.9}
        said |= {"model_version": "fit/1", "details": {}}
        days = {-40: 0.2, -3: 0.4, 5: 0.6}
        work.scores.put_many([said | {"as_of": now + timedelta(day), "p": p} for day, p in days.items()])
        entries = {row["partner"]: row["id"] for row in work.repository("shortlist_entries").list({}).rows}
        then = points_then(work.connection, list(entries.values()), "fit", 365)
        assert {key: point.p for key, point in then.items()} == {entries["a"]: 0.4}
        assert [point.p for point in points_of(work.connection, id_, "fit", 365)] == [0.2, 0.4, 0.6]
        assert [point.p for point in points_of(work.connection, id_, "fit", 365, limit=1)] == [0.6]
        assert points_of(work.connection, id_, "churn", 365) == []
