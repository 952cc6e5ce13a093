"""Which prospects would become productive partners, what they would bring, and whom they are like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import NotFound
from domain.resources import LEARNED, ColumnType
from domain.terms import RECRUITABLE, ModelName
from intelligence.features.build import build, learn_feature_set
from intelligence.features.partner_outcomes import partner_outcomes
from intelligence.features.partner_times import instants, times_of
from intelligence.features.partner_waiting import WAITING, days_to_win, waiting_days
from intelligence.features.profile import words_as_of
from intelligence.features.registry import FeatureSet
from intelligence.features.timeline import FloatArray, IntArray, TimeArray
from intelligence.features.work import Encoder, Work
from intelligence.scoring.reasons import Explanation, in_columns
from intelligence.scoring.served import (
    BASELINE,
    ScoringContext,
    evidence_levels,
    external_ids,
    keep_scores,
    naive,
    names_of,
    serving_model,
)
from intelligence.scoring.white_space import standings
from models.fit import FitModel, Waiting, after_waiting
from models.probability import Factors, Prediction
from models.segments import SegmentRates
from store.history import History

if TYPE_CHECKING:
    from intelligence.engine import Engine

COLUMNS = (
    "partner",
    "as_of",
    "horizon_days",
    "p_productive",
    "low",
    "high",
    "expected_revenue",
    "band",
    "evidence",
    "n",
    "similar_1",
    "similar_2",
    "similar_3",
    "reason_1",
    "reason_2",
    "reason_3",
    "model_version",
)
DEFAULT_FACTS = ("kind", "country", "industry", "employees", "rate:country", "early_days_since_sign")
N_SIMILAR = 3
_HIGH, _LOW = 1.25, 0.8
"""Probability over the base rate from which on, and up to which, a band is high or low."""
STANDING = "standing"
"""Under this name the details of a score hold reach and gaps: `intelligence.scoring.white_space.Standing`."""
_STORED_FACTORS = 12
_NEW_ID = "(company)"


@dataclass(frozen=True, eq=False)
class FitScores:
    """Scored companies with what moved each number.

    Attributes
    ----------
    frame : DataFrame
        Columns ``COLUMNS``, most promising first.
    partner_id : ndarray of int64
        Ours, row by row.
    explanation : Explanation, optional
        Row by row; None for an empty frame.
    """

    frame: pd.DataFrame
    partner_id: IntArray
    explanation: Explanation | None = None


def score_fit(
    context: ScoringContext,
    as_of: datetime | None = None,
    partners: Sequence[str] | None = None,
    *,
    store: bool = False,
    engine: "Engine | None" = None,
) -> pd.DataFrame:
    """Return the probability to become productive per prospect, applicant and onboarding partner.

    Parameters
    ----------
    context : ScoringContext
        Store, settings, models, encoder: an ``Intelligence``.
    as_of : datetime, optional
        Nothing known later is used; default: now.
    partners : sequence of str, optional
        Only these external ids.
    store : bool, default=False
        Keep the scores, with their factors.
    engine : Engine, optional
        Where the pieces of a large market are done; default: in this process.

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``, by probability. Empty when nobody is to be scored. Of a market that is scored in pieces,
        only the first ``settings.explained_scores`` rows have reasons.
    """
    if partners is None:
        from intelligence.scoring.fit_pieces import fit_by_pieces  # which is made of what stands here

        found = fit_by_pieces(context, context.instant(as_of), store=store, engine=engine)
        if found is not None:
            return found
    return fit_scores(context, as_of, partners, store=store).frame


def fit_scores(
    context: ScoringContext,
    as_of: datetime | None = None,
    partners: Sequence[str] | None = None,
    *,
    store: bool = False,
) -> FitScores:
    """Return what `score_fit` returns, together with the factors of each row."""
    instant = context.instant(as_of)
    history = context.history(instant)
    scored = _score(context, history, recruitable(history, instant, partners), instant)
    if store:
        _store(context, scored, instant)
    return scored


def recruitable(history: History, instant: datetime, partners: Sequence[str] | None = None) -> IntArray:
    """Return the companies that were to be recruited at an instant, by our id; of some external ids only."""
    ids = history.partners["id"].to_numpy(np.int64)
    wanted = history.status_as_of(ids, naive(instant)).isin(RECRUITABLE).to_numpy(dtype=bool)
    if partners is not None:
        wanted = wanted & history.partners["external_id"].isin(list(partners)).to_numpy(dtype=bool)
    return np.asarray(ids[wanted])


def _store(context: ScoringContext, scored: FitScores, instant: datetime) -> None:
    explanation = scored.explanation
    if explanation is None:
        return
    places = standings(context, scored.frame["partner"].tolist(), instant)
    details = [
        kept | {STANDING: place.as_json()} for kept, place in zip(stored_details(explanation), places, strict=True)
    ]
    keep_scores(
        context, ModelName.FIT, scored.frame, scored.partner_id.tolist(), details, instant, explanation.features
    )


def stored_details(explanation: Explanation) -> list[dict[str, Any]]:
    """Return the factors that are stored of scores, row by row."""
    return [explanation.kept(row, limit=_STORED_FACTORS) for row in range(len(explanation.features))]


def fit_company(context: ScoringContext, company: Mapping[str, Any], as_of: datetime | None = None) -> FitScores:
    """Score a company that is not in the store; nothing is kept.

    Parameters
    ----------
    context : ScoringContext
        Store, settings, models, encoder: an ``Intelligence``.
    company : mapping
        Columns of partners (lists as lists), custom attributes under ``attributes``; unknown names are custom ones.
    as_of : datetime, optional
        Default: now.

    Returns
    -------
    FitScores
        One row; ``partner`` is its ``external_id`` where it gives one.
    """
    instant = context.instant(as_of)
    history = context.history(instant)
    own = int(history.partners["id"].max()) + 1 if len(history.partners) else 1
    row = pd.DataFrame([_partner_row(company, own)])
    partners = pd.concat([history.partners.astype(object), row.astype(object)], ignore_index=True)
    frames = {name: history.frame(name) for name in LEARNED if name != "partners"}
    return _score(context, type(history).of(history.until, partners=partners, **frames), np.array([own]), instant)


def fit_edited(
    context: ScoringContext, partner: str, changes: Mapping[str, Any], as_of: datetime | None = None
) -> FitScores:
    """Score a company of the store as if its profile said something else; nothing is kept.

    Parameters
    ----------
    context : ScoringContext
        Store, settings, models, encoder: an ``Intelligence``.
    partner : str
        External id.
    changes : mapping
        Columns of partners that differ, as for `fit_company`; None: not known.
    as_of : datetime, optional
        Default: now.

    Raises
    ------
    NotFound
        If there was no such partner then.

    Notes
    -----
    Its deals, activities and dates count as they are; what its profile said earlier does not.
    """
    instant = context.instant(as_of)
    history = context.history(instant)
    is_own = (history.partners["external_id"] == partner).to_numpy(dtype=bool)
    if not is_own.any():
        raise NotFound(f"There is no {partner!r} in partners.", resource="partners", key=partner)
    before = history.partners[is_own].astype(object).iloc[0].to_dict()
    edited = _partner_row(changes, int(before["id"])) | {"external_id": partner, "status": before["status"]}
    row = pd.DataFrame([before | edited]).astype(object)
    partners = pd.concat([history.partners[~is_own].astype(object), row], ignore_index=True)
    told = history.changes
    old = (told["resource"] == "partners") & (told["external_id"] == partner) & (told["field"] != "status")
    frames = {name: history.frame(name) for name in LEARNED if name not in ("partners", "changes")}
    world = type(history).of(history.until, partners=partners, changes=told[~old], **frames)
    return _score(context, world, np.array([int(before["id"])]), instant)


def _partner_row(company: Mapping[str, Any], own: int) -> dict[str, Any]:
    columns = LEARNED["partners"].by_name
    row: dict[str, Any] = {"id": own, "external_id": str(company.get("external_id") or _NEW_ID), "status": "prospect"}
    for name, value in company.items():
        if name == "attributes" and isinstance(value, Mapping):
            row |= {f"attributes.{key}": item for key, item in value.items()}
        elif name in ("program", "status", "recruited_at", "ended_at"):
            continue
        elif name in columns:
            row[name] = tuple(value) if columns[name].type is ColumnType.LIST and value is not None else value
        else:
            row[f"attributes.{name.removeprefix('attributes.')}"] = value
    return row


def _asked_at(history: History, ids: IntArray, as_of: np.datetime64) -> TimeArray:
    """Return the instant that each company is looked at: its application where it has one, as in training; else now."""
    recruited = history.value_as_of("partners", "recruited_at", ids, np.full(len(ids), as_of))
    applied = instants(pd.DataFrame({"at": recruited.to_numpy()}), "at")
    return np.where(applied <= as_of, applied, as_of)


def _score(context: ScoringContext, history: History, ids: IntArray, instant: datetime) -> FitScores:
    if not len(ids):
        return FitScores(pd.DataFrame(columns=list(COLUMNS)), ids)
    served = serving_model(context, ModelName.FIT, instant)
    if served is None:
        frame, features, feature_set = _by_rates(context, history, ids, instant)
        p = frame["p_productive"].to_numpy()
        factors = Factors(np.log(p) - np.log1p(-p), pd.DataFrame(index=features.index))
    else:
        frame, features, feature_set = predicted(context, history, ids, instant, *served)
        factors = served[0].explain(features)
    explanation = explained(feature_set, features, naive(instant), factors)
    frame = frame.assign(**in_columns(explanation.reasons()))[list(COLUMNS)]
    order = by_promise(frame)
    return FitScores(frame.iloc[order].reset_index(drop=True), ids[order], explanation.take(order))


def explained(feature_set: FeatureSet, features: pd.DataFrame, as_of: np.datetime64, factors: Factors) -> Explanation:
    """Return what moved probabilities."""
    return Explanation(feature_set, features, as_of, factors.base, factors.contributions, DEFAULT_FACTS)


def predicted(
    context: ScoringContext,
    history: History,
    ids: IntArray,
    instant: datetime,
    model: FitModel,
    feature_set: FeatureSet,
    version: str,
) -> tuple[pd.DataFrame, pd.DataFrame, FeatureSet]:
    """Return what a version says of companies, under the names of ``COLUMNS`` without reasons, and its features."""
    features = _features(history, ids, instant, feature_set, context.text)
    frame = _frame(
        context,
        history,
        ids,
        instant,
        model.predict(features),
        model.expected_revenue(features),
        model.base_rate,
        model.similar(features, N_SIMILAR + 1),
    )
    return frame.assign(horizon_days=model.horizon_days, model_version=version), features, feature_set


def _by_rates(
    context: ScoringContext, history: History, ids: IntArray, instant: datetime
) -> tuple[pd.DataFrame, pd.DataFrame, FeatureSet]:
    feature_set = learn_feature_set("fit", history, context.settings)
    features = _features(history, ids, instant, feature_set, None)
    prediction, revenue, base_rate = _baseline(context, history, features)
    frame = _frame(context, history, ids, instant, prediction, revenue, base_rate, [[] for _ in ids])
    horizon = context.settings.fit_horizon_days
    return frame.assign(horizon_days=horizon, model_version=BASELINE), features, feature_set


def _features(
    history: History,
    ids: IntArray,
    instant: datetime,
    feature_set: FeatureSet,
    text: Encoder | None,
) -> pd.DataFrame:
    as_of = naive(instant)
    subjects = pd.DataFrame({"partner_id": ids, "as_of": _asked_at(history, ids, as_of)})
    return _waited(build(feature_set, history, subjects, text), history, ids, as_of)


def _waited(features: pd.DataFrame, history: History, ids: IntArray, as_of: np.datetime64) -> pd.DataFrame:
    """Return the features with the wait as of now: everything else is as of the application."""
    if WAITING not in features:
        return features
    now = Work(history, ids, np.full(len(ids), as_of), FeatureSet("fit"))
    return features.assign(**{WAITING: waiting_days(now)})


def _baseline(
    context: ScoringContext, history: History, features: pd.DataFrame
) -> tuple[Prediction, FloatArray, float]:
    """Return rates of kind and country shrunk to the programme's, revenue, and the programme's rate."""
    settings = context.settings
    known = partner_outcomes(history, settings.fit_outcome, settings.fit_horizon_days)
    known = known.take((known.known_at <= history.until) | bool(settings.fit_outcome))
    kind, country = (words_as_of(history, name, known.ids, known.recruited_at) for name in ("kind", "country"))
    past = [f"{a}/{b}" for a, b in zip(kind, country, strict=True)]
    own = [f"{a}/{b}" for a, b in zip(_words(features, "kind"), _words(features, "country"), strict=True)]
    rates = SegmentRates().fit(past, known.label)
    prediction = rates.predict(own)
    productive = known.take(known.label > 0)
    if WAITING in features:
        delays = days_to_win(history, productive.ids, productive.recruited_at)
        prediction = after_waiting(prediction, Waiting(delays, settings.fit_horizon_days).shift(features[WAITING]))
    worth = float(productive.value.mean()) if len(productive.ids) else 0.0
    return prediction, np.asarray(prediction.p * worth), rates.overall_.p


def _words(features: pd.DataFrame, name: str) -> list[object]:
    values = features[name].astype(object) if name in features else pd.Series([None] * len(features), dtype=object)
    return values.where(values.notna(), None).tolist()


def _frame(
    context: ScoringContext,
    history: History,
    ids: IntArray,
    instant: datetime,
    prediction: Prediction,
    revenue: FloatArray,
    base_rate: float,
    similar: Sequence[Sequence[int]],
) -> pd.DataFrame:
    n = times_of(history, context.settings.life_signs).sign_days.at(ids, naive(instant)).count()
    names = names_of(history.others) | names_of(history)
    like = [
        [names[id_] for id_ in row if id_ != own and id_ in names][:N_SIMILAR]
        for own, row in zip(ids.tolist(), similar, strict=True)
    ]
    lift = prediction.p / max(base_rate, 1e-9)
    return pd.DataFrame(
        {
            "partner": external_ids(history, ids),
            "as_of": [instant] * len(ids),
            "p_productive": prediction.p,
            "low": prediction.low,
            "high": prediction.high,
            "expected_revenue": np.round(revenue, 2),
            "band": np.select([lift >= _HIGH, lift >= _LOW], ["high", "medium"], "low"),
            "evidence": evidence_levels(n.astype(np.int64)),
            "n": n.astype(np.int64),
            **{f"similar_{k + 1}": [row[k] if k < len(row) else None for row in like] for k in range(N_SIMILAR)},
        }
    )


def by_promise(frame: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return the rows by probability, then by revenue, then by name."""
    by = ["p_productive", "expected_revenue", "partner"]
    return frame[by].reset_index(drop=True).sort_values(by, ascending=[False, False, True]).index.to_numpy()
