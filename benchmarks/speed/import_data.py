"""Folders in the import format with any number of activities, for `benchmarks.speed.imports`."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from pyarrow import parquet

PARTNERS, ASSETS, KINDS = 2_000, 300, ("visit", "download", "training", "call")
FORMATS = ("csv", "jsonl", "parquet")
_CHUNK = 250_000
_START, _SECONDS = np.datetime64("2022-01-01T00:00:00"), 94_608_000
_BAD = (
    ("partner", "P-nobody"),
    ("occurred_at", "2024-02-30T00:00:00Z"),
    ("kind", ""),
    ("amount", "-1"),
    ("quantity", "a few"),
)
"""Cells that make a row bad."""


def write_folder(folder: Path, rows: int, form: str = "csv", bad: float = 0.0) -> None:
    """Write partners, assets and distinct activities.

    Parameters
    ----------
    folder : Path
        To be made.
    rows : int
        Activities.
    form : {"csv", "jsonl", "parquet"}
        Of the file of activities.
    bad : float
        Share of activities that no import takes.
    """
    folder.mkdir(parents=True)
    write_csv(folder / "partners.csv", ("external_id", "name"), ((f"P-{i}", f"Partner {i}") for i in range(PARTNERS)))
    write_csv(folder / "assets.csv", ("external_id", "title"), ((f"A-{i}", f"Asset {i}") for i in range(ASSETS)))
    _WRITERS[form](folder / f"activities.{form}", _activities(rows, bad, is_text=form == "csv" or bad > 0))


def write_csv(path: Path, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV file of `rows` under a header."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)


def _activities(rows: int, bad: float, *, is_text: bool) -> Iterator[pa.Table]:
    draw = np.random.default_rng(7)
    for first in range(0, rows, _CHUNK):
        count = min(_CHUNK, rows - first)
        instants = _START + draw.integers(0, _SECONDS, count).astype("timedelta64[s]")
        numbers = np.arange(first, first + count)
        table = pa.table(
            {
                "partner": _named("P-", draw.integers(0, PARTNERS, count)),
                "occurred_at": pa.array(instants),
                "kind": pa.array(np.array(KINDS)[draw.integers(0, len(KINDS), count)]),
                "asset": _named("A-", draw.integers(0, ASSETS, count)),
                "quantity": pa.array(numbers % 1000),
                "amount": pa.array(np.round(draw.random(count) * 1000, 2)),
            }
        )
        yield _spoilt(_as_text(table), draw.random(count) < bad) if is_text else table


def _named(prefix: str, numbers: Any) -> Any:
    return pc.binary_join_element_wise(prefix, pa.array(numbers).cast(pa.string()), "")


def _as_text(table: pa.Table) -> pa.Table:
    texts = {name: table[name].combine_chunks().cast(pa.string()) for name in table.column_names}
    instants = pc.replace_substring(texts["occurred_at"], " ", "T", max_replacements=1)
    texts["occurred_at"] = pc.binary_join_element_wise(instants, "Z", "")
    return pa.table(texts)


def _spoilt(table: pa.Table, is_bad: Any) -> pa.Table:
    """Return the table with one of the bad cells in each row that is to be bad, in turns."""
    columns = {name: table[name].to_pandas().to_numpy(object) for name in table.column_names}
    for number, place in enumerate(np.flatnonzero(is_bad)):
        name, text = _BAD[number % len(_BAD)]
        columns[name][place] = text
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def _write_csv(path: Path, tables: Iterator[pa.Table]) -> None:
    with path.open("wb") as file:
        for number, table in enumerate(tables):
            options = arrow_csv.WriteOptions(
                include_header=number == 0, quoting_style="none", quoting_header="none"
            )  # no text here holds what must be quoted
            arrow_csv.write_csv(table, file, options)


def _write_jsonl(path: Path, tables: Iterator[pa.Table]) -> None:
    with path.open("w") as file:
        for table in tables:
            is_text = table.schema.field("occurred_at").type == pa.string()
            instants = table["occurred_at"] if is_text else _as_text(table)["occurred_at"]
            rows = table.set_column(1, "occurred_at", instants).to_pylist()
            file.writelines(json.dumps(row) + "\n" for row in rows)


def _write_parquet(path: Path, tables: Iterator[pa.Table]) -> None:
    writer = None
    for table in tables:
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


_WRITERS = {"csv": _write_csv, "jsonl": _write_jsonl, "parquet": _write_parquet}
