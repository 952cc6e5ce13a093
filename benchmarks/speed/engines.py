"""One worker beside two: work that a Dask cluster of processes does, its results beside those of one process."""

import argparse
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.speed.batch_store import grow
from benchmarks.speed.harness import Pairing, seconds_of
from benchmarks.workspace import Workspace
from demo.generator import generate
from demo.spec import WorldSpec
from domain.settings import Settings
from intelligence.context import Intelligence, open_intelligence
from intelligence.engine_dask import DaskEngine
from intelligence.feature_rows import rows_in_pieces
from intelligence.features.build import build, learn_feature_set
from intelligence.matching.batch import match_in_pieces
from intelligence.matching.service import match_leads
from intelligence.place import Place
from intelligence.scoring.churn import score_churn
from models.fitting import BoosterFit, BoosterRows, fit_here
from models.trees import presets
from store.engine import create_store_engine
from training.fitting_dask import DaskFitter
from training.rows import training_history

END = datetime(2026, 11, 20, tzinfo=UTC)
_MONTHS = 24
_FEATURES = 60
_REASONS = "reason_"


@dataclass
class Work:
    """Something that scales.

    Parameters
    ----------
    name, size : str
        For the table.
    here : callable
        Does it in this process, all at once.
    there : callable
        Does it by an engine.
    apart : callable
        Gives how far two results are apart.
    """

    name: str
    size: str
    here: Callable[[], Any]
    there: Callable[[DaskEngine], Any]
    apart: Callable[[Any, Any], float]


@dataclass
class Measured:
    """What came of a work."""

    work: Work
    here: float
    first: float
    walls: Pairing
    busy: Mapping[int, list[tuple[float, float, float]]] = field(default_factory=dict)
    apart: float = 0.0
    killed: float | None = None
    killed_apart: float = 0.0

    @property
    def by_processor(self) -> float:
        """Speed-up by processor time: what has to wait for each other, by one worker and by two."""
        one, two = (np.median([driver + longest for driver, longest, _ in self.busy[k]]) for k in (1, 2))
        return float(one / two)

    @property
    def driver_share(self) -> float:
        """Share of all processor time that the process which asks takes: it does not scale."""
        return float(np.median([driver / (driver + total) for driver, _, total in self.busy[2]]))


def main(arguments: list[str]) -> str:
    """Return the tables."""
    options = _options(arguments)
    logging.disable(logging.WARNING)  # of workers that are killed on purpose
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="engines-") as name:
        small, large = _homes(Path(name), options)
        context, big = _opened(small), _opened(large)
        with DaskEngine(workers=1) as one, DaskEngine(workers=2) as two:
            found = [_measured(work, one, two, options.runs) for work in _works(context, big, options)]
            shared = _shared(one, two, options)
        for each in (context, big):
            each.engine.dispose()
    return "\n".join([*_speeds(found), "", *_same(found), "", *shared])


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks speed-engines", description=__doc__)
    parser.add_argument("--partners", type=int, default=6_000, help="scored for churn")
    parser.add_argument("--activities", type=int, default=300_000, help="of theirs")
    parser.add_argument("--leads", type=int, default=1_500, help="matched")
    parser.add_argument("--rows", type=int, default=40_000, help="that boosters are fitted on")
    parser.add_argument("--runs", type=int, default=3, help="pairs that count")
    parser.add_argument("--folder", type=Path, help="where temporary files may lie")
    return parser.parse_args(arguments)


def _homes(folder: Path, options: argparse.Namespace) -> tuple[Path, Path]:
    """Return a trained home, and one with the same models and many more partners."""
    spec = WorldSpec(
        end=END, seed=31, partners=400, prospects=200, leads=max(options.leads, 1_000), deals=2_500, activities=40_000
    )
    generate(folder / "programme", folder / "truth", spec)
    home = Workspace(folder / "home")
    home.run("import", folder / "programme")
    home.run("train", "churn", "match", "--as-of", END.isoformat())
    grow(home.home, folder / "large", partners=options.partners, prospects=200, activities=options.activities)
    shutil.rmtree(folder / "programme")
    return home.home, folder / "large"


def _opened(home: Path) -> Intelligence:
    settings = Settings(home=home, training_threads=1)
    return open_intelligence(create_store_engine(settings.store_url), settings)


def _works(context: Intelligence, big: Intelligence, options: argparse.Namespace) -> list[Work]:
    leads = context.history(END).leads.tail(options.leads)
    return [
        Work(
            "matching, 10 ranks",
            f"{len(leads):,} leads",
            lambda: match_leads(context, leads, END).candidates,
            lambda engine: match_in_pieces(context, engine, leads, END).candidates,
            _frames_apart,
        ),
        _snapshots(big),
        Work(
            "churn scoring",
            f"{options.partners:,} partners, {options.activities:,} activities",
            lambda: score_churn(big, END),
            lambda engine: score_churn(big, END, engine=engine),
            _frames_apart,
        ),
        _fits(options.rows),
    ]


def _snapshots(context: Intelligence) -> Work:
    """Features as training asks for them: every partner at the end of every month."""
    history = context.history(END)
    ids = history.partners["id"].to_numpy(np.int64)
    until = np.datetime64(END.replace(tzinfo=None), "us")
    instants = until - np.arange(_MONTHS) * np.timedelta64(30, "D")
    subjects = pd.DataFrame({"partner_id": np.tile(ids, _MONTHS), "as_of": np.repeat(instants, len(ids))})
    feature_set = learn_feature_set("churn", history, context.settings, context.text)
    known = partial(training_history, END, frozenset())
    return Work(
        "feature rows of training",
        f"{len(subjects):,} rows, {_MONTHS} instants",
        lambda: build(feature_set, history, subjects, context.text),
        lambda engine: rows_in_pieces(engine, Place.of(context), known, feature_set, subjects),
        _frames_apart,
    )


def _fits(n: int) -> Work:
    rows, fits = _boosters(n)
    return Work(
        "boosters of a model, whole",
        f"{len(fits)} on {n:,} rows of {_FEATURES}",
        lambda: fit_here(rows, fits),
        lambda engine: DaskFitter(engine, shared_rows=n + 1)(rows, fits),
        lambda here, there: 0.0 if here == there else np.inf,
    )


def _boosters(n: int) -> tuple[BoosterRows, list[BoosterFit]]:
    """Return a booster and five members on made-up rows."""
    random = np.random.default_rng(5)
    matrix = random.normal(size=(n, _FEATURES))
    z = matrix[:, :5].sum(axis=1) + matrix[:, 5] * matrix[:, 6]
    y = (random.random(n) < 1 / (1 + np.exp(-z))).astype(np.float64)
    params = presets(n, n // 2, seed=7, threads=1)[-1]
    fits = [BoosterFit(params | {"seed": 7 + k}, 150, random.exponential(size=n)) for k in range(6)]
    return BoosterRows(matrix, y, None, 0), fits


def _measured(work: Work, one: DaskEngine, two: DaskEngine, runs: int) -> Measured:
    """Time a work by one worker and by two in turns, after a first run that reads and imports what it takes."""
    print(f"engines: {work.name}, {work.size}", file=sys.stderr, flush=True)
    expected = work.here()
    here = seconds_of(work.here)
    first, _ = seconds_of(lambda: work.there(two)), work.there(one)
    walls: dict[int, list[float]] = {1: [], 2: []}
    busy: dict[int, list[tuple[float, float, float]]] = {1: [], 2: []}
    for _ in range(runs):
        for engine in (two, one):
            before, own, began = _busy(engine), time.process_time(), time.perf_counter()
            result = work.there(engine)
            walls[engine.workers].append(time.perf_counter() - began)
            spent = [after - before.get(worker, 0.0) for worker, after in _busy(engine).items()]
            busy[engine.workers].append((time.process_time() - own, max(spent), sum(spent)))
    killed, survived = _killed(work, two, float(np.median(walls[2])))
    pairing = Pairing(np.array(walls[1]), np.array(walls[2]))
    return Measured(
        work, here, first, pairing, busy, work.apart(expected, result), killed, work.apart(expected, survived)
    )


def _busy(engine: DaskEngine) -> Mapping[str, float]:
    return engine.everywhere(time.process_time)


def _killed(work: Work, engine: DaskEngine, usual: float) -> tuple[float, Any]:
    """Return how long a work takes whose worker is killed in the middle, and its result."""
    victim = next(iter(engine.everywhere(os.getpid).values()))
    killer = threading.Timer(usual / 2, os.kill, (victim, signal.SIGKILL))
    began = time.perf_counter()
    killer.start()
    result = work.there(engine)
    seconds = time.perf_counter() - began
    killer.join()
    time.sleep(1)  # until the scheduler has noticed
    engine.client.wait_for_workers(2, timeout=120)
    return seconds, result


def _frames_apart(here: pd.DataFrame, there: pd.DataFrame) -> float:
    """Return the largest difference of numbers; infinite where anything else but sentences differs."""
    numbers = [name for name in here if here[name].dtype == np.float64]
    rest = [name for name in here if name not in numbers and not str(name).startswith(_REASONS)]
    if len(here) != len(there) or not here[rest].astype(str).equals(there[rest].astype(str)):
        return float("inf")
    return float(np.nanmax(np.abs(here[numbers].to_numpy() - there[numbers].to_numpy()), initial=0.0))


def _shared(one: DaskEngine, two: DaskEngine, options: argparse.Namespace) -> list[str]:
    """Compare boosters fitted by all workers on shares of the rows with those fitted whole."""
    rows, fits = _boosters(options.rows)
    later, _ = _boosters(options.rows // 4)
    lines = [
        f"| {len(rows.y):,} rows, one booster | seconds | log loss on other rows |",
        "|---|---:|---:|",
    ]
    ways: dict[str, Callable[[], list[str]]] = {
        "this process": lambda: fit_here(rows, fits[:1]),
        "lightgbm.dask, 1 worker": lambda: DaskFitter(one, shared_rows=0)(rows, fits[:1]),
        "lightgbm.dask, 2 workers": lambda: DaskFitter(two, shared_rows=0)(rows, fits[:1]),
    }
    for name, way in ways.items():
        way()
        began = time.perf_counter()
        (text,) = way()
        lines.append(f"| {name} | {time.perf_counter() - began:.1f} | {_loss(text, later):.4f} |")
    return lines


def _loss(text: str, rows: BoosterRows) -> float:
    import lightgbm as lgb

    z = np.asarray(lgb.Booster(model_str=text).predict(rows.matrix, raw_score=True))
    return float(np.mean(np.logaddexp(0.0, z) - rows.y * z))


def _speeds(found: list[Measured]) -> list[str]:
    lines = [
        "| work | size | one process, s | first run, 2 workers, s | 1 worker, s | 2 workers, s | 1 / 2 by the clock "
        "| 1 / 2 by processor time | share of the asking process |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for each in found:
        one, two = (float(np.median(seconds)) for seconds in (each.walls.ours, each.walls.peer))
        lines.append(
            f"| {each.work.name} | {each.work.size} | {each.here:.1f} | {each.first:.1f} | {one:.1f} | {two:.1f} "
            f"| {each.walls.told()} | {each.by_processor:.2f} | {each.driver_share:.0%} |"
        )
    return lines


def _same(found: list[Measured]) -> list[str]:
    lines = [
        "| work | farthest from one process | 2 workers, one killed half-way, s | farthest then |",
        "|---|---:|---:|---:|",
    ]
    return lines + [
        f"| {each.work.name} | {each.apart:.0e} | {each.killed:.1f} | {each.killed_apart:.0e} |" for each in found
    ]
