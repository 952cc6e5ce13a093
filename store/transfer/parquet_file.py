"""Parquet: native types are kept; line numbers are row numbers."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from store.transfer.batch import RawBatch, Unreadable
from store.transfer.files import SourceFile

_ROWS = 32_768
_ERRORS = (pa.ArrowException, OSError, ValueError)
"""What damaged files raise; ValueError where a name in them is no UTF-8."""


class ParquetFile:
    """Reader of ``.parquet``."""

    def __init__(self, source: SourceFile) -> None:
        self.names: list[str] = []
        self._file = None
        if source.path.stat().st_size == 0:
            return
        try:
            self._file = parquet.ParquetFile(source.path)
            self.names = list(self._file.schema_arrow.names)
        except _ERRORS as error:
            raise Unreadable(1, f"is no complete Parquet file ({_brief(error)}); write or copy it again") from None

    def batches(self) -> Iterator[RawBatch]:
        """Yield the rows."""
        first = 0
        if self._file is None:
            return
        try:
            for block in self._file.iter_batches(batch_size=_ROWS):
                columns = {name: _plain(values) for name, values in zip(self.names, block.columns, strict=True)}
                lines = np.arange(first + 1, first + block.num_rows + 1, dtype=np.int64)
                yield RawBatch(columns, block.num_rows, first, lines)
                first += block.num_rows
        except _ERRORS as error:
            raise Unreadable(
                first + 1, f"the Parquet data are damaged after row {first} ({_brief(error)}); write or copy it again"
            ) from None

    def locate(self, indices: set[int]) -> dict[int, int]:
        """Return the row number of each of `indices`."""
        return {index: index + 1 for index in indices}


def _brief(error: Exception) -> str:
    return str(error).splitlines()[0][:100] if str(error) else type(error).__name__


def _plain(values: Any) -> Any:
    """Return `values` without dictionary encoding, text as valid UTF-8 or as a list that shows what is not."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), pa.string())
    if not _is_bytes(values.type):
        return values
    try:
        text = values.cast(pa.string())
        text.validate(full=True)
    except pa.ArrowInvalid:
        raw = values.cast(pa.large_binary()).to_pylist()
        return [None if value is None else value.decode("utf-8", "surrogateescape") for value in raw]
    return text


def _is_bytes(type_: Any) -> bool:
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(kind(type_) for kind in kinds) or "_view" in str(type_)
