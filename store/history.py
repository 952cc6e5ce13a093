"""Everything that was known at an instant, as frames: what features, labels and answers are made from."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from domain.context import system_clock
from domain.resources import LEARNED
from store import frames
from store.known import Texts, known_by
from store.read import read_frames
from store.status import field_as_of, partner_status
from store.timelines import Timeline, timelines


@dataclass(frozen=True, eq=False)
class History:
    """The store as it was known at `until`, one frame per resource.

    Build one with `load_history` or, of frames at hand, with `History.of`.

    Notes
    -----
    All frames have ``id`` (int64) and ``external_id`` (where the resource has one). References are
    ``<name>_id`` int64, -1 for none; text is ``str`` with NaN; numbers, amounts and booleans are float64 with
    NaN; instants and dates are naive-UTC ``datetime64[us]`` with NaT; lists are tuples (of external ids where
    they refer to rows), ``()`` for none; custom attributes are columns ``attributes.<name>``, float64 when
    every value is a number or boolean, else ``str``. Rows are sorted by their time, then ``id``.
    """

    until: np.datetime64
    programs: pd.DataFrame
    products: pd.DataFrame
    partners: pd.DataFrame
    contacts: pd.DataFrame
    agreements: pd.DataFrame
    certifications: pd.DataFrame
    leads: pd.DataFrame
    assignments: pd.DataFrame
    deals: pd.DataFrame
    assets: pd.DataFrame
    offers: pd.DataFrame
    activities: pd.DataFrame
    feedback: pd.DataFrame
    goals: pd.DataFrame
    changes: pd.DataFrame
    _others: "History | None" = field(default=None, init=False, repr=False)
    _timelines: dict[str, dict[str, Timeline]] = field(default_factory=dict, init=False, repr=False)
    _rows: dict[str, pd.Index] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, until: Any, **given: pd.DataFrame) -> Self:
        """Return the history that is known at `until` out of frames at hand.

        Parameters
        ----------
        until : instant
            ``datetime``, ``Timestamp``, ``datetime64`` or ISO text; UTC when naive.
        **given : DataFrame
            Frames by resource. Any may be missing, and any columns of them: ids then count from 1, the
            rest is none. What became known after `until` is left out, as from the store.

        Examples
        --------
        >>> history = History.of("2024-06-01", partners=pd.DataFrame({"recruited_at": ["2024-01-01", "2025-01-01"]}))
        >>> history.partners["status"].tolist()
        ['active', 'prospect']
        """
        return cls.of_some(until, given)

    @classmethod
    def of_some(cls, until: Any, given: Mapping[str, pd.DataFrame], texts: Texts = frozenset()) -> Self:
        """Return what `of` does, out of the frames of some partners only.

        Parameters
        ----------
        until : instant
            As for `of`.
        given : mapping of str to DataFrame
            Frames by resource.
        texts : set of str, optional
            Columns of partners' custom attributes that are text in the whole, whatever these frames hold.
        """
        unknown = set(given) - set(LEARNED)
        if unknown:
            raise ValueError(f"no such resources: {sorted(unknown)}")
        conformed = {name: frames.conform(resource, given.get(name)) for name, resource in LEARNED.items()}
        instant = frames.naive(until)
        return cls(until=instant, **known_by(conformed, instant, texts))

    def known_by(self, until: Any) -> Self:
        """Return what was known at an earlier instant `until`."""
        return type(self).of(until, **{name: self.frame(name) for name in LEARNED})

    def until_also(self, until: Any) -> Self:
        """Return the same as known at another instant; right only where nothing became known between the two."""
        other = copy(self)
        object.__setattr__(other, "until", frames.naive(until))
        return other

    def beside(self, others: "History") -> Self:
        """Return the same rows, as those of some partners of a programme whose common facts `others` holds."""
        object.__setattr__(self, "_others", others)
        return self

    @property
    def others(self) -> "History":
        """Where the features of a partner find what others did: this history, or the one that it stands `beside`."""
        return self if self._others is None else self._others

    def frame(self, resource: str) -> pd.DataFrame:
        """Return the frame of `resource`."""
        frame: pd.DataFrame = getattr(self, resource)
        return frame

    def value_as_of(self, resource: str, field: str, ids: Any, as_of: Any) -> pd.Series:
        """Return a field's value for each (id, instant).

        Parameters
        ----------
        resource : str
            A resource with external ids.
        field : str
            Public column name (``tier``), ``attributes.<name>``, or the bare name of a custom attribute.
        ids : array-like of int, shape (n,)
            Our ids.
        as_of : instant or array-like of datetime64, shape (n,)
            Naive UTC.

        Returns
        -------
        Series, shape (n,)
            In the dtype of the frame's column; indexed like `ids` when that is a Series. By ``changes`` where
            the row's field has any (none before the first), else the value of the row; none for ids that
            are not there and for custom attributes that nobody has.
        """
        name, column = frames.resolve_field(resource, field)
        frame = self.frame(resource)
        wanted = np.asarray(ids, dtype=np.int64)
        index = ids.index if isinstance(ids, pd.Series) else pd.RangeIndex(len(wanted))
        if name not in frame.columns:
            return frames.missing(column, len(wanted)).set_axis(index)
        line = self._timelines_of(resource).get(name)
        positions = self._positions(resource, wanted)
        return field_as_of(frame, name, line, positions, _instants(as_of, len(wanted))).set_axis(index)

    def status_as_of(self, ids: Any, as_of: Any) -> pd.Series:
        """Return the status of partners for each (id, instant), as ``str``.

        By ``changes`` of ``status`` where one came before, ``ended`` from a still later ``ended_at`` on. Otherwise
        ``prospect`` before ``recruited_at``, ``ended`` from ``ended_at`` on, ``active`` between them, and the row's
        status where there is no end.
        NaN for ids that are not there. Parameters as for `value_as_of`.
        """
        wanted = np.asarray(ids, dtype=np.int64)
        index = ids.index if isinstance(ids, pd.Series) else pd.RangeIndex(len(wanted))
        lines = self._timelines_of("partners")
        positions = self._positions("partners", wanted)
        return partner_status(self.partners, lines, positions, _instants(as_of, len(wanted))).set_axis(index)

    def _positions(self, resource: str, ids: frames.Ints) -> frames.Ints:
        if resource not in self._rows:
            self._rows[resource] = pd.Index(self.frame(resource)["id"])
        return self._rows[resource].get_indexer(pd.Index(ids)).astype(np.int64)

    def _timelines_of(self, resource: str) -> dict[str, Timeline]:
        if resource not in self._timelines:
            every = {name: self.frame(name) for name in LEARNED}
            self._timelines[resource] = timelines(every, resource)
        return self._timelines[resource]


def load_history(
    connection: Connection, until: datetime | None = None, resources: tuple[str, ...] | None = None
) -> History:
    """Return everything that was known at `until`.

    Parameters
    ----------
    connection : Connection
        In a transaction; one that only reads sees an unchanging snapshot (`UnitOfWork(read_only=True)`).
    until : datetime, optional
        Aware; now when not given.
    resources : tuple of str, optional
        Read only these (their frames are complete, the others empty); all when not given.
    """
    instant = until if until is not None else system_clock()
    return History.of(instant, **read_frames(connection, resources or tuple(LEARNED), instant))


def _instants(as_of: Any, n: int) -> frames.Instants:
    if isinstance(as_of, pd.Series | np.ndarray | pd.DatetimeIndex | list) and np.ndim(as_of) == 1:
        return np.asarray(as_of, dtype="datetime64[us]")
    return np.full(n, frames.naive(as_of), dtype="datetime64[us]")
