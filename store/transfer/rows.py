"""Rows of one batch on their way from the file to the store: parsed, checked, resolved."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from domain.resources import Column, ColumnType, Resource
from store.tables import column_name
from store.transfer.batch import IGNORED, RawBatch
from store.transfer.columns import WIRE_TYPES, parse_attributes, parse_column
from store.transfer.rowkey import row_keys

MAX_KEY_BYTES = 800
"""Longest text in a key: an index row of PostgreSQL holds 2,704 bytes, a key of ``changes`` three texts."""

_KINDS = {ColumnType.REFERENCE: "id", ColumnType.INSTANT: "instant", ColumnType.DATE: "date"}


@dataclass
class Flaw:
    """What is wrong with one row of the batch.

    Parameters
    ----------
    position : int
        In the batch.
    column : str
    value : object
    message : str
    """

    position: int
    column: str
    value: object
    message: str


@dataclass
class Rows:
    """A batch in wire form.

    Attributes
    ----------
    columns : dict of str to Array
        By public column name; references as external ids.
    attributes : dict of str to Array
        Canonical JSON of each custom attribute.
    ids : dict of str to Array
        Resolved references by public column name.
    flaws : list of Flaw
        What is wrong.
    good : bool array of shape (count,)
        Rows that may be loaded.
    custom : Array or None
        After `derive`: the custom attributes of each row as one canonical JSON object; None when no row has any.
    event_keys : Array or None
        After `derive`: what makes two events the same.
    """

    resource: Resource
    raw: RawBatch
    columns: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)
    good: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, bool))
    custom: Any | None = None
    event_keys: Any | None = None

    @classmethod
    def parse(cls, resource: Resource, raw: RawBatch) -> "Rows":
        """Return the cells of `raw` in wire form, each checked for itself and within its row."""
        rows = cls(resource, raw, good=np.ones(raw.count, bool))
        for name, data in raw.columns.items():
            rows._parse(name, data)
        for column in resource.columns:
            if column.required:
                rows._require(column)
        rows._check_key_size()
        rows._check_order("valid_from", "valid_to")
        rows._check_order("period_start", "period_end")
        return rows

    def flaw(self, position: int, column: str, value: object, message: str) -> None:
        """Note what is wrong with a row, which will not be loaded."""
        self.flaws.append(Flaw(position, column, value, message))
        self.good[position] = False

    def present(self, name: str) -> NDArray[np.bool_]:
        """Return where the rows have the column `name` at all."""
        if name not in self.raw.columns:
            return np.zeros(self.raw.count, bool)
        return np.ones(self.raw.count, bool) if self.raw.present is None else self.raw.present[name]

    def key_texts(self) -> list[str]:
        """Return the key of each row as people write it."""
        columns = [self._key_column(name) for name in self.resource.key if name in self.columns]
        return [", ".join("" if cell is None else str(cell) for cell in cells) for cells in zip(*columns, strict=True)]

    def _key_column(self, name: str) -> list[Any]:
        data = self.raw.columns[name]
        cells: list[Any] = data if isinstance(data, list) else data.to_pylist()
        return cells

    def key_kinds(self) -> list[tuple[str, str]]:
        """Return table column and kind of each part of the key."""
        columns = [self.resource.column(name) for name in self.resource.key]
        return [(column_name(column), _KINDS.get(column.type, "text")) for column in columns]

    def keys(self, positions: NDArray[np.int64]) -> list[list[Any]]:
        """Return the parts of the key as wire values, column by column."""
        take = pa.array(positions)
        return [self.stored(name).take(take).to_pylist() for name in self.resource.key]

    def stored(self, name: str) -> Any:
        """Return the wire array of a column as the table stores it."""
        return self.ids[name] if name in self.ids else self.columns[name]

    def doubled(self) -> NDArray[np.int64]:
        """Return positions whose key stands earlier in the batch."""
        frame = pd.DataFrame({name: self.columns[name].to_pandas() for name in self.resource.key})
        complete = np.ones(self.raw.count, bool)
        for name in self.resource.key:
            if self.resource.column(name).required:
                complete &= frame[name].notna().to_numpy()
        return np.flatnonzero(frame.duplicated().to_numpy() & complete)

    def derive(self) -> None:
        """Make `custom`, and of events `event_keys`, of the cells."""
        self.custom = self._attribute_json()
        if self.resource.event:
            self.event_keys = row_keys(self.resource, self.columns, self.custom, self.raw.count)

    def _attribute_json(self) -> Any | None:
        if not self.attributes:
            return None
        members = []
        for name in sorted(self.attributes):
            prefix = pa.scalar("," + json.dumps(name, ensure_ascii=False) + ":", pa.string())
            member = pc.binary_join_element_wise(prefix, self.attributes[name], "", null_handling="emit_null")
            members.append(member.fill_null(""))
        joined = pc.utf8_ltrim(pc.binary_join_element_wise(*members, ""), ",")
        return pc.binary_join_element_wise("{", joined, "}", "")

    def _parse(self, name: str, data: Any) -> None:
        columns: Mapping[str, Column] = self.resource.by_name
        if name in IGNORED:
            return
        if name in columns:
            parsed = parse_column(columns[name], data)
            self.columns[name] = parsed.values
        else:
            parsed = parse_attributes(data, is_typed=self.raw.is_typed)
            self.attributes[name] = parsed.values
        for position, value, message in parsed.bad:
            self.flaw(position, name, value, message)

    def _require(self, column: Column) -> None:
        if column.name not in self.columns:
            self.columns[column.name] = pa.nulls(self.raw.count, WIRE_TYPES[column.type])
        empty = np.flatnonzero(self.columns[column.name].is_null().to_numpy(zero_copy_only=False))
        if not len(empty):
            return
        flawed = {flaw.position for flaw in self.flaws if flaw.column == column.name}
        for position in empty:
            if int(position) not in flawed:
                self.flaw(int(position), column.name, "", "is required and must not be empty")

    def _check_key_size(self) -> None:
        """Flaw keys that no index of PostgreSQL takes, for both databases alike."""
        texts = (name for name in self.resource.key if self.resource.column(name).type is ColumnType.TEXT)
        for name in () if self.resource.event else texts:
            sizes = pc.binary_length(self.columns[name])
            if (pc.max(sizes).as_py() or 0) > MAX_KEY_BYTES:
                for position in np.flatnonzero(pc.greater(sizes, MAX_KEY_BYTES).fill_null(False)):
                    value = self.columns[name][int(position)].as_py()
                    self.flaw(int(position), name, value, f"a key is at most {MAX_KEY_BYTES} bytes long; shorten it")

    def _check_order(self, first: str, last: str) -> None:
        if first in self.columns and last in self.columns:
            wrong = pc.less(self.columns[last], self.columns[first]).fill_null(False)
            for position in np.flatnonzero(wrong.to_numpy(zero_copy_only=False)):
                value = self.columns[last][int(position)].as_py()
                start = self.columns[first][int(position)].as_py()
                self.flaw(int(position), last, value, f"lies before {first} ({start}); it must not")
