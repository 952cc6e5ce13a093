"""Small pieces of SQL that the two databases spell alike, and JSON that both can keep."""

import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

CHUNK = 500
"""How many values one IN list takes."""

T = TypeVar("T")


def insert_into(connection: Connection, table: Table) -> Any:
    """Return an INSERT with ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Yield `values` in parts of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def json_ready(value: Any) -> Any:
    """Return `value` as plain JSON: numbers of numpy as Python's, NaN and infinity as null, instants as ISO text.

    Examples
    --------
    >>> json_ready({"p": float("nan"), "on": date(2024, 1, 2), "by": ("a", 1)})
    {'p': None, 'on': '2024-01-02', 'by': ['a', 1]}
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float() | Decimal():
            return float(value) if math.isfinite(value) else None
        case datetime() | date():
            return value.isoformat()
        case dict():
            return {str(key): json_ready(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [json_ready(item) for item in value]
    if not hasattr(value, "tolist"):  # arrays and scalars of numpy have it
        raise TypeError(f"{type(value).__name__} cannot be kept as JSON")
    return json_ready(value.tolist())
