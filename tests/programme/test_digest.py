"""The digest of a week: what it tells whom, and how it reaches those who want it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from api.console.digest_mail import send_digest
from domain.context import SYSTEM, Actor
from domain.language import language_of, speaking
from domain.settings import Settings
from domain.terms import Role
from programme import records
from programme.alert_kinds import DIGEST
from programme.alerts import choose_preferences, raise_alert
from programme.digest import SECTIONS, digest
from programme.digest_notices import digest_for, plan_digests, week_told
from programme.people import invite_user
from store.alerts import Draft, Preference
from store.unit_of_work import UnitOfWork
from tests.conftest import FixedClock
from tests.programme.test_interventions import score
from tests.programme.test_mail import Box, box, settings  # noqa: F401  # fixtures
from worker.handlers import HANDLERS
from worker.schedule import coming_weekday

MONDAY = datetime(2024, 5, 27, tzinfo=UTC)
WEEK = MONDAY.date()
ANN = Actor("ann@acme.example", Role.MANAGER, full_name="Ann Ash", email="ann@acme.example")


@pytest.fixture
def world(engine: Engine, clock: FixedClock) -> Engine:
    """Two partners; p1 got worse in the week before NOW (a Saturday), p2 better; much waits and ends."""
    with UnitOfWork(engine, SYSTEM, clock, currency="USD") as work:
        ids = [
            work.repository("partners").create(
                {"external_id": name, "name": f"{name} Żółć", "status": "active", "account_manager": manager}
            )["id"]
            for name, manager in (("p1", "Ann Ash"), ("p2", "Bob"))
        ]
        for id_, was, now in zip(ids, (0.2, 0.8), (0.7, 0.3), strict=True):
            score(work, id_, was, MONDAY - timedelta(days=1))
            score(work, id_, now, MONDAY + timedelta(days=3))
        work.repository("leads").create({"external_id": "L1", "created_at": MONDAY})
        work.repository("assignments").create({"lead": "L1", "partner": "p1", "offered_at": MONDAY})
        for name, partner, until in (
            ("A1", "p1", "2024-06-10"),
            ("A2", "p2", "2024-06-05"),
            ("A3", "p2", "2025-06-05"),
        ):
            values = {
                "external_id": name,
                "partner": partner,
                "status": "active",
                "valid_from": "2023-06-05",
                "valid_to": until,
            }
            work.repository("agreements").create(values)
        passed = {"partner": "p1", "course": "Basics", "passed_on": "2023-06-20"}
        work.repository("certifications").create(passed | {"expires_on": "2024-06-20"})
        work.repository("deals").create(
            {"external_id": "D1", "partner": "p1", "registered_at": MONDAY, "status": "submitted"}
        )
        work.repository("registrations").create({"deal": "D1", "partner": "p1", "submitted_at": MONDAY})
        told = {"metric": "revenue", "period_end": "2024-06-30", "p_reach": 0.04}
        for ends, key in (("2024-06-30", "g1"), ("2024-05-01", "g2"), ("soon", "g3")):
            details = told | {"period_end": ends}
            draft = Draft("goal_off_track", "warning", "x", key, "goals", key, ids[0], details=details)
            raise_alert(work, draft, Settings())
        for values in (
            {"partner": "p1", "title": "Call", "due_on": "2024-06-03"},
            {"partner": "p1", "title": "Later", "due_on": "2024-07-03"},
            {"partner": "p2", "title": "Visit", "done_at": clock() - timedelta(hours=3)},
            {"partner": "p1", "title": "Old visit", "done_at": clock() - timedelta(days=32)},
        ):
            records.create(work, "interventions", values)
    return engine


def told(engine: Engine, clock: FixedClock, day: date = WEEK, actor: Actor = SYSTEM, *, mine: bool = False):
    with UnitOfWork(engine, actor, clock, read_only=True) as work:
        return digest(work, Settings(churn_horizons_days=(30, 90)), day, mine=mine)


def test_what_a_week_brought(world: Engine, clock: FixedClock) -> None:
    found = told(world, clock)
    shown = {name: [(line.partner, line.what) for line in found.found[name].lines] for name in SECTIONS}
    assert shown == {
        "new_at_risk": [("p1", "")],
        "recovered": [("p2", "")],
        "leads": [("p1", "L1")],
        "registrations": [("p1", "D1")],
        "agreements": [("p1", "A1")],
        "certificates": [("p1", "Basics")],
        "goals": [("p1", "revenue")],
        "due": [("p1", "Call")],
    }
    assert (found.now.n, found.now.n_high, found.before.n_high) == (2, 1, 1)
    assert found.high[-2:] == [None, 1]
    assert [one.done.title for one in found.done] == ["Visit"]
    assert [one.done.title for one in found.came] == ["Old visit"]


def test_a_manager_is_told_of_the_own_partners(world: Engine, clock: FixedClock) -> None:
    found = told(world, clock, actor=ANN, mine=True)
    assert {line.partner for one in found.found.values() for line in one.lines} == {"p1"}
    assert (found.now.n, [one.done.partner for one in found.came]) == (1, ["p1"])
    assert found.done == []


def test_a_past_week_is_told_as_it_was(world: Engine, clock: FixedClock) -> None:
    found = told(world, clock, WEEK - timedelta(days=7))
    assert found.as_of == MONDAY
    assert found.found["leads"].total == 0
    assert found.found["goals"].total == 0
    assert found.before is None
    assert found.now.n_high == 1


def test_an_empty_store_has_an_empty_digest(sqlite_engine: Engine, clock: FixedClock) -> None:
    assert told(sqlite_engine, clock).is_empty


def person(work: UnitOfWork, settings: Settings, email: str, role: Role, name: str) -> str:  # noqa: F811
    user = invite_user(work, settings, email, name, role).user
    work.users.change(user.id, {"status": "active"})
    actor = Actor(email, role, user_id=user.id, full_name=name, email=email)
    asking = UnitOfWork(work.engine, actor, work.clock)
    asking._connection = work.connection
    choose_preferences(asking, [Preference(DIGEST, True, "daily", "off")])
    return f"user:{user.id}"


def test_it_is_sent_once_a_person_and_week(
    world: Engine,
    settings: Settings,  # noqa: F811
    clock: FixedClock,
    box: Box,  # noqa: F811
) -> None:
    with UnitOfWork(world, SYSTEM, clock) as work:
        who = person(work, settings, "ann@acme.example", Role.MANAGER, "Ann Ash")
        clock.advance(days=3)
        assert week_told(clock().date()) == WEEK
        assert [plan_digests(work, settings), plan_digests(work, settings)] == [1, 1]
        assert len(work.jobs.newest("digest_mail")) == 1
    assert send_digest(world, settings, clock, who, WEEK)
    assert not send_digest(world, settings, clock, who, WEEK)
    (message,) = box.messages
    text = message.get_body(("plain",)).get_content()
    assert "p1 Żółć" in text
    assert "p2" not in text
    assert "L1" in message.get_body(("html",)).get_content()
    (file,) = message.iter_attachments()
    assert (file.get_content_type(), file.get_content()[:5]) == ("application/pdf", b"%PDF-")
    assert {"digests", "digest_mail"} <= set(HANDLERS)


def test_who_does_not_want_it_gets_nothing(
    world: Engine,
    settings: Settings,  # noqa: F811
    clock: FixedClock,
    box: Box,  # noqa: F811
) -> None:
    with UnitOfWork(world, SYSTEM, clock) as work:
        who = person(work, settings, "ann@acme.example", Role.MANAGER, "Ann Ash")
        gone = person(work, settings, "bob@acme.example", Role.MANAGER, "Bob")
        work.users.change(int(gone[5:]), {"status": "deactivated"})
        work.alerts.put_preferences(who, [Preference(DIGEST, True, "off", "off")])
    assert [send_digest(world, settings, clock, one, WEEK) for one in (who, gone, "user:99")] == [False] * 3
    assert box.messages == []


def test_without_a_mail_server_nothing_is_planned(world: Engine, clock: FixedClock) -> None:
    with UnitOfWork(world, SYSTEM, clock) as work:
        person(work, Settings(), "ann@acme.example", Role.MANAGER, "Ann Ash")
        assert plan_digests(work, Settings()) == 0


def test_who_manages_nobody_is_told_of_all(world: Engine, clock: FixedClock) -> None:
    eve = Actor("eve", Role.MANAGER, user_id=7)
    with UnitOfWork(world, SYSTEM, clock, read_only=True) as work, speaking(language_of("pl")):
        assert not digest_for(work, Settings(), eve, WEEK).mine
        assert digest_for(work, Settings(), ANN, WEEK).mine


def test_the_day_of_the_digest_can_be_chosen() -> None:
    now = datetime(2024, 6, 1, 12, tzinfo=UTC)
    assert coming_weekday(now, 4, 7) == datetime(2024, 6, 7, 7, tzinfo=UTC)
    assert week_told(date(2024, 6, 7)) == date(2024, 6, 3)
