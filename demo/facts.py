"""What the duties of a programme are told from: the world as its files tell it, in numbers."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo import calendar, vocabulary
from demo.state import State
from demo.trade_tables import DealBook

Array = npt.NDArray[Any]

RECRUITERS = tuple(vocabulary.person_name(number) for number in (110, 113, 116))
"""People of the vendor who win partners; account managers keep them."""
LIVING = ("active", "inactive", "onboarding")


@dataclass(frozen=True)
class Facts:
    """The world that is to be told.

    Parameters
    ----------
    state : State
        At the end.
    frames : dict of str to DataFrame
        The resources that the models learn from, as they are written.
    book : DealBook
        Deals.
    rng : Generator
        A stream of its own: what is drawn here changes nothing of the world.
    """

    state: State
    frames: dict[str, pd.DataFrame]
    book: DealBook
    rng: np.random.Generator

    @property
    def end(self) -> float:
        """Days from the start to the end of the history."""
        return float(self.state.spec.days)

    @property
    def n(self) -> int:
        """How many companies were ever partners."""
        return self.state.n

    @property
    def last_day(self) -> int:
        """The last whole day of the history, in days since the start."""
        return self.state.spec.days - 1

    @cached_property
    def key(self) -> Array:
        """External ids of all companies."""
        return self.frames["partners"]["external_id"].to_numpy(dtype=object)

    @cached_property
    def status(self) -> Array:
        """Statuses of all companies at the end."""
        return self.frames["partners"]["status"].to_numpy(dtype=object)

    @cached_property
    def program(self) -> Array:
        """Programmes of all companies."""
        return self.frames["partners"]["program"].to_numpy(dtype=object)

    @cached_property
    def manager(self) -> Array:
        """Account managers of all companies, None for those that are no partners."""
        return self.frames["partners"]["account_manager"].to_numpy(dtype=object)

    @cached_property
    def contact(self) -> pd.DataFrame:
        """The first contact of each partner, by external id of the partner."""
        return self.frames["contacts"].drop_duplicates("partner").set_index("partner")

    @cached_property
    def revenue(self) -> Array:
        """What each partner won within the last year."""
        won = self.book.won.astype(bool) & (self.book.closes < self.end) & (self.book.closes >= self.end - 365)
        return np.bincount(self.book.partner[won].astype(int), self.book.amount[won].astype(float), minlength=self.n)

    @cached_property
    def silence(self) -> Array:
        """Days since each partner's last sign of life before each border of the periods; shape (periods, partners)."""
        borders = self.state.borders
        last = np.full(self.n, -np.inf)
        result = np.full((len(borders) - 1, self.n), np.inf)
        visits = {int(period[0]): who for who, period, _ in self.state.books.visits if len(who)}
        for k in range(len(borders) - 1):
            result[k] = borders[k] - last
            last[visits.get(k, np.zeros(0, dtype=int))] = borders[k + 1]
        return result

    @cached_property
    def members(self) -> Array:
        """Numbers of those who are partners at the end."""
        return np.flatnonzero(np.isin(self.status[: self.n], LIVING))

    def days_of(self, values: Any) -> Array:
        """Return instants or dates of the files in days since the start."""
        at = pd.to_datetime(pd.Series(values), utc=True, format="ISO8601").dt.tz_localize(None)
        return ((at - pd.Timestamp(calendar.start_of(self.state.spec))) / pd.Timedelta(days=1)).to_numpy(dtype=float)

    def rows(self, keys: Any) -> Array:
        """Return the numbers of companies by external id."""
        return pd.Index(self.key).get_indexer(pd.Index(keys))

    def pick(self, words: Any, n: int) -> Array:
        """Return `n` draws of some words."""
        table = np.array(list(words), dtype=object)
        return np.asarray(table[self.rng.integers(0, len(table), n)])

    def some(self, pool: Array, n: int) -> Array:
        """Return at most `n` different members of a pool, in its order."""
        chosen = self.rng.permutation(len(pool))[:n]
        return np.asarray(pool)[np.sort(chosen)]

    def at_work(self, days: Array) -> Array:
        """Move instants into the hours of work of their day, before the end."""
        hour = self.rng.uniform(8.0, 17.0, len(days)) / 24
        return np.minimum(np.floor(days) + hour, self.end - 0.2)
