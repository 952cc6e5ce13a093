"""Whether the factors of two fits of the same thing agree."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

__all__ = ["Agreement", "factor_agreement"]


@dataclass(frozen=True)
class Agreement:
    """Rank correlations (Spearman) of the contributions of two fits; NaN where nothing varies.

    Attributes
    ----------
    features : float
        Of the mean absolute contribution by feature: do both find the same things important?
    rows : float
        Mean over rows of that of the row's contributions: is the same subject explained alike?
    """

    features: float
    rows: float


def factor_agreement(first: pd.DataFrame, second: pd.DataFrame) -> Agreement:
    """Compare contributions of two fits (of bootstrap samples, or before and after retraining) for the same rows.

    Parameters
    ----------
    first, second : DataFrame, shape (n, features)
        ``Factors.contributions`` of the same rows in the same order; columns are matched by name, those that one fit
        alone has count as zero in the other.

    Examples
    --------
    >>> one = pd.DataFrame({"a": [2.0, -1.0], "b": [0.5, 0.1], "c": [0.0, 0.3]})
    >>> factor_agreement(one, one)
    Agreement(features=1.0, rows=1.0)
    """
    names = first.columns.union(second.columns, sort=False)
    left, right = (frame.reindex(columns=names).fillna(0.0).to_numpy(np.float64) for frame in (first, second))
    rows = [_spearman(a, b) for a, b in zip(left, right, strict=True)]
    known = [value for value in rows if not np.isnan(value)]
    overall = _spearman(np.abs(left).mean(axis=0), np.abs(right).mean(axis=0)) if len(left) else float("nan")
    return Agreement(overall, float(np.mean(known)) if known else float("nan"))


def _spearman(first: np.ndarray, second: np.ndarray) -> float:
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return round(float(spearmanr(first, second).statistic), 12)
