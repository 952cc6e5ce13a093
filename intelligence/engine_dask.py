"""Pieces of work done by the workers of a Dask cluster: processes of this machine, or of others."""

import logging
import os
import platform
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from concurrent.futures import CancelledError
from contextlib import ExitStack
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self, TypeVar

from domain.errors import AllywiseError, CannotAnswer, InvalidInput
from intelligence.place import Place, not_shared, unseen

Piece = TypeVar("Piece")
Result = TypeVar("Result")

Progress = Callable[[str, float], None]
"""Takes what is being done and the share that is done, 0 to 1."""

SAME = ("allywise", "lightgbm", "numpy", "pandas", "scikit-learn", "scipy", "distributed")
"""Packages of which every worker must have the version of whoever asks: others might give other numbers."""

_AHEAD = 3
"""Pieces under way or waiting per worker: enough that none idles, few enough that results do not pile up."""
_LOST_WORKERS = 3
_PAUSES = (1.0, 5.0)
_PATIENCE_SECONDS = 30


class DaskEngine:
    """Does pieces of work on a Dask cluster.

    Parameters
    ----------
    scheduler : str, default=""
        Address such as ``tcp://10.0.0.5:8786`` or ``tls://...``. Empty: as many worker processes as `workers` are
        started on this machine, and end with the engine.
    workers : int, default=2
        Of this machine; a cluster of its own has as many as joined it.
    progress : callable, optional
        Shown how far a run is.

    Raises
    ------
    InvalidInput
        If Dask is not installed, or workers have other versions of what counts.
    CannotAnswer
        If the scheduler cannot be reached or has no workers; later, if pieces are lost for good.

    Notes
    -----
    A piece whose worker dies is done again by another one, `_LOST_WORKERS` times; a piece that finds the store busy
    tries again. Errors of ours come back as they were raised; others as well, with a note that names the piece.
    """

    def __init__(self, scheduler: str = "", workers: int = 2, progress: Progress | None = None) -> None:
        self._show = progress or _show_nothing
        self._folder = TemporaryDirectory(prefix="allywise-workers-", ignore_cleanup_errors=True)
        self._versions = versions()
        try:
            self._cluster = None if scheduler else _local_cluster(workers, Path(self._folder.name))
            self.client = _connected(scheduler or self._cluster)
            self._refuse_other_versions()
            if self._cluster is not None:
                self.client.run(os.dup2, 2, 1)  # what libraries print there is no result of the command
        except BaseException:
            self.close()
            raise

    _cluster: Any = None
    client: Any = None
    """Of `distributed`."""

    @property
    def workers(self) -> int:
        """How many workers there are now."""
        return max(len(self.client.scheduler_info()["workers"]), 1)

    def map(self, work: Callable[[Piece], Result], pieces: Iterable[Piece]) -> Iterator[Result]:
        """Return the result of each piece in order; see `intelligence.engine.Engine`."""
        total = len(pieces) if isinstance(pieces, Sized) else None
        under_way: deque[tuple[Any, Any]] = deque()
        waiting, done = iter(pieces), 0
        try:
            while True:
                self._fill(under_way, work, waiting)
                if not under_way:
                    return
                piece, future = under_way.popleft()
                result = self._result(piece, future)
                done += 1
                self._show(f"{done:,} pieces on {self.workers} workers", 0.0 if total is None else done / total)
                yield result
        finally:  # also when whoever iterates stops early
            for _, future in under_way:
                future.cancel(reason="not needed any more")

    def everywhere(self, work: Callable[..., Result], *arguments: Any) -> Mapping[str, Result]:
        """Return what a function of a module gives on each worker, by the worker's address."""
        found: Mapping[str, Result] = self.client.run(work, *arguments)
        return found

    def refuse_hidden(self, place: Place) -> None:
        """Refuse workers that do not see the files of a place.

        Raises
        ------
        InvalidInput
            Naming the machines, and what would be right.
        """
        with place.marked() as marks:
            blind = {worker: paths for worker, paths in self.everywhere(unseen, marks).items() if paths}
        if blind:
            hidden = next(iter(blind.values()))[0].parent
            path = next(path for path in place.files if path.parent == hidden)
            raise InvalidInput(not_shared(path, sorted({_host(worker) for worker in blind})))

    def close(self) -> None:
        """Leave the cluster, and end it if it is of this engine."""
        with ExitStack() as steps:  # the last one added comes first; each is taken even if one before it failed
            steps.callback(self._folder.cleanup)
            for one in (self._cluster, self.client):
                if one is not None:
                    steps.callback(one.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _fill(
        self, under_way: deque[tuple[Any, Any]], work: Callable[[Piece], Result], waiting: Iterator[Piece]
    ) -> None:
        for piece in waiting if len(under_way) < _AHEAD * self.workers else ():
            future = self.client.submit(_do, work, piece, self._versions, pure=False, key=_key(work))
            under_way.append((piece, future))
            if len(under_way) >= _AHEAD * self.workers:
                return

    def _result(self, piece: Any, future: Any) -> Any:
        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError

        try:
            return future.result()
        except KilledWorker:
            raise CannotAnswer(
                f"{_LOST_WORKERS + 1} workers were lost one after the other with {piece!r}, as they are when memory "
                "runs out. Give workers more memory, or run fewer per machine."
            ) from None
        except (CancelledError, CommClosedError, TimeoutError) as error:
            raise CannotAnswer(f"The scheduler was lost while {piece!r} was under way; nothing was kept.") from error
        except AllywiseError:
            raise
        except BaseException as error:
            error.add_note(f"while a worker did {piece!r}")
            raise

    def _refuse_other_versions(self) -> None:
        for package, ours in self._versions.items():
            look, *arguments = _LOOKS.get(package, (version, package))
            found = self.client.run(look, *arguments, on_error="return")
            others = {_host(worker): one for worker, one in found.items() if one != ours}
            if others:
                host, theirs = next(iter(others.items()))
                raise InvalidInput(_other_version(package, ours, host, theirs))


def versions() -> dict[str, str]:
    """Return the versions in this process of what must be the same everywhere."""
    return {"Python": platform.python_version(), **{package: version(package) for package in SAME}}


# Asked by functions that any Python has: a worker without the service's code is to be refused by name, too.
_LOOKS: Mapping[str, tuple[Any, ...]] = {"Python": (platform.python_version,)}


def _other_version(package: str, ours: str, host: str, theirs: Any) -> str:
    has = "has none" if isinstance(theirs, PackageNotFoundError) else f"has {theirs}"
    return f"This machine has {package} {ours}, the worker on {host} {has}: install the same on all, then try again."


def _local_cluster(workers: int, folder: Path) -> Any:
    """Start processes of this machine; they speak TLS, as anyone on it may connect to a port of its own."""
    dask, distributed = _imported()
    with dask.config.set({"distributed.scheduler.allowed-failures": _LOST_WORKERS}):
        return distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # any free port: a second engine is no quarrel
            security=distributed.Security.temporary(),
            local_directory=str(folder),
            silence_logs=logging.CRITICAL,  # what goes wrong comes back as an error
            env={"OMP_THREAD_LIMIT": "1"},  # a process per core: more threads would wait for each other
        )


def _connected(cluster: Any) -> Any:
    _, distributed = _imported()
    try:
        client = distributed.Client(cluster, timeout=_PATIENCE_SECONDS)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        raise CannotAnswer(f"No Dask scheduler answers at {cluster}: {error}") from error
    try:
        client.wait_for_workers(1, timeout=_PATIENCE_SECONDS)
    except TimeoutError:
        client.close()
        raise CannotAnswer(f"The scheduler at {cluster} has no workers; start some with `dask worker`.") from None
    return client


def _imported() -> tuple[Any, Any]:
    try:
        import dask
        import distributed
    except ImportError:
        raise InvalidInput(
            "--engine dask needs the packages dask and distributed: pip install 'allywise[dask]'"
        ) from None
    return dask, distributed


def _do(work: Callable[[Piece], Result], piece: Piece, told: Mapping[str, str]) -> Result:
    """Do a piece on a worker; a store that is busy is asked again."""
    _same_as(tuple(told.items()))
    for pause in _PAUSES:
        try:
            return work(piece)
        except CannotAnswer:
            time.sleep(pause)
    return work(piece)


@cache
def _same_as(told: tuple[tuple[str, str], ...]) -> None:
    """Refuse to work for another version: a worker may join late."""
    for (package, theirs), ours in zip(told, versions().values(), strict=True):
        if ours != theirs:
            raise InvalidInput(_other_version(package, theirs, platform.node(), ours))


_counted = iter(range(2**62))


def _key(work: Callable[..., Any]) -> str:
    return f"{getattr(work, '__name__', 'piece')}-{next(_counted)}-{time.time_ns()}"


def _host(address: str) -> str:
    return address.partition("://")[2].rpartition(":")[0] or address


def _show_nothing(_text: str, _done: float) -> None:
    """Show nothing."""
