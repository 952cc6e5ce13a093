"""Backup and restore of a whole store: one archive, one instant, the same on SQLite and PostgreSQL."""

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Engine, func, inspect, select, text

from domain.errors import Conflict, InvalidInput, StoreNotReady
from store.engine import reading, writing
from store.migrate import HEAD, alembic_config, upgrade
from store.schema import all_tables

FORMAT = 1
_MANIFEST, _DATABASE, _BLOCK = "manifest.json", "store.db", 2**20


def write_backup(engine: Engine, file: Path, now: datetime, folders: Sequence[Path] = ()) -> dict[str, int]:
    """Write store and folders into an archive, as of one instant; others may go on working.

    Parameters
    ----------
    engine : Engine
        Of the store. SQLite is copied by its backup interface, PostgreSQL by COPY in one snapshot: no tool of the
        server's is needed.
    file : Path
        A file to be made; it appears complete or not at all, readable by its owner alone.
    now : datetime
        The time of it.
    folders : sequence of Path
        Folders and files beside the store; SQLite files among them are copied consistently, too.

    Returns
    -------
    dict of str to int
        Bytes by part.

    Raises
    ------
    Conflict
        If `file` is there already.
    StoreNotReady
        If the store has no tables.
    """
    if file.exists():
        raise Conflict(f"{file} is there already; name a new file.")
    partial = file.with_name(f".{file.name}.partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    digests: dict[str, str] = {}
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
            told = {"format": FORMAT, "made_at": now.isoformat(), "engine": engine.dialect.name}
            told |= _write_store(engine, archive, digests)
            for folder in folders:
                _write_folder(folder, archive, digests)
            archive.writestr(_MANIFEST, json.dumps(told | {"sha256": digests}, indent=1))
            sizes = {info.filename: info.file_size for info in archive.infolist()}
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    return sizes


def restore_backup(engine: Engine, file: Path, home: Path, *, force: bool = False) -> dict[str, Any]:
    """Put the archive's store in the place of the present one, and its folders under `home`; return the manifest.

    Everything is verified before anything is touched. An older schema is brought up to date.

    Raises
    ------
    InvalidInput
        If the file is no backup, or damaged, or of the other database.
    Conflict
        If the store holds rows and `force` was not said.
    StoreNotReady
        If the backup is of a newer version of the service.
    """
    with _opened(file) as archive:
        told = _verified(archive, file)
        if told["engine"] != engine.dialect.name:
            raise InvalidInput(
                f"{file} was made of {told['engine']}, this store is {engine.dialect.name}; to change the database, "
                "use allywise export and allywise import."
            )
        if told["revision"] > HEAD:
            raise StoreNotReady(f"{file} was made by a newer version of allywise; update allywise.")
        if not force and not is_empty(engine):
            raise Conflict("The store holds rows; restore into an empty one, or say --force to replace it.")
        if engine.dialect.name == "sqlite":
            _restore_sqlite(engine, archive)
        else:
            _restore_postgresql(engine, archive, told)
        _restore_folders(archive, home)
    upgrade(engine)
    return told


def made_at(file: Path) -> datetime:
    """Return when a backup was made.

    Raises
    ------
    InvalidInput
        If the file is no backup.
    """
    with _opened(file) as archive:
        try:
            return datetime.fromisoformat(json.loads(archive.read(_MANIFEST))["made_at"])
        except (KeyError, ValueError) as error:
            raise InvalidInput(f"{file} is damaged, or no backup of allywise.") from error


def is_empty(engine: Engine) -> bool:
    """Whether there are no rows: no tables, or nothing in them."""
    with engine.connect() as connection:
        there = set(inspect(connection).get_table_names())
        tables = [table for table in all_tables().sorted_tables if table.name in there]
        return all(connection.execute(select(table).limit(1)).first() is None for table in tables)


def _write_store(engine: Engine, archive: zipfile.ZipFile, digests: dict[str, str]) -> dict[str, Any]:
    with reading(engine.connect()) as connection, connection.begin():
        if not inspect(connection).has_table("alembic_version"):
            raise StoreNotReady("The store has no tables yet: there is nothing to back up.")
        told: dict[str, Any] = {
            "revision": connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        }
        if engine.dialect.name == "sqlite":
            _write_sqlite(Path(str(engine.url.database)), _DATABASE, archive, digests)
            return told
        return told | {"tables": _copy_out(connection, archive, digests)}


def _copy_out(connection: Connection, archive: zipfile.ZipFile, digests: dict[str, str]) -> dict[str, list[str]]:
    columns = {}
    cursor: Any = connection.connection.cursor()
    for table in all_tables().sorted_tables:
        columns[table.name] = [column.name for column in table.c]
        named = ", ".join(f'"{name}"' for name in columns[table.name])
        with cursor.copy(f'COPY "{table.name}" ({named}) TO STDOUT') as copy:
            _write(archive, f"tables/{table.name}", (bytes(block) for block in copy), digests)
    return columns


def _write_sqlite(path: Path, name: str, archive: zipfile.ZipFile, digests: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory(prefix="allywise-") as folder:
        copy = Path(folder) / "copy.db"
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        _write(archive, name, _blocks(copy), digests)


def _write_folder(folder: Path, archive: zipfile.ZipFile, digests: dict[str, str]) -> None:
    files = [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        name = f"home/{path.relative_to(folder.parent).as_posix()}"
        if path.suffix == ".db":
            _write_sqlite(path, name, archive, digests)
        elif not path.name.endswith((".db-wal", ".db-shm")):
            _write(archive, name, _blocks(path), digests)


def _write(archive: zipfile.ZipFile, name: str, blocks: Iterator[bytes], digests: dict[str, str]) -> None:
    digest = hashlib.sha256()
    with archive.open(name, "w", force_zip64=True) as target:
        for block in blocks:
            digest.update(block)
            target.write(block)
    digests[name] = digest.hexdigest()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(_BLOCK), b"")


def _opened(file: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, FileNotFoundError) as error:
        raise InvalidInput(f"{file} is no backup of allywise.") from error


def _verified(archive: zipfile.ZipFile, file: Path) -> dict[str, Any]:
    """Return the manifest if all files are what it says."""
    try:
        told: dict[str, Any] = json.loads(archive.read(_MANIFEST))
        for name, expected in told["sha256"].items():
            digest = hashlib.sha256()
            with archive.open(name) as source:
                for block in iter(lambda source=source: source.read(_BLOCK), b""):  # type: ignore[misc]
                    digest.update(block)
            if digest.hexdigest() != expected:
                raise InvalidInput(f"{file} is damaged: {name} is not what was written.")
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise InvalidInput(f"{file} is damaged, or no backup of allywise.") from error
    if told.get("format") != FORMAT:
        raise InvalidInput(f"{file} has format {told.get('format')}, this version of allywise reads {FORMAT}.")
    return told


def _restore_sqlite(engine: Engine, archive: zipfile.ZipFile) -> None:
    """Copy the backup over the store through SQLite itself: whoever has it open sees the new rows."""
    with tempfile.TemporaryDirectory(prefix="allywise-") as folder:
        copy = Path(folder) / "copy.db"
        with archive.open(_DATABASE) as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target, _BLOCK)
        engine.dispose()
        with closing(sqlite3.connect(copy)) as source_db:
            found = source_db.execute("PRAGMA integrity_check").fetchone()[0]
            if found != "ok":
                raise InvalidInput(f"the database in the backup is damaged: {found}")
            with closing(sqlite3.connect(str(engine.url.database))) as target_db:
                source_db.backup(target_db)


def _restore_postgresql(engine: Engine, archive: zipfile.ZipFile, told: dict[str, Any]) -> None:
    from alembic import command

    with writing(engine.connect()) as connection, connection.begin():
        all_tables().drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
        connection.execute(text("DROP FUNCTION IF EXISTS audit_is_append_only() CASCADE"))
        command.upgrade(alembic_config(connection), told["revision"])
        tables = [table.name for table in all_tables().sorted_tables if table.name in told["tables"]]
        for name in tables:
            with archive.open(f"tables/{name}") as source:
                _copy_in(connection, name, told["tables"][name], source)
        _set_sequences(connection, tables)


def _copy_in(connection: Connection, table: str, columns: Sequence[str], source: IO[bytes]) -> None:
    named = ", ".join(f'"{name}"' for name in columns)
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f'COPY "{table}" ({named}) FROM STDIN') as copy:
        for block in iter(lambda: source.read(_BLOCK), b""):
            copy.write(block)


def _set_sequences(connection: Connection, names: Sequence[str]) -> None:
    """Let ids go on after the highest."""
    for table in (all_tables().tables[name] for name in names):
        for column in table.primary_key.columns:
            sequence = connection.execute(select(func.pg_get_serial_sequence(f'"{table.name}"', column.name))).scalar()
            if sequence is not None:
                highest = connection.execute(select(func.max(column))).scalar()
                connection.execute(select(func.setval(sequence, highest or 1, highest is not None)))


def _restore_folders(archive: zipfile.ZipFile, home: Path) -> None:
    for info in archive.infolist():
        if info.filename.startswith("home/"):
            target = (home / info.filename.removeprefix("home/")).resolve()
            if not target.is_relative_to(home.resolve()):
                raise InvalidInput(f"the backup names a file outside of the data folder: {info.filename}")
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(info) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, _BLOCK)
