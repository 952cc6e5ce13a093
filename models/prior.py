"""The base rate with what is known about it: the candidate every other one has to beat."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from models.frame import Floats, Ints

PRIOR_COUNT = 0.5  # Jeffreys


@dataclass(frozen=True)
class BaseRate:
    """Posterior of a rate: Beta(successes + 1/2, failures + 1/2).

    Attributes
    ----------
    successes, failures : float
        Effective counts; with groups smaller than the counted ones.

    Examples
    --------
    >>> rate = BaseRate(0.0, 0.0)
    >>> rate.p
    0.5
    >>> [round(bound, 3) for bound in rate.interval(0.8)]
    [0.024, 0.976]
    """

    successes: float
    failures: float

    @property
    def p(self) -> float:
        """Posterior mean."""
        return (self.successes + PRIOR_COUNT) / (self.successes + self.failures + 2 * PRIOR_COUNT)

    @property
    def logit_variance(self) -> float:
        """Variance of the log-odds (delta method)."""
        return 1 / (self.successes + PRIOR_COUNT) + 1 / (self.failures + PRIOR_COUNT)

    def interval(self, level: float) -> tuple[float, float]:
        """Central interval of the posterior, widened where it would not hold the mean."""
        tail = (1 - level) / 2
        a, b = self.successes + PRIOR_COUNT, self.failures + PRIOR_COUNT
        low, high = float(beta.ppf(tail, a, b)), float(beta.ppf(1 - tail, a, b))
        return min(low, self.p), max(high, self.p)


def base_rate(y: Floats, weight: Floats, deff: float = 1.0) -> BaseRate:
    """Give the base rate of weighted outcomes; ``deff`` rows carry the information of one."""
    if not len(y):
        return BaseRate(0.0, 0.0)
    effective = float(weight.sum() ** 2 / (weight @ weight)) / deff
    rate = float(np.average(y, weights=weight))
    return BaseRate(rate * effective, (1 - rate) * effective)


def base_logit(y: Floats, weight: Floats) -> float:
    """Log-odds of the shrunk base rate."""
    p = base_rate(y, weight).p
    return float(np.log(p / (1 - p)))


def design_effect(y: Floats, weight: Floats, group: Ints) -> float:
    """Variance of the weighted mean with rows in groups over that with independent rows (Kish 1965), at least one."""
    if not len(y):
        return 1.0
    residual = weight * (y - np.average(y, weights=weight))
    alone = float(residual @ residual)
    sums = np.bincount(group, weights=residual)
    return max(1.0, float(sums @ sums) / alone) if alone > 0 else max(1.0, len(y) / (int(group.max()) + 1))
