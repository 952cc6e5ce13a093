"""SQLite: ``executemany`` and ``json_each``."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from domain.resources import Resource
from store.transfer.backend import Arrays, Backend, column_list

_PIECE = 8_192
"""Rows that are Python's tuples at a time."""


class SqliteBackend(Backend):
    """SQLite: ``executemany`` and ``json_each``."""

    def lock(self) -> None:
        """Do nothing: the transaction began with the write lock."""

    def find(self, table: str, columns: Sequence[tuple[str, str]], keys: Sequence[Sequence[Any]]) -> dict[int, int]:
        """Join the table with the keys as a JSON array."""
        match = " AND ".join(f"t.\"{name}\" = json_extract(k.value, '$[{i}]')" for i, (name, _) in enumerate(columns))
        # CROSS JOIN keeps SQLite from scanning the table for each key instead of asking the index.
        sql = f'SELECT k.key, t.id FROM json_each(?) k CROSS JOIN "{table}" t WHERE {match}'  # noqa: S608
        packed = json.dumps(list(zip(*keys, strict=True)))
        return {int(key): int(id_) for key, id_ in self.connection.exec_driver_sql(sql, (packed,))}

    def rows(self, resource: Resource, ids: Sequence[int]) -> Iterator[tuple[Any, ...]]:
        """Read the raw columns: the driver's values are the wire values."""
        names = self._expressions(resource)
        sql = f'SELECT t.id, {names} FROM json_each(?) k CROSS JOIN "{resource.name}" t ON t.id = k.value'  # noqa: S608
        yield from self._wires(resource, self.connection.exec_driver_sql(sql, (json.dumps(list(ids)),)))

    def reserve_ids(self, table: str, count: int) -> Any:
        """Count on from the highest id: the write lock is ours."""
        sql = f'SELECT coalesce(max(id), 0) FROM "{table}"'  # noqa: S608
        highest = int(self.connection.exec_driver_sql(sql).scalar_one())
        return pa.array(range(highest + 1, highest + 1 + count), pa.int64())

    def insert(self, resource: Resource, arrays: Arrays) -> int:
        """Insert by ``executemany``."""
        arrays = self._sealed(resource, arrays)
        marks = ", ".join("?" * len(arrays))
        ignore = " ON CONFLICT (row_key) DO NOTHING" if resource.event else ""
        sql = f'INSERT INTO "{resource.name}" ({column_list(arrays)}) VALUES ({marks}){ignore}'  # noqa: S608
        return self._run(sql, list(arrays.values()))

    def update(self, resource: Resource, arrays: Arrays) -> None:
        """Update by ``executemany``."""
        arrays = self._sealed(resource, arrays)
        names = [name for name in arrays if name != "id"]
        sets = ", ".join(f'"{name}" = ?' for name in names)
        sql = f'UPDATE "{resource.name}" SET {sets}, row_version = row_version + 1 WHERE id = ?'  # noqa: S608
        self._run(sql, [*(arrays[name] for name in names), arrays["id"]])

    def _run(self, sql: str, arrays: Sequence[Any]) -> int:
        """Run a statement for the rows of some columns, and return how many it touched."""
        touched = 0
        for first in range(0, len(arrays[0]), _PIECE):
            rows = list(zip(*(_python(array.slice(first, _PIECE)) for array in arrays), strict=True))
            touched += self.connection.exec_driver_sql(sql, rows).rowcount
        return touched


def _python(array: Any) -> list[Any]:
    if array.null_count == len(array):
        return [None] * len(array)
    if array.null_count == 0 and (pa.types.is_integer(array.type) or pa.types.is_floating(array.type)):
        values: list[Any] = array.to_numpy().tolist()
    else:
        values = array.to_pylist()
    return values
