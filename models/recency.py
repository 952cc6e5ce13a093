"""The baseline of churn: how often partners that had been silent as long stayed silent."""

from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from scipy.stats import beta

from models.prior import PRIOR_COUNT
from models.probability import Prediction

Floats = npt.NDArray[np.float64]

_EDGES = np.array([1, 2, 4, 7, 14, 21, 30, 45, 60, 90, 120, 180, 270, 365, 730], dtype=np.float64)
_DEPTH = np.log1p(np.append(_EDGES / 2**0.5, _EDGES[-1] * 2))  # log days in the middle of each band
_PRIOR = 10.0
_TAIL = 0.1
_SLOPE, _SLOPE_SD = 0.5, 0.35
_STEPS = 60


class RecencyBands:
    """Rate of an event by bands of days since the last sign of life, never falling with silence.

    Notes
    -----
    A band's rate counts that of a rising curve as ten rows; the curve is logistic in the log of silence, with a prior
    on its slope and on the overall rate, so a handful of partners, or none, already make silence a risk. Neighbouring
    bands that fall are pooled (isotonic regression by pool adjacent violators, Ayer et al. 1955). Intervals are the
    central 80 % of the Beta posterior. Silence of unknown length is a band of its own at the overall rate.

    Examples
    --------
    >>> bands = RecencyBands().fit(np.array([1.0] * 50 + [100.0] * 50), np.array([0.0] * 50 + [1.0] * 50))
    >>> bands.predict(np.array([1.0, 100.0, np.nan])).p.round(2)
    array([0.01, 0.99, 0.5 ])
    """

    def fit(self, days_since: npt.ArrayLike, event: npt.ArrayLike) -> Self:
        """Count; no rows at all are allowed.

        Parameters
        ----------
        days_since : array-like of float, shape (n,)
            NaN for unknown.
        event : array-like of float, shape (n,)
            0 or 1.
        """
        happened = np.asarray(event, dtype=np.float64)
        band = _band(days_since)
        strength = min(_PRIOR, len(happened) + 1.0)
        yes: Floats = np.bincount(band, weights=happened, minlength=len(_DEPTH) + 1).astype(np.float64)
        n: Floats = np.bincount(band, minlength=len(_DEPTH) + 1).astype(np.float64)
        overall = (happened.sum() + PRIOR_COUNT) / (len(happened) + 2 * PRIOR_COUNT)
        prior = np.append(_rising(yes[:-1], n[:-1], overall), overall)
        total, rate = n + strength, (yes + strength * prior) / (n + strength)
        rate[:-1], total[:-1] = _pooled(rate[:-1], total[:-1])
        self._yes, self._no = rate * total, (1 - rate) * total
        self.n_rows_ = len(happened)
        return self

    def predict(self, days_since: npt.ArrayLike) -> Prediction:
        """Return the rate of each row's band with its interval."""
        band = _band(days_since)
        yes, no = self._yes[band], self._no[band]
        p = yes / (yes + no)
        return Prediction(p, *(np.asarray(beta.ppf(tail, yes, no)) for tail in (_TAIL, 1 - _TAIL)))


def _band(days_since: npt.ArrayLike) -> npt.NDArray[np.intp]:
    value = np.asarray(days_since, dtype=np.float64)
    return np.where(np.isnan(value), len(_DEPTH), np.searchsorted(_EDGES, value, side="right"))


def _rising(yes: Floats, n: Floats, overall: float) -> Floats:
    """Rates of a logistic curve in the log of silence, with a slope that is not negative.

    Newton's method for level and slope; their priors are normal about the overall rate and about ``_SLOPE``.
    """
    centre = float(np.average(_DEPTH, weights=n)) if n.sum() else float(_DEPTH.mean())
    design = np.column_stack([np.ones(len(_DEPTH)), _DEPTH - centre])
    theta = mean = np.array([np.log(overall / (1 - overall)), _SLOPE])
    precision = np.array([1.0, _SLOPE_SD**-2])
    for _ in range(_STEPS):
        p = expit(design @ theta)
        gradient = design.T @ (n * p - yes) + precision * (theta - mean)
        hessian = (design * (n * p * (1 - p))[:, None]).T @ design + np.diag(precision)
        step = np.clip(np.linalg.solve(hessian, gradient), -0.5, 0.5)
        theta = theta - step
        theta[1] = max(theta[1], 0.0)
        if np.abs(step).max() < 1e-9:
            break
    return np.asarray(expit(design @ theta))


def _pooled(rate: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Rates made non-falling, and the weight each rests on; pooled neighbours share both."""
    blocks: list[tuple[float, float, int]] = []
    for value, heavy in zip(rate.tolist(), weight.tolist(), strict=True):
        block = (value, heavy, 1)
        while blocks and blocks[-1][0] > block[0]:
            before = blocks.pop()
            total = before[1] + block[1]
            block = ((before[0] * before[1] + block[0] * block[1]) / total, total, before[2] + block[2])
        blocks.append(block)
    sizes = [size for _, _, size in blocks]
    return np.repeat([value for value, _, _ in blocks], sizes), np.repeat([heavy for _, heavy, _ in blocks], sizes)
