"""Who is in the programme at an instant, and who is inactive over the window after it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.settings import Settings
from domain.terms import PartnerStatus
from intelligence.features.partner_times import instants, times_of
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


def days(number: float) -> np.timedelta64:
    """Return `number` days in microseconds."""
    return np.timedelta64(round(number * DAY_US), "us")


def churn_labels(history: History, settings: Settings, as_of: npt.ArrayLike, horizon_days: int) -> ChurnLabels:
    """Return the population of each instant and its outcome over the horizon.

    The population are partners with a sign of life by then that were not ended. Outcomes count what happened,
    whenever it was recorded; only windows that end by ``history.until`` may be asked for.
    """
    times = times_of(history, settings.life_signs)
    happened = Timeline(times.signs.owners, times.signs.occurred)
    everyone = np.unique(happened.owners)
    asked = np.unique(np.asarray(as_of, dtype="datetime64[us]"))
    partner, when = np.tile(everyone, len(asked)), np.repeat(asked, len(everyone))
    there = times.signs.at(partner, when).count() > 0
    partner, when = partner[there], when[there]
    member = ~ended(history, partner, when)
    partner, when = partner[member], when[member]
    signs = happened.at(partner, when + days(horizon_days)).count(since=when)
    return ChurnLabels(partner, when, (signs == 0).astype(np.float64))


def ended(history: History, partner_id: IntArray, as_of: TimeArray) -> npt.NDArray[np.bool_]:
    """Tell which partners were ended, or turned down, at each instant."""
    status = history.status_as_of(partner_id, as_of)
    # Without a history of the status, the present one says nothing about then, except through ended_at.
    over = instants(history.partners, "ended_at")
    ends = pd.Series(over, index=history.partners["id"]).reindex(partner_id).to_numpy().astype("datetime64[us]")
    dated = history.changes
    has_changes = (
        bool(((dated["resource"] == "partners") & (dated["field"] == "status")).any()) if len(dated) else False
    )
    by_date = ends <= as_of
    by_status = status.isin([PartnerStatus.ENDED, PartnerStatus.REJECTED]).to_numpy(dtype=bool)
    return np.asarray(by_date | by_status if has_changes else by_date)
