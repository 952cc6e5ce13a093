"""What `POST /match` costs beside an earlier commit, in one run. ``python -m benchmarks match-cost --before COMMIT``.

Both checkouts import the same demo programme, train match and serve; requests go to them in turn, each pair for the
same lead, so that whatever else the machine does falls on both.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import psutil

from benchmarks.workspace import ROOT

BEFORE = "b942180"
_END = "2026-11-20T00:00:00+00:00"
_SIZES = "--seed 31 --partners 800 --leads 5000 --deals 4000 --activities 60000"
_WARMING = 5


@dataclass(eq=False)
class Served:
    """A running server of one checkout, and what its answers took.

    Parameters
    ----------
    name : str
        For the table.
    client : Client
        With the server's address and a key.
    process : Process
        The server.
    """

    name: str
    client: httpx.Client
    process: psutil.Process
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def ask(self, lead: str) -> None:
        """Match a lead, and note wall time and processor time."""
        before, began = self._busy(), time.perf_counter()
        answer = self.client.post("/v1/match", json={"lead_id": lead, "limit": 10, "as_of": _END})
        self.seconds.append(time.perf_counter() - began)
        self.cpu.append(self._busy() - before)
        answer.raise_for_status()

    def _busy(self) -> float:
        used = self.process.cpu_times()
        return float(used.user + used.system)


@dataclass(frozen=True)
class Checkout:
    """A checkout with a home of its own in which match is trained."""

    name: str
    source: Path
    home: Path

    def run(self, *arguments: str | Path) -> str:
        """Run a command of this checkout."""
        command = [sys.executable, "-m", "cli", *map(str, arguments)]
        done = subprocess.run(
            command, cwd=self.source, env=self._environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"{self.name}: {' '.join(command)} failed:\n{done.stderr[-4000:]}")
        return done.stdout

    @contextmanager
    def served(self, port: int) -> Iterator[Served]:
        """Serve the home, without a worker; yield when it answers."""
        key = self.run("keys", "create", "--name", "bench", "--role", "router").strip().splitlines()[-1]
        command = [sys.executable, "-m", "uvicorn", "api.app:create_app", "--factory", "--port", str(port)]
        command += ["--log-level", "warning"]
        with subprocess.Popen(command, cwd=self.source, env=self._environment) as process:
            try:
                headers = {"Authorization": f"Bearer {key}"}
                with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=120) as client:
                    _wait(client)
                    yield Served(self.name, client, psutil.Process(process.pid))
            finally:
                process.terminate()

    @property
    def _environment(self) -> dict[str, str]:
        return os.environ | {"ALLYWISE_HOME": str(self.home), "PYTHONPATH": str(self.source)}


def _wait(client: httpx.Client) -> None:
    for _ in range(240):
        try:
            if client.get("/healthz").status_code < 500:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise RuntimeError("the server does not answer")


def prepared(name: str, source: Path, home: Path, records: Path) -> Checkout:
    """Import and train in a home, unless it is there already."""
    checkout = Checkout(name, source, home)
    if not home.exists():
        checkout.run("import", records)
        checkout.run("train", "match", "--as-of", _END)
    return checkout


def table(served: Sequence[Served]) -> str:
    """Return medians, and the ratio of the second to the first with its 95 % interval over pairs of requests."""
    first, second = (np.array([each.seconds, each.cpu])[:, _WARMING:] * 1000 for each in served)
    rows = [f"{first.shape[1]} requests each, milliseconds.\n"]
    rows += [f"| | {served[0].name} | {served[1].name} | ratio | 95 % interval |", "|---|---:|---:|---:|---:|"]
    rng = np.random.default_rng(1)
    for k, (title, of) in enumerate((("p50", 50), ("p95", 95), ("processor time, mean", None))):
        row = min(k // 2, 1)
        draws = rng.integers(0, first.shape[1], (1000, first.shape[1]))
        a, b = (_figure(values[row], of) for values in (first, second))
        ratios = _figure(second[row][draws], of) / np.maximum(_figure(first[row][draws], of), 1e-9)
        low, high = np.quantile(ratios, [0.025, 0.975])
        rows.append(f"| {title} | {a:.1f} | {b:.1f} | {b / max(a, 1e-9):.2f} | {low:.2f}–{high:.2f} |")
    return "\n".join(rows)


def _figure(values: np.ndarray, of: int | None) -> np.ndarray:
    return np.asarray(values.mean(axis=-1) if of is None else np.percentile(values, of, axis=-1))


def main(arguments: list[str] | None = None) -> str:
    """Measure both checkouts; return the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks match-cost", allow_abbrev=False, description=__doc__)
    parser.add_argument("--before", default=BEFORE, help="commit to compare with")
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--port", type=int, default=8461, help="and the one after it")
    parser.add_argument("--folder", type=Path, help="keep the homes here, to measure again without training")
    options = parser.parse_args(arguments or [])
    with ExitStack() as stack:
        kept = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="allywise-bench-")))
        records, source = kept / "records", kept / "before-source"
        if not records.exists():
            words = [str(records), "--truth", str(kept / "truth"), "--end", _END, *_SIZES.split()]
            subprocess.run([sys.executable, "-m", "demo", *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
            git = shutil.which("git") or "git"
            subprocess.run([git, "clone", "-q", str(ROOT), str(source)], check=True)
            subprocess.run([git, "-C", str(source), "checkout", "-q", options.before], check=True)
        sides = ((options.before, source, kept / "before"), ("now", ROOT, kept / "now"))
        checkouts = [prepared(name, code, home, records) for name, code, home in sides]
        served = [stack.enter_context(each.served(options.port + k)) for k, each in enumerate(checkouts)]
        leads = pd.read_csv(records / "leads.csv")["external_id"].tail(options.requests)
        for lead in [*leads.head(_WARMING), *leads]:
            for each in served:
                each.ask(str(lead))
        return table(served)
