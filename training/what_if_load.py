"""How many leads partners would have open if a replay had given them out: the history's, less what it took back."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from intelligence.features.pair_events import DAY_US, NEVER, Pairs, cleared_at

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_REFUSED_DAYS = 2.0
"""For how long a lead that is turned down takes up room, where no history tells."""
_START = 1024


@dataclass(frozen=True, eq=False)
class Stays:
    """For how long offered leads take up a partner's capacity, by whether they are accepted.

    Parameters
    ----------
    accepted, refused : float64 arrays
        Observed stays in microseconds, ascending; infinite where a lead is never closed. Not empty.
    """

    accepted: Floats
    refused: Floats

    @classmethod
    def of(cls, pairs: Pairs, until_us: int, horizon_days: int) -> "Stays":
        """Learn stays from the offers that are old enough to have been cleared by `until_us`.

        Where none is on record, an accepted lead stays for the horizon and one that is turned down for two days.
        """
        offers = pairs.offers[pairs.offers["offered"] + horizon_days * DAY_US <= until_us]
        cleared = cleared_at(offers, horizon_days)
        stay = np.where(cleared == NEVER, np.inf, (cleared - offers["offered"].to_numpy(np.int64)).astype(np.float64))
        taken = taken_up(offers)
        accepted, refused = np.sort(stay[taken]), np.sort(stay[~taken & np.isfinite(stay)])
        return cls(
            accepted if len(accepted) else np.array([horizon_days * DAY_US], dtype=np.float64),
            refused if len(refused) else np.array([_REFUSED_DAYS * DAY_US]),
        )

    def open_share(self, age_us: Floats, p_accept: Floats) -> Floats:
        """Return the probability that a lead takes up room `age_us` after it was offered, 0 before; shape (n,)."""
        taken, refused = _above(self.accepted, age_us), _above(self.refused, age_us)
        return np.where(age_us >= 0.0, p_accept * taken + (1.0 - p_accept) * refused, 0.0)


def taken_up(offers: "pd.DataFrame") -> Bools:
    """Which offers were accepted, or led to a deal without any answer; shape (n,)."""
    silent = offers["response"].isna().to_numpy(bool) & (offers["begun"] != NEVER).to_numpy(bool)
    return np.asarray((offers["response"] == "accepted").to_numpy(bool) | silent)


def _above(ascending: Floats, values: Floats) -> Floats:
    return 1.0 - np.searchsorted(ascending, values, "right") / len(ascending)


class Load:
    """Open leads of each partner in a replay, as expected numbers.

    What the replay decides as it was really decided counts as it really went; what it decides otherwise counts with
    the usual stays, and what really happened instead is taken off.

    Parameters
    ----------
    pairs : Pairs
        What really happened.
    replayed : int64 array
        Rows of the lead table that the replay decides about.
    n_partners : int
        Partners.
    stays : Stays
        For leads that the replay gives to others.
    horizon_days : int
        After which an accepted lead without a deal no longer takes up room.
    """

    def __init__(self, pairs: Pairs, replayed: Ints, n_partners: int, stays: Stays, horizon_days: int) -> None:
        offers = pairs.offers
        self._n, self._stays = n_partners, stays
        self._partner, self._lead = (offers[name].to_numpy(np.int64) for name in ("partner", "lead"))
        self._since, self._until = offers["offered"].to_numpy(np.int64), cleared_at(offers, horizon_days)
        self._waits = np.isin(self._lead, replayed)  # not decided yet
        self._kept = np.ones(len(offers))
        self._rows_of = _rows_by(self._lead, replayed)
        self._given = np.zeros((4, _START))  # partner, instant, weight, p_accept
        self._size = 0

    def really(self, at_us: int) -> Floats:
        """Open leads by what really happened to leads decided so far, shape (p,)."""
        here = (self._since <= at_us) & (at_us < self._until) & ~self._waits
        return np.bincount(self._partner[here], minlength=self._n).astype(np.float64)

    def difference(self, at_us: int) -> Floats:
        """How many more open leads each partner has in the replay than it really had, shape (p,)."""
        here = (self._since <= at_us) & (at_us < self._until) & ~self._waits & (self._kept < 1.0)
        gone = np.bincount(self._partner[here], weights=1.0 - self._kept[here], minlength=self._n)
        partner, since, weight, p_accept = self._given[:, : self._size]
        open_now = weight * self._stays.open_share(at_us - since, p_accept)
        return np.asarray(np.bincount(partner.astype(np.int64), weights=open_now, minlength=self._n) - gone)

    def decide(self, lead: int, kept: float) -> None:
        """Note with which probability the replay does with a lead (row of the table) what was really done."""
        rows = self._rows_of.get(lead)
        if rows is not None:
            self._waits[rows], self._kept[rows] = False, kept

    def give(self, partner: int, at_us: int, weight: float, p_accept: float) -> None:
        """Give a lead to a partner with a probability `weight`, other than really happened."""
        if self._size == self._given.shape[1]:
            self._given = np.concatenate([self._given, np.zeros_like(self._given)], axis=1)
        self._given[:, self._size] = partner, at_us, weight, p_accept
        self._size += 1


def _rows_by(keys: Ints, wanted: Ints) -> dict[int, Ints]:
    """Positions of each wanted key."""
    rows = np.flatnonzero(np.isin(keys, wanted))
    order = rows[np.argsort(keys[rows], kind="stable")]
    values, starts = np.unique(keys[order], return_index=True)
    parts = np.split(order, starts[1:]) if len(values) else []
    return {int(value): part for value, part in zip(values, parts, strict=True)}
