"""Comparison of methods on one window: numbers, a table, and its rendering for a terminal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

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
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_test(self) -> int:
        """Units of comparison."""
        return len(self.losses)

    def named(self, kind: MethodKind) -> tuple[Method, ...]:
        """Return the methods of one `kind`, in order."""
        return tuple(method for method in self.methods if method.kind == kind)
