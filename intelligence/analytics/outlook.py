"""How much a partner will still sell or do by a date: its own history, and its open deals with their chances.

Method, documented in docs/goals.md: of deals, what is open now closes by the programme's curves of winning and losing
by age (Aalen-Johansen), and what is not registered yet comes at the partner's own rate (gamma prior from all partners)
and is won by the same curve. Of everything else, blocks of four weeks of the last year go on. Mean, variance and the
chance of nothing are worked out; a gamma distribution with them, beside the chance of nothing, gives the interval.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import gamma

from intelligence.analytics.book import SECONDS_PER_DAY, Book
from intelligence.analytics.figure import Figure
from intelligence.analytics.period import Window
from store.frames import aware, naive

Floats = NDArray[np.float64]

LONGEST_DAYS = 1095
"""Deals older than this are taken as that old."""
YEAR_DAYS = 364
BLOCK_DAYS = 28
_BLOCKS = YEAR_DAYS // BLOCK_DAYS
_PRIOR_WINS = 2.0
_PRIOR_AMOUNTS = 5.0
_PRIOR_BLOCKS = 2.0


class Rest(NamedTuple):
    """What is still to come: a number that is 0 with some probability, and else gamma distributed.

    Parameters
    ----------
    mean, variance : float
        Of all of it.
    nothing : float
        Probability of 0.
    whole : bool
        Whether it is a count: its interval is of whole numbers.
    """

    mean: float
    variance: float
    nothing: float = 0.0
    whole: bool = False

    def quantile(self, p: float) -> float:
        """Return the value below which it stays with probability `p`."""
        if self._certain:
            return max(self.mean, 0.0)
        if p <= self.nothing:
            return 0.0
        shape, scale = self._gamma
        found = float(gamma.ppf((p - self.nothing) / (1 - self.nothing), shape, scale=scale))
        return float(round(found)) if self.whole else found

    def chance_above(self, level: float) -> float:
        """Return the probability to reach `level`."""
        if level <= 0:
            return 1.0
        if self._certain:
            return float(self.mean >= level)
        shape, scale = self._gamma
        border = max(level - 0.5, 0.0) if self.whole else level
        return (1 - self.nothing) * float(gamma.sf(border, shape, scale=scale))

    @property
    def _certain(self) -> bool:
        return self.mean <= 0 or self.variance <= 0 or self.nothing >= 1

    @property
    def _gamma(self) -> tuple[float, float]:
        """Shape and scale of what is not 0."""
        mean = self.mean / (1 - self.nothing)
        variance = (self.variance + self.mean**2) / (1 - self.nothing) - mean**2
        variance = max(variance, 1e-6 * mean**2)
        return mean**2 / variance, variance / mean


@dataclass(frozen=True, eq=False)
class Outlook:
    """What the books tell of the time to come; worked out once for all partners.

    Parameters
    ----------
    book : Book
        Of everybody whose history may teach something: curves and priors are of the whole programme.
    """

    book: Book

    def deals(self, partner_id: int, days: float, *, amounts: bool) -> Rest:
        """Return what a partner will win within so many days: amounts in the currency told, or a number of deals."""
        mean, square = self._amount(partner_id) if amounts else (1.0, 1.0)
        pull = self._pull(partner_id)
        chances, sizes = self._open(partner_id, days, pull, mean, amounts=amounts)
        shape, rate = self._registrations(partner_id)
        wins = shape / rate * pull * self._area(days)
        total = float((chances * sizes).sum()) + wins * mean
        spread = float((chances * (1 - chances) * sizes**2).sum()) + wins * square + (wins * mean) ** 2 / shape
        # Nothing: no open deal is won, and none that comes (a gamma mixture of Poisson numbers).
        none = float(np.prod(1 - chances)) * (rate / (rate + pull * self._area(days))) ** shape
        return Rest(total, spread, min(none, 1 - 1e-9), whole=not amounts)

    def others(self, figure: Figure, partner_id: int, days: float) -> Rest:
        """Return what will come of a sum that is not of won deals, by blocks of four weeks of the last year."""
        blocks = self._blocks(figure)
        typical, spread = blocks.mean, blocks.spread
        own = blocks.sums.get(partner_id, np.zeros(_BLOCKS))[-self._blocks_of(partner_id) :]
        n = len(own)
        mean = (own.sum() + _PRIOR_BLOCKS * typical) / (n + _PRIOR_BLOCKS)
        squares = ((own - mean) ** 2).sum() + _PRIOR_BLOCKS * (spread + (typical - mean) ** 2)
        variance = max(squares / (n + _PRIOR_BLOCKS), mean)
        k = days / BLOCK_DAYS
        total, spread = float(k * mean), float(k * variance + k**2 * variance / (n + _PRIOR_BLOCKS))
        return Rest(total, spread, _none(total, spread), whole=figure.unit == "count")

    @cached_property
    def _deals(self) -> pd.DataFrame:
        deals = self.book.deals
        until = deals["closed_at"].where(deals["won"] | deals["lost"], self.book.history.until)
        age = (until - deals["registered_at"]).dt.total_seconds() / SECONDS_PER_DAY
        kept = deals["valid"] | deals["won"] | deals["lost"]
        aged: pd.DataFrame = deals.assign(age=age.clip(0, LONGEST_DAYS))[kept]
        return aged

    @cached_property
    def _records(self) -> tuple[dict[Any, Any], float]:
        """Return won and closed deals by partner, and the share of closed deals that is won."""
        deals = self._deals
        closed = deals[deals["won"] | deals["lost"]]
        rate = float(closed["won"].mean()) if len(closed) else 0.0
        sums = closed.groupby("partner_id")["won"].agg(["sum", "size"])
        return {id_: (float(won), float(n)) for id_, won, n in sums.itertuples(name=None)}, rate

    @cached_property
    def _still_open(self) -> dict[Any, tuple[Floats, Floats, NDArray[np.bool_]]]:
        """Return ages, amounts, and whether these are in the currency told, of each partner's open deals."""
        deals = self._deals
        still = deals[~deals["won"] & ~deals["lost"] & deals["valid"]]
        age, amount = still["age"].to_numpy(), still["amount"].to_numpy()
        own = (still["currency"] == self.book.currency).to_numpy(dtype=bool)
        rows = still.reset_index(drop=True).groupby("partner_id").indices
        return {id_: (age[row], amount[row], own[row]) for id_, row in rows.items()}

    @cached_property
    def _curves(self) -> tuple[Floats, Floats, Floats]:
        """Share won by each age in days, share still open at it, and the area under the first."""
        days = np.floor(self._deals["age"].to_numpy()).astype(np.int64)
        size = LONGEST_DAYS + 1
        won = np.bincount(days[self._deals["won"].to_numpy()], minlength=size).astype(np.float64)
        lost = np.bincount(days[self._deals["lost"].to_numpy()], minlength=size).astype(np.float64)
        every = np.bincount(days, minlength=size).astype(np.float64)
        at_risk = np.maximum(every[::-1].cumsum()[::-1], 1.0)
        still = np.concatenate([[1.0], np.cumprod(1 - np.minimum((won + lost) / at_risk, 1.0))])
        share = np.concatenate([[0.0], np.cumsum(still[:-1] * won / at_risk)])
        return share, still, np.concatenate([[0.0], np.cumsum((share[1:] + share[:-1]) / 2)])

    def _at(self, curve: Floats, days: Any) -> Any:
        return np.interp(days, np.arange(len(curve)), curve)

    def _area(self, days: float) -> float:
        """Return how many of deals that come at one a day, from now on, are won within so many days."""
        share, _, area = self._curves
        beyond = max(days - (len(area) - 1), 0.0)
        return float(self._at(area, days)) + beyond * float(share[-1])

    def _pull(self, partner_id: int) -> float:
        """Return how much likelier the partner wins than others, drawn to 1."""
        records, rate = self._records
        won, closed = records.get(partner_id, (0.0, 0.0))
        pull: float = (won + _PRIOR_WINS) / (rate * closed + _PRIOR_WINS)
        return pull

    def _open(self, partner_id: int, days: float, pull: float, mean: float, *, amounts: bool) -> tuple[Floats, Floats]:
        """Return the chance of each open deal to be won in time, and its amount."""
        share, still, _ = self._curves
        age, amount, own = self._still_open.get(partner_id, (np.empty(0), np.empty(0), np.empty(0, dtype=bool)))
        if amounts:
            age, amount = age[own], amount[own]
        left = np.maximum(self._at(still, age), 1e-9)
        chances = (self._at(share, age + days) - self._at(share, age)) / left
        sizes = np.where(np.isnan(amount), mean, amount) if amounts else np.ones(len(age))
        return np.clip(chances * pull, 0.0, 1.0), sizes

    @cached_property
    def _amounts(self) -> tuple[dict[Any, Any], float, float]:
        """Return number, sum and sum of squares of won amounts by partner, and mean and mean square of all."""
        won = self._deals[self._deals["won"] & (self._deals["currency"] == self.book.currency)]
        amounts = won.dropna(subset="amount").assign(square=lambda frame: frame["amount"] ** 2)
        by_partner = amounts.groupby("partner_id")
        sums = by_partner.agg(n=("amount", "size"), total=("amount", "sum"), square=("square", "sum"))
        found = {id_: (float(n), total, square) for id_, n, total, square in sums.itertuples(name=None)}
        if not found:
            return {}, 0.0, 0.0
        return found, float(amounts["amount"].mean()), float(amounts["square"].mean())

    def _amount(self, partner_id: int) -> tuple[float, float]:
        """Return mean and mean square of a partner's won amounts, drawn to those of all."""
        amounts, typical, typical_square = self._amounts
        n, total, square = amounts.get(partner_id, (0.0, 0.0, 0.0))
        weight = n + _PRIOR_AMOUNTS
        return (total + _PRIOR_AMOUNTS * typical) / weight, (square + _PRIOR_AMOUNTS * typical_square) / weight

    @cached_property
    def _rates(self) -> tuple[dict[int, float], float, float]:
        """Return registrations of the last year by partner, and the gamma prior of a rate per day."""
        since = self.book.history.until - np.timedelta64(YEAR_DAYS, "D")
        recent = self._deals[self._deals["registered_at"] > since]
        counts = recent["partner_id"].value_counts()
        active = self.book.active_at(self.book.as_of)
        numbers = counts.reindex(active, fill_value=0).to_numpy(dtype=np.float64)
        mean, variance = (float(numbers.mean()), float(numbers.var())) if len(numbers) else (0.0, 0.0)
        mean = max(mean, 0.1)
        shape = float(np.clip(mean**2 / max(variance - mean, 1e-9), 0.1, 10.0))
        return {int(id_): float(n) for id_, n in counts.items()}, shape, shape * YEAR_DAYS / mean  # type: ignore[call-overload]

    def _registrations(self, partner_id: int) -> tuple[float, float]:
        """Return shape and rate of the gamma distribution of a partner's registrations per day."""
        counts, shape, rate = self._rates
        return shape + counts.get(partner_id, 0.0), rate + self._known_days(partner_id)

    def _known_days(self, partner_id: int) -> float:
        """Return for how many days of the last year the partner could have done anything."""
        recruited = self.book.partners["recruited_at"].get(partner_id, pd.NaT)
        if pd.isna(recruited):
            return float(YEAR_DAYS)
        days = (self.book.history.until - np.datetime64(recruited, "us")) / np.timedelta64(1, "D")
        return float(np.clip(days, 0.0, YEAR_DAYS))

    def _blocks_of(self, partner_id: int) -> int:
        return max(int(self._known_days(partner_id) // BLOCK_DAYS), 1)

    def _blocks(self, figure: Figure) -> "_Blocks":
        if figure.name not in self._kept:
            self._kept[figure.name] = self._count_blocks(figure)
        return self._kept[figure.name]

    @cached_property
    def _kept(self) -> dict[str, "_Blocks"]:
        return {}

    def _count_blocks(self, figure: Figure) -> "_Blocks":
        until = naive(self.book.as_of) + np.timedelta64(1, "us")
        edges = [aware(until - np.timedelta64(BLOCK_DAYS * back, "D")) for back in range(_BLOCKS, -1, -1)]
        if figure.name.partition(".")[0] == "activities":
            self.book.count_activities(edges, figure.name.partition(".")[2] or None)
        sums: dict[int, Floats] = {}
        for place in range(_BLOCKS):
            facts = figure.facts(self.book, Window(edges[place], edges[place + 1]))
            facts = facts[facts["currency"].isin(["", self.book.currency])]
            for partner, total in facts.groupby("partner_id")["num"].sum().items():
                sums.setdefault(int(partner), np.zeros(_BLOCKS))[place] = total  # type: ignore[call-overload]
        active = self.book.active_at(self.book.as_of)
        rows = np.array([sums.get(int(id_), np.zeros(_BLOCKS)) for id_ in active]).reshape(-1, _BLOCKS)
        return _Blocks(sums, float(rows.mean()) if rows.size else 0.0, float(rows.var()) if rows.size else 1.0)


def _none(mean: float, variance: float) -> float:
    """Return the chance of 0 of a negative binomial number, or a Poisson one that spreads no more."""
    if mean <= 0:
        return 1 - 1e-9
    if variance <= mean * (1 + 1e-9):
        return float(np.exp(-mean))
    return float((mean / variance) ** (mean**2 / (variance - mean)))


class _Blocks(NamedTuple):
    """Sums of a figure by partner and block of four weeks; mean and variance of a block of an active partner."""

    sums: dict[int, Floats]
    mean: float
    spread: float
