"""What an import has to say for itself: counts per resource and the problems, first thousand in full."""

from dataclasses import dataclass, field
from pathlib import Path

MAX_PROBLEMS = 1000
"""Problems kept in full; beyond it they are counted."""

_SHOWN = 120


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the data.

    Parameters
    ----------
    file : str
        Name of the file inside the folder.
    line : int
        Physical line where the row begins (header = 1); row number in Parquet; 1 for a whole file.
    column : str
        Column concerned, empty when it is the row or the file.
    value : str
        The offending text, shortened, control characters escaped.
    message : str
        What would be right.
    """

    file: str
    line: int
    column: str
    value: str
    message: str

    def __str__(self) -> str:
        """Return the line that a terminal shows."""
        subject = f" column {self.column!r} value {self.value!r}:" if self.column else ""
        return f"{self.file}:{self.line}:{subject} {self.message}"


@dataclass
class Counts:
    """Rows of one resource by what became of them."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0


@dataclass
class ImportReport:
    """Outcome of an import.

    Attributes
    ----------
    counts : dict of str to Counts
        One entry per file that was read.
    problems : list of Problem
        The first `MAX_PROBLEMS`, by file in the order of the import, then by line.
    problem_count : int
        All of them.
    rejects : Path or None
        Folder with the rejected rows, when some were skipped.
    dry_run : bool
        Whether the data were only checked.
    ok : bool
        Whether the import landed (in a dry run: would land).
    """

    counts: dict[str, Counts] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    rejects: Path | None = None
    dry_run: bool = False
    ok: bool = True

    def add(self, problem: Problem) -> None:
        """Count `problem`, and keep it while there is room."""
        self.problem_count += 1
        if self.has_room:
            self.problems.append(problem)

    @property
    def has_room(self) -> bool:
        """Whether the next problem would be kept in full."""
        return len(self.problems) < MAX_PROBLEMS


def shown(value: object) -> str:
    r"""Return `value` as it may stand in a report: short, on one line, valid UTF-8.

    Examples
    --------
    >>> shown("a\nb")
    'a\\nb'
    """
    text = value if isinstance(value, str) else str(value)
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"
    try:
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a surrogate pair, as JSON can spell it
        text = text.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
