"""What pages cost: server time beside their main API call, bytes and round trips. ``python -m benchmarks pages``.

A generated programme of 2,000 partners and 5,000 prospects is imported, trained (fit, churn, match), scored and served
to one reader at a time. ``first`` is the first answer of a fresh process, the other times are of warm ones: page and
API call in turns, on one kept connection, so both carry the same costs of HTTP. A real Chromium with an empty cache
opens each page once: bytes of the page with all its files as they come over the line, and round trips before it can be
read: the page itself, what blocks its first paint, and what that in turn waits for.

``--home HOME`` measures a home that is imported, trained and scored already, ``--lists`` the first pages and the long
lists alone, ``--only /portal`` the pages whose address begins so.
"""

import argparse
import importlib
import os
import pkgutil
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from api import console
from api.app import create_app
from benchmarks.page_cases import CASES, Case, Names, names_of
from benchmarks.workspace import ROOT, Workspace, workspace
from domain.context import SYSTEM
from domain.settings import Settings
from domain.terms import Role
from store.unit_of_work import UnitOfWork

WORLD = "--partners 2000 --prospects 5000 --leads 25000 --deals 20000 --activities 300000 --truth-draws 1"
RUNS = 15
BAR_RATIO, BAR_LIST_MS, BAR_KB, BAR_TRIPS = 5.0, 300.0, 200.0, 2
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_SEEN = """() => {
  const [page] = performance.getEntriesByType('navigation');
  const files = performance.getEntriesByType('resource');
  const blocking = files.filter(one => one.renderBlockingStatus === 'blocking');
  const beyond = blocking.some(one => one.initiatorType === 'css') ? 2 : blocking.length ? 1 : 0;
  return {
    bytes: page.transferSize + files.reduce((sum, one) => sum + one.transferSize, 0),
    trips: 1 + page.redirectCount + beyond,
  };
}"""


class Unanswered(Exception):
    """A page, or its API call, did not answer with 200."""


@dataclass(frozen=True)
class Served:
    """A running service with a key for each kind of reader.

    Parameters
    ----------
    address : str
        Of the server.
    keys : mapping
        Secret by role.
    names : Names
        What stands for the places in paths.
    """

    address: str
    keys: Mapping[Role, str]
    names: Names


@dataclass(frozen=True)
class Times:
    """Milliseconds of one page."""

    first: float
    p50: float
    p95: float
    api: float | None

    @property
    def ratio(self) -> float | None:
        """Page over API call."""
        return None if self.api is None else self.p50 / self.api


def prepare(work: Workspace) -> None:
    """Generate the programme, import, train and score it."""
    files, truth = work.home.parent / "files", work.home.parent / "truth"
    command = [sys.executable, "-m", "demo", str(files), "--truth", str(truth), *WORLD.split()]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    work.run("import", files)
    for model in ("fit", "churn", "match"):
        work.run("train", model)
    for horizon in (30, 60, 90):
        work.run("score", "churn", "--horizon", str(horizon), "--out", work.home.parent / f"churn-{horizon}.csv")
    work.run("score", "fit", "--out", work.home.parent / "fit.csv")


@contextmanager
def served(home: Path) -> Iterator[Served]:
    """Serve a home on a free port, in this process."""
    os.environ["ALLYWISE_HOME"] = str(home)
    app = create_app(Settings(), warm=True)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        with UnitOfWork(app.state.services.intelligence.engine, SYSTEM) as work:
            names = names_of(work)
            keys: dict[Role, str] = {
                role: work.keys.create(f"bench {role}", role).secret for role in Role if role is not Role.PARTNER
            }
            keys[Role.PARTNER] = work.keys.create("bench partner", Role.PARTNER, names.ours("partner")).secret
        yield Served(f"http://127.0.0.1:{port}", keys, names)
    finally:
        server.should_exit = True
        thread.join(30)


@contextmanager
def signed_in(service: Served, role: Role) -> Iterator[httpx.Client]:
    """Yield a client with a session of a role."""
    with httpx.Client(base_url=service.address, timeout=120) as client:
        found = re.search(r'name="form" value="([^"]*)"', client.get("/login").text)
        client.post("/login", data={"key": service.keys[role], "form": found.group(1) if found else ""})
        yield client


def timed(client: httpx.Client, case: Case, names: Names, runs: int) -> Times:
    """Measure a page and its API call in turns."""
    page, api = names.fill(case.path), names.fill(case.api) if case.api else None
    first, times, called = _took(client, page), [], []
    for _ in range(runs):
        times.append(_took(client, page))
        if api is not None:
            called.append(_took(client, api))
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]
    return Times(first, statistics.median(times), p95, statistics.median(called) if called else None)


def _took(client: httpx.Client, path: str) -> float:
    started = time.perf_counter()
    answer = client.get(path)
    taken = (time.perf_counter() - started) * 1000
    if answer.status_code != 200:
        raise Unanswered(f"`{path}` {answer.status_code}")
    return taken


def weighed(service: Served, cases: Collection[Case]) -> dict[Case, tuple[float, int]]:
    """Return kilobytes over the line and round trips before reading, in a browser that has seen nothing."""
    from playwright.sync_api import sync_playwright

    found: dict[Case, tuple[float, int]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        for role in dict.fromkeys(case.role for case in cases):
            with signed_in(service, role) as client:
                cookies: list[Any] = [
                    {"name": one.name, "value": one.value or "", "url": service.address} for one in client.cookies.jar
                ]
            for case in (case for case in cases if case.role == role):
                context = browser.new_context(viewport={"width": 390, "height": 844})
                context.add_cookies(cookies)
                page = context.new_page()
                page.goto(service.address + service.names.fill(case.path), wait_until="load")
                seen: dict[str, Any] = page.evaluate(_SEEN)
                found[case] = (seen["bytes"] / 1000, int(seen["trips"]))
                context.close()
        browser.close()
    return found


def measured(service: Served, cases: Sequence[Case], runs: int) -> tuple[dict[Case, Times], list[str]]:
    """Return the times of the pages that answer, and what did not."""
    times: dict[Case, Times] = {}
    failed: list[str] = []
    for role in dict.fromkeys(case.role for case in cases):
        with signed_in(service, role) as client:
            for case in (case for case in cases if case.role == role):
                try:
                    times[case] = timed(client, case, service.names, runs)
                    sys.stderr.write(f"{_line(case, times[case], None)}\n")
                except Unanswered as error:
                    failed.append(str(error))
    return times, failed


def table(times: Mapping[Case, Times], weights: Mapping[Case, tuple[float, int]]) -> str:
    """Return the table."""
    head = "| page | reader | first ms | p50 ms | p95 ms | API call | p50 ms | page / API | kB | round trips |"
    return "\n".join([head, "|" + "---|" * 10, *(_line(case, took, weights.get(case)) for case, took in times.items())])


def _line(case: Case, took: Times, weight: tuple[float, int] | None) -> str:
    slow = took.p95 > BAR_LIST_MS and case.is_list
    far = took.ratio is not None and took.ratio > BAR_RATIO
    api, ratio = ("–", "–") if took.api is None or took.ratio is None else (f"{took.api:.0f}", f"{took.ratio:.1f}")
    kilobytes, trips = ("–", "–") if weight is None else (f"{weight[0]:.0f}", str(weight[1]))
    return (
        f"| `{case.path}`{' (list)' if case.is_list else ''} | {case.role} | {took.first:.0f} | {took.p50:.0f} "
        f"| {took.p95:.0f}{' **over**' if slow else ''} | {f'`{case.api}`' if case.api else '–'} | {api} "
        f"| {ratio}{' **over**' if far else ''} | {kilobytes} | {trips} |"
    )


def unmeasured() -> list[str]:
    """Return the addresses of pages that no case stands for; files to download are none."""
    known = {case.path.partition("?")[0] for case in CASES}
    modules = (
        importlib.import_module(f"{console.__name__}.{one.name}") for one in pkgutil.iter_modules(console.__path__)
    )
    routes: list[Any] = [
        route for module in modules for route in getattr(getattr(module, "router", None), "routes", ())
    ]
    found = {route.path for route in routes if "GET" in (getattr(route, "methods", None) or ())}
    files = (".csv", ".pdf", "/csv", "/pdf")
    return sorted(path for path in found if not path.endswith(files) and not any(_same(path, one) for one in known))


def _same(route: str, path: str) -> bool:
    parts = re.split(r"\{[^}]*\}", route)
    return re.fullmatch("[^/]+".join(map(re.escape, parts)), path) is not None


def main(arguments: list[str] | None = None) -> str:
    """Measure and return the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks pages")
    parser.add_argument("--home", type=Path, help="imported, trained and scored already")
    parser.add_argument("--only", default="", help="pages whose address begins so")
    parser.add_argument("--lists", action="store_true", help="only the first pages and the long lists")
    parser.add_argument("--runs", type=int, default=RUNS, help="how often each page is asked for")
    options = parser.parse_args(arguments or [])
    with ExitStack() as stack:
        home = options.home
        if home is None:
            work = stack.enter_context(workspace())
            prepare(work)
            home = work.home
        service = stack.enter_context(served(home))
        cases = [case for case in CASES if case.path.startswith(options.only)]
        cases = [case for case in cases if case.is_list or case.path == "/" or not options.lists]
        there = [case for case in cases if service.names.has_all(case.path, case.api)]
        times, failed = measured(service, there, options.runs)
        found = table(times, weighed(service, times) if CHROMIUM else {})
        head = f"{service.names.sizes}; one reader at a time, {options.runs} times each; milliseconds.\n"
    lacking = [f"`{case.path}` no row" for case in cases if case not in there]
    notes = [f"Not measured: {', '.join([*failed, *lacking])}."] if failed or lacking else []
    notes += [f"Pages without a case: {', '.join(unmeasured())}."] if unmeasured() else []
    return "\n".join([head, found, *(f"\n{note}" for note in notes)])


if __name__ == "__main__":
    print(main(sys.argv[1:]))
