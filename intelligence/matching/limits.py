"""Limits of the shares of leads that groups of partners get: rounded to leads, and what they cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class GroupLimit:
    """Bounds of the share of leads that groups of partners get, as arrays.

    Parameters
    ----------
    codes : int64 array of shape (n_partners,)
        Group of each partner, -1 for none.
    names : tuple of str
        Of the groups, in the order of the codes.
    least, most : float, optional
        Shares of the leads that capacity alone lets be given, 0 to 1, the same for each group.
    leads : bool array of shape (n_leads,), optional
        Leads among which it holds; default: all.
    title : str
        For the report.
    """

    codes: Ints
    names: tuple[str, ...]
    least: float | None = None
    most: float | None = None
    leads: Bools | None = None
    title: str = ""


@dataclass(frozen=True, eq=False)
class Bounds:
    """A limit in whole leads.

    Parameters
    ----------
    codes : int64 array of shape (n_partners,)
        Group of each partner, -1 for none.
    leads : bool array of shape (n_leads,)
        Leads among which it holds.
    least, most : int64 array of shape (n_groups,)
        Leads of each group.
    """

    codes: Ints
    leads: Bools
    least: Ints
    most: Ints

    def lifted(self) -> Self:
        """Return the same groups without bounds."""
        return type(self)(self.codes, self.leads, np.zeros_like(self.least), np.full_like(self.most, self.leads.sum()))

    def counts(self, given: Ints) -> Ints:
        """Return how many of the leads each group got."""
        taken = given[self.leads & (given >= 0)]
        groups = self.codes[taken]
        return np.bincount(groups[groups >= 0], minlength=len(self.least)).astype(np.int64)


@dataclass(frozen=True)
class GroupReport:
    """How a group of partners came off.

    Parameters
    ----------
    group : str
        Its name.
    before, leads : int
        Leads it would get under capacity alone, and gets.
    share_before, share : float
        The same as shares of the leads given.
    at_least, at_most : int, optional
        The bounds in leads.
    missing : int
        Leads by which the minimum is missed: as many as room and eligibility do not let it have.
    shadow_price : float
        What the total would gain if the bound were looser by one lead.
    """

    group: str
    before: int
    leads: int
    share_before: float
    share: float
    at_least: int | None
    at_most: int | None
    missing: int
    shadow_price: float


@dataclass(frozen=True)
class LimitReport:
    """What a limit does to a list.

    Parameters
    ----------
    limit : str
        Its title.
    binding : bool
        Whether the assignment would be another without it, as far as prices tell.
    missed : bool
        Whether a minimum could not be met.
    shadow_price : float
        The largest of its groups'.
    cost : float, optional
        What the total would gain without it, all other limits kept; None: not asked.
    groups : tuple of GroupReport
        Those that get leads, or would without limits, or miss some.
    """

    limit: str
    binding: bool
    missed: bool
    shadow_price: float
    cost: float | None
    groups: tuple[GroupReport, ...]


def bounds_of(limit: GroupLimit, placed: Ints) -> Bounds:
    """Return a limit in leads, its shares taken of the leads that capacity alone lets be given.

    A maximum is rounded down, a minimum up; where the list is so short that a share is less than one lead, a maximum
    above 0 still allows one and a minimum asks for none. A minimum never asks for more than the maximum of the same
    limit allows.

    Parameters
    ----------
    limit : GroupLimit
        In shares.
    placed : int64 array of shape (n_leads,)
        Partner of each lead under capacity alone, -1 for none.

    Examples
    --------
    >>> limit = GroupLimit(np.array([0, 1]), ("a", "b"), least=0.25, most=0.55)
    >>> found = bounds_of(limit, np.zeros(10, dtype=np.int64))
    >>> found.least.tolist(), found.most.tolist()
    ([3, 3], [5, 5])
    """
    leads = np.ones(len(placed), dtype=bool) if limit.leads is None else limit.leads
    n = int((placed[leads] >= 0).sum())
    most = int(leads.sum()) if limit.most is None else _at_most(limit.most, n)
    least = 0 if limit.least is None else min(_at_least(limit.least, n), most)
    groups = len(limit.names)
    return Bounds(limit.codes, leads, np.full(groups, least, np.int64), np.full(groups, most, np.int64))


def _at_most(share: float, n: int) -> int:
    return 0 if share == 0 else max(int(np.floor(share * n + 1e-9)), 1)


def _at_least(share: float, n: int) -> int:
    wanted = share * n
    return int(np.ceil(wanted - 1e-9)) if wanted >= 1 - 1e-9 else 0


def reports_of(
    limits: Sequence[GroupLimit],
    bounds: Sequence[Bounds],
    before: Ints,
    after: Ints,
    duals: Sequence[Floats],
    costs: Sequence[float | None],
) -> tuple[LimitReport, ...]:
    """Return what each limit does, given the assignments without (`before`) and with (`after`) all limits."""
    rows = zip(limits, bounds, duals, costs, strict=True)
    return tuple(_report(limit, bound, before, after, dual, cost) for limit, bound, dual, cost in rows)


def _report(
    limit: GroupLimit, bounds: Bounds, before: Ints, after: Ints, duals: Floats, cost: float | None
) -> LimitReport:
    groups = tuple(_groups(limit, bounds, before, after, duals))
    missed = any(group.missing for group in groups)
    price = max((group.shadow_price for group in groups), default=0.0)
    told = tuple(group for group in groups if group.before or group.leads or group.missing)
    return LimitReport(limit.title, missed or price > 0 or bool(cost), missed, price, cost, told)


def _groups(limit: GroupLimit, bounds: Bounds, before: Ints, after: Ints, duals: Floats) -> list[GroupReport]:
    was, now = bounds.counts(before), bounds.counts(after)
    of_was, of_now = (max(int((given[bounds.leads] >= 0).sum()), 1) for given in (before, after))
    missing = np.maximum(bounds.least - now, 0)
    return [
        GroupReport(
            name,
            int(was[k]),
            int(now[k]),
            float(was[k] / of_was),
            float(now[k] / of_now),
            None if limit.least is None else int(bounds.least[k]),
            None if limit.most is None else int(bounds.most[k]),
            int(missing[k]),
            0.0 if missing[k] else abs(float(duals[k])),
        )
        for k, name in enumerate(limit.names)
    ]
