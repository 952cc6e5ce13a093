"""Groups of partners that shares of leads are compared by, as they were at each lead's instant."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import InvalidInput
from intelligence.features.pair_profiles import PartnerProfiles

if TYPE_CHECKING:
    from store.history import History

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

GROUPS = ("partner", "tier", "kind", "size", "newcomer", "country", "territory", "program")
"""What partners are grouped by; names of protected attributes come beside them."""
NEWCOMER, ESTABLISHED = "newcomer", "established"

_DAY_US = 86_400_000_000
_SIZES = (10.0, 50.0, 250.0, 1000.0)
_SIZE_NAMES = ("1-9", "10-49", "50-249", "250-999", "1000+")
_FEW_NUMBERS = 12
_PREFIX = "attributes."


class Members(NamedTuple):
    """Who is in which group: pairs of partner (position) and group (code); a partner may be in several, by territory.

    Those of partner ``i`` are ``code[start[i]:start[i + 1]]``.
    """

    partner: Ints
    code: Ints
    start: Ints

    def of(self, partner: int) -> Ints:
        """Return the codes of a partner's groups."""
        return self.code[self.start[partner] : self.start[partner + 1]]


class Groups:
    """Partners grouped by something, as of instants that only move forward.

    Parameters
    ----------
    by : str
        One of `GROUPS`, or a protected attribute.
    history : History
        The programme.
    protected : sequence of str
        Custom attributes that may be looked at here although no model may.

    Attributes
    ----------
    names : list of str or None
        Of the groups met so far, by code; None: what they are grouped by is not known.

    Raises
    ------
    InvalidInput
        If partners are not grouped by that.
    """

    def __init__(self, by: str, history: "History", protected: Sequence[str] = ()) -> None:
        self.by = by
        self.names: list[str | None] = []
        self._codes: dict[str | None, int] = {}
        self._field, self._read = _reader(by, history, protected)
        self._kept: tuple[tuple[Any, ...], Members] | None = None

    def members(self, profiles: PartnerProfiles, at_us: int, newcomer_days: float) -> Members:
        """Return who is in which group; `profiles` were advanced to the instant by the caller."""
        if self.by == NEWCOMER:  # changes with every instant
            return self._by_age(at_us / _DAY_US - profiles.values["recruited_at"], newcomer_days)
        key = id(profiles), profiles.versions[self._field]
        if self._kept is None or self._kept[0] != key:
            self._kept = key, self._coded(self._read(profiles))
        return self._kept[1]

    def _by_age(self, age: Floats, days: float) -> Members:
        young, old = self._code(NEWCOMER), self._code(ESTABLISHED)
        place = np.arange(len(age) + 1)
        return Members(place[:-1], np.where(age < days, young, old), place)

    def _coded(self, lists: list[tuple[str | None, ...]]) -> Members:
        counts = np.fromiter((len(names) for names in lists), dtype=np.int64, count=len(lists))
        codes = np.fromiter((self._code(name) for names in lists for name in names), dtype=np.int64)
        start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return Members(np.repeat(np.arange(len(lists)), counts), codes, start)

    def _code(self, name: str | None) -> int:
        if name not in self._codes:
            self._codes[name] = len(self.names)
            self.names.append(name)
        return self._codes[name]


_Reader = Callable[[PartnerProfiles], list[tuple[str | None, ...]]]


def checked_group(by: str, protected: Sequence[str]) -> str:
    """Return what to group by: a word of `GROUPS`, or the column of a protected attribute.

    Raises
    ------
    InvalidInput
        If it is neither.
    """
    if by in GROUPS:
        return by
    bare = by.removeprefix(_PREFIX)
    for name in protected:
        if name.removeprefix(_PREFIX).casefold() == bare.casefold():
            return f"{_PREFIX}{name.removeprefix(_PREFIX)}"
    named = [name.removeprefix(_PREFIX) for name in protected]
    raise InvalidInput(f"Leads are not compared by {by!r}; use {', '.join([*GROUPS, *named])}.", field="by", value=by)


def _reader(by: str, history: "History", protected: Sequence[str]) -> tuple[str, _Reader]:
    """Return the field of the profiles that groups rest on, and what reads the groups of all partners from them."""
    column = checked_group(by, protected)
    if column.startswith(_PREFIX):
        return _attribute(column, history)
    if column in ("partner", "program"):
        known = _programs(history) if column == "program" else _column(history, "external_id")
        return "", lambda _profiles: known
    return _PROFILE.get(column, column), _OF_PROFILE.get(column) or _words_of(column)


def _programs(history: "History") -> list[tuple[str | None, ...]]:
    programs = pd.Series(history.programs["external_id"].to_numpy(), index=history.programs["id"].to_numpy())
    own = history.partners.sort_values("id")["program_id"].map(programs)
    return [(None if pd.isna(name) else str(name),) for name in own]


def _column(history: "History", name: str) -> list[tuple[str | None, ...]]:
    return [(str(value),) for value in history.partners.sort_values("id")[name]]


def _words_of(column: str) -> _Reader:
    return lambda profiles: _words(profiles.values[column])


def _words(values: npt.NDArray[Any]) -> list[tuple[str | None, ...]]:
    return [(None if value is None else str(value),) for value in values]


def _sizes(profiles: PartnerProfiles) -> list[tuple[str | None, ...]]:
    employees: Floats = profiles.values["employees"]
    bands = np.searchsorted(_SIZES, employees, side="right").tolist()
    return [(None if np.isnan(n) else _SIZE_NAMES[band],) for n, band in zip(employees.tolist(), bands, strict=True)]


def _territories(profiles: PartnerProfiles) -> list[tuple[str | None, ...]]:
    return [tuple(dict.fromkeys(map(str, listed))) or (None,) for listed in profiles.values["territories"]]


_PROFILE = {"size": "employees", "territory": "territories"}
_OF_PROFILE: dict[str, _Reader] = {"size": _sizes, "territory": _territories}


def _attribute(column: str, history: "History") -> tuple[str, _Reader]:
    """Group by a custom attribute: words and few numbers as they are, many numbers by quarters."""
    folded = {str(name).casefold(): str(name) for name in history.partners.columns}
    name = folded.get(column.casefold())
    if name is None:
        return "", lambda profiles: [(None,)] * len(profiles.ids)
    if not pd.api.types.is_numeric_dtype(history.partners[name]):
        return name, lambda profiles: _words(profiles.values[name])
    given = history.partners[name].dropna().to_numpy(np.float64)
    if len(np.unique(given)) <= _FEW_NUMBERS:
        return name, lambda profiles: [
            (None if np.isnan(value) else f"{value:g}",) for value in profiles.values[name].tolist()
        ]
    edges = np.unique(np.quantile(given, [0.25, 0.5, 0.75]))
    return name, lambda profiles: _quarters(profiles.values[name], edges)


def _quarters(values: Floats, edges: Floats) -> list[tuple[str | None, ...]]:
    names = [f"up to {edges[0]:g}", *(f"over {edge:g}" for edge in edges)]
    bands = np.searchsorted(edges, values, side="left").tolist()
    return [(None if np.isnan(v) else names[band],) for v, band in zip(values.tolist(), bands, strict=True)]
