"""What the readers of all formats yield: batches of rows as they stand in the file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

REASON = "_reject_reason"
"""Column of a rejects file that says what to mend; ignored by every import."""

BROKEN_TEXT = "_reject_text"
"""Key of a rejects file that holds a line which is no JSON object; ignored as well."""

IGNORED = frozenset({REASON, BROKEN_TEXT})

BATCH_BYTES = 4 * 2**20
BATCH_ROWS = 65_536


@dataclass(frozen=True)
class BrokenRow:
    """A row that cannot be taken apart into the columns of its file.

    Parameters
    ----------
    line : int
        Physical line where it begins.
    column, value, message : str
        As in `Problem`.
    raw : list of str or str
        Its fields, or the whole line, for the rejects.
    key : str
        Its external id as far as that can be told.
    """

    line: int
    column: str
    value: str
    message: str
    raw: list[str] | str
    key: str = ""


@dataclass
class RawBatch:
    """Consecutive rows of one file, column-wise, unparsed.

    Attributes
    ----------
    columns : dict of str to Array or list
        Text arrays (CSV), native arrays (Parquet) or lists of values (JSONL), all `count` long.
    count : int
        Rows.
    first : int
        Index in the file of the first row, counting all rows, broken ones too, from 0.
    lines : array of int64, shape (count,), or None
        Line where each row begins; None: to be found by `index` when someone asks.
    present : dict of str to bool array of shape (count,), or None
        Where a row has the column at all; None: everywhere.
    broken : list of BrokenRow
        Rows among these that could not be read.
    is_typed : bool
        Whether values have types of their own, as they have not in CSV.
    """

    columns: dict[str, Any]
    count: int
    first: int
    lines: NDArray[np.int64] | None = None
    present: dict[str, NDArray[np.bool_]] | None = None
    broken: list[BrokenRow] = field(default_factory=list)
    is_typed: bool = True

    def row(self, position: int) -> dict[str, Any]:
        """Return one row as it stood in the file."""
        return {
            name: values[position] if isinstance(values, list) else _native_value(values[position])
            for name, values in self.columns.items()
            if self.present is None or self.present[name][position]
        }


def _native_value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except (OverflowError, ValueError):  # a time that Python has no name for
        return scalar.cast(pa.int64()).as_py()


class Unreadable(Exception):
    """From some line on (or as a whole) a file cannot be read.

    Parameters
    ----------
    line : int
        Where reading stopped.
    message : str
        What is wrong, and the remedy.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


class Reader(Protocol):
    """Reads one file; opening it reads its header."""

    names: list[str]
    """Columns in file order, empty when each row names its own."""

    def batches(self) -> Iterator[RawBatch]:
        """Yield the rows; raise `Unreadable` where they end too early."""
        ...

    def locate(self, indices: set[int]) -> dict[int, int]:
        """Return the physical line of each of the rows `indices`."""
        ...
