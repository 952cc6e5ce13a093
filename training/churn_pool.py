"""Training of the pooled model of silence: partners at snapshots, each over several horizons."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from intelligence.features.partner_times import times_of
from intelligence.features.registry import FeatureSet
from intelligence.features.timeline import IntArray, TimeArray
from intelligence.scoring.inactivity import days, population, silent
from models.churn_curve import CURVE
from models.churn_pool import LOGGED, PLAIN, PooledSilence, pooled_frame
from training.rows import feature_rows
from training.task import TrainingContext

if TYPE_CHECKING:
    from store.history import History

SNAPSHOTS = 10
_FIRST = 1 / 3
"""Share of the history that must lie before a snapshot."""
_SHARES = (1.0, 0.5, 0.25)
"""Horizons of a snapshot, as shares of the time until now."""
_SHORTEST, _LONGEST = 7, 730
_MOST_ROWS = 40_000
_LEAST_OF_CLASS = 200


def fit_pool(history: "History", context: TrainingContext, feature_set: FeatureSet) -> PooledSilence | None:
    """Fit the pooled model on all that is known by ``context.until``; None where that is too little.

    Parameters
    ----------
    history : History
        Known at ``context.as_of``.
    context : TrainingContext
        Seed, threads, settings.
    feature_set : FeatureSet
        Of the churn model; only what the pooled model sees is computed.
    """
    partner, as_of, horizon = _rows(history, context)
    kept = _sample(partner, context.seed)
    partner, as_of, horizon = partner[kept], as_of[kept], horizon[kept]
    label = silent(history, context.settings, partner, as_of, horizon)
    if min(label.sum(), len(label) - label.sum()) < _LEAST_OF_CLASS:
        return None
    context.report(f"churn: pooled model on {len(label):,} rows of {len(np.unique(horizon))} horizons")
    frame = _frame(history, context, feature_set, partner, as_of, horizon)
    return PooledSilence.fit(frame, label, group=partner, seed=context.seed, threads=context.threads)


def _snapshots(history: "History", context: TrainingContext) -> TimeArray:
    """Return instants from a third of the history on, whole days before now, earliest first."""
    signs = times_of(history, context.settings.life_signs).signs.occurred
    span = int((context.until - signs.min()) / days(1)) if len(signs) else 0
    back = np.unique(np.linspace(_SHORTEST, (1 - _FIRST) * span, SNAPSHOTS).astype(int))
    back = back[(back >= _SHORTEST) & (back <= (1 - _FIRST) * span)]
    return np.array([context.until - days(int(number)) for number in back[::-1]], dtype="datetime64[us]")


def _rows(history: "History", context: TrainingContext) -> tuple[IntArray, TimeArray, IntArray]:
    """Return partner, snapshot and horizon of everybody at each snapshot, over each of its horizons."""
    partner, as_of = population(history, context.settings, _snapshots(history, context))
    room = ((context.until - as_of) / days(1)).round()
    horizon = np.column_stack([np.clip(room * share, _SHORTEST, _LONGEST).astype(np.int64) for share in _SHARES])
    new = np.column_stack([np.ones(len(room), dtype=bool), np.diff(horizon, axis=1) != 0])
    rows, column = np.nonzero(new)
    return partner[rows], as_of[rows], horizon[rows, column]


def _sample(partner: IntArray, seed: int) -> IntArray:
    """Return positions of as many rows as are worth fitting on, partners whole."""
    everyone = np.unique(partner)
    share = min(_MOST_ROWS / max(len(partner), 1), 1.0)
    chosen = np.random.default_rng(seed).permutation(everyone)[: int(np.ceil(share * len(everyone)))]
    return np.flatnonzero(np.isin(partner, chosen)).astype(np.int64)


def _frame(
    history: "History",
    context: TrainingContext,
    feature_set: FeatureSet,
    partner: IntArray,
    as_of: TimeArray,
    horizon: IntArray,
) -> pd.DataFrame:
    seen = {*LOGGED, *PLAIN}
    unused = [name for name in feature_set.columns if name not in seen and not name.startswith(CURVE)]
    subjects = pd.DataFrame({"partner_id": partner, "as_of": as_of})
    once = subjects.drop_duplicates(ignore_index=True)
    features = feature_rows(feature_set.without(unused), history, once, context)
    place = pd.MultiIndex.from_frame(once).get_indexer(pd.MultiIndex.from_frame(subjects))
    parts = []
    for days_ in np.unique(horizon):
        rows = np.flatnonzero(horizon == days_)
        parts.append(pooled_frame(features.take(place[rows]), float(days_)).set_axis(rows))
    return pd.concat(parts).sort_index()
