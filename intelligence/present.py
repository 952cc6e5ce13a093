"""The history of now, for many who ask at once while others write."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from store.engine import Engine, reading
from store.history import History
from store.newest import Newest
from store.present import Reading, read_present
from store.stamp import Changes

_A_MOMENT = timedelta(minutes=1)
"""Who waits for a reading by one who asked a little later gets that one; features look at no row after its as_of."""


@dataclass(frozen=True, eq=False)
class _Read:
    """A reading, and what the store was told apart by just before it: so never too new."""

    token: object | None
    reading: Reading


class Present:
    """Keeps the newest history and brings it up to date when somebody asks after somebody wrote.

    Parameters
    ----------
    engine : Engine
        Of the store.
    crowd : int, optional
        When as many wait for a reading, the next one is answered from the last: see `Newest`.

    Attributes
    ----------
    newest : Newest
        What is kept.
    prepare : callable, optional
        Makes ready what is worked out of a history, before anybody is given it.
    """

    def __init__(self, engine: Engine, crowd: int | None = None) -> None:
        self.newest: Newest[_Read] = Newest(crowd)
        self.prepare: Callable[[History], object] | None = None
        self._engine = engine
        self._changes = Changes(engine)

    def covers(self, until: datetime, now: datetime) -> bool:
        """Say whether `history` answers for an instant: not for the future, nor for before what it has read."""
        last = self.newest.last
        return until <= now and (last is None or until >= last.reading.read_at)

    def history(self, until: datetime) -> History:
        """Return what is known at `until`, which `covers` has to allow."""

        def is_current(kept: _Read) -> bool:
            token = self._changes.token()
            return token is not None and token == kept.token and kept.reading.lasts(until)

        def is_fitting(kept: _Read) -> bool:
            # Before anything was read the first questions may be about instants far apart.
            return kept.reading.lasts(until) and kept.reading.read_at - until < _A_MOMENT

        found = self.newest.get(is_current, lambda last: self._read(until, last), is_fitting=is_fitting).reading
        return found.history if until == found.read_at else found.history.until_also(until)

    def close(self) -> None:
        """Give the connection back that watches for changes; `history` opens a new one."""
        self._changes.close()

    def _read(self, until: datetime, last: _Read | None) -> _Read:
        token, earlier = self._changes.token(), None if last is None else last.reading
        if earlier is not None and earlier.read_at - until >= _A_MOMENT:
            earlier = None  # of the past nothing can be taken over from what is known now
        at = until if earlier is None else max(until, earlier.read_at)
        with self._engine.connect() as connection:
            newest = read_present(reading(connection), at, earlier)
        if self.prepare is not None and newest is not earlier:
            self.prepare(newest.history)
        return _Read(token, newest)
