"""Activities as arrays, without a Python object per cell where the driver allows: what features of partners look at."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection, text

from store.types import to_micros

Ids = npt.NDArray[np.int64]
Rows = npt.NDArray[np.void]

_DTYPE = np.dtype(
    [("partner", "i8"), ("occurred", "i8"), ("recorded", "i8"), ("quantity", "f8"), ("amount", "f8"), ("kind", "i4")]
)
_FETCHED = np.dtype([*((name, _DTYPE[name]) for name in (_DTYPE.names or ())[:-1]), ("kind", "O")])
_NO_NUMBER = -1.7976931348623157e308
_AT_ONCE = 500_000
_WHERE = "coalesce(recorded_at, occurred_at) <= :until"


def read_activities(connection: Connection, until: datetime, ids: Ids) -> pd.DataFrame:
    """Return the activities of some partners that were recorded by an instant, by partner, then by time.

    Returns
    -------
    DataFrame
        ``partner_id``, ``occurred_at``, ``recorded_at`` (that of occurring where it is not given), ``kind``
        (``category``), ``quantity``, ``amount``.
    """
    kinds: list[str] = []
    parts = list(_batches(connection, until, kinds, ids))
    return _frame(np.concatenate([np.empty(0, _DTYPE), *parts]), kinds)


def _frame(rows: Rows, kinds: Sequence[str]) -> pd.DataFrame:
    rows = rows[np.lexsort((rows["occurred"], rows["partner"]))]
    return pd.DataFrame(
        {
            "partner_id": np.ascontiguousarray(rows["partner"]),
            "occurred_at": np.ascontiguousarray(rows["occurred"]).view("datetime64[us]"),
            "recorded_at": np.ascontiguousarray(rows["recorded"]).view("datetime64[us]"),
            "kind": pd.Categorical.from_codes(rows["kind"].astype(np.int64), pd.Index(list(kinds))),
            **{name: np.ascontiguousarray(rows[name]) for name in ("quantity", "amount")},
        }
    )


@dataclass(frozen=True)
class Spill:
    """Activities parted by groups of partners, in files: one pass through the store serves all of them.

    Parameters
    ----------
    folder : Path
        Where the files are.
    """

    folder: Path

    def write(self, connection: Connection, until: datetime, groups: Sequence[Ids]) -> None:
        """Part the activities recorded by an instant among groups of partners; those of nobody are left out."""
        place = np.full(int(max((int(ids.max()) for ids in groups if len(ids)), default=0)) + 2, -1, dtype=np.int32)
        for number, ids in enumerate(groups):
            place[ids] = number
        kinds: list[str] = []
        files = [(self.folder / f"{number}.rows").open("wb") for number in range(len(groups))]
        try:
            for rows in _batches(connection, until, kinds):
                group = place[np.minimum(rows["partner"], len(place) - 1)]
                order = np.argsort(group, kind="stable")
                ends = np.searchsorted(group[order], np.arange(len(groups) + 1))
                parted = rows[order]
                for number, file in enumerate(files):
                    file.write(parted[ends[number] : ends[number + 1]].tobytes())
        finally:
            for file in files:
                file.close()
        (self.folder / "kinds.json").write_text(json.dumps(kinds), encoding="utf-8")

    def read(self, number: int) -> pd.DataFrame:
        """Return the activities of one group, as `read_activities` does."""
        kinds = json.loads((self.folder / "kinds.json").read_text(encoding="utf-8"))
        return _frame(np.fromfile(self.folder / f"{number}.rows", dtype=_DTYPE), kinds)


def _batches(connection: Connection, until: datetime, kinds: list[str], ids: Ids | None = None) -> Iterator[Rows]:
    """Give rows in the order of their ids; `kinds` grows by those met."""
    if connection.dialect.name == "postgresql":
        return _postgresql(connection, until, kinds, ids)
    return _sqlite(connection, until, kinds, ids)


def _sqlite(connection: Connection, until: datetime, kinds: list[str], ids: Ids | None) -> Iterator[Rows]:
    driver: Any = connection.connection.driver_connection  # in the transaction of the connection
    numbers = ", ".join(f"coalesce({name}, {_NO_NUMBER!r})" for name in ("quantity", "amount"))
    query = (
        f"SELECT partner_id, occurred_at, coalesce(recorded_at, occurred_at), {numbers}, kind "  # noqa: S608
        f"FROM activities WHERE {_WHERE}"
    )
    given: dict[str, Any] = {"until": to_micros(until)}
    if ids is not None:
        query += " AND partner_id IN (SELECT value FROM json_each(:ids)) ORDER BY id"
        given["ids"] = json.dumps(ids.tolist())
    cursor = driver.execute(query, given)
    while len(fetched := np.fromiter(islice(cursor, _AT_ONCE), dtype=_FETCHED)):
        yield _coded(fetched, kinds)


def _postgresql(connection: Connection, until: datetime, kinds: list[str], ids: Ids | None) -> Iterator[Rows]:
    micros = "CAST(extract(epoch FROM {}) * 1000000 AS bigint)"
    query = (
        f"SELECT partner_id, {micros.format('occurred_at')}, "  # noqa: S608
        f"{micros.format('coalesce(recorded_at, occurred_at)')}, coalesce(quantity, :none), "
        f"coalesce(CAST(amount AS float8), :none), kind FROM activities WHERE {_WHERE}"
    )
    given: dict[str, Any] = {"until": until, "none": _NO_NUMBER}
    if ids is not None:
        query += " AND partner_id = ANY(:ids) ORDER BY id"
        given["ids"] = ids.tolist()
    found = connection.execution_options(yield_per=_AT_ONCE // 10).execute(text(query), given)
    for part in found.partitions():
        yield _coded(np.fromiter((tuple(row) for row in part), dtype=_FETCHED), kinds)


def _coded(fetched: Rows, kinds: list[str]) -> Rows:
    """Return rows with the places of their kinds among `kinds`, and missing numbers as NaN."""
    codes, met = pd.factorize(fetched["kind"])
    kinds += [str(kind) for kind in met if kind not in kinds]
    rows = np.empty(len(fetched), dtype=_DTYPE)
    for name in (_DTYPE.names or ())[:-1]:
        rows[name] = fetched[name]
    for name in ("quantity", "amount"):
        rows[name][rows[name] == _NO_NUMBER] = np.nan
    rows["kind"] = np.array([kinds.index(kind) for kind in met], dtype=np.int32)[codes]
    return rows
