"""The beginning of a file, and what it holds, before anything is done with it."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from domain.resources import RESOURCES
from store.transfer.batch import IGNORED, Unreadable
from store.transfer.file_import import open_reader
from store.transfer.files import SourceFile
from store.transfer.report import shown

_FIRST, _WIDEST = 1_000, 60
_COMPANIES = ("prospects", "candidates", "companies", "accounts", "leadlist")


class Beginning(NamedTuple):
    """The first rows of a file.

    Parameters
    ----------
    names : tuple of str
        Columns, known ones and those of its own.
    rows : tuple
        Cells as text, in the order of `names`.
    own : tuple of str
        Columns that the format does not know: custom attributes.
    keys : tuple of str
        External ids of the first rows.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    own: tuple[str, ...]
    keys: tuple[str, ...]


def beginning(path: Path, resource: str, suffix: str, most: int = 5) -> Beginning:
    """Return the first rows of a file as far as it can be read; what is wrong with it, an import says."""
    try:
        reader = open_reader(SourceFile(path, resource, suffix))
        batch = next(iter(reader.batches()), None)
    except (Unreadable, OSError):
        return Beginning((), (), (), ())
    count = 0 if batch is None else min(batch.count, _FIRST)
    found = [batch.row(position) for position in range(count)] if batch is not None else []
    names = reader.names or list(dict.fromkeys(name for row in found[:most] for name in row))
    wanted = [name for name in names if name not in IGNORED][:_WIDEST]
    known = RESOURCES[resource].by_name
    return Beginning(
        tuple(shown(name) for name in wanted),
        tuple(tuple(_cell(row.get(name)) for name in wanted) for row in found[:most]),
        tuple(shown(name) for name in wanted if name not in known),
        tuple(str(row["external_id"]) for row in found if row.get("external_id")),
    )


def resource_of(name: str, path: Path, suffix: str) -> str | None:
    """Return which resource a file holds by its name, else by its columns; None if neither tells.

    Parameters
    ----------
    name : str
        As its owner calls it.
    path : Path
        Where it is.
    suffix : str
        How it is read.
    """
    return by_name(name.removesuffix(suffix)) or _by_columns(path, suffix)


def by_name(stem: str) -> str | None:
    """Return the resource that the name of a file speaks of.

    Examples
    --------
    >>> by_name("Leads 2026-11 (new)"), by_name("my_program-rules"), by_name("prospects"), by_name("export")
    ('leads', 'program_rules', 'partners', None)
    """
    plain = "_" + "_".join(re.findall(r"[a-z]+", stem.lower())) + "_"
    found = [resource for resource in RESOURCES if f"_{resource}_" in plain]
    if found:
        return max(found, key=len)
    return "partners" if any(f"_{word}_" in plain for word in _COMPANIES) else None


def _by_columns(path: Path, suffix: str) -> str | None:
    """Return the one resource whose required columns are there and of which most columns are."""
    told = beginning(path, "partners", suffix, 1)
    names = set(told.names)
    fits = {
        name: len(names & set(resource.by_name))
        for name, resource in RESOURCES.items()
        if all(column.name in names for column in resource.columns if column.required)
    }
    best = max(fits.values(), default=0)
    found = [name for name, known in fits.items() if known == best]
    return found[0] if len(found) == 1 and best else None


def _cell(value: Any) -> str:
    return "" if value is None else shown(value)
