"""Ranked items for partners at one instant: candidates, scores, what tires, probabilities."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from intelligence.features.item_features import FEATURES, Candidates, ItemFeatures
from intelligence.features.item_log import DAY, Floats, Ints, item_log
from intelligence.features.item_state import ItemScale, ItemSpace, ItemState, item_scale
from intelligence.features.item_traits import Encoder
from intelligence.recommend.diversity import reorder
from intelligence.recommend.fatigue import Fatigue, Reaction
from intelligence.recommend.worth import by_value, worths

if TYPE_CHECKING:
    from domain.settings import Settings
    from models.recommend import RecommendModel
    from store.history import History

Doubles = npt.NDArray[np.float64]

KINDS = ("asset", "offer")
_DEPTH = 20
_KEPT_GROUNDS = 3


@dataclass(frozen=True, eq=False)
class Ranking:
    """The first items of some partners, the best first.

    Parameters
    ----------
    partner, item : ndarray of int64, shape (n,)
        Positions in the log; rows of one partner stand together in the order of `rank`.
    rank : ndarray of int64, shape (n,)
        From 1.
    p, low, high : ndarray of float64, shape (n,)
        Probability of an engagement within the horizon, never rising along the ranker's order, and its 80 % interval.
    features : ndarray of float32, shape (n, n_features)
        What they rest on.
    """

    partner: Ints
    item: Ints
    rank: Ints
    p: Doubles
    low: Doubles
    high: Doubles
    features: Floats

    def __len__(self) -> int:
        return len(self.partner)

    def frame(self) -> pd.DataFrame:
        """Return the features as a frame."""
        return pd.DataFrame(self.features.astype(np.float64), columns=list(FEATURES))


_grounds: list[tuple["History", tuple[object, ...], ItemSpace]] = []
_grounds_lock = threading.Lock()


def item_space(
    history: "History", settings: "Settings", encoder: Encoder | None, model: "RecommendModel | None"
) -> ItemSpace:
    """Return the catalogue of a history at the pace of the model; the last few are kept in memory."""
    pace = ItemScale.from_dict(model.pace) if model is not None else None
    key = (pace, tuple(sorted(settings.engagement_weights.items())), settings.protected_attributes, id(encoder))
    with _grounds_lock:
        for known, key_, space in _grounds:
            # A later instant without a change of the store comes as another history of the same frames.
            if known.activities is history.activities and known.assets is history.assets and key_ == key:
                return space
    log = item_log(history, settings.engagement_weights)
    scale = pace or item_scale(log, log.until, settings.recommend_horizon_days)
    space = ItemSpace(log, scale, encoder, settings.protected_attributes)
    with _grounds_lock:
        _grounds.append((history, key, space))
        del _grounds[:-_KEPT_GROUNDS]
    return space


def baseline_score(features: Floats) -> Doubles:
    """Rank without a model: lately read first, then by fit of segment and text, then the newest.

    Parameters
    ----------
    features : ndarray of float32, shape (n, n_features)
        Columns as `FEATURES`.
    """

    def column(name: str) -> Doubles:
        return np.nan_to_num(features[:, FEATURES.index(name)].astype(np.float64))

    fit = column("text_history") + column("text_description") + column("segment_lift") + column("own_topics")
    return column("item_readers_3") + 0.05 * np.tanh(fit) - 1e-4 * column("item_log_age")


def baseline_probability(state: ItemState, partner: Ints, item: Ints, horizon_days: int) -> Doubles:
    """Return the share of active partners that engaged with an item over the last horizon, shrunk to a small one."""
    since = state.as_of - horizon_days * DAY
    lately = state.pair_at > since
    readers = np.bincount(state.pair_item[lately], minlength=state.log.n_items)[item]
    active = len(np.unique(state.pair_partner[lately]))
    p = (readers + 0.5) / (active + 10.0)
    return np.where(state.n_read[partner] > 0, p, 0.7 * p)


def falling(p: Doubles, group: Ints) -> Doubles:
    """Return the nearest probabilities that never rise within a group; rows of a group stand together.

    Examples
    --------
    >>> falling(np.array([0.5, 0.2, 0.4, 0.1]), np.array([0, 0, 0, 1])).round(2).tolist()
    [0.5, 0.3, 0.3, 0.1]
    """
    result = p.copy()
    bounds = [*np.flatnonzero(np.diff(group, prepend=-1)), len(p)]
    for begin, end in pairwise(bounds):
        blocks: list[tuple[float, int]] = []
        for value in p[begin:end]:
            total, size = float(value), 1
            while blocks and blocks[-1][0] / blocks[-1][1] < total / size:
                total, size = total + blocks[-1][0], size + blocks[-1][1]
                blocks.pop()
            blocks.append((total, size))
        result[begin:end] = np.concatenate([np.full(size, total / size) for total, size in blocks])
    return result


def _first(found: Candidates, score: Doubles, depth: int) -> tuple[Ints, Ints]:
    """Return the rows of the first `depth` of each partner in order, and their ranks."""
    order = np.lexsort((found.item, -score, found.partner))
    order = order[np.isfinite(score[order])]
    owner = found.partner[order]
    start = np.flatnonzero(np.diff(owner, prepend=-1))
    place = np.arange(len(owner)) - np.repeat(start, np.diff([*start, len(owner)]))
    kept = place < depth
    return order[kept], place[kept] + 1


@dataclass(frozen=True)
class Wish:
    """What is asked of a ranking.

    Parameters
    ----------
    top : int, default=10
        Items a partner.
    kinds : sequence of str, default=("asset", "offer")
        Kinds of items.
    order : {"engagement", "value"}, default="engagement"
        Value: expected worth first, which offers have.
    diversity : float, default=0.0
        Trade-off of relevance (0) against unlikeness (1) within a list.
    """

    top: int = 10
    kinds: Sequence[str] = KINDS
    order: str = "engagement"
    diversity: float = 0.0


def rank_items(
    space: ItemSpace,
    model: "RecommendModel | None",
    rows: Ints,
    as_of: int,
    *,
    wish: Wish | None = None,
    reactions: Iterable[Reaction] = (),
    settings: "Settings",
) -> tuple[Ranking, ItemFeatures]:
    """Rank what may be shown to partners and was not engaged with.

    Parameters
    ----------
    space : ItemSpace
        Catalogue of a history that reaches to `as_of` or beyond.
    model : RecommendModel, optional
        None: the baseline ranks.
    rows : ndarray of int64
        Positions of the partners.
    as_of : int
        Instant in microseconds.
    wish : Wish, optional
        How many, of which kinds, in which order.
    reactions : iterable of Reaction, optional
        Dismissed items are left out, those shown often without being opened sink.
    settings : Settings
        Horizon of the baseline's probability (a model has its own), threads.

    Returns
    -------
    Ranking, ItemFeatures
        And the ground that it stands on, for reasons.
    """
    wish = wish or Wish()
    state = ItemState(space, as_of)
    features = ItemFeatures(state, tuple(wish.kinds))
    fatigue = Fatigue(state, reactions)
    score: Callable[[Floats], Doubles] = (
        baseline_score if model is None else lambda rows_: model.score(rows_, settings.training_threads)
    )
    depth = space.log.n_items if wish.order == "value" else max(wish.top, _DEPTH)
    parts = []
    for found in features.candidates(np.sort(rows)):
        points = fatigue.apply(found, score(found.features))
        kept, _ = _first(found, points, depth)
        parts.append((found.partner[kept], found.item[kept], found.features[kept], points[kept]))
    if not parts:
        return _nothing(), features
    partner, item, values, points = (np.concatenate(part) for part in zip(*parts, strict=True))
    p, low, high = _probabilities(state, model, (partner, item, values), settings.recommend_horizon_days)
    level = falling(p, partner)
    ranking = Ranking(partner, item, item, level, np.minimum(low, level), np.maximum(high, level), values)
    return _ordered(state, ranking, points, wish), features


def _nothing() -> Ranking:
    empty, none = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Ranking(empty, empty, empty, none, none, none, np.zeros((0, len(FEATURES)), np.float32))


def _ordered(state: ItemState, found: Ranking, points: Doubles, wish: Wish) -> Ranking:
    """Return the first rows of each partner in the order that is wished."""
    order = np.arange(len(found))
    if wish.order == "value":
        points = by_value(found.p, worths(state)[found.item])
        order = np.lexsort((-points, found.partner))
    if wish.diversity > 0:
        content = state.space.content
        order = order[reorder(found.partner[order], found.item[order], points[order], content, wish.diversity)]
    owner = found.partner[order]
    start = np.flatnonzero(np.diff(owner, prepend=-1))
    rank = np.arange(len(owner)) - np.repeat(start, np.diff([*start, len(owner)])) + 1
    kept, rank = order[rank <= wish.top], rank[rank <= wish.top]
    p, low, high = found.p[kept], found.low[kept], found.high[kept]
    return Ranking(found.partner[kept], found.item[kept], rank, p, low, high, found.features[kept])


def _probabilities(
    state: ItemState, model: "RecommendModel | None", rows: tuple[Ints, Ints, Floats], horizon_days: int
) -> tuple[Doubles, Doubles, Doubles]:
    partner, item, values = rows
    if model is None:
        p = baseline_probability(state, partner, item, horizon_days)
        return p, p / 3.0, np.minimum(3.0 * p, 0.99)
    found = model.predict(pd.DataFrame(values.astype(np.float64), columns=list(FEATURES)))
    return found.p, found.low, found.high
