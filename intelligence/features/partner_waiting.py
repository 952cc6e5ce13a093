"""How long a recruited company has gone without its first won deal."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from intelligence.features.partner_signs import recruited_as_of
from intelligence.features.partner_times import times_of
from intelligence.features.registry import Feature, FeatureSet, Group, register
from intelligence.features.timeline import DAY_US, FloatArray, IntArray, TimeArray
from intelligence.features.work import Work
from store.history import History

WAITING = "waiting_days"
"""Fit models do not learn from it (a company is asked about as it was recruited): they answer given so long a wait."""

_WAITING = Feature(
    WAITING,
    "Days since recruitment without a won deal; missing before recruitment and after the first win",
    f"Recruited {{{WAITING}:days}} ago without a first win",
)


def days_to_win(history: History, ids: IntArray, since: TimeArray) -> FloatArray:
    """Return the days from each instant to the partner's first won deal after it; NaN without one.

    Parameters
    ----------
    history : History
        Everything known at its ``until``.
    ids : ndarray of int64, shape (n,)
        Partners, each once.
    since : ndarray of datetime64[us], shape (n,)
        Instants.
    """
    line = times_of(history).won
    wins = pd.DataFrame({"id": line.owners, "at": line.occurred}).merge(
        pd.DataFrame({"id": ids, "since": since}), on="id"
    )
    first = wins[wins["at"] > wins["since"]].groupby("id")["at"].min().reindex(ids).to_numpy().astype("datetime64[us]")
    return np.asarray((first - since) / np.timedelta64(DAY_US, "us"), dtype=np.float64)


def waiting_days(work: Work) -> FloatArray:
    """Return the days that each row's partner has been recruited without a won deal as of then, shape (n,)."""
    recruited = recruited_as_of(work)
    elapsed = np.asarray((work.as_of - recruited) / np.timedelta64(DAY_US, "us"), dtype=np.float64)
    won = work.times.won.at(work.ids, work.as_of).count(since=recruited) > 0
    return np.where((elapsed > 0) & ~won, elapsed, np.nan)


def _features(set_: FeatureSet) -> tuple[Feature, ...]:
    # A user's own outcome does not say when it came.
    return () if set_.parameters.get("outcome") else (_WAITING,)


def _compute(work: Work) -> Mapping[str, Any]:
    return {WAITING: waiting_days(work)}


register(Group("waiting", _features, _compute))
