"""Making of one model: the task is run, and its model and golden rows are written and replayed from the files."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from domain.errors import TrainingImpossible
from domain.settings import Settings
from domain.terms import ModelName
from models.artefact import GateRecord, LeakRecord
from models.drift import write_reference
from training.dataset import Floats
from training.gates import judge
from training.leaks import guarded
from training.task import TrainingContext, TrainingResult, TrainingTask

if TYPE_CHECKING:
    from store.history import History

GOLDEN_FOLDER = "golden"
_GOLDEN_P = "expected p"
_SUSPICIOUS_AUC = 0.97
_COUNTED = ("partners", "leads", "assignments", "deals", "activities", "assets", "offers")


@dataclass(frozen=True)
class SavedModel:
    """A model that lies in a folder."""

    folder: Path

    def save(self, folder: Path) -> None:
        """Copy the files."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)


@dataclass(frozen=True, eq=False)
class Made:
    """What came of a task; small enough to be handed from process to process.

    Parameters
    ----------
    name : str
        The model.
    folder : Path
        Holds its files and golden rows.
    seconds : float
        Time taken.
    result : TrainingResult, optional
        None if nothing could be learned.
    gates : tuple of GateRecord
        Each gate's verdict.
    impossible : str
        Why nothing could be learned.
    leaks : tuple of LeakRecord
        Fields that knew too much.
    """

    name: str
    folder: Path
    seconds: float
    result: TrainingResult | None = None
    gates: tuple[GateRecord, ...] = ()
    impossible: str = ""
    leaks: tuple[LeakRecord, ...] = ()


def load_task(name: str) -> TrainingTask:
    """Return the task that trains the model `name`."""
    return cast("TrainingTask", import_module(f"training.{ModelName(name)}").TASK)


def make(task: TrainingTask, history: "History", context: TrainingContext, folder: Path) -> Made:
    """Run a task and write what it made into a new folder."""
    started = time.perf_counter()
    context.report("preparing")
    try:
        guard = guarded(task.name, history, context)
        result = task.train(guard.history, guard.context)
    except TrainingImpossible as error:
        return Made(task.name, folder, time.perf_counter() - started, impossible=error.message)
    gates = _write_model(task, result, folder, context)
    result = replace(
        result,
        model=SavedModel(folder),
        settings=_as_the_user_set(result, context.settings),
        counts=dict(result.counts) or _counts(history),
        notes=(*result.notes, *(leak.sentence for leak in guard.leaks), *_too_strong(result)),
    )
    return Made(task.name, folder, time.perf_counter() - started, result, gates, leaks=guard.leaks)


def _write_model(
    task: TrainingTask, result: TrainingResult, folder: Path, context: TrainingContext
) -> tuple[GateRecord, ...]:
    """Save the model and its golden rows, replay those from the files, and apply the gates."""
    (folder / GOLDEN_FOLDER).mkdir(parents=True)
    result.model.save(folder)
    write_reference(folder, {part.part: part.reference for part in result.parts})
    replayed = []
    for part in result.parts:
        path = folder / GOLDEN_FOLDER / f"{part.part}.parquet"
        part.golden.features.assign(**{_GOLDEN_P: part.golden.p}).to_parquet(path)
        replayed.append(replay(task, folder, part.part)[0])
    serving = "" if context.champion is None else context.champion.label
    return judge(result.parts, replayed, champion=serving, seed=context.seed)


def replay(task: TrainingTask, folder: Path, part: str) -> tuple[Floats, Floats]:
    """Return p of a part's golden rows through the artefact in `folder`, and p as it was when fitted."""
    rows = pd.read_parquet(folder / GOLDEN_FOLDER / f"{part}.parquet")
    features = rows.drop(columns=_GOLDEN_P)
    return np.asarray(task.predict(folder, part, features), dtype=np.float64), rows[_GOLDEN_P].to_numpy()


def _as_the_user_set(result: TrainingResult, settings: Settings) -> dict[str, Any]:
    """Name the attributes that the user closed or trusts, without those that leaked."""
    named = {name: list(getattr(settings, name)) for name in ("protected_attributes", "trusted_attributes")}
    return {**result.settings, **{name: value for name, value in named.items() if value or name in result.settings}}


def _too_strong(result: TrainingResult) -> Iterator[str]:
    """Name single features that nearly tell the outcome: facts of events may be dated wrongly, too."""
    for part in result.parts:
        for name, alone in part.strongest:
            if alone >= _SUSPICIOUS_AUC:
                yield f"{part.part}: the feature {name} alone has an AUC of {alone:.3f}; are its events dated rightly?"


def _counts(history: "History") -> dict[str, int]:
    return {resource: len(history.frame(resource)) for resource in _COUNTED if len(history.frame(resource))}
