"""CSV: pyarrow reads whole blocks; the csv module takes over where exactness is asked for.

Both follow RFC 4180 with the same liberties, so that a file may begin with the one and end with the other.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from store.transfer.batch import BATCH_BYTES, BATCH_ROWS, BrokenRow, RawBatch, Unreadable
from store.transfer.files import SourceFile
from store.transfer.report import shown
from store.transfer.values import BadValue, check_text

_FIELD_LIMIT = 64 * 2**20
"""A field this long means an unclosed quote: reading on would only eat memory."""

GZIP_ERRORS = (EOFError, zlib.error, gzip.BadGzipFile)


def open_binary(source: SourceFile) -> BinaryIO:
    """Open the content of `source`, decompressed; an empty file is an empty content even as gzip."""
    if source.is_gzip and source.path.stat().st_size:
        return cast(BinaryIO, gzip.open(source.path, "rb"))
    return source.path.open("rb")


class _Records:
    """Records of a CSV file by the csv module; `line` and `closed` tell of the one yielded last."""

    def __init__(self, source: SourceFile) -> None:
        csv.field_size_limit(_FIELD_LIMIT)
        self._source = source
        self.line = 1
        self.closed = True

    def __iter__(self) -> Iterator[list[str]]:
        # Bytes that are no UTF-8 come through as lone surrogates, so that each field can be told apart.
        with (
            open_binary(self._source) as binary,
            io.TextIOWrapper(binary, "utf-8-sig", "surrogateescape", newline="") as text,
        ):
            reader = csv.reader(self._lines(text))
            done = 0
            try:
                for fields in reader:
                    self.line, done = done + 1, reader.line_num
                    if fields:
                        yield fields
            except GZIP_ERRORS:
                message = f"the gzip data end too early or are damaged after line {done}; copy the file again"
                raise Unreadable(done + 1, message) from None
            except csv.Error:
                message = "a field of this row is larger than 64 MiB; is a quote not closed?"
                raise Unreadable(done + 1, message) from None

    def _lines(self, text: Iterable[str]) -> Iterator[str]:
        yield from text
        # The csv module asks for more lines than there are, in the middle of a record, only inside quotes.
        self.closed = False


class CsvFile:
    """Reader of ``.csv`` and ``.csv.gz``."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self.names = next(iter(_Records(source)), [])

    def batches(self) -> Iterator[RawBatch]:
        """Yield the rows, by pyarrow as far as it gets."""
        done = 0
        if self.names and self._is_plain():
            try:
                for batch in self._arrow_batches():
                    yield batch
                    done += batch.count
                return
            except (pa.ArrowException, OSError, *GZIP_ERRORS):
                pass  # the exact reader says what it was, and where
        yield from self._exact_batches(done)

    def locate(self, indices: set[int]) -> dict[int, int]:
        """Return the physical line of each of the rows `indices`."""
        found: dict[int, int] = {}
        records = _Records(self._source)
        for index, _ in enumerate(records, start=-1):
            if index in indices:
                found[index] = records.line
                if len(found) == len(indices):
                    break
        return found

    def _is_plain(self) -> bool:
        """Whether pyarrow would see all that is wrong: it minds neither NUL bytes nor an open quote."""
        if len(set(self.names)) < len(self.names) or not _is_text(self.names):
            return False
        quotes = 0
        try:
            with open_binary(self._source) as file:
                while chunk := file.read(BATCH_BYTES):
                    if b"\0" in chunk:
                        return False
                    quotes += chunk.count(b'"')
        except (OSError, *GZIP_ERRORS):
            return False
        return quotes % 2 == 0

    def _arrow_batches(self) -> Iterator[RawBatch]:
        first = 0
        with open_binary(self._source) as file:
            stream = arrow_csv.open_csv(
                file,
                read_options=arrow_csv.ReadOptions(block_size=BATCH_BYTES, use_threads=False),
                parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(self.names, pa.string()), strings_can_be_null=False
                ),
            )
            for block in stream:
                yield RawBatch(dict(zip(self.names, block.columns, strict=True)), block.num_rows, first, is_typed=False)
                first += block.num_rows

    def _exact_batches(self, skip: int) -> Iterator[RawBatch]:
        records = _Records(self._source)
        pending = _Pending(self.names, skip)
        try:
            for index, fields in enumerate(records, start=-1):
                if index >= skip:
                    pending.add(fields, records.line, closed=records.closed)
                if pending.is_full:
                    yield pending.flush()
        except Unreadable:
            yield pending.flush()
            raise
        yield pending.flush()


def _is_text(names: list[str]) -> bool:
    try:
        "".join(names).encode()
    except UnicodeEncodeError:
        return False
    return True


class _Pending:
    """Rows on their way into a batch."""

    def __init__(self, names: list[str], first: int) -> None:
        self._names = names
        self._first = first
        self._clear()

    def _clear(self) -> None:
        self._rows: list[list[str]] = []
        self._lines: list[int] = []
        self._broken: list[BrokenRow] = []
        self._size = 0

    @property
    def is_full(self) -> bool:
        return self._size >= BATCH_BYTES or len(self._rows) + len(self._broken) >= BATCH_ROWS

    def add(self, fields: list[str], line: int, *, closed: bool) -> None:
        self._size += sum(map(len, fields))
        broken = self._check(fields, line, closed=closed)
        if broken:
            self._broken.append(broken)
        else:
            self._rows.append(fields)
            self._lines.append(line)

    def _check(self, fields: list[str], line: int, *, closed: bool) -> BrokenRow | None:
        key = self._key(fields)
        if not closed:
            return BrokenRow(line, "", "", "a quote is not closed before the file ends; close it", fields, key)
        if len(fields) != len(self._names):
            message = f"the row has {len(fields)} fields, the header {len(self._names)}; quote fields that hold commas"
            return BrokenRow(line, "", "", message, fields, key)
        if len(set(self._names)) < len(fields):
            return BrokenRow(line, "", "", "the header names a column twice; keep one of them", fields, key)
        for name, text in zip(self._names, fields, strict=True):
            try:
                check_text(text)
            except BadValue as error:
                return BrokenRow(line, name, shown(text), str(error), fields, key)
        return None

    def _key(self, fields: list[str]) -> str:
        position = self._names.index("external_id") if "external_id" in self._names else len(fields)
        return fields[position] if position < len(fields) else ""

    def flush(self) -> RawBatch:
        columns = {name: pa.array([row[i] for row in self._rows], pa.string()) for i, name in enumerate(self._names)}
        batch = RawBatch(
            columns, len(self._rows), self._first, np.array(self._lines, np.int64), None, self._broken, is_typed=False
        )
        self._first += batch.count + len(batch.broken)
        self._clear()
        return batch
