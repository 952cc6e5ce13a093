"""Onboarding: checklists with due dates, certificates that do steps, what a partner may, how long it takes."""

from datetime import date, timedelta

import pytest

from domain.context import SYSTEM, Actor
from domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from domain.terms import Role
from programme import records
from programme.onboarding import (
    catch_up_checklists,
    finish_task,
    make_checklist,
    partners_to_catch_up,
    progress,
    start_onboarding,
    tell_overdue,
)
from programme.onboarding_times import onboarding_report, partner_onboarding
from programme.recruitment import move_partner
from store.unit_of_work import UnitOfWork

ANNA = Actor("anna", Role.MANAGER)


def add(work, resource, **values):
    return records.create(work, resource, values)


def template(work, *, course=None):
    add(work, "programs", external_id="resale", name="Resale")
    add(work, "programs", external_id="referral", name="Referral")
    add(
        work,
        "onboarding_steps",
        external_id="sign",
        program="resale",
        title="Sign",
        position=1,
        due_days=7,
        required=True,
    )
    add(work, "onboarding_steps", external_id="learn", title="Learn", position=2, due_days=30, course=course)
    add(work, "onboarding_steps", external_id="refer", program="referral", title="Refer", position=1)


def onboard(work, key="p1", program="resale"):
    add(work, "partners", external_id=key, name=key, program=program, status="applied", account_manager="anna")
    return move_partner(work, key, "onboarding")


def shown(work, key="p1"):
    return progress(work, work.repository("partners").get(key))


def test_entering_onboarding_makes_the_programmes_tasks_once(engine, clock):
    today = clock.now.date()
    with UnitOfWork(engine, ANNA, clock) as work:
        template(work)
        partner = onboard(work)
        found = shown(work)
        assert [(item.title, item.due_on, item.owner, item.required) for item in found.items] == [
            ("Sign", today + timedelta(days=7), "anna", True),
            ("Learn", today + timedelta(days=30), "anna", False),
        ]
        assert (found.steps, found.done, found.share, found.next.title) == (2, 0, 0.0, "Sign")
        assert make_checklist(work, partner) == 0


def test_a_changed_template_adds_only_what_is_missing(engine, clock):
    with UnitOfWork(engine, ANNA, clock) as work:
        template(work)
        onboard(work)
        sign = shown(work).items[0].task
        finish_task(work, sign)
        clock.advance(days=1)
        records.change(work, "onboarding_steps", "sign", {"title": "Sign the contract"})
        add(work, "onboarding_steps", external_id="meet", program="resale", title="Meet", position=3, due_days=1)
        found = start_onboarding(work, "p1")
        assert [(item.title, item.done) for item in found.items] == [("Sign", True), ("Learn", False), ("Meet", False)]
        assert found.items[2].due_on == clock.now.date() + timedelta(days=1)


def test_a_company_that_is_not_recruited_has_no_onboarding(sqlite_engine, clock):
    with UnitOfWork(sqlite_engine, ANNA, clock) as work:
        add(work, "partners", external_id="p1", name="p1")
        with pytest.raises(Conflict):
            start_onboarding(work, "p1")
        with pytest.raises(NotFound):
            start_onboarding(work, "p2")


@pytest.mark.parametrize("named", ["Selling", "C-1"])
def test_a_certificate_does_the_step_that_asks_for_its_course(engine, clock, named):
    with UnitOfWork(engine, ANNA, clock) as work:
        add(work, "courses", external_id="C-1", name="Selling")
        template(work, course=named)
        onboard(work)
        add(work, "certifications", partner="p1", course="Selling", passed_on=clock.now.date())
        learn = shown(work).items[1]
        assert (learn.done, learn.done_at) == (True, clock.now)


def test_a_certificate_that_was_there_before_counts_and_an_expired_one_does_not(sqlite_engine, clock):
    with UnitOfWork(sqlite_engine, ANNA, clock) as work:
        template(work, course="Selling")
        for key, expires in (("p1", "2024-06-01"), ("p2", "2024-05-31")):
            add(work, "partners", external_id=key, name=key, program="resale", status="applied")
            add(work, "certifications", partner=key, course="Selling", passed_on="2023-01-01", expires_on=expires)
            move_partner(work, key, "onboarding")
        assert [shown(work, key).items[1].done for key in ("p1", "p2")] == [True, False]


def test_what_is_late_is_said(engine, clock):
    with UnitOfWork(engine, ANNA, clock) as work:
        template(work)
        onboard(work)
    clock.advance(days=7)
    with UnitOfWork(engine, ANNA, clock) as work:
        assert shown(work).overdue == 0  # the last day is in time
    clock.advance(days=1)
    with UnitOfWork(engine, ANNA, clock) as work:
        assert [item.overdue for item in shown(work).items] == [True, False]
        figures = onboarding_report(work).all
        assert (figures.onboarding, figures.late, figures.overdue_tasks) == (1, 1, 1)


def test_a_partner_ticks_off_its_own_tasks_and_nothing_else(engine, clock):
    with UnitOfWork(engine, ANNA, clock) as work:
        template(work, course="Selling")
        own, other = onboard(work), onboard(work, "p2")
    mine = Actor("portal", Role.PARTNER, own["id"])
    with UnitOfWork(engine, ANNA, clock) as work:
        tasks = {(row["partner"], row["step"]): row["external_id"] for row in work.repository("tasks").list().rows}
    with UnitOfWork(engine, mine, clock) as work:
        assert finish_task(work, tasks["p1", "sign"])["done_at"] == clock.now
        with pytest.raises(NotFound):
            finish_task(work, tasks["p2", "sign"])
        with pytest.raises(NotAllowed, match="certificate"):
            finish_task(work, tasks["p1", "learn"])
        with pytest.raises(NotAllowed):
            records.change(work, "tasks", tasks["p1", "sign"], {"due_on": date(2030, 1, 1)})
        with pytest.raises(NotAllowed):
            records.create(work, "tasks", {"partner": "p1", "title": "x"})
        with pytest.raises(NotAllowed):
            records.remove(work, "tasks", tasks["p1", "sign"])
        with pytest.raises(NotFound):
            partner_onboarding(work, other["id"])
        assert partner_onboarding(work, "p1").progress.done == 1
    with UnitOfWork(engine, ANNA, clock) as work:
        assert finish_task(work, tasks["p1", "learn"])["done_at"] is not None


def test_nothing_is_done_in_the_future(sqlite_engine, clock):
    with UnitOfWork(sqlite_engine, ANNA, clock) as work:
        template(work)
        onboard(work)
        (task, _) = work.repository("tasks").list().rows
        with pytest.raises(InvalidInput, match="future"):
            records.change(work, "tasks", task["id"], {"done_at": clock.now + timedelta(days=1)})
        with pytest.raises(InvalidInput, match="due_days"):
            records.change(work, "onboarding_steps", "sign", {"due_days": 10**9})


def test_times_of_a_partner_and_their_median_by_programme(engine, clock):
    with UnitOfWork(engine, ANNA, clock) as work:
        for name in ("resale", "referral"):
            add(work, "programs", external_id=name, name=name)
    for key, program, days in (("p1", "resale", 4), ("p2", "resale", 10), ("p3", "referral", 1)):
        with UnitOfWork(engine, ANNA, clock) as work:
            add(work, "partners", external_id=key, name=key, program=program)
        for step, after in (("applied", 1), ("onboarding", 2), ("active", days)):
            clock.advance(days=after)
            with UnitOfWork(engine, ANNA, clock) as work:
                move_partner(work, key, step)
    with UnitOfWork(engine, ANNA, clock) as work:
        recruited = work.repository("partners").get("p1")["recruited_at"]
        for key, days in (("d2", 30), ("d1", 20)):
            closed = recruited + timedelta(days=days)
            deal = {"registered_at": recruited, "closed_at": closed, "outcome": "won", "amount": 1}
            add(work, "deals", external_id=key, partner="p1", **deal)
        times = partner_onboarding(work, "p1").times
        assert (times.days_to_onboard, times.days_from_application, times.days_to_first_deal) == (4, 6, 20)
        report = onboarding_report(work)
    assert [(figures.program, figures.to_onboard.median_days, figures.to_onboard.n) for figures in report.programs] == [
        ("referral", 1, 1),
        ("resale", 7, 2),
    ]
    assert (report.all.from_application.median_days, report.all.to_first_deal.n) == (6, 1)
    assert report.items == ()


def test_an_empty_store_has_an_empty_report(sqlite_engine, clock):
    with UnitOfWork(sqlite_engine, ANNA, clock, read_only=True) as work:
        report = onboarding_report(work)
    assert (report.all.onboarding, report.all.to_onboard.median_days, report.programs) == (0, None, ())


def test_another_programme_adds_its_steps(sqlite_engine, clock):
    with UnitOfWork(sqlite_engine, ANNA, clock) as work:
        template(work)
        onboard(work)
        records.change(work, "partners", "p1", {"program": "referral"})
        found = shown(work)
        assert [(item.title, item.required) for item in found.items] == [
            ("Refer", False),
            ("Learn", False),
            ("Sign", False),
        ]


def test_the_night_makes_tasks_of_new_steps_and_of_imported_partners(engine, clock):
    with UnitOfWork(engine, ANNA, clock) as work:
        template(work)
        onboard(work)
        work.repository("partners").create({"external_id": "p2", "name": "p2", "status": "onboarding"})  # as imports do
        add(work, "onboarding_steps", external_id="meet", program="resale", title="Meet")
        assert partners_to_catch_up(work) == ["p1", "p2"]
        assert catch_up_checklists(work, ["p1", "p2"]) == 2
        assert partners_to_catch_up(work) == []
        assert [item.task is not None for item in (*shown(work).items, *shown(work, "p2").items)] == [True] * 4


@pytest.mark.parametrize(
    ("named", "held", "expires", "due"),
    [
        ("Selling", "Selling", "2024-06-01", True),
        ("C-1", "Selling", None, True),
        ("Selling", "C-1", None, True),
        ("Selling", "Selling", "2024-05-31", False),
        ("Selling", "Serving", None, False),
    ],
)
def test_imported_certificates_are_due_at_night_as_the_checklist_shows_them(engine, clock, named, held, expires, due):
    with UnitOfWork(engine, ANNA, clock) as work:
        add(work, "courses", external_id="C-1", name="Selling")
        template(work, course=named)
        onboard(work)
        passed = {"passed_on": "2023-01-01", "expires_on": expires}
        work.repository("certifications").create({"partner": "p1", "course": held, **passed})  # as imports do
        assert shown(work).items[1].done is due
        assert partners_to_catch_up(work) == (["p1"] if due else [])


def test_a_late_task_is_announced_once_and_not_when_its_partner_is_gone(engine, clock):
    with UnitOfWork(engine, ANNA, clock) as work:
        template(work)
        onboard(work)
        onboard(work, "p2")
        move_partner(work, "p2", "rejected")
    told = []
    for _ in range(10):
        with UnitOfWork(engine, SYSTEM, clock) as work:
            told.append(tell_overdue(work))
        clock.advance(days=1)
    assert told == [0] * 8 + [1, 0]
    with UnitOfWork(engine, SYSTEM, clock, read_only=True) as work:
        (event,) = work.events.list(0, 100, name="task.overdue").items
    assert (event.payload["partner"], event.payload["title"]) == ("p1", "Sign")
