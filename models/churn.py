"""The served churn model: probability of no sign of life over any horizon."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import FeatureSetMismatch, InvalidInput
from models.probability import Factors, Prediction, ProbabilityModel

FILE = "churn.json"
_TINY = 1e-9

Floats = npt.NDArray[np.float64]


class ChurnModel:
    """Probability that a partner shows no sign of life within a horizon.

    Parameters
    ----------
    parts : mapping of int to ProbabilityModel
        A fitted model per horizon in days.
    feature_set : mapping
        Description of the features that they expect; kept as it is.

    Notes
    -----
    Between fitted horizons the cumulative hazard ``-log p`` is interpolated linearly, from 0 at horizon 0; it is
    made monotone first, so p never rises with the horizon. Beyond the last one it grows in the shape that the
    partner's MBG/NBD posterior gives (columns ``alive_p``, ``alive_rate``, ``alive_shape``), or with the square
    root of time where there is none.
    """

    def __init__(self, parts: Mapping[int, ProbabilityModel], feature_set: Mapping[str, Any]) -> None:
        if not parts:
            raise InvalidInput("A churn model needs at least one horizon.")
        self.parts = dict(sorted(parts.items()))
        self.feature_set = dict(feature_set)

    @property
    def horizons_days(self) -> tuple[int, ...]:
        """Fitted horizons, ascending."""
        return tuple(self.parts)

    def predict(self, X: pd.DataFrame, horizon_days: float) -> Prediction:
        """Return probabilities with 80 % intervals at any horizon, shape (n,).

        Raises
        ------
        FeatureSetMismatch
            If a column of the fit is missing.
        """
        if horizon_days <= 0:
            raise InvalidInput(f"A horizon is a positive number of days, not {horizon_days}.", field="horizon_days")
        predictions = [part.predict(X) for part in self.parts.values()]
        tail = self._tail(X, horizon_days)
        p, low, high = (
            self._at(np.column_stack([getattr(prediction, name) for prediction in predictions]), horizon_days, tail)
            for name in ("p", "low", "high")
        )
        return Prediction(p, low, high)

    def explain(self, X: pd.DataFrame, horizon_days: float) -> Factors:
        """Return contributions at the nearest fitted horizon; with the base they add up to the asked ``logit(p)``."""
        nearest = min(self.parts, key=lambda fitted: abs(fitted - horizon_days))
        contributions = self.parts[nearest].explain(X).contributions
        p = np.clip(self.predict(X, horizon_days).p, _TINY, 1 - _TINY)
        return Factors(np.log(p / (1 - p)) - contributions.to_numpy().sum(axis=1), contributions)

    def save(self, folder: Path) -> None:
        """Write ``churn.json`` and one folder per horizon."""
        folder.mkdir(parents=True, exist_ok=True)
        data = {"horizons_days": list(self.parts), "feature_set": self.feature_set}
        (folder / FILE).write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        for horizon, part in self.parts.items():
            part.save(folder / f"days_{horizon}")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote; predictions are the same."""
        data = json.loads((folder / FILE).read_text(encoding="utf-8"))
        parts = {days: ProbabilityModel.load(folder / f"days_{days}") for days in data["horizons_days"]}
        return cls(parts, data["feature_set"])

    def part(self, name: str) -> ProbabilityModel:
        """Return the model of the horizon called `name` (days).

        Raises
        ------
        FeatureSetMismatch
            If that horizon was not fitted.
        """
        for horizon, part in self.parts.items():
            if str(horizon) == name:
                return part
        raise FeatureSetMismatch(f"The churn model has no horizon of {name} days, only {list(self.parts)}.", part=name)

    def _at(self, p: Floats, horizon_days: float, tail: Floats) -> Floats:
        """Interpolate (n, horizons) probabilities."""
        hazard = np.maximum.accumulate(-np.log(np.clip(p, _TINY, 1 - _TINY)), axis=1)
        fitted = np.array([0.0, *self.parts])
        hazard = np.column_stack([np.zeros(len(p)), hazard])
        if horizon_days >= fitted[-1]:
            return np.asarray(np.exp(-hazard[:, -1] * tail))
        right = int(np.searchsorted(fitted, horizon_days, side="left"))
        share = (horizon_days - fitted[right - 1]) / (fitted[right] - fitted[right - 1])
        return np.asarray(np.exp(-(hazard[:, right - 1] * (1 - share) + hazard[:, right] * share)))

    def _tail(self, X: pd.DataFrame, horizon_days: float) -> Floats:
        """Cumulative hazard at the horizon over that at the last fitted one, at least 1."""
        last = self.horizons_days[-1]
        plain = max(horizon_days / last, 1.0) ** 0.5
        if horizon_days <= last or not {"alive_p", "alive_rate", "alive_shape"} <= set(X.columns):
            return np.full(len(X), plain)
        alive, rate, shape = (X[name].to_numpy(float) for name in ("alive_p", "alive_rate", "alive_shape"))
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = 30 * shape / rate
            ahead, fitted = (
                -np.log(np.clip(1 - alive + alive * (scale / (scale + h)) ** shape, _TINY, 1))
                for h in (horizon_days, last)
            )
            ratio = ahead / fitted
        return np.asarray(np.maximum(np.where(np.isfinite(ratio), ratio, plain), 1.0))
