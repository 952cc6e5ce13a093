"""Alerts: raised once by what happens or by time, seen by whom they concern, told as persons want."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from domain.context import SYSTEM, Actor
from domain.errors import InvalidInput, NotAllowed, NotFound
from domain.settings import Settings
from domain.terms import Role, UserStatus
from programme import records
from programme.alert_notices import MAIL_JOB, plan_notices
from programme.alert_sweeps import sweep_offers, tell_risk_changes
from programme.alert_upkeep import AlertUpkeep, keep_house
from programme.alert_watch import is_behind, watch_events
from programme.alerts import (
    choose_preferences,
    list_alerts,
    preferences_of,
    raise_alert,
    read_alert,
    resolve_alert,
)
from store.alerts import Alert, Draft, Preference
from store.unit_of_work import UnitOfWork
from tests.conftest import FixedClock

MANAGER = Actor("m", Role.MANAGER, user_id=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, smtp_host="mail.example.com")


class Programme:
    """A store with two partners and what happens in it."""

    def __init__(self, engine: Engine, settings: Settings, clock: FixedClock) -> None:
        self.engine, self.settings, self.clock = engine, settings, clock
        with self.work() as work:
            rows = work.repository("partners")
            self.ids = {
                key: rows.create({"external_id": key, "name": key, "account_manager": manager})["id"]
                for key, manager in (("P-1", "Anna"), ("P-2", "Ben"))
            }

    def work(self, actor: Actor = SYSTEM) -> UnitOfWork:
        return UnitOfWork(self.engine, actor, self.clock)

    def partner(self, key: str) -> Actor:
        return Actor(key, Role.PARTNER, self.ids[key])

    def add_user(self, email: str, name: str, role: Role = Role.MANAGER, partner: str | None = None) -> Actor:
        values: dict[str, Any] = {"email": email, "name": name, "role": role, "status": UserStatus.ACTIVE}
        if partner:
            values["partner_id"] = self.ids[partner]
        with self.work() as work:
            user = work.users.add(values)
        return Actor(email, role, user.partner_id, user_id=user.id, full_name=name, email=email)

    def happens(self, name: str, partner: str | None = None, /, **payload: Any) -> None:
        with self.work() as work:
            work.journal.announce(name, payload, self.ids[partner] if partner else None)

    def watch(self) -> int:
        with self.work() as work:
            return watch_events(work, self.settings)

    def alerts(self, actor: Actor = MANAGER, **filters: Any) -> list[Alert]:
        with self.work(actor) as work:
            return list(list_alerts(work, filters, None, 50))

    def prefer(self, actor: Actor, kind: str, email: str = "off", webhook: str = "off") -> None:
        with self.work(actor) as work:
            choose_preferences(work, [Preference(kind, True, email, webhook)])

    def events(self, name: str) -> list[Mapping[str, Any]]:
        with self.work() as work:
            return [event.payload for event in work.events.list(0, 200, name=name).items]

    def mail_jobs(self) -> list[dict[str, Any]]:
        with self.work() as work:
            return [job.payload for job in work.jobs.newest(MAIL_JOB)]


@pytest.fixture
def programme(sqlite_engine: Engine, settings: Settings, clock: FixedClock) -> Programme:
    return Programme(sqlite_engine, settings, clock)


def draft(kind: str = "risk_changed", partner_id: int | None = None, **more: Any) -> Draft:
    return Draft(kind, "warning", "Look here.", f"{kind}/{partner_id}", "partners", "P-1", partner_id, **more)


def test_an_alert_is_raised_once_and_told_as_an_event(engine: Engine, settings: Settings, clock: FixedClock) -> None:
    programme = Programme(engine, settings, clock)
    for expected in (True, False):
        with programme.work() as work:
            assert (raise_alert(work, draft(partner_id=programme.ids["P-1"]), settings) is not None) is expected
    (alert,) = programme.alerts()
    assert (alert.kind, alert.partner, alert.message, alert.created_at) == (
        "risk_changed",
        "P-1",
        "Look here.",
        clock.now,
    )
    (told,) = programme.events("alert.raised")
    assert (told["kind"], told["about"]) == ("risk_changed", {"resource": "partners", "key": "P-1"})


def test_reading_is_a_persons_own_and_resolving_is_for_all(
    engine: Engine, settings: Settings, clock: FixedClock
) -> None:
    programme = Programme(engine, settings, clock)
    with programme.work() as work:
        id_ = raise_alert(work, draft(), settings)
    assert id_ is not None
    with programme.work(MANAGER) as work:
        assert read_alert(work, id_).read_at == clock.now
        assert read_alert(work, id_).read_at == clock.now
    assert programme.alerts(unread=True) == []
    other = Actor("o", Role.ANALYST, user_id=2)
    assert len(programme.alerts(other, unread=True)) == 1
    with programme.work(MANAGER) as work:
        assert resolve_alert(work, id_).resolved_by == "user:1"
        resolve_alert(work, id_)
    assert programme.alerts(other, state="open") == []
    assert len(programme.alerts(other, state="resolved")) == 1
    assert len(programme.events("alert.resolved")) == 1


def test_who_sees_what(programme: Programme) -> None:
    with programme.work() as work:
        raise_alert(work, draft("risk_changed", programme.ids["P-1"]), programme.settings)
        raise_alert(work, draft("message", programme.ids["P-1"], for_partner=True), programme.settings)
        raise_alert(work, draft("webhook_disabled"), programme.settings)
        secret = raise_alert(work, draft("risk_changed", programme.ids["P-2"]), programme.settings)
    kinds = [alert.kind for alert in programme.alerts(SYSTEM)]
    assert kinds == ["risk_changed", "webhook_disabled", "message", "risk_changed"]
    assert {alert.kind for alert in programme.alerts(MANAGER)} == {"risk_changed", "message"}
    assert [alert.kind for alert in programme.alerts(programme.partner("P-1"))] == ["message"]
    assert programme.alerts(programme.partner("P-2")) == []
    anna = programme.add_user("anna@example.com", "Anna")
    assert {alert.partner for alert in programme.alerts(anna, mine=True)} == {"P-1"}
    assert [alert.kind for alert in programme.alerts(anna, partner="P-2")] == ["risk_changed"]
    with programme.work(programme.partner("P-2")) as work, pytest.raises(NotFound):
        resolve_alert(work, int(secret or 0))


EXPIRING = {"agreement": "A-1", "valid_to": "2024-07-01", "days_left": 30, "threshold_days": 30}


@pytest.mark.parametrize(
    ("name", "partner", "payload", "kind", "for_partner"),
    [
        ("agreement.expiring", "P-1", EXPIRING, "agreement_expiring", True),
        (
            "certification.expiring",
            "P-1",
            {"partner": "P-1", "course": "Basics", "expires_on": "2024-07-01", "days_left": 30, "threshold_days": 30},
            "certificate_expiring",
            True,
        ),
        ("registration.conflict", None, {"deal": "D-1", "findings": 1}, "registration_conflict", False),
        ("registration.approved", "P-1", {"deal": "D-1"}, "registration_decided", True),
        ("registration.expiring", "P-1", {"deal": "D-1"}, "registration_expiring", True),
        ("assignment.offered", "P-1", {"id": 7, "lead": "L-1", "partner": "P-1"}, "lead_offered", True),
        (
            "assignment.reminded",
            "P-1",
            {"id": 7, "lead": "L-1", "partner": "P-1", "answer_until": "2024-06-04T12:00:00+00:00"},
            "lead_unanswered",
            True,
        ),
        (
            "lead.needs_person",
            None,
            {"lead": "L-1", "reason": "hop_limit", "note": "It was offered to all.", "hops": 3},
            "lead_needs_person",
            False,
        ),
        (
            "lead.customer_waiting",
            None,
            {"lead": "L-1", "contact_until": "2024-06-01T12:00:00+00:00", "state": "offered", "hops": 1},
            "lead_customer_waiting",
            False,
        ),
        ("webhook.disabled", None, {"id": 3, "origin": "https://x", "reason": "gone"}, "webhook_disabled", False),
        (
            "goal.off_track",
            "P-1",
            {"metric": "revenue", "period_start": "2024-01-01", "period_end": "2024-12-31", "p_reach": 0.05},
            "goal_off_track",
            True,
        ),
    ],
)
def test_events_raise_alerts_once(
    programme: Programme, name: str, partner: str | None, payload: dict[str, Any], kind: str, for_partner: bool
) -> None:
    programme.happens(name, partner, **payload)
    assert programme.watch() > 0
    assert programme.watch() == 1  # the event that tells of the alert itself
    assert programme.watch() == 0
    seen = programme.alerts(programme.partner("P-1") if for_partner else SYSTEM)
    assert [alert.kind for alert in seen] == [kind]
    with programme.work() as work:
        assert not is_behind(work)


def test_an_event_without_what_is_told_holds_up_nothing(programme: Programme) -> None:
    programme.happens("agreement.expiring", "P-1")
    programme.happens("registration.conflict", deal="D-1")
    programme.watch()
    assert [alert.kind for alert in programme.alerts()] == ["registration_conflict"]


def test_what_is_over_is_resolved(programme: Programme) -> None:
    with programme.work() as work:
        work.repository("agreements").create({"external_id": "A-1", "partner": "P-1", "valid_from": "2024-01-01"})
    programme.happens("agreement.expiring", "P-1", **EXPIRING)
    programme.happens("registration.conflict", deal="D-1")
    programme.watch()
    assert len(programme.alerts(state="open")) == 2
    with programme.work() as work:
        work.repository("agreements").patch("A-1", {"valid_to": "2025-12-31"})
        work.journal.announce("registration.rejected", {"deal": "D-1"}, programme.ids["P-1"])
    programme.watch()
    assert programme.alerts(state="open") == []


def test_a_partner_resolves_only_what_is_its_own(programme: Programme) -> None:
    with programme.work() as work:
        shared = raise_alert(work, draft("message", programme.ids["P-1"], for_partner=True), programme.settings)
        own = draft("lead_offered", programme.ids["P-1"], for_staff=False, for_partner=True)
        raised = raise_alert(work, own, programme.settings)
    with programme.work(programme.partner("P-1")) as work:
        assert resolve_alert(work, int(raised or 0)).resolved_at == programme.clock.now
        assert read_alert(work, int(shared or 0)).read_at == programme.clock.now
        with pytest.raises(NotAllowed, match="takes care"):
            resolve_alert(work, int(shared or 0))


def test_offers_without_an_answer(engine: Engine, settings: Settings, clock: FixedClock) -> None:
    programme = Programme(engine, settings, clock)
    with programme.work() as work:
        for key, days in (("L-1", 1), ("L-2", 3), ("L-3", 90)):
            work.repository("leads").create({"external_id": key, "created_at": clock.now - timedelta(days=days)})
            offered = {"lead": key, "partner": "P-1", "offered_at": clock.now - timedelta(days=days)}
            row = work.repository("assignments").create(offered)
            if key == "L-2":
                late = row["id"]
    for expected in (1, 0):
        with programme.work() as work:
            assert sweep_offers(work, settings) == expected
    (alert,) = programme.alerts(programme.partner("P-1"))
    assert (alert.kind, alert.details["lead"]) == ("lead_unanswered", "L-2")
    with programme.work() as work:
        work.repository("assignments").patch(late, {"response": "accepted", "responded_at": clock.now})
    programme.watch()
    assert programme.alerts(state="open") == []


def score(programme: Programme, p: float, band: str) -> None:
    with programme.work() as work:
        row = {"partner_id": programme.ids["P-1"], "model": "churn", "horizon_days": 90, "as_of": programme.clock.now}
        row |= {"p": p, "low": p, "high": p, "model_version": "churn/1", "details": {"band": band}}
        work.scores.put_many([row])
    with programme.work() as work:
        tell_risk_changes(work, 90)
    programme.watch()
    programme.clock.advance(days=1)


def test_a_risk_that_moves_to_another_band_is_told_to_staff_only(
    engine: Engine, settings: Settings, clock: FixedClock
) -> None:
    programme = Programme(engine, settings, clock)
    for p, band in ((0.2, "low"), (0.26, "medium"), (0.27, "medium"), (0.24, "low"), (0.55, "high"), (0.52, "high")):
        score(programme, p, band)
    found = programme.alerts(kind="risk_changed")
    assert [(alert.details["band"], alert.severity, alert.resolved_at is None) for alert in found] == [
        ("high", "critical", True),
        ("medium", "warning", False),
    ]
    assert "(55%, was 26%)" in found[0].message
    assert programme.alerts(programme.partner("P-1")) == []
    with programme.work(programme.partner("P-1")) as work:
        assert work.events.list(0, 50, name="partner.risk_changed").items == []


def test_preferences(programme: Programme) -> None:
    anna = programme.add_user("anna@example.com", "Anna")
    with programme.work(anna) as work:
        assert Preference("message", True, "off", "off") in preferences_of(work)
        found = choose_preferences(work, [Preference("message", False, "immediate", "daily")])
    assert Preference("message", False, "immediate", "daily") in found
    for actor, chosen in (
        (anna, Preference("webhook_disabled", True, "off", "off")),
        (Actor("key", Role.MANAGER), Preference("message", True, "daily", "off")),
        (programme.partner("P-1"), Preference("message", True, "off", "daily")),
    ):
        with programme.work(actor) as work, pytest.raises(InvalidInput):
            choose_preferences(work, [chosen])


def test_notices_go_to_those_who_want_them_and_manage_the_partner(programme: Programme) -> None:
    anna = programme.add_user("anna@example.com", "Anna")
    ben = programme.add_user("ben@example.com", "Ben")
    zoe = programme.add_user("zoe@p-1.example", "Zoe", Role.PARTNER, "P-1")
    for person in (anna, ben, zoe):
        programme.prefer(person, "message", email="immediate")
    programme.happens("message.sent", "P-1", note="N-1", partner="P-1", **{"from": "partner"})
    programme.happens("message.sent", "P-1", note="N-2", partner="P-1", **{"from": "staff"})
    programme.watch()
    with programme.work() as work:
        plan_notices(work, programme.settings)
        plan_notices(work, programme.settings)
    told = {payload["person"] for payload in programme.mail_jobs()}
    assert told == {f"user:{anna.user_id}", f"user:{zoe.user_id}"}
    assert len(programme.mail_jobs()) == 2


def test_a_webhook_tells_at_once_or_daily(programme: Programme) -> None:
    anna = programme.add_user("anna@example.com", "Anna")
    programme.prefer(anna, "message", webhook="immediate")
    programme.prefer(anna, "registration_conflict", webhook="daily")
    programme.happens("registration.conflict", deal="D-1")
    programme.watch()
    upkeep = AlertUpkeep(programme.engine, programme.settings, programme.clock)
    assert upkeep.run() > 0
    assert programme.events("alert.sent") == []
    admin = programme.add_user("root@example.com", "Root", Role.ADMIN)
    programme.prefer(admin, "message", webhook="immediate")
    programme.prefer(admin, "registration_conflict", webhook="daily")
    programme.happens("registration.conflict", deal="D-2")
    programme.happens("message.sent", "P-1", note="N-1", partner="P-1", **{"from": "partner"})
    upkeep.run()
    upkeep.run()
    sent = programme.events("alert.sent")
    assert sorted(each["person"] for each in sent) == sorted(f"user:{each.user_id}" for each in (anna, admin))
    assert {each["mode"] for each in sent} == {"immediate"}
    programme.clock.advance(hours=24)
    upkeep.run()
    daily = {each["person"]: each["alerts"] for each in programme.events("alert.sent") if each["mode"] == "daily"}
    assert [len(daily[f"user:{each.user_id}"]) for each in (anna, admin)] == [2, 1]


def test_housekeeping_forgets_old_events_and_tells_the_end_of_the_trail(programme: Programme) -> None:
    programme.clock.advance(days=100)
    found = keep_house(programme.engine, programme.settings, programme.clock)
    assert (found["events_deleted"], found["audit_seq"]) == (2, 2)
    (told,) = programme.events("audit.checkpoint")
    with programme.work() as work:
        assert work.audit.verify((told["seq"], told["hash"])).ok


def test_messages_are_shared_signed_and_told_to_the_other_side(programme: Programme) -> None:
    zoe = programme.add_user("zoe@p-1.example", "Zoe", Role.PARTNER, "P-1")
    with programme.work(zoe) as work:
        row = records.create(work, "notes", {"partner": "P-1", "kind": "message", "body": "Hello"})
    assert (row["author"], row["written_at"], row["shared"]) == ("Zoe", programme.clock.now, True)
    programme.watch()
    (alert,) = programme.alerts()
    assert (alert.kind, alert.key, alert.partner) == ("message", row["external_id"], "P-1")
    assert "Hello" not in str(alert)
    assert programme.alerts(zoe) == []
    with programme.work(MANAGER) as work:
        records.create(work, "notes", {"partner": "P-1", "kind": "message", "body": "Hello back"})
    programme.watch()
    assert [alert.kind for alert in programme.alerts(zoe)] == ["message"]
    assert programme.alerts(programme.partner("P-2")) == []


def test_notes_are_the_staffs_own_until_shared(programme: Programme) -> None:
    with programme.work(MANAGER) as work:
        kept = records.create(work, "notes", {"partner": "P-1", "body": "quiet"})
        records.create(work, "notes", {"partner": "P-1", "body": "open", "shared": True, "author": "CRM"})
    assert (kept["kind"], kept["shared"], kept["author"]) == ("note", False, "m")
    with programme.work(programme.partner("P-1")) as work:
        assert [row["author"] for row in work.repository("notes").list().rows] == ["CRM"]


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"kind": "interview"}, "notes and messages"),
        ({"shared": False}, "are shared"),
        ({"author": "The boss"}, "set by the service"),
        ({"partner": "P-2"}, "no such partner"),
    ],
)
def test_what_a_partner_may_not_write(programme: Programme, values: dict[str, Any], error: str) -> None:
    note = {"partner": "P-1", "body": "Hello"} | values
    with (
        programme.work(programme.partner("P-1")) as work,
        pytest.raises((InvalidInput, NotFound, Exception), match=error),
    ):
        records.create(work, "notes", note)


def test_who_may_change_a_note(programme: Programme) -> None:
    with programme.work(MANAGER) as work:
        theirs = records.create(work, "notes", {"partner": "P-1", "body": "open", "shared": True})
        sent = records.create(work, "notes", {"partner": "P-1", "body": "Hi", "kind": "message"})
    with programme.work(programme.partner("P-1")) as work:
        own = records.create(work, "notes", {"partner": "P-1", "body": "mine"})
        assert records.change(work, "notes", own["id"], {"body": "still mine"})["body"] == "still mine"
    for actor, key, change in (
        (programme.partner("P-1"), theirs["id"], {"body": "changed"}),
        (MANAGER, sent["id"], {"body": "changed"}),
    ):
        with programme.work(actor) as work, pytest.raises(NotAllowed):
            records.change(work, "notes", key, change)
    with programme.work(programme.partner("P-1")) as work, pytest.raises(NotAllowed):
        records.remove(work, "notes", theirs["id"])


def test_an_erasure_takes_alerts_and_what_a_person_chose(programme: Programme) -> None:
    anna = programme.add_user("anna@example.com", "Anna")
    programme.prefer(anna, "message", email="immediate")
    programme.happens("message.sent", "P-1", note="N-1", partner="P-1", **{"from": "partner"})
    programme.happens("message.sent", "P-2", note="N-2", partner="P-2", **{"from": "partner"})
    programme.watch()
    with programme.work() as work:
        assert [person for person, _ in work.alerts.unsent("email")] == [f"user:{anna.user_id}"]
        assert work.alerts.forget_partner(programme.ids["P-1"]) == 1
        assert work.alerts.unsent("email") == []
        work.alerts.forget_person(f"user:{anna.user_id}")
        assert work.alerts.preferences(f"user:{anna.user_id}") == {}
    assert [alert.partner for alert in programme.alerts()] == ["P-2"]
