"""How good the list is that an account manager works through: precision among the partners at greatest risk."""

from dataclasses import replace

import numpy as np
import pandas as pd

from training.dataset import Floats, Rows
from training.evaluation import Evaluation, Method, Metric
from training.measures import group_draws, with_interval

_DRAWS = 100


def with_list_precision(evaluation: Evaluation, length: int, *, seed: int = 7) -> Evaluation:
    """Add ``precision_top<length>`` to the metrics of every method.

    Parameters
    ----------
    evaluation : Evaluation
        Its test rows are partners at several snapshots.
    length : int
        Of the list: so many partners with the highest p, at each snapshot on its own.
    seed : int, default=7
        Of the bootstrap over partners.

    Returns
    -------
    Evaluation
        The same one where there are no predictions. The value is the mean over snapshots of the share of the list that
        did fall silent; a snapshot with fewer partners counts them all.
    """
    rows = evaluation.predictions
    if rows is None or not len(rows):
        return evaluation
    name = f"precision_top{length}"
    methods = tuple(
        replace(method, metrics={**method.metrics, name: _precision(method, rows, evaluation.group, length, seed)})
        for method in evaluation.methods
    )
    return replace(evaluation, methods=methods)


def _precision(method: Method, rows: pd.DataFrame, group: Rows, length: int, seed: int) -> Metric:
    p = rows[method.name].to_numpy(np.float64)
    judged = np.flatnonzero(np.isfinite(p))
    order = judged[np.lexsort((-p[judged], rows["as_of"].to_numpy()[judged]))]
    starts = np.flatnonzero(np.diff(rows["as_of"].to_numpy()[order].astype(np.int64), prepend=-1))
    y = rows["label"].to_numpy(np.float64)[order]
    draws = [_share(y, counts, starts, length) for counts in group_draws(group[order], _DRAWS, seed)]
    return with_interval(_share(y, np.ones(len(y)), starts, length), np.array(draws))


def _share(y: Floats, weight: Floats, starts: Rows, length: int) -> float:
    """Mean over snapshots of the share of events among the first `length` rows, each counting `weight` times."""
    if not len(y):
        return float("nan")
    before = np.cumsum(weight) - weight
    size = np.diff(np.append(starts, len(y)))
    before = before - np.repeat(before[starts], size)
    listed = np.clip(length - before, 0, weight)
    hits, total = np.add.reduceat(listed * y, starts), np.add.reduceat(listed, starts)
    there = total > 0
    return float((hits[there] / total[there]).mean()) if there.any() else float("nan")
