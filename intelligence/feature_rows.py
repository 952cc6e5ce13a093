"""Feature rows built in pieces, each of which another process may do: the same numbers as all at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from domain.errors import InvalidInput
from domain.terms import RECRUITABLE, ModelName
from intelligence.engine import Engine
from intelligence.features.build import build, learn_feature_set
from intelligence.features.registry import FeatureSet
from intelligence.place import Place
from intelligence.scoring.inactivity import members
from intelligence.scoring.served import serving_model

if TYPE_CHECKING:
    from intelligence.context import Intelligence
    from store.history import History

KINDS = ("churn", "fit")
"""Sets that can be asked for as of an instant."""
_MOST_ROWS = 20_000
_PIECES_PER_WORKER = 4

Known = Callable[["Intelligence"], "History"]
"""Gives the history that features are built from; a function of a module, or a `partial` of one."""


@dataclass(frozen=True)
class RowsPiece:
    """Some subjects whose features are to be built.

    Parameters
    ----------
    place : Place
        Store and settings.
    known : callable
        Gives the history.
    feature_set : mapping
        As `FeatureSet.to_json` gives it.
    subjects : DataFrame
        ``partner_id`` and ``as_of``.
    """

    place: Place
    known: Known = field(repr=False)
    feature_set: Mapping[str, Any] = field(repr=False)
    subjects: pd.DataFrame = field(repr=False)


def rows_in_pieces(
    engine: Engine, place: Place, known: Known, feature_set: FeatureSet, subjects: pd.DataFrame
) -> pd.DataFrame:
    """Return what `build` does, worked out by an engine.

    Parameters
    ----------
    engine : Engine
        Whose workers see the store.
    place : Place
        Store and settings.
    known : callable
        Gives the history in whichever process works.
    feature_set, subjects : FeatureSet, DataFrame
        As for `build`.
    """
    if not len(subjects):
        with place.opened() as context:
            return build(feature_set, known(context), subjects, context.text)
    order = np.argsort(subjects["as_of"].to_numpy(), kind="stable")  # what is fitted per day is fitted by one worker
    most = max(-(-len(order) // (_PIECES_PER_WORKER * engine.workers)), 1)
    parts = np.array_split(order, -(-len(order) // min(most, _MOST_ROWS)))
    described, bare = feature_set.to_json(), subjects[["partner_id", "as_of"]].reset_index(drop=True)
    pieces = [RowsPiece(place, known, described, bare.iloc[part]) for part in parts]
    return _together(list(engine.map(build_piece, pieces)), order).set_axis(subjects.index)


def build_piece(piece: RowsPiece) -> pd.DataFrame:
    """Return the features of a piece."""
    with piece.place.opened() as context:
        return build(FeatureSet.from_json(piece.feature_set), piece.known(context), piece.subjects, context.text)


def _together(found: list[pd.DataFrame], order: np.ndarray) -> pd.DataFrame:
    """Return the rows of all pieces, which come in `order`, as they were asked for."""
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    columns: dict[str, Any] = {}
    for name, kind in found[0].dtypes.items():
        parts = [one[name] for one in found]
        if isinstance(kind, pd.CategoricalDtype):
            columns[str(name)] = _words([part.array for part in parts], place)
        else:
            columns[str(name)] = np.concatenate([part.to_numpy() for part in parts])[place]
    return pd.DataFrame(columns)


def _words(parts: list[Any], place: np.ndarray) -> pd.Categorical:
    """Return words of which every piece knows those that it saw, with all of them as sorted levels."""
    levels = pd.Index(sorted({word for part in parts for word in part.categories}), dtype="str")
    codes = [np.append(levels.get_indexer(part.categories), -1)[part.codes] for part in parts]
    return pd.Categorical.from_codes(np.concatenate(codes)[place], categories=levels)


def feature_matrix(
    context: "Intelligence", kind: str, as_of: datetime | None = None, engine: Engine | None = None
) -> pd.DataFrame:
    """Return the features of all whom a model would score as of an instant.

    Parameters
    ----------
    context : Intelligence
        Store, models, settings.
    kind : {"churn", "fit"}
        ``churn``: of partners in the programme; ``fit``: of prospects.
    as_of : datetime, optional
        Nothing known later is used; default: now.
    engine : Engine, optional
        Where pieces are worked out; default: all at once in this process.

    Returns
    -------
    DataFrame
        ``partner`` (external id), ``as_of`` and the columns of the serving model's feature set, or of the one that
        training would learn where no model serves.

    Raises
    ------
    InvalidInput
        If there is no such set.
    """
    if kind not in KINDS:
        raise InvalidInput(f"There are no features {kind!r}; there are {', '.join(KINDS)}.", field="kind")
    instant = context.instant(as_of)
    history = context.history(instant)
    at = np.datetime64(instant.replace(tzinfo=None), "us")
    ids = _scored(history, kind, at)
    subjects = pd.DataFrame({"partner_id": ids, "as_of": np.full(len(ids), at)})
    served = serving_model(context, ModelName(kind), instant)
    feature_set = learn_feature_set(kind, history, context.settings, context.text) if served is None else served[1]
    if engine is None:
        features = build(feature_set, history, subjects, context.text)
    else:
        features = rows_in_pieces(engine, Place.of(context), partial(_history, instant), feature_set, subjects)
    names = history.partners.set_index("id")["external_id"].reindex(ids).to_numpy()
    features.insert(0, "partner", names)
    features.insert(1, "as_of", at)
    return features


def _history(as_of: datetime, context: "Intelligence") -> "History":
    return context.history(as_of)


def _scored(history: "History", kind: str, at: np.datetime64) -> np.ndarray:
    ids = history.partners["id"].to_numpy(np.int64)
    then = np.full(len(ids), at)
    if not len(ids):
        return ids
    if kind == "churn":
        return np.asarray(ids[members(history, ids, then)])
    return np.asarray(ids[history.status_as_of(ids, then).isin(RECRUITABLE).to_numpy(dtype=bool)])
