"""The pipeline: allowed steps, gates, dates, reasons, histories and figures."""

import threading
from datetime import timedelta

import pytest

from domain.context import Actor
from domain.errors import Conflict, InvalidInput, NotAllowed, NotFound, StaleVersion
from domain.terms import PartnerStatus, Role
from programme import records
from programme.onboarding_times import onboarding_report
from programme.pipeline import TRANSITIONS
from programme.prospects import STATUSES, list_qualification
from programme.recruitment import dossier, move_partner, partner_history, pipeline, program_overview
from programme.training import coverage, list_expiring
from store.ratings import Wanted
from store.unit_of_work import UnitOfWork

ANNA = Actor("anna", Role.MANAGER)
RITA = Actor("rita", Role.RECRUITER)


def add_partner(engine, clock, key="p1", **values):
    with UnitOfWork(engine, ANNA, clock) as work:
        return records.create(work, "partners", {"external_id": key, "name": key.upper(), **values})


def add(engine, clock, resource, **values):
    with UnitOfWork(engine, ANNA, clock) as work:
        return records.create(work, resource, values)


def move(engine, clock, status, reason=None, actor=ANNA, key="p1", **options):
    with UnitOfWork(engine, actor, clock) as work:
        return move_partner(work, key, status, reason, **options)


def history(engine, clock, key="p1"):
    with UnitOfWork(engine, ANNA, clock, read_only=True) as work:
        return partner_history(work, key)


def test_every_status_has_its_row_in_the_table_and_names_statuses():
    assert set(TRANSITIONS) == set(PartnerStatus)
    assert all(set(allowed) <= set(PartnerStatus) - {status} for status, allowed in TRANSITIONS.items())


@pytest.mark.parametrize("was", list(PartnerStatus))
def test_a_change_goes_along_the_table(sqlite_engine, clock, was):
    with UnitOfWork(sqlite_engine, ANNA, clock) as work:
        for wanted in PartnerStatus:
            key = f"to-{wanted}"
            records.create(work, "partners", {"external_id": key, "name": key, "status": was})
            if wanted == was or wanted in TRANSITIONS[was]:
                assert records.change(work, "partners", key, {"status": wanted})["status"] == wanted
                continue
            with pytest.raises(Conflict) as refused:
                records.change(work, "partners", key, {"status": wanted})
            assert refused.value.details["allowed"] == list(TRANSITIONS[was])


def test_a_status_cannot_be_cleared(sqlite_engine, clock):
    add_partner(sqlite_engine, clock)
    with UnitOfWork(sqlite_engine, ANNA, clock) as work, pytest.raises(InvalidInput, match="always has one"):
        records.change(work, "partners", "p1", {"status": None})


def test_a_whole_life_with_who_when_and_why(engine, clock):
    add_partner(engine, clock, status="prospect")
    start = clock.now
    for days, status, reason in ((2, "applied", "wrote to us"), (3, "onboarding", None), (10, "active", "all done")):
        clock.advance(days=days)
        move(engine, clock, status, reason, actor=RITA)
    clock.advance(days=4.5)
    found = history(engine, clock)
    assert [(item.from_status, item.to_status, item.changed_by, item.reason) for item in found] == [
        (None, "prospect", None, None),
        ("prospect", "applied", "rita", "wrote to us"),
        ("applied", "onboarding", "rita", None),
        ("onboarding", "active", "rita", "all done"),
    ]
    assert [item.days_in_stage for item in found] == [2, 3, 10, 4.5]
    assert found[-1].changed_at == start + timedelta(days=15)
    with UnitOfWork(engine, ANNA, clock) as work:
        assert work.repository("partners").get("p1")["recruited_at"] == start + timedelta(days=15)


def test_an_end_dates_itself_and_takes_back_open_offers(engine, clock):
    add_partner(engine, clock, status="active", recruited_at="2024-01-01")
    add(engine, clock, "leads", external_id="l1", created_at=clock.now)
    add(engine, clock, "leads", external_id="l2", created_at=clock.now)
    add(engine, clock, "assignments", lead="l1", partner="p1", offered_at=clock.now)
    add(engine, clock, "assignments", lead="l2", partner="p1", offered_at=clock.now, response="accepted")
    clock.advance(days=1)
    assert move(engine, clock, "ended", "closed down")["ended_at"] == clock.now
    with UnitOfWork(engine, ANNA, clock) as work:
        offers = work.repository("assignments").list(sort="id").rows
        assert [offer["response"] for offer in offers] == ["withdrawn", "accepted"]
        assert offers[0]["responded_at"] == clock.now


def test_an_ended_partner_may_apply_again_and_is_no_longer_ended_once_active(engine, clock):
    add_partner(engine, clock, status="ended", recruited_at="2020-01-01", ended_at="2022-01-01")
    for status in ("applied", "onboarding", "active"):
        clock.advance(days=1)
        partner = move(engine, clock, status)
    assert partner["ended_at"] is None
    assert partner["recruited_at"].year == 2020


def test_what_is_missing_stands_between_onboarding_and_active(engine, clock):
    add(engine, clock, "programs", external_id="resale", name="Resale")
    add(engine, clock, "criteria", external_id="rep", name="Reputation", weight=1, must_have=True, minimum=3)
    steps = ({"title": "Sign", "required": True}, {"title": "Meet"})
    for position, step in enumerate(steps):
        add(engine, clock, "onboarding_steps", external_id=f"s{position}", program="resale", position=position, **step)
    add_partner(engine, clock, status="applied", program="resale")
    move(engine, clock, "onboarding")
    with pytest.raises(Conflict) as refused:
        move(engine, clock, "active")
    assert refused.value.details["missing"] == {"steps": ["Sign"], "criteria": ["Reputation"]}
    with pytest.raises(InvalidInput, match="reason"):
        move(engine, clock, "active", override=True)
    with pytest.raises(NotAllowed, match="manager"):
        move(engine, clock, "active", "I know them", actor=RITA, override=True)
    clock.advance(days=1)
    assert move(engine, clock, "active", "I know them", override=True)["status"] == "active"
    assert (history(engine, clock)[-1].reason, history(engine, clock)[-1].overridden) == ("I know them", True)


def test_what_is_done_and_met_opens_the_gate(engine, clock):
    add(engine, clock, "criteria", external_id="rep", name="Reputation", weight=1, must_have=True, minimum=3)
    add(engine, clock, "onboarding_steps", external_id="s", title="Sign", required=True)
    add_partner(engine, clock, status="onboarding")
    add(engine, clock, "ratings", partner="p1", criterion="rep", score=4)
    with UnitOfWork(engine, ANNA, clock) as work:
        (task,) = work.repository("tasks").list({"partner": "p1"}).rows
        records.change(work, "tasks", task["id"], {"done_at": clock.now})
        assert records.change(work, "partners", "p1", {"status": "active"})["recruited_at"] == clock.now


def test_moves_in_one_instant_are_all_told(sqlite_engine, clock):
    add_partner(sqlite_engine, clock)
    for status in ("applied", "onboarding", "active"):
        move(sqlite_engine, clock, status, status)
    found = [(item.from_status, item.to_status, item.reason) for item in history(sqlite_engine, clock)]
    assert found[-3:] == [
        ("prospect", "applied", "applied"),
        ("applied", "onboarding", "onboarding"),
        ("onboarding", "active", "active"),
    ]


def test_a_partner_goes_with_what_the_service_wrote_of_it(engine, clock):
    add(engine, clock, "onboarding_steps", external_id="s", title="Sign", required=True)
    add_partner(engine, clock, status="applied")
    move(engine, clock, "onboarding")
    with UnitOfWork(engine, ANNA, clock) as work:
        records.remove(work, "partners", "p1")
        assert work.repository("tasks").list().rows == []


def test_the_pipeline_counts_times_and_conversion(engine, clock):
    add(engine, clock, "programs", external_id="resale", name="Resale")
    for key, program in (("p1", "resale"), ("p2", "resale"), ("p3", None)):
        add_partner(engine, clock, key, program=program)
    add_partner(engine, clock, "p4", status="ended", recruited_at="2024-01-01", ended_at="2024-01-31")
    clock.advance(days=2)
    move(engine, clock, "applied", key="p1")
    clock.advance(days=2)
    move(engine, clock, "rejected", key="p2")
    clock.advance(days=1)
    with UnitOfWork(engine, ANNA, clock, read_only=True) as work:
        every = {stage.stage: stage for stage in pipeline(work).stages}
        resale = {stage.stage: stage for stage in pipeline(work, "resale").stages}
        programs = [found.program for found in pipeline(work).programs]
    prospect = every["prospect"]
    assert (prospect.count, prospect.entered, prospect.moved_on, prospect.lost) == (1, 3, 1, 1)
    assert (prospect.conversion, prospect.median_days, prospect.median_days_so_far) == (0.5, 3, 5)
    assert (resale["prospect"].count, resale["applied"].count, resale["applied"].median_days_so_far) == (0, 1, 3)
    assert (every["active"].median_days, every["active"].lost, every["ended"].count) == (30, 1, 1)
    assert programs == ["resale", None]
    assert every["active"].next == ("inactive", "ended")


def test_an_empty_programme_has_an_empty_pipeline(sqlite_engine, clock):
    with UnitOfWork(sqlite_engine, ANNA, clock, read_only=True) as work:
        found = pipeline(work)
    assert [stage.count for stage in found.stages] == [0] * 7
    assert found.stages[0].median_days is None


def test_the_dossier_shows_fit_and_qualification_side_by_side(engine, clock):
    partner = add_partner(engine, clock, status="applied")
    add(engine, clock, "criteria", external_id="rep", name="Reputation", weight=1)
    add(engine, clock, "ratings", partner="p1", criterion="rep", score=4)
    add(engine, clock, "notes", partner="p1", kind="interview", body="keen")
    row = {"partner_id": partner["id"], "model": "fit", "horizon_days": 365, "as_of": clock.now, "p": 0.3}
    with UnitOfWork(engine, ANNA, clock) as work:
        score = {"low": 0.2, "high": 0.4, "model_version": "fit/1", "details": {"band": "high"}}
        work.scores.put_many([row | score])
    with UnitOfWork(engine, ANNA, clock, read_only=True) as work:
        found = dossier(work, "p1", 365)
    assert (found.qualification.score, found.fit.p_productive, found.fit.band) == (80.0, 0.3, "high")
    assert [note["body"] for note in found.notes] == ["keen"]
    assert [item.to_status for item in found.history] == ["applied"]


def test_a_programme_in_one_view(engine, clock):
    add(engine, clock, "programs", external_id="resale", name="Resale", objective="Sell more", kind="resale")
    add(engine, clock, "program_rules", program="resale", protection_days=90)
    for position, name in ((2, "Gold"), (1, "Silver")):
        add(engine, clock, "tiers", external_id=name, program="resale", name=name, position=position)
    add_partner(engine, clock, status="active", program="resale", tier="Gold")
    with UnitOfWork(engine, ANNA, clock, read_only=True) as work:
        found = program_overview(work, "resale")
    assert [(tier["name"], tier["partners"]) for tier in found.tiers] == [("Silver", 0), ("Gold", 1)]
    assert (found.program["objective"], found.rules["protection_days"]) == ("Sell more", 90)
    assert {stage.stage: stage.count for stage in found.stages}["active"] == 1


@pytest.mark.parametrize("attempt", range(3))
def test_of_two_steps_at_the_same_time_one_is_made(postgres_engine, clock, attempt):
    add_partner(postgres_engine, clock, status="applied")
    together = threading.Barrier(2)
    outcomes = []

    def run(status):
        with UnitOfWork(postgres_engine, ANNA, clock) as work:
            work.repository("partners").get("p1")
            together.wait()
            move_partner(work, "p1", status)

    def attempt_to(status):
        try:
            run(status)
        except (StaleVersion, Conflict):
            outcomes.append("refused")
        else:
            outcomes.append(status)

    threads = [threading.Thread(target=attempt_to, args=(status,)) for status in ("onboarding", "rejected")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) in (["onboarding", "refused"], ["refused", "rejected"])


def test_a_confined_manager_sees_the_figures_of_the_own_partners(engine, clock):
    add(engine, clock, "programs", external_id="resale", name="Resale")
    passed = {"passed_on": "2024-01-01", "expires_on": clock.now.date()}
    for key, manager in (("p1", "anna"), ("p2", "bert")):
        add_partner(engine, clock, key, program="resale", status="applied", account_manager=manager)
        move(engine, clock, "onboarding", key=key)
        move(engine, clock, "active", key=key)
        add(engine, clock, "certifications", partner=key, course="Selling", **passed)
    add_partner(engine, clock, "p3", account_manager="bert")
    confined = Actor("anna", Role.MANAGER, portfolio=frozenset({"anna"}))
    with UnitOfWork(engine, confined, clock, read_only=True) as work:
        assert sum(stage.count for stage in pipeline(work).stages) == 1
        assert onboarding_report(work).all.to_onboard.n == 1
        assert [item.partner for item in list_expiring(work, 30)[0]] == ["p1"]
        assert [(row.partners, row.held) for row in coverage(work)] == [(1, 1)]
        assert list_qualification(work, Wanted(STATUSES), 365).items == ()
        assert [item.to_status for item in partner_history(work, "p1")] == ["applied", "onboarding", "active"]
        with pytest.raises(NotFound):
            partner_history(work, "p2")
    with UnitOfWork(engine, confined, clock) as work:
        assert move_partner(work, "p1", "inactive", "no answer")["status"] == "inactive"
        with pytest.raises(NotFound):
            move_partner(work, "p2", "inactive")
