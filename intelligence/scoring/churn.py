"""Which partners will show no sign of life within the horizon, why, and what is at stake."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from domain.settings import Settings
from domain.terms import HIGH_RISK, MEDIUM_RISK, ModelName, evidence_level
from intelligence.features.build import build, learn_feature_set
from intelligence.features.partner_times import times_of
from intelligence.features.profile import words_as_of
from intelligence.features.timeline import FloatArray, IntArray
from intelligence.scoring.churn_curve import curve_churn
from intelligence.scoring.facts import partner_facts
from intelligence.scoring.inactivity import churn_labels, days, members
from intelligence.scoring.reasons import N_REASONS, Explanation
from intelligence.scoring.revenue import revenue_per_day
from intelligence.scoring.served import (
    BASELINE,
    ScoringContext,
    external_ids,
    keep_scores,
    naive,
    plain_rows,
    previous_scores,
    serving_model,
    trend,
)
from models.probability import Prediction
from models.recency import RecencyBands
from store.history import History

COLUMNS = (
    "partner",
    "as_of",
    "horizon_days",
    "p_inactive",
    "low",
    "high",
    "band",
    "trend",
    "revenue_at_risk",
    "account_manager",
    "evidence",
    "n",
    "reason_1",
    "reason_2",
    "reason_3",
    "model_version",
)
DEFAULT_FACTS = ("days_since_sign", "active_days_90", "won_365", "first_sign_days", "tenure_days")
_BASELINE_SNAPSHOTS = 6
_BASELINE_HORIZONS = (7, 14, 30, 60, 90, 180, 365, 730)
FACTS = "facts"
"""Under this name the details of a score hold what `intelligence.scoring.facts.partner_facts` tells."""
_STORED_FACTORS = 12


@dataclass(frozen=True, eq=False)
class ChurnScores:
    """Scored partners with what moved each number.

    Attributes
    ----------
    frame : DataFrame
        Columns ``COLUMNS``, highest stake first.
    partner_id : ndarray of int64
        Ours, row by row.
    explanation : Explanation, optional
        Row by row; None for an empty frame.
    """

    frame: pd.DataFrame
    partner_id: IntArray
    explanation: Explanation | None = None


def score_churn(
    context: ScoringContext,
    as_of: datetime | None = None,
    horizon_days: int | None = None,
    partners: Sequence[str] | None = None,
    *,
    store: bool = False,
) -> pd.DataFrame:
    """Return the probability of no sign of life in ``(as_of, as_of + horizon_days]`` per partner.

    Parameters
    ----------
    context : ScoringContext
        Store, settings, models, encoder: an ``Intelligence``.
    as_of : datetime, optional
        Nothing known later is used; default: now.
    horizon_days : int, optional
        Default: the last of ``settings.churn_horizons_days``.
    partners : sequence of str, optional
        Only these external ids; default: all that are in the programme.
    store : bool, default=False
        Keep the scores, with their factors.

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``, by revenue at risk, then by probability. Empty for an empty store.
    """
    return churn_scores(context, as_of, horizon_days, partners, store=store).frame


def churn_scores(
    context: ScoringContext,
    as_of: datetime | None = None,
    horizon_days: int | None = None,
    partners: Sequence[str] | None = None,
    *,
    store: bool = False,
) -> ChurnScores:
    """Return what `score_churn` returns, together with the factors of each row."""
    instant = context.instant(as_of)
    horizon = horizon_days or context.settings.churn_horizons_days[-1]
    history = context.history(instant)
    ids = _population(history, naive(instant), partners)
    if not len(ids):
        return ChurnScores(pd.DataFrame(columns=list(COLUMNS)), ids)
    scored = _score(context, history, ids, instant, horizon)
    if store:
        _store(context, history, scored, instant)
    return scored


def _population(history: History, as_of: np.datetime64, partners: Sequence[str] | None) -> IntArray:
    ids = history.partners["id"].to_numpy(np.int64)
    inside = members(history, ids, np.full(len(ids), as_of)) if len(ids) else np.zeros(0, dtype=bool)
    if partners is not None:
        inside &= history.partners["external_id"].isin(list(partners)).to_numpy(dtype=bool)
    return np.asarray(ids[inside])


def _score(context: ScoringContext, history: History, ids: IntArray, instant: datetime, horizon: int) -> ChurnScores:
    as_of = naive(instant)
    served = serving_model(context, ModelName.CHURN, instant)
    if served is None:
        feature_set, version = learn_feature_set("churn", history, context.settings), BASELINE
    else:
        feature_set, version = served[1:]
    subjects = pd.DataFrame({"partner_id": ids, "as_of": np.full(len(ids), as_of)})
    features = build(feature_set, history, subjects, context.text)
    signs = times_of(history, context.settings.life_signs).sign_days.at(ids, as_of).count()
    if served is None:
        prediction = curve_churn(history, context.settings, features, horizon) or baseline_churn(
            history, context.settings, ids, horizon
        )
        base, contributions = _logit(prediction.p), pd.DataFrame(index=features.index)
    else:
        prediction = served[0].predict(features, horizon)
        factors = served[0].explain(features, horizon)
        base, contributions = factors.base, factors.contributions
    silent = signs == 0
    if silent.any():
        # Nobody without a sign of life was in training: what is known of them is how many others stayed silent.
        prediction = _overruled(prediction, silent, _never_active(history, context.settings, horizon))
        base = np.where(silent, _logit(prediction.p), base)
        contributions = contributions * np.where(silent, 0.0, 1.0)[:, None]
    explanation = Explanation(feature_set, features, as_of, base, contributions, DEFAULT_FACTS)
    frame = _frame(history, ids, instant, horizon, prediction, signs, explanation)
    before = previous_scores(context, ModelName.CHURN, horizon, instant)
    frame["trend"] = [trend(float(p), before.get(int(id_))) for p, id_ in zip(prediction.p, ids, strict=True)]
    frame["model_version"] = version
    frame = frame[list(COLUMNS)]
    order = frame.sort_values(["revenue_at_risk", "p_inactive", "partner"], ascending=[False, False, True]).index
    return ChurnScores(frame.loc[order].reset_index(drop=True), ids[order], explanation.take(order.to_numpy()))


def baseline_churn(history: History, settings: Settings, partner_id: IntArray, horizon: int) -> Prediction:
    """Return the rate at which partners silent as long stayed so, over the windows known by ``history.until``."""
    times = times_of(history, settings.life_signs)
    own = times.signs.at(partner_id, history.until).days_since()

    def rates(step: int) -> tuple[Prediction, int]:
        last = history.until - days(step)
        asked = [last - days(max(step / 2, 7) * back) for back in range(_BASELINE_SNAPSHOTS)]
        labels = churn_labels(history, settings, asked, step)
        since = times.signs.at(labels.partner_id, labels.as_of).days_since()
        return RecencyBands().fit(since, labels.inactive).predict(own), len(labels.inactive)

    return _along_horizons(rates, horizon)


def _never_active(history: History, settings: Settings, horizon: int) -> Prediction:
    """Probability that a member without a sign of life stays so: how it went with those of one horizon ago."""
    times = times_of(history, settings.life_signs)
    ids = history.partners["id"].to_numpy(np.int64)
    silent_now = times.signs.at(ids, history.until).count() == 0

    def rates(step: int) -> tuple[Prediction, int]:
        then = np.full(len(ids), history.until - days(step))
        waiting = members(history, ids, then) & (times.signs.at(ids, then).count() == 0)
        bands = RecencyBands().fit(np.full(int(waiting.sum()), np.nan), silent_now[waiting])
        return bands.predict([np.nan]), int(waiting.sum())

    return _along_horizons(rates, horizon)


def _along_horizons(rates: Callable[[int], tuple[Prediction, int]], horizon: int) -> Prediction:
    """Return p at a horizon from rates counted at a few fixed ones, so that it never rises with the horizon.

    The rates are made non-rising and interpolated on the cumulative hazard ``-log p``; beyond the last horizon that
    rests on any rows it grows with the square root of time.
    """
    steps = [step for step in _BASELINE_HORIZONS if step < horizon]
    steps += [step for step in _BASELINE_HORIZONS if step >= horizon][:1]
    counted = {step: rates(step) for step in steps}
    known = [step for step in steps if counted[step][1]] or steps[:1]
    p, low, high = (
        _at_horizon(np.column_stack([getattr(counted[step][0], name) for step in known]), known, horizon)
        for name in ("p", "low", "high")
    )
    return Prediction(p, low, high)


def _at_horizon(rates: FloatArray, steps: Sequence[int], horizon: int) -> FloatArray:
    hazard = np.column_stack([np.zeros(len(rates)), -np.log(np.minimum.accumulate(rates, axis=1))])
    if horizon > steps[-1]:
        return np.asarray(np.exp(-hazard[:, -1] * np.sqrt(horizon / steps[-1])))
    times = np.array([0, *steps], dtype=np.float64)
    after = int(np.searchsorted(times, horizon))
    share = (horizon - times[after - 1]) / (times[after] - times[after - 1])
    return np.asarray(np.exp(-(hazard[:, after - 1] * (1 - share) + hazard[:, after] * share)))


def _overruled(prediction: Prediction, rows: np.ndarray, by: Prediction) -> Prediction:
    return Prediction(
        *(np.where(rows, getattr(by, name)[0], getattr(prediction, name)) for name in ("p", "low", "high"))
    )


def _logit(p: FloatArray) -> FloatArray:
    return np.asarray(np.log(p) - np.log1p(-p))


def _frame(
    history: History,
    ids: IntArray,
    instant: datetime,
    horizon: int,
    prediction: Prediction,
    signs: FloatArray,
    explanation: Explanation,
) -> pd.DataFrame:
    said = explanation.reasons()
    at_risk = prediction.p * horizon * revenue_per_day(history, ids, explanation.as_of)
    managers = words_as_of(history, "account_manager", ids, np.full(len(ids), explanation.as_of))
    columns = {
        "partner": external_ids(history, ids),
        "as_of": [instant] * len(ids),
        "horizon_days": horizon,
        "p_inactive": prediction.p,
        "low": prediction.low,
        "high": prediction.high,
        "band": np.select([prediction.p >= HIGH_RISK, prediction.p >= MEDIUM_RISK], ["high", "medium"], "low"),
        "revenue_at_risk": at_risk.round(2),
        "account_manager": managers,
        "evidence": [str(evidence_level(int(n))) for n in signs],
        "n": signs.astype(np.int64),
        **{f"reason_{k + 1}": [row[k] if k < len(row) else "" for row in said] for k in range(N_REASONS)},
    }
    return pd.DataFrame(columns)


def _store(context: ScoringContext, history: History, scored: ChurnScores, instant: datetime) -> None:
    explanation = scored.explanation
    if explanation is None:
        return
    facts = plain_rows(partner_facts(history, scored.partner_id, explanation.as_of, context.settings.life_signs))
    details = [explanation.kept(row, limit=_STORED_FACTORS) | {FACTS: known} for row, known in enumerate(facts)]
    keep_scores(
        context, ModelName.CHURN, scored.frame, scored.partner_id.tolist(), details, instant, explanation.features
    )
