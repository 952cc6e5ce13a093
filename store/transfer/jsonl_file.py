"""JSON Lines: one object per line; a key that a line does not have is a column absent for that row."""

import json
from collections.abc import Iterator
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np

from store.transfer.batch import BATCH_BYTES, BATCH_ROWS, BrokenRow, RawBatch, Unreadable
from store.transfer.csv_file import GZIP_ERRORS, open_binary
from store.transfer.files import SourceFile
from store.transfer.report import shown

_LINE_LIMIT = 64 * 2**20


class _Twice(ValueError):
    """A key that stands twice in one object."""


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(next(name for name in names if names.count(name) > 1))
    return result


_decode = json.JSONDecoder(object_pairs_hook=_unique_keys).decode
"""Reads one object; made once, as ``json.loads`` would make a decoder for each."""


def _parse(line: bytes, number: int) -> dict[str, Any] | BrokenRow:
    try:
        value = _decode(line.decode())
        if type(value) is dict:
            return value
    except (ValueError, RecursionError) as error:
        return _broken(line, number, error)
    return _broken(line, number, None)


def _broken(line: bytes, number: int, error: Exception | None) -> BrokenRow:
    raw = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
    if isinstance(error, UnicodeDecodeError):
        return BrokenRow(number, "", shown(raw), "the line is not valid UTF-8; save the file as UTF-8", raw)
    if isinstance(error, _Twice):
        return BrokenRow(number, shown(str(error)), "", "the column stands twice in the row; keep one of them", raw)
    if error is not None:
        nul = "; it holds a NUL byte" if "\0" in raw else ""
        return BrokenRow(number, "", "", f"the line is not a JSON object ({shown(error)}){nul}", raw)
    return BrokenRow(number, "", "", 'the line is not a JSON object such as {"external_id": "P-1"}', raw)


class JsonlFile:
    """Reader of ``.jsonl`` and ``.jsonl.gz``."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self.names: list[str] = []

    def batches(self) -> Iterator[RawBatch]:
        """Yield the rows."""
        rows: list[dict[str, Any]] = []
        lines: list[int] = []
        broken: list[BrokenRow] = []
        first = size = number = 0
        error: Unreadable | None = None
        try:
            for number, line in self._lines():
                parsed = _parse(line, number)
                if isinstance(parsed, BrokenRow):
                    broken.append(parsed)
                else:
                    rows.append(parsed)
                    lines.append(number)
                size += len(line)
                if size >= BATCH_BYTES or len(rows) + len(broken) >= BATCH_ROWS:
                    yield _batch(rows, lines, broken, first)
                    first += len(rows) + len(broken)
                    rows, lines, broken, size = [], [], [], 0
        except Unreadable as caught:
            error = caught
        yield _batch(rows, lines, broken, first)
        if error:
            raise error

    def locate(self, indices: set[int]) -> dict[int, int]:
        """Return nothing: batches carry their lines."""
        return dict.fromkeys(indices, 1)

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        number = 0
        try:
            with open_binary(self._source) as file:
                while line := file.readline(_LINE_LIMIT):
                    number += 1
                    if len(line) == _LINE_LIMIT:
                        raise Unreadable(number, "the line is larger than 64 MiB; write one object per line")
                    content = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
                    if content.strip():
                        yield number, content
        except GZIP_ERRORS:
            raise Unreadable(
                max(number, 1), f"the gzip data end too early or are damaged after line {number}; copy the file again"
            ) from None


def _batch(rows: list[dict[str, Any]], lines: list[int], broken: list[BrokenRow], first: int) -> RawBatch:
    names = list(dict.fromkeys(chain.from_iterable(rows)))
    if all(len(row) == len(names) for row in rows):  # each row has every column
        present = dict.fromkeys(names, np.ones(len(rows), bool))
        columns = {name: list(map(itemgetter(name), rows)) for name in names}
    else:
        present = {name: np.array([name in row for row in rows], bool) for name in names}
        columns = {name: [row.get(name) for row in rows] for name in names}
    return RawBatch(columns, len(rows), first, np.array(lines, np.int64), present, broken)
