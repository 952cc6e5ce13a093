"""What is older than it is kept goes, and nothing else does; a dry run tells the same and deletes nothing."""

import os
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from cli.main import run
from domain.context import SYSTEM
from domain.settings import Settings
from programme.privacy import erase_contact, erase_partner
from programme.restoring import restore
from programme.retention import retain
from store.backup import write_backup
from store.unit_of_work import UnitOfWork
from tests.conftest import NOW

SOON = {"keep_files_days": 5, "keep_alerts_days": 5, "keep_matches_days": 5, "keep_scores_days": 5}


def settings_of(engine, home, **given: Any) -> Settings:
    return Settings(home=home, database_url=engine.url.render_as_string(hide_password=False), **given)


def fill(engine, clock, home) -> None:
    """Make one of everything that retention looks at."""
    with UnitOfWork(engine, SYSTEM, clock) as work:
        partner = work.repository("partners").create({"external_id": "acme", "name": "Acme", "status": "ended",
                                                      "ended_at": clock().isoformat()})  # fmt: skip
        work.repository("contacts").create({"external_id": "ann", "partner": "acme", "name": "Ann Miller"})
        work.idempotency.put("office", "key", "hash", 201, {})
        work.scores.put_many([{"partner_id": partner["id"], "model": "churn", "horizon_days": 90, "as_of": NOW,
                               "p": 0.5, "low": 0.4, "high": 0.6, "model_version": "c/1", "details": {}}])  # fmt: skip
        work.match_runs.put(as_of=clock(), created_by="office", model_version="baseline", request={}, response={},
                            features=[])  # fmt: skip
        work.jobs.enqueue("import", {"folder": "x"}, created_by="office")
        work.jobs.finish(work.jobs.claim(timedelta(hours=1)), {})
    for folder in ("exports", "rejects"):
        path = home / folder / "one" / "file.csv"
        path.parent.mkdir(parents=True)
        path.write_text("x")
        os.utime(path, (clock().timestamp(), clock().timestamp()))


def test_what_is_old_goes(engine, clock, tmp_path):
    settings = settings_of(engine, tmp_path, **SOON, keep_ended_contacts_days=5)
    fill(engine, clock, tmp_path)
    assert retain(engine, settings, clock) == {}
    clock.advance(days=200)
    expected = {"idempotency": 1, "jobs": 1, "match_runs": 1, "scores": 1, "contacts": 1, "files": 2}
    assert retain(engine, settings, clock, dry_run=True) == expected
    assert retain(engine, settings, clock, dry_run=True) == expected
    assert retain(engine, settings, clock) == expected
    assert retain(engine, settings, clock) == {}
    assert not (tmp_path / "exports" / "one").exists()
    with UnitOfWork(engine, SYSTEM, clock) as work:
        assert work.repository("contacts").list().rows == []
        assert work.audit.verify().ok


def test_details_of_the_trail_go_and_the_chain_holds(engine, clock, tmp_path):
    settings = settings_of(engine, tmp_path, keep_audit_days=365)
    fill(engine, clock, tmp_path)
    clock.advance(days=366)
    told = retain(engine, settings, clock)
    assert told["audit_details"] == 2
    with UnitOfWork(engine, SYSTEM, clock) as work:
        found = work.audit.verify()
    assert (found.ok, found.erased) == (True, 2)
    clock.advance(days=366)
    assert "audit_details" not in retain(engine, settings, clock)


@pytest.mark.parametrize(("name", "days"), [("keep_audit_days", 364), ("keep_jobs_days", 99)])
def test_some_is_kept_for_a_least_time(name, days):
    with pytest.raises(ValidationError, match="at least"):
        Settings(**{name: days})


def test_what_was_erased_does_not_come_back_with_a_backup(engine, clock, tmp_path):
    settings = settings_of(engine, tmp_path)
    fill(engine, clock, tmp_path)
    write_backup(engine, tmp_path / "b.zip", NOW)
    clock.advance(days=1)
    with UnitOfWork(engine, SYSTEM, clock) as work:
        erase_contact(work, "ann", "asked", tmp_path)
    with UnitOfWork(engine, SYSTEM, clock) as work:
        pseudonym = erase_partner(work, "acme", "asked", tmp_path).key
    done = restore(engine, tmp_path / "b.zip", settings, clock, force=True)
    assert done.erased_again == 2
    with UnitOfWork(engine, SYSTEM, clock) as work:
        assert work.repository("contacts").list().rows == []
        assert [row["external_id"] for row in work.repository("partners").list().rows] == [pseudonym]
        assert work.audit.verify().ok


def test_commands_back_up_restore_and_retain(tmp_path, monkeypatch, capsys):
    for name in ("ALLYWISE_HOME", "ALLYWISE_DATABASE_URL"):
        monkeypatch.setenv(name, "")  # set back at the end: the commands write them
    one, two, file = str(tmp_path / "one"), str(tmp_path / "two"), str(tmp_path / "b.zip")
    monkeypatch.setenv("ALLYWISE_DATABASE_URL", "")
    assert run(["--home", one, "backup", file]) == 0
    assert run(["--home", two, "restore", file]) == 0
    assert "restored as of" in capsys.readouterr().out
    assert run(["--home", two, "retention", "--dry-run"]) == 0
    assert run(["--home", two, "backup", file]) == 1
    assert "there already" in capsys.readouterr().err
