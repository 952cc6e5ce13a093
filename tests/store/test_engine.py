"""Engines: URLs, folders, and transactions that are real on both databases."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

from domain.errors import CannotAnswer, InvalidInput
from store import engine as store_engine
from store.engine import create_store_engine, writing
from store.tables import keys
from store.unit_of_work import UnitOfWork
from tests.conftest import NOW


@pytest.mark.parametrize("url", ["postgres://u:p@h/d", "postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"])
def test_postgresql_is_reached_through_psycopg(url: str) -> None:
    engine = create_store_engine(url)
    assert engine.url.render_as_string(hide_password=False) == "postgresql+psycopg://u:p@h/d"


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://u@h/d", "postgresql://h:port/d"])
def test_other_urls_are_refused_with_what_would_be_right(url: str) -> None:
    with pytest.raises(InvalidInput, match="sqlite:///"):
        create_store_engine(url)


def test_a_store_that_cannot_be_reached_is_named_without_its_password(tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    for url in ("postgresql://user:hidden@127.0.0.1:1/d", f"sqlite:///{tmp_path}/folder.db"):
        with pytest.raises(CannotAnswer, match="cannot be reached: ") as told, create_store_engine(url).connect():
            pass
        assert "hidden" not in told.value.message


def test_sqlite_makes_its_folder_and_runs_in_wal_mode(tmp_path: Path) -> None:
    engine = create_store_engine(f"sqlite:///{tmp_path}/a/b/store.db")
    with engine.connect() as connection:
        told = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "foreign_keys")]
    engine.dispose()
    assert told == ["wal", 1]
    assert (tmp_path / "a" / "b" / "store.db").is_file()


def test_tables_made_in_a_transaction_go_with_it(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE passing (x INTEGER)"))
        connection.rollback()
    assert "passing" not in inspect(engine).get_table_names()


def test_references_are_held(engine: Engine) -> None:
    key = {"name": "k", "role": "partner", "partner_id": 7, "prefix": "x", "secret_hash": "y", "created_at": NOW}
    with engine.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(keys.insert().values(**key))


def test_writers_wait_for_each_other(engine: Engine) -> None:
    """Two transactions read, then write: without the lock at the start SQLite would refuse one of them."""

    def rename() -> None:
        with UnitOfWork(engine) as work:
            row = work.repository("programs").get("p")
            work.repository("programs").patch("p", {"name": row["name"] + "x"})

    with UnitOfWork(engine) as work:
        work.repository("programs").create({"external_id": "p", "name": "n"})
    if engine.dialect.name == "postgresql":
        rename()
        rename()
    else:
        threads = [threading.Thread(target=rename) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with UnitOfWork(engine, read_only=True) as work:
        assert work.repository("programs").get("p")["name"] == "nxx"


def test_writer_that_waits_too_long_is_told(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_engine, "BUSY_TIMEOUT_SECONDS", 0.05)
    impatient = create_store_engine(str(sqlite_engine.url))
    with writing(sqlite_engine.connect()) as connection, connection.begin():
        with UnitOfWork(impatient, read_only=True) as work:
            assert work.repository("partners").list().rows == []
        with pytest.raises(CannotAnswer, match="busy"):
            UnitOfWork(impatient).__enter__()
    impatient.dispose()


def test_plain_engine_would_not_roll_tables_back(tmp_path: Path) -> None:
    """Why the driver's own transactions are not used; when this fails, `_begin_sqlite` can go."""
    engine = create_engine(f"sqlite:///{tmp_path}/plain.db")
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE passing (x INTEGER)"))
        connection.rollback()
    assert "passing" in inspect(engine).get_table_names()
    engine.dispose()


def test_of_a_deadlock_one_goes_on_and_the_other_may_try_again(postgres_engine: Engine) -> None:
    with UnitOfWork(postgres_engine) as work:
        ids = [work.repository("programs").create({"external_id": name, "name": name})["id"] for name in "ab"]
    both, told = threading.Barrier(2), []

    def lock(order: list[int]) -> None:
        try:
            with UnitOfWork(postgres_engine) as work:
                for id_ in order:
                    work.connection.execute(text("SELECT 1 FROM programs WHERE id = :id FOR UPDATE"), {"id": id_})
                    if id_ == order[0]:
                        both.wait(30)
        except CannotAnswer as error:
            told.append(error.message)

    threads = [threading.Thread(target=lock, args=(order,)) for order in (ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == ["Others wrote the same rows at the same moment; nothing was kept, try again."]
