"""``python -m benchmarks speed-load``: many clients at once against the service on PostgreSQL, for minutes.

A programme is generated, imported and trained, ``allywise serve --workers 2`` is started as a user starts it, and every
client reads, writes and asks for matches with a pause for thought in between. Before, one client alone does the
same requests. Every answer is checked, what was written is counted in the store at the end, and the memory of every
process is looked at all the while.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import psutil
from sqlalchemy import text

from benchmarks.speed.load_clients import STEPS, TIMEOUT_SECONDS, Client, Ground, Record
from benchmarks.speed.load_house import Size, make_key, postgres, prepare, processes_of, served
from store.engine import Engine, create_store_engine

_LOOK_SECONDS = 5.0
_TABLES = {
    "/v1/activities": "activities",
    "/v1/leads": "leads",
    "/v1/registrations": "deals",
    "/v1/match": "match_runs",
    "/v1/assignments": "assignments",
}
_PERCENTILES = (50, 95, 99)


@dataclass(frozen=True)
class Memory:
    """Private memory of one process over time, in MiB."""

    role: str
    at: np.ndarray
    private: np.ndarray

    def settled(self, warm_up: float) -> tuple[np.ndarray, np.ndarray]:
        """Return what was seen after the warm-up."""
        late = self.at >= self.at[0] + warm_up * (self.at[-1] - self.at[0])
        return self.at[late], self.private[late]

    def growth(self, warm_up: float) -> float:
        """Return by how much of itself it grew from the warm-up to the end, by a straight line through all looks."""
        at, private = self.settled(warm_up)
        slope, start = np.polyfit(at - at[0], private, 1)
        return float(slope * (at[-1] - at[0]) / start)


def main(arguments: list[str]) -> str:
    """Return the tables."""
    options = _options(arguments)
    with _folder(options.folder) as folder, postgres(folder) as server:
        environment = prepare(folder, server, Size(options.partners))
        url = environment["ALLYWISE_DATABASE_URL"]
        with served(environment, options.workers) as (address, pid):
            engine = create_store_engine(url)
            key, ground, before = make_key(url), _ground(engine), _counts(engine)
            alone = asyncio.run(_alone(address, key, ground, options.alone))
            loaded, memories = asyncio.run(_crowd(address, key, ground, pid, options))
            written = {path: alone.written[path] + loaded.written[path] for path in _TABLES}
            lost = _lost(before, _counts(engine), written)
            twice = _twice(engine)
            engine.dispose()
    return "\n\n".join((_summary(loaded, lost, twice, options), _latencies(alone, loaded), _memory(memories, options)))


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks speed-load")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--think", type=float, default=6.0, help="mean seconds between two requests of a client")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--partners", type=int, default=2000, help="ever recruited")
    parser.add_argument("--alone", type=int, default=15, help="times that one client alone does each thing before")
    parser.add_argument("--warm-up", type=float, default=0.3, help="share of the time after which memory counts")
    parser.add_argument("--folder", type=Path, help="keep the programme here and use it again")
    return parser.parse_args(arguments)


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        yield Path(folder)


# clients ----------------------------------------------------------------------------------------


async def _alone(address: str, key: str, ground: Ground, times: int) -> Record:
    """Do everything one after the other; the first round, in which caches are filled, does not count."""
    async with _http(address, key) as http:
        record = Record()
        client = Client(http, ground, record, seed=1)
        for round_ in range(times + 1):
            for name in STEPS:
                await client.step(name)
            if not round_:
                record.seconds.clear()
    return record


async def _crowd(
    address: str, key: str, ground: Ground, pid: int, options: argparse.Namespace
) -> tuple[Record, list[Memory]]:
    record = Record()
    until = time.monotonic() + 60 * options.minutes
    async with _http(address, key) as http:
        clients = [Client(http, ground, record, seed=100 + number) for number in range(options.clients)]
        watching = asyncio.create_task(_watch(pid, until))
        await asyncio.gather(*(client.live(until, options.think) for client in clients))
        return record, await watching


def _http(address: str, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=address,
        headers={"Authorization": f"Bearer {key}"},
        timeout=TIMEOUT_SECONDS,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=60),
    )


# what the store and the machine say ---------------------------------------------------------------


def _ground(engine: Engine) -> Ground:
    def column(query: str) -> list[str]:
        with engine.connect() as connection:
            return [str(row[0]) for row in connection.execute(text(query))]

    return Ground(
        partners=column("SELECT external_id FROM partners WHERE status = 'active' ORDER BY id"),
        products=column("SELECT external_id FROM products ORDER BY id"),
        programs=column("SELECT external_id FROM programs ORDER BY id"),
        kinds=column("SELECT kind FROM activities GROUP BY kind ORDER BY count(*) DESC LIMIT 6"),
    )


def _counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            path: int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 - our names
            for path, table in _TABLES.items()
        }


def _lost(before: dict[str, int], after: dict[str, int], written: dict[str, int]) -> dict[str, int]:
    """Return of each table how many rows were told as written and are not there; negative: were not told."""
    return {_TABLES[path]: written[path] - (after[path] - before[path]) for path in _TABLES}


def _twice(engine: Engine) -> int:
    """Return how many external ids of the run stand in more than one row."""
    query = "SELECT count(*) - count(DISTINCT external_id) FROM {} WHERE external_id LIKE 'load-%'"
    with engine.connect() as connection:
        return sum(int(connection.execute(text(query.format(table))).scalar_one()) for table in ("leads", "deals"))


async def _watch(pid: int, until: float) -> list[Memory]:
    """Look at the private memory of every process again and again."""
    seen: dict[str, list[tuple[float, float]]] = {}
    processes = processes_of(pid)
    while time.monotonic() < until:
        for role, process in processes.items():
            private = await asyncio.to_thread(_private, process)
            seen.setdefault(role, []).append((time.monotonic(), private))
        await asyncio.sleep(_LOOK_SECONDS)
    return [Memory(role, *np.array(looks).T) for role, looks in seen.items()]


def _private(process: psutil.Process) -> float:
    return float(process.memory_full_info().uss / 2**20)


# tables -------------------------------------------------------------------------------------------


def _summary(record: Record, lost: dict[str, int], twice: int, options: argparse.Namespace) -> str:
    total = sum(record.statuses.values())
    by_status: dict[int, int] = {}
    for (_, status), n in record.statuses.items():
        by_status[status] = by_status.get(status, 0) + n
    told = ", ".join(f"{status or 'none'}: {n:,}" for status, n in sorted(by_status.items()))
    failed = sum(n for status, n in by_status.items() if status == 0 or status >= 500)
    off = ", ".join(f"{table} {n:+d}" for table, n in lost.items() if n) or "none"
    lines = [
        f"{options.clients} clients, {options.minutes:g} minutes, {options.workers} processes, {os.cpu_count()} cores "
        f"(clients and PostgreSQL included), {total / options.minutes / 60:.1f} requests a second.",
        "",
        "| | |",
        "|---|---|",
        f"| requests | {total:,} |",
        f"| answers by status | {told} |",
        f"| server errors and timeouts | {failed} |",
        f"| wrong answers, these included | {len(record.wrong)} |",
        f"| rows told and not there | {off} |",
        f"| rows twice | {twice} |",
    ]
    shown = [f"| wrong | {_cell(what)} |" for what in sorted(set(record.wrong))[:5]]
    return "\n".join([*lines, *shown])


def _cell(words: str) -> str:
    return words.replace("|", "/").replace("\n", " ")[:300]


def _latencies(alone: Record, loaded: Record) -> str:
    heads = [f"{kind} p{p}" for kind in ("alone", "loaded") for p in _PERCENTILES]
    lines = ["| request, ms | n | " + " | ".join(heads) + " |", "|---|" + "---:|" * 7]
    for kind in sorted(loaded.seconds):
        cells = [_percentile(record.seconds.get(kind, []), p) for record in (alone, loaded) for p in _PERCENTILES]
        lines.append(f"| {kind} | {len(loaded.seconds[kind]):,} | " + " | ".join(cells) + " |")
    every = [[each for values in record.seconds.values() for each in values] for record in (alone, loaded)]
    cells = [_percentile(values, p) for values in every for p in _PERCENTILES]
    return "\n".join([*lines, f"| all | {len(every[1]):,} | " + " | ".join(cells) + " |"])


def _percentile(seconds: list[float], p: int) -> str:
    return f"{1000 * np.percentile(seconds, p):.0f}" if seconds else ""


def _memory(memories: list[Memory], options: argparse.Namespace) -> str:
    lines = [
        "| private memory, MiB | after the warm-up | at the end | most | growth since |",
        "|---|---:|---:|---:|---:|",
    ]
    for memory in memories:
        _, settled = memory.settled(options.warm_up)
        tenth = max(1, len(settled) // 10)
        first, last = settled[:tenth].mean(), settled[-tenth:].mean()
        growth = memory.growth(options.warm_up)
        lines.append(f"| {memory.role} | {first:.0f} | {last:.0f} | {memory.private.max():.0f} | {growth:+.1%} |")
    return "\n".join(lines)
