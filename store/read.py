"""Reads resource tables into frames, fast: no Python object per instant, no ORM, one pass per column."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import BigInteger, Connection, Date, Float, Select, Text, cast, func, select, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

from domain.resources import RESOURCES, Column, ColumnType, Resource
from store import frames
from store.tables import RESOURCE_TABLES, column_name

Condition = Callable[[Resource], ColumnElement[bool] | None]
"""Which rows of a resource are read; None: all."""

_NOT_A_TIME = np.iinfo(np.int64).min
_MICROS_PER_DAY = 86_400_000_000


class _Micros(FunctionElement[int]):
    """Microseconds since 1970 of an instant or a date."""

    type = BigInteger()
    inherit_cache = True


@compiles(_Micros, "sqlite")
def _micros_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    (column,) = element.clauses
    if isinstance(column.type, Date):
        # Julian days of midnights end in exactly .5, so this is exact.
        return f"CAST(julianday({compiler.process(column, **options)}) - 2440587.5 AS INTEGER) * {_MICROS_PER_DAY}"
    return str(compiler.process(column, **options))


@compiles(_Micros, "postgresql")
def _micros_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    (column,) = element.clauses
    # EXTRACT gives numeric, so this is exact to the microsecond.
    return f"CAST(EXTRACT(EPOCH FROM {compiler.process(column, **options)}) * 1000000 AS BIGINT)"


def read_frames(
    connection: Connection,
    resources: Sequence[str],
    until: datetime,
    only: Condition = lambda _: None,
    columns: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> dict[str, pd.DataFrame]:
    """Return frames of `resources` and of ``changes``, in the conventions of `History` but not masked.

    Activities that were recorded after `until` are left in the database, and what `only` leaves out; all other masking
    is the caller's. Of a resource that `columns` names only those are read, without custom attributes.
    """
    wanted = {name: RESOURCES[name] for name in dict.fromkeys([*resources, "changes"])}
    narrow = {name: _narrowed(resource, columns.get(name)) for name, resource in wanted.items()}
    return {name: _read(connection, narrow[name], until, only(resource)) for name, resource in wanted.items()}


def _narrowed(resource: Resource, columns: Sequence[str] | None) -> Resource:
    if columns is None:
        return resource
    return replace(resource, columns=tuple(resource.by_name[name] for name in columns), custom=False)


def _read(
    connection: Connection, resource: Resource, until: datetime, condition: ColumnElement[bool] | None
) -> pd.DataFrame:
    query = _query(resource, until)
    rows = connection.execute(query if condition is None else query.where(condition)).fetchall()
    cells = list(zip(*rows, strict=True)) if rows else [()] * (2 + len(resource.columns))
    columns: dict[str, Any] = {"id": np.array(cells[0], dtype=np.int64)}
    for column, values in zip(resource.columns, cells[1:], strict=False):
        columns[frames.frame_name(column)] = converted(column, values)
    if resource.custom:
        columns |= _attributes(cells[-1])
    return pd.DataFrame(columns)


def _query(resource: Resource, until: datetime) -> Select[Any]:
    table = RESOURCE_TABLES[resource.name]
    wanted: list[ColumnElement[Any]] = [table.c.id]
    wanted += [raw(column, table.c[column_name(column)]) for column in resource.columns]
    if resource.custom:
        wanted.append(cast(table.c.attributes, Text))
    query = select(*wanted)
    if resource.name == "activities":
        query = query.where(func.coalesce(table.c.recorded_at, table.c.occurred_at) <= until)
    return query


def raw(column: Column, stored: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the expression that reads a stored column without a Python object per cell; for `converted`."""
    match column.type:
        case ColumnType.INSTANT | ColumnType.DATE:
            return _Micros(stored)
        case ColumnType.LIST:
            return cast(stored, Text)
        case ColumnType.AMOUNT:
            return cast(stored, Float(53))
        case ColumnType.BOOLEAN | ColumnType.NUMBER | ColumnType.LATITUDE | ColumnType.LONGITUDE:
            return type_coerce(stored, BigInteger)
        case _:
            return stored


def converted(column: Column, values: Sequence[Any]) -> Any:
    """Return the cells that `raw` read in the dtype of the frames' conventions."""
    match column.type:
        case ColumnType.INSTANT | ColumnType.DATE:
            micros = np.array([_NOT_A_TIME if value is None else value for value in values], dtype=np.int64)
            return micros.view("datetime64[us]")
        case ColumnType.REFERENCE:
            return np.array([-1 if value is None else value for value in values], dtype=np.int64)
        case ColumnType.LIST:
            return _lists(values)
        case ColumnType.TEXT | ColumnType.WORD | ColumnType.COUNTRY | ColumnType.CURRENCY:
            return pd.array(list(values), dtype="str")
        case _:
            return np.array(values, dtype=np.float64)


def _lists(texts: Iterable[str | None]) -> pd.Series:
    parsed: dict[str | None, tuple[Any, ...]] = {None: ()}
    cells = []
    for text in texts:
        if text not in parsed:
            parsed[text] = tuple(json.loads(str(text)) or ())
        cells.append(parsed[text])
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    return pd.Series(column)


def _attributes(texts: Sequence[str]) -> dict[str, pd.Series]:
    """Return one column per name; one parse of all texts together is several times faster than one each."""
    filled = [position for position, text in enumerate(texts) if text != "{}"]
    records = json.loads("[" + ",".join(texts[position] for position in filled) + "]")
    columns: dict[str, np.ndarray[Any, Any]] = {}
    for position, record in zip(filled, records, strict=True):
        for name, value in record.items():
            if name not in columns:
                columns[name] = np.full(len(texts), None, dtype=object)
            columns[name][position] = value
    return {frames.ATTRIBUTE + name: pd.Series(columns[name]) for name in sorted(columns)}
