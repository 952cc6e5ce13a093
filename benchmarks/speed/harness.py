"""Times two ways of doing the same in turns, and says how the cost grows with the size."""

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

_DRAWS = 2000


@dataclass(frozen=True)
class Pairing:
    """Seconds of ours and of the peer's, taken in turns, so that whatever else the machine does falls on both.

    Parameters
    ----------
    ours, peer : ndarray of float64, shape (runs,)
        Seconds.
    """

    ours: np.ndarray
    peer: np.ndarray

    def ratio(self, percentile: float = 50) -> tuple[float, float, float]:
        """Return ours / peer at a percentile, and its 95 % bootstrap interval over pairs."""
        draws = np.random.default_rng(1).integers(0, len(self.ours), (_DRAWS, len(self.ours)))
        ratios = np.percentile(self.ours[draws], percentile, axis=1) / np.percentile(
            self.peer[draws], percentile, axis=1
        )
        middle = np.percentile(self.ours, percentile) / np.percentile(self.peer, percentile)
        low, high = np.quantile(ratios, [0.025, 0.975])
        return float(middle), float(low), float(high)

    def told(self, percentile: float = 50) -> str:
        """Return the ratio with its interval: ``0.45 (0.41–0.52)``."""
        middle, low, high = self.ratio(percentile)
        return f"{middle:.2f} ({low:.2f}–{high:.2f})"


def in_turns(ours: Callable[[], object], peer: Callable[[], object], runs: int, warming: int = 1) -> Pairing:
    """Time both in turns.

    Parameters
    ----------
    ours, peer : callable
        Without arguments.
    runs : int
        Pairs that count.
    warming : int
        Pairs before them that do not.
    """
    seconds = np.array([[seconds_of(ours), seconds_of(peer)] for _ in range(warming + runs)])[warming:]
    return Pairing(seconds[:, 0], seconds[:, 1])


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long `work` takes, in seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Return b of ``seconds = a * size ** b``, fitted by least squares on logarithms.

    Examples
    --------
    >>> round(exponent([10, 100, 1000], [0.2, 2, 20]), 2)
    1.0
    """
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


@dataclass(frozen=True)
class Cost:
    """What a piece of work took in a process of its own.

    Parameters
    ----------
    result : object
        What it returned.
    seconds : float
        Without the start of the process.
    peak_mib : float
        Largest resident memory of the process.
    """

    result: Any
    seconds: float
    peak_mib: float


def apart(work: Callable[..., Any], *arguments: Any) -> Cost:
    """Run `work` in a fresh process, so that the peak of its memory is its own.

    Parameters
    ----------
    work : callable
        A function of a module.
    *arguments
        Picklable.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_run, args=(there, work, arguments))
    process.start()
    there.close()
    try:
        cost: Cost = here.recv()
    except EOFError:
        raise RuntimeError(f"{work.__name__} failed; what it said stands above") from None
    finally:
        process.join()
    return cost


def _run(answer: Connection, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    began = time.perf_counter()
    result = work(*arguments)
    seconds = time.perf_counter() - began
    answer.send(Cost(result, seconds, peak_mib()))


def peak_mib() -> float:
    """Return the largest resident memory of this process so far.

    What ``getrusage`` says begins with the memory of whoever started the process; Linux tells the process's own.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 2**10
