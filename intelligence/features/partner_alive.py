"""Whether a partner is still alive and how likely it is to stay silent, by buy-till-you-die models.

Pareto/NBD and MBG/NBD of the active days, fitted on what was known at each row's as_of.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.errors import TrainingImpossible
from intelligence.features.registry import Feature, FeatureSet, Group, register
from intelligence.features.timeline import FloatArray, IntArray, days_between
from intelligence.features.work import Work
from models.btyd import BetaGeometric, fit_mbg_nbd
from models.btyd_pareto import ParetoNbd, fit_pareto_nbd

CURVE_DAYS = (7, 14, 30, 60, 90, 180, 365, 730)
"""Horizons at which the curve of silence is known for every row, besides those of the settings."""
_MIN_UNITS = 10
_MAX_UNITS = 2_000
_LOWEST, _HIGHEST = 1e-3, 1 - 1e-4
_LEAST_AHEAD = 1e-4


def curve_days(set_: FeatureSet) -> list[int]:
    """Return the horizons of the columns ``quiet_<days>``, ascending."""
    return sorted({*CURVE_DAYS, *(int(days) for days in set_.parameters.get("horizons", ()))})


def _features(set_: FeatureSet) -> tuple[Feature, ...]:
    rhythm = "Last sign of life {days_since_sign:days} ago ({days_since_sign:date})[; usual gap {gap_mean:days}]"
    return (
        Feature("alive_p", "Probability (Pareto/NBD of the active days) of being still alive", rhythm, topic="recency"),
        Feature(
            "alive_rate",
            "Active days per 30 days while alive (Pareto/NBD)",
            "About {alive_rate:#active day} in 30 while active",
            topic="gap",
        ),
        *(
            Feature(
                f"quiet_{h}",
                f"Log-odds of no active day in the next {h} days, mean of Pareto/NBD and MBG/NBD",
                rhythm,
                topic="recency",
            )
            for h in curve_days(set_)
        ),
        *(
            Feature(
                f"quiet_apart_{h}",
                f"Log-odds of no active day in the next {h} days, Pareto/NBD less MBG/NBD",
                rhythm,
                topic="recency",
            )
            for h in curve_days(set_)
        ),
        *(
            Feature(
                f"quiet_ahead_{h}",
                f"Log of the active days (Pareto/NBD) to be expected in the next {h} days",
                rhythm,
                topic="recency",
            )
            for h in curve_days(set_)
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


@dataclass(frozen=True)
class AliveModels:
    """Both models of one day."""

    pareto: ParetoNbd
    geometric: BetaGeometric


def _compute(work: Work) -> Mapping[str, Any]:
    names = [feature.name for feature in _features(work.set)]
    columns = {name: np.full(len(work.ids), np.nan) for name in names}
    repeat, recency, age = active_day_history(work)
    # The model of a day is the one of what was known at its midnight: one fit serves all rows of the day.
    days, row = np.unique(work.as_of.astype("datetime64[D]"), return_inverse=True)
    for place, day in enumerate(days):
        rows = np.flatnonzero((row == place) & ~np.isnan(age))
        models = models_at(work, day) if len(rows) else None
        if models is None:
            continue
        stats = repeat[rows], recency[rows], age[rows]
        alive = models.pareto.p_alive(*stats)  # as costly as a horizon, and each horizon wants it
        columns["alive_p"][rows] = np.clip(alive, 1e-6, 1.0)
        columns["alive_rate"][rows] = 30 * (models.pareto.r + stats[0]) / (models.pareto.alpha + stats[2])
        for h in curve_days(work.set):
            one = _log_odds(models.pareto.p_no_transaction(float(h), *stats, alive))
            other = _log_odds(models.geometric.p_no_transaction(float(h), *stats))
            columns[f"quiet_{h}"][rows], columns[f"quiet_apart_{h}"][rows] = (one + other) / 2, one - other
            ahead = models.pareto.expected_transactions(float(h), *stats, alive)
            columns[f"quiet_ahead_{h}"][rows] = np.log(np.maximum(ahead, _LEAST_AHEAD))
    return columns


def _log_odds(p: FloatArray) -> FloatArray:
    bounded = np.clip(p, _LOWEST, _HIGHEST)
    return np.asarray(np.log(bounded) - np.log1p(-bounded))


def models_at(work: Work, day: np.datetime64) -> AliveModels | None:
    """Return the models fitted on all partners' active days as known at midnight of `day`, None if they are too few."""
    kept: dict[Any, AliveModels | None] = work.times.memo
    key = alive_key(day)
    if key not in kept:
        kept[key] = _fit(work, day.astype("datetime64[us]"))
    return kept[key]


def alive_key(day: np.datetime64) -> tuple[str, np.datetime64]:
    """Return the name under which the timelines of partners keep the models of a day."""
    return "alive", day


def _fit(work: Work, instant: np.datetime64) -> AliveModels | None:
    everyone = work.times.sign_days.entities
    known = Work(work.history, everyone, np.full(len(everyone), instant), work.set)
    there = everyone[~np.isnan(active_day_history(known)[2])]
    chosen = sample_of(there)
    return fit_models(Work(work.history, chosen, np.full(len(chosen), instant), work.set))


def sample_of(ids: IntArray) -> IntArray:
    """Return the partners, out of all with an active day, that the models are fitted on."""
    if len(ids) <= _MAX_UNITS:
        return ids
    return np.asarray(ids[np.linspace(0, len(ids) - 1, _MAX_UNITS).astype(int)])


def fit_models(work: Work) -> AliveModels | None:
    """Return the models of the partners of `work`, each with an active day; None if they are too few."""
    if len(work.ids) < _MIN_UNITS:
        return None
    stats = active_day_history(work)
    try:
        return AliveModels(fit_pareto_nbd(*stats), fit_mbg_nbd(*stats))
    except TrainingImpossible:
        return None


register(Group("alive", _features, _compute))
