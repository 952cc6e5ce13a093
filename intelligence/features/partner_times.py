"""The events of partners as timelines, built once per history and kept while it lives."""

from collections.abc import Callable, Sequence
from functools import cached_property, wraps
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd

from intelligence.features.timeline import FloatArray, IntArray, TimeArray, Timeline, micros
from store.history import History

Fact = TypeVar("Fact")

DEAL_SIGN = "deal"
"""Name under which ``settings.life_signs`` speaks of deals registered or won."""
REGISTERED, WON = "deal registered", "deal won"


def times_of(history: History, life_signs: Sequence[str] = ()) -> "PartnerTimes":
    """Return the timelines of `history`, the same object for the same signs of life."""
    kept = _CACHE.setdefault(history, {})
    return kept.setdefault(tuple(sorted(life_signs)), PartnerTimes(history, life_signs))


def per_history(compute: Callable[..., Fact]) -> Callable[..., Fact]:
    """Return a function of a history (and of what can be hashed) that remembers its results while the history lives."""
    kept: WeakKeyDictionary[History, dict[tuple[Any, ...], Fact]] = WeakKeyDictionary()

    @wraps(compute)
    def remembered(history: History, *rest: Any) -> Fact:
        own = kept.setdefault(history, {})
        if rest not in own:
            own[rest] = compute(history, *rest)
        return own[rest]

    return remembered


def instants(frame: pd.DataFrame, name: str) -> TimeArray:
    """Return column `name` as ``datetime64[us]``, all ``NaT`` when the frame has none."""
    if name not in frame:
        return np.full(len(frame), np.datetime64("NaT", "us"))
    return np.asarray(frame[name].to_numpy(), dtype="datetime64[us]")


def numbers(frame: pd.DataFrame, name: str) -> FloatArray:
    """Return column `name` as float64, all NaN when the frame has none or it holds no numbers."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    return pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def references(frame: pd.DataFrame, name: str) -> IntArray:
    """Return column `name` as int64, all -1 when the frame has none."""
    return frame[name].to_numpy(np.int64) if name in frame else np.full(len(frame), -1, dtype=np.int64)


def is_word(frame: pd.DataFrame, name: str, word: str) -> npt.NDArray[np.bool_]:
    """Tell which rows have `word` in column `name`."""
    return np.asarray(frame[name] == word, dtype=bool) if name in frame else np.zeros(len(frame), dtype=bool)


class PartnerTimes:
    """Timelines whose entity is the partner.

    Parameters
    ----------
    history : History
        Where the events are.
    life_signs : sequence of str, optional
        Activity kinds that count as signs of life, ``deal`` for deals; empty: all.

    Attributes
    ----------
    memo : dict
        Whatever groups of features derive from these timelines and want to keep.
    """

    def __init__(self, history: History, life_signs: Sequence[str] = ()) -> None:
        # Frames, not the history: a value that refers to its key would keep a weak cache alive for ever.
        self._activities, self._deals = history.activities, history.deals
        self._life_signs = frozenset(life_signs)
        self.memo: dict[Any, Any] = {}

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of activity, most frequent first, then by name."""
        codes, names = self._kind_codes
        counts = np.bincount(codes + 1, minlength=len(names) + 1)[1:].tolist()
        return tuple(name for _, name in sorted(zip((-count for count in counts), names, strict=True)))

    @cached_property
    def _kind_codes(self) -> tuple[npt.NDArray[np.int64], list[str]]:
        """Place of each activity's kind in the list of kinds, -1 for none: words are compared once for all kinds."""
        if not len(self._activities):
            return np.zeros(0, dtype=np.int64), []
        codes, names = pd.factorize(self._activities["kind"])
        return codes, [str(name) for name in names]

    @cached_property
    def activities(self) -> Timeline:
        """All activities, with ``amount`` and ``quantity``."""
        acts = self._activities
        values = {name: numbers(acts, name) for name in ("amount", "quantity")}
        return Timeline(
            references(acts, "partner_id"), instants(acts, "occurred_at"), instants(acts, "recorded_at"), values
        )

    def of_kind(self, kind: str) -> Timeline:
        """Activities of one kind."""
        if kind not in self._by_kind:
            codes, names = self._kind_codes
            rows = np.flatnonzero(codes == names.index(kind)) if kind in names else np.zeros(0, dtype=np.int64)
            acts = self._activities
            occurred, recorded = instants(acts, "occurred_at")[rows], instants(acts, "recorded_at")[rows]
            self._by_kind[kind] = Timeline(references(acts, "partner_id")[rows], occurred, recorded)
        return self._by_kind[kind]

    @cached_property
    def _by_kind(self) -> dict[str, Timeline]:
        return {}

    @cached_property
    def registered(self) -> Timeline:
        """Deals registered."""
        return Timeline(references(self._deals, "partner_id"), instants(self._deals, "registered_at"))

    @cached_property
    def won(self) -> Timeline:
        """Deals won, at their close, with ``amount``."""
        return self._closed("won")

    @cached_property
    def lost(self) -> Timeline:
        """Deals lost, at their close."""
        return self._closed("lost")

    @cached_property
    def signs(self) -> Timeline:
        """Signs of life: deals registered or won, activities."""
        return Timeline(*self._sign_rows)

    @cached_property
    def sign_kinds(self) -> Timeline:
        """Signs of life with ``kind``, a position in ``sign_kind_names``."""
        entity, occurred, known = self._sign_rows
        place = {name: float(code) for code, name in enumerate(self.sign_kind_names)}
        of_kind = np.array([*(place[name] for name in self._kind_codes[1]), np.nan])
        codes = of_kind[self._kind_codes[0][self._counted_activities()]]
        deals = len(entity) - len(codes)
        won = int(is_word(self._deals, "outcome", "won").sum()) if deals else 0
        kind = np.concatenate([codes, np.full(deals - won, place[REGISTERED]), np.full(won, place[WON])])
        return Timeline(entity, occurred, known, {"kind": kind})

    @cached_property
    def sign_kind_names(self) -> tuple[str, ...]:
        """What a sign of life can be: kinds of activity, a deal registered, a deal won."""
        return (*self.kinds, REGISTERED, WON)

    @cached_property
    def sign_days(self) -> Timeline:
        """Days with a sign of life, at midnight; a day is known with its first known sign."""
        signs = self.signs
        day, owner = signs.occurred.astype("datetime64[D]"), signs.owners
        starts = np.flatnonzero((day[1:] != day[:-1]) | (owner[1:] != owner[:-1])) + 1
        starts = np.concatenate([np.zeros(min(len(day), 1), dtype=np.int64), starts])
        known = np.minimum.reduceat(micros(signs.known), starts) if len(starts) else np.zeros(0, dtype=np.int64)
        order = _by_day(day[starts])
        starts = starts[order]
        return Timeline(owner[starts], day[starts].astype("datetime64[us]"), known[order].view("datetime64[us]"))

    @cached_property
    def _sign_rows(self) -> tuple[IntArray, TimeArray, TimeArray]:
        counted = self._counted_activities()
        acts = self._activities if counted.all() else self._activities[counted]
        occurred = instants(acts, "occurred_at")
        entity, known = references(acts, "partner_id"), np.fmax(occurred, instants(acts, "recorded_at"))
        if self._life_signs and DEAL_SIGN not in self._life_signs:
            return entity, occurred, known
        won = self._deals[is_word(self._deals, "outcome", "won")]
        deals = [(self._deals, "registered_at"), (won, "closed_at")]
        at = [instants(frame, name) for frame, name in deals]
        seen = [np.fmax(instants(frame, name), instants(frame, "registered_at")) for frame, name in deals]
        owners = [references(frame, "partner_id") for frame, _ in deals]
        return np.concatenate([entity, *owners]), np.concatenate([occurred, *at]), np.concatenate([known, *seen])

    def _counted_activities(self) -> npt.NDArray[np.bool_]:
        if not self._life_signs:
            return np.ones(len(self._activities), dtype=bool)
        return np.asarray(self._activities["kind"].isin(list(self._life_signs)), dtype=bool)

    def _closed(self, outcome: str) -> Timeline:
        deals = self._deals[is_word(self._deals, "outcome", outcome)]
        # A deal closed without a date is known as closed from its registration on.
        closed = instants(deals, "closed_at")
        closed = np.where(np.isnat(closed), instants(deals, "registered_at"), closed)
        registered = instants(deals, "registered_at")  # nothing is known of a deal before, whatever its dates say
        return Timeline(references(deals, "partner_id"), closed, registered, {"amount": numbers(deals, "amount")})


def _by_day(day: TimeArray) -> IntArray:
    """Return the stable order of days; sorted by counting where they span less than 65,536."""
    number = day.astype(np.int64)
    short = len(day) > 0 and int(number.max()) - int(number.min()) <= np.iinfo(np.uint16).max
    return np.argsort((number - number.min()).astype(np.uint16) if short else number, kind="stable")


_CACHE: "WeakKeyDictionary[History, dict[tuple[str, ...], PartnerTimes]]" = WeakKeyDictionary()
