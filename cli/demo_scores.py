"""Scores as of earlier weeks for the demo programme, whose model was trained only now: told as hindsight."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from domain.terms import ModelName
from intelligence.context import Intelligence
from intelligence.features.build import build
from intelligence.features.partner_times import times_of
from intelligence.features.registry import FeatureSet
from intelligence.scoring.inactivity import members
from intelligence.scoring.served import naive
from store.unit_of_work import UnitOfWork

_WEEKS = 12
_BANDS = ((0.5, "high"), (0.25, "medium"), (0.0, "low"))


def score_earlier(context: Intelligence, end: datetime) -> int:
    """Store what the model that answers now says of partners as of the weeks before `end`; return how many scores.

    Features are those of each week. The model has learned from later weeks, too, so it would not have been allowed to
    answer then: the scores stand under the version ``hindsight/NUMBER`` and are nobody's proof of quality.
    """
    loaded = context.load_model(ModelName.CHURN, end)
    if loaded is None:
        return 0
    history, horizon = context.history(end), context.settings.churn_horizons_days[-1]
    everybody = history.partners["id"].to_numpy(np.int64)
    weeks = [end - timedelta(weeks=back) for back in range(_WEEKS, 0, -1)]
    inside = [everybody[members(history, everybody, np.full(len(everybody), naive(week)))] for week in weeks]
    as_of = np.repeat(np.array([naive(week) for week in weeks]), [len(ids) for ids in inside])
    ids = np.concatenate(inside)
    heard = times_of(history, context.settings.life_signs).sign_days.at(ids, as_of).count() > 0
    ids, as_of = ids[heard], as_of[heard]
    if not len(ids):
        return 0
    subjects = pd.DataFrame({"partner_id": ids, "as_of": as_of})
    features = build(FeatureSet.from_json(loaded.model.feature_set), history, subjects, context.text)
    told = loaded.model.predict(features, horizon)
    instants = np.repeat(np.array(weeks, dtype=object), [len(ids) for ids in inside])[heard]
    version = f"hindsight/{loaded.version.version}"
    rows = zip(ids, instants, told.p, told.low, told.high, strict=True)
    with UnitOfWork(context.engine) as work:
        return work.scores.put_many([_row(version, horizon, *row) for row in rows])


def _row(version: str, horizon: int, id_: int, as_of: datetime, p: float, low: float, high: float) -> dict[str, Any]:
    band = next(word for least, word in _BANDS if p >= least)
    return {
        "partner_id": id_,
        "model": str(ModelName.CHURN),
        "horizon_days": horizon,
        "as_of": as_of,
        "p": p,
        "low": low,
        "high": high,
        "model_version": version,
        "details": {"band": band, "horizon_days": horizon, "model_version": version},
    }
