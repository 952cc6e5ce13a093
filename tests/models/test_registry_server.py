"""The registry on a real MLflow server: two programmes share it by their prefixes."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from domain.settings import Settings
from intelligence.features.text import TextEncoder
from models.probability import ProbabilityModel
from models.registry import Registry
from store.history import History
from tests.models.test_registry import add, day
from tests.training.test_service import ToyTask, make_dataset
from training.service import train_one
from training.task import TrainingContext

LATER = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("mlflow-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'server.db'}", "--artifacts-destination", str(folder)]
    quiet = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=quiet, cwd=folder, start_new_session=True)
    try:
        if not answers(f"http://127.0.0.1:{port}/health", process):
            pytest.skip(f"mlflow server does not start: {(folder / 'log').read_text()[-300:]}")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=20)


def answers(url: str, process: subprocess.Popen[bytes], seconds: float = 90) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  # our own server on this machine
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.2)
    return False


def test_versions_files_and_aliases_live_on_the_server(server: str, tmp_path: Path) -> None:
    trainer = Registry.of(Settings(home=tmp_path / "trainer", mlflow_tracking_uri=server))
    for number in (5, 10):
        trainer.promote("churn", trainer.approve(add(trainer, tmp_path / "made", "churn", day(number))).version)
    other_machine = Registry.of(Settings(home=tmp_path / "serving", mlflow_tracking_uri=server))
    serving = other_machine.serving("churn", LATER)
    assert serving is not None
    assert serving.label == "churn/2"
    assert (serving.folder / "weights.txt").read_text() == f"churn {day(10)}"
    assert serving.folder.is_relative_to(tmp_path / "serving")
    trainer.put_in_shadow("churn", 1)
    trainer.explain(trainer.version("churn", 2), "Drift.")
    trainer.rollback("churn")
    fresh = Registry.of(Settings(home=tmp_path / "third", mlflow_tracking_uri=server))
    assert {version.label: version.state for version in fresh.versions("churn")} == {
        "churn/1": "champion",
        "churn/2": "rolled back",
    }
    assert fresh.version("churn", 2).trained_because == "Drift."


def test_a_model_is_trained_promoted_and_loaded_through_it(server: str, sqlite_engine: Engine, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "training", mlflow_tracking_uri=server, mlflow_prefix="trained-")
    context = TrainingContext(settings, TextEncoder(sqlite_engine, settings), datetime(2024, 1, 1, tzinfo=UTC))
    report = train_one(ToyTask(make_dataset()), History.of(context.until), context, Registry.of(settings))
    assert (report.outcome, report.label) == ("promoted", "churn/1")
    elsewhere = Registry.of(settings.model_copy(update={"home": tmp_path / "serving"}))
    serving = elsewhere.serving("churn", LATER)
    assert serving is not None
    loaded = ProbabilityModel.load(serving.folder)
    rows = make_dataset().features
    p = loaded.predict(rows).p
    assert np.corrcoef(p, rows["signal"])[0, 1] > 0.8


def test_a_change_reaches_a_process_that_has_answered_before_within_seconds(server: str, tmp_path: Path) -> None:
    first, second = (Registry.of(Settings(home=tmp_path / name, mlflow_tracking_uri=server)) for name in "ab")
    version = first.approve(add(first, tmp_path / "made", "fit", day(3)))
    second.versions("fit")
    assert second.champion("fit") is None
    first.promote("fit", version.version)
    deadline = time.monotonic() + 5
    while second.champion("fit") is None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert second.champion("fit") is not None


def test_two_programmes_share_a_server(server: str, tmp_path: Path) -> None:
    ours, theirs = (
        Registry.of(Settings(home=tmp_path / name, mlflow_tracking_uri=server, mlflow_prefix=f"{name}-"))
        for name in ("ours", "ours-eu")
    )
    add(ours, tmp_path / "made", "match", day(1))
    assert theirs.names() == ()
    add(theirs, tmp_path / "made", "match", day(2))
    add(theirs, tmp_path / "made", "match", day(3))
    assert (ours.names(), theirs.names()) == (("match",), ("match",))
    assert (len(ours.versions("match")), len(theirs.versions("match"))) == (1, 2)
