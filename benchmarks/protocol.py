"""Figures as the protocols of the public data sets define them."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score


def binary_figures(label: ArrayLike, p: ArrayLike) -> dict[str, float]:
    """Return AUC, AP, Brier, ECE and log loss of probabilities `p` for 0/1 labels."""
    y, q = np.asarray(label, dtype=float), np.clip(np.asarray(p, dtype=float), 0, 1)
    return {
        "AUC": float(roc_auc_score(y, q)),
        "AP": float(average_precision_score(y, q)),
        "Brier": float(brier_score_loss(y, q)),
        "ECE": calibration_error(y, q),
        "log loss": float(log_loss(y, np.clip(q, 1e-9, 1 - 1e-9))),
    }


def calibration_error(y: np.ndarray, p: np.ndarray) -> float:
    """Return the share-weighted mean gap of predicted and observed rate over ten groups by deciles, ties together.

    Examples
    --------
    >>> calibration_error(np.array([0.0, 1.0]), np.array([0.5, 0.5]))
    0.0
    """
    groups = pd.qcut(p, 10, duplicates="drop") if np.unique(p).size > 1 else np.zeros(len(p))
    frame = pd.DataFrame({"y": y, "p": p, "group": groups}).groupby("group", observed=True)
    return float(((frame["p"].mean() - frame["y"].mean()).abs() * frame.size()).sum() / len(p))


def top_share(label: ArrayLike, p: ArrayLike, share: float) -> float:
    """Return the rate of positives in the top `share` of the ranking (floor of n, ties by a fixed permutation)."""
    y, q = np.asarray(label, dtype=float), np.asarray(p, dtype=float)
    order = np.random.RandomState(0).permutation(len(y))
    best = order[np.argsort(-q[order], kind="stable")][: int(len(y) * share)]
    return float(y[best].mean())


def list_figures(lists: Iterable[tuple[Sequence[str], set[str]]], cutoffs: Sequence[int] = (10,)) -> dict[str, float]:
    """Return mean Recall@k, MRR and NDCG@10 over (ranked items, true items) pairs."""
    rows = [_one_list(ranked, truth, cutoffs) for ranked, truth in lists]
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _one_list(ranked: Sequence[str], truth: set[str], cutoffs: Sequence[int]) -> dict[str, float]:
    hits = [position for position, item in enumerate(ranked) if item in truth]
    ideal = sum(1 / np.log2(position + 2) for position in range(min(10, len(truth))))
    gain = sum(1 / np.log2(position + 2) for position in hits if position < 10)
    figures = {f"Recall@{k}": sum(position < k for position in hits) / len(truth) for k in cutoffs}
    return figures | {"MRR": 1 / (hits[0] + 1) if hits else 0.0, "NDCG@10": float(gain / ideal)}
