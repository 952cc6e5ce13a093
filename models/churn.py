"""The served churn model: probability of no sign of life over any horizon."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit

from domain.errors import FeatureSetMismatch, InvalidInput
from models.intervals import Z80
from models.probability import Factors, Prediction, ProbabilityModel

FILE = "churn.json"
CURVE = "quiet_"
"""Columns ``quiet_<days>`` hold the log-odds of silence by buy-till-you-die models."""
_TINY = 1e-9
_FAR_DEVIATION = 0.25  # of the log-odds, for each unit of log horizon beyond the fitted ones

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Place:
    """Where a horizon lies between the fitted ones: which two of them count, how much, and what is added."""

    left: int
    right: int
    share: Floats  # of the right one, shape (n,)
    shift: Floats  # log-odds, shape (n,)


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
    At a fitted horizon the part's own probability answers, made non-rising along horizons. In between and beyond, the
    partner's curve of silence under the buy-till-you-die models (columns ``quiet_<days>``) gives the shape: the
    log-odds lie between those of the neighbours as the curve's do, and before the first and beyond the last one they
    move by as much as the curve's; what the parts have learned on top of the curve is kept. All steps are linear in
    the parts' log-odds, so their contributions still add up.
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
        place = self._place(X, horizon_days)
        predictions = [part.predict(X) for part in self.parts.values()]
        z = [_log_odds(prediction.p) for prediction in predictions]
        source, falling = _falling(np.column_stack(z))
        middle = (1 - place.share) * falling[:, place.left] + place.share * falling[:, place.right] + place.shift
        width = [
            [_log_odds(getattr(prediction, name)) - own for prediction, own in zip(predictions, z, strict=True)]
            for name in ("low", "high")
        ]
        beyond = Z80 * _FAR_DEVIATION * max(np.log(horizon_days / self.horizons_days[-1]), 0.0)
        ends = []
        for sign, own in zip((-1, 1), width, strict=True):
            # A probability taken over from another horizon brings its interval along.
            there = np.take_along_axis(np.column_stack(own), source, axis=1)
            reach = (1 - place.share) * there[:, place.left] + place.share * there[:, place.right]
            ends.append(expit(middle + sign * np.hypot(reach, beyond)))
        return Prediction(expit(middle), *ends)

    def explain(self, X: pd.DataFrame, horizon_days: float) -> Factors:
        """Return contributions of each feature on the log-odds scale; with the base they add up to ``logit(p)``.

        Raises
        ------
        FeatureSetMismatch
            If a column of the fit is missing.
        """
        place = self._place(X, horizon_days)
        explained = [part.explain(X) for part in self.parts.values()]
        sums = [factors.base + factors.contributions.to_numpy().sum(axis=1) for factors in explained]
        source, _ = _falling(np.column_stack(sums))
        names = list(dict.fromkeys(name for factors in explained for name in factors.contributions.columns))
        moved = np.zeros((len(X), len(names)))
        for k, factors in enumerate(explained):
            weight = np.where(source[:, place.left] == k, 1 - place.share, 0.0)
            weight += np.where(source[:, place.right] == k, place.share, 0.0)
            columns = [names.index(name) for name in factors.contributions.columns]
            moved[:, columns] += weight[:, None] * factors.contributions.to_numpy()
        p = np.clip(self.predict(X, horizon_days).p, _TINY, 1 - _TINY)
        return Factors(logit(p) - moved.sum(axis=1), pd.DataFrame(moved, columns=names, index=X.index))

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

    def _place(self, X: pd.DataFrame, horizon_days: float) -> _Place:
        if horizon_days <= 0:
            raise InvalidInput(f"A horizon is a positive number of days, not {horizon_days}.", field="horizon_days")
        fitted = self.horizons_days
        right = int(np.searchsorted(fitted, horizon_days))
        none = np.zeros(len(X))
        if right < len(fitted) and fitted[right] == horizon_days:
            return _Place(right, right, none, none)
        here = curve(X, horizon_days)
        if right == 0 or right == len(fitted):
            nearest = 0 if right == 0 else right - 1
            return _Place(nearest, nearest, none, here - curve(X, fitted[nearest]))
        before, after = curve(X, fitted[right - 1]), curve(X, fitted[right])
        gap, plain = (
            before - after,
            np.log(horizon_days / fitted[right - 1]) / np.log(fitted[right] / fitted[right - 1]),
        )
        share = np.where(gap > _TINY, (before - here) / np.where(gap > _TINY, gap, 1.0), plain)
        return _Place(right - 1, right, np.clip(share, 0.0, 1.0), none)


def curve(X: pd.DataFrame, horizon_days: float) -> Floats:
    """Log-odds of silence by the buy-till-you-die models at any horizon, non-rising in it; shape (n,).

    Between the horizons of the columns and beyond them it is linear in the log of the horizon. Rows without the
    columns get odds that fall in proportion to the horizon.
    """
    known = sorted(int(name[len(CURVE) :]) for name in X.columns if _is_curve(str(name)))
    plain = np.full(len(X), -np.log(horizon_days))
    if len(known) < 2:
        return plain
    right = int(np.clip(np.searchsorted(known, horizon_days), 1, len(known) - 1))
    left = right - 1
    z = [X[f"{CURVE}{known[k]}"].to_numpy(float) for k in (left, right)]
    share = np.log(horizon_days / known[left]) / np.log(known[right] / known[left])
    value = z[0] + share * np.minimum(z[1] - z[0], 0.0)
    return np.asarray(np.where(np.isfinite(value), value, plain))


def _is_curve(name: str) -> bool:
    return name.startswith(CURVE) and name[len(CURVE) :].isdigit()


def _falling(z: Floats) -> tuple[Ints, Floats]:
    """Make log-odds of shape (n, horizons) non-rising; also which horizon each now comes from."""
    falling = np.minimum.accumulate(z, axis=1)
    source = np.maximum.accumulate(np.where(z <= falling, np.arange(z.shape[1]), 0), axis=1)
    return source.astype(np.int64), falling


def _log_odds(p: Floats) -> Floats:
    return np.asarray(logit(np.clip(p, _TINY, 1 - _TINY)))
