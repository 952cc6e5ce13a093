"""The conventions of the store's frames: what dtype a column of a resource has, and how values get there."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from domain.resources import RESOURCES, Column, ColumnType, Resource

Instants = NDArray[np.datetime64]
Ints = NDArray[np.int64]

ATTRIBUTE = "attributes."
"""Prefix of the columns of custom attributes."""

TIME_OF: Mapping[str, str] = {
    "leads": "created_at",
    "deals": "registered_at",
    "activities": "occurred_at",
    "assignments": "offered_at",
    "feedback": "submitted_at",
    "certifications": "passed_on",
    "agreements": "valid_from",
    "goals": "period_start",
    "assets": "published_at",
    "changes": "changed_at",
}
"""The column that a resource's rows are sorted by; the others are sorted by id alone."""

_NUMERIC = frozenset(
    {ColumnType.NUMBER, ColumnType.INTEGER, ColumnType.AMOUNT, ColumnType.LATITUDE, ColumnType.LONGITUDE}
)
_TIMES = frozenset({ColumnType.DATE, ColumnType.INSTANT})
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,3})?")
_TRUTH = {"true": 1.0, "false": 0.0}


def naive(instant: Any) -> np.datetime64:
    """Return `instant` (``datetime``, ``Timestamp``, ``datetime64`` or ISO text) as naive UTC ``datetime64[us]``.

    Examples
    --------
    >>> naive("2024-01-01T00:00:00+02:00")
    np.datetime64('2023-12-31T22:00:00.000000')
    """
    stamp = pd.Timestamp(instant)
    stamp = stamp.tz_convert(None) if stamp.tzinfo is not None else stamp
    return stamp.as_unit("us").to_datetime64()


def aware(instant: np.datetime64) -> datetime:
    """Return a naive UTC `instant` as an aware ``datetime``."""
    moment: datetime = instant.astype("datetime64[us]").item()
    return moment.replace(tzinfo=UTC)


def frame_name(column: Column) -> str:
    """Return the name of the frame column that holds `column`: a reference ``partner`` is ``partner_id``."""
    return f"{column.name}_id" if column.type is ColumnType.REFERENCE else column.name


def resolve_field(resource: str, field: str) -> tuple[str, Column | None]:
    """Return the frame column that `field` means, and its definition (None: a custom attribute).

    Parameters
    ----------
    resource : str
        Name of the resource.
    field : str
        A public column name, a frame column name, ``attributes.x``, or the bare ``x``.

    Examples
    --------
    >>> resolve_field("partners", "program")[0], resolve_field("partners", "segment")
    ('program_id', ('attributes.segment', None))
    """
    if field.startswith(ATTRIBUTE):
        return field, None
    columns = RESOURCES[resource].by_name
    column = columns.get(field) or columns.get(field.removesuffix("_id"))
    return (frame_name(column), column) if column is not None else (ATTRIBUTE + field, None)


def conform(resource: Resource, frame: pd.DataFrame | None) -> pd.DataFrame:
    """Return `frame` with all columns of `resource` in the conventions of `History`, unsorted.

    Missing columns are filled with what stands for none; ``id`` counts from 1, ``external_id`` is the id.
    Custom attributes are passed on as they are.

    Raises
    ------
    ValueError
        If `frame` has a column that the resource does not know.
    """
    given = pd.DataFrame() if frame is None else frame.reset_index(drop=True)
    known = {"id", *(frame_name(column) for column in resource.columns)}
    attributes = [name for name in given.columns if str(name).startswith(ATTRIBUTE)]
    unknown = set(given.columns) - known - set(attributes)
    if unknown:
        raise ValueError(f"frame of {resource.name} has unknown columns {sorted(unknown)}")
    ids = given["id"] if "id" in given.columns else np.arange(1, len(given) + 1)
    columns: dict[str, Any] = {"id": np.asarray(ids, dtype=np.int64)}
    for column in resource.columns:
        name = frame_name(column)
        if name in given.columns:
            columns[name] = typed(column, given[name])
        elif name == "external_id":
            columns[name] = pd.Series([str(id_) for id_ in columns["id"]], dtype="str")
        else:
            columns[name] = missing(column, len(given))
    return pd.DataFrame(columns | {name: given[name] for name in attributes})


def missing(column: Column | None, n: int) -> pd.Series:
    """Return `n` values that stand for none in `column` (None: a numeric custom attribute)."""
    if column is None:
        return pd.Series(np.full(n, np.nan))
    match column.type:
        case ColumnType.REFERENCE:
            return pd.Series(np.full(n, -1, dtype=np.int64))
        case ColumnType.LIST:
            return _tuples([()] * n)
        case kind if kind in _TIMES:
            return pd.Series(np.full(n, "NaT", dtype="datetime64[us]"))
        case kind if kind in _NUMERIC or kind is ColumnType.BOOLEAN:
            return pd.Series(np.full(n, np.nan))
        case _:
            return pd.Series([None] * n, dtype="str")


def typed(column: Column, values: pd.Series) -> pd.Series:
    """Return `values`, as Python objects or already converted, in the dtype of `column`."""
    if column.type is ColumnType.REFERENCE:
        return values.fillna(-1).astype(np.int64)
    if column.type is ColumnType.LIST:
        return _tuples([tuple(value) if isinstance(value, list | tuple | set) else () for value in values])
    if column.type in _TIMES:
        return _instants(values)
    if column.type in _NUMERIC or column.type is ColumnType.BOOLEAN:
        return values.astype(np.float64)
    return values.astype("str")


def _tuples(values: list[tuple[Any, ...]]) -> pd.Series:
    cells = np.empty(len(values), dtype=object)
    cells[:] = values
    return pd.Series(cells)


def _instants(values: pd.Series) -> pd.Series:
    if values.dtype == "datetime64[us]":
        return values
    if len(values) == 0 or values.isna().all():
        return pd.Series(np.full(len(values), "NaT", dtype="datetime64[us]"))
    if values.dtype.kind == "M" and getattr(values.dtype, "tz", None) is None:
        return values.astype("datetime64[us]")
    if values.dtype == object or isinstance(values.dtype, pd.StringDtype):
        return pd.Series([None if pd.isna(value) else naive(value) for value in values], dtype="datetime64[us]")
    return _naive_utc(values)


def _naive_utc(values: pd.Series) -> pd.Series:
    local: pd.Series = values.dt.tz_convert(None).astype("datetime64[us]")
    return local


def from_text(column: Column, texts: pd.Series, id_of: Mapping[str, int]) -> pd.Series:
    """Return values of a field's history, kept as text, in the dtype of `column`.

    Parameters
    ----------
    column : Column
        What the field is.
    texts : Series of str
        NaN for cleared.
    id_of : mapping
        Our ids by external id of what a reference points to; unknown ones become -1.

    Notes
    -----
    A text that does not fit the type counts as none: the history of another system is not refused for it.
    """
    values = texts.astype("str")
    if column.type is ColumnType.REFERENCE:
        return pd.Series([id_of.get(value, -1) for value in values], index=texts.index, dtype=np.int64)
    if column.type is ColumnType.LIST:
        return _tuples([() if pd.isna(value) else list_of(value) for value in values]).set_axis(texts.index)
    if column.type in _TIMES:
        stamps: pd.Series = pd.to_datetime(values, utc=True, errors="coerce", format="ISO8601")
        return _naive_utc(stamps)
    if column.type is ColumnType.BOOLEAN:
        return values.str.lower().map({**_TRUTH, "1": 1.0, "0": 0.0}).astype(np.float64)
    if column.type in _NUMERIC:
        return pd.to_numeric(values, errors="coerce").astype(np.float64)
    return values


def list_of(text: str) -> tuple[Any, ...]:
    """Return the elements of a list kept as text: JSON, or parted by ``;``.

    Examples
    --------
    >>> list_of('["BR", "AR"]') == list_of("BR; AR") == ("BR", "AR")
    True
    """
    if text.startswith("["):
        try:
            return tuple(json.loads(text))
        except ValueError:
            return (text,)
    return tuple(part.strip() for part in text.split(";") if part.strip())


def attribute_number(value: Any) -> float | None:
    """Return the number that a custom attribute's `value` is, None when it is none.

    Examples
    --------
    >>> [attribute_number(value) for value in (3, True, "4.5", "007", "x")]
    [3.0, 1.0, 4.5, None, None]
    """
    if isinstance(value, bool | int | float | np.number | np.bool_):
        return float(value)
    if isinstance(value, str):
        if _NUMBER.fullmatch(value):
            return float(value)
        return _TRUTH.get(value.lower())
    return None


def attribute_text(value: Any) -> str:
    """Return a custom attribute's `value` as text: as it is, or as JSON.

    Examples
    --------
    >>> [attribute_text(value) for value in ("x", 5.0, True, ["a"])]
    ['x', '5', 'true', '["a"]']
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    plain = value.item() if isinstance(value, np.generic) else value
    return json.dumps(plain, ensure_ascii=False)


def attribute_column(values: pd.Series, *, also: Iterable[Any] = ()) -> pd.Series:
    """Return a custom attribute's `values` as ``float64`` when every one is a number, else as ``str``.

    Parameters
    ----------
    values : Series
        Any Python values; None and NaN are missing.
    also : iterable
        Further values of the attribute that count for its type, such as earlier ones.
    """
    present = [value for value in also if not _is_missing(value)]
    if values.dtype.kind in "fiub":
        if all(attribute_number(value) is not None for value in present):
            return values.astype(np.float64)
    cells: list[Any] = [None if _is_missing(value) else value for value in values.tolist()]
    numbers = [None if value is None else attribute_number(value) for value in cells]
    if all(attribute_number(value) is not None for value in present) and _all_numbers(cells, numbers):
        return pd.Series(np.array(numbers, dtype=np.float64), index=values.index)
    texts = [None if value is None else attribute_text(value) for value in cells]
    return pd.Series(texts, index=values.index, dtype="str")


def _all_numbers(cells: list[Any], numbers: list[float | None]) -> bool:
    return all(number is not None or cell is None for cell, number in zip(cells, numbers, strict=True))


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value) or value is pd.NaT  # noqa: PLR0124
