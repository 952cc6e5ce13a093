"""``allywise serve --workers 2``: processes that share memory, replace each other and end together."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError

import psutil
import pytest

from api.serving import CAN_FORK

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="processes are forked on Linux only")

SECONDS = 90


@dataclass
class Server:
    """A running ``allywise serve``."""

    process: subprocess.Popen[bytes]
    port: int

    def get(self, path: str) -> str:
        """Return an answer, over a connection of its own."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return str(answer.read(), "utf-8")

    def memory(self, kind: str) -> dict[int, float]:
        """Return what a metric of memory says of each serving process."""
        found = re.findall(rf'allywise_process_{kind}_bytes{{process="(\d+)"}} (\S+)', self.get("/metrics"))
        return {int(pid): float(size) for pid, size in found}

    def children(self) -> list[Any]:
        """Return all processes that it started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def stopped_by(self, number: signal.Signals) -> tuple[int, list[Any]]:
        """Send a signal; return the exit status and the processes that were left."""
        children = self.children()
        self.process.send_signal(number)
        status = self.process.wait(SECONDS)
        return status, psutil.wait_procs(children, timeout=SECONDS)[1]


def start(home: Path) -> Server:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "cli", "serve", "--workers", "2", "--port", str(port)]
    return Server(subprocess.Popen(command, env=os.environ | {"ALLYWISE_HOME": str(home)}), port)


def wait_for(condition: Any) -> Any:
    """Return what `condition` returns as soon as that is something."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            found = condition()
        except (URLError, ConnectionError, TimeoutError):
            found = None
        if found:
            return found
        time.sleep(0.2)
    raise TimeoutError(str(condition))


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """Return two servers that start at the same time, each with two processes."""
    one, other = (start(tmp_path_factory.mktemp(name)) for name in ("one", "other"))
    try:
        for server in (one, other):
            wait_for(lambda server=server: server.get("/readyz"))
        yield one, other
    finally:
        for server in (one, other):
            if server.process.poll() is None:
                server.process.kill()  # and its children see it


def test_two_processes_share_memory_and_say_so(servers):
    server = servers[0]
    resident, proportional = (wait_for(lambda kind=kind: server.memory(kind)) for kind in ("resident", "proportional"))
    assert len(resident) == 2
    assert set(resident) <= {child.pid for child in server.children()}
    for pid, size in resident.items():
        assert proportional[pid] < 0.8 * size


def test_requests_are_counted_by_all_processes_together(servers):
    server = servers[0]

    def counted() -> int:
        pattern = r'allywise_requests_total{method="GET",route="/healthz",status="200"} (\S+)'
        return round(float((re.findall(pattern, server.get("/metrics")) or ["0"])[0]))

    before = counted()
    for _ in range(20):
        server.get("/healthz")
    assert counted() == before + 20


def test_a_process_that_dies_is_replaced(servers):
    server = servers[0]
    before = set(server.memory("resident"))
    os.kill(min(before), signal.SIGKILL)
    after = wait_for(lambda: (found := set(server.memory("resident"))) - before and len(found) == 2 and found)
    assert max(before) in after
    assert '"ready"' in server.get("/readyz")


@pytest.mark.parametrize(("place", "number", "status"), [(0, signal.SIGTERM, 0), (1, signal.SIGINT, 0)])
def test_a_signal_stops_all_processes(servers, place, number, status):
    assert servers[place].stopped_by(number) == (status, [])
