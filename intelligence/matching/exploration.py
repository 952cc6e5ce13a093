"""Who is shown first: the best, or now and then a near-equal of which less is known; with what probability.

What the policy explores is bounded twice: only options worth nearly as much as the best may replace it, and only on a
share of the leads. The probability of every option is a number that is kept, and the draw follows from a key, so that
a decision can be taken again exactly and policies can be judged by what came of it.
"""

import hashlib

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, ndtr, ndtri

from domain.routing import Exploration, RoutingPolicy

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

WIDTH = 10
"""Candidates among which near-equals are looked for, where fewer are asked for."""
_HALF_80 = 1.2815515655446004  # standard deviations from the middle to an end of an 80 % interval
_EDGE = 1e-6  # an end this near to 0 or 1 says only that rare cannot be told from never
_UNKNOWN = 1.0  # deviation of log-odds where both ends say so
_LEAST = 1e-6
_SELDOM = 1e-3  # of what is tried more seldom no log would ever tell
_POINTS = ndtri((np.arange(65) + 0.5) / 65)


def propensities(worth: Floats, low: Floats, p: Floats, high: Floats, policy: RoutingPolicy) -> Floats:
    """Return the probability with which each candidate of one lead is shown first.

    Parameters
    ----------
    worth : float64 array of shape (k,)
        What candidates are ranked by, the best first. It is taken to grow in proportion to the chance of a win.
    low, p, high : float64 arrays of shape (k,)
        P(win) with its 80 % interval.
    policy : RoutingPolicy
        Its ``exploration``, ``explored_share`` and ``explored_within`` count.

    Returns
    -------
    float64 array of shape (k,)
        Adds up to 1.

    Notes
    -----
    By the bounds, a lead is worth at most ``explored_share * explored_within * worth[0]`` less than without
    exploration, on average over draws. ``thompson``: the probability that a draw from each one's belief makes it the
    best (Thompson 1933; Chapelle and Li 2011), by quadrature instead of by drawing, so that it is known exactly.

    Examples
    --------
    >>> worth = np.array([0.50, 0.45, 0.20])
    >>> policy = RoutingPolicy(exploration="epsilon", explored_share=0.2, explored_within=0.15)
    >>> propensities(worth, worth - 0.1, worth, worth + 0.1, policy).round(2).tolist()
    [0.9, 0.1, 0.0]
    """
    found = np.zeros(len(worth))
    if not len(worth):
        return found
    found[0] = 1.0
    near = near_equals(worth, policy)
    if near.sum() < 2:
        return found
    tried = np.zeros(len(worth))
    # What is worth nothing, or less than a scarce partner's price, is so whatever its chance: all are tried alike.
    thompson = policy.exploration is Exploration.THOMPSON and worth[near].min() > 0
    tried[near] = _best_by_belief(worth[near], low[near], p[near], high[near]) if thompson else 1 / near.sum()
    return (1 - policy.explored_share) * found + policy.explored_share * tried


def near_equals(worth: Floats, policy: RoutingPolicy) -> Bools:
    """Return which candidates, the best first, may take the first place; the best is always among them."""
    near: Bools = np.zeros(len(worth), dtype=np.bool_)
    near[:1] = True
    if policy.exploration is not Exploration.NONE and policy.explored_share > 0:
        near |= worth >= worth[0] - policy.explored_within * abs(worth[0])
    return near


def _best_by_belief(worth: Floats, low: Floats, p: Floats, high: Floats) -> Floats:
    """Return the probability that each one's worth, drawn from its belief, is the largest."""
    middle, deviation = _belief(low, p, high)
    # What a win is worth is taken as known: only the chance of it is drawn.
    value = np.where(p > 0, worth / np.maximum(p, _EDGE), 0.0)
    drawn = value[:, None] * expit(middle[:, None] + deviation[:, None] * _POINTS)  # (k, points)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip(drawn[:, :, None] / value, 0.0, 1.0)  # (k, points, k): what p each would need for as much
        below = ndtr((logit(share) - middle) / deviation)
    for k in range(len(worth)):
        below[k, :, k] = 1.0
    found = np.nan_to_num(below, nan=1.0).prod(axis=2).mean(axis=1)
    found = np.where(found >= _SELDOM * found.sum(), found, 0.0)
    return np.asarray(found / found.sum())


def _belief(low: Floats, p: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return middle and standard deviation of the log-odds; ends at 0 or 1 are not used."""
    middle = logit(np.clip(p, _EDGE, 1 - _EDGE))
    ends = np.stack([low, high])
    told = (ends > _EDGE) & (ends < 1 - _EDGE)
    away = np.abs(logit(np.clip(ends, _EDGE, 1 - _EDGE)) - middle) / _HALF_80
    deviation = np.where(told, away, 0.0).sum(axis=0) / np.maximum(told.sum(axis=0), 1)
    return middle, np.where(told.any(axis=0), np.maximum(deviation, _LEAST), _UNKNOWN)


def draw(propensities: Floats, key: str) -> int:
    """Return the position that a key draws; the same key draws the same, and keys draw as if at random.

    Examples
    --------
    >>> chances = np.array([0.5, 0.5])
    >>> [draw(chances, key) for key in ("a", "b", "c", "d", "a")]
    [1, 0, 0, 0, 1]
    """
    number = int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:7], "big") / 2**56
    reached = np.cumsum(propensities) > number * propensities.sum()
    return int(np.flatnonzero(reached & (propensities > 0))[0])
