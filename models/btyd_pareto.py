"""The Pareto/NBD model of repeat events, fitted by maximum likelihood without hypergeometric functions.

A unit acts at a constant rate while alive and may stop for good at any moment. Its history is what
`models.btyd` needs too: ``frequency`` x, ``recency`` t_x and ``age`` T, in one unit of time.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import gammaln, logsumexp, psi

from domain.errors import InvalidInput, TrainingImpossible
from models.btyd import FAR, LOG_BOUND, WEAK, checked_history
from models.frame import Floats

STARTS = ((0.7, 0.7, 0.7, 0.7), (1.5, 0.3, 0.3, 2.0))
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_NODES, _LOG_WEIGHTS = (_NODES + 1) / 2, np.log(_WEIGHTS / 2)


@dataclass(frozen=True)
class ParetoNbd:
    """A fitted Pareto/NBD model (Schmittlein, Morrison & Colombo 1987).

    Attributes
    ----------
    r, alpha : float
        Gamma distribution of the rates of events: shape, and rate in the caller's unit of time.
    s, beta : float
        Gamma distribution of the rates of stopping: shape, and rate in the caller's unit of time.
    log_likelihood : float
        At the optimum, penalty not included.

    Notes
    -----
    Likelihood and P(no event) are integrals over the moment of stopping, with positive integrands; they are taken by
    Gauss-Legendre quadrature in the logarithm of time. The closed forms are differences of hypergeometric functions
    that cancel for long or busy histories.
    """

    r: float
    alpha: float
    s: float
    beta: float
    log_likelihood: float

    def p_alive(self, frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike) -> Floats:
        """Probability that a unit has not stopped, shape (n,)."""
        x, t_x, T = checked_history(frequency, recency, age)
        parameters = (self.r, self.alpha, self.s, self.beta)
        alive, stopped, _ = _log_terms(parameters, x, t_x, T)
        return np.asarray(np.exp(alive - np.logaddexp(alive, logsumexp(stopped, axis=1))))

    def p_no_transaction(
        self,
        t: npt.ArrayLike,
        frequency: npt.ArrayLike,
        recency: npt.ArrayLike,
        age: npt.ArrayLike,
        alive: Floats | None = None,
    ) -> Floats:
        """Probability of no event in the next ``t`` units of time, shape (n,).

        Given life at T, the rates are Gamma(r + x, alpha + T) and Gamma(s, beta + T): the unit is silent if it neither
        acts nor stops within t, or stops before it acts. `alive` is `p_alive` of the same histories, if it is at hand.
        """
        x, _, T = checked_history(frequency, recency, age)
        ahead = np.broadcast_to(np.asarray(t, dtype=np.float64), x.shape)
        living, stopped, _ = _log_terms((self.r + x, self.alpha + T, self.s, self.beta + T), 0.0 * x, 0.0 * x, ahead)
        silent = np.minimum(np.logaddexp(living, logsumexp(stopped, axis=1)), 0.0)
        there = self.p_alive(frequency, recency, age) if alive is None else alive
        return np.asarray(1.0 + there * np.expm1(silent))

    def expected_transactions(
        self,
        t: npt.ArrayLike,
        frequency: npt.ArrayLike,
        recency: npt.ArrayLike,
        age: npt.ArrayLike,
        alive: Floats | None = None,
    ) -> Floats:
        """Give the expected number of events in the next ``t`` units of time, shape (n,); `alive` as above."""
        x, _, T = checked_history(frequency, recency, age)
        span = np.asarray(t, dtype=np.float64)
        rate, scale = (self.r + x) / (self.alpha + T), self.beta + T
        # Mean time alive within t: (1 - (scale / (scale + t)) ** (s - 1)) * scale / (s - 1), whose limit at 1 is a log.
        log_gone = np.log1p(span / scale)
        power = (1 - self.s) * log_gone
        growth = np.where(np.abs(power) > 1e-8, np.expm1(power) / np.where(power == 0, 1.0, power), 1.0)
        there = self.p_alive(frequency, recency, age) if alive is None else alive
        return np.asarray(there * rate * scale * log_gone * growth)

    def to_json(self) -> dict[str, Any]:
        """Give a JSON-serialisable description."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` gave."""
        return cls(**data)


def fit_pareto_nbd(
    frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> ParetoNbd:
    """Fit the Pareto/NBD model; equal histories are counted together.

    Parameters
    ----------
    frequency, recency, age : array-like, shape (n,)
        Repeat events, time from first to last, time from first to now; ``0 <= recency <= age``.
    weights : array-like, shape (n,), optional
        How often each row counts.

    Raises
    ------
    InvalidInput
        If lengths differ, or a value is missing, negative or out of order.
    TrainingImpossible
        If there is no row of positive weight and age.

    Examples
    --------
    >>> model = fit_pareto_nbd([0, 2, 5, 1], [0, 20, 35, 4], [40, 40, 36, 40])
    >>> bool(0 < model.p_alive([5], [35], [36])[0] < 1)
    True
    """
    x, t_x, T = checked_history(frequency, recency, age)
    weight = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != x.shape or not np.isfinite(weight).all() or (weight < 0).any():
        raise InvalidInput(f"weights needs {len(x)} finite non-negative values.")
    if not (weight > 0).any() or not T[weight > 0].max() > 0:
        raise TrainingImpossible("A model of repeat events needs at least one history of positive age.")
    distinct, place = np.unique(np.column_stack([x, t_x, T])[weight > 0], axis=0, return_inverse=True)
    times: Floats = np.bincount(place.ravel(), weights=weight[weight > 0]).astype(np.float64)
    # Time in units of the mean age: the optimiser then meets the same problem whatever the unit was.
    unit = float(np.average(distinct[:, 2], weights=times)) or 1.0
    data = (distinct[:, 0], distinct[:, 1] / unit, distinct[:, 2] / unit, times)
    bounds = [(-LOG_BOUND, LOG_BOUND)] * 4
    best = minimize(_loss, np.log(STARTS[0]), args=data, jac=True, method="L-BFGS-B", bounds=bounds)
    if not best.success or np.abs(best.x).max() > FAR:  # the usual start rarely fails, and a second one costs as much
        other = minimize(_loss, np.log(STARTS[1]), args=data, jac=True, method="L-BFGS-B", bounds=bounds)
        best = min(best, other, key=lambda result: float(result.fun))
    r, alpha, s, beta = (float(value) for value in np.exp(best.x))
    likelihood = _log_likelihood(best.x, *data)[0] - float((weight * x).sum()) * np.log(unit)
    return ParetoNbd(r, alpha * unit, s, beta * unit, float(likelihood))


def _loss(theta: Floats, x: Floats, t_x: Floats, T: Floats, weight: Floats) -> tuple[float, Floats]:
    value, gradient = _log_likelihood(theta, x, t_x, T, weight)
    total = weight.sum()
    return -value / total + WEAK * float(theta @ theta) / total, -gradient / total + 2 * WEAK * theta / total


def _log_likelihood(theta: Floats, x: Floats, t_x: Floats, T: Floats, weight: Floats) -> tuple[float, Floats]:
    """Log likelihood and its gradient in the logarithms of r, alpha, s, beta."""
    r, alpha, s, beta = np.exp(theta)
    alive, stopped, at = _log_terms((r, alpha, s, beta), x, t_x, T)
    terms = np.column_stack([alive, stopped])
    total = logsumexp(terms, axis=1)
    value = float(weight @ (gammaln(r + x) - gammaln(r) - x * np.log(alpha) + total))
    share = np.exp(terms - total[:, None]) * weight[:, None]
    u, gone = np.column_stack([T, at]), np.ones(terms.shape[1])
    gone[0] = 0.0  # the first term is of those that have not stopped
    log_a, log_b = np.log1p(u / alpha), np.log1p(u / beta)
    by_r = float(weight @ (psi(r + x) - psi(r))) - float((share * log_a).sum())
    by_alpha = float((share * ((r + x)[:, None] * (u / (alpha + u)) - x[:, None])).sum())
    by_s = float((share * (gone / s - log_b)).sum())
    by_beta = float((share * (s * u / (beta + u) - gone * beta / (beta + u))).sum())
    return value, np.array([by_r * r, by_alpha, by_s * s, by_beta])


def _log_terms(
    parameters: tuple[Any, Any, Any, Any], x: Floats, t_x: Floats, T: Floats
) -> tuple[Floats, Floats, Floats]:
    """Logarithms of what adds up to the chance of silence from the last event at t_x on.

    Returns
    -------
    alive : ndarray, shape (n,)
        Not stopped by T.
    stopped : ndarray, shape (n, nodes)
        Stopped about each node, weight of the node included.
    at : ndarray, shape (n, nodes)
        Time of the nodes.
    """
    r, alpha, s, beta = (np.asarray(value, dtype=np.float64) for value in parameters)
    alive = -(r + x) * np.log1p(T / alpha) - s * np.log1p(T / beta)
    # Nodes are evenly spread in log(1 + time / scale), scale being how fast the integrand falls at its start.
    scale = 1.0 / ((r + x) / (alpha + t_x) + (s + 1) / (beta + t_x))
    length = np.log1p(np.maximum(T - t_x, 0.0) / scale)
    with np.errstate(divide="ignore"):
        log_length = np.log(length)
    w = length[:, None] * _NODES
    at = t_x[:, None] + scale[:, None] * np.expm1(w)
    log_step = log_length[:, None] + _LOG_WEIGHTS + np.log(scale)[:, None] + w
    stopped = log_step - _column(r + x) * np.log1p(at / _column(alpha))
    stopped = stopped + _column(np.log(s / beta)) - _column(s + 1) * np.log1p(at / _column(beta))
    return alive, stopped, at


def _column(values: Floats) -> Floats:
    return values[:, None] if values.ndim else values
