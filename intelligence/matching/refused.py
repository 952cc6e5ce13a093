"""Offers that came to nothing: who was asked and did not take the lead, and who let one expire lately."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.terms import AssignmentResponse
from intelligence.matching.claims import RowsBy

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_ANSWERS = tuple(AssignmentResponse)
_ACCEPTED, _EXPIRED, _WITHDRAWN = (
    _ANSWERS.index(word)
    for word in (AssignmentResponse.ACCEPTED, AssignmentResponse.EXPIRED, AssignmentResponse.WITHDRAWN)
)


class Refused(NamedTuple):
    """Offers that were not taken; arrays of equal length.

    Parameters
    ----------
    partner : int64 array
        Positions.
    at_us : int64 array
        When that was known.
    answer : int64 array
        Which of `AssignmentResponse`, by its place.
    """

    partner: Ints
    at_us: Ints
    answer: Ints


class RefusedOffers:
    """What was not taken, as of instants.

    Parameters
    ----------
    offers : DataFrame
        Of `Pairs`.
    """

    def __init__(self, offers: pd.DataFrame) -> None:
        self._partner, lead, self._offered, self._responded = (
            offers[name].to_numpy(np.int64) for name in ("partner", "lead", "offered", "responded")
        )
        codes = {str(word): code for code, word in enumerate(_ANSWERS)}
        self._answer = np.asarray(offers["response"].map(codes).fillna(-1), dtype=np.int64)
        self._of_lead = RowsBy(lead)
        expired = np.flatnonzero(self._answer == _EXPIRED).astype(np.int64)
        self._expired: Ints = expired[np.argsort(self._responded[expired], kind="stable")].astype(np.int64)
        self._expired_at = self._responded[self._expired]

    def expired(self, at_us: int, within_us: int) -> Refused:
        """Return offers of any lead that ended unanswered less than `within_us` before an instant."""
        first, last = np.searchsorted(self._expired_at, (at_us - within_us, at_us), side="right")
        return self._rows(self._expired[first:last])

    def of_lead(self, lead_row: int, at_us: int) -> Refused:
        """Return offers of one lead that were declined, expired, or taken back from the partner by an instant.

        Offers that were taken back because somebody else had the lead say nothing against the partner: another one's
        offer was accepted, or not over yet, at that moment.
        """
        rows = self._of_lead.get(lead_row)
        rows = rows[self._offered[rows] <= at_us]
        over: Ints = rows[
            (self._responded[rows] <= at_us) & (self._answer[rows] >= 0) & (self._answer[rows] != _ACCEPTED)
        ]
        back = self._answer[over] == _WITHDRAWN
        if back.any():
            crowded = np.array([self._crowded(row, rows) for row in over.tolist()], dtype=bool)
            over = over[~(back & crowded)]
        return self._rows(over)

    def _crowded(self, row: int, rows: Ints) -> bool:
        """Whether another partner held the lead, or was thinking about it, when an offer ended."""
        others = rows[(self._partner[rows] != self._partner[row]) & (self._offered[rows] <= self._responded[row])]
        held = (self._responded[others] >= self._responded[row]) | (self._answer[others] == _ACCEPTED)
        return bool(held.any())

    def _rows(self, rows: Ints) -> Refused:
        return Refused(self._partner[rows], self._responded[rows], self._answer[rows])
