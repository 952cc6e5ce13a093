"""Shadow prices of recent lists, for leads that come one by one: what a partner's place would be worth elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.routing import Objective, Policies
from store.allocations import prices_between
from store.engine import reading

if TYPE_CHECKING:
    from intelligence.context import Intelligence
    from intelligence.matching.matcher import Matcher, Question

Floats = npt.NDArray[np.float64]

DAYS = 30.0
"""For so long a list's prices count."""
_HALF_LIFE_DAYS = 10.0


@dataclass(frozen=True)
class ShadowPrices:
    """Prices per partner as of an instant, in units of an objective.

    Parameters
    ----------
    room : mapping of str to float
        By partner: the mean over recent lists, each counting half as much as one 10 days later.
    limits : mapping of str to mapping
        By programme ("": leads of none), then by partner.
    """

    room: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, lists: Sequence[tuple[datetime, Any]], by: str, as_of: datetime) -> Self:
        """Return the mean of what lists left; those that made another objective the largest do not count.

        Examples
        --------
        >>> now = datetime(2025, 6, 30)
        >>> lists = [(now, {"by": "p_win", "room": {"P1": 0.3}}), (now - timedelta(days=10), {"by": "p_win"})]
        >>> ShadowPrices.of(lists, "p_win", now).room
        {'P1': 0.2}
        """
        mine = [(at, prices) for at, prices in lists if prices.get("by") == by]
        weights = np.array([0.5 ** ((as_of - at) / timedelta(days=_HALF_LIFE_DAYS)) for at, _ in mine])
        shares = (weights / weights.sum()).tolist() if mine else []
        rooms = [prices.get("room") or {} for _, prices in mine]
        limits = [prices.get("limits") or {} for _, prices in mine]
        programs = dict.fromkeys(program for each in limits for program in each)
        of_limits = {program: _mean([each.get(program, {}) for each in limits], shares) for program in programs}
        return cls(_mean(rooms, shares), of_limits)

    def of_partners(self, names: npt.NDArray[Any], program: str | None) -> Floats:
        """Return the price at each partner for a lead of a programme, shape as `names`; 0 where none is known."""
        limits = self.limits.get(program or "", {})
        prices = {name: self.room.get(name, 0.0) + limits.get(name, 0.0) for name in [*self.room, *limits]}
        return np.array([prices.get(str(name), 0.0) for name in names], dtype=np.float64)

    def __bool__(self) -> bool:
        return bool(self.room) or any(self.limits.values())


def _mean(prices: Sequence[Mapping[str, float]], shares: Sequence[float]) -> dict[str, float]:
    total: dict[str, float] = {}
    for each, share in zip(prices, shares, strict=True):
        for partner, price in each.items():
            total[partner] = total.get(partner, 0.0) + share * price
    return {partner: round(price, 12) for partner, price in total.items()}


@dataclass(frozen=True)
class Pricing:
    """Shadow prices as of an instant, for rankings by either objective.

    Parameters
    ----------
    by_objective : mapping of str to ShadowPrices
        ``p_win``, ``value``.
    """

    by_objective: Mapping[str, ShadowPrices]

    def of_pairs(self, matcher: "Matcher", pairs: pd.DataFrame, question: "Question", by: str | None) -> Floats:
        """Return the price of each pair's partner, in units of what its lead is ranked by.

        0 for leads whose policy does not go by prices, and where a lead is ranked by chances for want of amounts.
        """
        found = np.zeros(len(pairs))
        leads, partners = (pairs[name].to_numpy(np.int64) for name in ("question", "partner"))
        unknown = pairs["value"].isna().groupby(pairs["question"]).transform("any").to_numpy(bool)
        for lead in np.unique(leads).tolist():
            policy, mine = matcher.policy_of(question, lead), leads == lead
            objective = by or str(policy.objective)
            if policy.shadow_prices and not (objective == Objective.VALUE and unknown[mine].any()):
                names = matcher.world.partner_names[partners[mine]]
                found[mine] = self.by_objective[objective].of_partners(names, policy.program)
        return found


def pricing_of(context: "Intelligence", policies: Policies, as_of: datetime) -> Pricing | None:
    """Return what lists of the last 30 days before an instant left; None where no policy goes by prices."""
    if not any(policy.shadow_prices for policy in policies.all):
        return None
    with context.engine.connect() as connection:
        lists = prices_between(reading(connection), as_of - timedelta(days=DAYS), as_of)
    return Pricing({str(by): ShadowPrices.of(lists, str(by), as_of) for by in Objective})
