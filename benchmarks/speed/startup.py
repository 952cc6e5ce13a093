"""``python -m benchmarks speed-startup``: from the start of the process to ready, beside the bare imports.

Ready is the first 200 of ``/readyz``: the schema is this version's and the models that serve are loaded. The floor is a
process that imports the libraries that the service has loaded by then, and nothing of the service itself; a second one
imports the service's modules, too. All are started in turns. Then the memory of the serving processes is looked at.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil

from api.processes import memory_of
from benchmarks.speed.load_house import processes_of, wait_until_ready

_CHECKOUT = Path(__file__).resolve().parents[2]
_LIBRARIES = """
import importlib, sys
for name in {names!r}:
    try:
        importlib.import_module(name)
    except ImportError:
        pass
"""
_LISTED = """
import sys
before = set(sys.modules)
import cli.main, api.app, models.fit, models.churn, models.match, models.recommend
own = {own!r}
top = {{name for name in set(sys.modules) - before if name.partition(".")[0] not in own and not name.startswith("_")}}
print(*sorted(name for name in top if getattr(sys.modules[name], "__file__", None)))
"""
_OWN = ("api", "cli", "domain", "intelligence", "models", "programme", "store", "training", "worker", "__main__")
_MODULES = "import cli.main, api.app, models.fit, models.churn, models.match, models.recommend"
_MIB = 2**20


def main(arguments: list[str]) -> str:
    """Return the tables."""
    options = _options(arguments)
    with _homes(options) as homes:
        started = [_started(name, home, options.runs) for name, home in homes.items()]
        largest = list(homes)[-1]
        memory = [row for workers in options.workers for row in _memory(homes[largest], workers, options.settle)]
    heads = "| programme | seconds to ready | libraries | and own modules | beyond libraries | beyond own modules |"
    first = "\n".join([heads, "|---|---:|---:|---:|---:|---:|", *started])
    heads = "| processes | which | resident | proportional | private |"
    second = "\n".join([heads, "|---:|---|---:|---:|---:|", *memory])
    return f"{first}\n\nMemory in MiB after the programme was read, programme `{largest}`:\n\n{second}"


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks speed-startup")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--settle", type=float, default=20, help="seconds until memory is looked at")
    parser.add_argument("--partners", type=int, nargs="*", default=[100, 400])
    parser.add_argument("--home", type=Path, help="another programme's data folder, copied and measured last")
    return parser.parse_args(arguments)


@contextmanager
def _homes(options: argparse.Namespace) -> Iterator[dict[str, Path]]:
    """Yield data folders by the name of their programme: none yet, generated ones, a given one."""
    with tempfile.TemporaryDirectory(prefix="startup-") as folder:
        homes = {"empty": Path(folder) / "empty"}
        for partners in options.partners:
            home = homes[f"{partners:,} partners"] = Path(folder) / str(partners)
            words = ["demo", "--no-serve", "--partners", str(partners), "--leads", str(12 * partners)]
            subprocess.run(_allywise(*words), env=_environment(home), check=True, capture_output=True)
        if options.home is not None:
            homes[options.home.name] = Path(shutil.copytree(options.home, Path(folder) / "given"))
        yield homes


def _allywise(*words: str) -> list[str]:
    return [sys.executable, "-m", "cli", *words]


def _environment(home: Path) -> dict[str, str]:
    return os.environ | {"ALLYWISE_HOME": str(home), "PYTHONPATH": str(_CHECKOUT)}


def _started(name: str, home: Path, runs: int) -> str:
    """Return the row of one programme: medians, and differences of what was measured in the same turn."""
    listed = subprocess.run(
        [sys.executable, "-c", _LISTED.format(own=_OWN)],
        env=_environment(home),
        check=True,
        capture_output=True,
        text=True,
    )
    libraries = _LIBRARIES.format(names=listed.stdout.split())
    turns = np.array(
        [(_seconds_to_ready(home), _seconds_of(libraries, home), _seconds_of(_MODULES, home)) for _ in range(runs + 1)]
    )[1:]
    ready, bare, own = turns.T
    cells = [f"{np.median(each):.1f}" for each in (ready, bare, own)]
    cells += [_told(ready - bare), _told(ready - own)]
    return f"| {name} | " + " | ".join(cells) + " |"


def _told(seconds: np.ndarray) -> str:
    return f"{np.median(seconds):.1f} ({seconds.min():.1f}–{seconds.max():.1f})"


def _seconds_of(code: str, home: Path) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], env=_environment(home), check=True, capture_output=True)
    return time.perf_counter() - began


def _seconds_to_ready(home: Path) -> float:
    began = time.perf_counter()
    with _serving(home, 2):
        return time.perf_counter() - began


@contextmanager
def _serving(home: Path, workers: int) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["serve", "--workers", str(workers), "--port", str(port)]
    server = subprocess.Popen(_allywise(*words), env=_environment(home))
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/readyz", server, pause=0.02)
        yield server.pid
    finally:
        server.terminate()
        server.wait(60)


def _memory(home: Path, workers: int, settle: float) -> list[str]:
    """Return the rows of memory of a server with so many processes."""
    with _serving(home, workers) as pid:
        time.sleep(settle)
        found = {role: _sizes(process) for role, process in processes_of(pid).items()}
    return [
        f"| {workers} | {role} | " + " | ".join(f"{size:.0f}" for size in sizes) + " |" for role, sizes in found.items()
    ]


def _sizes(process: psutil.Process) -> tuple[float, float, float]:
    memory = memory_of(process.pid)
    private = memory["Private_Clean"] + memory["Private_Dirty"]
    return memory["Rss"] / _MIB, memory["Pss"] / _MIB, private / _MIB
