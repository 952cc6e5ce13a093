"""The history of now, for many who ask at once while others write."""

import threading
from collections.abc import Callable
from datetime import datetime

from store.engine import Engine, reading
from store.history import History
from store.present import Reading, read_present
from store.stamp import Changes


class Present:
    """Keeps the newest history and brings it up to date when somebody asks after somebody wrote.

    Whoever asks gets a history that was read after the question, so never less than what was written before it. One of
    those who ask reads for all who wait. Reading takes seconds in a large programme, and under a steady stream of
    writes everybody would wait all the time: when `crowd` wait already, the next one is answered from the last
    reading, at most as old as two readings take.

    Parameters
    ----------
    engine : Engine
        Of the store.
    crowd : int, optional
        None: everybody waits.

    Attributes
    ----------
    crowd : int, optional
        As given; a served process says it later.
    prepare : callable, optional
        Makes ready what is worked out of a history, before anybody is given it.
    on_older : callable, optional
        Called for each one who is answered from an older reading.
    """

    def __init__(self, engine: Engine, crowd: int | None = None) -> None:
        self.prepare: Callable[[History], object] | None = None
        self.on_older: Callable[[], object] | None = None
        self._engine = engine
        self.crowd = crowd
        self._changes = Changes(engine)
        self._last: Reading | None = None
        self._token: object | None = None
        self._turn = threading.Condition()
        self._begun = self._done = self._waiting = 0

    def covers(self, until: datetime, now: datetime) -> bool:
        """Say whether `history` answers for an instant: not for the future, nor for before what it has read."""
        return until <= now and (self._last is None or until >= self._last.read_at)

    def history(self, until: datetime) -> History:
        """Return what is known at `until`, which `covers` has to allow."""
        last, token = self._last, self._changes.token()
        if last is None or token is None or token != self._token or not last.lasts(until):
            last = self._awaited(until)
        return last.history if until == last.read_at else last.history.until_also(until)

    def close(self) -> None:
        """Give the connection back that watches for changes; `history` opens a new one."""
        self._changes.close()

    def _awaited(self, until: datetime) -> Reading:
        """Return a reading that began after now, or the last one if a crowd waits for that."""
        with self._turn:
            if self._last is not None and self.crowd is not None and self._waiting >= self.crowd:
                if self.on_older is not None:
                    self.on_older()
                return self._last
            wanted = self._begun + 1
            self._waiting += 1
            try:
                while self._last is None or self._done < wanted or not self._last.lasts(until):
                    if self._begun == self._done:
                        self._read(until)
                    else:
                        self._turn.wait()
            finally:
                self._waiting -= 1
            return self._last

    def _read(self, until: datetime) -> None:
        """Read, with the door open meanwhile for others to wait at."""
        self._begun += 1
        self._turn.release()
        try:
            token = self._changes.token()  # before the look at the store, so never too new
            with self._engine.connect() as connection:
                newest = read_present(reading(connection), until, self._last)
            if self.prepare is not None and newest is not self._last:
                self.prepare(newest.history)
        except BaseException:
            self._turn.acquire()
            self._begun -= 1  # the next one tries
            self._turn.notify_all()
            raise
        self._turn.acquire()
        self._last, self._token, self._done = newest, token, self._begun
        self._turn.notify_all()
