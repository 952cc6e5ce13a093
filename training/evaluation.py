"""Comparison of methods on one window: numbers, a table, and its rendering for a terminal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

MethodKind = Literal["model", "baseline", "champion"]


@dataclass(frozen=True)
class Metric:
    """A number with its 80 % interval (equal to the number where none can be computed)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Method:
    """One row of the comparison.

    Parameters
    ----------
    name : str
        For the table, e.g. ``recency``.
    kind : {"model", "baseline", "champion"}
        The candidate, what it must beat, or what serves today.
    metrics : mapping of str to Metric
        By metric name, all methods of an evaluation alike. Names that start with ``log_loss``,
        ``brier``, ``ece`` or end in ``_loss`` are better when lower, others when higher.
    """

    name: str
    kind: MethodKind
    metrics: Mapping[str, Metric]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """All methods of one part of a model, compared on the same rows.

    Parameters
    ----------
    part : str
        Which of the model's parts: a horizon in days (``"90"``), or a kind (``"asset"``).
    methods : tuple of Method
        The model first, then baselines (the first of them answers when no model serves), then the
        champion. Empty when there was nothing to compare on.
    losses : DataFrame
        One row per unit of comparison (a test row; for rankings a list), one column per method name:
        the loss of the method on it, lower is better. Gates draw these by `group`. NaN where a method
        must not be judged (rows that the champion has seen).
    group : int64 array
        Group of each row of `losses`.
    predictions : DataFrame, optional
        ``label``, ``as_of``, ``weight`` and one probability column per method name, rows as `losses`;
        None for rankings.
    how : str
        Sentence on how the comparison was made.
    window : tuple of str
        First and last test as_of (ISO dates), empty strings if none.
    cutoff : str
        Instant at which the split was made (ISO), empty if not by time.
    n_train, n_positive : int
        Rows fitted on for the comparison, positive test rows.
    calibration : tuple
        Of the model on the test rows: (mean p, share of events, rows) by bin.
    share : float
        Of the earlier rows that the methods were fitted on; below 1 on a learning curve only.
    segments : DataFrame, optional
        Words that test rows can be told apart by, rows as `predictions`.
    """

    part: str
    methods: tuple[Method, ...]
    losses: pd.DataFrame
    group: npt.NDArray[np.int64]
    predictions: pd.DataFrame | None = None
    how: str = ""
    window: tuple[str, str] = ("", "")
    cutoff: str = ""
    n_train: int = 0
    n_positive: int = 0
    calibration: tuple[tuple[float, float, int], ...] = ()
    share: float = 1.0
    segments: pd.DataFrame | None = None

    @property
    def n_test(self) -> int:
        """Units of comparison."""
        return len(self.losses)

    def named(self, kind: MethodKind) -> tuple[Method, ...]:
        """Return the methods of one `kind`, in order."""
        return tuple(method for method in self.methods if method.kind == kind)

    def table(self) -> pd.DataFrame:
        """Return methods by metrics: one row per method, columns ``kind`` and one per metric."""
        rows = {
            method.name: {"kind": method.kind, **{name: metric.value for name, metric in method.metrics.items()}}
            for method in self.methods
        }
        return pd.DataFrame.from_dict(rows, orient="index")


_HEADINGS = {"precision_10pct": "prec@10%"}


def is_loss(metric: str) -> bool:
    """Whether lower is better.

    Examples
    --------
    >>> is_loss("brier"), is_loss("auc")
    (True, False)
    """
    return metric.startswith(("log_loss", "brier", "ece")) or metric.endswith("_loss")


def render_table(methods: tuple[Method, ...]) -> str:
    """Render methods and metrics as aligned text: value with half the width of its 80 % interval.

    Examples
    --------
    >>> auc = {"auc": Metric(0.81, 0.79, 0.83)}
    >>> print(render_table((Method("model", "model", auc), Method("recency", "baseline", auc))))
    method      auc
    model       0.810 ±0.020 *
    recency     0.810 ±0.020
    """
    if not methods:
        return "nothing to compare on"
    names = list(methods[0].metrics)
    best = {name: _best(methods, name) for name in names}
    cells = [["method", *(_HEADINGS.get(name, name) for name in names)]]
    for method in methods:
        row = [method.name if method.kind != "champion" else "champion"]
        for name in names:
            mark = " *" if method is best[name] else ""
            row.append(_cell(method.metrics.get(name)) + mark)
        cells.append(row)
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    widths[0] = max(widths[0], 10)
    lines = ("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(line.rstrip() for line in lines)


def _cell(metric: Metric | None) -> str:
    if metric is None or not np.isfinite(metric.value):
        return "-"
    return f"{metric.value:.3f} ±{(metric.high - metric.low) / 2:.3f}"


def _best(methods: tuple[Method, ...], name: str) -> Method | None:
    judged = [method for method in methods if name in method.metrics and np.isfinite(method.metrics[name].value)]
    sign = 1 if is_loss(name) else -1
    return min(judged, key=lambda method: sign * method.metrics[name].value, default=None)
