"""The audit trail: complete, chained, tamper-evident, erasable in its details only."""

import hashlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from domain.context import SYSTEM, Actor
from domain.settings import Settings
from domain.terms import Role
from store.audit import AuditFilter
from store.audit_chain import GENESIS, canonical
from store.telling import digest_of_value
from store.transfer import import_folder
from store.unit_of_work import UnitOfWork
from tests.conftest import FixedClock

ANNA = Actor("anna@example.com", Role.MANAGER, user_id=7)


def entries(engine: Engine, **wanted: object) -> list:
    with UnitOfWork(engine, read_only=True) as work:
        return list(work.audit.list(AuditFilter(**wanted)))


def add_partner(engine: Engine, clock: FixedClock, key: str = "P-1", actor: Actor = SYSTEM, **more: object) -> int:
    with UnitOfWork(engine, actor, clock) as work:
        return int(work.repository("partners").create({"external_id": key, "name": "Acme", **more})["id"])


def test_changes_are_written_with_who_when_before_and_after(engine: Engine, clock: FixedClock) -> None:
    partner = add_partner(engine, clock, tier="Gold", actor=ANNA)
    clock.advance(hours=1)
    with UnitOfWork(engine, ANNA, clock) as work:
        work.repository("partners").patch("P-1", {"tier": "Silver", "attributes": {"score": 7}})
    with UnitOfWork(engine, ANNA, clock) as work:
        work.repository("partners").delete("P-1")
    removed, changed, created = entries(engine, resource="partners")
    assert [entry.action for entry in (created, changed, removed)] == ["created", "changed", "deleted"]
    assert (changed.actor, changed.role, changed.key, changed.partner_id) == ("user:7", "manager", "P-1", partner)
    assert changed.at == clock.now
    assert changed.details == {
        "changes": {"tier": {"before": "Gold", "after": "Silver"}, "attributes.score": {"after": 7}}
    }
    assert created.details["changes"]["name"] == {"after": "Acme"}
    assert (created.seq, created.previous_hash, changed.previous_hash) == (1, GENESIS, created.hash)


def _fail_after_writing(work: UnitOfWork, key: str) -> None:
    work.repository("partners").create({"external_id": key, "name": "Acme"})
    work.journal.announce("partner.greeted", {})
    raise ZeroDivisionError


def test_what_is_undone_is_not_written(engine: Engine, clock: FixedClock) -> None:
    work = UnitOfWork(engine, ANNA, clock)
    with pytest.raises(ZeroDivisionError), work:
        _fail_after_writing(work, "P-1")
    with UnitOfWork(engine, ANNA, clock) as work:
        with pytest.raises(ZeroDivisionError), work.attempt():
            _fail_after_writing(work, "P-2")
        work.repository("partners").create({"external_id": "P-3", "name": "Acme"})
    assert [(entry.action, entry.key) for entry in entries(engine)] == [("created", "P-3")]


def test_personal_values_stand_there_as_salted_digests(engine: Engine, clock: FixedClock) -> None:
    add_partner(engine, clock)
    with UnitOfWork(engine, ANNA, clock) as work:
        values = {"external_id": "zoe@acme.com", "partner": "P-1", "name": "Zoé", "email": "zoe@acme.com"}
        row = work.repository("contacts").create(values)
    (entry,) = entries(engine, resource="contacts")
    assert entry.key == f"id:{row['id']}"
    with UnitOfWork(engine, read_only=True) as work:
        kept = work.connection.execute(text("SELECT details FROM audit_details WHERE seq = 2")).scalar_one()
        payload = work.connection.execute(text("SELECT payload FROM events WHERE id = 2")).scalar_one()
    for personal in ("zoe@acme.com", "Zo"):
        assert personal not in kept
        assert personal not in payload
    assert entry.details["changes"]["email"] == {"after": digest_of_value(entry.details["salt"], "zoe@acme.com")}
    assert entry.details["changes"]["partner"] == {"after": "P-1"}


def test_reads_are_written_though_the_unit_of_work_only_reads(engine: Engine, clock: FixedClock) -> None:
    add_partner(engine, clock)
    with UnitOfWork(engine, ANNA, clock) as work:
        ids = [
            work.repository("contacts").create({"external_id": key, "partner": "P-1", "name": key})["id"]
            for key in ("C-1", "C-2")
        ]
    with UnitOfWork(engine, ANNA, clock, read_only=True) as work:
        work.journal.read("contacts", ["C-1"])
    with UnitOfWork(engine, ANNA, clock, read_only=True) as work:
        work.journal.read("contacts", ["C-1", "C-2"])
    with UnitOfWork(engine, ANNA, clock, read_only=True) as work:
        work.journal.read("contacts", [])
    several, alone = entries(engine, action="read")
    assert (alone.key, alone.details) == (f"id:{ids[0]}", None)
    assert (several.key, several.details) == (None, {"keys": [f"id:{id_}" for id_ in ids]})
    assert [entry.seq for entry in entries(engine, resource="contacts", key=f"id:{ids[1]}")] == [several.seq, 3]


def test_filters(engine: Engine, clock: FixedClock) -> None:
    first = add_partner(engine, clock, "P-1")
    clock.advance(days=1)
    add_partner(engine, clock, "P-2", ANNA)
    with UnitOfWork(engine, clock=clock) as work:
        work.journal.record("exported", "partners", "P-1", {"rows": Decimal("3")}, partner_id=first)
    assert [entry.key for entry in entries(engine, actor="user:7")] == ["P-2"]
    assert [entry.action for entry in entries(engine, partner_id=first)] == ["exported", "created"]
    assert [entry.key for entry in entries(engine, until=clock.now)] == ["P-1"]
    assert [entry.action for entry in entries(engine, since=clock.now)] == ["exported", "created"]
    with UnitOfWork(engine, read_only=True) as work:
        assert [entry.seq for entry in work.audit.list(AuditFilter(), before=3, limit=1)] == [2]


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET actor = 'me'", "DELETE FROM audit", "UPDATE audit_details SET salt = ''"]
)
def test_the_database_refuses_changes(engine: Engine, clock: FixedClock, statement: str) -> None:
    add_partner(engine, clock)
    with engine.connect() as connection, pytest.raises(DatabaseError, match="append-only"):
        connection.execute(text(statement))


def _without_guards(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            for name in ("audit_no_update", "audit_no_delete", "audit_details_no_update"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
        for statement in statements:
            connection.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "bad", "reason"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE seq = 2", 2, "head"),
        ("UPDATE audit_details SET details = '{}' WHERE seq = 3", 3, "details"),
        ("DELETE FROM audit WHERE seq = 2", 2, "missing"),
        ("DELETE FROM audit_details WHERE seq = 2", 2, "no erasure"),
        ("UPDATE audit SET previous_hash = hash WHERE seq = 4", 4, "follow"),
        ("DELETE FROM audit WHERE seq = 5", 5, "noted"),
        ("UPDATE audit SET key = NULL WHERE seq = 1", 1, "head"),
    ],
)
def test_tampering_is_found_where_it_begins(
    engine: Engine, clock: FixedClock, statement: str, bad: int, reason: str
) -> None:
    for number in range(1, 6):
        add_partner(engine, clock, f"P-{number}", tier="ü")
    with UnitOfWork(engine, read_only=True) as work:
        before = work.audit.verify()
    assert (before.ok, before.entries, before.head_seq, before.first_bad) == (True, 5, 5, None)
    _without_guards(engine, statement)
    with UnitOfWork(engine, read_only=True) as work:
        after = work.audit.verify((before.head_seq, before.head_hash))
    assert (after.ok, after.first_bad) == (False, bad)
    assert reason in str(after.reason)


def test_a_chain_written_anew_does_not_hold_a_noted_head(engine: Engine, clock: FixedClock) -> None:
    add_partner(engine, clock, "P-1")
    with UnitOfWork(engine, read_only=True) as work:
        assert work.audit.verify((1, "0" * 64)).reason == "its hash is not the one that was noted"


def test_erasure_takes_details_and_events_and_the_chain_holds(engine: Engine, clock: FixedClock) -> None:
    partner = add_partner(engine, clock)
    with UnitOfWork(engine, ANNA, clock) as work:
        row = work.repository("contacts").create({"external_id": "C-1", "partner": "P-1", "name": "Zoé"})
    with UnitOfWork(engine, ANNA, clock) as work:
        work.repository("contacts").delete("C-1")
        assert work.journal.erase({"contacts": [f"id:{row['id']}"]}) == 2
    with UnitOfWork(engine, ANNA, clock) as work:
        work.journal.erase({}, partner_id=partner)
    with UnitOfWork(engine, read_only=True) as work:
        found = work.audit.verify()
        told = [event.name for event in work.events.list(0, 10).items]
    assert (found.ok, found.erased, found.entries) == (True, 3, 5)
    assert told == []
    assert [(entry.action, entry.is_erased) for entry in entries(engine)] == [
        ("erased", False),
        ("erased", False),
        ("deleted", True),
        ("created", True),
        ("created", True),
    ]


def test_the_chain_is_right_under_concurrent_writers(engine: Engine) -> None:
    failed: list[Exception] = []

    def write(writer: int) -> None:
        try:
            for number in range(6):
                with UnitOfWork(engine, Actor(f"key {writer}", Role.ROUTER)) as work:
                    work.repository("partners").create({"external_id": f"P-{writer}-{number}", "name": "Acme"})
                    work.journal.announce("partner.greeted", {"id": f"P-{writer}-{number}"})
        except Exception as error:  # noqa: BLE001  # told by the assertion
            failed.append(error)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with UnitOfWork(engine, read_only=True) as work:
        found = work.audit.verify()
        ids = [event.id for event in work.events.list(0, 100).items]
    assert (found.ok, found.entries) == (True, 72)
    assert ids == list(range(1, 73))


def test_canonical_json_does_not_depend_on_order() -> None:
    at = datetime(2024, 1, 2, 3, 4, 5, 6, UTC)
    told: Callable[[dict], str] = canonical
    assert told({"b": [Decimal("1.10")], "a": at}) == told({"a": at, "b": [Decimal("1.10")]})


def test_an_import_is_one_entry_with_files_counts_and_digests(
    engine: Engine, clock: FixedClock, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "partners.csv").write_text("external_id,name\nP-1,Acme\nP-2,Bolt\n")
    settings = Settings(home=tmp_path)
    import_folder(engine, folder, settings=settings, clock=clock, dry_run=True, actor=ANNA)
    import_folder(engine, folder, settings=settings, clock=clock, actor=ANNA)
    (entry,) = entries(engine)
    assert (entry.action, entry.resource, entry.actor) == ("finished", "import", "user:7")
    payload = entry.details["payload"]
    digest = hashlib.sha256((folder / "partners.csv").read_bytes()).hexdigest()
    assert payload["files"] == [{"name": "partners.csv", "resource": "partners", "sha256": digest}]
    assert payload["rows"] == {"partners": {"inserted": 2, "updated": 0, "unchanged": 0, "rejected": 0}}
    with UnitOfWork(engine, read_only=True) as work:
        assert [event.name for event in work.events.list(0, 10).items] == ["import.finished"]
