"""Something that is read from the store and kept, for many who ask at once while others write."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Kept = TypeVar("Kept")

_REST = 3.0
"""Under a crowd, how many times as long as the last reading took the next one is put off ..."""
_LONGEST_REST = 20.0
"""... seconds at the most."""


class Newest(Generic[Kept]):
    """Keeps what was read last, and has it read again when it is out of date.

    Whoever asks gets what was read after the question, so never less than what was written before it. One of those who
    ask reads for all who wait. Under a steady stream of writes everybody would wait all the time, and the processor do
    nothing but read: when `crowd` wait already, the next one gets what was read last, and readings take a rest.

    Parameters
    ----------
    crowd : int, optional
        None: everybody waits.

    Attributes
    ----------
    crowd : int, optional
        As given; a served process says it later.
    last : object, optional
        What was read last.
    on_older : callable, optional
        Called for each one who gets what is out of date.
    """

    def __init__(self, crowd: int | None = None) -> None:
        self.crowd = crowd
        self.last: Kept | None = None
        self.on_older: Callable[[], object] | None = None
        self._turn = threading.Condition()
        self._begun = self._done = self._waiting = 0
        self._is_crowded, self._rested_at = False, 0.0

    def get(
        self,
        is_current: Callable[[Kept], bool],
        read: Callable[[Kept | None], Kept],
        is_enough: Callable[[Kept], bool] = lambda _: True,
        is_fitting: Callable[[Kept], bool] = lambda _: True,
    ) -> Kept:
        """Return what is kept, brought up to date.

        Parameters
        ----------
        is_current : callable
            Takes what is kept, and says whether the store still looks like that.
        read : callable
            Takes what was read last, and returns what the store holds now.
        is_enough : callable, optional
            Whether what another one read, who began after this question, will do. It does unless `read` looks at the
            store through an older window than its beginning.
        is_fitting : callable, optional
            Whether it is an answer to this question at all, be it an older one; another one may have asked another.
        """
        last = self.last
        if last is not None and is_current(last):
            return last
        with self._turn:
            is_crowd = self.crowd is not None and self._waiting >= self.crowd
            if is_crowd and self.last is not None and is_fitting(self.last):
                self._is_crowded = True
                if self.on_older is not None:
                    self.on_older()
                return self.last
            wanted = self._begun + 1
            self._waiting += 1
            try:
                # Whatever was written after a reading began came after the question, too, if that came before.
                while self._done < wanted or not self._suits(is_enough, is_fitting):
                    self._read_or_wait(read)
            finally:
                self._waiting -= 1
            assert self.last is not None  # noqa: S101 - a reading is done
            return self.last

    def _suits(self, *asked: Callable[[Kept], bool]) -> bool:
        last = self.last
        return last is not None and all(is_so(last) for is_so in asked)

    def _read_or_wait(self, read: Callable[[Kept | None], Kept]) -> None:
        rest = self._rested_at - time.monotonic()
        if self._begun != self._done:
            self._turn.wait()
        elif rest > 0 and self._is_crowded:
            self._turn.wait(rest)
        else:
            self._read(read)

    def _read(self, read: Callable[[Kept | None], Kept]) -> None:
        """Read, with the door open meanwhile for others to wait at."""
        self._begun += 1
        self._is_crowded = False  # until somebody is turned away again
        began = time.monotonic()
        self._turn.release()
        try:
            newest = read(self.last)
        except BaseException:
            self._turn.acquire()
            self._begun -= 1  # the next one tries
            self._turn.notify_all()
            raise
        self._turn.acquire()
        ended = time.monotonic()
        self._rested_at = ended + min(_REST * (ended - began), _LONGEST_REST)
        self.last, self._done = newest, self._begun
        self._turn.notify_all()
