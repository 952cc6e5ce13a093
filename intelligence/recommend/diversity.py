"""Lists that do not say the same thing ten times: maximal marginal relevance over what items are about."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from intelligence.features.item_log import Floats, Ints
from intelligence.features.item_traits import unit_rows

Doubles = npt.NDArray[np.float64]


def diversified(score: Doubles, content: Floats, trade_off: float) -> Ints:
    """Return the order of one list in which each next item is good and unlike those before it.

    Parameters
    ----------
    score : ndarray of float64, shape (n,)
        Higher is better, descending.
    content : ndarray of float32, shape (n, d)
        What the items are about.
    trade_off : float
        0 keeps the order of the scores, 1 only looks for the unlike.

    Notes
    -----
    Carbonell and Goldstein (1998): the next item has the highest ``(1 - t) relevance - t likeness``, with relevance
    the score on the scale from the list's last to its first, and likeness the cosine to the nearest item before.

    Examples
    --------
    >>> about = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    >>> diversified(np.array([3.0, 2.9, 2.0]), about, 0.5).tolist()
    [0, 2, 1]
    >>> diversified(np.array([3.0, 2.9, 2.0]), about, 0.0).tolist()
    [0, 1, 2]
    """
    n = len(score)
    if n < 3 or trade_off <= 0 or not content.shape[1]:
        return np.arange(n)
    relevance = (score - score[-1]) / max(float(score[0] - score[-1]), 1e-12)
    unit = unit_rows(content)
    likeness = unit @ unit.T
    chosen = [0]
    nearest = likeness[0].astype(np.float64)
    left = np.ones(n, dtype=np.bool_)
    left[0] = False
    for _ in range(n - 1):
        gain = np.where(left, (1 - trade_off) * relevance - trade_off * nearest, -np.inf)
        best = int(gain.argmax())
        chosen.append(best)
        left[best] = False
        nearest = np.maximum(nearest, likeness[best])
    return np.array(chosen, dtype=np.int64)


def reorder(partner: Ints, item: Ints, score: Doubles, content: Floats, trade_off: float) -> Ints:
    """Return the rows of whole lists (rows of a partner stand together, best first) in diversified order."""
    order = np.arange(len(partner))
    if trade_off <= 0 or not content.shape[1]:
        return order
    bounds = [*np.flatnonzero(np.diff(partner, prepend=-1)), len(partner)]
    for begin, end in pairwise(bounds):
        order[begin:end] = begin + diversified(score[begin:end], content[item[begin:end]], trade_off)
    return order
