"""Fit of any number of prospects, piece by piece: what one process holds does not grow with the market."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, cast
from uuid import uuid4

import numpy as np
import pandas as pd

from domain.terms import ModelName
from intelligence.engine import Engine, LocalEngine
from intelligence.features.timeline import IntArray
from intelligence.place import Place
from intelligence.scoring.fit import COLUMNS, by_promise, explained, predicted, recruitable, stored_details
from intelligence.scoring.pieces import (
    MOST_PARTNERS,
    Keeping,
    Reasons,
    Share,
    laid_ready,
    parted,
    with_reasons,
)
from intelligence.scoring.served import ScoringContext, naive, serving_model, still_serving
from store.attribute_types import text_attributes
from store.engine import reading
from store.history import History
from store.slices import load_others, load_slice, possible_prospects

if TYPE_CHECKING:
    from intelligence.context import Intelligence

_EXPLAINED_AT_ONCE = 2_000


@dataclass(frozen=True)
class FitPiece:
    """Some companies to be scored; picklable.

    Parameters
    ----------
    place : Place
        Of store, settings and models.
    version : str
        That answers: the same for all pieces, whatever is promoted meanwhile.
    as_of : datetime
        Aware.
    texts : frozenset of str
        Custom attributes of partners that hold other than numbers.
    run : str
        Of the scoring: what was read for one serves all its pieces in a process.
    share : Share
        The companies.
    """

    place: Place
    version: str
    as_of: datetime
    texts: frozenset[str]
    run: str
    share: Share


@dataclass(frozen=True, eq=False)
class FitPart:
    """What a piece found, row by row: our ids, and columns without reasons."""

    partner_id: IntArray
    frame: pd.DataFrame


def score_fit_piece(piece: FitPiece) -> FitPart:
    """Score the companies of a piece that are open to recruitment."""
    with piece.place.opened() as context:
        served = still_serving(context, ModelName.FIT, piece.as_of, piece.version)
        history = _history(context, piece)
        ids = recruitable(history, piece.as_of)
        return FitPart(ids, predicted(context, history, ids, piece.as_of, *served)[0])


def explain_fit_piece(piece: FitPiece) -> Reasons:
    """Explain the scores of the companies of a piece."""
    with piece.place.opened() as context:
        served = still_serving(context, ModelName.FIT, piece.as_of, piece.version)
        history = _history(context, piece)
        _, features, feature_set = predicted(context, history, piece.share.ids, piece.as_of, *served)
        why = explained(feature_set, features, naive(piece.as_of), served[0].explain(features))
        return Reasons(why.reasons(), stored_details(why), features)


def _history(context: ScoringContext, piece: FitPiece) -> History:
    with context.engine.connect() as connection:
        snapshot = reading(connection)
        own = load_slice(
            snapshot,
            piece.as_of,
            piece.share.ids,
            texts=piece.texts,
            resources=("deals",),
            activities=piece.share.activities(),
        )
        with _lock:
            others = _others.get(piece.run)
            if others is None:
                _others.clear()
                goals = context.settings.fit_outcome.startswith("goals.")
                others = _others[piece.run] = load_others(snapshot, piece.as_of, piece.texts, goals=goals)
    return own.beside(others)


_lock = Lock()
_others: dict[str, History] = {}
"""What the pieces of the latest run look at of others."""


def fit_by_pieces(
    context: ScoringContext, instant: datetime, *, store: bool, engine: Engine | None = None
) -> pd.DataFrame | None:
    """Return what `intelligence.scoring.fit.score_fit` does, for any number of prospects.

    Parameters
    ----------
    context : ScoringContext
        An ``Intelligence``.
    instant : datetime
        Aware.
    store : bool
        Keep the scores, without reach and gaps; those that are not explained without factors.
    engine : Engine, optional
        Where pieces are done; default: in this process, if there are too many for one piece.

    Returns
    -------
    DataFrame, optional
        Columns ``COLUMNS``; the reasons of those beyond ``settings.explained_scores`` are empty. None where one piece
        will do, and where no model serves: rates are counted over the whole programme.
    """
    served = serving_model(context, ModelName.FIT, instant)
    if served is None:
        return None
    with context.engine.connect() as connection:
        snapshot = reading(connection)
        ids = possible_prospects(snapshot, instant)
        if not len(ids) or (engine is None and len(ids) <= MOST_PARTNERS):
            return None
        texts = text_attributes(snapshot, instant)
    place = Place.of(cast("Intelligence", context))
    base = FitPiece(place, served[2], instant, texts, uuid4().hex, Share(ids[:0], 0))
    doing = engine or LocalEngine()
    try:
        with laid_ready(context.engine, instant, parted(ids, engine)) as shares:
            parts = list(doing.map(score_fit_piece, [replace(base, share=share) for share in shares]))
        return _whole_frame(context, base, parts, doing, store=store)
    finally:
        _others.clear()


def _whole_frame(
    context: ScoringContext, base: FitPiece, parts: Sequence[FitPart], engine: Engine, *, store: bool
) -> pd.DataFrame:
    parts = [part for part in parts if len(part.partner_id)] or list(parts[:1])  # empty columns have no types
    ids = np.concatenate([part.partner_id for part in parts])
    frame = pd.concat([part.frame for part in parts], ignore_index=True)
    order = by_promise(frame)
    frame, ids = frame.iloc[order].reset_index(drop=True), ids[order]
    least = min(context.settings.explained_scores, len(ids))
    step = max(min(_EXPLAINED_AT_ONCE, -(-least // (2 * engine.workers))), 1)  # so that no worker waits for long
    pieces = [replace(base, share=Share(ids[start : min(start + step, least)], 0)) for start in range(0, least, step)]
    keeping = Keeping(context, ModelName.FIT, base.as_of, ids) if store else None
    return with_reasons(frame, engine.map(explain_fit_piece, pieces), keeping)[list(COLUMNS)]
