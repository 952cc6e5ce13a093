"""The best assignment over all pairs: columns generated until none of them can raise the total."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count, pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

from intelligence.matching.limits import Bounds
from intelligence.matching.linear import Program, Rows, Solution

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_FIRST = 20
_MORE = 20
_LEAST_WORTH = 1e-7
_TOLERANCE = 1e-8
_WHOLE = 1e-6
_NEAR = 0.1
_WIDE = 2
_MOST_OPEN_PAIRS = 200_000


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

    @property
    def spans(self) -> list[slice]:
        """The pairs of each lead that has any."""
        ends = self.starts.tolist()
        return [slice(start, stop) for start, stop in pairwise(ends) if stop > start]

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
        return sum(float(self.worth[span].max()) for span in self.spans)

    def top(self, by: Floats, number: int) -> Ints:
        """Return the positions of each lead's `number` best pairs by some figure above minus infinity."""
        found = [np.zeros(0, np.int64)]
        for span in self.spans:
            mine = by[span]
            best = np.argpartition(mine, len(mine) - number)[-number:] if len(mine) > number else np.arange(len(mine))
            found.append(span.start + best[mine[best] > -np.inf])
        return np.concatenate(found)


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
        Prices, none of them more than the best pair is worth.
    binding : tuple of bool
        Which of the limits have a price in the relaxation.
    columns : int64 array
        Positions of the pairs that matter.
    """

    given: Ints
    value: float
    bound: float
    duals: Duals
    binding: tuple[bool, ...]
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

    def program(self, columns: Ints, penalty: float) -> Program:
        """Return the linear programme over some of the pairs.

        Rows: leads, room, then maxima and minima of each limit; a lead that a minimum lacks costs `penalty`.
        """
        pairs = self.pairs
        lead, partner = pairs.lead[columns], pairs.partner[columns]
        rows = [Rows.at_most(lead, np.ones(pairs.n_leads), always=True)]
        rows.append(Rows.at_most(np.where(self.capped[lead], partner, -1), self.room))
        for one in self.bounds:
            group = np.where(one.leads[lead], one.codes[partner], -1)
            rows += [Rows.at_most(group, one.most.astype(np.float64)), Rows.at_least(group, one.least)]
        return Program(pairs.scaled[columns], rows, penalty)

    def duals(self, rows: Sequence[Rows], solved: Solution) -> Duals:
        """Read the prices of a relaxed solution."""
        scale = self.pairs.scale
        prices = [block.spread(price) * scale for block, price in zip(rows, solved.prices, strict=True)]
        of_limits = [most - least for most, least in zip(prices[2::2], prices[3::2], strict=True)]
        return Duals(prices[0], prices[1], of_limits)

    def gains(self, duals: Duals) -> Floats:
        """Return what each pair is worth less what it costs (its reduced cost), as a share of the best pair."""
        pairs, scale = self.pairs, self.pairs.scale
        gain = pairs.scaled - (duals.of_leads / scale)[pairs.lead]
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
    relaxed = _generated(problem, _first(problem) if before is None else before.columns, pairs.n_leads + 1.0)
    columns, x = relaxed.columns, relaxed.solution.x
    bound = float(pairs.worth[columns] @ x)
    if np.abs(x - np.round(x)).max() > _WHOLE:
        columns, x = _whole(problem, relaxed)
    taken = columns[x > 0.5]
    given = np.full(pairs.n_leads, -1, dtype=np.int64)
    given[pairs.lead[taken]] = pairs.partner[taken]
    value = float(pairs.worth[taken].sum())
    near = np.union1d(relaxed.columns[problem.gains(relaxed.duals)[relaxed.columns] > -_NEAR], taken)
    binding = tuple(bool(dual.any()) for dual in relaxed.duals.of_limits)
    return Optimum(given, value, max(bound, value), _prices(problem, given, relaxed), binding, near)


@dataclass(frozen=True, eq=False)
class _Relaxed:
    """A relaxation solved over all pairs, and the columns that it took."""

    columns: Ints
    solution: Solution
    duals: Duals
    penalty: float


def _generated(problem: Problem, columns: Ints, penalty: float) -> _Relaxed:
    """Solve the relaxation, adding pairs until none of all has a reduced cost that could raise the total."""
    for turn in count():
        program = problem.program(columns, penalty)
        solution = program.relaxed()
        duals = problem.duals(program.rows, solution)
        gain = problem.gains(duals)
        gain[columns] = -np.inf
        gaining = gain > _TOLERANCE
        if not gaining.any():
            break
        # At first the best of every lead, also where none gains yet: fewer turns are needed.
        columns = np.union1d(
            columns, problem.pairs.top(gain if turn < _WIDE else np.where(gaining, gain, -np.inf), _MORE)
        )
    return _Relaxed(columns, solution, duals, penalty)


def _whole(problem: Problem, relaxed: _Relaxed) -> tuple[Ints, Floats]:
    """Return columns and their values in whole leads.

    A pair whose reduced cost is worse than the gap between the relaxation and a whole assignment is in no better one:
    only pairs within it are added before the last word.
    """
    columns = relaxed.columns
    found = problem.program(columns, relaxed.penalty).whole()
    gap = max(relaxed.solution.total - found.total, 0.0)
    gain = problem.gains(relaxed.duals)
    gain[columns] = -np.inf
    more = np.flatnonzero(gain > -gap - _TOLERANCE)
    if gap > _TOLERANCE and 0 < len(more) <= _MOST_OPEN_PAIRS:
        columns = np.union1d(columns, more)
        found = problem.program(columns, relaxed.penalty).whole()
    return columns, found.x


def _prices(problem: Problem, given: Ints, relaxed: _Relaxed) -> Duals:
    """Return prices that a manager can read: none is more than the best pair is worth.

    A minimum that is missed, or only just met, may bear the whole penalty. It is asked for as far as it is met then,
    at a penalty of the best pair's worth.
    """
    scale = problem.pairs.scale
    if not any((np.abs(dual) > scale).any() for dual in [relaxed.duals.of_room, *relaxed.duals.of_limits]):
        return relaxed.duals
    met = [replace(one, least=np.minimum(one.least, one.counts(given))) for one in problem.bounds]
    duals = _generated(problem.within(met), relaxed.columns, 1.0).duals
    of_limits = [np.clip(prices, -scale, scale) for prices in duals.of_limits]
    return Duals(np.minimum(duals.of_leads, scale), np.minimum(duals.of_room, scale), of_limits)


def _first(problem: Problem) -> Ints:
    """Return the best pairs of each lead, those that a greedy hand would give among them.

    Where many partners are worth the same, leads look at different ones of them.
    """
    pairs = problem.pairs
    spread = np.random.default_rng(0).uniform(1.0 - 1e-6, 1.0, len(pairs.worth)) * pairs.scaled
    left = problem.room.copy()
    greedy = [np.zeros(0, np.int64)]
    for span in pairs.spans:
        partners = pairs.partner[span]
        mine = np.where(left[partners] >= 1, spread[span], -1.0)
        best = int(mine.argmax())
        if mine[best] > 0:
            left[partners[best]] -= 1
            greedy.append(np.array([span.start + best]))
    return np.union1d(pairs.top(spread, _FIRST), np.concatenate(greedy))
