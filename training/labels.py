"""What is to be predicted: which partner was inactive over which window, which became productive."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from domain.settings import Settings
from intelligence.features.partner_outcomes import Outcomes, partner_outcomes
from intelligence.features.partner_times import PartnerTimes
from intelligence.features.timeline import DAY_US, TimeArray
from intelligence.scoring.inactivity import ChurnLabels, churn_labels, days, ended, members
from store.history import History

__all__ = ["ChurnLabels", "churn_labels", "ended", "fit_outcomes", "members", "snapshot_instants", "varying"]

MAX_SNAPSHOTS = 24
_STEPS = ((330, 30), (84, 7), (0, 1))
"""Least span in days for a step in days: monthly from eleven months on, weekly from twelve weeks on, else daily."""


def snapshot_instants(times: PartnerTimes, until: np.datetime64, horizon_days: int) -> TimeArray:
    """Return the instants at which training looks, latest last.

    The last lies one horizon before `until`. From there a grid goes back, monthly where the history is
    long enough, else weekly or daily, at most ``MAX_SNAPSHOTS``; the earliest leaves a tenth of the span as history.

    Parameters
    ----------
    times : PartnerTimes
        Whose signs of life.
    until : datetime64[us]
        Training's as_of.
    horizon_days : int
        Length of the label window.
    """
    signs = times.signs.occurred
    last = until - days(horizon_days)
    if not len(signs) or signs.min() > last:
        return np.array([], dtype="datetime64[us]")
    span = float((last - signs.min()) / days(1))
    step = next(step for least, step in _STEPS if span >= least)
    back = np.arange(MAX_SNAPSHOTS) * step
    return np.asarray(last - (back[back <= 0.9 * span] * DAY_US).astype("timedelta64[us]"))[::-1]


def fit_outcomes(history: History, settings: Settings) -> tuple[Outcomes, TimeArray]:
    """Return partners with a known outcome, and the instant at which training may count it as known.

    An outcome that the user filled in is known by ``history.until`` even where the horizon has not passed.
    """
    outcomes = partner_outcomes(history, settings.fit_outcome, settings.fit_horizon_days)
    known_at = np.maximum(np.minimum(outcomes.known_at, history.until), outcomes.recruited_at)
    return outcomes, known_at


def varying(features: pd.DataFrame, kept: Iterable[str] = ()) -> list[str]:
    """Return the columns that hold more than one value, missing counting as one; those in `kept` in any case."""
    always = frozenset(kept)
    return [str(name) for name in features if name in always or features[name].nunique(dropna=False) > 1]
