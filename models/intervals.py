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
# How much of each source of variance counts: docs/models/certainty.md.
LINEAR = 0.6  # of the posterior of the linear model
TREES = 1.5  # of the spread of the trees' members, which does not show what all of them miss
DISAGREEMENT = 0.1  # of the squared difference between linear model and trees
UNSEEN = 150.0  # heterogeneity that so few rows could not have shown: this over (rows of the rarer class) ** 1.5
UNSEEN_MOST = 4.0
# What no single outcome can show: how much subjects differ that look alike. A prior, the same for all data.
HIDDEN = 0.95  # variance of log-odds among those that look alike, where features show a clear signal
HIDDEN_HALF = 0.15  # explained variance at which half of it is believed: where nothing varies, nothing need hide
STEEPER = 0.08  # how much more differs at the ends than in the middle, per squared unit of log-odds
HIDDEN_SHARE = 0.2  # of the explained variance, where that is more: the larger the differences, the more may hide
MEDIAN = 0.2  # of the hidden variance: half of the way from the mean of such subjects to their median


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


def hidden(explained: float) -> float:
    """Variance of log-odds among subjects that look alike, given that among those that do not."""
    return max(HIDDEN * explained / (explained + HIDDEN_HALF), HIDDEN_SHARE * explained)


def steeper(level: float, z: Floats, centre: float) -> Floats:
    """Hidden variance at log-odds z, which are ``centre`` on average."""
    return level * (1 + STEEPER * (z - centre) ** 2)


def interval(z: Floats, variance: Floats, apart: Floats | float = 0.0) -> Prediction:
    """Probability and interval from log-odds, the variance of their error, and how much alike subjects differ.

    A calibrated p is the mean over subjects that look alike; most of them lie further from one half than that, which
    is where the interval is drawn about (Zeger, Liang & Albert 1988 for mean and median of a logistic normal).
    """
    z = np.clip(z, -LOGIT_LIMIT, LOGIT_LIMIT)
    p = expit(z)
    middle = z * np.sqrt(1 + MEDIAN * apart)
    half = Z80 * np.sqrt(variance + apart)
    low, high = expit(middle - half), expit(middle + half)
    return Prediction(p, low, high)
