"""The curve of silence as an answer of its own: where no trained model serves, and silence alone says less."""

import numpy as np
import pandas as pd
from scipy.special import xlog1py, xlogy

from domain.settings import Settings
from intelligence.features.build import build
from intelligence.features.partner_times import times_of
from intelligence.features.registry import FeatureSet
from intelligence.features.timeline import FloatArray
from intelligence.scoring.inactivity import ChurnLabels, churn_labels, days
from models.churn import CURVE, ChurnModel
from models.probability import Prediction, ProbabilityModel
from models.recency import RecencyBands
from store.history import History

_STEPS = (30, 14, 7)
_SNAPSHOTS = 3
_LEAST_ROWS = 50


def curve_churn(history: History, settings: Settings, features: pd.DataFrame, horizon: int) -> Prediction | None:
    """Return P(silence) of feature rows by buy-till-you-die models, calibrated on the latest known windows.

    Parameters
    ----------
    history, settings : History, Settings
        Known at the instant of the features.
    features : DataFrame
        Of the churn set.
    horizon : int
        Days.

    Returns
    -------
    Prediction, optional
        None where too little is known, or rates by days of silence fit those windows better.
    """
    for step in _STEPS:
        labels = _latest(history, settings, step)
        if len(labels.partner_id) >= _LEAST_ROWS:
            break
    else:
        return None
    column = f"{CURVE}{step}"
    then = _curve_then(history, settings, labels, column)
    if then[column].isna().all():
        return None
    part = ProbabilityModel(members=0, trees=False).fit(
        then, labels.inactive, as_of=labels.as_of, group=labels.partner_id, offset=column
    )
    since = times_of(history, settings.life_signs).signs.at(labels.partner_id, labels.as_of).days_since()
    by_silence = RecencyBands().fit(since, labels.inactive).predict(since)
    if _loss(part.predict(then).p, labels.inactive) > _loss(by_silence.p, labels.inactive):
        return None
    return ChurnModel({step: part}, {}).predict(features, horizon)


def _latest(history: History, settings: Settings, step: int) -> ChurnLabels:
    last = history.until - days(step)
    return churn_labels(history, settings, [last - days(step * back) for back in range(_SNAPSHOTS)], step)


def _curve_then(history: History, settings: Settings, labels: ChurnLabels, column: str) -> pd.DataFrame:
    everything = FeatureSet("churn", {"life_signs": sorted(settings.life_signs)})
    wanted = everything.without(name for name in everything.columns if name != column)
    return build(wanted, history, pd.DataFrame({"partner_id": labels.partner_id, "as_of": labels.as_of}), None)


def _loss(p: FloatArray, y: FloatArray) -> float:
    return -float(np.mean(xlogy(y, p) + xlog1py(1 - y, -p)))
