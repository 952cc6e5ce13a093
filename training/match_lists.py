"""Ranking metrics of a match model whose test rows are candidate lists of leads."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from training.evaluation import Evaluation, Method, Metric

Floats = npt.NDArray[np.float64]

_TOP = 10
_DRAWS = 200


def with_ranking(evaluation: Evaluation) -> Evaluation:
    """Add recall@10, mrr and ndcg@10 over the leads (groups) of the test rows to each method."""
    rows = evaluation.predictions
    if rows is None or not len(rows):
        return evaluation
    methods = []
    for method in evaluation.methods:
        p = rows[method.name].to_numpy(np.float64)
        lists = list_metrics(
            p, rows["label"].to_numpy(np.float64), evaluation.group, rows["weight"].to_numpy(np.float64)
        )
        extra = {str(name): _with_interval(lists[name].to_numpy(np.float64)) for name in lists}
        methods.append(Method(method.name, method.kind, {**method.metrics, **extra}))
    return replace(evaluation, methods=tuple(methods))


def list_metrics(p: Floats, label: Floats, group: npt.NDArray[Any], weight: Floats | None = None) -> pd.DataFrame:
    """Recall@10, mrr, ndcg@10 of each list with at least one winner; ties in random order.

    Parameters
    ----------
    p, label, group : arrays of shape (n,)
        Score, 1 for winners, list of each row. Rows without p (NaN) are left out.
    weight : array of shape (n,), optional
        For how many candidates each row stands: a rank counts those before it.

    Examples
    --------
    >>> list_metrics(np.array([0.9, 0.5, 0.1]), np.array([0, 1, 0]), np.zeros(3)).round(3).iloc[0].tolist()
    [1.0, 0.5, 0.631]
    """
    frame = pd.DataFrame({"p": p, "label": label, "group": group, "weight": 1.0 if weight is None else weight}).dropna()
    frame = frame.iloc[np.random.default_rng(7).permutation(len(frame))]
    frame = frame.sort_values("p", ascending=False, kind="stable")
    frame["rank"] = frame.groupby("group")["weight"].cumsum() - frame["weight"] + 1.0
    won = frame[frame["label"] > 0]
    top = won["rank"] < _TOP + 1.0
    gain = np.where(top, 1.0 / np.log2(won["rank"] + 1.0), 0.0)
    found = (
        won.assign(hit=top.astype(float), gain=gain)
        .groupby("group")
        .agg(n=("label", "size"), hit=("hit", "sum"), gain=("gain", "sum"), first=("rank", "min"))
    )
    ideal = np.cumsum(1.0 / np.log2(np.arange(1, _TOP + 1) + 1.0))
    best = ideal[np.minimum(found["n"].to_numpy(np.int64), _TOP) - 1]
    return pd.DataFrame(
        {"recall@10": found["hit"] / found["n"], "mrr": 1.0 / found["first"], "ndcg@10": found["gain"] / best}
    )


def _with_interval(values: Floats) -> Metric:
    if not len(values):
        return Metric(float("nan"), float("nan"), float("nan"))
    draws = np.random.default_rng(7).integers(0, len(values), (_DRAWS, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), [0.1, 0.9])
    return Metric(float(values.mean()), float(low), float(high))
