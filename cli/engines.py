"""Options ``--engine``, ``--scheduler`` and ``--workers``: where large work is done."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from cli.environment import progress_printer

if TYPE_CHECKING:
    from intelligence.context import Intelligence
    from intelligence.engine import Engine

LOCAL = "local"
_MOST_BY_DEFAULT = 8

EngineName = Annotated[str, typer.Option("--engine", help="local: this process; dask: workers of a Dask cluster")]
Scheduler = Annotated[
    str, typer.Option("--scheduler", help="address of a Dask scheduler; default: workers of this machine")
]
Workers = Annotated[
    int,
    typer.Option("--workers", min=0, max=1024, help="processes of this machine, with dask; 0: one per core, up to 8"),
]


@contextmanager
def chosen_engine(context: "Intelligence", name: str, scheduler: str, workers: int) -> "Iterator[Engine | None]":
    """Give the engine that the options name, which shows how far it is; None for this process."""
    check_engine(name, scheduler)
    if name == LOCAL:
        yield None
        return
    from intelligence.engine import open_engine

    cores = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2, _MOST_BY_DEFAULT)
    with open_engine(name, context, scheduler, workers or cores, progress_printer()) as engine:
        yield engine


def check_engine(name: str, scheduler: str) -> None:
    """Refuse options that do not go together, before anything is read.

    Raises
    ------
    typer.BadParameter
        Saying what would be right.
    """
    if name not in (LOCAL, "dask"):
        raise typer.BadParameter(f"--engine is local or dask, not {name!r}")
    if scheduler and name != "dask":
        raise typer.BadParameter("--scheduler belongs to --engine dask")
