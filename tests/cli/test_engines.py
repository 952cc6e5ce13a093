"""Commands with ``--engine dask``: the answers of one process, from workers in processes of their own."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from distributed import Client, LocalCluster
from pandas.testing import assert_frame_equal

from cli.environment import open_intelligence
from cli.main import run
from tests.programmes import END, Programme

Ask = Callable[..., pd.DataFrame]
AS_OF = ["--as-of", END.isoformat()]


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    ) as one:
        yield one


@pytest.fixture
def ask(programme: Programme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    settings = programme.copy_to(tmp_path / "home")
    monkeypatch.setenv("ALLYWISE_HOME", str(settings.home))
    monkeypatch.setenv("ALLYWISE_TRAINING_THREADS", "1")
    monkeypatch.setenv("ALLYWISE_CHURN_HORIZONS_DAYS", "[30, 90]")

    def asked(*words: str) -> pd.DataFrame:
        open_intelligence.cache_clear()
        out = tmp_path / "out.parquet"
        assert run([*words, *AS_OF, "--out", str(out)]) == 0
        return pd.read_parquet(out)

    yield asked
    open_intelligence.cache_clear()


@pytest.mark.parametrize(
    "words",
    [
        ("match", "--open", "--top", "3"),
        ("match", "--open", "--assign", "--by", "value"),
        ("score", "churn"),
        ("score", "fit"),
        ("features", "churn"),
    ],
    ids=" ".join,
)
def test_a_cluster_answers_as_one_process_does(ask: Ask, cluster: LocalCluster, words: tuple[str, ...]) -> None:
    here = ask(*words)
    there = ask(*words, "--engine", "dask", "--scheduler", cluster.scheduler_address)
    assert len(here)
    assert_frame_equal(there, here, rtol=0, atol=1e-9)


def test_a_worker_killed_on_the_way_changes_nothing(ask: Ask, cluster: LocalCluster) -> None:
    here = ask("match", "--open")
    with Client(cluster) as client:
        victim = min(client.run(os.getpid).values())
        killer = threading.Timer(1.0, os.kill, (victim, signal.SIGKILL))
        killer.start()
        there = ask("match", "--open", "--engine", "dask", "--scheduler", cluster.scheduler_address)
        killer.join()
        client.wait_for_workers(2, timeout=60)
    assert_frame_equal(there, here, rtol=0, atol=1e-9)


def test_exclusions_of_all_pieces_are_written(ask: Ask, cluster: LocalCluster, tmp_path: Path) -> None:
    here, there = tmp_path / "here.parquet", tmp_path / "there.parquet"
    ask("match", "--open", "--exclusions", str(here))
    ask(
        *("match", "--open", "--exclusions", str(there), "--engine", "dask"),
        *("--scheduler", cluster.scheduler_address),
    )
    assert_frame_equal(pd.read_parquet(there), pd.read_parquet(here))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["match", "--open", "--engine", "spark", "--out", "x.csv"], "local or dask"),
        (["score", "churn", "--scheduler", "tcp://10.0.0.5:8786", "--out", "x.csv"], "belongs to --engine dask"),
        (["features", "match", "--out", "x.csv"], "churn or fit"),
        (["train", "--engine", "ray"], "local or dask"),
    ],
)
def test_wrong_options_are_refused(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 2
    assert said in " ".join(capsys.readouterr().err.replace("│", " ").split())
