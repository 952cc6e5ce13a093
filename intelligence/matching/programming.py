"""The linear programme behind an assignment: columns generated until none of all pairs can raise the total."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import LinearConstraint, linprog, milp
from scipy.sparse import coo_array, csc_array

from domain.errors import CannotAnswer
from intelligence.matching.limits import Bounds

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_FIRST = 60
_MORE = 20
_LEAST_WORTH = 1e-7
_TOLERANCE = 1e-8
_WHOLE = 1e-6
_MOST_OPEN_PAIRS = 200_000
_MILP_SECONDS = 20.0


@dataclass(frozen=True, eq=False)
class Pairs:
    """Allowed pairs, in the order of leads.

    Parameters
    ----------
    lead, partner : int64 array of shape (n,)
        Positions.
    worth : float array of shape (n,)
        Finite, at least 0.
    n_leads, n_partners : int
        How many there are, whether they are in a pair or not.
    """

    lead: Ints
    partner: Ints
    worth: Floats
    n_leads: int
    n_partners: int

    @classmethod
    def of(cls, value: Floats) -> Self:
        """Return the pairs of a matrix that are numbers and at least 0."""
        lead, partner = np.nonzero(np.isfinite(value) & (np.nan_to_num(value, nan=-1.0) >= 0))
        return cls(lead, partner, value[lead, partner], *value.shape)

    @cached_property
    def starts(self) -> Ints:
        """Where each lead's pairs begin, and the end; shape (n_leads + 1,)."""
        return np.asarray(np.searchsorted(self.lead, np.arange(self.n_leads + 1)), dtype=np.int64)

    @cached_property
    def scale(self) -> float:
        """The best pair's worth; 1 where all are worth nothing."""
        return float(self.worth.max(initial=0.0)) or 1.0

    @cached_property
    def scaled(self) -> Floats:
        """Worth as a share of the best, never quite 0."""
        return np.maximum(self.worth / self.scale, _LEAST_WORTH)

    def best(self) -> float:
        """Return the total if every lead went to its best partner."""
        filled = self.starts[:-1][np.diff(self.starts) > 0]
        return float(np.maximum.reduceat(self.worth, filled).sum()) if len(filled) else 0.0

    def top(self, by: Floats, count: int) -> Ints:
        """Return the positions of each lead's `count` best pairs by some number that is above 0."""
        found = []
        for start, stop in zip(self.starts[:-1].tolist(), self.starts[1:].tolist(), strict=True):
            mine = by[start:stop]
            if len(mine) > count:
                best = np.argpartition(mine, len(mine) - count)[-count:]
                found.append(start + best[mine[best] > 0])
            else:
                found.append(start + np.flatnonzero(mine > 0))
        return np.concatenate(found) if found else np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class Duals:
    """Prices of a solved programme, in units of worth.

    Parameters
    ----------
    of_leads : float array of shape (n_leads,)
    of_room : float array of shape (n_partners,)
        What one place more would add.
    of_limits : list of float arrays of shape (n_groups,)
        What a lead costs that goes to a group: above 0 at a maximum, below 0 at a minimum.
    """

    of_leads: Floats
    of_room: Floats
    of_limits: list[Floats]


@dataclass(frozen=True, eq=False)
class Optimum:
    """A best assignment.

    Parameters
    ----------
    given : int64 array of shape (n_leads,)
        Partner of each lead, -1 for none.
    value : float
        Its total worth.
    bound : float
        Total of the linear relaxation.
    duals : Duals
        Prices of the relaxation.
    columns : int64 array
        Positions of the pairs that were looked at.
    """

    given: Ints
    value: float
    bound: float
    duals: Duals
    columns: Ints

    def short(self, bounds: Bounds) -> Ints:
        """Return by how many leads each group misses its minimum."""
        missed: Ints = np.maximum(bounds.least - bounds.counts(self.given), 0)
        return missed


@dataclass(frozen=True, eq=False)
class Problem:
    """Which pairs there are, and what bounds them.

    Parameters
    ----------
    pairs : Pairs
    room : float array of shape (n_partners,)
        Whole numbers, or infinite.
    capped : bool array of shape (n_leads,)
        Leads that take up room.
    bounds : tuple of Bounds
        Of groups.
    """

    pairs: Pairs
    room: Floats
    capped: Bools
    bounds: tuple[Bounds, ...] = ()

    def within(self, bounds: Sequence[Bounds]) -> "Problem":
        """Return the problem with other bounds."""
        return replace(self, bounds=tuple(bounds))

    def gains(self, duals: Duals) -> Floats:
        """Return what each pair is worth less what it costs (its reduced cost), as a share of the best pair."""
        pairs, scale = self.pairs, self.pairs.scale
        gain = pairs.scaled - duals.of_leads[pairs.lead] / scale
        gain -= (duals.of_room / scale)[pairs.partner] * self.capped[pairs.lead]
        for bounds, dual in zip(self.bounds, duals.of_limits, strict=True):
            if dual.any():
                gain -= of_partners(dual / scale, bounds)[pairs.partner] * bounds.leads[pairs.lead]
        return gain


def of_partners(dual: Floats, bounds: Bounds) -> Floats:
    """Return each partner's price by that of its group, 0 for those of none."""
    return np.append(dual, 0.0)[bounds.codes]


def optimum(problem: Problem, before: Optimum | None = None) -> Optimum:
    """Return the best assignment of whole leads over all pairs.

    Parameters
    ----------
    problem : Problem
        At least one pair.
    before : Optimum, optional
        Of the same pairs under other bounds: its columns are looked at first.
    """
    pairs = problem.pairs
    columns = _first(problem) if before is None else before.columns
    while True:
        program = _Program.of(problem, columns)
        solved = program.relaxed()
        duals = program.duals(solved)
        gain = problem.gains(duals)
        gain[columns] = 0.0
        gain[gain < _TOLERANCE] = 0.0
        if not gain.any():
            break
        columns = np.union1d(columns, pairs.top(gain, _MORE))
    x = solved.x[: len(columns)]
    bound = float(pairs.worth[columns] @ x)
    if np.abs(x - np.round(x)).max() > _WHOLE:
        columns, x = _whole(problem, program, solved, duals)
    given = np.full(pairs.n_leads, -1, dtype=np.int64)
    taken = columns[x > 0.5]
    given[pairs.lead[taken]] = pairs.partner[taken]
    value = float(pairs.worth[taken].sum())
    return Optimum(given, value, max(bound, value), duals, columns)


def _whole(problem: Problem, program: "_Program", solved: "_Solution", duals: Duals) -> tuple[Ints, Floats]:
    """Return columns and their values in whole leads.

    A pair whose reduced cost is worse than the gap between the relaxation and a whole assignment is in no better one:
    only pairs within it are added before the last word.
    """
    found = program.whole()
    gap = max(found.cost - solved.cost, 0.0)
    gain = problem.gains(duals)
    gain[program.columns] = -np.inf
    more = np.flatnonzero(gain > -gap - _TOLERANCE)
    if gap > _TOLERANCE and 0 < len(more) <= _MOST_OPEN_PAIRS:
        program = _Program.of(problem, np.union1d(program.columns, more))
        found = program.whole()
    return program.columns, found.x[: len(program.columns)]


def _first(problem: Problem) -> Ints:
    """Return the best pairs of each lead, those that a greedy hand would give among them.

    Where many partners are worth the same, leads look at different ones of them.
    """
    pairs = problem.pairs
    spread = np.random.default_rng(0).uniform(1.0 - 1e-6, 1.0, len(pairs.worth)) * pairs.scaled
    left = problem.room.copy()
    greedy = []
    for start, stop in zip(pairs.starts[:-1].tolist(), pairs.starts[1:].tolist(), strict=True):
        mine = np.where(left[pairs.partner[start:stop]] >= 1, spread[start:stop], -1.0)
        best = int(mine.argmax()) if len(mine) else -1
        if best >= 0 and mine[best] > 0:
            left[pairs.partner[start + best]] -= 1
            greedy.append(start + best)
    return np.union1d(pairs.top(spread, _FIRST), np.array(greedy, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class _Program:
    """Columns of a problem as a linear programme: minimise ``cost @ x`` where ``matrix @ x <= most``, ``x >= 0``.

    Rows: leads, partners with finite room, maxima, minima (negated). Columns: pairs, then what each minimum lacks.
    """

    problem: Problem
    columns: Ints
    cost: Floats
    matrix: csc_array
    most: Floats

    @classmethod
    def of(cls, problem: Problem, columns: Ints) -> Self:
        pairs, bounds = problem.pairs, problem.bounds
        lead, partner = pairs.lead[columns], pairs.partner[columns]
        full = np.isfinite(problem.room)
        row_of = np.cumsum(full) - 1
        limited = np.flatnonzero(full[partner] & problem.capped[lead])
        rows, cols = [lead, pairs.n_leads + row_of[partner[limited]]], [np.arange(len(columns)), limited]
        ones = [np.ones(len(columns)), np.ones(len(limited))]
        most = [np.ones(pairs.n_leads), problem.room[full]]
        start = pairs.n_leads + int(full.sum())
        n_columns, lacking = len(columns), []
        for one in bounds:
            inside = np.flatnonzero((one.codes[partner] >= 0) & one.leads[lead])
            groups, k = one.codes[partner[inside]], len(one.least)
            slack = n_columns + np.arange(k)
            rows += [start + groups, start + k + groups, start + k + np.arange(k)]
            cols += [inside, inside, slack]
            ones += [np.ones(len(inside)), -np.ones(len(inside)), -np.ones(k)]
            most += [one.most.astype(np.float64), -one.least.astype(np.float64)]
            lacking.append(np.full(k, pairs.n_leads + 1.0))
            start, n_columns = start + 2 * k, n_columns + k
        entries = (np.concatenate(ones), (np.concatenate(rows), np.concatenate(cols)))
        matrix = coo_array(entries, shape=(start, n_columns)).tocsc()
        cost = np.concatenate([-pairs.scaled[columns], *lacking])
        return cls(problem, columns, cost, matrix, np.concatenate(most))

    def relaxed(self) -> "_Solution":
        """Solve it in fractions."""
        matrix: Any = self.matrix  # sparse ones are taken, whatever the types of scipy say
        options: Any = {"dual_feasibility_tolerance": 1e-9, "primal_feasibility_tolerance": 1e-9}
        found: Any = linprog(self.cost, A_ub=matrix, b_ub=self.most, method="highs-ds", options=options)
        return _Solution.of(found, None if found.x is None else -np.asarray(found.ineqlin.marginals, dtype=np.float64))

    def whole(self) -> "_Solution":
        """Solve it in whole leads; the best found within the time there is."""
        within = LinearConstraint(self.matrix, ub=self.most)
        options: Any = {"time_limit": _MILP_SECONDS, "mip_rel_gap": 0.0}
        integral = np.ones(len(self.cost), dtype=np.int64)
        return _Solution.of(milp(self.cost, constraints=within, integrality=integral, options=options))

    def duals(self, solved: "_Solution") -> Duals:
        """Read the prices of a relaxed solution; a minimum that is missed costs no more than the best pair is worth."""
        problem, scale = self.problem, self.problem.pairs.scale
        prices = np.where(solved.prices < _TOLERANCE, 0.0, solved.prices)
        n_leads, full = problem.pairs.n_leads, np.isfinite(problem.room)
        of_room = np.zeros(problem.pairs.n_partners)
        start = n_leads + int(full.sum())
        of_room[full] = prices[n_leads:start]
        of_limits = []
        for one in problem.bounds:
            k = len(one.least)
            of_limits.append((prices[start : start + k] - prices[start + k : start + 2 * k]) * scale)
            start += 2 * k
        return Duals(prices[:n_leads] * scale, of_room * scale, of_limits)


@dataclass(frozen=True, eq=False)
class _Solution:
    """Columns' values, the cost in all, and the price of each row."""

    x: Floats
    cost: float
    prices: Floats

    @classmethod
    def of(cls, result: Any, prices: Floats | None = None) -> Self:
        if result.x is None:
            raise CannotAnswer(f"The list of leads could not be solved: {result.message}")
        return cls(np.asarray(result.x), float(result.fun), np.zeros(0) if prices is None else prices)
