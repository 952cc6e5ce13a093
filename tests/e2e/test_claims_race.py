"""Fifty at once, over HTTP, against four server processes on PostgreSQL: one gets it."""

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import httpx
import pytest

from domain.context import SYSTEM, system_clock
from domain.terms import Role
from programme import records
from store.engine import create_store_engine
from store.migrate import upgrade
from store.unit_of_work import UnitOfWork
from tests.programme.claims_world import World, open_world

ALL = 50
SPELLINGS = (
    {"company": "Acme Rockets, Inc.", "domain": "www.acme-rockets.com"},
    {"company": "ACME ROCKETS", "domain": "https://acme-rockets.com/"},
    {"company": "Acme-Rockets Corporation", "domain": None},
    {"company": None, "domain": "sales@eu.acme-rockets.com"},
)


@pytest.fixture
def world(create_database) -> Iterator[World]:
    engine = create_store_engine(create_database("race"))
    upgrade(engine)
    yield open_world(engine, system_clock, ALL, auto_approve=True)
    engine.dispose()


@pytest.fixture
def served(world: World, tmp_path: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = world.engine.url.render_as_string(hide_password=False)
    environment = {**os.environ, "ALLYWISE_DATABASE_URL": url, "ALLYWISE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "cli", "serve", "--port", str(port), "--workers", "4"]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as server,
    ):
        try:
            _await(f"http://127.0.0.1:{port}/healthz", server)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            server.wait(30)


def _await(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(url, timeout=2).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


def keys(world: World) -> list[str]:
    with UnitOfWork(world.engine, SYSTEM) as work:
        return [work.keys.create(name, Role.PARTNER, id_).secret for name, id_ in world.ids.items()]


def at_once(calls: list[Callable[[httpx.Client], httpx.Response]]) -> list[httpx.Response]:
    """Make all calls at the same moment, each on a connection of its own."""
    barrier = Barrier(len(calls))

    def make(call: Callable[[httpx.Client], httpx.Response]) -> httpx.Response:
        with httpx.Client(timeout=120) as client:
            barrier.wait(60)
            return call(client)

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(make, calls))


def posting(url: str, secret: str, body: object) -> Callable[[httpx.Client], httpx.Response]:
    headers = {"Authorization": f"Bearer {secret}"}
    return lambda client: client.post(url, json=body, headers=headers)


@pytest.mark.slow
def test_of_fifty_at_once_exactly_one_gets_it(world, served):
    secrets = keys(world)
    with UnitOfWork(world.engine, SYSTEM) as work:
        boss = work.keys.create("boss", Role.ADMIN).secret

    # Fifty partners register one customer, each spelling it in its own way.
    bodies = [{"external_id": f"D-{i}", "country": "US", **SPELLINGS[i % len(SPELLINGS)]} for i in range(ALL)]
    calls = [posting(f"{served}/registrations", secrets[i], bodies[i]) for i in range(ALL)]
    answers = at_once(calls)
    assert Counter(answer.status_code for answer in answers) == {201: ALL}
    assert Counter(answer.json()["deal"]["status"] for answer in answers) == {"approved": 1, "submitted": ALL - 1}
    (first,) = (
        answer.json()["deal"]["external_id"] for answer in answers if answer.json()["deal"]["status"] == "approved"
    )

    # Once that one is rejected, all others are approved at the same time by people.
    rejected = at_once([posting(f"{served}/registrations/{first}/reject", boss, {"reason": "no"})])
    assert rejected[0].status_code == 200
    others = [body["external_id"] for body in bodies if body["external_id"] != first]
    answers = at_once([posting(f"{served}/registrations/{key}/approve", boss, {}) for key in others])
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: ALL - 2}
    with UnitOfWork(world.engine, SYSTEM) as work:
        assert len(work.repository("deals").list({"status": "approved"}, limit=100).rows) == 1

    # Fifty partners accept one lead.
    with UnitOfWork(world.engine, SYSTEM) as work:
        records.create(work, "leads", {"external_id": "L-1", "created_at": system_clock(), "company": "Zenith"})
        offers = [records.create(work, "assignments", {"lead": "L-1", "partner": name}) for name in world.ids]
    calls = [
        posting(f"{served}/assignments/{row['id']}/accept", secret, {})
        for row, secret in zip(offers, secrets, strict=True)
    ]
    assert Counter(answer.status_code for answer in at_once(calls)) == {200: 1, 409: ALL - 1}
    with UnitOfWork(world.engine, SYSTEM) as work:
        rows = work.repository("assignments").list(limit=100).rows
    assert Counter(row["response"] for row in rows) == {"accepted": 1, "withdrawn": ALL - 1}
