"""Assets and offers as one catalogue, and who engaged with what when, as arrays sorted by when we knew."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from store.frames import naive
from store.history import History

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

DAY = 86_400_000_000
"""Microseconds of a day: instants in item arrays are integer microseconds since 1970."""
NEVER = np.iinfo(np.int64).max
ALWAYS = np.iinfo(np.int64).min

_SOURCES = (("asset", "assets", "published_at", "expires_at"), ("offer", "offers", "valid_from", "valid_to"))
_KEPT = ("id", "external_id", "title", "body", "language", "topics", "products", "countries", "min_tier", "amount")


def instant_micros(as_of: object) -> int:
    """Return naive-UTC microseconds since 1970 of a ``datetime``, ``Timestamp`` or ``datetime64``.

    Examples
    --------
    >>> instant_micros("1970-01-02")
    86400000000
    >>> instant_micros(pd.Timestamp("1970-01-02 01:00", tz="Europe/Madrid"))
    86400000000
    """
    return int(naive(as_of).astype(np.int64))


def column(frame: pd.DataFrame, name: str, missing: object = np.nan) -> pd.Series:
    """Return column `name` of `frame`, or one full of `missing` when the frame has none."""
    if name in frame.columns:
        return frame[name]
    return pd.Series([missing] * len(frame), index=frame.index, dtype=object)


def _micros(values: pd.Series, missing: int) -> Ints:
    times = pd.to_datetime(values).to_numpy().astype("datetime64[us]")
    return np.where(np.isnat(times), missing, times.astype(np.int64))


def is_text(value: object) -> bool:
    """Tell whether `value` is a text with something in it."""
    return isinstance(value, str) and bool(value.strip())


@dataclass(frozen=True)
class ItemLog:
    """The catalogue of items and all known engagements with them.

    Parameters
    ----------
    history : History
        Where it comes from; profiles and rules are read from it.
    partner_ids : ndarray of int64, shape (n_partners,)
        Our ids; positions in this array name partners everywhere else.
    items : DataFrame of n_items rows
        ``type`` (asset or offer), ``id``, ``external_id``, ``title``, ``body``, ``form`` (the kind of asset or offer),
        ``language``, ``topics``, ``products``, ``countries``, ``min_tier``, ``amount`` and custom attributes.
    seen, opens, closes : ndarray of int64, shape (n_items,)
        Microseconds: first engagement, publication (NEVER when the item tells none), last instant of validity.
    partner, item, at, known : ndarray of int64, shape (n_events,)
        Engagements sorted by ``known``, when they were recorded; ``at`` is when they happened.
    weight : ndarray of float32, shape (n_events,)
        Weight of the kind of engagement, above 0.
    first : ndarray of bool, shape (n_events,)
        Whether the event is the first known of its pair of partner and item.
    order : ndarray of int64, shape (n_events,)
        How many partners were known to have engaged with the item before.
    """

    history: History
    partner_ids: Ints
    items: pd.DataFrame
    seen: Ints
    opens: Ints
    closes: Ints
    partner: Ints
    item: Ints
    at: Ints
    known: Ints
    weight: Floats
    first: Bools
    order: Ints
    cache: dict[Hashable, object] = field(default_factory=dict, repr=False, compare=False)

    @property
    def n_partners(self) -> int:
        """Number of partners."""
        return len(self.partner_ids)

    @property
    def n_items(self) -> int:
        """Number of assets and offers."""
        return len(self.items)

    @property
    def until(self) -> int:
        """Instant up to which everything is known, in microseconds."""
        return instant_micros(self.history.until)

    def openings(self, as_of: int) -> Ints:
        """Return from when each item may be recommended, told from what is known at `as_of`; shape (n_items,).

        Where no undated item of a type was engaged with yet, there is nothing to tell from: all are there already.
        """
        undated = self.opens == NEVER
        openings = np.where(undated, self.seen, self.opens)
        for type_ in ("asset", "offer"):
            of_type = undated & (self.items["type"].to_numpy() == type_)
            if not (self.seen[of_type] <= as_of).any():
                openings[of_type] = ALWAYS
        return openings

    def positions(self, partner_ids: Sequence[int] | Ints) -> Ints:
        """Return the position of each of our partner ids; -1 for one that is not known."""
        index = pd.Index(self.partner_ids)
        return index.get_indexer(pd.Index(np.asarray(partner_ids, dtype=np.int64))).astype(np.int64)

    def partners_frame(self) -> pd.DataFrame:
        """Return the partners in the order of their positions."""
        return self.history.partners.reset_index(drop=True)


def _catalogue(history: History) -> tuple[pd.DataFrame, Ints, Ints]:
    frames, opens, closes = [], [], []
    for type_, resource, opening, closing in _SOURCES:
        source: pd.DataFrame = getattr(history, resource)
        frame = pd.DataFrame({name: column(source, name) for name in _KEPT}, index=source.index)
        frame.insert(0, "type", type_)
        frame["form"] = column(source, "kind")
        for name in source.columns:
            if str(name).startswith("attributes."):
                frame[name] = source[name]
        frames.append(frame)
        opens.append(_micros(column(source, opening, pd.NaT), NEVER))
        end = _micros(column(source, closing, pd.NaT), NEVER)
        # A date is inclusive to the end of its day, an instant to itself.
        closes.append(np.where((end == NEVER) | (type_ == "asset"), end, end + DAY - 1))
    items = pd.concat([frame.astype(object) for frame in frames], ignore_index=True)
    return items, np.concatenate(opens), np.concatenate(closes)


def _events(history: History, items: pd.DataFrame, partner_ids: Ints, weights: Mapping[str, float]) -> pd.DataFrame:
    activities = history.activities
    parts = []
    for type_, name in (("asset", "asset_id"), ("offer", "offer_id")):
        of_type = items["type"].to_numpy() == type_
        index = pd.Index(items["id"].to_numpy()[of_type].astype(np.int64))
        found = index.get_indexer(column(activities, name, -1).fillna(-1).astype(np.int64))
        named = np.flatnonzero(found >= 0)
        parts.append(pd.DataFrame({"row": named, "item": np.flatnonzero(of_type)[found[named]]}))
    events = pd.concat(parts, ignore_index=True)
    rows = activities.iloc[events["row"].to_numpy()]
    events["partner"] = pd.Index(partner_ids).get_indexer(pd.Index(rows["partner_id"]))
    events["at"] = _micros(rows["occurred_at"], ALWAYS)
    events["known"] = np.maximum(events["at"], _micros(column(rows, "recorded_at", pd.NaT), ALWAYS))
    events["weight"] = rows["kind"].map(lambda kind: float(weights.get(str(kind), 1.0))).to_numpy(np.float32)
    events = events[(events["partner"] >= 0) & (events["weight"] > 0)]
    return events.sort_values(["known", "at", "partner", "item"], kind="stable", ignore_index=True)


def item_log(history: History, weights: Mapping[str, float]) -> ItemLog:
    """Read the catalogue and the engagements out of `history`.

    Parameters
    ----------
    history : History
        Everything known at some instant.
    weights : mapping of str to float
        Weight of an activity kind as engagement; kinds not named weigh 1, a kind of weight 0 is none.

    Notes
    -----
    An item without a date of publication is known from its first engagement on.
    """
    items, opens, closes = _catalogue(history)
    partner_ids = history.partners["id"].to_numpy(np.int64)
    events = _events(history, items, partner_ids, weights)
    item, known = events["item"].to_numpy(np.int64), events["known"].to_numpy(np.int64)
    seen = np.full(len(items), NEVER)
    np.minimum.at(seen, item, known)
    first = ~events.duplicated(["partner", "item"]).to_numpy()
    order = pd.Series(first).groupby(item).cumsum().to_numpy(np.int64) - first
    return ItemLog(
        history=history,
        partner_ids=partner_ids,
        items=items,
        seen=seen,
        opens=opens,
        closes=closes,
        partner=events["partner"].to_numpy(np.int64),
        item=item,
        at=events["at"].to_numpy(np.int64),
        known=known,
        weight=events["weight"].to_numpy(np.float32),
        first=first,
        order=order,
    )
