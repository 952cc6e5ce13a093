"""Churn of a large programme, piece by piece: what one process holds does not grow with the programme."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from domain.terms import ModelName
from intelligence.engine import Engine, LocalEngine
from intelligence.features.timeline import IntArray
from intelligence.place import Place
from intelligence.scoring.churn import (
    COLUMNS,
    by_stake,
    churn_features,
    counted_waiting,
    explained,
    framed,
    never_active,
    overruled,
    population,
    stored_details,
    thought_of,
)
from intelligence.scoring.pieces import MOST_PARTNERS, Keeping, Reasons, Share, laid_ready, parted, with_reasons
from intelligence.scoring.reasons import in_columns
from intelligence.scoring.revenue import won_anything
from intelligence.scoring.served import ScoringContext, naive, serving_model, still_serving
from intelligence.scoring.whole import Whole, churn_whole
from models.probability import Prediction
from store.engine import reading
from store.history import History
from store.slices import load_slice, related_partners

if TYPE_CHECKING:
    from intelligence.context import Intelligence

_EXPLAINED_AT_ONCE = 2_000


@dataclass(frozen=True)
class ChurnPiece:
    """Some partners to be scored; picklable.

    Parameters
    ----------
    place : Place
        Of store, settings and models.
    version : str
        That answers: the same for all pieces, whatever is promoted meanwhile.
    whole : Whole
        What the piece must know of all partners, and as of when.
    horizon_days : int
        Of the question.
    share : Share
        The partners.
    """

    place: Place
    version: str
    whole: Whole
    horizon_days: int
    share: Share


@dataclass(frozen=True, eq=False)
class ChurnPart:
    """What a piece found: a few columns per partner, and counts that make sense when those of all pieces are added.

    Attributes
    ----------
    partner_id : ndarray of int64
        Members of the programme.
    believed : DataFrame
        Row by row.
    waiting : mapping of int to (int, int)
        See `intelligence.scoring.churn.counted_waiting`.
    won_anything : bool
        Whether there are amounts of won deals.
    """

    partner_id: IntArray
    believed: pd.DataFrame
    waiting: Mapping[int, tuple[int, int]]
    won_anything: bool


@dataclass(frozen=True)
class ReasonsPiece:
    """Some partners whose scores are to be explained; picklable.

    Parameters
    ----------
    piece : ChurnPiece
        As for scores; without activities laid ready.
    never : Prediction
        Of partners without any sign of life.
    """

    piece: ChurnPiece
    never: Prediction


def score_churn_piece(piece: ChurnPiece) -> ChurnPart:
    """Score the members of the programme among the partners of a piece."""
    with piece.place.opened() as context:
        history = _history(context, piece)
        as_of = naive(piece.whole.as_of)
        ids = population(history, as_of, None)
        model, feature_set, _ = still_serving(context, ModelName.CHURN, piece.whole.as_of, piece.version)
        features = churn_features(context, feature_set, history, ids, as_of)
        believed = thought_of(context, history, ids, as_of, model.predict(features, piece.horizon_days))
        waiting = counted_waiting(history, context.settings, piece.horizon_days)
        return ChurnPart(ids, believed, waiting, won_anything(history))


def explain_churn_piece(asked: ReasonsPiece) -> Reasons:
    """Explain the scores of the partners of a piece."""
    piece = asked.piece
    with piece.place.opened() as context:
        history = _history(context, piece)
        return _reasons(context, history, asked)


def _history(context: ScoringContext, piece: ChurnPiece) -> History:
    whole, activities = piece.whole, piece.share.activities()
    with context.engine.connect() as connection:
        history = load_slice(
            reading(connection), whole.as_of, piece.share.ids, texts=whole.texts, activities=activities
        )
    return whole.tell(history, context.settings.life_signs)


def _reasons(context: ScoringContext, history: History, asked: ReasonsPiece) -> Reasons:
    piece = asked.piece
    ids = piece.share.ids
    model, feature_set, _ = still_serving(context, ModelName.CHURN, piece.whole.as_of, piece.version)
    features = churn_features(context, feature_set, history, ids, naive(piece.whole.as_of))
    factors = model.explain(features, piece.horizon_days)
    prediction = model.predict(features, piece.horizon_days)
    believed = overruled(thought_of(context, history, ids, naive(piece.whole.as_of), prediction), asked.never)
    explanation = explained(feature_set, features, believed, naive(piece.whole.as_of), factors)
    details = stored_details(context, history, ids, explanation)
    return Reasons(explanation.reasons(), details, features)


def churn_by_pieces(
    context: ScoringContext, instant: datetime, horizon: int, *, store: bool, engine: Engine | None = None
) -> pd.DataFrame | None:
    """Return what `intelligence.scoring.churn.score_churn` does, for programmes of any size.

    Parameters
    ----------
    context : ScoringContext
        An ``Intelligence``.
    instant : datetime
        Aware.
    horizon : int
        Days.
    store : bool
        Keep the scores; those that are not explained without factors.
    engine : Engine, optional
        Where pieces are done; default: in this process, if the programme is too large for one piece.

    Returns
    -------
    DataFrame, optional
        Columns ``COLUMNS``; the reasons of those beyond ``settings.explained_scores``, by stake, are empty. None where
        one piece will do, and where no model serves: rates are counted over the whole programme.
    """
    served = serving_model(context, ModelName.CHURN, instant)
    if served is None:
        return None
    with context.engine.connect() as connection:
        ids = related_partners(reading(connection))
    if not len(ids) or (engine is None and len(ids) <= MOST_PARTNERS):
        return None
    base = ChurnPiece(
        Place.of(cast("Intelligence", context)), served[2], churn_whole(context, instant), horizon, Share(ids[:0], 0)
    )
    doing = engine or LocalEngine()
    with laid_ready(context.engine, instant, parted(ids, engine)) as shares:
        parts = list(doing.map(score_churn_piece, [replace(base, share=share) for share in shares]))
    return _whole_frame(context, base, parts, doing, store=store)


def _whole_frame(
    context: ScoringContext, base: ChurnPiece, parts: Sequence[ChurnPart], engine: Engine, *, store: bool
) -> pd.DataFrame:
    instant, horizon = base.whole.as_of, base.horizon_days
    waiting = [part.waiting for part in parts]
    paid = any(part.won_anything for part in parts)
    parts = [part for part in parts if len(part.partner_id)] or list(parts[:1])  # empty columns have no types
    ids = np.concatenate([part.partner_id for part in parts])
    never = never_active(_added(waiting), horizon)
    believed = overruled(pd.concat([part.believed for part in parts], ignore_index=True), never)
    frame = framed(context, believed, ids, instant, horizon, base.version, paid=paid)
    order = by_stake(frame)
    frame, ids = frame.iloc[order].reset_index(drop=True), ids[order]
    frame = frame.assign(**in_columns([[]] * len(frame)))[list(COLUMNS)]
    keep = Keeping(context, ModelName.CHURN, instant, ids) if store else None
    least = min(context.settings.explained_scores, len(ids))
    step = max(min(_EXPLAINED_AT_ONCE, -(-least // (2 * engine.workers))), 1)  # so that no worker waits for long
    pieces = [
        ReasonsPiece(replace(base, share=Share(ids[start : min(start + step, least)], 0)), never)
        for start in range(0, least, step)
    ]
    return with_reasons(frame, engine.map(explain_churn_piece, pieces), keep)


def _added(counts: Iterable[Mapping[int, tuple[int, int]]]) -> dict[int, tuple[int, int]]:
    total: dict[int, tuple[int, int]] = {}
    for count in counts:
        for step, (waiting, silent) in count.items():
            before = total.get(step, (0, 0))
            total[step] = before[0] + waiting, before[1] + silent
    return total
