"""A whole list of leads given to partners under capacity and limits of shares, so that it is worth most in all.

The problem is a transportation problem with side constraints: each lead goes to one partner at the most, each partner
takes as many as it has room for, each group of partners gets no more and no less than its limits say. Its linear
relaxation is solved on the best pairs of each lead, and pairs are added by reduced cost until none of all pairs can
raise the total (column generation): the optimum found is that over every pair. Without limits, and nearly always with
them, it is whole; where it is not, a mixed integer programme over all pairs that the gap leaves open decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from intelligence.matching.limits import Bounds, GroupLimit, LimitReport, bounds_of, reports_of
from intelligence.matching.programming import Optimum, Pairs, Problem, of_partners, optimum

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class CapacityReport:
    """What capacity alone does to a list.

    Parameters
    ----------
    free_value : float
        Total if each lead went to its best partner, whatever the room.
    value : float
        Total under capacity, without limits of shares.
    placed : int
        Leads that capacity lets be given.
    full : int
        Partners whose room is used up by the final assignment.
    """

    free_value: float = 0.0
    value: float = 0.0
    placed: int = 0
    full: int = 0

    @property
    def cost(self) -> float:
        """Expected value that is missed for want of room."""
        return max(self.free_value - self.value, 0.0)


@dataclass(frozen=True, eq=False)
class Report:
    """What a list's assignment is worth, and what keeps it from being worth more.

    Parameters
    ----------
    capacity : CapacityReport
        What want of room costs.
    limits : tuple of LimitReport
        One per limit, in the order given.
    bound : float
        No assignment within room and limits is worth more; equal to the value but for fractions of a lead.
    """

    capacity: CapacityReport = field(default_factory=CapacityReport)
    limits: tuple[LimitReport, ...] = ()
    bound: float = 0.0


@dataclass(frozen=True, eq=False)
class Allocation:
    """Leads given to partners.

    Parameters
    ----------
    given : int64 array of shape (n_leads,)
        Partner of each lead, -1 for none.
    value : float
        Total of the pairs given.
    prices : float array of shape (n_partners,)
        What one more place at a partner would add to the total: the dual of its room. 0 where room is left.
    limit_prices : float array of shape (n_limits, n_partners)
        What each limit makes a lead cost at a partner (negative: what it pays for giving it one).
    report : Report
        What capacity and limits cost.
    left : float array of shape (n_partners,)
        Room that is left; infinite for no limit.
    """

    given: Ints
    value: float
    prices: Floats
    limit_prices: Floats
    report: Report
    left: Floats


def allocate(
    value: Floats, room: Floats, limits: Sequence[GroupLimit] = (), *, uncapped: Bools | None = None, costs: bool = True
) -> Allocation:
    """Give each lead to at most one partner so that the total value is largest.

    Parameters
    ----------
    value : array of shape (n_leads, n_partners)
        What a pair is worth; NaN, or less than 0, where it is not allowed.
    room : array of shape (n_partners,)
        How many leads each partner takes, rounded down; infinite for no limit.
    limits : sequence of GroupLimit
        Shares of groups of partners. A minimum that cannot be met is met as far as it goes, and the report says what
        is missing; a maximum always holds, if need be by leaving leads without a partner.
    uncapped : bool array of shape (n_leads,), optional
        Leads that take up no room.
    costs : bool, default=True
        Whether to solve once more without each limit that binds, to say what it costs.

    Returns
    -------
    Allocation
        Exact over all pairs to 1e-7 of the best pair's value per lead.

    Notes
    -----
    Column generation as in Dantzig & Wolfe (1960), on HiGHS (Huangfu & Hall 2018) through scipy. Room alone keeps the
    optimum whole, since the matrix is totally unimodular. Pairs that are worth less than 1e-7 of the best count as so
    much, so that a lead is given to somebody even where it is worth nothing.

    Examples
    --------
    >>> allocate(np.array([[0.9, 0.5], [0.8, 0.1]]), np.array([1.0, 1.0])).given.tolist()
    [1, 0]
    """
    pairs = Pairs.of(np.asarray(value, dtype=np.float64))
    return allocate_pairs(pairs, room, limits, uncapped=uncapped, costs=costs)


def allocate_pairs(
    pairs: Pairs, room: Floats, limits: Sequence[GroupLimit] = (), *, uncapped: Bools | None = None, costs: bool = True
) -> Allocation:
    """Do as `allocate` for pairs listed one by one; those that are not listed are not allowed."""
    if not len(pairs.worth):
        return _nothing(pairs, np.floor(room), limits)
    capped = np.ones(pairs.n_leads, dtype=bool) if uncapped is None else ~uncapped
    free = Problem(pairs, np.floor(room), capped)
    before = optimum(free)
    if not limits:
        return _allocation(free, before, before, ())
    bounds = [bounds_of(limit, before.given) for limit in limits]
    bound = free.within(bounds)
    after = optimum(bound, before)
    prices = [_costs(bound, after, k) if costs else None for k in range(len(limits))]
    reports = reports_of(limits, bounds, before.given, after.given, after.duals.of_limits, prices)
    return _allocation(bound, before, after, reports)


def _nothing(pairs: Pairs, room: Floats, limits: Sequence[GroupLimit]) -> Allocation:
    """Return an allocation where no pair is allowed."""
    nobody = np.full(pairs.n_leads, -1, dtype=np.int64)
    bounds = [bounds_of(limit, nobody) for limit in limits]
    free, costs = [np.zeros(len(one.least)) for one in bounds], [0.0] * len(bounds)
    report = Report(CapacityReport(), reports_of(limits, bounds, nobody, nobody, free, costs))
    prices = np.zeros((len(limits), pairs.n_partners))
    return Allocation(nobody, 0.0, np.zeros(pairs.n_partners), prices, report, room)


def _costs(problem: Problem, found: Optimum, position: int) -> float:
    """Return what the total would gain without one of the limits."""
    bounds = problem.bounds
    if not found.binding[position] and not found.short(bounds[position]).any():
        return 0.0
    rest: list[Bounds] = [one.lifted() if k == position else one for k, one in enumerate(bounds)]
    return max(optimum(problem.within(rest), found).value - found.value, 0.0)


def _allocation(problem: Problem, before: Optimum, after: Optimum, reports: tuple[LimitReport, ...]) -> Allocation:
    pairs = problem.pairs
    used = np.bincount(after.given[(after.given >= 0) & problem.capped], minlength=pairs.n_partners)
    left = problem.room - used
    placed = int((before.given >= 0).sum())
    capacity = CapacityReport(pairs.best(), before.value, placed, int(((left < 1) & (used > 0)).sum()))
    by_partner = [of_partners(dual, one) for dual, one in zip(after.duals.of_limits, problem.bounds, strict=True)]
    prices = np.array(by_partner).reshape(len(problem.bounds), pairs.n_partners)
    report = Report(capacity, reports, after.bound)
    return Allocation(after.given, after.value, after.duals.of_room, prices, report, left)
