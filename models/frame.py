"""Mixed frames as arrays: columns matched by name, text levels as codes, everything not finite as missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import FeatureSetMismatch, InvalidInput
from models.columns import Columns, Features

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MISSING = -1
MIN_LEVEL_ROWS = 3
MAX_LEVELS = 200
MAX_RARE_LEVELS = 2_000


@dataclass(frozen=True)
class Table:
    """Rows of a frame as two matrices.

    Attributes
    ----------
    numbers : ndarray of float64, shape (n, numeric)
        NaN for missing; never infinite.
    codes : ndarray of int64, shape (n, categorical)
        Position of the level; number of kept levels for a rare one, -1 for missing or unseen.
    """

    numbers: Floats
    codes: Ints

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, rows: Ints) -> "Table":
        """Give the rows at these positions."""
        return Table(self.numbers[rows], self.codes[rows])

    @cached_property
    def matrix(self) -> Floats:
        """Numbers and codes side by side, missing codes as NaN; shape (n, numeric + categorical)."""
        codes = self.codes.astype(np.float64)
        codes[codes < 0] = np.nan
        return np.concatenate([self.numbers, codes], axis=1)


@dataclass(frozen=True)
class Schema:
    """What the columns of a frame were when a model was fitted.

    Attributes
    ----------
    names : tuple of str
        All features in the order of the fit.
    levels : mapping of str to tuple of str
        For each categorical feature the levels that stand for themselves, most frequent first.
    rare : mapping of str to tuple of str
        Levels seen in the fit, but in too few rows; they share one code.
    """

    names: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    rare: Mapping[str, tuple[str, ...]]

    @classmethod
    def learn(cls, X: pd.DataFrame) -> Self:
        """Read names, kinds and levels off a frame.

        Raises
        ------
        InvalidInput
            If a column name stands twice.
        """
        names = tuple(str(name) for name in X.columns)
        if len(set(names)) < len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise InvalidInput(f"Feature columns stand twice: {', '.join(twice)}. Each needs its own name.")
        levels, rare = {}, {}
        for position, name in enumerate(names):
            column = X.iloc[:, position]
            if not _is_number(column):
                levels[name], rare[name] = _split_levels(column)
        return cls(names, levels, rare)

    @cached_property
    def numeric_positions(self) -> Ints:
        """Positions in ``names`` of the numeric features, shape (numeric,)."""
        return np.array([i for i, name in enumerate(self.names) if name not in self.levels], dtype=np.int64)

    @cached_property
    def categorical_positions(self) -> Ints:
        """Positions in ``names`` of the categorical features, shape (categorical,)."""
        return np.array([i for i, name in enumerate(self.names) if name in self.levels], dtype=np.int64)

    @property
    def level_counts(self) -> list[int]:
        """Number of kept levels of each categorical feature."""
        return [len(self.levels[self.names[i]]) for i in self.categorical_positions]

    @cached_property
    def _places(self) -> list[dict[str, int]]:
        """Codes of the levels of each categorical feature."""
        names = [self.names[i] for i in self.categorical_positions]
        return [_places_of(self.levels[name], self.rare[name]) for name in names]

    @cached_property
    def _plans(self) -> dict[tuple[tuple[str, ...], tuple[str, ...]], "_Plan"]:
        """Where columns that came as arrays have their features."""
        return {}

    def table(self, X: Features) -> Table:
        """Turn a frame into arrays; extra columns are ignored, order does not matter.

        Raises
        ------
        FeatureSetMismatch
            If a column is missing or is of another kind than in the fit; the message names it.
        """
        if isinstance(X, Columns):
            return self._table_of(X)
        self._refuse_missing(set(X.columns))
        numbers = np.empty((len(X), len(self.numeric_positions)))
        for j, i in enumerate(self.numeric_positions):
            numbers[:, j] = _numbers(X[self.names[i]])
        codes = np.empty((len(X), len(self.categorical_positions)), dtype=np.int64)
        for j, i in enumerate(self.categorical_positions):
            codes[:, j] = _codes(X[self.names[i]], self._places[j])
        return Table(numbers, codes)

    def _refuse_missing(self, known: set[Any]) -> None:
        missing = [name for name in self.names if name not in known]
        if missing:
            raise FeatureSetMismatch(
                f"The model was fitted with columns that are not here: {', '.join(missing)}.", missing=missing
            )

    def _table_of(self, X: Columns) -> Table:
        """Do as for the frame of the same columns, a whole matrix at a time."""
        key = X.number_names, X.word_names
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._plan(X)
        numbers = X.numbers[:, plan.numbers]
        np.putmask(numbers, ~np.isfinite(numbers), np.nan)
        codes = np.empty((len(X), len(plan.words)), dtype=np.int64)
        for j, k in enumerate(plan.words.tolist()):
            places = self._places[j]
            codes[:, j] = np.array([*(places.get(one, MISSING) for one in X.levels[k]), MISSING])[X.codes[:, k]]
        return Table(numbers, codes)

    def _plan(self, X: Columns) -> "_Plan":
        self._refuse_missing({*X.number_names, *X.word_names})
        number, word = ({name: k for k, name in enumerate(names)} for names in (X.number_names, X.word_names))
        names = [[self.names[i] for i in where] for where in (self.numeric_positions, self.categorical_positions)]
        for wanted, known, there, here in ((names[0], number, "numeric", "text"), (names[1], word, "text", "numbers")):
            for name in wanted:
                if name not in known:
                    raise FeatureSetMismatch(
                        f"Column {name!r} was {there} in the fit and holds {here} now.", column=name
                    )
        return _Plan(
            *(
                np.array([known[name] for name in each], np.int64)
                for each, known in zip(names, (number, word), strict=True)
            )
        )

    def to_json(self) -> dict[str, Any]:
        """Give a JSON-serialisable description."""
        return {
            "names": list(self.names),
            "levels": {name: list(values) for name, values in self.levels.items()},
            "rare": {name: list(values) for name, values in self.rare.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` gave."""
        return cls(
            tuple(data["names"]),
            {name: tuple(values) for name, values in data["levels"].items()},
            {name: tuple(values) for name, values in data["rare"].items()},
        )


@dataclass(frozen=True, eq=False)
class _Plan:
    """Columns of numbers and of words that hold the numeric and the categorical features, in their order."""

    numbers: Ints
    words: Ints


def _places_of(levels: tuple[str, ...], rare: tuple[str, ...]) -> dict[str, int]:
    return dict.fromkeys(rare, len(levels)) | {level: i for i, level in enumerate(levels)}


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype))


def _split_levels(column: pd.Series) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Levels that stand for themselves, and the rare ones; by falling frequency, then by name."""
    present = column.dropna().astype(str)
    values, counts = np.unique(present.to_numpy(dtype=object).astype(str), return_counts=True)
    order = np.lexsort((values, -counts))
    ranked = [(str(values[i]), int(counts[i])) for i in order]
    kept = tuple(value for value, count in ranked[:MAX_LEVELS] if count >= MIN_LEVEL_ROWS)
    return kept, tuple(value for value, _ in ranked[len(kept) : len(kept) + MAX_RARE_LEVELS])


def _numbers(column: pd.Series) -> Floats:
    if not _is_number(column):
        if column.notna().any():
            raise FeatureSetMismatch(
                f"Column {column.name!r} was numeric in the fit and holds {column.dtype} now.", column=str(column.name)
            )
        return np.full(len(column), np.nan)
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _codes(column: pd.Series, places: Mapping[str, int]) -> Ints:
    if _is_number(column):
        if column.notna().any():
            raise FeatureSetMismatch(
                f"Column {column.name!r} was categorical in the fit and holds numbers now.", column=str(column.name)
            )
        return np.full(len(column), MISSING, dtype=np.int64)
    if isinstance(column.dtype, pd.CategoricalDtype):
        own, categories = column.cat.codes.to_numpy(), column.cat.categories
    else:
        own, categories = pd.factorize(column)
    lookup = [places.get(str(category), MISSING) for category in categories]
    # The last entry answers for code -1, which is how pandas says missing.
    return np.array([*lookup, MISSING], dtype=np.int64)[own.astype(np.int64)]
