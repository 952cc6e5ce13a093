"""Training of the four models: history in, registered versions out, promoted when the gates pass."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from domain.context import Clock, system_clock
from domain.settings import Settings
from domain.terms import ModelName
from intelligence.features.text import TextEncoder, kind_of
from models.artefact import GateRecord, Manifest, as_utc, write_artefact
from models.registry import ModelVersion, Registry
from store.engine import Engine
from store.history import History, load_history
from store.privacy import without_erased
from training.apart import make_apart
from training.evaluation import Evaluation, Method
from training.make import GOLDEN_FOLDER, Made, load_task, make, replay
from training.provenance import git_sha, library_versions
from training.report import TrainingReport
from training.rows import Workers, fitting_on
from training.task import PartResult, TrainingContext, TrainingResult, TrainingTask

__all__ = ["Progress", "load_task", "replay", "train", "train_one"]

Progress = Callable[[str, float], None]
"""Takes what is being done and the share that is done, 0 to 1."""


def train(
    engine: Engine,
    settings: Settings,
    names: Sequence[str] | None = None,
    as_of: datetime | None = None,
    progress: Progress | None = None,
    clock: Clock = system_clock,
    processes: int = 1,
    workers: Workers | None = None,
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
    processes : int, default=1
        How many models are trained at the same time, each in a process of its own with its own copy of the history.
    workers : Workers, optional
        Build features and fit boosters; one model is trained after the other then.

    Returns
    -------
    list of TrainingReport
        One per name, in order. A model that cannot be trained has a report that says why; nothing is raised.
    """
    instant = as_utc(as_of) if as_of is not None else clock()
    wanted = [str(name) for name in (names or list(ModelName))]
    show, registry = progress or _no_progress, Registry.of(settings)
    with tempfile.TemporaryDirectory(prefix="allywise-") as scratch:
        todo = {name: registry.champion(name) for name in wanted}
        work = _Work(engine, settings, instant, todo, Path(scratch), show, workers)
        context = TrainingContext(settings, TextEncoder(engine, settings), instant)
        reports: dict[str, TrainingReport] = {}
        for made in _made(work, 1 if workers else processes):
            context = replace(context, champion=work.todo[made.name])
            show(f"{made.name}: registering", len(reports) / len(work.todo))
            reports[made.name] = _conclude(made, context, registry, clock)
    show("trained", 1.0)
    return [reports[name] for name in wanted]


@dataclass(frozen=True, eq=False)
class _Work:
    """What is to be made, and of what."""

    engine: Engine
    settings: Settings
    as_of: datetime
    todo: Mapping[str, ModelVersion | None]
    folder: Path
    show: Progress
    workers: Workers | None = None


def _made(work: _Work, processes: int) -> Iterator[Made]:
    """Make the models, in several processes if asked; those that a lost process left are made here."""
    ready: set[str] = set()
    if min(processes, len(work.todo)) > 1:
        url = work.engine.url.render_as_string(hide_password=False)
        work.show("reading the history", 0.0)

        def report(name: str, sentence: str) -> None:
            work.show(f"{name}: {sentence}", len(ready) / len(work.todo))

        try:
            for made in make_apart(url, work.settings, work.as_of, work.todo, work.folder, report, processes):
                ready.add(made.name)
                yield made
        except BrokenProcessPool:
            work.show("a process was lost; going on with one", len(ready) / len(work.todo))
    yield from _made_here(work, [name for name in work.todo if name not in ready])


def _made_here(work: _Work, names: Sequence[str]) -> Iterator[Made]:
    if not names:
        return
    work.show("reading the history", 0.0)
    with work.engine.connect() as connection:
        history = without_erased(connection, load_history(connection, work.as_of))
    context = TrainingContext(work.settings, TextEncoder(work.engine, work.settings), work.as_of, workers=work.workers)
    for position, name in enumerate(names):
        report = _reporter(work.show, name, position / len(names))
        own = replace(context, report=report, champion=work.todo[name])
        with tempfile.TemporaryDirectory(dir=work.folder) as scratch:
            folder = Path(scratch) / name
            with fitting_on(work.workers) as told:
                made = make(load_task(name), history, own, folder)
            yield made if made.result is None else replace(made, result=_with_notes(made.result, told()))


def _with_notes(result: TrainingResult, notes: Sequence[str]) -> TrainingResult:
    return replace(result, notes=(*result.notes, *notes))


def train_one(
    task: TrainingTask,
    history: History,
    context: TrainingContext,
    registry: Registry,
    *,
    clock: Clock = system_clock,
) -> TrainingReport:
    """Run one task and carry its result through artefact, registry, gates and promotion."""
    context = replace(context, champion=registry.champion(task.name))
    with tempfile.TemporaryDirectory(prefix="allywise-") as scratch:
        made = make(task, history, context, Path(scratch) / task.name)
        return _conclude(made, context, registry, clock)


def _conclude(made: Made, context: TrainingContext, registry: Registry, clock: Clock) -> TrainingReport:
    """Register what was made, and promote it if it passed the gates."""
    started = time.perf_counter()
    result, champion = made.result, context.champion
    if result is None:
        serving = champion.label if champion else "The baseline"
        reason = f"Not trained: {made.impossible.rstrip('.')}. {serving} goes on answering."
        return TrainingReport(made.name, "impossible", reason, seconds=made.seconds)
    manifest = write_artefact(made.folder, _manifest_fields(made, result, context, clock()))
    version = registry.register(made.name, made.folder, manifest, _metrics(result), _params(manifest, result))
    context.report(f"registered {version.label}")
    outcome, reason = _promote(registry, version, made.gates, champion)
    return TrainingReport(
        name=made.name,
        outcome=outcome,
        reason=reason,
        label=version.label,
        evaluations=tuple(part.evaluation for part in result.parts),
        choices={part.part: part.choice for part in result.parts},
        gates=made.gates,
        notes=result.notes,
        seconds=made.seconds + time.perf_counter() - started,
    )


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


def _manifest_fields(made: Made, result: TrainingResult, context: TrainingContext, now: datetime) -> Mapping[str, Any]:
    return {
        "name": made.name,
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
        "settings": {**result.settings, **kind_of(context.text)},
        "counts": dict(result.counts),
        "notes": result.notes,
        "leaks": [leak.model_dump() for leak in made.leaks],
        "gates": [gate.model_dump() for gate in made.gates],
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
        "strongest": part.strongest,
        "segments": [segment.model_dump() for segment in part.segments],
        "groups": [group.model_dump() for group in part.groups],
        "protected_gain": None if part.protected_gain is None else part.protected_gain.model_dump(),
        "duel": None if part.duel is None else _duel_fields(part.duel),
        "stability": None if part.stability is None else part.stability.model_dump(),
    }


def _duel_fields(duel: Evaluation) -> dict[str, Any]:
    return {"split": duel.how, "rows": duel.n_test, "methods": [_method_fields(method) for method in duel.methods]}


def _method_fields(method: Method) -> dict[str, Any]:
    metrics = {key: {"value": m.value, "low": m.low, "high": m.high} for key, m in method.metrics.items()}
    return {"name": method.name, "kind": method.kind, "metrics": metrics}


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
