"""The files of an import folder: which resource each one holds, and which have no place there."""

import stat
from dataclasses import dataclass
from pathlib import Path

from domain.resources import RESOURCES

SUFFIXES = (".csv.gz", ".jsonl.gz", ".csv", ".parquet", ".jsonl")
"""Known endings, the longer ones first."""


@dataclass(frozen=True)
class SourceFile:
    """One file of the folder.

    Parameters
    ----------
    path : Path
        Where it is.
    resource : str
        The resource that it holds.
    suffix : str
        One of `SUFFIXES`.
    """

    path: Path
    resource: str
    suffix: str

    @property
    def name(self) -> str:
        """Name inside the folder."""
        return self.path.name

    @property
    def is_gzip(self) -> bool:
        """Whether the content is compressed."""
        return self.suffix.endswith(".gz")


def discover(folder: Path) -> tuple[list[SourceFile], list[tuple[str, str]]]:
    """Return the files of `folder` in the order of import, and (name, message) of what is wrong there."""
    try:
        entries = sorted(folder.iterdir())
    except FileNotFoundError:
        return [], [(str(folder), "the folder does not exist")]
    except NotADirectoryError:
        return [], [(str(folder), "is not a folder; give the folder that holds the files")]
    except OSError as error:
        return [], [(str(folder), f"the folder cannot be read: {error.strerror}")]
    found: dict[str, list[SourceFile]] = {}
    problems = []
    for entry in entries:
        source, message = _classify(entry)
        if source:
            found.setdefault(source.resource, []).append(source)
        else:
            problems.append((entry.name, message))
    problems += [_doubled(sources) for sources in found.values() if len(sources) > 1]
    return [found[name][0] for name in RESOURCES if len(found.get(name, ())) == 1], problems


def _classify(entry: Path) -> tuple[SourceFile | None, str]:
    try:
        mode = entry.lstat().st_mode
    except OSError as error:
        return None, f"cannot be read: {error.strerror}"
    if stat.S_ISLNK(mode):
        return None, "is a link; put the file itself into the folder"
    if stat.S_ISDIR(mode):
        return None, "is a folder; the files of an import lie side by side in one folder"
    if not stat.S_ISREG(mode):
        return None, "is not a regular file"
    for suffix in SUFFIXES:
        stem = entry.name.removesuffix(suffix)
        if stem != entry.name and stem in RESOURCES:
            return SourceFile(entry, stem, suffix), ""
    return None, (
        f"is not a file of the import format; names are {', '.join(RESOURCES)} with .csv, .csv.gz, .parquet or .jsonl"
    )


def _doubled(sources: list[SourceFile]) -> tuple[str, str]:
    names = [source.name for source in sources]
    return names[-1], f"is one of two files for {sources[0].resource} ({', '.join(names)}); keep one of them"
