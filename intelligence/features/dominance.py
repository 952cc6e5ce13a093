"""Counting points below and left of a corner, for many corners at once: a wavelet matrix."""

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


class Dominance:
    """A permutation, asked about its prefixes.

    Parameters
    ----------
    sequence : ndarray of int64, shape (n,)
        A permutation of ``0..n-1``.

    Notes
    -----
    Wavelet matrix (Claude & Navarro 2012): one stable partition per bit, O(n log n) to build and 4 n log n bytes;
    every method is vectorised over queries and walks log n levels.

    Examples
    --------
    >>> index = Dominance(np.array([2, 0, 3, 1]))
    >>> index.count_less(np.array([2, 4]), np.array([1, 3])), index.quantile(np.array([3]), np.array([1]))
    (array([1, 3]), array([2]))
    """

    def __init__(self, sequence: IntArray) -> None:
        self._n = len(sequence)
        self._bits = range(self._n.bit_length() - 1, -1, -1)
        self._zeros: list[npt.NDArray[np.int32]] = []
        self._order = np.asarray(sequence, dtype=np.int64)
        current = self._order
        for bit in self._bits:
            one = (current >> bit) & 1
            self._zeros.append(np.concatenate(([0], np.cumsum(1 - one))).astype(np.int32))
            current = _partition(current, one)

    def count_less(self, cut: IntArray, bound: IntArray) -> IntArray:
        """Elements below ``bound[i]`` among the first ``cut[i]``."""
        low, high, total = np.zeros_like(cut), cut, np.zeros_like(cut)
        for zeros, bit in zip(self._zeros, self._bits, strict=True):
            up = ((bound >> bit) & 1).astype(bool)
            below_low, below_high = zeros[low], zeros[high]
            total = total + np.where(up, below_high - below_low, 0)
            low = np.where(up, zeros[-1] + low - below_low, below_low)
            high = np.where(up, zeros[-1] + high - below_high, below_high)
        return total

    def sum_less(self, cut: IntArray, bound: IntArray, weight: IntArray) -> IntArray:
        """Sum of ``weight[element]`` over the elements below ``bound[i]`` among the first ``cut[i]``."""
        low, high, total = np.zeros_like(cut), cut, np.zeros_like(cut)
        current = self._order
        for zeros, bit in zip(self._zeros, self._bits, strict=True):
            current = _partition(current, (current >> bit) & 1)
            running = np.concatenate(([0], np.cumsum(weight[current])))
            up = ((bound >> bit) & 1).astype(bool)
            below_low, below_high = zeros[low], zeros[high]
            total = total + np.where(up, running[below_high] - running[below_low], 0)
            low = np.where(up, zeros[-1] + low - below_low, below_low)
            high = np.where(up, zeros[-1] + high - below_high, below_high)
        return total

    def quantile(self, cut: IntArray, rank: IntArray) -> IntArray:
        """Return the element with ``rank[i]`` smaller ones among the first ``cut[i]``; anything where there is none."""
        low, high, result = np.zeros_like(cut), cut, np.zeros_like(cut)
        for zeros, bit in zip(self._zeros, self._bits, strict=True):
            below_low, below_high = zeros[low], zeros[high]
            up = rank >= below_high - below_low
            rank = np.where(up, rank - (below_high - below_low), rank)
            result = result | np.where(up, 1 << bit, 0)
            low = np.where(up, zeros[-1] + low - below_low, below_low)
            high = np.where(up, zeros[-1] + high - below_high, below_high)
        return np.minimum(result, max(self._n - 1, 0))


def _partition(sequence: IntArray, one: IntArray) -> IntArray:
    mask = one.astype(bool)
    return np.concatenate((sequence[~mask], sequence[mask]))
