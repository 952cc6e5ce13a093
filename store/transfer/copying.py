"""Wire arrays as the text that PostgreSQL's ``COPY`` reads, written into it while the server works."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, cast

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.csv as arrow_csv
from psycopg.copy import QueuedLibpqWriter
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from domain.errors import CannotAnswer

_PIECE = 8_192
"""Rows that are made into text at a time: the server takes one piece while the next is being made."""

# Texts in quotes, all else without: so an empty text is no null.
_OPTIONS = arrow_csv.WriteOptions(include_header=False, quoting_style="needed")
_HEX = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), np.uint16)


def copy_rows(connection: Connection, target: str, table: pa.Table) -> None:
    """Append rows to a table.

    Parameters
    ----------
    connection : Connection
        Whose transaction it belongs to.
    target : str
        Table and columns, as in ``COPY target FROM``.
    table : Table
        Columns as `copyable` makes them.

    Raises
    ------
    IntegrityError
        If a row breaks a constraint; ``orig`` says which.
    CannotAnswer
        If the connection is lost.
    """
    statement = f"COPY {target} FROM STDIN (FORMAT csv)"
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    with _translated(statement), driver.cursor() as cursor:
        with cursor.copy(statement, writer=QueuedLibpqWriter(cursor)) as copy:
            for piece in table.to_batches(_PIECE):
                copy.write(_text(piece))


def copyable(array: Any, *, is_instant: bool) -> Any:
    """Return a wire array in a type whose text PostgreSQL understands."""
    if is_instant:
        return array.cast(pa.timestamp("us", "UTC"))
    return hexadecimal(array) if pa.types.is_fixed_size_binary(array.type) else array


def hexadecimal(array: Any) -> Any:
    r"""Return the texts of a binary array of fixed size without nulls, as ``bytea`` is written.

    Examples
    --------
    >>> hexadecimal(pa.array([bytes([0, 255])], pa.binary(2))).to_pylist()
    ['\\x00ff']
    """
    width = array.type.byte_width
    values = np.frombuffer(array.buffers()[1], np.uint8).reshape(-1, width)[array.offset : array.offset + len(array)]
    texts = np.empty((len(array), 2 + 2 * width), np.uint8)
    texts[:, 0], texts[:, 1] = b"\\x"
    texts[:, 2:] = _HEX[values].view(np.uint8)
    ends = np.arange(len(array) + 1, dtype=np.int32) * texts.shape[1]
    return pa.Array.from_buffers(pa.string(), len(array), [None, pa.py_buffer(ends), pa.py_buffer(texts)])


def _text(piece: pa.RecordBatch) -> bytes:
    buffer = BytesIO()
    arrow_csv.write_csv(piece, buffer, _OPTIONS)
    return buffer.getvalue()


@contextmanager
def _translated(statement: str) -> Iterator[None]:
    """Raise what a statement through SQLAlchemy would have raised."""
    try:
        yield
    except psycopg.IntegrityError as error:
        raise IntegrityError(statement, None, error) from error
    except psycopg.OperationalError as error:
        raise CannotAnswer(f"The store cannot be reached: {error}") from error
