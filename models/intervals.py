"""Width of an 80 % interval for a probability, from what might have come out otherwise."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from models.calibration import LOGIT_LIMIT
from models.frame import Floats

LEVEL = 0.8
Z80 = 1.2815515655446004
EDGE = 1e-6
BORROWED = 4.0  # members' worth of the average spread that each row's own is smoothed with
# How much of each source of variance counts. Found on simulated worlds of 300, 1,000 and 5,000 rows (linear, with steps
# and interactions, weak, without any signal) so that on average 80 to 89 % of the true probabilities lie inside.
LINEAR = 0.6  # of the posterior of the linear model
TREES = 1.5  # of the spread of the trees' members, which does not show what all of them miss
DISAGREEMENT = 0.1  # of the squared difference between linear model and trees
UNSEEN = 150.0  # heterogeneity that so few rows could not have shown: this over (rows of the rarer class) ** 1.5
UNSEEN_MOST = 4.0


@dataclass(frozen=True)
class Prediction:
    """Probabilities with 80 % intervals for the probability itself, not for the outcome.

    Attributes
    ----------
    p, low, high : ndarray of float64, shape (n,)
        ``EDGE <= low <= p <= high <= 1 - EDGE``: what lies outside is drawn in, so that nothing is ever certain.

    Examples
    --------
    >>> found = Prediction(np.array([0.0, 0.3]), np.array([0.0, 0.4]), np.array([0.1, 1.0]))
    >>> found.p.tolist(), found.low.tolist(), found.high.tolist()
    ([1e-06, 0.3], [1e-06, 0.3], [0.1, 0.999999])
    """

    p: Floats
    low: Floats
    high: Floats

    def __post_init__(self) -> None:
        """Hold the order and the edges."""
        p, low, high = (np.clip(values, EDGE, 1 - EDGE) for values in (self.p, self.low, self.high))
        for name, values in (("p", p), ("low", np.minimum(low, p)), ("high", np.maximum(high, p))):
            object.__setattr__(self, name, values)


def spread(members: Floats, centre: Floats) -> Floats:
    """Mean squared distance of members (members, n) from the centre (n,); zero without members."""
    if not len(members):
        return np.zeros_like(centre)
    # Along contiguous rows, so that the order of the sum does not depend on how many rows are asked about.
    return np.asarray(np.ascontiguousarray(((members - centre) ** 2).T).mean(axis=1))


def smooth(own: Floats, members: int, average: float) -> Floats:
    """Draw noisy spreads of few members towards the training rows' average."""
    return (members * own + BORROWED * average) / (members + BORROWED) if members else own


def unseen(rarer: float) -> float:
    """Variance of true log-odds that no candidate could have found with so many rows of the rarer class."""
    return float(min(UNSEEN_MOST, UNSEEN / max(rarer, 1.0) ** 1.5))


def interval(z: Floats, variance: Floats) -> Prediction:
    """Probability and interval from log-odds and their variance."""
    z = np.clip(z, -LOGIT_LIMIT, LOGIT_LIMIT)
    p = expit(z)
    half = Z80 * np.sqrt(variance)
    low, high = expit(z - half), expit(z + half)
    return Prediction(p, low, high)
