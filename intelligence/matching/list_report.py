"""What a list's assignment is worth, what capacity and limits cost, and why some leads stay without a partner."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from domain.routing import Rule
from intelligence.matching.assignment import Allocation
from intelligence.matching.list_limits import PolicyLimit, policies_of
from intelligence.matching.matcher import Matcher, Question
from intelligence.matching.programming import Pairs

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_NO_PARTNER, _NO_ROOM, _LIMITS = "no_partner", "no_room", "limits"
_TEXTS = {
    _NO_PARTNER: "No partner is eligible.",
    _NO_ROOM: "The partners that are eligible have no room, or none left for it.",
    _LIMITS: "Partners with room are held back by limits of shares.",
}
_TOLD = 3


@dataclass(frozen=True)
class Unassigned:
    """A lead that stays without a partner, and why: ``no_partner``, ``no_room``, ``limits`` or ``refused``."""

    lead: str
    code: str
    text: str


@dataclass(frozen=True)
class Prices:
    """Shadow prices that a list leaves, in units of its objective; only those that are not 0.

    Parameters
    ----------
    by : str
        ``p_win`` or ``value``.
    room : dict of str to float
        What one more place at a partner would have added.
    limits : dict of str to dict
        By programme ("" for leads of none): what limits of its policy make a lead cost at a partner.
    """

    by: str = "p_win"
    room: dict[str, float] = field(default_factory=dict)
    limits: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class ListReport:
    """How a list was given.

    Parameters
    ----------
    by : str
        What was made the largest in total, ``p_win`` or ``value``.
    leads, assigned : int
        How many were asked about, and have a partner now.
    expected_value : float
        Total of those assigned: wins to expect, or amount.
    bound : float
        Nothing within capacity and limits could be worth more.
    capacity : dict
        ``value_without`` (each lead to its best partner), ``value`` (under capacity, without limits), ``cost``,
        ``unassigned`` under capacity alone, ``full_partners``.
    limits : list of dict
        ``policy``, ``program``, ``limit`` (in words), ``by``, ``value``, ``least``, ``most``, ``binding``, ``missed``,
        ``shadow_price``, ``cost``, ``groups``.
    limits_cost : float
        What all limits together cost.
    unassigned : list of Unassigned
        In the order of the list.
    prices : Prices
        For single leads that come later.
    model_version : str
        What the chances come from.
    policies : list of dict
        Policies of the leads, as they stood.
    """

    by: str = "p_win"
    leads: int = 0
    assigned: int = 0
    expected_value: float = 0.0
    bound: float = 0.0
    capacity: dict[str, Any] = field(
        default_factory=lambda: {"value_without": 0.0, "value": 0.0, "cost": 0.0, "unassigned": 0, "full_partners": 0}
    )
    limits: list[dict[str, Any]] = field(default_factory=list)
    limits_cost: float = 0.0
    unassigned: list[Unassigned] = field(default_factory=list)
    prices: Prices = field(default_factory=Prices)
    model_version: str = ""
    policies: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return what a manager reads first."""
        of_all = f"{self.assigned:,} of {self.leads:,} leads assigned"
        found = [f"{of_all}, expected {self._told(self.expected_value)}"]
        if self.capacity["cost"] > 0:
            found.append(f"capacity costs {self._told(self.capacity['cost'])}")
        for limit in self.limits:
            cost = f"costs {self._told(limit['cost'])}" if limit["cost"] else "costs nothing"
            missing = sum(group["missing"] for group in limit["groups"])
            found.append(f"limit {limit['limit']}: {cost}" + (f"; missed by {missing} leads" if missing else ""))
        for code, count in Counter(one.code for one in self.unassigned).most_common():
            found.append(f"{count:,} leads without a partner: {code}")
        return found

    def _told(self, value: float) -> str:
        return f"{value:,.2f} wins" if self.by == "p_win" else f"{value:,.0f}"


def report_of(
    matcher: Matcher, question: Question, by: str, pairs: Pairs, found: Allocation, limits: Sequence[PolicyLimit]
) -> ListReport:
    """Return what is to be said of an assignment."""
    capacity = found.report.capacity
    rows = [
        {
            "policy": one.policy.name,
            "program": one.policy.program,
            **one.share.model_dump(mode="json"),
            **asdict(told),
        }
        for one, told in zip(limits, found.report.limits, strict=True)
    ]
    return ListReport(
        by=by,
        leads=len(question.names),
        assigned=int((found.given >= 0).sum()),
        expected_value=found.value,
        bound=found.report.bound,
        capacity={
            "value_without": capacity.free_value,
            "value": capacity.value,
            "cost": capacity.cost,
            "unassigned": len(question.names) - capacity.placed,
            "full_partners": capacity.full,
        },
        limits=rows,
        limits_cost=max(capacity.value - found.value, 0.0),
        unassigned=_unassigned(matcher, question, pairs, found),
        prices=_prices(matcher, by, found, limits),
        model_version=matcher.label,
        policies=[policy.model_dump(mode="json") for policy, _ in policies_of(matcher, question)],
    )


def _prices(matcher: Matcher, by: str, found: Allocation, limits: Sequence[PolicyLimit]) -> Prices:
    names = matcher.world.partner_names.astype(str)
    of_limits: dict[str, Floats] = {}
    for one, prices in zip(limits, found.limit_prices, strict=True):
        program = one.policy.program or ""
        of_limits[program] = of_limits.get(program, np.zeros(len(names))) + prices
    return Prices(by, _named(names, found.prices), {key: _named(names, each) for key, each in of_limits.items()})


def _named(names: npt.NDArray[Any], prices: Floats) -> dict[str, float]:
    priced = np.flatnonzero(prices)
    return dict(zip(names[priced].tolist(), prices[priced].tolist(), strict=True))


def _unassigned(matcher: Matcher, question: Question, pairs: Pairs, found: Allocation) -> list[Unassigned]:
    left = np.flatnonzero(found.given < 0).tolist()
    if not left:
        return []
    has_room = found.left[pairs.partner] >= 1
    options = np.bincount(pairs.lead, minlength=pairs.n_leads)
    open_ = np.bincount(pairs.lead, has_room, minlength=pairs.n_leads)
    stopped = dict(matcher.blocked(question)) if (options[left] == 0).any() else {}
    told = []
    for lead in left:
        code = _LIMITS if open_[lead] else _NO_ROOM
        if not options[lead]:
            code = _NO_PARTNER
        text = _TEXTS[code] if options[lead] else f"{_TEXTS[code]}{_stopped_by(stopped.get(lead, {}))}"
        told.append(Unassigned(str(question.names[lead]), code, text))
    return told


def _stopped_by(rules: dict[Rule, npt.NDArray[np.bool_]]) -> str:
    """Return which rules stop most partners."""
    most = sorted(((int(mask.sum()), str(rule)) for rule, mask in rules.items()), reverse=True)[:_TOLD]
    return f" Stopped by: {', '.join(f'{rule} ({count:,})' for count, rule in most)}." if most else ""
