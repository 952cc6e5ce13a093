"""Lists to learn a ranking from: who engaged with what soon after an instant, among what could have been shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from intelligence.features.item_features import Candidates, ItemFeatures
from intelligence.features.item_log import DAY, Floats, Ints, ItemLog
from intelligence.features.item_state import ItemSpace, ItemState

MOST_INSTANTS = 100
"""The latest ones: habits move on, and older lists made rankings of later weeks worse."""
MOST_LISTS = 6_000
_FEW_INSTANTS = 40
MOST_NEGATIVES = 40


@dataclass(frozen=True, eq=False)
class Lists:
    """Candidates of many partners at many instants, with what was engaged with.

    Parameters
    ----------
    features : ndarray of float32, shape (n, n_features)
        Rows of one list stand together.
    label : ndarray of float32, shape (n,)
        1 where the partner engaged with the item within the window after the instant.
    sizes : ndarray of int64, shape (n_lists,)
        Rows of each list.
    partner, as_of : ndarray of int64, shape (n_lists,)
        Whom and when each list is for.
    is_offer : ndarray of bool, shape (n,)
        Which rows are offers.
    relevant : ndarray of int64, shape (n_lists,)
        Items that were there and that the partner engaged with, among the rows or not.
    relevant_offers : ndarray of int64, shape (n_lists,)
        Offers among them.
    """

    features: Floats
    label: Floats
    sizes: Ints
    partner: Ints
    as_of: Ints
    is_offer: npt.NDArray[np.bool_]
    relevant: Ints
    relevant_offers: Ints

    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """Return all arrays, in the order of the parameters."""
        return tuple(getattr(self, name) for name in _FIELDS)

    @property
    def n_lists(self) -> int:
        """Number of lists."""
        return len(self.sizes)

    @property
    def hits(self) -> Floats:
        """Positive rows of each list."""
        return np.bincount(self.list_of_row, self.label, self.n_lists).astype(np.float32)

    @property
    def list_of_row(self) -> Ints:
        """Which list each row belongs to."""
        return np.repeat(np.arange(self.n_lists), self.sizes)

    def of(self, chosen: npt.NDArray[np.bool_]) -> "Lists":
        """Return the chosen lists (mask of shape (n_lists,))."""
        rows = np.repeat(chosen, self.sizes)
        return Lists(
            self.features[rows],
            self.label[rows],
            self.sizes[chosen],
            self.partner[chosen],
            self.as_of[chosen],
            self.is_offer[rows],
            self.relevant[chosen],
            self.relevant_offers[chosen],
        )


def instants(log: ItemLog, until: int, window_days: float, *, most: int = MOST_INSTANTS) -> Ints:
    """Return instants whose window has passed by `until`, ascending, spaced by the data's pace.

    The first tenth of the engagements only serves as history. Windows overlap where there are few of them.
    """
    known = log.known[log.first & (log.known <= until)]
    if not len(known):
        return np.zeros(0, dtype=np.int64)
    start, end = int(known[len(known) // 10]), until - int(window_days * DAY)
    span = (end - start) / DAY
    if span <= 0:
        return np.zeros(0, dtype=np.int64)
    # Long windows overlap, so that there are instants enough.
    step = window_days / max(np.ceil(_FEW_INSTANTS * window_days / span), 1.0)
    n = int(min(most, span // step + 1))
    return end - np.arange(n - 1, -1, -1, dtype=np.int64) * int(step * DAY)


def _thin(lists: "Lists", generator: np.random.Generator, most: int) -> Ints:
    """Return the rows to keep: all positives, and as many others of each list, drawn evenly.

    Evenly, because a choice of the hard ones would make their kind look worse than it is.
    """
    draw = generator.random(len(lists.label))
    draw[lists.label > 0] = -1.0
    owner = lists.list_of_row
    order = np.lexsort((draw, owner))
    starts = np.cumsum(lists.sizes) - lists.sizes
    place = np.arange(len(order)) - starts[owner]
    return np.sort(order[place < most + lists.hits[owner]])


def _lists_at(
    space: ItemSpace, as_of: int, most_lists: int, generator: np.random.Generator, negatives: int | None
) -> Iterator[Lists]:
    state = ItemState(space, as_of)
    partner, item = state.new_pairs(space.scale.window_days)
    there = np.isin(item, state.open_items)
    partner, item = partner[there], item[there]
    rows = np.unique(partner)
    if len(rows) > most_lists:
        rows = np.sort(generator.choice(rows, most_lists, replace=False))
    positive = np.unique(partner * space.log.n_items + item)
    relevant = _counts(space, positive)
    for found in ItemFeatures(state).candidates(rows):
        lists = _as_lists(found, np.isin(found.partner * space.log.n_items + found.item, positive), as_of, relevant)
        if negatives is not None:
            lists = _thinned(lists.of(lists.hits > 0), generator, negatives)
        if lists.n_lists:
            yield lists


def _counts(space: ItemSpace, pairs: Ints) -> tuple[Ints, Ints]:
    """Return for each partner the number of its pairs, and of those with an offer."""
    partner, item = pairs // space.log.n_items, pairs % space.log.n_items
    offers = (space.log.items["type"] == "offer").to_numpy()[item]
    n = space.log.n_partners
    return np.bincount(partner, minlength=n), np.bincount(partner[offers], minlength=n)


def _as_lists(found: Candidates, label: npt.NDArray[np.bool_], as_of: int, relevant: tuple[Ints, Ints]) -> Lists:
    partner, sizes = np.unique(found.partner, return_counts=True)
    offers = found.column("is_offer") > 0
    when = np.full(len(partner), as_of)
    counts = (relevant[0][partner], relevant[1][partner])
    return Lists(found.features, label.astype(np.float32), sizes, partner, when, offers, *counts)


def _thinned(lists: Lists, generator: np.random.Generator, most: int) -> Lists:
    if lists.sizes.max(initial=0) <= most:
        return lists
    rows = _thin(lists, generator, most)
    sizes = np.bincount(lists.list_of_row[rows], minlength=lists.n_lists)
    kept = (lists.features[rows], lists.label[rows], sizes, lists.partner, lists.as_of, lists.is_offer[rows])
    return Lists(*kept, lists.relevant, lists.relevant_offers)


def thinned(lists: Lists, seed: int, most: int = MOST_NEGATIVES) -> Lists:
    """Return the lists that hold something right, with at most `most` of the other rows each."""
    return _thinned(lists.of(lists.hits > 0), np.random.default_rng(seed), most)


def of_kind(lists: Lists, offers: bool) -> Lists:
    """Return the rows of one kind of item, in lists that hold something right of that kind."""
    chosen = lists.is_offer == offers
    sizes = np.bincount(lists.list_of_row[chosen], minlength=lists.n_lists)
    relevant = lists.relevant_offers if offers else lists.relevant - lists.relevant_offers
    part = Lists(
        lists.features[chosen],
        lists.label[chosen],
        sizes,
        lists.partner,
        lists.as_of,
        lists.is_offer[chosen],
        relevant,
        lists.relevant_offers,
    )
    return part.of((relevant > 0) & (sizes > 0))


def _even_cap(counts: Sequence[int], most: int) -> int:
    """Return the largest cap under which the capped counts add up to at most `most`, at least 1.

    Examples
    --------
    >>> _even_cap([2, 10, 10], 12), _even_cap([3, 4], 100)
    (5, 4)
    """
    ordered = np.sort(np.asarray(counts, dtype=np.int64))
    left = most
    for place, count in enumerate(ordered):
        share = left // (len(ordered) - place)
        if count > share:
            return max(int(share), 1)
        left -= int(count)
    return int(ordered[-1]) if len(ordered) else 1


def build_lists(
    space: ItemSpace,
    as_ofs: Sequence[int] | Ints,
    *,
    seed: int,
    most_lists: int = MOST_LISTS,
    negatives: int | None = MOST_NEGATIVES,
) -> Lists | None:
    """Build the lists of partners that engaged with something new within the window after each instant.

    Parameters
    ----------
    space : ItemSpace
        Catalogue with the history that holds the outcomes.
    as_ofs : sequence of int
        Instants, ascending.
    seed : int
        Of the sampling of lists and negatives.
    most_lists : int
        In all; an instant gives as many as any other, or all that it has.
    negatives : int, optional
        Kept a list, next to all positives. None: rows are what serving would rank, whatever it misses.

    Returns
    -------
    Lists or None
        None when nobody engaged with anything that could have been shown.
    """
    generator, window = np.random.default_rng(seed), space.scale.window_days
    each = _even_cap(
        [len(np.unique(ItemState(space, int(as_of)).new_pairs(window)[0])) for as_of in as_ofs], most_lists
    )
    found = [part for as_of in as_ofs for part in _lists_at(space, int(as_of), each, generator, negatives)]
    if not found:
        return None
    return Lists(*(np.concatenate([getattr(part, name) for part in found]) for name in _FIELDS))


_FIELDS = ("features", "label", "sizes", "partner", "as_of", "is_offer", "relevant", "relevant_offers")
