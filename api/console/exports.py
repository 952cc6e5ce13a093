"""Lists as CSV files for people: safe to open in a spreadsheet, of bounded size."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fastapi.responses import Response, StreamingResponse

MOST_ROWS = 10_000
"""Rows of one file; who wants more asks ``/v1/exports``."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_PART = 500


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """Return rows as a CSV file that the browser keeps as `name`.

    Parameters
    ----------
    name : str
        Of the file, plain ASCII.
    head : sequence of str
        Names of the columns.
    rows : iterable of sequence
        What stands in them: at most `MOST_ROWS`, read while no transaction is needed any more.
    """
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_written(head, rows), media_type="text/csv; charset=utf-8", headers=headers)


def _written(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(head)
    yield b"\xef\xbb\xbf"  # by this mark spreadsheets know that letters are UTF-8
    for place, row in enumerate(rows, start=1):
        writer.writerow([cell(value) for value in row])
        if place % _PART == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def cell(value: Any) -> Any:
    """Return a value as it stands in a file: a text that a spreadsheet would take for a formula is marked as text.

    Examples
    --------
    >>> cell("=1+1"), cell(-3), cell(None), cell(date(2026, 11, 5)), cell(["a", "b"])
    ("'=1+1", -3, '', '2026-11-05', 'a|b')
    """
    match value:
        case None:
            return ""
        case bool() | int() | float() | Decimal():
            return value
        case datetime() | date():
            return value.isoformat()
        case list() | tuple():
            return cell("|".join(str(item) for item in value))
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
