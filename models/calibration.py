"""Platt scaling on the log-odds, shrunk to the identity: monotone, and additive contributions stay additive."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from scipy.special import expit

from models.frame import Floats

P_LIMIT = 1e-4
LOGIT_LIMIT = float(np.log((1 - P_LIMIT) / P_LIMIT))
PRIOR_LOG_SLOPE = 0.2
PRIOR_SHIFT = 0.3


@dataclass(frozen=True)
class Platt:
    """``z' = centre + shift + slope (z - centre)`` with ``slope > 0``.

    Attributes
    ----------
    centre : float
        Mean log-odds of the rows calibrated on; about it slope and shift are nearly independent.
    slope, shift : float
        One and zero for the identity.
    log_slope_variance, shift_variance : float
        Of their posterior (Laplace).
    """

    centre: float = 0.0
    slope: float = 1.0
    shift: float = 0.0
    log_slope_variance: float = 0.0
    shift_variance: float = 0.0

    def apply(self, z: Floats) -> Floats:
        """Calibrated log-odds, same shape."""
        return self.centre + self.shift + self.slope * (z - self.centre)

    def variance(self, z: Floats) -> Floats:
        """Variance of the calibrated log-odds by the delta method, same shape."""
        return self.shift_variance + self.log_slope_variance * (self.slope * (z - self.centre)) ** 2

    def to_json(self) -> dict[str, Any]:
        """Give a JSON-serialisable description."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` gave."""
        return cls(**data)


def fit_platt(z: Floats, y: Floats, weight: Floats, *, keep_shift: float = 1.0, shift_sd: float = PRIOR_SHIFT) -> Platt:
    """Calibrate held-out log-odds.

    Parameters
    ----------
    z, y, weight : ndarray of float64, shape (n,)
        Log-odds of rows that the model had not seen, outcomes 0 or 1, and weights.
    keep_shift : float, default=1
        Part of the shift to apply. Below one when the model is refitted with the held-out rows, which
        moves its level by the rest.
    shift_sd : float
        Standard deviation of the shift before anything is seen.

    Notes
    -----
    Platt (1999) with Gaussian priors on the shift and on the logarithm of the slope (sd 0.2): few rows
    leave the identity, many decide themselves. Newton's method with damping.
    """
    if not len(z) or weight.sum() <= 0:
        return Platt(shift_variance=shift_sd**2, log_slope_variance=PRIOR_LOG_SLOPE**2)
    centre = float(np.average(z, weights=weight))
    away = z - centre
    precision = np.array([1 / shift_sd**2, 1 / PRIOR_LOG_SLOPE**2])
    theta = np.zeros(2)  # shift, log slope
    for _ in range(50):
        gradient, hessian = _derivatives(theta, centre, away, y, weight)
        step = np.linalg.solve(hessian + np.diag(precision), gradient + precision * theta)
        theta = theta - np.clip(step, -0.5, 0.5)
        if float(np.abs(step).max()) < 1e-10:
            break
    _, hessian = _derivatives(theta, centre, away, y, weight)
    covariance = np.linalg.inv(hessian + np.diag(precision))
    return Platt(
        centre,
        float(np.exp(theta[1])),
        float(theta[0]) * keep_shift,
        float(covariance[1, 1]),
        float(covariance[0, 0]) * keep_shift**2,
    )


def _derivatives(theta: Floats, centre: float, away: Floats, y: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Gradient and expected Hessian of the log-loss in (shift, log slope)."""
    tilt = np.exp(theta[1]) * away
    p = expit(centre + theta[0] + tilt)
    parts = np.column_stack([np.ones_like(away), tilt])
    gradient = parts.T @ (weight * (p - y))
    hessian = parts.T @ (parts * (weight * p * (1 - p))[:, None])
    return gradient, hessian
