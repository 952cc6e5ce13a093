"""Time in the world: days since the start as floats, and the grid of periods on which partners change."""

from typing import Any

import numpy as np
import numpy.typing as npt

from demo.spec import WorldSpec

Array = npt.NDArray[Any]

_GRID_DAYS_OF_MONTH = (0, 8, 15, 23)
CONTENT_TRUTH_DAYS = 90


def start_of(spec: WorldSpec) -> np.datetime64:
    """Return the first instant, naive UTC."""
    return np.datetime64(spec.start.replace(tzinfo=None), "s")


def instants(spec: WorldSpec, days: Array) -> Array:
    """Turn days since the start into ``datetime64[s]``; NaN becomes NaT."""
    seconds = np.floor(np.asarray(days, dtype=float) * 86_400)
    known = np.isfinite(seconds)
    delta = np.where(known, seconds, 0).astype("int64").astype("timedelta64[s]")
    return np.where(known, start_of(spec) + delta, np.datetime64("NaT"))


def month_starts(spec: WorldSpec) -> Array:
    """Return the month starts inside the history, in days since the start."""
    first = start_of(spec).astype("datetime64[M]")
    last = (start_of(spec) + np.timedelta64(spec.days, "D")).astype("datetime64[M]")
    months = np.arange(first, last + 1).astype("datetime64[s]")
    days = (months - start_of(spec)) / np.timedelta64(1, "s") / 86_400
    return np.asarray(days[(days > 0) & (days < spec.days)])


def grid(spec: WorldSpec) -> Array:
    """Return the borders of the periods: about weekly, month starts, the start, the end, 90 days before the end."""
    months = np.concatenate([[0.0], month_starts(spec)])
    inner = (months[:, None] + np.array(_GRID_DAYS_OF_MONTH)).ravel()
    borders = np.concatenate([inner, [0.0, spec.days, spec.days - CONTENT_TRUTH_DAYS]])
    return np.unique(np.round(borders[(borders >= 0) & (borders <= spec.days)], 6))


def churn_instants(spec: WorldSpec) -> Array:
    """Return the instants of the churn truth: month starts of the last year, and the end."""
    months = month_starts(spec)
    return np.round(np.append(months[months >= spec.days - 365], spec.days), 6)


def day_of_year(spec: WorldSpec, days: float) -> float:
    """Return the day of the year, from 0, of an instant in days since the start."""
    date = (start_of(spec) + np.timedelta64(int(days * 86_400), "s")).astype("datetime64[D]")
    return float((date - date.astype("datetime64[Y]")).astype(int))
