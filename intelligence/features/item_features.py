"""Candidates from several sources and their features: the one entrance for training and serving alike."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from intelligence.features.item_access import allowed
from intelligence.features.item_columns import ITEM_FEATURES, PARTNER_FEATURES, ItemColumns
from intelligence.features.item_log import Bools, Floats, Ints
from intelligence.features.item_pairs import PAIR_FEATURES, ItemPairs
from intelligence.features.item_state import ItemState

FEATURE_SET = "items/1"
FEATURES = (*ITEM_FEATURES, *PARTNER_FEATURES, *PAIR_FEATURES)
FINGERPRINT = hashlib.sha256("\n".join((FEATURE_SET, *FEATURES)).encode()).hexdigest()[:16]
PER_SOURCE = 60
"""Candidates that each source may name for a partner."""

_ALL_BELOW = 400
_CELLS = 1_500_000
_ITEM_SOURCES = ("item_log_readers", "item_readers_0", "item_readers_1", "item_readers_3", "item_growth")
_PAIR_SOURCES = (
    "knn_all",
    "knn_short",
    "knn_mid",
    "ease",
    "own_topics",
    "text_history",
    "text_description",
    "segment_lift",
)


@dataclass(frozen=True, eq=False)
class Candidates:
    """Pairs to rank at one instant.

    Parameters
    ----------
    partner, item : ndarray of int64, shape (n,)
        Positions in the log; pairs of one partner stand together.
    features : ndarray of float32, shape (n, len(FEATURES))
        Columns as `FEATURES`; NaN is unknown.
    """

    partner: Ints
    item: Ints
    features: Floats

    def __len__(self) -> int:
        return len(self.partner)

    def frame(self) -> pd.DataFrame:
        """Return the features as a frame of float64 columns."""
        return pd.DataFrame(self.features.astype(np.float64), columns=list(FEATURES))

    def column(self, name: str) -> Floats:
        """Return one feature of all pairs."""
        return self.features[:, FEATURES.index(name)]


def _mark_top(values: Floats, open_: Bools, marked: Bools, n: int) -> None:
    """Mark in each row the `n` highest of the open cells; NaN counts as lowest."""
    ranked = np.where(open_ & ~np.isnan(values), values, -np.inf)
    top = np.argpartition(-ranked, n - 1, axis=1)[:, :n]
    np.put_along_axis(marked, top, True, axis=1)


class ItemFeatures:
    """Chooses candidates and computes their features at one instant.

    Parameters
    ----------
    state : ItemState
        What is known at the instant.
    types : tuple of str, default=("asset", "offer")
        Kinds of items to look at.
    """

    def __init__(self, state: ItemState, types: tuple[str, ...] = ("asset", "offer")) -> None:
        self.state = state
        self.columns = ItemColumns(state)
        self.pairs = ItemPairs(self.columns)
        wanted = state.log.items["type"].isin(types).to_numpy()
        self._cols = state.open_items[wanted[state.open_items]]

    def candidates(self, rows: Ints) -> Iterator[Candidates]:
        """Yield the candidates of the partners at positions `rows`, some partners at a time.

        Parameters
        ----------
        rows : ndarray of int64
            Positions of partners, ascending.
        """
        widest = max(self.state.log.n_items, self.state.log.n_partners, 1)
        size = int(np.clip(_CELLS // widest, 4, 512))
        for start in range(0, len(rows), size):
            chunk = rows[start : start + size]
            if len(self._cols):
                yield self._chunk(chunk)

    def _chunk(self, rows: Ints) -> Candidates:
        cols = self._cols
        may = allowed(self.state, rows, cols) & ~self.state.taken(rows)[:, cols]
        dense = {name: values[:, cols] for name, values in self.pairs.dense(rows).items()}
        marked = may & self._sources(dense, may)
        row, col = np.nonzero(marked)
        return Candidates(rows[row], cols[col], self._gather(rows[row], cols[col], dense, (row, col)))

    def _sources(self, dense: dict[str, Floats], may: Bools) -> Bools:
        if may.shape[1] <= _ALL_BELOW:
            return np.ones_like(may)
        marked = np.zeros_like(may)
        alone = self.columns.item_values
        newest = -alone["item_log_age"]
        for values in (newest, *(alone[name] for name in _ITEM_SOURCES)):
            _mark_top(np.broadcast_to(values[self._cols], may.shape), may, marked, PER_SOURCE)
        for name in _PAIR_SOURCES:
            if not np.isnan(dense[name]).all():
                _mark_top(dense[name], may, marked, PER_SOURCE)
        return marked

    def _gather(self, partner: Ints, item: Ints, dense: dict[str, Floats], cells: tuple[Ints, Ints]) -> Floats:
        result = np.empty((len(partner), len(FEATURES)), dtype=np.float32)
        alone, own, single = self.columns.item_values, self.columns.partner_values, self.pairs.cells(partner, item)
        for place, name in enumerate(FEATURES):
            if name in alone:
                result[:, place] = alone[name][item]
            elif name in own:
                result[:, place] = own[name][partner]
            else:
                result[:, place] = single[name] if name in single else dense[name][cells]
        return result
