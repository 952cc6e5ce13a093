"""The history of now, for many who ask at once while others write."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from store.engine import Engine, reading
from store.history import History
from store.newest import Newest
from store.present import Reading, read_present
from store.stamp import Changes


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

        found = self.newest.get(is_current, lambda last: self._read(until, last)).reading
        return found.history if until == found.read_at else found.history.until_also(until)

    def close(self) -> None:
        """Give the connection back that watches for changes; `history` opens a new one."""
        self._changes.close()

    def _read(self, until: datetime, last: _Read | None) -> _Read:
        token, earlier = self._changes.token(), None if last is None else last.reading
        with self._engine.connect() as connection:
            newest = read_present(reading(connection), until, earlier)
        if self.prepare is not None and newest is not earlier:
            self.prepare(newest.history)
        return _Read(token, newest)
