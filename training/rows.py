"""Feature rows of a training: built here, or by workers from the same history."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import pandas as pd

from intelligence.engine import Engine
from intelligence.feature_rows import rows_in_pieces
from intelligence.features.build import build
from intelligence.features.registry import FeatureSet
from intelligence.place import Place
from models.fitting import fitting_by
from store.engine import reading
from store.history import History
from store.privacy import without_erased
from training.leaks import hide
from training.task import TrainingContext

if TYPE_CHECKING:
    from intelligence.context import Intelligence

LEAST_ROWS = 1_000
"""With fewer rows there is nothing to gain elsewhere."""
_KEPT = 2

Hidden = frozenset[tuple[str, str]]


@dataclass(frozen=True, eq=False)
class Workers:
    """Whoever works for a training.

    Parameters
    ----------
    engine : Engine
        Does the pieces.
    place : Place
        Store and settings.
    """

    engine: Engine
    place: Place


@contextmanager
def fitting_on(workers: Workers | None) -> Iterator[Callable[[], tuple[str, ...]]]:
    """Have boosters fitted by workers, too, until the end of the block; give what says in a sentence who did what."""
    from intelligence.engine_dask import DaskEngine

    if workers is None or not isinstance(workers.engine, DaskEngine):
        yield tuple
        return
    from training.fitting_dask import DaskFitter

    fitter = DaskFitter(workers.engine)
    with fitting_by(fitter):
        yield lambda: (fitter.sentence,)


def feature_rows(
    feature_set: FeatureSet, history: History, subjects: pd.DataFrame, context: TrainingContext
) -> pd.DataFrame:
    """Return what `build` does; by the workers of the context if it has some and there is enough to do."""
    workers = context.workers
    if workers is None or len(subjects) < LEAST_ROWS:
        return build(feature_set, history, subjects, context.text)
    known = partial(training_history, context.as_of, context.hidden)
    return rows_in_pieces(workers.engine, workers.place, known, feature_set, subjects)


def training_history(as_of: datetime, hidden: Hidden, context: "Intelligence") -> History:
    """Return what a training learns from, in whichever process: without what is erased, and without hidden fields."""
    kept = _histories.setdefault(context, OrderedDict())
    history = context.history(as_of)
    key = (id(history.leads), as_of, hidden)
    if key not in kept:
        with context.engine.connect() as connection:
            learned = hide(without_erased(reading(connection), history), hidden)
        kept[key] = (history, learned)  # the history itself, too, so that its id is not given to another
    kept.move_to_end(key)
    while len(kept) > _KEPT:
        kept.popitem(last=False)
    return kept[key][1]


_histories: "WeakKeyDictionary[Intelligence, OrderedDict[tuple[int, datetime, Hidden], tuple[History, History]]]" = (
    WeakKeyDictionary()
)
