"""Buy-till-you-die models of repeat events: BG/NBD and MBG/NBD, fitted by maximum likelihood.

A unit acts at a constant rate while alive and may stop for good after each event. What is needed of its history is
``frequency`` x (events after the first), ``recency`` t_x (time from the first event to the last) and ``age`` T (time
from the first event to now), all in one unit of time of the caller's choice.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1, psi

from domain.errors import InvalidInput, TrainingImpossible
from models.frame import Floats

Kind = Literal["bg", "mbg"]
STARTS = ((0.5, 1.0, 1.0, 2.0), (1.0, 1.0, 0.5, 1.0), (0.3, 0.3, 1.0, 6.0))
LOG_BOUND = 12.0
FAR = 5.0  # of a logarithm: beyond, a parameter is all but at its bound
WEAK = 1e-3  # keeps parameters finite where the data say nothing


@dataclass(frozen=True)
class BetaGeometric:
    """A fitted BG/NBD (Fader, Hardie & Lee 2005) or MBG/NBD (Batislam, Denizel & Filiztekin 2007) model.

    Attributes
    ----------
    kind : {"bg", "mbg"}
        In BG a unit may stop after each repeat event only; in MBG after the first one too.
    r, alpha : float
        Gamma distribution of the rates: shape, and rate in the caller's unit of time.
    a, b : float
        Beta distribution of the chance to stop.
    log_likelihood : float
        At the optimum, penalty not included.
    """

    kind: Kind
    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float

    def p_alive(self, frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike) -> Floats:
        """Probability that a unit has not stopped, shape (n,)."""
        x, t_x, T = checked_history(frequency, recency, age)
        chances = x + _extra(self.kind)  # how often it might have stopped and did not
        log_odds = (self.r + x) * (np.log(self.alpha + T) - np.log(self.alpha + t_x)) + np.log(self.a)
        stopped = np.where(chances > 0, log_odds - np.log(self.b + np.maximum(chances, 1) - 1), -np.inf)
        return np.asarray(np.exp(-np.logaddexp(0.0, stopped)))

    def p_no_transaction(
        self, t: npt.ArrayLike, frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike
    ) -> Floats:
        """Probability of no event in the next ``t`` units of time, shape (n,).

        ``1 - A + A ((alpha + T) / (alpha + T + t))^(r + x)`` with A the probability to be alive.
        """
        x, _, T = checked_history(frequency, recency, age)
        alive = self.p_alive(frequency, recency, age)
        quiet = (self.r + x) * np.log((self.alpha + T) / (self.alpha + T + np.asarray(t, dtype=np.float64)))
        return np.asarray(1.0 + alive * np.expm1(quiet))

    def expected_transactions(
        self, t: npt.ArrayLike, frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike
    ) -> Floats:
        """Give the expected number of events in the next ``t`` units of time, shape (n,).

        Notes
        -----
        Given life at T the rate is Gamma(r + x, alpha + T) and the chance to stop Beta(a, b + x), with one more in the
        MBG model, whose unit survived its first event too. Fader, Hardie & Lee (2005, eq. 10) after Euler's
        transformation of the hypergeometric function, whose parameters then do not grow with x. It divides by a - 1:
        near a = 1 the value is interpolated. Where the function overflows, which takes a distribution of the chance to
        stop that is all but a point, that point is taken.
        """
        x, _, T = checked_history(frequency, recency, age)
        z = np.asarray(t, dtype=np.float64)
        z = z / (self.alpha + T + z)
        b = self.b + x + _extra(self.kind)
        gap = 1e-4
        if abs(self.a - 1) >= gap:
            ahead = _events_if_alive(self.a, b, self.r + x, z)
        else:
            share = (self.a - (1 - gap)) / (2 * gap)
            ahead = (1 - share) * _events_if_alive(1 - gap, b, self.r + x, z)
            ahead += share * _events_if_alive(1 + gap, b, self.r + x, z)
        return np.asarray(self.p_alive(frequency, recency, age) * ahead)

    def to_json(self) -> dict[str, Any]:
        """Give a JSON-serialisable description."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` gave."""
        return cls(**data)


def fit_bg_nbd(
    frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> BetaGeometric:
    """Fit the BG/NBD model.

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
    >>> model = fit_bg_nbd([0, 2, 5, 1], [0, 20, 35, 4], [40, 40, 36, 40])
    >>> bool(0 < model.p_alive([5], [35], [36])[0] < 1)
    True
    """
    return _fit("bg", frequency, recency, age, weights)


def fit_mbg_nbd(
    frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> BetaGeometric:
    """Fit the MBG/NBD model, whose units may stop right after their first event; see ``fit_bg_nbd``."""
    return _fit("mbg", frequency, recency, age, weights)


def _extra(kind: Kind) -> float:
    return 1.0 if kind == "mbg" else 0.0


def _events_if_alive(a: float, b: Floats, shape: Floats, z: Floats) -> Floats:
    with np.errstate(all="ignore"):  # what overflows is replaced below
        series = np.exp((a - 1) * np.log1p(-z)) * hyp2f1(a + b - 1 - shape, a - 1, a + b - 1, z)
        exact = (a + b - 1) / (a - 1) * (1 - series)
    stop = a / (a + b)
    growth = z / (1 - z)  # t / (alpha + T)
    point = -np.expm1(-shape * np.log1p(stop * growth)) / stop
    # No unit does more than one that never stops.
    return np.clip(np.where(np.isfinite(exact), exact, point), 0.0, shape * growth)


def _fit(
    kind: Kind, frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike, weights: npt.ArrayLike | None
) -> BetaGeometric:
    x, t_x, T = checked_history(frequency, recency, age)
    weight = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != x.shape or not np.isfinite(weight).all() or (weight < 0).any():
        raise InvalidInput(f"weights needs {len(x)} finite non-negative values.")
    used = weight > 0
    if not used.any() or not T[used].max() > 0:
        raise TrainingImpossible("A model of repeat events needs at least one history of positive age.")
    # Time in units of the mean age: the optimiser then meets the same problem whatever the unit was.
    unit = float(np.average(T, weights=weight)) or 1.0
    data = (kind, x[used], t_x[used] / unit, T[used] / unit, weight[used])
    bounds = [(-LOG_BOUND, LOG_BOUND)] * 4
    best = minimize(_loss, np.log(STARTS[0]), args=data, jac=True, method="L-BFGS-B", bounds=bounds)
    if not best.success or np.abs(best.x).max() > FAR:  # the usual start rarely fails, and each other costs as much
        more = [
            minimize(_loss, np.log(start), args=data, jac=True, method="L-BFGS-B", bounds=bounds)
            for start in STARTS[1:]
        ]
        best = min((best, *more), key=lambda result: float(result.fun))
    r, alpha, a, b = (float(value) for value in np.exp(best.x))
    likelihood = _log_likelihood(best.x, *data)[0] - float((weight * x).sum()) * np.log(unit)
    return BetaGeometric(kind, r, alpha * unit, a, b, float(likelihood))


def _loss(theta: Floats, kind: Kind, x: Floats, t_x: Floats, T: Floats, weight: Floats) -> tuple[float, Floats]:
    """Negative log-likelihood and gradient in the logarithms of the parameters, barely penalised."""
    value, gradient = _log_likelihood(theta, kind, x, t_x, T, weight)
    return -value + WEAK * float(theta @ theta), -gradient + 2 * WEAK * theta


def _log_likelihood(
    theta: Floats, kind: Kind, x: Floats, t_x: Floats, T: Floats, weight: Floats
) -> tuple[float, Floats]:
    r, alpha, a, b = np.exp(theta)
    chances = x + _extra(kind)
    log_now, log_last = np.log(alpha + T), np.log(alpha + t_x)
    alive = -(r + x) * log_now
    before = b + np.maximum(chances, 1) - 1
    stopped = np.where(chances > 0, np.log(a) - np.log(before) - (r + x) * log_last, -np.inf)
    either = np.logaddexp(alive, stopped)
    survived = gammaln(a + b) + gammaln(b + chances) - gammaln(b) - gammaln(a + b + chances)
    rows = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + survived + either
    share = np.exp(stopped - either)  # posterior chance of having stopped
    sums = psi(a + b) - psi(a + b + chances)
    by_row = (
        r * (psi(r + x) - psi(r) + np.log(alpha) - (1 - share) * log_now - share * log_last),
        r - alpha * (r + x) * ((1 - share) / (alpha + T) + share / (alpha + t_x)),
        a * sums + share,
        b * (sums + psi(b + chances) - psi(b) - share / before),
    )
    return float(weight @ rows), np.array([float(weight @ part) for part in by_row])


def checked_history(
    frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Return histories as arrays of shape (n,).

    Raises
    ------
    InvalidInput
        If lengths differ, or a value is missing, negative or out of order.
    """
    x, t_x, T = (np.asarray(part, dtype=np.float64) for part in (frequency, recency, age))
    if not x.shape == t_x.shape == T.shape or x.ndim != 1:
        raise InvalidInput(f"frequency {x.shape}, recency {t_x.shape} and age {T.shape} differ in shape.")
    if not (np.isfinite(x) & (x >= 0) & (t_x >= 0) & (t_x <= T) & np.isfinite(T)).all():
        raise InvalidInput("Histories need finite values with 0 <= frequency and 0 <= recency <= age.")
    return x, t_x, T
