"""The partner's side of a pair: profiles as they stood, stepped forward in time."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from store.history import History

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

_LISTS = ("territories", "industries", "languages")
_NUMBERS = ("employees", "annual_revenue", "max_open_leads", "latitude", "longitude")
_WORDS = ("kind", "tier", "country", "region", "city", "description")
_INSTANTS = ("recruited_at", "founded_on")
_LONG_AGO = np.datetime64("1800-01-01", "us")


class PartnerProfiles:
    """Fields of all partners as of an instant that only moves forward.

    Parameters
    ----------
    history : History
        What was known at its ``until``.

    Attributes
    ----------
    ids : int64 array of shape (p,)
        Our ids, ascending; positions in all other arrays.
    values : dict of str to array of shape (p,)
        Floats (instants as days since 1970, NaN for none), or objects (text or None, tuples for lists).
    versions : Counter of str
        How often each field has changed so far.
    """

    def __init__(self, history: "History") -> None:
        self._history = history
        self.ids: Ints = np.sort(history.partners["id"].to_numpy(np.int64))
        custom = [name for name in history.partners.columns if name.startswith("attributes.")]
        self.numbers = (*_NUMBERS, *_INSTANTS, *(name for name in custom if _is_number(history, name)))
        self.words = ("status", *_WORDS, *(name for name in custom if not _is_number(history, name)))
        start = np.full(len(self.ids), _LONG_AGO)
        self.values = {name: self._read(name, self.ids, start).copy() for name in (*self.numbers, *self.words, *_LISTS)}
        self._updates = self._find_updates()
        self._done = 0
        self._cache: dict[tuple[str, Any], Bools] = {}
        self.versions: Counter[str] = Counter()

    def _read(self, name: str, ids: Ints, at: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if name == "status":
            values = self._history.status_as_of(ids, at)
        else:
            values = self._history.value_as_of("partners", name, ids, at)
        if name in _INSTANTS:
            days = values.to_numpy().astype("datetime64[us]")
            return np.where(np.isnat(days), np.nan, days.astype(np.int64) / 86_400_000_000)
        if name in self.numbers:
            return values.to_numpy(np.float64)
        if name in _LISTS:
            return np.fromiter(iter(values), dtype=object, count=len(values))
        return values.astype(object).where(values.notna(), None).to_numpy(object)

    def _find_updates(self) -> list[tuple[int, str, int, Any]]:
        """All (instant, field, position, value) that change a value, by time."""
        partners, changes = self._history.partners, self._history.changes
        of = changes[changes["resource"] == "partners"]
        keys = pd.Series(partners["id"].to_numpy(), index=partners["external_id"].to_numpy())
        of = of.assign(partner=of["external_id"].map(keys)).dropna(subset=["partner"])
        found: list[tuple[int, str, int, Any]] = []
        for name in self.values:
            bare = name.removeprefix("attributes.")
            mine = of[of["field"].isin({name, bare, f"{bare}_id"})]
            points = pd.DataFrame({"id": mine["partner"].to_numpy(np.int64), "at": mine["changed_at"].to_numpy()})
            found += self._updates_of(name, pd.concat([points, *self._status_points()]) if name == "status" else points)
        return sorted(found, key=lambda update: update[0])

    def _status_points(self) -> Iterable[pd.DataFrame]:
        """Instants besides changes at which a status may turn: recruitment and end."""
        partners = self._history.partners
        for name in ("recruited_at", "ended_at"):
            there = partners[partners[name].notna()]
            yield pd.DataFrame({"id": there["id"].to_numpy(np.int64), "at": there[name].to_numpy()})

    def _updates_of(self, name: str, points: pd.DataFrame) -> list[tuple[int, str, int, Any]]:
        if not len(points):
            return []
        ids, at = points["id"].to_numpy(np.int64), points["at"].to_numpy().astype("datetime64[us]")
        values = self._read(name, ids, at)
        where = np.searchsorted(self.ids, ids)
        return list(zip(at.astype(np.int64).tolist(), [name] * len(ids), where.tolist(), values, strict=True))

    def advance(self, at_us: int) -> None:
        """Step forward: values become what they were at `at_us` (inclusive)."""
        touched = set()
        while self._done < len(self._updates) and self._updates[self._done][0] <= at_us:
            _, name, position, value = self._updates[self._done]
            self.values[name][position] = value
            touched.add(name)
            self._done += 1
        self.versions.update(touched)
        if touched:
            self._cache = {key: mask for key, mask in self._cache.items() if key[0] not in touched}

    def mask(self, name: str, key: Any, test: Callable[[Any], bool]) -> Bools:
        """Which partners' value of `name` passes `test`; remembered under (`name`, `key`) until a value changes."""
        cached = self._cache.get((name, key))
        if cached is None:
            values = self.values[name]
            cached = np.fromiter((test(value) for value in values), dtype=bool, count=len(values))
            self._cache[name, key] = cached
        return cached

    def equals(self, name: str, wanted: str) -> Bools:
        """Partners whose text `name` is `wanted`, whatever the case."""
        folded = wanted.casefold()
        return self.mask(name, ("=", folded), lambda value: value is not None and value.casefold() == folded)

    def lists(self, name: str, wanted: str) -> Bools:
        """Partners whose list `name` holds `wanted`, whatever the case."""
        folded = wanted.casefold()
        return self.mask(name, ("in", folded), lambda value: any(item.casefold() == folded for item in value))


def _is_number(history: "History", name: str) -> bool:
    return bool(pd.api.types.is_numeric_dtype(history.partners[name]))


def distance_km(latitude: Floats, longitude: Floats, to_latitude: float, to_longitude: float) -> Floats:
    """Great-circle distance on a sphere of 6,371 km; NaN where a coordinate is missing.

    Examples
    --------
    >>> distance_km(np.array([0.0]), np.array([0.0]), 0.0, 90.0).round()
    array([10008.])
    """
    lat, lon, lat0, lon0 = (np.radians(x) for x in (latitude, longitude, to_latitude, to_longitude))
    half = np.sin((lat - lat0) / 2) ** 2 + np.cos(lat) * np.cos(lat0) * np.sin((lon - lon0) / 2) ** 2
    distance: Floats = 12_742.0 * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
    return distance
