"""Models made at the same time, in processes of their own: Python's threads would wait for each other."""

import multiprocessing
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.settings import Settings
from intelligence.features.text import TextEncoder
from store.engine import create_store_engine
from store.history import History, load_history
from store.privacy import without_erased
from training.make import Made, load_task, make
from training.task import TrainingContext

if TYPE_CHECKING:
    from models.registry import ModelVersion

_LONGEST_FIRST = ("recommend", "churn", "match", "fit")  # so that the processes end together


@dataclass(frozen=True)
class Errand:
    """What a process needs to know before it makes models."""

    store_url: str
    settings: Settings
    as_of: datetime
    sentences: Any  # queue of (model, sentence)


def make_apart(
    store_url: str,
    settings: Settings,
    as_of: datetime,
    todo: Mapping[str, "ModelVersion | None"],
    folder: Path,
    report: Callable[[str, str], None],
    processes: int,
) -> Iterator[Made]:
    """Make models in several processes.

    Parameters
    ----------
    store_url : str
        Of the store, password included.
    settings : Settings
        Horizons, seeds, home.
    as_of : datetime
        Training's instant.
    todo : mapping of str to ModelVersion
        Name and champion of each model.
    folder : Path
        Gets a folder for each model.
    report : callable
        Takes the model and a sentence about its progress.
    processes : int
        How many.

    Yields
    ------
    Made
        As each is ready.

    Raises
    ------
    BrokenProcessPool
        If a process was killed, as it is when memory runs out.
    """
    # Not forked: a fork of a process in which OpenMP has worked hangs.
    own = multiprocessing.get_context("spawn")
    sentences = own.SimpleQueue()
    reader = threading.Thread(target=_read, args=(sentences, report), daemon=True)
    reader.start()
    errand = Errand(store_url, settings, as_of, sentences)
    names = sorted(todo, key=_LONGEST_FIRST.index)
    try:
        with ProcessPoolExecutor(min(processes, len(names)), own, _take, (errand,)) as pool:
            futures = [pool.submit(_make, name, todo[name], folder / name) for name in names]
            for future in as_completed(futures):
                yield future.result()
    finally:
        sentences.put(None)
        reader.join(timeout=5)


def _read(sentences: Any, report: Callable[[str, str], None]) -> None:
    while (item := sentences.get()) is not None:
        report(*item)


_errands: list[Errand] = []


def _take(errand: Errand) -> None:
    _errands.append(errand)


@cache
def _prepared() -> tuple[History, TrainingContext]:
    """History and context of this process, read once for all models that it makes."""
    errand = _errands[-1]
    engine = create_store_engine(errand.store_url)
    with engine.connect() as connection:
        history = without_erased(connection, load_history(connection, errand.as_of))
    return history, TrainingContext(errand.settings, TextEncoder(engine, errand.settings), errand.as_of)


def _make(name: str, champion: "ModelVersion | None", folder: Path) -> Made:
    history, context = _prepared()

    def report(sentence: str) -> None:
        _errands[-1].sentences.put((name, sentence))

    return make(load_task(name), history, replace(context, champion=champion, report=report), folder)
