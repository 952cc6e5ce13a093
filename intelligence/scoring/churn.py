"""Which partners will show no sign of life within the horizon, why, and what is at stake."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.settings import Settings
from domain.terms import HIGH_RISK, MEDIUM_RISK, ModelName
from intelligence.features.build import build, learn_feature_set
from intelligence.features.partner_times import times_of
from intelligence.features.profile import words_as_of
from intelligence.features.registry import FeatureSet
from intelligence.features.timeline import FloatArray, IntArray
from intelligence.scoring.churn_curve import curve_churn
from intelligence.scoring.facts import partner_facts
from intelligence.scoring.inactivity import churn_labels, days, members
from intelligence.scoring.reasons import Explanation, in_columns
from intelligence.scoring.revenue import revenue_per_day, won_anything
from intelligence.scoring.served import (
    BASELINE,
    ScoringContext,
    evidence_levels,
    external_ids,
    keep_scores,
    naive,
    plain_rows,
    previous_chances,
    serving_model,
    trends,
)
from models.probability import Factors, Prediction
from models.recency import RecencyBands
from store.history import History

if TYPE_CHECKING:
    from intelligence.engine import Engine

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
    engine: "Engine | None" = None,
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
    engine : Engine, optional
        Where the pieces of a large programme are done; default: in this process.

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``, by revenue at risk, then by probability. Empty for an empty store. Of a programme that is
        scored in pieces, only the first ``settings.explained_scores`` rows have reasons.
    """
    if partners is None:
        from intelligence.scoring.churn_pieces import churn_by_pieces  # which is made of what stands here

        instant = context.instant(as_of)
        horizon = horizon_days or context.settings.churn_horizons_days[-1]
        found = churn_by_pieces(context, instant, horizon, store=store, engine=engine)
        if found is not None:
            return found
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
    ids = population(history, naive(instant), partners)
    if not len(ids):
        return ChurnScores(pd.DataFrame(columns=list(COLUMNS)), ids)
    scored = _score(context, history, ids, instant, horizon)
    if store:
        _store(context, history, scored, instant)
    return scored


def population(history: History, as_of: np.datetime64, partners: Sequence[str] | None) -> IntArray:
    """Return the members of the programme at an instant, by our id; of some external ids only."""
    ids = history.partners["id"].to_numpy(np.int64)
    inside = members(history, ids, np.full(len(ids), as_of)) if len(ids) else np.zeros(0, dtype=bool)
    if partners is not None:
        inside = inside & history.partners["external_id"].isin(list(partners)).to_numpy(dtype=bool)
    return np.asarray(ids[inside])


def _score(context: ScoringContext, history: History, ids: IntArray, instant: datetime, horizon: int) -> ChurnScores:
    as_of = naive(instant)
    served = serving_model(context, ModelName.CHURN, instant)
    if served is None:
        feature_set, version = learn_feature_set("churn", history, context.settings), BASELINE
    else:
        feature_set, version = served[1:]
    features = churn_features(context, feature_set, history, ids, as_of)
    if served is None:
        prediction = curve_churn(history, context.settings, features, horizon) or baseline_churn(
            history, context.settings, ids, horizon
        )
        factors = Factors(_logit(prediction.p), pd.DataFrame(index=features.index))
    else:
        prediction = served[0].predict(features, horizon)
        factors = served[0].explain(features, horizon)
    believed = thought_of(context, history, ids, as_of, prediction)
    if (believed["n"] == 0).any():
        # Nobody without a sign of life was in training: what is known of them is how many others stayed silent.
        believed = overruled(believed, never_active(counted_waiting(history, context.settings, horizon), horizon))
    explanation = explained(feature_set, features, believed, as_of, factors)
    frame = framed(context, believed, ids, instant, horizon, version, paid=won_anything(history))
    frame = frame.assign(**in_columns(explanation.reasons()))[list(COLUMNS)]
    order = by_stake(frame)
    return ChurnScores(frame.iloc[order].reset_index(drop=True), ids[order], explanation.take(order))


def by_stake(frame: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return the rows in the order of what is at stake, then of the probability, then by name."""
    by = ["revenue_at_risk", "p_inactive", "partner"]
    wanted = frame[by].reset_index(drop=True)
    return wanted.sort_values(by, ascending=[False, False, True]).index.to_numpy()


def explained(
    feature_set: FeatureSet, features: pd.DataFrame, believed: pd.DataFrame, as_of: np.datetime64, factors: Factors
) -> Explanation:
    """Return what moved the probabilities; nothing moved those of partners without any sign of life."""
    silent = believed["n"].to_numpy() == 0
    base = np.where(silent, _logit(believed["p"].to_numpy()), factors.base)
    contributions = factors.contributions * np.where(silent, 0.0, 1.0)[:, None]
    return Explanation(feature_set, features, as_of, base, contributions, DEFAULT_FACTS)


def churn_features(
    context: ScoringContext, feature_set: FeatureSet, history: History, ids: IntArray, as_of: np.datetime64
) -> pd.DataFrame:
    """Return the features of partners at an instant."""
    subjects = pd.DataFrame({"partner_id": ids, "as_of": np.full(len(ids), as_of)})
    return build(feature_set, history, subjects, context.text)


def thought_of(
    context: ScoringContext, history: History, ids: IntArray, as_of: np.datetime64, prediction: Prediction
) -> pd.DataFrame:
    """Return what is thought of partners, before anything that needs to know of others."""
    signs = times_of(history, context.settings.life_signs).sign_days.at(ids, as_of).count()
    won, paid = (revenue_per_day(history, ids, as_of, paid=paid) for paid in (True, False))
    return pd.DataFrame(
        {
            "partner": external_ids(history, ids),
            "p": prediction.p,
            "low": prediction.low,
            "high": prediction.high,
            "n": signs.astype(np.int64),
            "won": won,
            "paid": paid,
            "account_manager": words_as_of(history, "account_manager", ids, np.full(len(ids), as_of)),
        }
    )


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


def counted_waiting(history: History, settings: Settings, horizon: int) -> dict[int, tuple[int, int]]:
    """Count, for each horizon that counts, the members of one horizon ago without a sign, and those still without."""
    times = times_of(history, settings.life_signs)
    ids = history.partners["id"].to_numpy(np.int64)
    silent_now = times.signs.at(ids, history.until).count() == 0
    counts = {}
    for step in _steps(horizon):
        then = np.full(len(ids), history.until - days(step))
        waiting = members(history, ids, then) & (times.signs.at(ids, then).count() == 0)
        counts[step] = int(waiting.sum()), int((waiting & silent_now).sum())
    return counts


def never_active(counts: Mapping[int, tuple[int, int]], horizon: int) -> Prediction:
    """Probability that a member without a sign of life stays so: how it went with those of one horizon ago."""

    def rates(step: int) -> tuple[Prediction, int]:
        waiting, silent = counts[step]
        bands = RecencyBands().fit(np.full(waiting, np.nan), (np.arange(waiting) < silent).astype(np.float64))
        return bands.predict([np.nan]), waiting

    return _along_horizons(rates, horizon)


def _steps(horizon: int) -> list[int]:
    shorter = [step for step in _BASELINE_HORIZONS if step < horizon]
    return shorter + [step for step in _BASELINE_HORIZONS if step >= horizon][:1]


def _along_horizons(rates: Callable[[int], tuple[Prediction, int]], horizon: int) -> Prediction:
    """Return p at a horizon from rates counted at a few fixed ones, so that it never rises with the horizon.

    The rates are made non-rising and interpolated on the cumulative hazard ``-log p``; beyond the last horizon that
    rests on any rows it grows with the square root of time.
    """
    steps = _steps(horizon)
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


def overruled(believed: pd.DataFrame, never: Prediction) -> pd.DataFrame:
    """Return what is thought of partners, with those that never gave a sign of life as all of them."""
    silent = believed["n"].to_numpy() == 0
    return believed.assign(
        **{name: np.where(silent, getattr(never, name)[0], believed[name]) for name in ("p", "low", "high")}
    )


def _logit(p: FloatArray) -> FloatArray:
    return np.asarray(np.log(p) - np.log1p(-p))


def framed(
    context: ScoringContext,
    believed: pd.DataFrame,
    ids: IntArray,
    instant: datetime,
    horizon: int,
    version: str,
    *,
    paid: bool,
) -> pd.DataFrame:
    """Return what is thought of partners under the names of ``COLUMNS``, without reasons."""
    p, n = believed["p"].to_numpy(), believed["n"].to_numpy()
    before = previous_chances(context, ModelName.CHURN, horizon, instant, ids)
    columns = {
        "partner": believed["partner"],
        "as_of": [instant] * len(believed),
        "horizon_days": horizon,
        "p_inactive": p,
        "low": believed["low"],
        "high": believed["high"],
        "band": np.select([p >= HIGH_RISK, p >= MEDIUM_RISK], ["high", "medium"], "low"),
        "trend": trends(p, before),
        "revenue_at_risk": (p * horizon * believed["won" if paid else "paid"].to_numpy()).round(2),
        "account_manager": believed["account_manager"],
        "evidence": evidence_levels(n),
        "n": n,
        "model_version": version,
    }
    return pd.DataFrame(columns)


def _store(context: ScoringContext, history: History, scored: ChurnScores, instant: datetime) -> None:
    explanation = scored.explanation
    if explanation is None:
        return
    details = stored_details(context, history, scored.partner_id, explanation)
    keep_scores(
        context, ModelName.CHURN, scored.frame, scored.partner_id.tolist(), details, instant, explanation.features
    )


def stored_details(
    context: ScoringContext, history: History, ids: IntArray, explanation: Explanation
) -> list[Mapping[str, Any]]:
    """Return what is stored of scores beside their columns: factors and facts, row by row."""
    facts = plain_rows(partner_facts(history, ids, explanation.as_of, context.settings.life_signs))
    return [explanation.kept(row, limit=_STORED_FACTORS) | {FACTS: known} for row, known in enumerate(facts)]
