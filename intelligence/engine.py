"""Where the pieces of large work are done: in this process, or by workers that share the store."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from domain.errors import InvalidInput

if TYPE_CHECKING:
    from intelligence.context import Intelligence

Piece = TypeVar("Piece")
Result = TypeVar("Result")


class Engine(Protocol):
    """Does independent pieces of work."""

    @property
    def workers(self) -> int:
        """How many pieces are under way at a time."""

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


EngineName = Literal["local", "dask"]


@contextmanager
def open_engine(
    name: str,
    context: "Intelligence",
    scheduler: str = "",
    workers: int = 2,
    progress: Callable[[str, float], None] | None = None,
) -> Iterator[Engine]:
    """Give an engine whose workers see the store of a context, until the end of the block.

    Parameters
    ----------
    name : {"local", "dask"}
        ``local``: this process. ``dask``: a scheduler's workers, or processes of this machine.
    context : Intelligence
        What the pieces will be about.
    scheduler : str, default=""
        Address of a Dask scheduler; empty: `workers` processes are started for the block.
    workers : int, default=2
        Processes of this machine.
    progress : callable, optional
        Takes what is being done and the share done.

    Raises
    ------
    InvalidInput
        If there is no such engine, Dask is not installed, or the workers see another store or have other versions.
    CannotAnswer
        If the scheduler does not answer.
    """
    if name not in ("local", "dask"):
        raise InvalidInput(f"There is no engine {name!r}; there is local, dask.", field="engine")
    if name == "local":
        if scheduler:
            raise InvalidInput("A scheduler belongs to the engine dask.", field="scheduler")
        yield LocalEngine()
        return
    from intelligence.engine_dask import DaskEngine
    from intelligence.place import Place

    place = Place.of(context)
    with DaskEngine(scheduler, workers, progress) as engine:
        engine.refuse_hidden(place)
        yield engine
