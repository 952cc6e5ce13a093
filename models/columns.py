"""Features in the form that models compute with: numbers as one matrix, words as codes beside their levels.

A frame of a hundred columns costs more to make and to take apart than two hundred rows take to predict.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, eq=False)
class Columns:
    """Rows of features, answering for the frame of the same columns.

    Parameters
    ----------
    numbers : float64 array of shape (n, a)
        NaN for missing.
    number_names : tuple of str
        Its columns.
    codes : int64 array of shape (n, b)
        Places among the levels, -1 for missing.
    word_names : tuple of str
        Its columns.
    levels : sequence of tuples of str
        Of each of them, in the order of the alphabet.
    names : tuple of str
        All columns in their order.

    Examples
    --------
    >>> few = Columns(np.array([[1.0], [2.0]]), ("x",), np.array([[0], [-1]]), ("who",), [("a",)], ("who", "x"))
    >>> len(few), "who" in few, few.take(np.array([1])).number("x").tolist(), list(few.rows())
    (2, True, [2.0], [{'who': 'a', 'x': 1.0}, {'who': nan, 'x': 2.0}])
    """

    numbers: Floats
    number_names: tuple[str, ...]
    codes: Ints
    word_names: tuple[str, ...]
    levels: Sequence[tuple[str, ...]]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.numbers)

    def __contains__(self, name: object) -> bool:
        return name in self.number_names or name in self.word_names

    def number(self, name: str) -> Floats:
        """Return a column of numbers, shape (n,)."""
        return self.numbers[:, self.number_names.index(name)]

    def take(self, rows: npt.NDArray[Any] | slice) -> "Columns":
        """Return some rows, by position, mask or slice."""
        return Columns(
            self.numbers[rows], self.number_names, self.codes[rows], self.word_names, self.levels, self.names
        )

    def frame(self) -> pd.DataFrame:
        """Return the frame: ``float64`` and ``category`` columns."""
        columns: dict[str, Any] = {name: self.numbers[:, k] for k, name in enumerate(self.number_names)}
        for k, (name, levels) in enumerate(zip(self.word_names, self.levels, strict=True)):
            words = pd.Categorical.from_codes(self.codes[:, k].tolist(), pd.Index(levels, dtype="str"))
            columns[name] = words.remove_unused_categories()
        return pd.DataFrame({name: columns[name] for name in self.names}, index=range(len(self)))

    def rows(self, missing: float | None = np.nan) -> Iterator[dict[str, Any]]:
        """Yield the values of each row by name."""
        starts = range(0, len(self), _ROWS_AT_ONCE)  # as objects, all at once would take many times the space
        return chain.from_iterable(self._rows(slice(start, start + _ROWS_AT_ONCE), missing) for start in starts)

    def _rows(self, some: slice, missing: float | None) -> Iterator[dict[str, Any]]:
        numbers: npt.NDArray[Any] = self.numbers[some]
        if missing is None:
            known = np.isfinite(numbers)
            numbers = numbers.astype(object)
            numbers[~known] = None
        cells: dict[str, list[Any]] = dict(zip(self.number_names, numbers.T.tolist(), strict=True))
        for k, (name, levels) in enumerate(zip(self.word_names, self.levels, strict=True)):
            told = [*levels, missing]  # the last answers for -1
            cells[name] = [told[code] for code in self.codes[some, k].tolist()]
        values = zip(*(cells[name] for name in self.names), strict=True)
        return (dict(zip(self.names, row, strict=True)) for row in values)


Features = pd.DataFrame | Columns
"""Rows of features in either form."""


def joined(parts: Sequence[Columns]) -> Columns:
    """Return the rows of several one after another; at least one, all of the same columns."""
    first = parts[0]
    if len(parts) == 1:
        return first
    codes, levels = [], []
    for k in range(len(first.word_names)):
        known, place = _common([part.levels[k] for part in parts])
        levels.append(known)
        codes.append(np.concatenate([where[part.codes[:, k]] for part, where in zip(parts, place, strict=True)]))
    return Columns(
        np.concatenate([part.numbers for part in parts]),
        first.number_names,
        np.stack(codes, axis=1) if codes else np.zeros((sum(map(len, parts)), 0), np.int64),
        first.word_names,
        levels,
        first.names,
    )


def _common(levels: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], list[Ints]]:
    """Return all levels, and for each list the places of its own among them; the last answers for -1."""
    known = tuple(sorted(set(chain.from_iterable(levels))))
    position = {level: k for k, level in enumerate(known)}
    return known, [np.array([*(position[level] for level in own), -1], dtype=np.int64) for own in levels]


def coded(values: npt.NDArray[Any] | Sequence[Any]) -> tuple[Ints, tuple[str, ...]]:
    """Return texts (None or NaN for none) as codes and their levels, in the order of the alphabet.

    Examples
    --------
    >>> codes, levels = coded(["b", None, "a", "b"])
    >>> codes.tolist(), levels
    ([1, -1, 0, 1], ('a', 'b'))
    """
    own, found = pd.factorize(np.asarray(values, dtype=object))
    texts = [str(value) for value in found]
    levels = tuple(sorted(set(texts)))
    position = {level: k for k, level in enumerate(levels)}
    return np.array([*(position[text] for text in texts), -1], dtype=np.int64)[own], levels
