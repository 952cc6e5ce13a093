"""Speed and memory of importing activities into SQLite, beside a bare ``executemany`` of the same parsed rows.

Run as ``python -m benchmarks.import_speed [ROWS ...]`` (default 250000 1000000). Each figure comes from a process of
its own: the peak of its resident memory is then its own, too. The bare figure is the time of ``sqlite3.executemany``
alone, in one transaction, of rows that are parsed already, into the same table with the same unique key and index.
"""

import csv
import json
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from domain.settings import Settings
from store.engine import create_store_engine
from store.migrate import upgrade
from store.transfer import import_folder

PARTNERS, ASSETS, KINDS = 2_000, 300, ("visit", "download", "training", "call")
BATCH = 50_000


def write_folder(folder: Path, rows: int) -> None:
    """Write partners, assets and `rows` distinct activities."""
    folder.mkdir()
    draw = random.Random(7)  # noqa: S311 - not for secrets
    start = datetime(2022, 1, 1, tzinfo=UTC)
    write_csv(folder / "partners.csv", ("external_id", "name"), ((f"P-{i}", f"Partner {i}") for i in range(PARTNERS)))
    write_csv(folder / "assets.csv", ("external_id", "title"), ((f"A-{i}", f"Asset {i}") for i in range(ASSETS)))
    names = ("partner", "occurred_at", "kind", "asset", "quantity", "amount")
    activities = (
        (
            f"P-{draw.randrange(PARTNERS)}",
            (start + timedelta(seconds=draw.randrange(94_608_000))).strftime("%Y-%m-%dT%H:%M:%SZ"),
            draw.choice(KINDS),
            f"A-{draw.randrange(ASSETS)}",
            i % 1000,
            f"{draw.random() * 1000:.2f}",
        )
        for i in range(rows)
    )
    write_csv(folder / "activities.csv", names, activities)


def write_csv(path: Path, names: tuple[str, ...], rows: Any) -> None:
    """Write a CSV file of `rows` under a header."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)


def timed_import(home: Path) -> float:
    """Return seconds of `import_folder` into a fresh store."""
    engine = create_store_engine(f"sqlite:///{home / 'store.db'}")
    upgrade(engine)
    start = time.perf_counter()
    report = import_folder(engine, home / "folder", settings=Settings(home=home))
    seconds = time.perf_counter() - start
    if not report.ok:
        raise SystemExit(str(report.problems[0]))
    return seconds


def timed_bare(home: Path) -> float:
    """Return seconds of ``executemany`` of the rows that `timed_import` stored, into an empty copy of the table."""
    source = sqlite3.connect(home / "store.db")
    statements = [
        sql
        for (sql,) in source.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'activities' AND sql IS NOT NULL")
    ]
    target = sqlite3.connect(home / "bare.db", isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -65536"):
        target.execute(f"PRAGMA {pragma}")
    for sql in statements:
        target.execute(sql)
    names = [row[1] for row in source.execute("PRAGMA table_info(activities)") if row[1] != "id"]
    cursor = source.execute(f"SELECT {', '.join(names)} FROM activities ORDER BY id")  # noqa: S608
    insert = f"INSERT INTO activities ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608
    seconds = 0.0
    target.execute("BEGIN")
    while rows := cursor.fetchmany(BATCH):
        start = time.perf_counter()
        target.executemany(insert, rows)
        seconds += time.perf_counter() - start
    start = time.perf_counter()
    target.execute("COMMIT")
    return seconds + time.perf_counter() - start


def measure(rows: int) -> dict[str, float]:
    """Return seconds of both and the peak memory of the import in MiB, each in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        write_folder(home / "folder", rows)
        imported = _in_process("timed_import", home)
        bare = _in_process("timed_bare", home)
        size = (home / "folder" / "activities.csv").stat().st_size / 2**20
    return {"file": size, "import": imported["seconds"], "bare": bare["seconds"], "memory": imported["memory"]}


def _in_process(function: str, home: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.import_speed", function, str(home)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def main(sizes: Sequence[int] = (250_000, 1_000_000)) -> str:
    """Return the table."""
    lines = [
        "| rows | file MiB | import s | bare executemany s | ratio | peak memory of the import MiB |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for rows in sizes:
        got = measure(rows)
        lines.append(
            f"| {rows:,} | {got['file']:.0f} | {got['import']:.1f} | {got['bare']:.1f} "
            f"| {got['import'] / got['bare']:.2f} | {got['memory']:.0f} |"
        )
    return "\n".join(lines)


def _run_function(name: str, home: Path) -> None:
    seconds = {"timed_import": timed_import, "timed_bare": timed_bare}[name](home)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "memory": memory}))


if __name__ == "__main__":
    if sys.argv[1:2] in (["timed_import"], ["timed_bare"]):
        _run_function(sys.argv[1], Path(sys.argv[2]))
    else:
        print(main([int(argument) for argument in sys.argv[1:]] or (250_000, 1_000_000)))
