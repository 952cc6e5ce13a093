"""Whether a partner is still alive, by the MBG/NBD model of its active days fitted on what was known then."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from domain.errors import TrainingImpossible
from intelligence.features.registry import Feature, FeatureSet, Group, register
from intelligence.features.timeline import FloatArray, days_between
from intelligence.features.work import Work
from models.btyd import BetaGeometric, fit_mbg_nbd

_MIN_UNITS = 10
_MAX_UNITS = 2_000


def _horizons(set_: FeatureSet) -> list[int]:
    return [int(days) for days in set_.parameters.get("horizons", (30, 60, 90))]


def _features(set_: FeatureSet) -> tuple[Feature, ...]:
    rhythm = "Last sign of life {days_since_sign:days} ago ({days_since_sign:date})[; usual gap {gap_mean:days}]"
    return (
        Feature(
            "alive_p",
            "Probability (MBG/NBD of the active days) that the partner is still alive",
            rhythm,
            topic="recency",
        ),
        Feature(
            "alive_rate",
            "Active days per 30 days while alive (MBG/NBD)",
            "About {alive_rate:#active day} in 30 while active",
            topic="gap",
        ),
        Feature("alive_shape", "Shape of the posterior of that rate", rhythm, topic="recency"),
        *(
            Feature(
                f"quiet_{h}", f"Probability (MBG/NBD) of no active day in the next {h} days", rhythm, topic="recency"
            )
            for h in _horizons(set_)
        ),
    )


def active_day_history(work: Work) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return repeat active days, days from the first to the last, and days since the first; NaN without any."""
    days = work.sign_days
    first = days.first()
    age = days_between(first, work.as_of)
    there = ~np.isnan(age)
    repeat = np.where(there, days.count() - 1.0, np.nan)
    return repeat, days_between(first, days.instant(1)), age


def _compute(work: Work) -> Mapping[str, Any]:
    names = [feature.name for feature in _features(work.set)]
    columns = {name: np.full(len(work.ids), np.nan) for name in names}
    repeat, recency, age = active_day_history(work)
    # The model of a day is the one of what was known at its midnight: one fit serves all rows of the day.
    days, row = np.unique(work.as_of.astype("datetime64[D]"), return_inverse=True)
    for place, day in enumerate(days):
        model = model_at(work, day)
        rows = np.flatnonzero((row == place) & ~np.isnan(age))
        if model is None or not len(rows):
            continue
        stats = repeat[rows], recency[rows], age[rows]
        columns["alive_p"][rows] = np.clip(model.p_alive(*stats), 1e-6, 1.0)
        columns["alive_rate"][rows] = 30 * (model.r + stats[0]) / (model.alpha + stats[2])
        columns["alive_shape"][rows] = model.r + stats[0]
        for h in _horizons(work.set):
            columns[f"quiet_{h}"][rows] = model.p_no_transaction(float(h), *stats)
    return columns


def model_at(work: Work, day: np.datetime64) -> BetaGeometric | None:
    """Return the model fitted on all partners' active days as known at midnight of `day`, None if they are too few."""
    kept: dict[Any, BetaGeometric | None] = work.times.memo
    key = ("alive", day)
    if key not in kept:
        kept[key] = _fit(work, day.astype("datetime64[us]"))
    return kept[key]


def _fit(work: Work, instant: np.datetime64) -> BetaGeometric | None:
    everyone = np.unique(work.times.sign_days.owners)
    repeat, recency, age = active_day_history(Work(work.history, everyone, np.full(len(everyone), instant), work.set))
    there = np.flatnonzero(~np.isnan(age))
    if len(there) < _MIN_UNITS:
        return None
    if len(there) > _MAX_UNITS:
        there = there[np.linspace(0, len(there) - 1, _MAX_UNITS).astype(int)]
    try:
        return fit_mbg_nbd(repeat[there], recency[there], age[there])
    except TrainingImpossible:
        return None


register(Group("alive", _features, _compute))
