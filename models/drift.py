"""How far a column lies from what it was in training: population stability index over bins kept with the model.

PSI sums ``(now - then) * log(now / then)`` over the shares of bins. With no change at all it is about
``(1/n + 1/m)`` times a chi-square with one degree less than bins (Yurdakul 2018), so that with few rows a large
PSI may be chance: a verdict needs both sides to have enough rows and the index to lie beyond that chance.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2

Floats = npt.NDArray[np.float64]

FILE = "drift.json"
MIN_ROWS = 100
"""Rows that both sides need for a verdict."""

MODERATE, LARGE = 0.1, 0.25
_BINS = 10
_LEVELS = 20
_MOST_ROWS = 50_000
_CHANCE = 0.001
_OTHER = "(other)"


@dataclass(frozen=True)
class Drift:
    """One column then and now.

    Attributes
    ----------
    name : str
        The column; ``p`` for the score.
    psi : float
        NaN when there are too few rows.
    verdict : str
        ``stable``, ``moderate``, ``drifted`` or ``too few``.
    n_reference, n : int
        Rows then and now.
    then, now : str
        The middle of a number, or the most frequent word, for a reader.
    """

    name: str
    psi: float
    verdict: str
    n_reference: int
    n: int
    then: str
    now: str


def reference(features: pd.DataFrame, p: npt.ArrayLike) -> dict[str, Any]:
    """Return the distribution of each feature and of the score, as JSON.

    Parameters
    ----------
    features : DataFrame of shape (n, k)
        Rows that the model was fitted on; 50,000 evenly spread ones count if there are more.
    p : array of shape (m,)
        Scores of rows that it was not fitted on, where there are such.
    """
    rows = features.iloc[np.linspace(0, len(features) - 1, min(len(features), _MOST_ROWS)).astype(np.int64)]
    columns = {str(name): _describe(rows[name]) for name in rows}
    return {"columns": columns, "p": _describe(pd.Series(np.asarray(p, dtype=np.float64)))}


def write_reference(folder: Path, parts: Mapping[str, Mapping[str, Any] | None]) -> None:
    """Write the references of a model's parts, those that have one, into the existing `folder`."""
    known = {name: part for name, part in parts.items() if part is not None}
    (folder / FILE).write_text(json.dumps(known, ensure_ascii=False), encoding="utf-8")


def read_reference(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the references of a model's parts; empty for a model without."""
    path = folder / FILE
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def compare(described: Mapping[str, Any], features: pd.DataFrame, p: npt.ArrayLike) -> list[Drift]:
    """Return the drift of the score and of each feature since `described`, the largest first, the score before all.

    Columns that only one of the two has are left out.
    """
    score = compare_column("p", described["p"], pd.Series(np.asarray(p, dtype=np.float64)))
    columns = described["columns"]
    found = [compare_column(str(name), columns[name], features[name]) for name in features if name in columns]
    return [score, *sorted(found, key=lambda drift: -np.nan_to_num(drift.psi, nan=-1.0))]


def compare_column(name: str, described: Mapping[str, Any], values: pd.Series) -> Drift:
    """Return the drift of one column since it was `described`."""
    then = np.array(described["counts"], dtype=np.float64)
    now = _counts(described, values)
    n_reference, n = int(then.sum()), int(now.sum())
    words = {"then": str(described["middle"]), "now": _middle(values)}
    if min(n_reference, n) < MIN_ROWS:
        return Drift(name, float("nan"), "too few", n_reference, n, **words)
    value = psi(then, now)
    by_chance = (1 / n_reference + 1 / n) * float(chi2.ppf(1 - _CHANCE, max(len(then) - 1, 1)))
    verdict = "stable" if value < MODERATE or value <= by_chance else "moderate" if value < LARGE else "drifted"
    return Drift(name, value, verdict, n_reference, n, **words)


def psi(then: npt.ArrayLike, now: npt.ArrayLike) -> float:
    """Return the population stability index of two rows of counts by bin; half a row is added to each bin.

    Examples
    --------
    >>> psi([50, 50], [500, 500])
    0.0
    >>> round(psi([100, 100, 100], [10, 100, 190]), 2)
    0.87
    """
    shares = [
        (np.asarray(counts, dtype=np.float64) + 0.5) / (np.sum(counts) + 0.5 * np.size(counts))
        for counts in (then, now)
    ]
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def _describe(values: pd.Series) -> dict[str, Any]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        frequent = values.value_counts(dropna=True).head(_LEVELS)
        described: dict[str, Any] = {"levels": [str(level) for level in frequent.index if frequent[level] > 0]}
    else:
        described = {"edges": _edges(values.to_numpy(dtype=np.float64))}
    counts = _counts(described, values)
    return described | {"counts": counts.astype(int).tolist(), "middle": _middle(values)}


def _edges(values: Floats) -> list[float]:
    """Return inner edges: deciles, or midpoints between values when there are few different ones."""
    finite = values[np.isfinite(values)]
    different = np.unique(finite)
    if len(different) <= _BINS:
        return [float(edge) for edge in (different[1:] + different[:-1]) / 2]
    return [float(edge) for edge in np.unique(np.quantile(finite, np.linspace(0, 1, _BINS + 1)[1:-1]))]


def _counts(described: Mapping[str, Any], values: pd.Series) -> Floats:
    """Count rows by bin; the last bin is for missing values, the one before it for unknown words."""
    if "levels" in described:
        names = [*described["levels"], _OTHER]
        place = {name: position for position, name in enumerate(names)}
        known = values.notna().to_numpy()
        words = values.astype(object)
        codes = [
            place.get(str(word), len(names) - 1) if there else len(names)
            for word, there in zip(words, known, strict=True)
        ]
        return np.bincount(np.array(codes, dtype=np.int64), minlength=len(names) + 1).astype(np.float64)
    edges = np.array(described["edges"], dtype=np.float64)
    numbers = values.to_numpy(dtype=np.float64)
    bins = np.where(np.isfinite(numbers), np.searchsorted(edges, numbers, side="left"), len(edges) + 1)
    return np.bincount(bins, minlength=len(edges) + 2).astype(np.float64)


def _middle(values: pd.Series) -> str:
    known = values.dropna()
    if not len(known):
        return "none"
    if isinstance(values.dtype, pd.CategoricalDtype):
        return str(known.astype(object).mode().iloc[0])
    return f"{float(known.median()):.4g}"
