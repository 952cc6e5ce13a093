"""Where the pieces of large work are done: in this process, or by workers that share the store."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")


class Engine(Protocol):
    """Does independent pieces of work.

    Attributes
    ----------
    workers : int
        How many pieces are under way at a time.
    """

    workers: int

    def map(self, work: Callable[[Piece], Result], pieces: Iterable[Piece]) -> Iterator[Result]:
        """Return the result of each piece, in the order of `pieces`.

        Parameters
        ----------
        work : callable
            A function of a module, so that other processes find it; without effects that a second try would spoil.
        pieces : iterable
            What `work` takes, one at a time: small and picklable (settings, ranges of ids), never the data itself.
        """


class LocalEngine:
    """One piece after the other, in this process."""

    workers = 1

    def map(self, work: Callable[[Piece], Result], pieces: Iterable[Piece]) -> Iterator[Result]:
        """Return the result of each piece, computed when it is asked for."""
        return map(work, pieces)
