"""Lists to rank, and how good an order of their rows is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TOP = 10


@dataclass(frozen=True, eq=False)
class RankedLists:
    """Rows of lists to rank.

    Parameters
    ----------
    features : ndarray of float32, shape (n, n_columns)
        Rows of one list stand together; NaN is unknown.
    label : ndarray of float32, shape (n,)
        0 or 1.
    sizes : ndarray of int64, shape (n_lists,)
        Rows of each list.
    relevant : ndarray of int64, shape (n_lists,)
        Right items of each list, also those that are not among its rows.
    """

    features: Floats
    label: Floats
    sizes: Ints
    relevant: Ints


def list_quality(score: Doubles, lists: RankedLists, top: int = TOP) -> tuple[Doubles, Doubles]:
    """Return recall and NDCG (binary gains) within the first `top` rows of each list.

    Examples
    --------
    >>> two = RankedLists(np.zeros((3, 0)), np.array([0.0, 1.0, 1.0]), np.array([2, 1]), np.array([1, 2]))
    >>> recall, ndcg = list_quality(np.array([2.0, 1.0, 1.0]), two)
    >>> recall.tolist(), ndcg.round(2).tolist()
    ([1.0, 0.5], [0.63, 0.61])
    """
    owner = np.repeat(np.arange(len(lists.sizes)), lists.sizes)
    order = np.lexsort((-score, owner))
    place = np.arange(len(order)) - (np.cumsum(lists.sizes) - lists.sizes)[owner]
    hit = lists.label[order] * (place < top)
    discount = 1.0 / np.log2(np.arange(top) + 2.0)
    ideal = np.concatenate(([0.0], np.cumsum(discount)))[np.minimum(lists.relevant, top)]
    gain = np.bincount(owner, hit * discount[np.minimum(place, top - 1)], len(lists.sizes))
    found = np.bincount(owner, hit, len(lists.sizes))
    return found / np.maximum(lists.relevant, 1), gain / np.maximum(ideal, 1e-12)


def signed(features: Floats, column: str, columns: Sequence[str]) -> Doubles:
    """Return a column as a score, higher first, by its name or by minus and its name; NaN where unknown.

    Examples
    --------
    >>> signed(np.array([[1.0, 2.0]], dtype=np.float32), "-b", ["a", "b"]).tolist()
    [-2.0]
    """
    values = features[:, list(columns).index(column.removeprefix("-"))].astype(np.float64)
    return -values if column.startswith("-") else values


def column_score(features: Floats, column: str, columns: Sequence[str]) -> Doubles:
    """Return a column as a score, as `signed` does; unknown ranks last."""
    return np.nan_to_num(signed(features, column, columns), nan=-1e30)
