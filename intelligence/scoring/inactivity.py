"""Who is in the programme at an instant, and who is inactive over the window after it."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from domain.settings import Settings
from domain.terms import PartnerStatus
from intelligence.features.partner_times import times_of
from intelligence.features.timeline import DAY_US, FloatArray, IntArray, TimeArray, Timeline
from store.history import History


@dataclass(frozen=True, eq=False)
class ChurnLabels:
    """Partners at snapshot instants, and whether they were inactive in the window after.

    Attributes
    ----------
    partner_id : ndarray of int64, shape (n,)
        Ours.
    as_of : ndarray of datetime64[us], shape (n,)
        Start of the window, not in it.
    inactive : ndarray of float64, shape (n,)
        1 if no sign of life fell into ``(as_of, as_of + horizon_days]``.
    """

    partner_id: IntArray
    as_of: TimeArray
    inactive: FloatArray

    def take(self, rows: npt.NDArray[np.bool_]) -> Self:
        """Return the rows of a mask."""
        return replace(self, partner_id=self.partner_id[rows], as_of=self.as_of[rows], inactive=self.inactive[rows])


def days(number: float) -> np.timedelta64:
    """Return `number` days in microseconds."""
    return np.timedelta64(round(number * DAY_US), "us")


def churn_labels(history: History, settings: Settings, as_of: npt.ArrayLike, horizon_days: int) -> ChurnLabels:
    """Return the population of each instant and its outcome over the horizon.

    The population are members of the programme with a sign of life by then. Outcomes count what happened,
    whenever it was recorded; only windows that end by ``history.until`` may be asked for.
    """
    times = times_of(history, settings.life_signs)
    happened = Timeline(times.signs.owners, times.signs.occurred)
    everyone = np.unique(happened.owners)
    asked = np.unique(np.asarray(as_of, dtype="datetime64[us]"))
    partner, when = np.tile(everyone, len(asked)), np.repeat(asked, len(everyone))
    there = times.signs.at(partner, when).count() > 0
    partner, when = partner[there], when[there]
    inside = members(history, partner, when)
    partner, when = partner[inside], when[inside]
    signs = happened.at(partner, when + days(horizon_days)).count(since=when)
    return ChurnLabels(partner, when, (signs == 0).astype(np.float64))


def members(history: History, partner_id: IntArray, as_of: TimeArray) -> npt.NDArray[np.bool_]:
    """Tell which partners were in the programme at each instant.

    Those onboarding, active or inactive, and whoever had registered a deal; not those ended by then. When the
    store names no relation at all (neither status nor ``recruited_at``), everybody is in.
    """
    status = history.status_as_of(partner_id, as_of)
    known = history.partners["status"].isin(_MEMBER) | history.partners["recruited_at"].notna()
    with_deal = times_of(history).registered.at(partner_id, as_of).count() > 0
    inside = status.isin(_MEMBER).to_numpy(dtype=bool) | with_deal | (not known.any())
    return np.asarray(inside & ~ended(history, partner_id, as_of))


def ended(history: History, partner_id: IntArray, as_of: TimeArray) -> npt.NDArray[np.bool_]:
    """Tell which partners were ended, or turned down, at each instant."""
    return history.status_as_of(partner_id, as_of).isin(_OVER).to_numpy(dtype=bool)


_MEMBER = (PartnerStatus.ONBOARDING, PartnerStatus.ACTIVE, PartnerStatus.INACTIVE)
_OVER = (PartnerStatus.ENDED, PartnerStatus.REJECTED)
