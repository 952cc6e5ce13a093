"""Width of an 80 % interval for a probability, from what might have come out otherwise."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy.special import expit, ndtri

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
HIDDEN = 1.1  # variance of log-odds among those that look alike, where features show a clear signal
HIDDEN_HALF = 0.15  # explained variance at which half of it is believed: where nothing varies, nothing need hide
MEDIAN = 0.2  # of the hidden variance: half of the way from the mean of such subjects to their median
RECORD_HALF = 10.0  # outcomes of one's own that tell half of what a long record does
BELIEVED = 0.5  # of what predictions spread less where there is no record
RECORDS = (1.0, 3.0, 6.0, 12.0, 25.0, 50.0, 100.0)
LEAST_IN_BIN = 50
CLOSE = 0.05  # an end that lies nearer to 0 or 1 than this share of the width is drawn there
_TAILS = np.linspace(0.0005, 1 - LEVEL - 0.0005, 40)  # what may lie below an interval
_BELOW, _ABOVE = ndtri(_TAILS), ndtri(_TAILS + LEVEL)
_ALL_ON_ONE_SIDE = float(ndtri(LEVEL))
_AT_ONCE = 20_000


@dataclass(frozen=True)
class Prediction:
    """Probabilities with 80 % intervals for the probability itself, not for the outcome.

    Attributes
    ----------
    p, low, high : ndarray of float64, shape (n,)
        ``EDGE <= p <= 1 - EDGE`` and ``0 <= low <= p <= high <= 1``: what lies outside is drawn in, so that no event
        is ever said to be certain. An end at 0 or 1 says that the rows cannot tell rare from never.

    Examples
    --------
    >>> found = Prediction(np.array([0.0, 0.3]), np.array([0.0, 0.4]), np.array([0.1, 1.1]))
    >>> found.p.tolist(), found.low.tolist(), found.high.tolist()
    ([1e-06, 0.3], [0.0, 0.3], [0.1, 1.0])
    """

    p: Floats
    low: Floats
    high: Floats

    def __post_init__(self) -> None:
        """Hold the order and the edges."""
        p, low, high = np.clip(self.p, EDGE, 1 - EDGE), np.clip(self.low, 0, 1), np.clip(self.high, 0, 1)
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
    return HIDDEN * explained / (explained + HIDDEN_HALF)


@dataclass(frozen=True)
class Belief:
    """What is thought of the true log-odds of each subject: normal about a middle.

    Attributes
    ----------
    z : ndarray of float64, shape (n,)
        Log-odds of the calibrated probability, the mean over subjects that look alike.
    middle, deviation : ndarray of float64, shape (n,)
        Median and standard deviation of the true log-odds of such subjects.
    """

    z: Floats
    middle: Floats
    deviation: Floats

    def widened(self, variance: Floats | float) -> Self:
        """Add a variance of the log-odds."""
        return replace(self, deviation=np.sqrt(self.deviation**2 + variance))

    def prediction(self) -> Prediction:
        """Probability and 80 % interval."""
        return Prediction(expit(self.z), *shortest(self.middle, self.deviation))


@dataclass(frozen=True)
class Untold:
    """What a record of one's own tells, and its lack leaves open.

    Attributes
    ----------
    most : float
        By how much the variance of predicted log-odds among subjects with a long record exceeds that among those
        without any.

    Notes
    -----
    Subjects with and without a record come from one population, so their true log-odds vary alike (law of total
    variance): what the predictions for those without a record do not spread is hidden there. Half of it is believed,
    since records are not dealt out by chance, and no more than doubles what is thought hidden from everybody.
    """

    most: float = 0.0

    @classmethod
    def learn(cls, z: Floats, n: Floats) -> Self:
        """Fit on log-odds of rows, shape (n,), and the size of the record that stood behind each; NaN counts as none.

        Examples
        --------
        >>> n = np.tile([0.0, 20.0, 80.0], 100)
        >>> told = Untold.learn(np.where(np.arange(300) % 2, 1.0, -1.0) * np.sqrt(2 - 10 / (10 + n)), n)
        >>> round(told.most, 6), told.variance(np.array([0.0, 10.0])).round(3).tolist()
        (1.0, [0.5, 0.25])
        """
        n = np.nan_to_num(n)
        place = np.digitize(n, RECORDS)
        bins = [np.flatnonzero(place == k) for k in np.unique(place)]
        bins = [rows for rows in bins if len(rows) >= LEAST_IN_BIN]
        if len(bins) < 3:
            return cls()
        lack = np.array([(RECORD_HALF / (RECORD_HALF + n[rows])).mean() for rows in bins])
        weight = np.array([len(rows) for rows in bins], dtype=np.float64)
        spreads = np.array([z[rows].var() for rows in bins])
        away = lack - np.average(lack, weights=weight)
        slope = float((weight * away) @ spreads / max(float((weight * away) @ away), 1e-9))
        return cls(float(np.clip(-slope, 0.0, HIDDEN / BELIEVED)))

    def variance(self, n: Floats) -> Floats:
        """Variance of log-odds to add for records of these sizes, shape (n,)."""
        return np.asarray(BELIEVED * self.most * RECORD_HALF / (RECORD_HALF + np.nan_to_num(n)))


def belief(z: Floats, variance: Floats, apart: float = 0.0) -> Belief:
    """Tell what is thought of subjects: log-odds z, the variance of their error, how much alike subjects differ.

    A calibrated p is the mean over subjects that look alike; most of them lie further from one half than that, which
    is where the interval is drawn about (Zeger, Liang & Albert 1988 for mean and median of a logistic normal).
    """
    z = np.clip(z, -LOGIT_LIMIT, LOGIT_LIMIT)
    return Belief(z, z * np.sqrt(1 + MEDIAN * apart), np.sqrt(variance + apart))


def interval(z: Floats, variance: Floats, apart: float = 0.0) -> Prediction:
    """Probability and interval from what `belief` takes."""
    return belief(z, variance, apart).prediction()


def shortest(middle: Floats, deviation: Floats) -> tuple[Floats, Floats]:
    """Return the ends of the shortest interval that holds 80 % of a logistic normal distribution.

    Parameters
    ----------
    middle, deviation : ndarray of float64, shape (n,)
        Of the log-odds.

    Returns
    -------
    low, high : ndarray of float64, shape (n,)

    Notes
    -----
    Short on the scale on which the standard error of a share is the same everywhere, ``arcsin sqrt p``: near an edge
    the log-odds go on for ever over what nobody can tell apart, and equal tails there would leave out many subjects
    that are all but certain for the sake of few. An end that is nearer to an edge than `CLOSE` of the width is drawn
    there, and the other one to where the interval holds 80 % again; if both are, nothing is known.

    Examples
    --------
    >>> low, high = shortest(np.array([-4.0, 0.0]), np.array([1.5, 1.0]))
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0, 0.215], [0.061, 0.78])
    """
    ends = [_shortest(middle[k : k + _AT_ONCE], deviation[k : k + _AT_ONCE]) for k in range(0, len(middle), _AT_ONCE)]
    low, high = (np.concatenate([np.zeros(0), *(pair[side] for pair in ends)]) for side in (0, 1))
    return low, high


def _shortest(middle: Floats, deviation: Floats) -> tuple[Floats, Floats]:
    lows = expit(middle[:, None] + deviation[:, None] * _BELOW)
    highs = expit(middle[:, None] + deviation[:, None] * _ABOVE)
    best = np.argmin(np.arcsin(np.sqrt(highs)) - np.arcsin(np.sqrt(lows)), axis=1)
    rows = np.arange(len(middle))
    low, high = lows[rows, best], highs[rows, best]
    near = CLOSE * (high - low)
    never, always = low < near, 1 - high < near
    one_sided = expit(middle + np.where(never, 1, -1) * _ALL_ON_ONE_SIDE * deviation)
    both = never & always
    low = np.where(never, 0.0, np.where(always, one_sided, low))
    return low, np.where(always, 1.0, np.where(never & ~both, one_sided, high))
