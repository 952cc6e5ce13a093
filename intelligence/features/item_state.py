"""What is known of items and partners at one instant: the ground that item features stand on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from intelligence.features.item_log import ALWAYS, DAY, NEVER, Bools, Floats, Ints, ItemLog
from intelligence.features.item_traits import (
    Encoder,
    Indicators,
    item_tags,
    item_vectors,
    partner_marks,
    partner_vectors,
)
from models.recommenders import Ease, fit_ease, partner_factors, unit_rows_sparse

N_HALF_LIVES = 6
_HOUR = DAY / 24
_SHORTEST_DAYS = 1 / 24


@dataclass(frozen=True)
class ItemScale:
    """The data's own pace, from which windows and half-lives follow.

    Parameters
    ----------
    half_lives_days : tuple of float
        Of decayed reader counts, ascending.
    window_days : float
        How far ahead the ranking looks.
    refit_days : float
        How often the EASE weights are renewed.
    """

    half_lives_days: tuple[float, ...]
    window_days: float
    refit_days: float

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON-serialisable values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave, also after a way through JSON."""
        half_lives = tuple(float(days) for days in values["half_lives_days"])
        return cls(half_lives, float(values["window_days"]), float(values["refit_days"]))


def ages_at_engagement(log: ItemLog, until: int) -> Floats:
    """Return in days how old items were when partners first engaged with them, as far as known at `until`."""
    chosen = log.first & (log.known <= until)
    item, at = log.item[chosen], log.at[chosen]
    born = np.minimum(log.opens, log.seen)[item]
    return np.asarray(np.maximum(at - born, 0) / DAY, dtype=np.float32)


def item_scale(log: ItemLog, until: int, horizon_days: int) -> ItemScale:
    """Choose windows by the age that items had when partners engaged with them.

    News is read within hours, a sales guide over years: half of the engagements fall before the median age.
    """
    ages = ages_at_engagement(log, until)
    median = float(np.median(ages)) if len(ages) else 30.0
    known = log.known[log.known <= until]
    span = (until - int(known[0])) / DAY if len(known) else 0.0
    shortest = float(np.clip(0.15 * median, _SHORTEST_DAYS, 7.0))
    longest = float(np.clip(50.0 * median, 30.0, 365.0))
    half_lives = tuple(float(days) for days in np.geomspace(shortest, longest, N_HALF_LIVES))
    # News is ranked by what is read next, lasting content by what is engaged with over the whole horizon.
    window = float(np.clip(min(round(2.0 * median), span / 6.0), 1, horizon_days))
    return ItemScale(half_lives, window, float(np.clip(window, 7.0, 30.0)))


class ItemSpace:
    """One history's catalogue with all that does not depend on an instant.

    Parameters
    ----------
    log : ItemLog
        Catalogue and engagements.
    scale : ItemScale
        Pace, as chosen in training.
    encoder : Encoder, optional
        For texts; without it likeness of texts is unknown.
    protected : sequence of str, default=()
        Custom attributes that never enter a feature.
    """

    def __init__(
        self, log: ItemLog, scale: ItemScale, encoder: Encoder | None = None, protected: Sequence[str] = ()
    ) -> None:
        self.log = log
        self.scale = scale
        self.encoder = encoder
        self.protected = tuple(protected)
        self._ease: tuple[int, Ease] | None = None
        self._factors: tuple[int, Floats] | None = None

    @cached_property
    def tags(self) -> Indicators:
        """Traits of the items."""
        return item_tags(self.log, self.protected)

    @cached_property
    def vectors(self) -> Floats:
        """Text vectors of the items."""
        return item_vectors(self.log, self.encoder)

    def factors(self, as_of: int) -> Floats:
        """Return partners' factors as of the last instant of the grid before `as_of`; shape (n_partners, k)."""
        step = int(self.scale.refit_days * DAY)
        grid = as_of // step * step
        if self._factors is None or self._factors[0] != grid:
            state = ItemState(self, grid)
            rarity = 1.0 / np.log2(2.0 + state.n_readers)
            unit = unit_rows_sparse(sparse.csr_array(state.engaged @ sparse.diags_array(rarity)))
            self._factors = (grid, partner_factors(unit))
        return self._factors[1]

    @cached_property
    def content(self) -> Floats:
        """What items are about: text vectors beside tags, each of length 1 at most; shape (n_items, d)."""
        tags = np.asarray(unit_rows_sparse(self.tags.matrix).toarray(), dtype=np.float32)
        return np.hstack([self.vectors, tags])

    def peer_profiles(self, profile: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return what partners are like: marks beside description, each of length 1 at most; shape (n_partners, f)."""
        marks = np.asarray(unit_rows_sparse(self.marks(profile).matrix).toarray(), dtype=np.float64)
        return np.hstack([marks, self.descriptions(profile).astype(np.float64)])

    @cached_property
    def _changed(self) -> tuple[str, ...]:
        changes = self.log.history.changes
        if not len(changes):
            return ()
        fields = changes.loc[changes["resource"] == "partners", "field"].astype(str).unique()
        columns = self.log.history.partners.columns
        names = (name for field in fields for name in (field, f"{field}_id", f"attributes.{field}"))
        return tuple(name for name in names if name in columns)

    @cached_property
    def _still(self) -> tuple[pd.DataFrame, Indicators, Floats]:
        profile = self.log.partners_frame()
        return profile, partner_marks(profile, self.protected), partner_vectors(profile, self.encoder)

    def profile(self, as_of: int) -> pd.DataFrame:
        """Return the partners as they were at `as_of`, in the order of their positions."""
        profile = self._still[0]
        if not self._changed:
            return profile
        profile = profile.copy()
        for name in self._changed:
            profile[name] = self.log.history.value_as_of("partners", name, profile["id"], np.datetime64(as_of, "us"))
        return profile

    def marks(self, profile: pd.DataFrame) -> Indicators:
        """Return the traits of the partners in `profile`."""
        return partner_marks(profile, self.protected) if self._changed else self._still[1]

    def descriptions(self, profile: pd.DataFrame) -> Floats:
        """Return the text vectors of the partners in `profile`."""
        changed = {"description", "industries"} & set(self._changed)
        return partner_vectors(profile, self.encoder) if changed else self._still[2]

    def ease(self, as_of: int) -> Ease:
        """Return EASE as fitted at the last instant of its grid before `as_of`: the same for training and serving."""
        step = int(self.scale.refit_days * DAY)
        grid = as_of // step * step
        if self._ease is None or self._ease[0] != grid:
            state = ItemState(self, grid)
            self._ease = (grid, fit_ease(state.engaged, state.decayed_readers(self.scale.half_lives_days[-1])))
        return self._ease[1]


class ItemState:
    """Everything known at one instant about who engaged with what.

    Parameters
    ----------
    space : ItemSpace
        The catalogue.
    as_of : int
        Instant in microseconds.

    Attributes
    ----------
    pair_partner, pair_item, pair_at, pair_order : ndarray of int64, shape (n_pairs,)
        Pairs engaged by then, when, and as the how-manieth reader of the item.
    """

    def __init__(self, space: ItemSpace, as_of: int) -> None:
        log = space.log
        self.space, self.log, self.as_of = space, log, as_of
        self.n_events = int(np.searchsorted(log.known, as_of, side="right"))
        first = np.flatnonzero(log.first[: self.n_events])
        self.pair_partner, self.pair_item = log.partner[first], log.item[first]
        self.pair_at, self.pair_order = log.at[first], log.order[first]
        self._shape = (log.n_partners, log.n_items)

    @cached_property
    def opens(self) -> Ints:
        """From when each item may be recommended."""
        return self.log.openings(self.as_of)

    @cached_property
    def open_items(self) -> Ints:
        """Positions of the items that are there and not over."""
        return np.flatnonzero((self.opens <= self.as_of) & (self.log.closes >= self.as_of))

    @cached_property
    def born(self) -> Ints:
        """Since when each item is known; `ALWAYS` becomes the first instant that anything is known of."""
        start = int(self.log.known[0]) if self.n_events else self.as_of
        born = np.minimum(self.opens, np.where(self.log.seen <= self.as_of, self.log.seen, NEVER))
        return np.where(born == ALWAYS, min(start, self.as_of), born)

    @cached_property
    def engaged(self) -> sparse.csr_array:
        """Engaged pairs as 1; shape (n_partners, n_items)."""
        return self.readers(np.ones(len(self.pair_item), dtype=np.float32))

    @cached_property
    def strength(self) -> sparse.csr_array:
        """Engaged pairs as log2(1 + summed weight); shape (n_partners, n_items)."""
        end = self.n_events
        values = (self.log.weight[:end], (self.log.partner[:end], self.log.item[:end]))
        matrix = sparse.csr_array(sparse.coo_array(values, shape=self._shape))
        matrix.data = np.log2(1.0 + matrix.data)
        return matrix

    def readers(self, values: Floats) -> sparse.csr_array:
        """Return a matrix with one of `values` for each engaged pair; shape (n_partners, n_items)."""
        kept = values > 1e-4
        pairs = (values[kept], (self.pair_partner[kept], self.pair_item[kept]))
        return sparse.csr_array(sparse.coo_array(pairs, shape=self._shape))

    def decay(self, half_life_days: float) -> Floats:
        """Return the weight of each engaged pair, halved every `half_life_days` since it began."""
        ages = (self.as_of - self.pair_at) / (half_life_days * DAY)
        return np.exp2(-np.maximum(ages, 0.0)).astype(np.float32)

    def decayed_readers(self, half_life_days: float) -> Floats:
        """Return the decayed number of readers of each item, shape (n_items,)."""
        return np.bincount(self.pair_item, self.decay(half_life_days), self.log.n_items).astype(np.float32)

    def decayed_events(self, half_life_days: float) -> Floats:
        """Return the decayed, weighted number of engagements with each item, repeated ones too, shape (n_items,)."""
        log, end = self.log, self.n_events
        ages = np.maximum(self.as_of - log.at[:end], 0) / (half_life_days * DAY)
        weight = np.log2(1.0 + log.weight[:end]) * np.exp2(-ages)
        return np.bincount(log.item[:end], weight, log.n_items).astype(np.float32)

    @cached_property
    def n_read(self) -> Floats:
        """Number of items that each partner engaged with."""
        return np.bincount(self.pair_partner, minlength=self.log.n_partners).astype(np.float32)

    @cached_property
    def n_readers(self) -> Floats:
        """Number of partners that engaged with each item."""
        return np.bincount(self.pair_item, minlength=self.log.n_items).astype(np.float32)

    @cached_property
    def log_age(self) -> Floats:
        """Return log(1 + hours) since each item is known; NaN before that."""
        hours = (self.as_of - self.born.astype(np.float64)) / _HOUR
        return np.log1p(np.where(hours >= 0, hours, np.nan)).astype(np.float32)

    @cached_property
    def pair_log_age(self) -> Floats:
        """Return log(1 + hours) of the items' age when each pair began."""
        hours = np.maximum(self.pair_at - self.born[self.pair_item], 0) / _HOUR
        return np.asarray(np.log1p(hours), dtype=np.float32)

    @cached_property
    def authors(self) -> Ints:
        """The partner that engaged with each item first; -1 for none yet."""
        authors = np.full(self.log.n_items, -1)
        opening = self.pair_order == 0
        authors[self.pair_item[opening]] = self.pair_partner[opening]
        return authors

    @cached_property
    def profile(self) -> pd.DataFrame:
        """The partners as they were."""
        return self.space.profile(self.as_of)

    def new_pairs(self, days: float) -> tuple[Ints, Ints]:
        """Return partners and items of the pairs that begin within `days` after the instant."""
        log = self.log
        later = np.flatnonzero(log.first & (log.at > self.as_of) & (log.at <= self.as_of + int(days * DAY)))
        later = later[log.known[later] > self.as_of]
        return log.partner[later], log.item[later]

    def taken(self, rows: Ints) -> Bools:
        """Return which items the partners at `rows` engaged with, dense, shape (len(rows), n_items)."""
        return np.asarray(self.engaged[rows].toarray() > 0)
