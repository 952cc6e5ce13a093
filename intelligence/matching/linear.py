"""Columns and rows of an assignment as a linear programme, in fractions and in whole leads, on HiGHS."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import LinearConstraint, linprog, milp
from scipy.sparse import coo_array, csc_array

from domain.errors import CannotAnswer

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_MILP_SECONDS = 20.0


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of one kind: the columns of each key together at most, or at least, as many as its bound says.

    Parameters
    ----------
    row : int64 array of shape (n_columns,)
        Row of each column, -1 for none.
    bound : float array of shape (n_rows,)
        Right-hand side.
    keys : int64 array of shape (n_rows,)
        Which key each row stands for.
    size : int
        Number of keys.
    is_least : bool
        Whether the bound is a minimum, which may be missed at a penalty.
    """

    row: Ints
    bound: Floats
    keys: Ints
    size: int
    is_least: bool = False

    @classmethod
    def at_most(cls, key: Ints, most: Floats, *, always: bool = False) -> Self:
        """Return maxima, but for keys that have no more columns than they may; `key` is -1 for none."""
        count = np.bincount(key[key >= 0], minlength=len(most))
        return cls._of(key, most, count > (0 if always else most))

    @classmethod
    def at_least(cls, key: Ints, least: Ints) -> Self:
        """Return minima, but for keys that need nothing."""
        return cls._of(key, least.astype(np.float64), least > 0, is_least=True)

    @classmethod
    def _of(cls, key: Ints, bound: Floats, needed: Bools, *, is_least: bool = False) -> Self:
        row_of = np.append(np.where(needed, np.cumsum(needed) - 1, -1), -1)
        return cls(row_of[key], bound[needed], np.flatnonzero(needed), len(bound), is_least)

    def __len__(self) -> int:
        return len(self.bound)

    def spread(self, prices: Floats) -> Floats:
        """Return the prices of rows as prices of keys."""
        found = np.zeros(self.size)
        found[self.keys] = prices
        return found


@dataclass(frozen=True, eq=False)
class Solution:
    """Values of the columns, the objective, and the price of each row (none of a solution in whole leads)."""

    x: Floats
    total: float
    prices: list[Floats]


@dataclass(frozen=True, eq=False)
class Program:
    """Maximise the worth of columns, each between 0 and 1, within rows.

    Parameters
    ----------
    worth : float array of shape (n_columns,)
        Of the columns.
    rows : sequence of Rows
        One of them must bound every column by 1.
    penalty : float
        For each lead by which a minimum is missed.
    """

    worth: Floats
    rows: Sequence[Rows]
    penalty: float

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(len(rows) for rows in self.rows)]

    @cached_property
    def _most(self) -> Floats:
        return np.concatenate([-rows.bound if rows.is_least else rows.bound for rows in self.rows])

    @cached_property
    def _lacking(self) -> Ints:
        """Rows that may be missed: each has a column for what it lacks."""
        spans = zip(self.rows, self._starts, strict=False)
        found = [start + np.arange(len(rows)) for rows, start in spans if rows.is_least]
        return np.concatenate([np.zeros(0, np.int64), *found])

    @cached_property
    def _cost(self) -> Floats:
        return np.concatenate([-self.worth, np.full(len(self._lacking), self.penalty)])

    @cached_property
    def _matrix(self) -> csc_array:
        signs, rows, columns = [], [], []
        for block, start in zip(self.rows, self._starts, strict=False):
            inside = np.flatnonzero(block.row >= 0)
            rows.append(start + block.row[inside])
            columns.append(inside)
            signs.append(np.full(len(inside), -1.0 if block.is_least else 1.0))
        lacking, n = self._lacking, len(self.worth)
        rows.append(lacking)
        columns.append(n + np.arange(len(lacking)))
        signs.append(np.full(len(lacking), -1.0))
        entries = (np.concatenate(signs), (np.concatenate(rows), np.concatenate(columns)))
        return csc_array(coo_array(entries, shape=(self._starts[-1], n + len(lacking))))

    def relaxed(self) -> Solution:
        """Solve it in fractions, to a vertex.

        Raises
        ------
        CannotAnswer
            If the solver gives up.
        """
        matrix: Any = self._matrix  # sparse ones are taken, whatever the types of scipy say
        options: Any = {"dual_feasibility_tolerance": 1e-9, "primal_feasibility_tolerance": 1e-9}
        # Several times faster here than the simplex method; its crossover ends at a vertex all the same.
        found: Any = linprog(self._cost, A_ub=matrix, b_ub=self._most, method="highs-ipm", options=options)
        solved = self._read(found)
        prices = np.maximum(-np.asarray(found.ineqlin.marginals, dtype=np.float64), 0.0)
        return Solution(solved.x, solved.total, np.split(prices, self._starts[1:-1]))

    def whole(self) -> Solution:
        """Solve it in whole leads; the best found within some seconds."""
        within = LinearConstraint(self._matrix, ub=self._most)
        options: Any = {"time_limit": _MILP_SECONDS, "mip_rel_gap": 0.0}
        integral = np.ones(len(self._cost), dtype=np.int64)
        return self._read(milp(self._cost, constraints=within, integrality=integral, options=options))

    def _read(self, found: Any) -> Solution:
        if found.x is None:
            raise CannotAnswer(f"The list of leads could not be solved: {found.message}")
        return Solution(np.asarray(found.x)[: len(self.worth)], -float(found.fun), [])
