"""Import of one file: read, check, load, and say what was wrong and where."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Literal

import numpy as np

from domain.resources import RESOURCES
from store.transfer.ahead import ahead
from store.transfer.backend import Backend
from store.transfer.batch import BrokenRow, RawBatch, Reader, Unreadable
from store.transfer.checks import (
    Missing,
    check_changes,
    check_doubles,
    check_names,
    check_references,
    header_problems,
)
from store.transfer.csv_file import CsvFile
from store.transfer.files import SourceFile
from store.transfer.jsonl_file import JsonlFile
from store.transfer.parquet_file import ParquetFile
from store.transfer.recording import Recorder
from store.transfer.references import References
from store.transfer.rejects import Rejects
from store.transfer.report import MAX_PROBLEMS, ImportReport, Problem, shown
from store.transfer.rows import Flaw, Rows
from store.transfer.upsert import Upsert

OnError = Literal["abort", "skip"]
Progress = Callable[[str, int], None]
Guard = Callable[[Rows, Mapping[int, int]], None]
"""Flaws rows that its caller may not bring; it is told which of them are in the store, and under which of our ids."""


@dataclass
class Run:
    """What the files of one import share.

    Parameters
    ----------
    backend, references, recorder, missing, report
        The import's own.
    rejects : Rejects or None
        Where bad rows go.
    currency : str
        The store's own.
    now : datetime
        Service time.
    progress : callable or None
    guard : callable or None
    """

    backend: Backend
    references: References
    recorder: Recorder
    missing: Missing
    report: ImportReport
    rejects: Rejects | None
    currency: str
    now: datetime
    progress: Progress | None = None
    guard: Guard | None = None


@dataclass(frozen=True)
class _Found:
    """A problem; `line` is None until someone has counted lines up to row `index`."""

    index: int
    line: int | None
    column: str
    value: str
    message: str


class FileImport:
    """Import of one file within a run."""

    def __init__(self, run: Run, source: SourceFile) -> None:
        self._run = run
        self._source = source
        self._resource = RESOURCES[source.resource]
        self._found: list[_Found] = []
        self._overflow = 0
        self._read = 0
        self._names: list[str] = []
        self._upsert = Upsert(run.backend, self._resource, run.currency, run.now, run.recorder)
        run.report.counts[self._resource.name] = self._upsert.counts

    def run(self) -> None:
        """Load the good rows and add the problems to the report."""
        reader: Reader | None = None
        try:
            reader = open_reader(self._source)
            self._names = reader.names
            self._read_all(reader)
        except Unreadable as error:
            self._fail(error.line, "", error.message)
        except OSError as error:
            self._fail(1, "", f"cannot be read: {error.strerror or error}")
        self._report(reader)

    def _read_all(self, reader: Reader) -> None:
        problems = header_problems(self._resource, reader.names)
        for column, message in problems:
            self._fail(1, column, message)
        if problems and self._run.rejects is None:
            return
        if problems:
            reason = "; ".join(f"{column}: {message}" if column else message for column, message in problems)
            for raw in reader.batches():
                self._reject_whole(raw, reason)
                self._tell(raw)
            return
        with closing(ahead(map(self._parse, reader.batches()))) as batches:
            for rows in batches:
                self._load(rows)
                self._tell(rows.raw)

    def _tell(self, raw: RawBatch) -> None:
        self._read += raw.count + len(raw.broken)
        if self._run.progress:
            self._run.progress(self._resource.name, self._read)

    def _fail(self, line: int, column: str, message: str) -> None:
        self._add(_Found(-1, line, column, "", message))
        self._run.missing.unread.add(self._resource.name)

    def _parse(self, raw: RawBatch) -> Rows:
        """Return what can be said of a batch without the database: this runs in another thread."""
        rows = Rows.parse(self._resource, raw)
        if raw.present is not None:
            check_names(rows)
        check_doubles(rows)
        rows.derive()
        return rows

    def _load(self, rows: Rows) -> None:
        if self._resource.name == "changes":
            check_changes(rows, self._run.references, self._run.missing)
        check_references(rows, self._run.references, self._run.missing)
        existing = self._upsert.existing(rows)
        if self._run.guard:
            self._run.guard(rows, existing)
        self._upsert.load(rows, existing)
        self._collect(rows)

    def _collect(self, rows: Rows) -> None:
        raw = rows.raw
        if not raw.broken and rows.good.all():
            return
        found = [_Found(-1, row.line, row.column, row.value, row.message) for row in raw.broken]
        for flaw in rows.flaws:
            line = None if raw.lines is None else int(raw.lines[flaw.position])
            found.append(_Found(raw.first + flaw.position, line, flaw.column, shown(flaw.value), flaw.message))
        for each in sorted(found, key=lambda each: each.index if each.line is None else each.line):
            self._add(each)
        self._remember_missing(rows)
        self._reject(rows)

    def _remember_missing(self, rows: Rows) -> None:
        if self._resource.has_external_id:
            lost = self._run.missing.rejected[self._resource.name]
            lost.update(row.key for row in rows.raw.broken)
            texts = rows.columns["external_id"]
            lost.update(str(texts[int(position)]) for position in np.flatnonzero(~rows.good))

    def _reject(self, rows: Rows) -> None:
        reasons: dict[int, list[Flaw]] = defaultdict(list)
        for flaw in rows.flaws:
            reasons[flaw.position].append(flaw)
        self._upsert.counts.rejected += len(reasons) + len(rows.raw.broken)
        texts = {
            position: "; ".join(f"{flaw.column}: {flaw.message}" for flaw in flaws)
            for position, flaws in reasons.items()
        }
        self._write_rejects(rows.raw, texts)

    def _reject_whole(self, raw: RawBatch, reason: str) -> None:
        self._upsert.counts.rejected += raw.count + len(raw.broken)
        self._write_rejects(raw, dict.fromkeys(range(raw.count), reason))

    def _write_rejects(self, raw: RawBatch, reasons: Mapping[int, str]) -> None:
        """Write the rows at some positions and the broken ones, in the order of the file."""
        rejects = self._run.rejects
        if rejects is None:
            return
        lines = range(raw.count) if raw.lines is None else raw.lines
        rejected: list[tuple[int, int | BrokenRow]] = [(int(lines[position]), position) for position in reasons]
        rejected += [(row.line, row) for row in raw.broken]
        for _, row in sorted(rejected, key=itemgetter(0)):
            if isinstance(row, BrokenRow):
                rejects.write_broken(self._source, self._names, row)
            else:
                rejects.write(self._source, self._names, raw.row(row), reasons[row])

    def _add(self, found: _Found) -> None:
        if len(self._run.report.problems) + len(self._found) < MAX_PROBLEMS:
            self._found.append(found)
        else:
            self._overflow += 1

    def _report(self, reader: Reader | None) -> None:
        unknown = {found.index for found in self._found if found.line is None}
        lines = reader.locate(unknown) if reader and unknown else {}
        for found in self._found:
            line = found.line if found.line is not None else lines.get(found.index, 1)
            self._run.report.add(Problem(self._source.name, line, found.column, found.value, found.message))
        self._run.report.problem_count += self._overflow


def open_reader(source: SourceFile) -> Reader:
    """Return the reader of a file by its ending; raise `Unreadable` where its beginning is no such file."""
    if source.suffix == ".parquet":
        return ParquetFile(source)
    return CsvFile(source) if source.suffix.startswith(".csv") else JsonlFile(source)
