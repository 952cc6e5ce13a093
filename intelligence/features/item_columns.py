"""Features of items alone and of partners alone, at one instant."""

from functools import cached_property

import numpy as np
import pandas as pd

from intelligence.features.item_log import DAY, Floats, Ints, column
from intelligence.features.item_state import N_HALF_LIVES, ItemState

UNKNOWN = np.float32(np.nan)
_USUAL = 3.0
"""Items of an author after which how far they reached weighs as much as what is usual."""

ITEM_FEATURES = (
    "is_offer",
    "item_log_age",
    "item_rank_newest",
    "item_log_readers",
    *(f"item_readers_{n}" for n in range(N_HALF_LIVES)),
    *(f"item_rank_readers_{n}" for n in (0, 1, 3)),
    "item_share_1",
    "item_growth",
    "item_log_hours_quiet",
    "item_depth",
    *(f"item_events_{n}" for n in (1, 2, 3)),
    "item_log_days_left",
    "author_reach",
    "author_log_items",
)
PARTNER_FEATURES = (
    "partner_log_read",
    "partner_read_recently",
    "partner_log_hours_quiet",
    "partner_log_tenure",
    "partner_usual_log_age",
    "partner_usual_log_order",
    "partner_depth",
)


def _rank(values: Floats, cols: Ints) -> Floats:
    """Return the rank (0 = highest) among `cols` of each item; others get the number of `cols`."""
    ranks = np.full(len(values), len(cols), dtype=np.float32)
    ranks[cols[np.argsort(-values[cols], kind="stable")]] = np.arange(len(cols))
    return ranks


def ratio(top: Floats, bottom: Floats) -> Floats:
    """Divide; NaN where `bottom` is 0."""
    return np.divide(top, bottom, out=np.full(len(top), UNKNOWN, dtype=np.float32), where=bottom > 0)


class ItemColumns:
    """Features of items and of partners at one instant.

    Parameters
    ----------
    state : ItemState
        What is known at the instant.
    """

    def __init__(self, state: ItemState) -> None:
        self.state = state
        self.half_lives = state.space.scale.half_lives_days

    @cached_property
    def decayed(self) -> list[Floats]:
        """Decayed readers of each item, one array a half-life."""
        return [self.state.decayed_readers(days) for days in self.half_lives]

    @cached_property
    def item_values(self) -> dict[str, Floats]:
        """Features of the items alone, each of shape (n_items,)."""
        state, readers, cols = self.state, self.decayed, self.state.open_items
        last = np.full(state.log.n_items, np.nan)
        ends = pd.Series(state.pair_at).groupby(state.pair_item).max()
        last[ends.index.to_numpy()] = ends.to_numpy()
        end = state.n_events
        depth = np.bincount(state.log.item[:end], state.log.weight[:end], state.log.n_items).astype(np.float32)
        days_left = (state.log.closes.astype(np.float64) - state.as_of) / DAY
        values = {
            "is_offer": (state.log.items["type"] == "offer").to_numpy(np.float32),
            "item_log_age": state.log_age,
            "item_rank_newest": _rank(-np.nan_to_num(state.log_age, nan=np.inf), cols),
            "item_log_readers": np.log1p(state.n_readers),
            "item_share_1": readers[1] / max(float(readers[1].sum()), 1e-9),
            "item_growth": ratio(readers[1], readers[3]),
            "item_log_hours_quiet": np.log1p(np.maximum(state.as_of - last, 0) / (DAY / 24)),
            "item_depth": ratio(depth, state.n_readers),
            "item_log_days_left": np.where(days_left < 36_500, np.log1p(np.maximum(days_left, 0)), np.nan),
        }
        values |= {f"item_readers_{n}": counts for n, counts in enumerate(readers)}
        values |= {f"item_rank_readers_{n}": _rank(readers[n], cols) for n in (0, 1, 3)}
        values |= {f"item_events_{n}": state.decayed_events(self.half_lives[n]) for n in (1, 2, 3)}
        values |= self._author_values()
        return {name: np.asarray(value, dtype=np.float32) for name, value in values.items()}

    def _author_values(self) -> dict[str, Floats]:
        """Features of who engaged with each item first (its author, as a rule): how far its other items reached."""
        state = self.state
        author = state.authors
        known = author >= 0
        reach = np.log(np.maximum(state.n_readers, 1.0)).astype(np.float64)
        usual = float(reach[known].mean()) if known.any() else 0.0
        total = np.bincount(author[known], reach[known], state.log.n_partners)[author]
        count = np.bincount(author[known], minlength=state.log.n_partners)[author]
        # Without the item itself, shrunk to what is usual.
        others = (total - reach + _USUAL * usual) / (count - 1 + _USUAL)
        return {
            "author_reach": np.where(known, others, UNKNOWN).astype(np.float32),
            "author_log_items": np.where(known, np.log1p(count), UNKNOWN).astype(np.float32),
        }

    @cached_property
    def habit(self) -> tuple[Floats, Floats, Floats]:
        """Return mean and spread of log age, and mean log order, of each partner, shrunk to everyone's."""
        state, n = self.state, self.state.log.n_partners
        logs, order = state.pair_log_age, np.log1p(state.pair_order)
        everyone = (float(logs.mean()), float(logs.var()), float(order.mean())) if len(logs) else (3.0, 4.0, 1.0)
        count = state.n_read + 3.0
        mean = (np.bincount(state.pair_partner, logs, n) + 3.0 * everyone[0]) / count
        squares = np.bincount(state.pair_partner, (logs - mean[state.pair_partner]) ** 2, n)
        spread_ = np.sqrt((squares + 3.0 * everyone[1]) / count + 0.05)
        orders = (np.bincount(state.pair_partner, order, n) + 3.0 * everyone[2]) / count
        return mean.astype(np.float32), spread_.astype(np.float32), orders.astype(np.float32)

    @cached_property
    def partner_values(self) -> dict[str, Floats]:
        """Features of the partners alone, each of shape (n_partners,)."""
        state, n = self.state, self.state.log.n_partners
        end = state.n_events
        last = np.full(n, np.nan)
        last[state.log.partner[:end]] = state.log.at[:end]  # sorted by time: the latest stays
        weight = np.bincount(state.log.partner[:end], state.log.weight[:end], n).astype(np.float32)
        recruited = pd.to_datetime(column(state.profile, "recruited_at", pd.NaT)).to_numpy().astype("datetime64[us]")
        days = (np.int64(state.as_of) - recruited.astype(np.int64)) / DAY
        tenure = np.where(np.isnat(recruited) | (days < 0), np.nan, days)
        values = {
            "partner_log_read": np.log1p(state.n_read),
            "partner_read_recently": np.bincount(state.pair_partner, state.decay(self.half_lives[3]), n),
            "partner_log_hours_quiet": np.log1p(np.maximum(state.as_of - last, 0) / (DAY / 24)),
            "partner_log_tenure": np.log1p(tenure),
            "partner_usual_log_age": self.habit[0],
            "partner_usual_log_order": self.habit[2],
            "partner_depth": ratio(weight, state.n_read),
        }
        return {name: np.asarray(value, dtype=np.float32) for name, value in values.items()}
