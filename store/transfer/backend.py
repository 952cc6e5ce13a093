"""What the two databases do differently when rows come and go by the batch."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection

from domain.resources import ColumnType, Resource
from store.at_rest import PROTECTED, at_rest_of
from store.tables import column_name
from store.transfer.values import dump_json

Arrays = Mapping[str, Any]
"""Wire arrays by table column, all of one length."""


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


def column_list(arrays: Arrays) -> str:
    """Return the names of the columns, quoted for a statement."""
    return ", ".join(f'"{name}"' for name in arrays)
