"""A restored store is the store that was backed up, on both databases."""

import filecmp
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import text

from domain.context import SYSTEM
from domain.errors import Conflict, InvalidInput
from store.backup import is_empty, restore_backup, write_backup
from store.engine import create_store_engine
from store.transfer import export_folder
from store.unit_of_work import UnitOfWork
from tests.conftest import NOW


@pytest.fixture
def target(engine, request, tmp_path):
    """Return an empty store of the same kind, without tables."""
    if engine.dialect.name == "sqlite":
        url = f"sqlite:///{tmp_path / 'target' / 'store.db'}"
    else:
        url = request.getfixturevalue("create_database")("target")
    made = create_store_engine(url)
    yield made
    made.dispose()


def fill(engine, clock) -> None:
    with UnitOfWork(engine, SYSTEM, clock) as work:
        work.repository("partners").create(
            {"external_id": "acme", "name": 'Ac"me\n\t\\ Ünal', "attributes": {"a": 1.5}}
        )
        work.repository("contacts").create({"external_id": "ann", "partner": "acme", "name": "Ann"})
        work.repository("partners").patch("acme", {"description": "changed", "industries": ["a;b", "c"]})
        work.repository("activities").create({"partner": "acme", "occurred_at": NOW.isoformat(), "kind": "login"})
        work.embeddings.put_many("model", {b"\x00" * 32: b"\x00\x01\\"})


def files_of(engine, folder: Path) -> Path:
    export_folder(engine, folder)
    return folder


def test_a_restored_store_is_the_same(engine, target, clock, tmp_path):
    fill(engine, clock)
    models = tmp_path / "models"
    (models / "churn").mkdir(parents=True)
    (models / "churn" / "model.txt").write_text("tree")
    write_backup(engine, tmp_path / "b.zip", NOW, [models])
    told = restore_backup(target, tmp_path / "b.zip", tmp_path / "home")
    assert told["made_at"] == NOW.isoformat()
    assert (tmp_path / "home" / "models" / "churn" / "model.txt").read_text() == "tree"
    one, other = files_of(engine, tmp_path / "one"), files_of(target, tmp_path / "other")
    same = filecmp.dircmp(one, other)
    assert (same.left_only, same.right_only, same.diff_files) == ([], [], [])
    assert set(same.same_files) >= {"partners.jsonl", "contacts.csv", "activities.csv"}
    with UnitOfWork(engine) as before, UnitOfWork(target, SYSTEM, clock) as after:
        found = after.audit.verify(before.audit.end())
        assert (found.ok, found.entries) == (True, before.audit.end()[0])
        assert after.embeddings.get_many("model", [b"\x00" * 32]) == {b"\x00" * 32: b"\x00\x01\\"}
        ours = after.repository("partners").create({"external_id": "new", "name": "New"})
        assert ours["id"] == before.repository("partners").get("acme")["id"] + 1


def test_triggers_of_the_trail_are_there_again(engine, target, clock, tmp_path):
    fill(engine, clock)
    write_backup(engine, tmp_path / "b.zip", NOW)
    restore_backup(target, tmp_path / "b.zip", tmp_path / "home")
    with pytest.raises(Exception, match="append-only"), target.begin() as connection:
        connection.execute(text("DELETE FROM audit"))


def test_a_store_that_holds_rows_is_kept_unless_forced(engine, clock, tmp_path):
    fill(engine, clock)
    write_backup(engine, tmp_path / "b.zip", NOW)
    with UnitOfWork(engine, SYSTEM, clock) as work:
        work.repository("contacts").create({"external_id": "bob", "partner": "acme", "name": "Bob"})
    with pytest.raises(Conflict, match="--force"):
        restore_backup(engine, tmp_path / "b.zip", tmp_path)
    restore_backup(engine, tmp_path / "b.zip", tmp_path, force=True)
    with UnitOfWork(engine, SYSTEM, clock) as work:
        assert [row["external_id"] for row in work.repository("contacts").list().rows] == ["ann"]


def test_damage_is_found_before_anything_is_touched(sqlite_engine, clock, tmp_path):
    fill(sqlite_engine, clock)
    write_backup(sqlite_engine, tmp_path / "b.zip", NOW)
    with zipfile.ZipFile(tmp_path / "b.zip") as whole, zipfile.ZipFile(tmp_path / "bad.zip", "w") as bad:
        for name in whole.namelist():
            bad.writestr(name, whole.read(name) + (b"x" if name == "store.db" else b""))
    for name, words in (("bad.zip", "damaged"), ("none.zip", "no backup")):
        with pytest.raises(InvalidInput, match=words):
            restore_backup(sqlite_engine, tmp_path / name, tmp_path, force=True)
    assert not is_empty(sqlite_engine)


def test_a_backup_overwrites_no_file(sqlite_engine, tmp_path):
    (tmp_path / "b.zip").write_text("mine")
    with pytest.raises(Conflict, match="there already"):
        write_backup(sqlite_engine, tmp_path / "b.zip", NOW)
