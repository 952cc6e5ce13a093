"""What ``POST /v1/match`` takes beside MLflow's bare prediction, in process, by size, and with two processes.

``python -m benchmarks speed-match [--partners N] [--runs N] [--folder FOLDER]``: the folder keeps what was prepared.
"""

import argparse
import itertools
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.speed.harness import Pairing, apart, exponent
from benchmarks.speed.match_programme import END
from benchmarks.speed.match_servers import (
    ROWS,
    Server,
    mlflow_serving,
    on_postgres,
    ours,
    postgres,
    prepared,
    save_peers,
)
from benchmarks.workspace import Workspace

_TIMES = (1, 3, 10)
_WARMING = 5
_LEADS = 40
_TITLES = {
    "sqlite": "match, SQLite",
    "postgres": "match, PostgreSQL",
    "booster": "MLflow: one booster",
    "whole": "MLflow: whole model",
}


def main(arguments: list[str]) -> str:
    """Prepare, measure, and return the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks speed-match")
    parser.add_argument("--partners", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--writes", type=int, default=5, help="writes between matches, ten matches after each; 0: none")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measure of throughput")
    parser.add_argument("--folder", type=Path, help="keeps what was prepared; default: a temporary one")
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="speed-match-")))
        folder.mkdir(parents=True, exist_ok=True)
        homes = prepared(folder, options.partners, _TIMES)
        inside = {k: apart(in_process, home.home, options.runs // 2).result for k, home in homes.items()}
        url = stack.enter_context(postgres(folder))
        stores = {"sqlite": homes[1], "postgres": on_postgres(folder, homes[1], url)}
        peers = apart(_save_peers, folder / "peers", homes[1].home).result
        leads = inside[1]["leads"]
        parts = [
            over_http(stores, homes[_TIMES[-1]], peers, leads, options.runs),
            _inside_table(inside, options.partners),
            throughput(stores, leads, options.seconds),
        ]
        if options.writes:
            parts.append(mixed(stores, leads, options.writes))
    return "\n\n".join(parts)


def in_process(home: Path, runs: int) -> dict[str, Any]:
    """Time whole matches, stored, and the booster calls inside each, in this process.

    Returns
    -------
    dict
        ``seconds``, ``boosters`` (of each match), ``bytes`` of an answer, and the ``leads`` with most candidates.
    """
    import lightgbm as lgb

    from api.answers import match
    from api.app import open_services
    from api.schemas_matching import MatchRequest
    from domain.context import SYSTEM, system_clock
    from domain.settings import Settings

    services = open_services(Settings(home=home), system_clock)
    inner, predict = [0.0], lgb.Booster.predict

    def timed(self: Any, *given: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return predict(self, *given, **named)
        finally:
            inner[0] += time.perf_counter() - began

    def ask(lead: str) -> int:
        found = match(services, MatchRequest(lead_id=lead))
        size = len(found.body)
        with services.unit_of_work(SYSTEM) as work:
            found.keep(work)
        return size

    leads = _widest(services)
    setattr(lgb.Booster, "predict", timed)  # noqa: B010
    try:
        for lead in leads[:_WARMING]:
            size = ask(lead)
        seconds, boosters = [], []
        for lead in itertools.islice(itertools.cycle(leads), runs):
            inner[0], began = 0.0, time.perf_counter()
            ask(lead)
            seconds.append(time.perf_counter() - began)
            boosters.append(inner[0])
    finally:
        setattr(lgb.Booster, "predict", predict)  # noqa: B010
    return {"seconds": np.array(seconds), "boosters": np.array(boosters), "bytes": size, "leads": leads}


def _widest(services: Any) -> list[str]:
    """Return the newest leads for which at least `ROWS` partners are eligible, else those with the most."""
    from intelligence.matching.questions import questions

    context = services.intelligence
    names = context.history().leads["external_id"].tail(8 * _LEADS).tolist()
    found = []
    for matcher, question in questions(context, names, None):
        barred = {k: np.any(list(masks.values()), axis=0).sum() for k, masks in matcher.blocked(question) if masks}
        found += [(len(matcher.world.partner_ids) - int(n), question.names[k]) for k, n in barred.items()]
    found.sort(key=lambda pair: -min(pair[0], ROWS))
    return [name for _, name in found[:_LEADS]]


def _save_peers(folder: Path, home: Path) -> dict[str, tuple[Path, bytes]]:
    """Save our model for MLflow, with the rows of a match as the request."""
    from api.app import open_services
    from domain.context import system_clock
    from domain.settings import Settings
    from intelligence.matching.questions import questions

    services = open_services(Settings(home=home), system_clock)
    context = services.intelligence
    ((matcher, question),) = questions(context, _widest(services)[:1], END)
    features = matcher.rank(question, ROWS, "p_win").features
    loaded = context.load_model("match")
    if loaded is None:
        raise RuntimeError("no match model serves")
    return save_peers(folder, features, loaded.version.folder)


def over_http(
    stores: dict[str, Workspace],
    large: Workspace,
    peers: dict[str, tuple[Path, bytes]],
    leads: Sequence[str],
    runs: int,
) -> str:
    """Ask all in turns over HTTP and return their table."""
    with ExitStack() as stack:
        servers = {name: stack.enter_context(ours(home)) for name, home in stores.items()}
        servers["large"] = stack.enter_context(ours(large))
        asked: dict[str, Callable[[str], httpx.Response]] = {
            name: _match_of(server) for name, server in servers.items()
        }
        for name, (model, body) in peers.items():
            asked[name] = _prediction_of(stack.enter_context(mlflow_serving(model)), body)
        seconds: dict[str, list[float]] = {name: [] for name in asked}
        for turn, lead in enumerate(itertools.islice(itertools.cycle(leads), _WARMING + runs)):
            for name, ask in asked.items():
                began = time.perf_counter()
                ask(lead).raise_for_status()
                if turn >= _WARMING:
                    seconds[name].append(time.perf_counter() - began)
    return _http_table({name: np.array(each) for name, each in seconds.items()})


def _match_of(server: Server) -> Callable[[str], httpx.Response]:
    return lambda lead: server.client.post("/v1/match", json={"lead_id": lead, "limit": 10})


def _prediction_of(server: Server, body: bytes) -> Callable[[str], httpx.Response]:
    headers = {"Content-Type": "application/json"}
    return lambda _: server.client.post("/invocations", content=body, headers=headers)


def _http_table(seconds: dict[str, np.ndarray]) -> str:
    titles = {**_TITLES, "large": f"match, SQLite, {_TIMES[-1]} times the partners"}
    rows = ["| over HTTP, in turns | p50 ms | p90 ms | p99 ms |", "|---|---:|---:|---:|"]
    for name, each in seconds.items():
        figures = " | ".join(f"{1000 * np.percentile(each, at):.1f}" for at in (50, 90, 99))
        rows.append(f"| {titles[name]} | {figures} |")
    rows += ["", "| ratio, 95 % interval | p50 | p99 | bar |", "|---|---:|---:|---|"]
    for mine, peer in itertools.product(("sqlite", "postgres"), ("booster", "whole")):
        pairing = Pairing(seconds[mine], seconds[peer])
        bar = "0.5 and 0.8"
        rows.append(f"| {titles[mine]} / {titles[peer]} | {pairing.told(50)} | {pairing.told(99)} | {bar} |")
    grown = Pairing(seconds["large"], seconds["sqlite"])
    rows.append(f"| {_TIMES[-1]} times the partners / one time | {grown.told(50)} | {grown.told(99)} | 2 |")
    return "\n".join(rows)


def _inside_table(inside: dict[int, dict[str, Any]], partners: int) -> str:
    rows = ["| in process | partners | match, p50 ms | booster calls, p50 ms | ratio | answer kB |"]
    rows.append("|---|---:|---:|---:|---:|---:|")
    for k, one in inside.items():
        pairing = Pairing(one["seconds"], one["boosters"])
        middle = [1000 * float(np.median(one[name])) for name in ("seconds", "boosters")]
        rows.append(
            f"| whole match | {k * partners:,} | {middle[0]:.1f} | {middle[1]:.1f} | {pairing.told()} "
            f"| {one['bytes'] / 1000:.0f} |"
        )
    grows = exponent([k * partners for k in inside], [float(np.median(one["seconds"])) for one in inside.values()])
    return "\n".join([*rows, "", f"Cost against partners: exponent {grows:.2f}."])


def throughput(stores: dict[str, Workspace], leads: Sequence[str], seconds: float) -> str:
    """Return the table of matches per second with one and with two processes of the server."""
    rows = [
        "| throughput | processes | matches a second | processor ms a match | two / one |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, home in stores.items():
        one = None
        for processes in (1, 2):
            with ours(home, processes) as server:
                rate, busy = _rate(server, leads, seconds, threads=2 * processes)
            one = one or rate
            ratio = "" if processes == 1 else f"{rate / one:.2f}"
            rows.append(f"| {_TITLES[name]} | {processes} | {rate:.1f} | {1000 * busy:.1f} | {ratio} |")
    return "\n".join(rows)


def _rate(server: Server, leads: Sequence[str], seconds: float, threads: int) -> tuple[float, float]:
    """Return matches a second, and processor seconds of a match, with so many clients that wait for nothing else."""
    done = [0] * threads
    stop = threading.Event()

    def run(k: int) -> None:
        with httpx.Client(base_url=server.client.base_url, headers=server.client.headers, timeout=120) as client:
            for lead in itertools.cycle([*leads[k:], *leads[:k]]):
                client.post("/v1/match", json={"lead_id": lead}).raise_for_status()
                done[k] += 1
                if stop.is_set():
                    return

    workers = [threading.Thread(target=run, args=(k,)) for k in range(threads)]
    for worker in workers:
        worker.start()
    while min(done) < _WARMING:  # each process has read the history by then
        time.sleep(0.05)
    before, busy, began = sum(done), server.busy(), time.perf_counter()
    time.sleep(seconds)
    count, used, took = sum(done) - before, server.busy() - busy, time.perf_counter() - began
    stop.set()
    for worker in workers:
        worker.join()
    return count / took, used / max(count, 1)


def mixed(stores: dict[str, Workspace], leads: Sequence[str], writes: int) -> str:
    """Return the table of matches with a write of an activity before every tenth."""
    rows = ["| one write in ten matches | p50 ms | p99 ms | first after a write, median ms |", "|---|---:|---:|---:|"]
    for name, home in stores.items():
        with ours(home, role="admin") as server:
            ask = _match_of(server)
            partner = ask(leads[0]).json()["candidates"][0]["partner"]
            times = []
            for k in range(10 * writes):
                if k % 10 == 0:
                    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
                    body = {"external_id": f"bench-{name}-{time.time_ns()}", "partner": partner}
                    body |= {"kind": "login", "occurred_at": now}
                    server.client.post("/v1/activities", json=body).raise_for_status()
                began = time.perf_counter()
                ask(leads[k % len(leads)]).raise_for_status()
                times.append(1000 * (time.perf_counter() - began))
        after = float(np.median(times[::10]))
        rows.append(f"| {_TITLES[name]} | {np.median(times):.1f} | {np.percentile(times, 99):.1f} | {after:.0f} |")
    return "\n".join(rows)
