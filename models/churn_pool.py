"""One model of silence for all horizons: the curve of silence, recalibrated on outcomes over many of them."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from models.churn_curve import AHEAD, APART, CURVE, beside, curve, known_days
from models.frame import Floats
from models.intervals import Belief
from models.probability import Factors, Prediction, ProbabilityModel

LOGGED = (
    "days_since_sign",
    "first_sign_days",
    "active_days_30",
    "active_days_60",
    "active_days_90",
    "active_days_total",
    "amount_90",
    "amount_365",
)
PLAIN = ("alive_p",)
_OWN = {"own_quiet": CURVE, "own_apart": APART, "own_ahead": AHEAD}
_HORIZON = "log_horizon"


class PooledSilence:
    """Regularised logistic regression over rows that each have a horizon of their own.

    Parameters
    ----------
    model : ProbabilityModel
        Fitted on frames of ``pooled_frame``.

    Notes
    -----
    What it sees of a row is little and holds for any horizon: what buy-till-you-die models say of that row's own
    horizon, recency, age, volume, and the log of the horizon. So it carries to horizons longer than any outcome
    that is known. Fitted freely, not added to the curve: the curve's slope is what history shows to be wrong most.
    """

    def __init__(self, model: ProbabilityModel) -> None:
        self.model = model

    @classmethod
    def fit(cls, frame: pd.DataFrame, y: Any, *, group: Any, seed: int = 7, threads: int = 2) -> Self:
        """Fit on stacked rows of several horizons.

        Parameters
        ----------
        frame : DataFrame, shape (n, features)
            Stacked frames of ``pooled_frame``.
        y : array-like, shape (n,)
            1 if nothing happened within the row's horizon, else 0.
        group : array-like, shape (n,)
            Partner of each row.
        seed, threads : int
            See ``ProbabilityModel``.
        """
        kept = [name for name in frame if frame[name].nunique(dropna=False) > 1]
        # Partners are held out, not the latest rows: those have the short horizons only.
        same = np.zeros(len(frame), dtype="datetime64[us]")
        model = ProbabilityModel(seed=seed, threads=threads, members=0, trees=False)
        return cls(model.fit(frame[kept], y, as_of=same, group=group))

    def predict(self, X: pd.DataFrame, horizon_days: float) -> Prediction:
        """Return probabilities at any horizon, shape (n,); alone they may rise with it a little."""
        return self.model.predict(pooled_frame(X, horizon_days))

    def believe(self, X: pd.DataFrame, horizon_days: float) -> Belief:
        """Return what is thought of the true log-odds at any horizon."""
        return self.model.believe(pooled_frame(X, horizon_days))

    def explain(self, X: pd.DataFrame, horizon_days: float) -> Factors:
        """Return contributions under the names of the columns of `X`; what the horizon adds is in the base."""
        factors = self.model.explain(pooled_frame(X, horizon_days))
        parts = factors.contributions
        base = factors.base + (parts[_HORIZON].to_numpy() if _HORIZON in parts else 0.0)
        parts = parts.drop(columns=_HORIZON, errors="ignore")
        return Factors(base, parts.rename(columns=_names(X, horizon_days)).T.groupby(level=0, sort=False).sum().T)

    def save(self, folder: Path) -> None:
        """Write the model into a folder."""
        self.model.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote; predictions are the same."""
        return cls(ProbabilityModel.load(folder))


def pooled_frame(X: pd.DataFrame, horizon_days: float) -> pd.DataFrame:
    """Return what the pooled model sees of feature rows at a horizon, shape (n, features)."""
    columns: dict[str, Floats] = {
        "own_quiet": curve(X, horizon_days),
        "own_apart": beside(X, APART, horizon_days),
        "own_ahead": beside(X, AHEAD, horizon_days),
        _HORIZON: np.full(len(X), np.log(horizon_days)),
    }
    for name in LOGGED:
        value = X[name].to_numpy(float) if name in X else np.full(len(X), np.nan)
        columns[name] = np.sign(value) * np.log1p(np.abs(value))
    for name in PLAIN:
        columns[name] = X[name].to_numpy(float) if name in X else np.full(len(X), np.nan)
    return pd.DataFrame(columns, index=X.index)


def _names(X: pd.DataFrame, horizon_days: float) -> dict[str, str]:
    """Name what stands for the own horizon after the nearest column of the curve."""
    known = known_days(X)
    if not known:
        return dict.fromkeys(_OWN, CURVE)
    nearest = min(known, key=lambda days: abs(np.log(days / horizon_days)))
    return dict.fromkeys(_OWN, f"{CURVE}{nearest}")
