"""Rows to learn probabilities of an engagement from: what the ranker would have shown, and what came of it."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from domain.errors import TrainingImpossible
from intelligence.features.item_columns import PARTNER_FEATURES
from intelligence.features.item_features import FEATURE_SET, FEATURES, FINGERPRINT, Candidates, ItemFeatures
from intelligence.features.item_log import DAY, Ints
from intelligence.features.item_state import ItemSpace, ItemState
from training.dataset import Dataset, Floats

if TYPE_CHECKING:
    from models.recommenders_rank import Ranker

SHOWN = 20
_DEEPER = 6
_INSTANTS = 10
_MOST_ROWS = 18_000
BESIDE_SCORE = ("is_offer", *PARTNER_FEATURES)
"""What a probability rests on beside the ranking score. Few, and no more of the item: label windows of neighbouring
instants overlap, and what tells items apart would remember how each of them fared."""
_LEAST_LATER = 0.05
"""Share of the history that must lie after what the ranker was fitted on, for its score to be a feature."""


def label_days(space: ItemSpace, horizon_days: int) -> float:
    """Return the horizon to learn from: the wanted one, or a third of a history that is too short for it."""
    known = space.log.known
    span = (space.log.until - int(known[0])) / DAY if len(known) else 0.0
    return float(min(horizon_days, max(span / 3, 1.0)))


def _instants(space: ItemSpace, days: float, unseen: int | None) -> tuple[Ints, bool]:
    """Return instants to learn from, and whether the ranker has not seen what came after them."""
    first, last = int(space.log.known[0]), space.log.until - int(days * DAY)
    later = unseen is not None and last - unseen > _LEAST_LATER * (last - first)
    start = unseen if unseen is not None and later else first + (last - first) // 10
    return np.unique(np.linspace(start, last, _INSTANTS).astype(np.int64)), later


def _shown(found: Candidates, ranker: "Ranker", generator: np.random.Generator) -> tuple[Ints, Ints]:
    """Return rows and their places: the first ones of each list and a few from further down."""
    score = ranker.score(found.features)
    order = np.lexsort((-score, found.partner))
    owner = found.partner[order]
    start = np.flatnonzero(np.diff(owner, prepend=-1))
    sizes = np.diff([*start, len(owner)])
    place = np.arange(len(owner)) - np.repeat(start, sizes)
    chance = _DEEPER / np.maximum(np.repeat(sizes, sizes) - SHOWN, 1)
    kept = (place < SHOWN) | (generator.random(len(place)) < chance)
    return order[kept], np.minimum(place[kept], SHOWN)


def _rows_at(
    space: ItemSpace, as_of: int, ranker: "Ranker", days: float, generator: np.random.Generator
) -> pd.DataFrame:
    state = ItemState(space, as_of)
    living = np.flatnonzero(state.n_read > 0)
    cold = np.setdiff1d(_present(space, as_of), living)
    wanted = _MOST_ROWS // (_INSTANTS * (SHOWN + _DEEPER))
    rows = np.concatenate([living, generator.permutation(cold)[: max(len(living) // 4, 5)]])
    rows = np.sort(generator.permutation(rows)[:wanted])
    partner, item = state.new_pairs(days)
    positive = np.unique(partner * space.log.n_items + item)
    parts = []
    for found in ItemFeatures(state).candidates(rows):
        kept, place = _shown(found, ranker, generator)
        frame = found.frame().iloc[kept].reset_index(drop=True)
        key = found.partner[kept] * space.log.n_items + found.item[kept]
        frame = frame.assign(label=np.isin(key, positive), place=place, as_of=as_of)
        parts.append(frame.assign(partner=found.partner[kept], item=found.item[kept]))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _present(space: ItemSpace, as_of: int) -> Ints:
    """Return partners that were there and had not ended."""
    partners = space.log.history.partners
    instant = np.datetime64(as_of, "us")
    gone = (partners["ended_at"] <= instant) | (partners["recruited_at"] > instant)
    return np.flatnonzero(~gone.to_numpy())


def engage_dataset(space: ItemSpace, ranker: "Ranker", days: float, seed: int, *, unseen: int | None = None) -> Dataset:
    """Build rows of shown items at several instants, labelled by an engagement within `days`.

    Parameters
    ----------
    space : ItemSpace
        Catalogue and history.
    ranker : Ranker
        Says what would have been shown.
    days : float
        Horizon of the label.
    seed : int
        Of the sampling.
    unseen : int, optional
        Instant from which on the ranker has seen no outcome. If enough time lies after it, all rows do, and the
        ranking score is a feature: only there it is as good as it will be in serving.

    Raises
    ------
    TrainingImpossible
        If nothing could have been shown at any of them.
    """
    from models.recommend import with_score

    generator = np.random.default_rng(seed)
    as_ofs, later = _instants(space, days, unseen)
    found = [_rows_at(space, int(as_of), ranker, days, generator) for as_of in as_ofs]
    rows = pd.concat([part for part in found if len(part)], ignore_index=True) if any(map(len, found)) else None
    if rows is None:
        raise TrainingImpossible("no item could have been shown to any partner while outcomes were known")
    as_of = rows["as_of"].to_numpy(np.int64).astype("datetime64[us]")
    features = rows[list(FEATURES)]
    return Dataset(
        features=with_score(features, ranker, BESIDE_SCORE) if later and ranker.trees else features,
        label=rows["label"].to_numpy(np.float64),
        as_of=as_of,
        known_at=(rows["as_of"].to_numpy(np.int64) + int(days * DAY)).astype("datetime64[us]"),
        group=rows["partner"].to_numpy(np.int64),
        horizon_days=max(int(days), 1),
        extra=rows[["place", "item"]],
        feature_set=FEATURE_SET,
        fingerprint=FINGERPRINT,
    )


def _overall_rate(train: Dataset, test: Dataset) -> Floats:
    return np.full(len(test), (train.n_positive + 1.0) / (len(train) + 20.0))


def _rate_by_place(train: Dataset, test: Dataset) -> Floats:
    """Rate at the row's place in its list, shrunk to the overall rate."""
    overall = (train.n_positive + 1.0) / (len(train) + 20.0)
    places = train.extra["place"].to_numpy(np.int64)
    size = int(max(places.max(initial=0), test.extra["place"].max())) + 1
    hits, rows = np.bincount(places, train.label, size), np.bincount(places, minlength=size)
    rates = (hits + 20.0 * overall) / (rows + 20.0)
    return np.asarray(rates[test.extra["place"].to_numpy(np.int64)], dtype=np.float64)


ENGAGE_BASELINES = {"rate by place": _rate_by_place, "overall rate": _overall_rate}
"""Baselines of the probability of an engagement."""
