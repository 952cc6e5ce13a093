"""Signs of life: how long ago, how often, how regular, by kind of activity, and which way it goes."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from intelligence.features.registry import Feature, FeatureSet, Group, register, static
from intelligence.features.sentences import literal
from intelligence.features.timeline import FloatArray, TimeArray, days_between
from intelligence.features.work import Work

WINDOWS = (7, 14, 30, 60, 90, 180, 365)
NTH = (2, 3, 5, 10)
MAX_KINDS = 12
_RECENT_GAPS = 10


def log_ratio(recent: FloatArray, before: FloatArray) -> FloatArray:
    """Log of recent over earlier volume, each with half an event added."""
    return np.asarray(np.log((recent + 0.5) / (before + 0.5)))


def _recency() -> tuple[Feature, ...]:
    first = Feature(
        "days_since_sign",
        "Days since the last sign of life",
        "Last sign of life {days_since_sign:days} ago ({days_since_sign:date})[; usual gap {gap_mean:days}]",
        topic="recency",
        missing="No sign of life so far",
    )
    return first, *(
        Feature(
            f"days_since_sign_{n}",
            f"Days since the {n}th latest active day",
            f"{n} active days within the last {{days_since_sign_{n}:days}}",
            topic="recency",
            missing=f"Fewer than {n} active days so far",
        )
        for n in NTH
    )


def _compute_recency(work: Work) -> Mapping[str, Any]:
    columns = {"days_since_sign": work.signs.days_since(1)}
    return columns | {f"days_since_sign_{n}": work.sign_days.days_since(n) for n in NTH}


register(Group("signs_recency", static(*_recency()), _compute_recency))

_VOLUME = (
    *(
        Feature(
            f"active_days_{w}",
            f"Days with a sign of life in the last {w} days",
            f"Active on {{active_days_{w}:n}} of the last {w} days",
            topic="volume" if w > 30 else "recent_volume",
        )
        for w in WINDOWS
    ),
    *(
        Feature(
            f"signs_{w}",
            f"Signs of life in the last {w} days",
            f"{{signs_{w}:n}} signs of life in {w} days",
            topic="volume" if w > 30 else "recent_volume",
        )
        for w in (30, 90, 365)
    ),
    Feature("active_days_total", "Days with a sign of life so far", "Active on {active_days_total:n} days so far"),
)


def _compute_volume(work: Work) -> Mapping[str, Any]:
    columns = {f"active_days_{w}": work.sign_days.count(w) for w in WINDOWS}
    columns |= {f"signs_{w}": work.signs.count(w) for w in (30, 90, 365)}
    return columns | {"active_days_total": work.sign_days.count()}


register(Group("signs_volume", static(*_VOLUME), _compute_volume))

_RHYTHM = (
    Feature(
        "gap_mean", "Mean days between the latest active days", "Usually active every {gap_mean:days}", topic="gap"
    ),
    Feature(
        "gap_sd", "Spread (days) of the gaps between the latest active days", "Gaps vary by {gap_sd:days}", topic="gap"
    ),
    Feature("gap_last", "Days between the last two active days", "{gap_last:days} between the last two active days"),
    Feature("gap_max", "Longest of the latest gaps, days", "Longest recent gap {gap_max:days}", topic="gap"),
    Feature(
        "overdue",
        "Days since the last sign of life over the usual gap",
        "Silent for {days_since_sign:days}, {overdue:times} the usual gap of {gap_mean:days}",
        topic="recency",
    ),
    Feature(
        "gap_life",
        "Mean days between active days over the whole life",
        "An active day every {gap_life:days} on average",
    ),
)


def _compute_rhythm(work: Work) -> Mapping[str, Any]:
    days, since = work.sign_days, work.signs.days_since(1)
    back = np.column_stack([days.days_since(n) for n in range(1, _RECENT_GAPS + 2)])
    gaps = np.diff(back, axis=1)
    there = ~np.isnan(gaps)
    n = there.sum(axis=1)
    filled = np.where(there, gaps, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(n > 0, filled.sum(axis=1) / n, np.nan)
        squares = np.where(there, (gaps - mean[:, None]) ** 2, 0.0).sum(axis=1)
        sd = np.where(n > 1, np.sqrt(squares / np.maximum(n - 1, 1)), np.nan)
        total = days.count()
        life = np.where(total > 1, days_between(days.first(), days.instant(1)) / (total - 1), np.nan)
        longest = np.where(n > 0, np.where(there, gaps, -np.inf).max(axis=1), np.nan)
        overdue = since / np.maximum(mean, 0.5)
    return {
        "gap_mean": mean,
        "gap_sd": sd,
        "gap_last": gaps[:, 0],
        "gap_max": longest,
        "overdue": overdue,
        "gap_life": life,
    }


register(Group("signs_rhythm", static(*_RHYTHM), _compute_rhythm))

_TREND = (
    Feature(
        "trend_30_90",
        "Log ratio of active days in the last 30 days to a third of the 90 before",
        "{active_days_30:#active day} in the last 30 days; {active_days_90:n} in 90",
        topic="trend",
    ),
    Feature(
        "trend_90_180",
        "Log ratio of active days in the last 90 days to the 90 before",
        "{active_days_90:#active day} in the last 90 days; {active_days_180:n} in 180",
        topic="trend",
    ),
    Feature(
        "trend_180_365",
        "Log ratio of active days in the last 180 days to the 185 before",
        "{active_days_180:#active day} in the last 180 days; {active_days_365:n} in a year",
        topic="trend",
    ),
)


def _compute_trend(work: Work) -> Mapping[str, Any]:
    count = {w: work.sign_days.count(w) for w in (30, 90, 120, 180, 365)}
    return {
        "trend_30_90": log_ratio(count[30], (count[120] - count[30]) / 3),
        "trend_90_180": log_ratio(count[90], count[180] - count[90]),
        "trend_180_365": log_ratio(count[180], count[365] - count[180]),
    }


register(Group("signs_trend", static(*_TREND), _compute_trend))


def _kind_features(set_: FeatureSet) -> tuple[Feature, ...]:
    return tuple(
        feature
        for kind in set_.parameters.get("kinds", ())
        for feature in (
            Feature(
                f"kind_90:{kind}",
                f"Activities of kind {kind} in the last 90 days",
                f"{{={literal(kind)}}}: {{kind_90:{literal(kind)}:n}} in 90 days",
                topic=f"kind:{kind}",
            ),
            Feature(
                f"kind_365:{kind}",
                f"Activities of kind {kind} in the last 365 days",
                f"{{={literal(kind)}}}: {{kind_365:{literal(kind)}:n}} in a year",
                topic=f"kind:{kind}",
            ),
            Feature(
                f"kind_days:{kind}",
                f"Days since the last activity of kind {kind}",
                f"{{={literal(kind)}}}: last {{kind_days:{literal(kind)}:days}} ago"
                f" ({{kind_days:{literal(kind)}:date}})",
                topic=f"kind:{kind}",
                missing=f"{{={literal(kind)}}}: none so far",
            ),
        )
    )


def _compute_kinds(work: Work) -> Mapping[str, Any]:
    columns: dict[str, Any] = {}
    for kind in work.parameters.get("kinds", ()):
        view = work.times.of_kind(kind).at(work.ids, work.as_of)
        columns[f"kind_90:{kind}"] = view.count(90)
        columns[f"kind_365:{kind}"] = view.count(365)
        columns[f"kind_days:{kind}"] = view.days_since(1)
    return columns


def _learn_kinds(work: Work) -> Mapping[str, Any]:
    # With a single kind its counts are those of all activities: nothing to add.
    kinds = work.times.kinds
    return {"kinds": list(kinds[:MAX_KINDS]) if len(kinds) > 1 else []}


register(Group("signs_kinds", _kind_features, _compute_kinds, _learn_kinds))

_AMOUNTS = (
    *(
        Feature(
            f"amount_{w}",
            f"Sum of the amounts of activities in the last {w} days",
            f"Activities worth {{amount_{w}:amount}} in {w} days",
            topic="amount",
        )
        for w in (90, 365)
    ),
    *(
        Feature(
            f"quantity_{w}",
            f"Sum of the quantities of activities in the last {w} days",
            f"Quantity {{quantity_{w}:n}} in {w} days",
            topic="quantity",
        )
        for w in (90, 365)
    ),
)


def _compute_amounts(work: Work) -> Mapping[str, Any]:
    view = work.times.activities.at(work.ids, work.as_of)
    return {f"{name}_{w}": view.sum(name, w) for name in ("amount", "quantity") for w in (90, 365)}


register(Group("signs_amounts", static(*_AMOUNTS), _compute_amounts))

_TENURE = (
    Feature("tenure_days", "Days since recruitment", "Partner for {tenure_days:days}", topic="tenure"),
    Feature(
        "first_sign_days",
        "Days since the first sign of life",
        "First sign of life {first_sign_days:days} ago ({first_sign_days:date})",
        topic="tenure",
    ),
    Feature(
        "silent_share",
        "Days since the last sign of life over those since the first",
        "Silent for {days_since_sign:days} of {first_sign_days:days} since the first sign of life",
        topic="recency",
    ),
)


def recruited_as_of(work: Work) -> TimeArray:
    """Return when each row's partner was recruited, ``NaT`` where it is not known by then."""
    value = work.history.value_as_of("partners", "recruited_at", work.ids, work.as_of)
    recruited = value.to_numpy().astype("datetime64[us]")
    return np.where(recruited <= work.as_of, recruited, np.datetime64("NaT", "us"))


def _compute_tenure(work: Work) -> Mapping[str, Any]:
    tenure = days_between(recruited_as_of(work), work.as_of)
    first = days_between(work.signs.first(), work.as_of)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = work.signs.days_since(1) / np.maximum(first, 1.0)
    return {"tenure_days": tenure, "first_sign_days": first, "silent_share": share}


register(Group("tenure", static(*_TENURE), _compute_tenure))

_EARLY = (
    Feature(
        "early_days_since_sign",
        "Days since the last sign of life before joining",
        "Last contact {early_days_since_sign:days} ago ({early_days_since_sign:date})",
        topic="early",
    ),
    Feature(
        "early_active_days_90",
        "Days with a sign of life in the last 90 days",
        "Active on {early_active_days_90:n} of the last 90 days",
        topic="early",
    ),
    Feature(
        "early_active_days",
        "Days with a sign of life so far",
        "Active on {early_active_days:n} days so far",
        topic="early",
    ),
)


def _compute_early(work: Work) -> Mapping[str, Any]:
    return {
        "early_days_since_sign": work.signs.days_since(1),
        "early_active_days_90": work.sign_days.count(90),
        "early_active_days": work.sign_days.count(),
    }


register(Group("early_signs", static(*_EARLY), _compute_early))
