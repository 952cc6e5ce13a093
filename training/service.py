"""Training of the four models: history in, registered versions out, promoted when the gates pass."""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from domain.context import Clock, system_clock
from domain.errors import TrainingImpossible
from domain.settings import Settings
from domain.terms import ModelName
from intelligence.features.text import TextEncoder
from models.artefact import GateRecord, Manifest, as_utc, write_artefact
from models.registry import ModelVersion, Registry
from store.engine import Engine
from store.history import History, load_history
from training.dataset import Floats
from training.evaluation import Method
from training.gates import judge
from training.provenance import git_sha, library_versions
from training.report import TrainingReport
from training.task import PartResult, TrainingContext, TrainingResult, TrainingTask

Progress = Callable[[str, float], None]
"""Takes what is being done and the share that is done, 0 to 1."""

GOLDEN_FOLDER = "golden"
_GOLDEN_P = "expected p"


def train(
    engine: Engine,
    settings: Settings,
    names: Sequence[str] | None = None,
    as_of: datetime | None = None,
    progress: Progress | None = None,
    clock: Clock = system_clock,
) -> list[TrainingReport]:
    """Train models from everything that was known at an instant.

    Parameters
    ----------
    engine : Engine
        Of the store.
    settings : Settings
        Horizons, seeds, home and registry.
    names : sequence of str, optional
        Which models; default all four.
    as_of : datetime, optional
        Nothing that became known later is used; default now.
    progress : callable, optional
        Takes what is being done and the share done.
    clock : callable, optional
        Gives the present instant.

    Returns
    -------
    list of TrainingReport
        One per name, in order. A model that cannot be trained has a report that says why; nothing is raised.
    """
    instant = as_utc(as_of) if as_of is not None else clock()
    wanted = [str(name) for name in (names or list(ModelName))]
    show = progress or _no_progress
    show("reading the history", 0.0)
    with engine.connect() as connection:
        history = load_history(connection, instant)
    context = TrainingContext(settings, TextEncoder(engine, settings), instant)
    registry = Registry.of(settings)
    reports = []
    for position, name in enumerate(wanted):
        report = _reporter(show, name, position / len(wanted))
        reports.append(train_one(load_task(name), history, replace(context, report=report), registry, clock=clock))
    show("trained", 1.0)
    return reports


def load_task(name: str) -> TrainingTask:
    """Return the task that trains the model `name`."""
    return cast("TrainingTask", import_module(f"training.{ModelName(name)}").TASK)


def train_one(
    task: TrainingTask,
    history: History,
    context: TrainingContext,
    registry: Registry,
    *,
    clock: Clock = system_clock,
) -> TrainingReport:
    """Run one task and carry its result through artefact, registry, gates and promotion."""
    started = time.perf_counter()
    context = replace(context, champion=registry.champion(task.name))
    context.report("preparing")
    try:
        result = task.train(history, context)
    except TrainingImpossible as error:
        serving = context.champion.label if context.champion else "The baseline"
        reason = f"Not trained: {error.message.rstrip('.')}. {serving} goes on answering."
        return TrainingReport(task.name, "impossible", reason, seconds=time.perf_counter() - started)
    with tempfile.TemporaryDirectory(prefix="allywise-") as scratch:
        folder = Path(scratch) / task.name
        gates = _write_model(task, result, folder, context)
        manifest = write_artefact(folder, _manifest_fields(task.name, result, gates, history, context, clock()))
        version = registry.register(task.name, folder, manifest, _metrics(result), _params(manifest, result))
    context.report(f"registered {version.label}")
    outcome, reason = _promote(registry, version, gates, context.champion)
    return TrainingReport(
        name=task.name,
        outcome=outcome,
        reason=reason,
        label=version.label,
        evaluations=tuple(part.evaluation for part in result.parts),
        choices={part.part: part.choice for part in result.parts},
        gates=gates,
        notes=result.notes,
        seconds=time.perf_counter() - started,
    )


def _write_model(
    task: TrainingTask, result: TrainingResult, folder: Path, context: TrainingContext
) -> tuple[GateRecord, ...]:
    """Save the model and its golden rows, replay those from the files, and apply the gates."""
    (folder / GOLDEN_FOLDER).mkdir(parents=True)
    result.model.save(folder)
    replayed = []
    for part in result.parts:
        path = folder / GOLDEN_FOLDER / f"{part.part}.parquet"
        part.golden.features.assign(**{_GOLDEN_P: part.golden.p}).to_parquet(path)
        replayed.append(replay(task, folder, part.part)[0])
    return judge(result.parts, replayed, seed=context.seed)


def replay(task: TrainingTask, folder: Path, part: str) -> tuple[Floats, Floats]:
    """Return p of a part's golden rows through the artefact in `folder`, and p as it was when fitted."""
    rows = pd.read_parquet(folder / GOLDEN_FOLDER / f"{part}.parquet")
    features = rows.drop(columns=_GOLDEN_P)
    return np.asarray(task.predict(folder, part, features), dtype=np.float64), rows[_GOLDEN_P].to_numpy()


def _promote(
    registry: Registry, version: ModelVersion, gates: Sequence[GateRecord], champion: ModelVersion | None
) -> tuple[Any, str]:
    serving = champion.label if champion else "the baseline"
    failed = [gate for gate in gates if not gate.passed]
    if failed:
        reasons = " ".join(gate.sentence for gate in failed)
        return "refused", f"{version.label} is not promoted; {serving} goes on answering. {reasons}"
    registry.approve(version)
    day = f"{version.trained_as_of:%Y-%m-%d}"
    if champion is not None and champion.trained_as_of > version.trained_as_of:
        return "approved", (
            f"{version.label} passed and answers as of {day} until the next version's date; "
            f"{champion.label}, trained as of {champion.trained_as_of:%Y-%m-%d}, stays champion."
        )
    registry.promote(version.name, version.version)
    return "promoted", f"{version.label} is champion: it answers as of {day} and later, instead of {serving}."


def _manifest_fields(
    name: str,
    result: TrainingResult,
    gates: Sequence[GateRecord],
    history: History,
    context: TrainingContext,
    now: datetime,
) -> Mapping[str, Any]:
    return {
        "name": name,
        "trained_as_of": context.as_of,
        "created_at": now,
        "parts": [_part_fields(part) for part in result.parts],
        "feature_set": result.feature_set,
        "fingerprint": result.fingerprint,
        "columns": result.columns,
        "label_rule": result.label_rule,
        "seed": context.seed,
        "git_sha": git_sha(),
        "libraries": library_versions(),
        "settings": dict(result.settings),
        "counts": dict(result.counts) or _counts(history),
        "notes": result.notes,
        "gates": [gate.model_dump() for gate in gates],
        "golden": GOLDEN_FOLDER,
    }


def _part_fields(part: PartResult) -> dict[str, Any]:
    evaluation = part.evaluation
    return {
        "part": part.part,
        "horizon_days": part.horizon_days,
        "rows": part.rows,
        "positives": part.positives,
        "train_window": part.train_window,
        "test_window": evaluation.window,
        "test_rows": evaluation.n_test,
        "test_positives": evaluation.n_positive,
        "split": evaluation.how,
        "choice": part.choice,
        "methods": [_method_fields(method) for method in evaluation.methods],
        "calibration": evaluation.calibration,
    }


def _method_fields(method: Method) -> dict[str, Any]:
    metrics = {key: {"value": m.value, "low": m.low, "high": m.high} for key, m in method.metrics.items()}
    return {"name": method.name, "kind": method.kind, "metrics": metrics}


def _counts(history: History) -> dict[str, int]:
    resources = ("partners", "leads", "assignments", "deals", "activities", "assets", "offers")
    return {resource: len(history.frame(resource)) for resource in resources if len(history.frame(resource))}


def _metrics(result: TrainingResult) -> dict[str, float]:
    return {
        f"{part.part}/{_mlflow_name(method.name)}/{name}": metric.value
        for part in result.parts
        for method in part.evaluation.methods
        for name, metric in method.metrics.items()
    }


def _mlflow_name(name: str) -> str:
    """Replace what MLflow does not allow in names of metrics."""
    return "".join(sign if sign.isalnum() or sign in "_-. /" else "_" for sign in name)


def _params(manifest: Manifest, result: TrainingResult) -> dict[str, Any]:
    return {
        "trained_as_of": manifest.trained_as_of.isoformat(),
        "seed": manifest.seed,
        "feature_set": manifest.feature_set,
        "fingerprint": manifest.fingerprint,
        "columns": len(manifest.columns),
        **{f"rows_{_mlflow_name(part.part)}": part.rows for part in result.parts},
        **{f"choice_{_mlflow_name(part.part)}": part.choice for part in result.parts},
        **{_mlflow_name(f"setting_{key}"): value for key, value in result.settings.items()},
    }


def _no_progress(_text: str, _done: float) -> None:
    """Show nothing."""


def _reporter(show: Progress, name: str, done: float) -> Callable[[str], None]:
    return lambda sentence: show(f"{name}: {sentence}", done)
