"""Training: enrolments, certificates with expiry, what is missing and what it opens, warnings once."""

import threading
from datetime import date, timedelta

import numpy as np
import pytest

from domain.context import SYSTEM, Actor
from domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from domain.settings import Settings
from domain.terms import Role
from intelligence.features.pair_world import course_holders, held
from programme import records
from programme.certificates import held_courses, holdings
from programme.training import complete_enrolment, coverage, list_expiring, partner_training, tell_expiring
from store.history import load_history
from store.unit_of_work import UnitOfWork

ANNA = Actor("anna", Role.MANAGER)
DAY = timedelta(days=1)


def add(work, resource, **values):
    return records.create(work, resource, values)


def programme(work, *partners):
    """A programme with a course that lasts a year, and active partners with a contact each."""
    add(work, "programs", external_id="resale", name="Resale")
    add(work, "courses", external_id="C-1", name="Selling", validity_days=365)
    add(work, "courses", external_id="C-2", name="Serving")
    for key in partners:
        add(
            work,
            "partners",
            external_id=key,
            name=key.upper(),
            program="resale",
            status="active",
            recruited_at="2024-01-01",
        )
        add(work, "contacts", external_id=f"{key}-ann", partner=key, name="Ann")


def announced(engine, clock):
    with UnitOfWork(engine, SYSTEM, clock, read_only=True) as work:
        return [event.payload for event in work.events.list(0, 1000, name="certification.expiring").items]


def test_passing_writes_the_certificate_that_expires(engine, clock):
    today = clock.now.date()
    with UnitOfWork(engine, ANNA, clock) as work:
        programme(work, "p1")
        enrolment = add(work, "enrolments", partner="p1", course="C-1", contact="p1-ann")
        assert enrolment["enrolled_at"] == clock.now
        ended = complete_enrolment(work, enrolment["id"], passed=True, score=92.5)
        assert (ended["completed_at"], ended["passed"], ended["score"]) == (clock.now, True, 92.5)
        (row,) = work.repository("certifications").list().rows
        assert (row["course"], row["passed_on"], row["expires_on"], row["contact"]) == (
            "Selling",
            today,
            today + 365 * DAY,
            "p1-ann",
        )
        with pytest.raises(Conflict, match="enrol again"):
            complete_enrolment(work, enrolment["id"], passed=True)


def test_failing_gives_no_certificate_and_a_course_without_validity_one_for_good(engine, clock):
    with UnitOfWork(engine, ANNA, clock) as work:
        programme(work, "p1")
        for course, passed in (("C-1", False), ("C-2", True)):
            enrolment = add(work, "enrolments", partner="p1", course=course)
            complete_enrolment(work, enrolment["id"], passed=passed, passed_on=date(2024, 5, 1))
        (row,) = work.repository("certifications").list().rows
        assert (row["course"], row["passed_on"], row["expires_on"]) == ("Serving", date(2024, 5, 1), None)


def test_two_persons_on_one_day_share_the_companys_certificate_and_both_have_passed(engine, clock):
    with UnitOfWork(engine, ANNA, clock) as work:
        programme(work, "p1")
        add(work, "contacts", external_id="p1-bob", partner="p1", name="Bob")
        for contact in ("p1-ann", "p1-bob"):
            enrolment = add(work, "enrolments", partner="p1", course="C-1", contact=contact)
            complete_enrolment(work, enrolment["id"], passed=True)
        found = partner_training(work, "p1")
        assert len(found.held) == 1
        assert [(person.name, person.courses) for person in found.persons] == [
            ("Ann", ("Selling",)),
            ("Bob", ("Selling",)),
        ]


def test_one_open_place_per_person_and_course(engine, clock):
    with UnitOfWork(engine, ANNA, clock) as work:
        programme(work, "p1", "p2")
        first = add(work, "enrolments", partner="p1", course="C-1", contact="p1-ann")
        for double in ({"contact": "p1-ann"},):
            with pytest.raises(Conflict, match="open enrolment"):
                add(work, "enrolments", partner="p1", course="C-1", **double)
        add(work, "enrolments", partner="p1", course="C-1")
        add(work, "enrolments", partner="p2", course="C-1", contact="p2-ann")
        with pytest.raises(InvalidInput, match="does not belong"):
            add(work, "enrolments", partner="p1", course="C-2", contact="p2-ann")
        records.change(work, "enrolments", first["id"], {"due_on": date(2024, 7, 1)})
        complete_enrolment(work, first["id"], passed=False)
        assert add(work, "enrolments", partner="p1", course="C-1", contact="p1-ann")["completed_at"] is None


def test_a_partner_enrols_itself_but_does_not_pass_itself(engine, clock):
    with UnitOfWork(engine, ANNA, clock) as work:
        programme(work, "p1", "p2")
        ids = {row["external_id"]: row["id"] for row in work.repository("partners").list().rows}
    with UnitOfWork(engine, Actor("portal", Role.PARTNER, ids["p1"]), clock) as work:
        enrolment = add(work, "enrolments", partner="p1", course="C-1", contact="p1-ann")
        for values in ({"passed": True}, {"completed_at": clock.now}, {"score": 100}):
            with pytest.raises(NotAllowed):
                records.change(work, "enrolments", enrolment["id"], values)
        with pytest.raises(NotAllowed):
            add(work, "certifications", partner="p1", course="Selling", passed_on=date(2024, 1, 1))
        with pytest.raises(NotFound):
            add(work, "enrolments", partner="p2", course="C-1")
        with pytest.raises(NotFound):
            partner_training(work, "p2")
        records.remove(work, "enrolments", enrolment["id"])


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"passed_on": "2024-02-01", "expires_on": "2024-01-31"}, "expires_on"),
        ({"passed_on": "2024-02-01", "contact": "p2-ann"}, "contact"),
    ],
)
def test_certificates_that_cannot_be_are_refused(sqlite_engine, clock, values, field):
    with UnitOfWork(sqlite_engine, ANNA, clock) as work:
        programme(work, "p1", "p2")
        with pytest.raises(InvalidInput) as refused:
            add(work, "certifications", partner="p1", course="Selling", **values)
        assert refused.value.details["field"] == field
        with pytest.raises(InvalidInput):
            add(work, "courses", external_id="C-9", name="Never", validity_days=0)


def certificate(course, passed, expires=None):
    dates = (date.fromisoformat(passed), date.fromisoformat(expires) if expires else None)
    return {"course": course, "passed_on": dates[0], "expires_on": dates[1], "contact": None}


@pytest.mark.parametrize(
    ("on", "valid", "left"), [("2024-06-29", True, 1), ("2024-06-30", True, 0), ("2024-07-01", False, -1)]
)
def test_the_last_day_counts(on, valid, left):
    stand = holdings([certificate("a", "2024-01-01", "2024-06-30")], date.fromisoformat(on))["a"]
    assert (stand.valid, stand.days_left) == (valid, left)


def test_of_several_certificates_the_one_that_lasts_longest_counts():
    rows = [
        certificate("a", "2024-05-01", "2024-06-30"),
        certificate("a", "2023-01-01", "2025-01-01"),
        certificate("a", "2025-06-01"),
    ]
    assert holdings(rows, date(2024, 6, 1))["a"].expires_on == date(2025, 1, 1)
    assert holdings(rows, date(2025, 6, 1))["a"].days_left is None


def test_validity_is_that_of_the_matching(engine, clock):
    """What is held here lets a partner be matched, day by day around the expiry and a renewal."""
    with UnitOfWork(engine, ANNA, clock) as work:
        programme(work, "p1")
        for passed, expires in (("2024-05-01", "2024-05-10"), ("2024-05-12", "2024-05-20"), ("2024-05-18", None)):
            add(work, "certifications", partner="p1", course="Selling", passed_on=passed, expires_on=expires)
    clock.advance(days=30)
    with engine.connect() as connection:
        history = load_history(connection, clock.now)
    found = course_holders(history, history.partners["id"].to_numpy())["Selling"]
    for day in range(25):
        on = date(2024, 5, 1) + day * DAY
        matched, _ = held(found, int(np.datetime64(on, "us").astype(np.int64)), 1)
        with UnitOfWork(engine, ANNA, clock, read_only=True) as work:
            assert ("Selling" in held_courses(work, "p1", on)) == bool(matched[0]), on


def test_what_is_missing_and_what_it_would_open(engine, clock):
    today = clock.now.date()
    with UnitOfWork(engine, ANNA, clock) as work:
        programme(work, "p1")
        for key, required in (("A", ["Selling"]), ("B", ["Selling", "Serving"]), ("C", ["Held"]), ("D", [])):
            add(work, "products", external_id=key, name=f"Product {key}", required_certifications=required)
        add(
            work,
            "tiers",
            external_id="gold",
            program="resale",
            name="Gold",
            position=2,
            required_certifications=["Serving"],
        )
        add(work, "certifications", partner="p1", course="Held", passed_on=today, expires_on=today + 10 * DAY)
        add(work, "certifications", partner="p1", course="Selling", passed_on="2023-01-01", expires_on=today - DAY)
        add(work, "enrolments", partner="p1", course="C-2")
        found = partner_training(work, "p1", within_days=10)
    assert [holding.course for holding in found.held] == ["Held"]
    assert [holding.days_left for holding in found.expiring] == [10]
    assert [holding.course for holding in found.expired] == ["Selling"]
    selling, serving = found.missing
    assert [(unlock.key, unlock.also_missing) for unlock in selling.products] == [("A", ()), ("B", ("Serving",))]
    assert (selling.expired_on, selling.enrolled, selling.tiers) == (today - DAY, False, ())
    assert (serving.expired_on, serving.enrolled, serving.tiers[0].name) == (None, True, "Gold")


def test_what_runs_out_is_listed_soonest_first_without_what_was_renewed(engine, clock):
    today = clock.now.date()
    with UnitOfWork(engine, ANNA, clock) as work:
        programme(work, "p1", "p2", "p3", "p4")
        for key, days in (("p1", 20), ("p2", 5), ("p3", 5), ("p4", 90)):
            add(
                work,
                "certifications",
                partner=key,
                course="Selling",
                passed_on="2024-01-01",
                expires_on=today + days * DAY,
            )
        add(work, "certifications", partner="p3", course="Selling", passed_on=today, expires_on=today + 400 * DAY)
        add(work, "certifications", partner="p1", course="Serving", passed_on="2023-01-01", expires_on=today)
        first, cursor = list_expiring(work, 60, limit=2)
        rest, end = list_expiring(work, 60, cursor, limit=2)
    shown = [(item.partner, item.course, item.days_left) for item in (*first, *rest)]
    assert shown == [("p1", "Serving", 0), ("p2", "Selling", 5), ("p1", "Selling", 20)]
    assert end is None


def test_expiry_is_announced_once_per_threshold_and_not_after_a_renewal(engine, clock):
    today = clock.now.date()
    with UnitOfWork(engine, ANNA, clock) as work:
        programme(work, "p1")
        add(work, "certifications", partner="p1", course="Selling", passed_on="2024-01-01", expires_on=today + 70 * DAY)
    told = []
    for day in range(72):
        with UnitOfWork(engine, SYSTEM, clock) as work:
            if tell_expiring(work, Settings().certification_warning_days):
                told.append(day)
            assert tell_expiring(work, (60, 30, 7)) == 0  # a second time the same night
        if day == 50:
            with UnitOfWork(engine, ANNA, clock) as work:
                add(work, "certifications", partner="p1", course="Selling", passed_on=clock.now.date())
        clock.advance(days=1)
    assert told == [10, 40]
    found = [(event["partner"], event["threshold_days"], event["days_left"]) for event in announced(engine, clock)]
    assert found == [("p1", 60, 60), ("p1", 30, 30)]


def test_a_certificate_that_comes_late_is_told_at_the_tightest_threshold_only(sqlite_engine, clock):
    with UnitOfWork(sqlite_engine, ANNA, clock) as work:
        programme(work, "p1")
        soon = clock.now.date() + 3 * DAY
        add(work, "certifications", partner="p1", course="Selling", passed_on="2024-01-01", expires_on=soon)
        assert [tell_expiring(work, (60, 30, 7)), tell_expiring(work, (60, 30, 7)), tell_expiring(work, ())] == [
            1,
            0,
            0,
        ]


def test_coverage_of_programmes_and_courses(engine, clock):
    today = clock.now.date()
    with UnitOfWork(engine, ANNA, clock) as work:
        programme(work, "p1", "p2", "p3")
        add(work, "partners", external_id="p4", name="p4", program="resale", status="prospect")
        add(work, "partners", external_id="p5", name="p5", status="active")
        for key, days in (("p1", 10), ("p2", 100), ("p3", -1), ("p4", 100)):
            add(
                work,
                "certifications",
                partner=key,
                course="Selling",
                passed_on="2024-01-01",
                expires_on=today + days * DAY,
            )
        add(work, "certifications", partner="p1", course="Selling", passed_on="2023-01-01", expires_on=today + DAY)
        add(work, "enrolments", partner="p3", course="C-1")
        found = [
            (row.program, row.course, row.partners, row.held, row.expiring, row.enrolled) for row in coverage(work)
        ]
        assert found == [
            ("resale", "Selling", 3, 2, 1, 1),
            ("resale", "Serving", 3, 0, 0, 0),
            (None, "Selling", 1, 0, 0, 0),
            (None, "Serving", 1, 0, 0, 0),
        ]
        assert [row.share for row in coverage(work, "resale")] == [2 / 3, 0.0]
        assert coverage(work, "none") == ()


def test_of_two_enrolments_at_the_same_time_one_is_made(postgres_engine, clock):
    with UnitOfWork(postgres_engine, ANNA, clock) as work:
        programme(work, "p1")
    together, outcomes = threading.Barrier(2), []

    def enrol():
        try:
            with UnitOfWork(postgres_engine, ANNA, clock) as work:
                work.repository("partners").get("p1")
                together.wait()
                add(work, "enrolments", partner="p1", course="C-1")
        except Conflict:
            outcomes.append("refused")
        else:
            outcomes.append("enrolled")

    threads = [threading.Thread(target=enrol) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["enrolled", "refused"]


def test_whose_names_are_shown_is_written_down(sqlite_engine, clock):
    with UnitOfWork(sqlite_engine, ANNA, clock) as work:
        programme(work, "p1")
        mark = work.journal.mark()
        partner_training(work, "p1")
        assert work.journal.mark() == mark + 1


def test_a_course_in_use_keeps_the_name_that_others_know(engine, clock):
    with UnitOfWork(engine, ANNA, clock) as work:
        programme(work, "p1")
        assert records.change(work, "courses", "C-1", {"name": "Sales"})["name"] == "Sales"
        add(work, "products", external_id="A", name="A", required_certifications=["Sales"])
        with pytest.raises(Conflict) as refused:
            records.change(work, "courses", "C-1", {"name": "Selling"})
        assert refused.value.details["used_by"] == ["products"]
        assert records.change(work, "courses", "C-1", {"name": "Sales", "hours": 3})["hours"] == 3
