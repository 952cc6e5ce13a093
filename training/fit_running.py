"""Recruits whose horizon still runs: what they have shown so far, as weighted rows for the final fit."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from intelligence.features.partner_outcomes import Outcomes
from intelligence.features.partner_times import instants
from intelligence.features.partner_waiting import days_to_win
from intelligence.features.timeline import DAY_US, FloatArray, IntArray, TimeArray
from training.dataset import Dataset

if TYPE_CHECKING:
    from store.history import History

_PRODUCTIVE = 20
_STILL_OUT = 0.6
"""Largest share of first wins still to come at which a recruit tells enough to be looked at."""
_NOTHING = 1e-3


@dataclass(frozen=True, eq=False)
class Running:
    """Recruits whose horizon has not passed.

    Attributes
    ----------
    ids : ndarray of int64, shape (n,)
        Partners.
    recruited_at : ndarray of datetime64[us], shape (n,)
        When.
    won : ndarray of bool, shape (n,)
        Whether a deal was won since.
    still_out : ndarray of float64, shape (n,)
        Share of the first wins of productive partners that came later after recruitment than this one has had time.
    """

    ids: IntArray
    recruited_at: TimeArray
    won: np.ndarray
    still_out: FloatArray

    def __len__(self) -> int:
        return len(self.ids)


def running_recruits(history: "History", outcomes: Outcomes, horizon_days: float) -> Running:
    """Return recruits of the last horizon that have had time to show something, won or not.

    Parameters
    ----------
    history : History
        Until the training's as_of.
    outcomes : Outcomes
        Of those whose horizon has passed: how soon the productive among them won.
    horizon_days : float
        Of the first won deal.
    """
    recruited = instants(history.partners, "recruited_at")
    start = history.until - np.timedelta64(round(horizon_days * DAY_US), "us")
    chosen = (recruited > start) & (recruited <= history.until)
    ids, at = history.partners["id"].to_numpy(np.int64)[chosen], recruited[chosen]
    productive = outcomes.label > 0
    delays = np.sort(days_to_win(history, outcomes.ids[productive], outcomes.recruited_at[productive]))
    delays = delays[~np.isnan(delays)]
    if len(delays) < _PRODUCTIVE:
        return Running(ids[:0], at[:0], np.zeros(0, dtype=bool), np.zeros(0))
    elapsed = (history.until - at) / np.timedelta64(DAY_US, "us")
    still_out = 1.0 - np.searchsorted(delays, elapsed, side="right") / len(delays)
    # By time alone: to take those who won early and not the others of their age would flatter.
    told = still_out <= _STILL_OUT
    won = ~np.isnan(days_to_win(history, ids, at))
    return Running(ids[told], at[told], won[told], still_out[told])


def with_running(dataset: Dataset, running: Running, features: pd.DataFrame, p: FloatArray) -> Dataset:
    """Return the data set with two weighted rows for each running recruit: productive, and not.

    Parameters
    ----------
    dataset : Dataset
        Recruits with a known outcome.
    running : Running
        The others.
    features : DataFrame, shape (len(running), k)
        Theirs, columns as in the data set.
    p : ndarray of float64, shape (len(running),)
        Their probability as it was at recruitment.

    Notes
    -----
    One step of the EM algorithm for a mixture cure model (Farewell 1982): without a win after a time at which a share
    ``s`` of the productive ones has none either, the probability is ``p s / (1 - p + p s)``.
    """
    still = p * running.still_out
    chance = np.where(running.won, 1.0, still / (1.0 - p + still))
    n = len(running)
    weight = np.concatenate([np.ones(len(dataset)), chance, 1.0 - chance])
    # First in time: what rests on the model's own numbers must not be what it is validated on.
    first = np.full(2 * n, dataset.as_of.min())
    whole = Dataset(
        features=pd.concat([dataset.features, features, features], ignore_index=True).astype(_kinds(dataset.features)),
        label=np.concatenate([dataset.label, np.ones(n), np.zeros(n)]),
        as_of=np.concatenate([dataset.as_of, first]),
        known_at=np.concatenate([dataset.known_at, first + np.timedelta64(dataset.horizon_days * DAY_US, "us")]),
        group=np.concatenate([dataset.group, running.ids, -1 - running.ids]),
        horizon_days=dataset.horizon_days,
        weight=weight,
        feature_set=dataset.feature_set,
        fingerprint=dataset.fingerprint,
        linear_only=dataset.linear_only,
    )
    return whole.take(np.flatnonzero(weight > _NOTHING))


def _kinds(features: pd.DataFrame) -> dict[str, str]:
    # Categories of other levels come out of concat as plain words.
    return {str(name): "category" for name in features if isinstance(features[name].dtype, pd.CategoricalDtype)}
