"""Who is in the programme at an instant, and who is inactive over the window after it."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from domain.settings import Settings
from domain.terms import PartnerStatus
from intelligence.features.partner_times import PartnerTimes, times_of
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
    partner, when = population(history, settings, as_of)
    return ChurnLabels(partner, when, silent(history, settings, partner, when, np.full(len(when), horizon_days)))


def population(history: History, settings: Settings, as_of: npt.ArrayLike) -> tuple[IntArray, TimeArray]:
    """Return who was in the programme with a sign of life by each instant, by instant and partner."""
    times = times_of(history, settings.life_signs)
    everyone = _happened(times)[1]
    asked = np.unique(np.asarray(as_of, dtype="datetime64[us]"))
    partner, when = np.tile(everyone, len(asked)), np.repeat(asked, len(everyone))
    there = times.signs.at(partner, when).count() > 0
    partner, when = partner[there], when[there]
    inside = members(history, partner, when)
    return partner[inside], when[inside]


def silent(
    history: History, settings: Settings, partner_id: IntArray, as_of: TimeArray, horizon_days: IntArray
) -> FloatArray:
    """Return 1.0 for rows without a sign of life in their own ``(as_of, as_of + horizon_days]``, else 0.0."""
    happened, _ = _happened(times_of(history, settings.life_signs))
    ends = as_of + (horizon_days * DAY_US).astype("timedelta64[us]")
    return np.asarray(happened.at(partner_id, ends).count(since=as_of) == 0, dtype=np.float64)


def _happened(times: PartnerTimes) -> tuple[Timeline, IntArray]:
    """Return signs of life by when they happened, whenever they were known, and whose they are; built once."""
    if _HAPPENED not in times.memo:
        times.memo[_HAPPENED] = times.signs.at_once()
    happened: Timeline = times.memo[_HAPPENED]
    return happened, happened.entities


def members(history: History, partner_id: IntArray, as_of: TimeArray) -> npt.NDArray[np.bool_]:
    """Tell which partners were in the programme at each instant.

    Those onboarding, active or inactive, and whoever had registered a deal; not those ended by then. When the
    store names no relation at all (neither status nor ``recruited_at``), everybody is in.

    Partners that are ended without a date count as in the programme until some time after their last sign of life: as
    long as it took those with a date. Without them the past would look as if hardly anybody had ever left.
    """
    status = history.status_as_of(partner_id, as_of)
    with_deal = times_of(history).registered.at(partner_id, as_of).count() > 0
    inside = status.isin(_MEMBER).to_numpy(dtype=bool) | with_deal | (not _relations(history))
    still = as_of < _undated_ends(history, partner_id)
    return np.asarray((inside & ~ended(history, partner_id, as_of)) | still)


def _relations(history: History) -> bool:
    """Tell whether the store names any relation at all."""
    kept = times_of(history).memo
    if RELATIONS not in kept:
        named = history.partners["status"].isin(_MEMBER) | history.partners["recruited_at"].notna()
        kept[RELATIONS] = bool(named.any())
    return bool(kept[RELATIONS])


def _undated_ends(history: History, partner_id: IntArray) -> TimeArray:
    """Return when partners that ended without a date are taken to have done so, ``NaT`` for all others."""
    partners, changes = history.partners, history.changes
    dated = changes.loc[(changes["resource"] == "partners") & (changes["field"] == "status"), "external_id"]
    over = partners["status"] == PartnerStatus.ENDED
    undated = partners.loc[over & partners["ended_at"].isna() & ~partners["external_id"].isin(dated), "id"]
    rows = np.isin(partner_id, undated.to_numpy(np.int64))
    if not rows.any():
        return np.full(len(partner_id), np.datetime64("NaT", "us"))
    signs, kept = times_of(history).signs, times_of(history).memo
    if kept.get(LAG) is None:
        kept[LAG] = usual_lag(last_signs(history))
    taken = np.minimum(signs.at(partner_id, history.until).instant() + days(kept[LAG]), history.until)
    return np.where(rows, taken, np.datetime64("NaT", "us"))


def last_signs(history: History) -> FloatArray:
    """Return how long before their end the partners that ended with a date had their last sign of life, in days."""
    left = history.partners[(history.partners["status"] == PartnerStatus.ENDED) & history.partners["ended_at"].notna()]
    ends = left["ended_at"].to_numpy().astype("datetime64[us]")
    return times_of(history).signs.at(left["id"].to_numpy(np.int64), ends).days_since()


def usual_lag(last: FloatArray) -> float:
    """Return the middle one of `last_signs`, or what is usual where they are too few."""
    known = last[~np.isnan(last)]
    return float(np.median(known)) if len(known) >= _ENOUGH_ENDS else _USUAL_SILENCE_DAYS


def ended(history: History, partner_id: IntArray, as_of: TimeArray) -> npt.NDArray[np.bool_]:
    """Tell which partners were ended, or turned down, at each instant."""
    return history.status_as_of(partner_id, as_of).isin(_OVER).to_numpy(dtype=bool)


_HAPPENED = "happened"
RELATIONS, LAG = "relations", "lag"
"""Under these names timelines keep whether the programme names any relation, and its `usual_lag`."""
_ENOUGH_ENDS = 5
_USUAL_SILENCE_DAYS = 90.0
_MEMBER = (PartnerStatus.ONBOARDING, PartnerStatus.ACTIVE, PartnerStatus.INACTIVE)
_OVER = (PartnerStatus.ENDED, PartnerStatus.REJECTED)
