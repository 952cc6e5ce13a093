"""A data folder of its own per benchmark, the commands run in it, and the tables that come out."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
PUBLIC_DATA = Path(os.environ.get("ALLYWISE_PUBLIC_DATA", ROOT.parent / "shared" / "data"))
"""Folder of the public data sets, one sub-folder each; they are not part of the repository."""


def just_before(date: str) -> str:
    """Return the last instant before midnight of `date`: "known strictly before", for an ``as_of`` that is inclusive.

    Examples
    --------
    >>> just_before("2018-05-01")
    '2018-04-30T23:59:59.999999'
    """
    return (pd.Timestamp(date) - pd.Timedelta(microseconds=1)).isoformat()


@dataclass
class Workspace:
    """A home of its own, the settings of the run, and what its commands took.

    Parameters
    ----------
    home : Path
        Data folder.
    settings : Mapping of str to str
        Environment variables without their prefix, e.g. ``{"CHURN_HORIZONS_DAYS": "[60]"}``.
    """

    home: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, *arguments: str | Path) -> str:
        """Run one ``allywise`` command as a user would, and return what it printed.

        Raises
        ------
        RuntimeError
            If the command fails; carries its stderr.
        """
        started = time.monotonic()
        command = [sys.executable, "-m", "cli", *map(str, arguments)]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        label = " ".join(str(word) for word in arguments[:2] if not isinstance(word, Path))
        self.seconds[label] = self.seconds.get(label, 0.0) + time.monotonic() - started
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-4000:]}")
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables of its commands."""
        chosen = {f"ALLYWISE_{name}": value for name, value in self.settings.items()}
        return os.environ | chosen | {"ALLYWISE_HOME": str(self.home)}

    @property
    def times(self) -> str:
        """One line on how long the commands took together."""
        return ", ".join(f"{label} {seconds:.0f} s" for label, seconds in self.seconds.items())


@contextmanager
def workspace(settings: Mapping[str, str] | None = None) -> Iterator[Workspace]:
    """Yield a fresh workspace and remove it afterwards."""
    with tempfile.TemporaryDirectory(prefix="allywise-bench-") as folder:
        yield Workspace(Path(folder) / "home", dict(settings or {}))


def write_programme(folder: Path, tables: Mapping[str, pd.DataFrame]) -> Path:
    """Write import files, one per resource, and return their folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for resource, frame in tables.items():
        frame.to_csv(folder / f"{resource}.csv", index=False)
    return folder


def reference_table(name: str, heading: str) -> list[str]:
    """Return the Markdown table that follows the text `heading` in the data set's own README."""
    lines = (PUBLIC_DATA / name / "README.md").read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if heading in line)
    begin = next(number for number in range(start, len(lines)) if lines[number].startswith("|"))
    end = next((number for number in range(begin, len(lines)) if not lines[number].startswith("|")), len(lines))
    return lines[begin:end]


def beside_reference(name: str, heading: str, ours: Mapping[str, float | None], label: str = "**allywise**") -> str:
    """Return the reference table under `heading` with our row appended, as Markdown.

    Parameters
    ----------
    name : str
        Data set.
    heading : str
        Text that stands before the table.
    ours : Mapping
        Our figure per column title; missing ones become a dash.
    label : str
        First cell of our row.
    """
    table = reference_table(name, heading)
    titles = [cell.strip() for cell in table[0].strip("|").split("|")]
    cells = [label] + [_figure(ours.get(title)) for title in titles[1:]]
    return "\n".join([*table, f"| {' | '.join(cells)} |"])


def _figure(value: float | None) -> str:
    return "–" if value is None or pd.isna(value) else f"{value:.4f}"


def mean_of(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the plain mean of each figure over `rows`."""
    return {name: float(pd.Series([row[name] for row in rows]).mean()) for name in rows[0]}
