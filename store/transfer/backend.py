"""What the two databases do differently when rows come and go by the batch."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv
from sqlalchemy import Connection

from domain.resources import ColumnType, Resource
from store.at_rest import PROTECTED, at_rest_of
from store.tables import column_name
from store.transfer.values import dump_json

Arrays = Mapping[str, Any]
"""Wire arrays by table column, all of one length."""

ADVISORY_LOCK = 0x616C6C79
"""Key of the lock that lets one import at a time into a PostgreSQL store."""


def stored_types(resource: Resource) -> dict[str, ColumnType | None]:
    """Return the type of each table column that holds data; None for our ids."""
    types: dict[str, ColumnType | None] = {
        column_name(column): None if column.type is ColumnType.REFERENCE else column.type for column in resource.columns
    }
    if resource.custom:
        types["attributes"] = ColumnType.LIST
    return types


def canonical_json(text: str | None) -> str | None:
    """Return stored JSON `text` as `dump_json` would write it; the empty list is nothing."""
    if text is None or text in ("[]", "null"):
        return None
    return dump_json(json.loads(text))


class Backend(ABC):
    """Reads and writes wire values in bulk, inside the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @abstractmethod
    def lock(self) -> None:
        """Keep other imports out until the transaction ends."""

    @abstractmethod
    def find(self, table: str, columns: Sequence[tuple[str, str]], keys: Sequence[Sequence[Any]]) -> dict[int, int]:
        """Return the id of each key that is in the store, by position.

        Parameters
        ----------
        table : str
        columns : sequence of (name, kind)
            Kind is ``text``, ``id``, ``instant`` or ``date``.
        keys : sequence of sequences
            One sequence of wire values per column.
        """

    @abstractmethod
    def rows(self, resource: Resource, ids: Sequence[int]) -> Iterator[tuple[Any, ...]]:
        """Yield (id, wire values in the order of `stored_types`, service time of creation) of the rows `ids`."""

    @abstractmethod
    def reserve_ids(self, table: str, count: int) -> Any:
        """Return `count` ids that nobody else will use, as an int64 array."""

    @abstractmethod
    def insert(self, resource: Resource, arrays: Arrays) -> int:
        """Insert rows; events that are there already are left out. Return how many were new."""

    @abstractmethod
    def update(self, resource: Resource, arrays: Arrays) -> None:
        """Set the given columns of the rows named by ``id`` and raise their version."""

    collation = ""
    """Clause that makes text sort by its bytes, which both databases then do alike."""

    def expression(self, name: str, type_: ColumnType | None) -> str:
        """Return the SQL that reads column `name` of table ``t`` in wire form (JSON as it is stored)."""
        del type_  # the driver's values are the wire values
        return f't."{name}"'

    def _expressions(self, resource: Resource) -> str:
        columns = {**stored_types(resource), "row_created_at": ColumnType.INSTANT}
        return ", ".join(self.expression(name, type_) for name, type_ in columns.items())

    def is_empty(self, table: str) -> bool:
        """Whether `table` holds no row."""
        return self.connection.exec_driver_sql(f'SELECT 1 FROM "{table}" LIMIT 1').first() is None  # noqa: S608

    @staticmethod
    def is_protected(resource: Resource, name: str) -> bool:
        """Whether a column may be encrypted."""
        return name in PROTECTED.get(resource.name, ())

    def opened(self, resource: Resource, name: str, value: str | None) -> str | None:
        """Return a stored value of a protected column as its text."""
        return None if value is None else at_rest_of(self.connection.dialect).open(f"{resource.name}.{name}", value)

    def _sealed(self, resource: Resource, arrays: Arrays) -> Arrays:
        rest = at_rest_of(self.connection.dialect)
        names = [name for name in arrays if self.is_protected(resource, name)] if rest.encrypts else []
        if not names:
            return arrays
        sealed = {}
        for name in names:
            texts = [text and rest.seal(f"{resource.name}.{name}", text) for text in arrays[name].to_pylist()]
            sealed[name] = pa.array(texts, pa.string())
        return {**arrays, **sealed}

    def _wires(self, resource: Resource, result: Any) -> Iterator[tuple[Any, ...]]:
        types = list(stored_types(resource).values())
        lists = [i for i, type_ in enumerate(types, start=1) if type_ is ColumnType.LIST]
        booleans = [i for i, type_ in enumerate(types, start=1) if type_ is ColumnType.BOOLEAN]
        sealed = [
            (i, name) for i, name in enumerate(stored_types(resource), start=1) if self.is_protected(resource, name)
        ]
        for row in result:
            values = list(row)
            for i, name in sealed:
                values[i] = self.opened(resource, name, values[i])
            for i in lists:
                values[i] = canonical_json(values[i])
            for i in booleans:
                values[i] = None if values[i] is None else bool(values[i])
            yield tuple(values)


def backend_for(connection: Connection) -> Backend:
    """Return the backend of the database behind `connection`."""
    return PostgresBackend(connection) if connection.dialect.name == "postgresql" else SqliteBackend(connection)


def _names(arrays: Arrays) -> str:
    return ", ".join(f'"{name}"' for name in arrays)


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
        sql = f'INSERT INTO "{resource.name}" ({_names(arrays)}) VALUES ({marks}){ignore}'  # noqa: S608
        rows = _tuples(arrays.values())
        return int(self.connection.exec_driver_sql(sql, rows).rowcount) if rows else 0

    def update(self, resource: Resource, arrays: Arrays) -> None:
        """Update by ``executemany``."""
        arrays = self._sealed(resource, arrays)
        names = [name for name in arrays if name != "id"]
        sets = ", ".join(f'"{name}" = ?' for name in names)
        sql = f'UPDATE "{resource.name}" SET {sets}, row_version = row_version + 1 WHERE id = ?'  # noqa: S608
        rows = _tuples([*(arrays[name] for name in names), arrays["id"]])
        if rows:
            self.connection.exec_driver_sql(sql, rows)


def _tuples(arrays: Any) -> list[tuple[Any, ...]]:
    return list(zip(*(_python(array) for array in arrays), strict=True))


def _python(array: Any) -> list[Any]:
    if array.null_count == len(array):
        return [None] * len(array)
    if array.null_count == 0 and (pa.types.is_integer(array.type) or pa.types.is_floating(array.type)):
        values: list[Any] = array.to_numpy().tolist()
    else:
        values = array.to_pylist()
    return values


_READ = {
    ColumnType.INSTANT: "(extract(epoch from {0}) * 1000000)::bigint",
    ColumnType.DATE: "to_char({0}, 'YYYY-MM-DD')",
    ColumnType.AMOUNT: "{0}::float8",
    ColumnType.LIST: "{0}::text",
}
_KEY_TYPES = {"text": "text", "id": "bigint", "instant": "bigint", "date": "date"}


class PostgresBackend(Backend):
    """PostgreSQL: ``COPY`` into a temporary table, ``unnest``."""

    collation = ' COLLATE "C"'

    def expression(self, name: str, type_: ColumnType | None) -> str:
        """Return an expression that yields the wire value."""
        plain = f't."{name}"'
        return _READ[type_].format(plain) if type_ in _READ else plain

    def lock(self) -> None:
        """Take the advisory lock of imports."""
        self.connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")

    def find(self, table: str, columns: Sequence[tuple[str, str]], keys: Sequence[Sequence[Any]]) -> dict[int, int]:
        """Join the table with the keys as arrays."""
        arrays = ", ".join(f"%s::{_KEY_TYPES[kind]}[]" for _, kind in columns)
        match = " AND ".join(f't."{name}" = {_key(kind, i)}' for i, (name, kind) in enumerate(columns))
        aliases = ", ".join(f"c{i}" for i in range(len(columns)))
        sql = (
            f"SELECT k.position - 1, t.id FROM unnest({arrays}) WITH ORDINALITY AS k({aliases}, position) "  # noqa: S608
            f'JOIN "{table}" t ON {match}'
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
        """Copy into a temporary table, then insert from there."""
        self._copy(resource, arrays)
        names = _names(arrays)
        ignore = " ON CONFLICT (row_key) DO NOTHING" if resource.event else ""
        sql = f'INSERT INTO "{resource.name}" ({names}) SELECT {names} FROM import_batch{ignore}'  # noqa: S608
        return int(self.connection.exec_driver_sql(sql).rowcount)

    def update(self, resource: Resource, arrays: Arrays) -> None:
        """Copy into a temporary table, then update from there."""
        self._copy(resource, arrays)
        sets = ", ".join(f'"{name}" = b."{name}"' for name in arrays if name != "id")
        self.connection.exec_driver_sql(
            f'UPDATE "{resource.name}" t SET {sets}, row_version = row_version + 1 '  # noqa: S608
            "FROM import_batch b WHERE t.id = b.id"
        )

    def _copy(self, resource: Resource, arrays: Arrays) -> None:
        arrays = self._sealed(resource, arrays)
        names = _names(arrays)
        self.connection.exec_driver_sql("DROP TABLE IF EXISTS pg_temp.import_batch")
        self.connection.exec_driver_sql(
            f'CREATE TEMPORARY TABLE import_batch ON COMMIT DROP AS SELECT {names} FROM "{resource.name}" LIMIT 0'  # noqa: S608
        )
        instants = {name for name, type_ in stored_types(resource).items() if type_ is ColumnType.INSTANT}
        instants |= {"row_created_at", "row_updated_at"}
        table = pa.table({name: _copyable(array, name in instants) for name, array in arrays.items()})
        buffer = BytesIO()
        options = arrow_csv.WriteOptions(include_header=False, quoting_style="all_valid")
        arrow_csv.write_csv(table, buffer, options)
        cursor = self.connection.connection.cursor()
        with cursor.copy(f"COPY import_batch ({names}) FROM STDIN (FORMAT csv)") as copy:
            copy.write(buffer.getvalue())
        cursor.close()


def _key(kind: str, position: int) -> str:
    if kind == "instant":
        # Whole seconds and the rest apart: PostgreSQL multiplies intervals in double precision.
        seconds, rest = f"(c{position} / 1000000)", f"mod(c{position}, 1000000)"
        return f"(timestamptz 'epoch' + {seconds} * interval '1 second' + {rest} * interval '1 microsecond')"
    return f"c{position}"


def _copyable(array: Any, is_instant: bool) -> Any:
    if is_instant:
        return array.cast(pa.timestamp("us", "UTC"))
    if pa.types.is_fixed_size_binary(array.type):
        return pa.array(["\\x" + value.hex() for value in array.to_pylist()], pa.string())
    return array
