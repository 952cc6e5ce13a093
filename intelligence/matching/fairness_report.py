"""What a report of fairness holds: shares with intervals, spread, and groups beyond a limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
from scipy.stats import beta

from domain.routing import ShareLimit

Floats = npt.NDArray[np.float64]

FOUR_FIFTHS = 0.8
"""Ratio below which a group is flagged where no limit says more (the four-fifths rule of 29 CFR 1607.4 D)."""
LEAST_EXPECTED = 30.0
"""Expected offers from which on a ratio is judged."""
SHOWN, JUDGED = 0.8, 0.95
"""Levels of the intervals that are shown, and of those by which groups are flagged."""


@dataclass(frozen=True)
class Rate:
    """A share of cases; the interval is an exact binomial one (Clopper & Pearson 1934), 80 %."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class GroupShare:
    """What a group of partners got.

    Parameters
    ----------
    group : str or None
        None: partners of which it is not known.
    partners : int
        Active ones at the end of the window.
    first_offers, offers, accepted, wins : int
        First offers of leads, all offers; of the latter those accepted, and those accepted and won by the partner
        within the match horizon.
    win_rate : Rate
        Of offers made at least a horizon ago: the others may still be won.
    expected_wins : float or None
        Sum of the p_win that came with offers, of those of a stored match that were made at least a horizon ago.
    expected_of, wins_of : int
        How many these are, and how many of them were won.
    compared : Compared
        What it got beside what lots would have given it.
    """

    group: str | None
    partners: int
    first_offers: int
    offers: int
    accepted: int
    wins: int
    win_rate: Rate
    expected_wins: float | None
    expected_of: int
    wins_of: int
    compared: "Compared"


@dataclass(frozen=True)
class Compared:
    """First offers beside those that lots would have given.

    Parameters
    ----------
    observed : int
        First offers among the leads compared.
    expected : float
        The same, had lots been drawn among the eligible partners of each lead.
    share, eligible_share : float or None
        Of the leads compared.
    ratio, low, high : float or None
        ``observed / expected``, with an 80 % interval; None where nothing was to be expected.
    """

    observed: int
    expected: float
    share: float | None
    eligible_share: float | None
    ratio: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Flag:
    """A group whose share lies beyond a limit, surely: the whole 95 % interval does.

    Parameters
    ----------
    by, group : str
        Which.
    kind : {"four_fifths", "least", "most"}
        Ratio below 0.8; share below or above a limit of a policy.
    policy : str or None
        Name of the policy that sets the limit.
    value, low, high, bound : float
        Ratio or share, its interval (over several groups: for all of them together), the limit.
    n : int
        Leads that it rests on.
    text : str
        In words.
    """

    by: str
    group: str | None
    kind: str
    policy: str | None
    value: float
    low: float
    high: float
    bound: float
    n: int
    text: str


@dataclass(frozen=True)
class Spread:
    """How unevenly first offers are spread over the partners that were active or got any.

    Parameters
    ----------
    partners : int
        How many these are.
    gini : float or None
        0: all the same, towards 1: all to one.
    top_share : float or None
        Share of the tenth of partners (at least one) that got most.
    eligible_gini : float or None
        Of what lots among the eligible would have given: what rules and territories alone bring about.
    """

    partners: int
    gini: float | None
    top_share: float | None
    eligible_gini: float | None


@dataclass(frozen=True)
class FairnessReport:
    """Shares of leads by group, over the first offers in ``[since, until)``; outcomes as known at `as_of`.

    Parameters
    ----------
    since, until, as_of : datetime
    by : str
        What partners are grouped by.
    leads, compared : int
        Leads first offered in the window, and those whose eligibility was worked out.
    nobody_eligible, not_eligible : int
        Of the latter those for which nobody was eligible by today's rules (they are not compared), and those whose
        partner was not.
    groups : tuple of GroupShare
        The largest eligible share first.
    newcomers, others : Rate
        Win rates of offers to newcomers and to all others.
    spread : Spread
    flags : tuple of Flag
    """

    since: datetime
    until: datetime
    as_of: datetime
    by: str
    leads: int
    compared: int
    nobody_eligible: int
    not_eligible: int
    groups: tuple[GroupShare, ...]
    newcomers: Rate
    others: Rate
    spread: Spread
    flags: tuple[Flag, ...]


def compared(observed: int, expected: float, n: int) -> Compared:
    """Return what a group got of `n` leads beside what was to be expected."""
    if not n:
        return Compared(observed, expected, None, None, None, None, None)
    low, high = ratio_interval(observed, expected, n, SHOWN)
    ratio = observed / expected if expected > 0 else None
    return Compared(observed, expected, observed / n, expected / n, ratio, low, high)


def ratio_interval(observed: int, expected: float, n: int, level: float) -> tuple[float | None, float | None]:
    """Return the interval of observed / expected: what was to be expected is known, what was observed is binomial."""
    if expected <= 0:
        return None, None
    low, high = exact_interval(observed, n, level)
    return low * n / expected, high * n / expected


def exact_interval(k: int, n: int, level: float) -> tuple[float, float]:
    """Return the exact binomial interval of ``k / n`` (Clopper & Pearson 1934).

    Examples
    --------
    >>> [round(end, 3) for end in exact_interval(0, 10, 0.8)]
    [0.0, 0.206]
    """
    tail = (1.0 - level) / 2.0
    low = float(beta.ppf(tail, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(1.0 - tail, k + 1, n - k)) if k < n else 1.0
    return low, high


def binomial(k: int, n: int) -> Rate:
    """Return ``k / n`` with its 80 % interval; nothing is known of no case."""
    return Rate(None, None, None, 0) if not n else Rate(k / n, *exact_interval(k, n, SHOWN), n)


def gini(values: Floats) -> float | None:
    """Return the Gini coefficient of amounts that are not negative; None where there is nothing to share.

    Examples
    --------
    >>> gini(np.array([1.0, 1.0, 1.0])), gini(np.array([0.0, 0.0, 0.0, 4.0]))
    (0.0, 0.75)
    """
    total, n = float(values.sum()), len(values)
    if not total > 0:
        return None
    ordered = np.sort(values)
    return max(float(2.0 * (np.arange(1, n + 1) * ordered).sum() / (n * total) - (n + 1) / n), 0.0)


def four_fifths(by: str, groups: Sequence[GroupShare], n: int) -> list[Flag]:
    """Flag groups that surely got less than four fifths of their eligibility.

    Over several groups the intervals hold for all of them together (Bonferroni).
    """
    judged = [one for one in groups if one.compared.expected >= LEAST_EXPECTED]
    found = []
    for one in judged:
        told = one.compared
        low, high = ratio_interval(told.observed, told.expected, n, 1.0 - (1.0 - JUDGED) / len(judged))
        if low is None or high is None or told.ratio is None or high >= FOUR_FIFTHS:
            continue
        text = (
            f"{_said(by, one.group)} got {told.observed} first offers of {n} leads; lots among the "
            f"eligible would have given them {told.expected:.0f}: {told.ratio:.2f} of it, at most {high:.2f}."
        )
        found.append(Flag(by, one.group, "four_fifths", None, told.ratio, low, high, FOUR_FIFTHS, n, text))
    return found


def beyond(limit: ShareLimit, policy: str, by: str, group: str | None, count: int, n: int) -> list[Flag]:
    """Flag a group whose share of the `n` leads under a policy surely lies beyond a limit of it."""
    low, high = exact_interval(count, n, JUDGED)
    found = []
    for kind, bound, crossed in (("least", limit.least, high), ("most", limit.most, low)):
        if bound is None or not (crossed < bound if kind == "least" else crossed > bound):
            continue
        text = (
            f"{_said(by, group)} got {count / n:.0%} of the {n} leads under policy {policy}; "
            f"its limit is at {kind} {bound:.0%}."
        )
        found.append(Flag(by, group, kind, policy, count / n, low, high, bound, n, text))
    return found


def _said(by: str, group: str | None) -> str:
    if by == "partner":
        return f"Partner {group}"
    if by == "newcomer":
        return "Newcomers" if group == "newcomer" else "Partners that are no newcomers"
    return f"Partners with {by.removeprefix('attributes.')} {group or 'unknown'}"
