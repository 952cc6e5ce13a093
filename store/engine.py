"""The door to the database: engines whose transactions mean the same on SQLite and PostgreSQL."""

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    ExceptionContext,
    PoolProxiedConnection,
    QueuePool,
    StaticPool,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import ArgumentError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from domain.errors import CannotAnswer, InvalidInput
from store.at_rest import AtRest, protect

__all__ = ["BUSY_TIMEOUT_SECONDS", "Connection", "Engine", "create_store_engine", "reading", "writing"]

BUSY_TIMEOUT_SECONDS = 60
"""How long a SQLite connection waits for another writer."""

_BEGIN_OPTION = "store_sqlite_begin"


class _Pool(QueuePool):
    """A pool of connections of which none being free is told in the service's words."""

    def connect(self) -> PoolProxiedConnection:
        """Return a free connection, or a new one."""
        try:
            return super().connect()
        except PoolTimeout as error:
            raise CannotAnswer("All connections to the store are in use; try again in a moment.") from error


def create_store_engine(url: str, at_rest: AtRest | None = None, *, threads: int = 5) -> Engine:
    """Return an engine for the store at `url`.

    SQLite runs in WAL mode with foreign keys on; its folder is made when missing. Every statement, DDL
    and SELECT included, belongs to a real transaction (the driver's own, implicit one starts only at a
    write). On PostgreSQL the driver is psycopg 3, whether `url` says ``postgres://``, ``postgresql://``
    or names the driver. `at_rest` encrypts contact fields and decrypts them. Each of as many `threads` may
    hold three connections: a transaction, within it a look at another snapshot, and a note of its own.

    Raises
    ------
    InvalidInput
        If `url` is malformed or names another database.
    CannotAnswer
        Later, by whatever uses the engine: if the database cannot be reached, the connection to it is lost, or it
        broke a transaction off because others wrote the same rows.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "postgresql":
        engine = create_engine(parsed, pool_pre_ping=True, **_pool(threads))
    else:
        engine = _sqlite_engine(parsed, threads)
    event.listen(engine, "handle_error", _tell_unreachable)
    if at_rest is not None:
        protect(engine.dialect, at_rest)
    return engine


def writing(connection: Connection) -> Connection:
    """Return `connection` set to take SQLite's write lock as its next transaction begins.

    A SQLite transaction that reads first and writes later fails at once when another writer was faster
    in between. Taking the lock at the start waits for the other instead. Without effect on PostgreSQL.
    """
    return connection.execution_options(**{_BEGIN_OPTION: "BEGIN IMMEDIATE"})


def reading(connection: Connection) -> Connection:
    """Return `connection` set to read one unchanging snapshot in its next transaction, and not to write."""
    if connection.dialect.name == "postgresql":
        return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return connection


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1) if url.startswith("postgres://") else url)
    except (ArgumentError, ValueError) as error:  # the latter for a port that is no number
        raise InvalidInput(
            "The store's URL is malformed; right would be sqlite:///folder/file.db or "
            "postgresql://user:password@host/database."
        ) from error
    if parsed.drivername == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("postgresql", "sqlite"):
        raise InvalidInput(
            f"The store cannot live in {parsed.get_backend_name()!r}; use sqlite:/// or postgresql://.",
            value=parsed.get_backend_name(),
        )
    return parsed


_BROKEN_OFF = ("40001", "40P01")
"""SQLSTATE of a transaction that PostgreSQL broke off for the sake of others: serialisation failure, deadlock."""


def _tell_unreachable(context: ExceptionContext) -> None:
    if getattr(context.original_exception, "sqlstate", None) in _BROKEN_OFF:
        raise CannotAnswer(
            "Others wrote the same rows at the same moment; nothing was kept, try again."
        ) from context.original_exception
    if context.connection is not None and not context.is_disconnect:
        return  # a statement failed, which is the caller's to understand
    address = "" if context.engine is None else f" at {context.engine.url.render_as_string()}"
    reason = (str(context.original_exception).strip().splitlines() or ["no reason given"])[0]
    raise CannotAnswer(f"The store{address} cannot be reached: {reason}") from context.original_exception


def _pool(threads: int) -> dict[str, Any]:
    """Return options of a pool: connections within others are few, so they are not kept."""
    return {"poolclass": _Pool, "pool_size": threads, "max_overflow": 2 * threads}


def _sqlite_engine(url: URL, threads: int) -> Engine:
    options: dict[str, Any] = {"connect_args": {"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False}}
    if url.database in (None, "", ":memory:"):
        options["poolclass"] = StaticPool
    else:
        options |= _pool(threads)
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(driver_connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not open transactions by itself: it would do so before writes only, not before DDL
    # or SELECT. We say BEGIN in _begin_sqlite instead.
    driver_connection.isolation_level = None
    driver_connection.execute("PRAGMA foreign_keys = ON")
    driver_connection.execute("PRAGMA synchronous = NORMAL")
    driver_connection.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten in the file, too
    driver_connection.execute("PRAGMA cache_size = -65536")
    _enter_wal_mode(driver_connection)


def _enter_wal_mode(driver_connection: sqlite3.Connection) -> None:
    deadline = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            driver_connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            # The switch to WAL does not honour the busy timeout: of several processes that open a new
            # file at once all but one are refused, and find it done a moment later.
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN_OPTION, "BEGIN"))
