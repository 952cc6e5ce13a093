"""Ordering rows by code in linear time, and looking up many sorted runs of one array at once."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

IntArray = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]

_NAT = np.iinfo(np.int64).min


def micros(instants: npt.ArrayLike) -> IntArray:
    """Return microseconds since 1970 of naive-UTC `instants`; ``NaT`` becomes the smallest integer."""
    return np.asarray(instants, dtype="datetime64[us]").view(np.int64)


def bounds(instants: npt.ArrayLike) -> IntArray:
    """Return microseconds since 1970 of `instants` up to which one looks; ``NaT`` means without end."""
    ticks = micros(instants)
    return np.where(ticks == _NAT, np.iinfo(np.int64).max, ticks)


class Names:
    """The distinct values of an array, and the place of any value among them.

    Parameters
    ----------
    values : ndarray of int64, shape (n,)
        Not negative.

    Attributes
    ----------
    known : ndarray of int64
        Distinct values, ascending.
    """

    def __init__(self, values: IntArray) -> None:
        top = int(values.max()) + 1 if len(values) else 0
        if top > 4 * len(values) + _SMALL:
            self.known: IntArray = np.unique(values)
            self._table: Codes | None = None
            return
        there = np.zeros(top, dtype=bool)
        there[values] = True
        self.known = np.flatnonzero(there)
        # ids are dense: looking a value up is one step into a table, whose last cell is for whatever is not there
        self._table = np.full(top + 1, len(self.known), dtype=np.int32)
        self._table[self.known] = np.arange(len(self.known), dtype=np.int32)

    def codes(self, values: IntArray) -> Codes:
        """Return the place of each value; one past the last for values that are not there."""
        if self._table is not None:
            return self._table[np.where((values >= 0) & (values < len(self._table)), values, -1)]
        place = np.searchsorted(self.known, values)
        found = self.known[np.minimum(place, len(self.known) - 1)] == values
        return np.where(found, place, len(self.known)).astype(np.int32)


def by_code(code: Codes, n_codes: int) -> tuple[IntArray, IntArray]:
    """Return the stable order of `code`, by counting, and where each code begins in it.

    The second has two entries more than there are codes: the end of the last, and once more for a code without rows.

    Examples
    --------
    >>> by_code(np.array([1, 0, 1], np.int32), 2)
    (array([1, 0, 2]), array([0, 1, 3, 3]))
    """
    rows = np.arange(len(code), dtype=np.int32 if len(code) < np.iinfo(np.int32).max else np.int64)
    entries: Any = np.ones(len(code), dtype=np.int8), (code, rows)  # the types of scipy know no arrays of int8
    counted = sparse.csr_array(entries, shape=(n_codes, max(len(code), 1)))
    begins = np.append(counted.indptr, len(code)).astype(np.int64)
    return counted.indices.astype(np.int64), begins


def bisect(ticks: IntArray, start: IntArray, length: IntArray, bound: IntArray) -> IntArray:
    """Return how many of ``ticks[start:start + length]``, which ascend, are not above ``bound``; row by row.

    All rows halve their run at once: as many steps as the longest has binary digits, each a look into one array.
    """
    place, left = start.copy(), length.copy()
    for _ in range(int(length.max()).bit_length() if len(length) else 0):
        half = left - (left >> 1)
        # an empty run looks at a neighbour's value and moves by nothing
        place += half * (ticks[place + half - 1] <= bound)
        left >>= 1
    return place - start


_SMALL = 1 << 16
