"""PostgreSQL: ``COPY`` and ``unnest``."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError

from domain.resources import ColumnType, Resource
from store.transfer.backend import Arrays, Backend, column_list, stored_types
from store.transfer.copying import copy_rows, copyable

ADVISORY_LOCK = 0x616C6C79
"""Key of the lock that lets one import at a time into a PostgreSQL store."""

_READ = {
    ColumnType.INSTANT: "(extract(epoch from {0}) * 1000000)::bigint",
    ColumnType.DATE: "to_char({0}, 'YYYY-MM-DD')",
    ColumnType.AMOUNT: "{0}::float8",
    ColumnType.LIST: "{0}::text",
}
_KEY_TYPES = {"text": "text", "id": "bigint", "instant": "bigint", "date": "date"}
_ASKED, _TRIES, _KEY_BYTES = 64, 10, 16


class PostgresBackend(Backend):
    """PostgreSQL: ``COPY`` straight into the tables, ``unnest`` to look for keys."""

    collation = ' COLLATE "C"'

    def expression(self, name: str, type_: ColumnType | None) -> str:
        """Return an expression that yields the wire value."""
        plain = f't."{name}"'
        return _READ[type_].format(plain) if type_ in _READ else plain

    def lock(self) -> None:
        """Take the advisory lock of imports."""
        self.connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")

    def find(self, table: str, columns: Sequence[tuple[str, str]], keys: Sequence[Sequence[Any]]) -> dict[int, int]:
        """Ask the unique index for each of the keys."""
        arrays = ", ".join(f"%s::{_KEY_TYPES[kind]}[]" for _, kind in columns)
        match = " AND ".join(f't."{name}" = {_key(kind, i)}' for i, (name, kind) in enumerate(columns))
        aliases = ", ".join(f"c{i}" for i in range(len(columns)))
        # LATERAL with LIMIT keeps PostgreSQL from reading the whole table for each batch instead of asking the index.
        sql = (
            f"SELECT k.position - 1, t.id FROM unnest({arrays}) WITH ORDINALITY AS k({aliases}, position) "  # noqa: S608
            f'CROSS JOIN LATERAL (SELECT id FROM "{table}" t WHERE {match} LIMIT 1) t'
        )
        parameters = tuple(list(key) for key in keys)
        return {int(key): int(id_) for key, id_ in self.connection.exec_driver_sql(sql, parameters)}

    def rows(self, resource: Resource, ids: Sequence[int]) -> Iterator[tuple[Any, ...]]:
        """Read expressions that yield wire values."""
        names = self._expressions(resource)
        sql = f'SELECT t.id, {names} FROM unnest(%s::bigint[]) k(id) JOIN "{resource.name}" t ON t.id = k.id'  # noqa: S608
        yield from self._wires(resource, self.connection.exec_driver_sql(sql, (list(ids),)))

    def reserve_ids(self, table: str, count: int) -> Any:
        """Draw from the sequence of the table."""
        sql = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
        return pa.array([row[0] for row in self.connection.exec_driver_sql(sql, (table, count))], pa.int64())

    def insert(self, resource: Resource, arrays: Arrays) -> int:
        """Copy into the table; of events those that are there are looked for only when there seem to be any."""
        table = self._copyable(resource, self._sealed(resource, arrays))
        target = f'"{resource.name}" ({column_list(arrays)})'
        if not resource.event:
            copy_rows(self.connection, target, table)
            return int(table.num_rows)
        new, keys = _distinct(arrays["row_key"]), _bytes_of(arrays["row_key"])
        asked = new[:: max(1, len(new) // _ASKED)]
        if len(self._unknown(resource, keys, asked)) < len(asked):
            new = self._unknown(resource, keys, new)
        for _ in range(_TRIES):
            try:
                self._copy_events(target, table if len(new) == table.num_rows else table.take(pa.array(new)))
            except IntegrityError as error:
                if not isinstance(error.orig, UniqueViolation):
                    raise
                fallen = error
            else:
                return len(new)
            new = self._unknown(resource, keys, new)
        raise fallen  # others write the same events again and again

    def _copy_events(self, target: str, table: pa.Table) -> None:
        if table.num_rows:
            with self.connection.begin_nested():  # what is there already takes back this batch only
                copy_rows(self.connection, target, table)

    def _unknown(self, resource: Resource, keys: Any, positions: Any) -> Any:
        """Return those of some positions of events whose keys are not in the store."""
        if not len(positions):
            return positions
        # One long parameter; OFFSET keeps PostgreSQL from reading the whole table instead of asking the index.
        sql = (
            f'SELECT i FROM generate_series(0, %s - 1) i WHERE NOT EXISTS (SELECT 1 FROM "{resource.name}" t '  # noqa: S608
            f"WHERE t.row_key = substring(%s::bytea FROM i * {_KEY_BYTES} + 1 FOR {_KEY_BYTES}) OFFSET 0)"
        )
        found = self.connection.exec_driver_sql(sql, (len(positions), keys[positions].tobytes()))
        return positions[np.sort(np.fromiter((row[0] for row in found), np.int64))]

    def update(self, resource: Resource, arrays: Arrays) -> None:
        """Copy into a temporary table, then update from there."""
        names = column_list(arrays)
        self.connection.exec_driver_sql("DROP TABLE IF EXISTS pg_temp.import_batch")
        self.connection.exec_driver_sql(
            f'CREATE TEMPORARY TABLE import_batch ON COMMIT DROP AS SELECT {names} FROM "{resource.name}" LIMIT 0'  # noqa: S608
        )
        table = self._copyable(resource, self._sealed(resource, arrays))
        copy_rows(self.connection, f"import_batch ({names})", table)
        sets = ", ".join(f'"{name}" = b."{name}"' for name in arrays if name != "id")
        self.connection.exec_driver_sql(
            f'UPDATE "{resource.name}" t SET {sets}, row_version = row_version + 1 '  # noqa: S608
            "FROM import_batch b WHERE t.id = b.id"
        )

    def _copyable(self, resource: Resource, arrays: Arrays) -> pa.Table:
        instants = {name for name, type_ in stored_types(resource).items() if type_ is ColumnType.INSTANT}
        instants |= {"row_created_at", "row_updated_at"}
        return pa.table({name: copyable(array, is_instant=name in instants) for name, array in arrays.items()})


def _bytes_of(keys: Any) -> Any:
    return np.frombuffer(keys.buffers()[1], f"S{_KEY_BYTES}")[keys.offset : keys.offset + len(keys)]


def _distinct(keys: Any) -> Any:
    """Return the position of each key's first row."""
    values = _bytes_of(keys)
    if len(np.unique(values.view(np.uint64)[::2])) == len(keys):  # halves suffice, nearly always
        return np.arange(len(keys))
    return np.sort(np.unique(values, return_index=True)[1])


def _key(kind: str, position: int) -> str:
    if kind == "instant":
        # Whole seconds and the rest apart: PostgreSQL multiplies intervals in double precision.
        seconds, rest = f"(c{position} / 1000000)", f"mod(c{position}, 1000000)"
        return f"(timestamptz 'epoch' + {seconds} * interval '1 second' + {rest} * interval '1 microsecond')"
    return f"c{position}"
