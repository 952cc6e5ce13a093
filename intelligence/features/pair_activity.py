"""How often and how lately partners gave a sign of life, as of an instant that only moves forward."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from store.history import History

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DAY_US = 86_400_000_000
WINDOWS = (30, 90, 365)
NAMES = (*(f"seen_{days}" for days in WINDOWS), "days_since_seen")


class PartnerActivity:
    """Counts of recorded activities of each partner in trailing windows.

    Parameters
    ----------
    history : History
        Whose activities are walked through.
    partner_ids : int64 array of shape (p,)
        Ascending; positions in the answers.

    Notes
    -----
    Who has not been seen for months seldom takes a lead, however good the record; and partners that were hardly ever
    offered one have no record, but are seen or not like all others.
    """

    def __init__(self, history: "History", partner_ids: Ints) -> None:
        rows = history.activities
        at = np.fmax(*(rows[name].to_numpy().astype("datetime64[us]") for name in ("occurred_at", "recorded_at")))
        at = at.astype(np.int64)  # counts from when it was known
        order = np.argsort(at, kind="stable")
        self._at: Ints = at[order]
        self._partner: Ints = np.searchsorted(partner_ids, rows["partner_id"].to_numpy(np.int64)[order])
        self._counts = np.zeros((len(WINDOWS), len(partner_ids)))
        self._last = np.full(len(partner_ids), np.nan)
        self._head = 0
        self._tails = [0] * len(WINDOWS)

    def advance(self, at_us: int) -> None:
        """Take in activities strictly before `at_us`; let those go that left a window."""
        head = int(np.searchsorted(self._at, at_us, "left"))
        if head > self._head:
            fresh = self._partner[self._head : head]
            self._last[fresh] = self._at[self._head : head]  # in order of time: the latest stays
            for counts in self._counts:
                np.add.at(counts, fresh, 1.0)
            self._head = head
        for k, days in enumerate(WINDOWS):
            tail = int(np.searchsorted(self._at[: self._head], at_us - days * DAY_US, "left"))
            if tail > self._tails[k]:
                np.subtract.at(self._counts[k], self._partner[self._tails[k] : tail], 1.0)
                self._tails[k] = tail

    def features(self, at_us: int, partners: "Ints | slice") -> list[Floats]:
        """Return log counts by window, and log days since the last one (NaN for none); each of shape (n,)."""
        since = np.log1p((at_us - self._last[partners]) / DAY_US)
        return [*np.log1p(self._counts[:, partners]), since]
