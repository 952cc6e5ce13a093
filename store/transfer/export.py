"""Export of the store in the import format: sorted by key, the same bytes from every store with the same rows."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from sqlalchemy import Connection, Engine

from domain.errors import Conflict
from domain.resources import RESOURCES, Column, ColumnType, Resource
from store.engine import reading
from store.tables import column_name
from store.transfer.backend import canonical_json
from store.transfer.backends import backend_for
from store.transfer.values import dump_json, format_number, type_text

_SPECIAL = re.compile(r'[",\r\n]')
_ROWS = 10_000


def export_folder(engine: Engine, folder: Path) -> dict[str, int]:
    """Write every resource that has rows into `folder`, as of one instant.

    A resource is a CSV file, unless CSV could not tell some of its values apart (a text attribute ``"5"``
    from the number, a list element that holds ``;``): then it is JSON Lines.

    Parameters
    ----------
    engine : Engine
        The store.
    folder : Path
        A folder to be made, or an empty one. It appears complete or not at all.

    Returns
    -------
    dict of str to int
        Rows written by resource.

    Raises
    ------
    Conflict
        If `folder` holds something, or is a file.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"{folder} is not an empty folder; name one that is empty or does not exist yet.")
    target = folder.absolute()
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        with reading(engine.connect()) as connection, connection.begin():
            counts = {name: _Export(connection, resource).write(partial) for name, resource in RESOURCES.items()}
        os.replace(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return {name: count for name, count in counts.items() if count}


@dataclass(frozen=True)
class _Shape:
    """What the rows of a resource need: attribute columns, and JSON Lines where CSV would lose something."""

    attributes: tuple[str, ...]
    is_json: bool


class _Export:
    def __init__(self, connection: Connection, resource: Resource) -> None:
        self._connection = connection.execution_options(stream_results=True)
        self._resource = resource
        self._backend = backend_for(connection)

    def write(self, folder: Path) -> int:
        if self._backend.is_empty(self._resource.name):
            return 0
        shape = self._shape()
        path = folder / f"{self._resource.name}{'.jsonl' if shape.is_json else '.csv'}"
        write = _write_jsonl if shape.is_json else _write_csv
        names = [column.name for column in self._resource.columns]
        count = 0
        with path.open("w", encoding="utf-8", newline="") as file:
            if not shape.is_json:
                file.write(",".join(map(_quoted, [*names, *shape.attributes])) + "\n")
            for rows in self._rows():
                write(file, self._resource, shape.attributes, rows)
                count += len(rows)
        return count

    def _shape(self) -> _Shape:
        lists = [column.name for column in self._resource.columns if column.type is ColumnType.LIST]
        found: dict[str, None] = {}
        is_json = False
        for attributes, *values in self._query([*self._custom, *lists]):
            for name, value in (json.loads(attributes or "{}")).items() if self._custom else ():
                found[name] = None
                is_json = is_json or _is_lossy(value)
            texts = [attributes, *values] if not self._custom else values
            is_json = is_json or any(text is not None and not _is_plain_list(text) for text in texts)
        return _Shape(tuple(sorted(found)), is_json)

    @property
    def _custom(self) -> list[str]:
        return ["attributes"] if self._resource.custom else []

    def _query(self, names: Sequence[str]) -> Iterator[Any]:
        if names:
            columns = ", ".join(self._backend.expression(name, ColumnType.LIST) for name in names)
            sql = f'SELECT {columns} FROM "{self._resource.name}" t'  # noqa: S608
            for part in self._connection.exec_driver_sql(sql).partitions(_ROWS):
                yield from part

    def _rows(self) -> Iterator[Sequence[Any]]:
        columns, joins = [], []
        for column in self._resource.columns:
            if column.type is ColumnType.REFERENCE:
                columns.append(f'"r_{column.name}".external_id')
                joins.append(f'LEFT JOIN "{column.target}" "r_{column.name}" ON "r_{column.name}".id '
                             f'= t."{column_name(column)}"')  # fmt: skip
            else:
                columns.append(self._backend.expression(column.name, column.type))
        columns += [self._backend.expression("attributes", ColumnType.LIST)] if self._custom else ["NULL"]
        sql = (
            f'SELECT {", ".join(columns)} FROM "{self._resource.name}" t {" ".join(joins)} '  # noqa: S608
            f"ORDER BY {', '.join(self._order())}"
        )
        for rows in self._connection.exec_driver_sql(sql).partitions(_ROWS):
            yield self._opened(rows)

    def _opened(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Return rows with encrypted columns as their text."""
        names = [column.name for column in self._resource.columns]
        places = [i for i, name in enumerate(names) if self._backend.is_protected(self._resource, name)]
        if not places:
            return rows
        found = [list(row) for row in rows]
        for row in found:
            for i in places:
                row[i] = self._backend.opened(self._resource, names[i], row[i])
        return found

    def _order(self) -> Iterator[str]:
        for name in self._resource.key:
            column = self._resource.column(name)
            is_text = column.type in (ColumnType.TEXT, ColumnType.REFERENCE)
            target = f'"r_{name}".external_id' if column.type is ColumnType.REFERENCE else f't."{name}"'
            yield f"{target}{self._backend.collation if is_text else ''} NULLS FIRST"
        if self._resource.event:
            yield "t.row_key"


def _is_lossy(value: Any) -> bool:
    """Whether the CSV cell of an attribute would be read as something else."""
    back = type_text(_attribute_text(value))
    return type(back) is not type(value) or back != value


def _is_plain_list(text: str) -> bool:
    return all(";" not in part and part == part.strip() for part in json.loads(text))


def _attribute_text(value: Any) -> str:
    return value if isinstance(value, str) else dump_json(value)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text


def _instants(values: Sequence[Any]) -> list[str | None]:
    micros = np.array([0 if value is None else value for value in values], "datetime64[us]")
    texts = np.datetime_as_string(micros).tolist()
    return [
        None if value is None else f"{text.removesuffix('.000000')}Z" for value, text in zip(values, texts, strict=True)
    ]


def _booleans(values: Sequence[Any]) -> list[bool | None]:
    return [None if value is None else bool(value) for value in values]


def _lists(values: Sequence[Any]) -> list[list[str] | None]:
    return [json.loads(value) if canonical_json(value) else None for value in values]


_PLAIN: dict[ColumnType, Callable[[Sequence[Any]], list[Any]]] = {
    ColumnType.INSTANT: _instants,
    ColumnType.BOOLEAN: _booleans,
    ColumnType.LIST: _lists,
}


def _cells(column: Column, values: Sequence[Any]) -> list[str]:
    if all(value is None for value in values):
        return [""] * len(values)
    plain = _PLAIN[column.type](values) if column.type in _PLAIN else values
    to_text = _TO_TEXT.get(column.type, _quoted)
    return ["" if value is None else to_text(value) for value in plain]


_TO_TEXT: dict[ColumnType, Callable[[Any], str]] = {
    ColumnType.NUMBER: format_number,
    ColumnType.AMOUNT: format_number,
    ColumnType.LATITUDE: format_number,
    ColumnType.LONGITUDE: format_number,
    ColumnType.INTEGER: str,
    ColumnType.INSTANT: str,
    ColumnType.BOOLEAN: dump_json,
    ColumnType.LIST: lambda parts: _quoted(";".join(parts)),
}


def _write_csv(file: IO[str], resource: Resource, attributes: Sequence[str], rows: Sequence[Any]) -> None:
    *columns, custom = zip(*rows, strict=True)
    cells = [_cells(column, values) for column, values in zip(resource.columns, columns, strict=True)]
    if attributes:
        parsed = [json.loads(text or "{}") for text in custom]
        for name in attributes:
            cells.append([_quoted(_attribute_text(row[name])) if name in row else "" for row in parsed])
    file.writelines(",".join(row) + "\n" for row in zip(*cells, strict=True))


def _write_jsonl(file: IO[str], resource: Resource, attributes: Sequence[str], rows: Sequence[Any]) -> None:
    *columns, custom = zip(*rows, strict=True)
    names = [column.name for column in resource.columns]
    plain = [
        _PLAIN[column.type](values) if column.type in _PLAIN else values
        for column, values in zip(resource.columns, columns, strict=True)
    ]
    for text, *values in zip(custom, *plain, strict=True):
        row = dict(zip(names, values, strict=True)) | dict.fromkeys(attributes) | json.loads(text or "{}")
        file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
