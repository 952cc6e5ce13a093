"""Upsert of checked rows: new ones in, changed ones updated, equal ones left alone."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from domain.resources import ColumnType, Resource
from domain.terms import DealStatus, PartnerStatus
from store.tables import column_name
from store.transfer.backend import Backend, stored_types
from store.transfer.columns import WIRE_TYPES
from store.transfer.recording import Recorder
from store.transfer.report import Counts
from store.transfer.rows import Rows
from store.transfer.values import dump_json
from store.types import to_micros

Positions = NDArray[np.int64]


@dataclass
class _Touched:
    """The ids that an import has written or seen, as a growing bitmap: a key twice is an id twice."""

    seen: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1024, bool))

    def add(self, ids: Sequence[int] | Positions) -> None:
        if len(ids):
            highest = int(max(ids))
            if highest >= len(self.seen):
                self.seen = np.concatenate([self.seen, np.zeros(max(highest, len(self.seen)), bool)])
            self.seen[np.asarray(ids)] = True

    def __contains__(self, id_: int) -> bool:
        return id_ < len(self.seen) and bool(self.seen[id_])


class Upsert:
    """Loads the good rows of one file, batch by batch.

    Parameters
    ----------
    backend : Backend
        Database of the import's transaction.
    resource : Resource
    currency : str
        The store's own, for amounts that name none.
    now : datetime
        Service time of the rows.
    recorder : Recorder
        Takes down what becomes of tracked fields.
    """

    def __init__(self, backend: Backend, resource: Resource, currency: str, now: datetime, recorder: Recorder) -> None:
        self._backend = backend
        self._resource = resource
        self._currency = currency
        self._now = to_micros(now)
        self._recorder = recorder
        self._touched = _Touched()
        self._was_empty = backend.is_empty(resource.name)
        self._types = stored_types(resource)
        self.counts = Counts()

    def existing(self, rows: Rows) -> dict[int, int]:
        """Return the ids of good rows that are in the store, and flaw those that this file has named before."""
        if self._resource.event or (self._was_empty and not self.counts.inserted):
            return {}
        positions = np.flatnonzero(rows.good)
        found = self._backend.find(self._resource.name, rows.key_kinds(), rows.keys(positions))
        ids = {int(positions[i]): id_ for i, id_ in found.items()}
        doubled = [position for position, id_ in ids.items() if id_ in self._touched]
        if doubled:
            texts = rows.key_texts()
            for position in doubled:
                del ids[position]
                rows.flaw(position, self._resource.key[0], texts[position], "the key stands twice in this file")
        return ids

    def load(self, rows: Rows, existing: Mapping[int, int]) -> None:
        """Write the good rows, of which `existing` are in the store."""
        good = np.flatnonzero(rows.good)
        new = np.array([position for position in good if position not in existing], np.int64) if existing else good
        self._insert(rows, new)
        if existing:
            self._update(rows, {position: id_ for position, id_ in existing.items() if rows.good[position]})

    def _insert(self, rows: Rows, positions: Positions) -> None:
        if not len(positions):
            return
        arrays = self._new_columns(rows)
        if len(positions) < rows.raw.count:
            take = pa.array(positions)
            arrays = {name: values.take(take) for name, values in arrays.items()}
        if not self._resource.event:
            ids = self._backend.reserve_ids(self._resource.name, len(positions))
            now = pa.array([self._now], pa.int64()).take(pa.array([0] * len(positions)))
            arrays |= {"id": ids, "row_created_at": now, "row_updated_at": now}
            self._touched.add(ids.to_numpy())
        inserted = self._backend.insert(self._resource, arrays)
        self.counts.inserted += inserted
        self.counts.unchanged += len(positions) - inserted

    def _new_columns(self, rows: Rows) -> dict[str, Any]:
        columns = {
            column_name(column): rows.stored(column.name)
            for column in self._resource.columns
            if column.name in rows.columns
        }
        self._fill_defaults(columns, rows.raw.count)
        if rows.custom is not None:
            columns["attributes"] = rows.custom
        if rows.event_keys is not None:
            columns["row_key"] = rows.event_keys
        return columns

    def _fill_defaults(self, columns: dict[str, Any], count: int) -> None:
        nulls = pa.nulls(count, pa.string())
        if "currency" in self._types:
            columns["currency"] = columns.get("currency", nulls).fill_null(self._currency)
        if self._resource.name == "deals":
            columns["status"] = columns.get("status", nulls).fill_null(str(DealStatus.APPROVED))
        if self._resource.name == "partners":
            recruited = columns.get("recruited_at", nulls).is_valid()
            by_date = pa.compute.if_else(recruited, str(PartnerStatus.ACTIVE), str(PartnerStatus.PROSPECT))
            columns["status"] = pa.compute.coalesce(columns.get("status", nulls), by_date)

    def _update(self, rows: Rows, existing: Mapping[int, int]) -> None:
        self._touched.add(list(existing.values()))
        merge = _Merge(rows, self._resource, self._types, self._currency)
        position_of = {id_: position for position, id_ in existing.items()}
        changed: list[tuple[Any, ...]] = []
        for id_, *old, created in self._backend.rows(self._resource, list(existing.values())):
            new = merge.merged(position_of[id_], old)
            if new != old and merge.is_in_order(position_of[id_], new):
                changed.append((id_, *new))
                before, after = (dict(zip(self._types, values, strict=True)) for values in (old, new))
                self._recorder.note(self._resource, before, after, created)
        self.counts.updated += len(changed)
        self.counts.unchanged += sum(bool(rows.good[position]) for position in existing) - len(changed)
        if changed:
            self._backend.update(self._resource, self._arrays(changed))

    def _arrays(self, changed: list[tuple[Any, ...]]) -> dict[str, Any]:
        ids, *columns = zip(*changed, strict=True)
        arrays = {"id": pa.array(ids, pa.int64())}
        for (name, type_), values in zip(self._types.items(), columns, strict=True):
            arrays[name] = pa.array(values, pa.int64() if type_ is None else WIRE_TYPES[type_])
        arrays["row_updated_at"] = pa.array([self._now] * len(ids), pa.int64())
        return arrays


class _Merge:
    """What a stored row becomes: columns that the file has replace, columns that it lacks stay."""

    def __init__(self, rows: Rows, resource: Resource, types: Mapping[str, ColumnType | None], currency: str) -> None:
        names = {column_name(column): column.name for column in resource.columns if column.name in rows.columns}
        self._rows = rows
        self._resource = resource
        self._types = list(types)
        self._columns = [
            (index, rows.stored(names[name]).to_pylist(), rows.present(names[name]))
            for index, name in enumerate(types)
            if name in names
        ]
        self._attributes = {name: (values.to_pylist(), rows.present(name)) for name, values in rows.attributes.items()}
        self._currency = currency

    def merged(self, position: int, old: Sequence[Any]) -> list[Any]:
        """Return the wire values of a row after the import, in the order of `stored_types`."""
        new = list(old)
        for index, values, present in self._columns:
            if present[position]:
                new[index] = values[position]
        self._default(new, old)
        if self._attributes:
            new[-1] = self._merged_attributes(position, old[-1])
        return new

    def is_in_order(self, position: int, new: Sequence[Any]) -> bool:
        """Whether the period of a merged row ends after it begins; if not, its file's row is flawed."""
        if "valid_from" not in self._types:
            return True
        first, last = (new[self._types.index(name)] for name in ("valid_from", "valid_to"))
        if first is None or last is None or last >= first:
            return True
        self._rows.flaw(position, "valid_to", last, f"lies before valid_from ({first}); it must not")
        return False

    def _default(self, new: list[Any], old: Sequence[Any]) -> None:
        for name, value in self._defaults(new):
            index = self._types.index(name)
            if new[index] is None and old[index] is not None:
                new[index] = value

    def _defaults(self, new: list[Any]) -> Iterator[tuple[str, str]]:
        if "currency" in self._types:
            yield "currency", self._currency
        if self._resource.name == "deals":
            yield "status", str(DealStatus.APPROVED)
        if self._resource.name == "partners":
            recruited = new[self._types.index("recruited_at")] is not None
            yield "status", str(PartnerStatus.ACTIVE if recruited else PartnerStatus.PROSPECT)

    def _merged_attributes(self, position: int, old: str) -> str:
        values: dict[str, str] = {name: dump_json(value) for name, value in json.loads(old or "{}").items()}
        for name, (column, present) in self._attributes.items():
            if not present[position]:
                continue
            if column[position] is None:
                values.pop(name, None)
            else:
                values[name] = column[position]
        members = (f"{dump_json(name)}:{values[name]}" for name in sorted(values))
        return "{" + ",".join(members) + "}"
