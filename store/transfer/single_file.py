"""One file of rows that somebody asks about, read and checked like an import but kept nowhere."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from domain.errors import InvalidInput
from domain.resources import RESOURCES, ColumnType, Resource
from store.transfer.batch import Reader, Unreadable
from store.transfer.checks import header_problems
from store.transfer.file_import import open_reader
from store.transfer.files import SUFFIXES, SourceFile
from store.transfer.report import Problem, shown
from store.transfer.rows import Rows

_SHOWN = 20


def read_resource_file(path: Path, resource_name: str) -> pd.DataFrame:
    """Read a file with the columns of a resource.

    Parameters
    ----------
    path : Path
        Ends in .csv, .csv.gz, .parquet, .jsonl or .jsonl.gz; any name.
    resource_name : str
        Whose columns it has; required ones may be missing, references are not looked up.

    Returns
    -------
    DataFrame
        A row each, columns as in the file: instants as naive-UTC ``datetime64[us]``, custom attributes typed by value.

    Raises
    ------
    InvalidInput
        If the file or a cell is wrong; the message names line, column, value and remedy.
    """
    suffix = next((suffix for suffix in SUFFIXES if path.name.endswith(suffix)), None)
    if suffix is None:
        raise InvalidInput(f"{path.name} ends in no known format; use one of {', '.join(SUFFIXES)}")
    resource = RESOURCES[resource_name]
    source = SourceFile(path, resource_name, suffix)
    try:
        reader = open_reader(source)
        _check_header(resource, source, reader)
        frames = [_frame(resource, source, reader, Rows.parse(resource, raw)) for raw in reader.batches()]
    except Unreadable as error:
        raise InvalidInput(str(Problem(source.name, error.line, "", "", error.message))) from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}") from None
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=reader.names)


def _check_header(resource: Resource, source: SourceFile, reader: Reader) -> None:
    wrong = [
        Problem(source.name, 1, column, "", message)
        for column, message in header_problems(resource, reader.names)
        if column in reader.names
    ]
    _raise(wrong)


def _frame(resource: Resource, source: SourceFile, reader: Reader, rows: Rows) -> pd.DataFrame:
    raw = rows.raw
    wrong = [Problem(source.name, row.line, row.column, row.value, row.message) for row in raw.broken]
    flaws = [flaw for flaw in rows.flaws if flaw.column in raw.columns]
    if flaws:
        lines = reader.locate({raw.first + flaw.position for flaw in flaws[:_SHOWN]}) if raw.lines is None else {}
        for flaw in flaws[:_SHOWN]:
            line = lines.get(raw.first + flaw.position, 1) if raw.lines is None else int(raw.lines[flaw.position])
            wrong.append(Problem(source.name, line, flaw.column, shown(flaw.value), flaw.message))
    _raise(wrong)
    columns = {name: _column(resource, name, rows) for name in raw.columns if name in rows.columns}
    custom = {
        name: pd.Series([None if text is None else json.loads(text) for text in values.to_pylist()], dtype=object)
        for name, values in rows.attributes.items()
    }
    return pd.DataFrame(columns | custom)


def _column(resource: Resource, name: str, rows: Rows) -> pd.Series:
    values = rows.columns[name]
    if resource.column(name).type is ColumnType.INSTANT:
        micros = values.fill_null(np.iinfo(np.int64).min).to_numpy(zero_copy_only=False)
        return pd.Series(micros.view("datetime64[us]"))
    series: pd.Series = values.to_pandas()
    return series


def _raise(problems: list[Problem]) -> None:
    if problems:
        lines = [str(problem) for problem in problems[:_SHOWN]]
        raise InvalidInput("\n".join(lines), problems=lines)
