"""The design matrix of the linear models: imputed, tamed, standardised, one-hot, and centred."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from models.frame import Floats, Ints, Schema, Table

CLIP = 4.0
MAX_ONE_HOT = 40
FEW_VALUES = 4


@dataclass(frozen=True)
class NumericColumn:
    """How one numeric feature enters: ``clip((t(x) - centre) / scale)``, with ``t`` a signed log if skewed.

    One that is the same wherever it is known enters by being known (``flag``) alone.
    """

    feature: int
    column: int
    logged: bool
    fill: float
    centre: float
    scale: float
    flag: bool
    square: bool = False
    constant: bool = False

    @property
    def width(self) -> int:
        """Columns that it becomes."""
        return (not self.constant) + self.flag + self.square


@dataclass(frozen=True)
class Design:
    """Recipe from a table to a centred design matrix.

    Attributes
    ----------
    numeric : tuple of NumericColumn
        One for each numeric feature that varies or is missing in some rows.
    one_hot : tuple of (feature, column, levels)
        Codes of each categorical feature that get a column of their own.
    means : ndarray of float64, shape (columns,)
        Training means, subtracted so that a contribution is relative to the average row.
    source : ndarray of int64, shape (columns,)
        Feature to which each column belongs.
    """

    numeric: tuple[NumericColumn, ...]
    one_hot: tuple[tuple[int, int, tuple[int, ...]], ...]
    means: Floats
    source: Ints

    @property
    def kinds(self) -> list[str]:
        """What each column is: number, gap (missing), square or level."""
        kinds = []
        for column in self.numeric:
            kinds += ["number"] * (not column.constant) + ["gap"] * column.flag + ["square"] * column.square
        return kinds + ["level" for _, _, levels in self.one_hot for _ in levels]

    @classmethod
    def learn(cls, schema: Schema, table: Table, *, squares: bool = False) -> Self:
        """Learn imputation, scales and levels from training rows; ``squares`` adds that of each number."""
        numeric = [
            column
            for j, feature in enumerate(schema.numeric_positions)
            if (column := _learn_numeric(int(feature), j, table.numbers[:, j], squares=squares)) is not None
        ]
        one_hot = []
        for j, feature in enumerate(schema.categorical_positions):
            # The penalty settles that the columns add up to one; the least frequent go without.
            codes, counts = np.unique(table.codes[:, j], return_counts=True)
            frequent = codes[np.argsort(-counts, kind="stable")][:MAX_ONE_HOT]
            if len(codes) > 1:
                one_hot.append((int(feature), j, tuple(int(code) for code in frequent)))
        source = [c.feature for c in numeric for _ in range(c.width)]
        source += [feature for feature, _, levels in one_hot for _ in levels]
        bare = cls(tuple(numeric), tuple(one_hot), np.zeros(len(source)), np.array(source, dtype=np.int64))
        means = bare.matrix(table).mean(axis=0) if len(table) else bare.means
        return cls(bare.numeric, bare.one_hot, means, bare.source)

    def matrix(self, table: Table) -> Floats:
        """Build the centred design, shape (n, columns)."""
        plan = self._plan
        result = np.empty((len(table), len(self.source)))
        values = table.numbers[:, plan.columns]
        absent = np.isnan(values)
        filled = np.where(absent, plan.fill, values)
        filled[:, plan.logged] = _tame(filled[:, plan.logged], True)
        scaled = np.clip((filled - plan.centre) / plan.scale, -CLIP, CLIP)
        result[:, plan.to_number] = scaled[:, plan.of_number]
        result[:, plan.to_flag] = absent[:, plan.of_flag]
        result[:, plan.to_square] = scaled[:, plan.of_square] ** 2 / 2
        result[:, plan.to_level] = table.codes[:, plan.of_level] == plan.levels
        result -= self.means
        return result

    @cached_property
    def _plan(self) -> "_Plan":
        return _Plan.of(self)

    def by_feature(self, terms: Floats, features: int) -> Floats:
        """Sum the columns of each feature, shape (n, features)."""
        result = np.zeros((features, len(terms)))
        np.add.at(result, self.source, terms.T)
        return np.ascontiguousarray(result.T)

    def to_json(self) -> dict[str, Any]:
        """Give a JSON-serialisable description."""
        return {
            "numeric": [vars(column) for column in self.numeric],
            "one_hot": [[feature, j, list(levels)] for feature, j, levels in self.one_hot],
            "means": self.means.tolist(),
            "source": self.source.tolist(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` gave."""
        return cls(
            tuple(NumericColumn(**column) for column in data["numeric"]),
            tuple((feature, j, tuple(levels)) for feature, j, levels in data["one_hot"]),
            np.array(data["means"], dtype=np.float64),
            np.array(data["source"], dtype=np.int64),
        )


@dataclass(frozen=True, eq=False)
class _Plan:
    """The columns of a design by kind: where each comes from and goes to, so that a kind is filled at once."""

    columns: Ints
    fill: Floats
    logged: Ints
    centre: Floats
    scale: Floats
    of_number: Ints
    to_number: Ints
    of_flag: Ints
    to_flag: Ints
    of_square: Ints
    to_square: Ints
    of_level: Ints
    to_level: Ints
    levels: Ints

    @classmethod
    def of(cls, design: Design) -> Self:
        """Lay out a design: of each number itself, then whether it is missing, then its square; then the levels."""
        places: dict[str, list[tuple[int, int]]] = {"number": [], "gap": [], "square": []}
        at = 0
        for k, column in enumerate(design.numeric):
            kinds = ["number"] * (not column.constant) + ["gap"] * column.flag + ["square"] * column.square
            for kind in kinds:
                places[kind].append((k, at))
                at += 1
        level = [(j, one) for _, j, levels in design.one_hot for one in levels]
        number, gap, square = (np.array(pairs, dtype=np.int64).reshape(-1, 2).T for pairs in places.values())
        fill, centre, scale = (
            np.array([getattr(one, name) for one in design.numeric], dtype=np.float64)
            for name in ("fill", "centre", "scale")
        )
        columns, logged = [one.column for one in design.numeric], [one.logged for one in design.numeric]
        return cls(
            np.array(columns, dtype=np.int64), fill, np.flatnonzero(logged), centre, scale,
            number[0], number[1], gap[0], gap[1], square[0], square[1],
            np.array([j for j, _ in level], dtype=np.int64), np.arange(at, at + len(level)),
            np.array([one for _, one in level], dtype=np.int64),
        )  # fmt: skip


def _learn_numeric(feature: int, j: int, values: Floats, *, squares: bool) -> NumericColumn | None:
    known = values[~np.isnan(values)]
    flag = 0 < len(known) < len(values)
    if not len(known):
        return None
    fill = float(np.median(known))
    logged = _skewed(known)
    tamed = _tame(known, logged)
    # The bulk decides on centre and scale; a few wild values are clipped rather than followed.
    low, high = np.quantile(tamed, [0.005, 0.995])
    inner = np.clip(tamed, low, high)
    centre, scale = float(inner.mean()), float(inner.std())
    if not scale > 1e-12 * max(1.0, abs(centre)):
        centre, scale = float(tamed.mean()), float(tamed.std())
    if not scale > 1e-12 * max(1.0, abs(centre)):
        if not flag:
            return None
        return NumericColumn(feature, j, logged, fill, centre, 1.0, flag, constant=True)
    return NumericColumn(feature, j, logged, fill, centre, scale, flag, squares and len(np.unique(known)) > FEW_VALUES)


def _skewed(values: Floats) -> bool:
    """Whether the tails are so long that a logarithm helps."""
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.98])
    spread = np.quantile(values, 0.75) - np.quantile(values, 0.25)
    reach = max(high - middle, middle - low)
    return bool(reach > 4 * spread and reach > 3) or bool(np.abs(values).max() > 1e6)


def _tame(values: Floats, logged: bool) -> Floats:
    return np.sign(values) * np.log1p(np.abs(values)) if logged else values
