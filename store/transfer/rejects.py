"""Rejected rows, each with its reason, in files that can be mended and imported."""

import csv
import json
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from store.transfer.batch import BROKEN_TEXT, IGNORED, REASON, BrokenRow
from store.transfer.files import SourceFile


class Rejects:
    """Writes the rejects of one import under ``<home>/rejects/<time>/``.

    CSV stays CSV, with the reason as the first column, so that rows with too many fields keep them all;
    JSON Lines and Parquet become JSON Lines. The reason column is ignored by an import.

    Attributes
    ----------
    folder : Path or None
        Where they are; None while there are none.
    """

    def __init__(self, home: Path, now: datetime) -> None:
        self._target = home / "rejects" / now.strftime("%Y%m%dT%H%M%S.%fZ")
        self._files: dict[str, IO[str]] = {}
        self._stack = ExitStack()
        self.folder: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        if error is not None and self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)  # the import fell, its rejects mean nothing

    def write(self, source: SourceFile, names: Sequence[str], row: dict[str, Any], reason: str) -> None:
        """Write one row that could be read."""
        if source.suffix.startswith(".csv"):
            self._write_fields(source, names, [row.get(name, "") for name in names], reason)
        else:
            kept = {name: value for name, value in row.items() if name not in IGNORED}
            self._write_object(source, {REASON: reason, **kept})

    def write_broken(self, source: SourceFile, names: Sequence[str], row: BrokenRow) -> None:
        """Write one row that could not be taken apart."""
        if isinstance(row.raw, list):
            self._write_fields(source, names, row.raw, row.message)
        else:
            self._write_object(source, {REASON: row.message, BROKEN_TEXT: row.raw})

    def _write_fields(self, source: SourceFile, names: Sequence[str], fields: Sequence[Any], reason: str) -> None:
        is_new = source.resource not in self._files
        writer = csv.writer(self._open(source, ".csv"), lineterminator="\n")
        if is_new:
            writer.writerow([REASON, *(name for name in names if name != REASON)])
        kept = [cell for i, cell in enumerate(fields) if i >= len(names) or names[i] != REASON]
        writer.writerow([reason, *kept])

    def _write_object(self, source: SourceFile, row: dict[str, Any]) -> None:
        text = json.dumps(row, ensure_ascii=False, default=_as_json)
        try:
            text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # half a surrogate pair, as JSON can spell it
            text = json.dumps(row, default=_as_json)
        self._open(source, ".jsonl").write(text + "\n")

    def _open(self, source: SourceFile, suffix: str) -> IO[str]:
        if source.resource not in self._files:
            self.folder = self._target
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"{source.resource}{suffix}"
            file = path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
            self._files[source.resource] = self._stack.enter_context(file)
        return self._files[source.resource]


def _as_json(value: object) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else str(value)
