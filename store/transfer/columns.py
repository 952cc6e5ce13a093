"""Whole columns at once: text and native arrays into wire arrays, with what is wrong among them.

pyarrow takes what is surely good; every other value goes, texts once per distinct one, through
`store.transfer.values`, which is the definition.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from domain.resources import Column, ColumnType
from store.transfer.values import (
    BEYOND_64_BITS,
    MAX_FIELD_BYTES,
    BadValue,
    Wire,
    is_empty,
    parse_attribute,
    parse_attribute_text,
    parse_value,
)
from store.types import to_micros

WIRE_TYPES: dict[ColumnType, Any] = {
    ColumnType.TEXT: pa.string(),
    ColumnType.WORD: pa.string(),
    ColumnType.CURRENCY: pa.string(),
    ColumnType.COUNTRY: pa.string(),
    ColumnType.REFERENCE: pa.string(),
    ColumnType.LIST: pa.string(),
    ColumnType.DATE: pa.string(),
    ColumnType.NUMBER: pa.float64(),
    ColumnType.AMOUNT: pa.float64(),
    ColumnType.LATITUDE: pa.float64(),
    ColumnType.LONGITUDE: pa.float64(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.INSTANT: pa.int64(),
    ColumnType.BOOLEAN: pa.bool_(),
}

_USUAL: dict[ColumnType, tuple[tuple[type, ...], Any]] = {
    ColumnType.NUMBER: ((float, int), pa.float64()),
    ColumnType.AMOUNT: ((float, int), pa.float64()),
    ColumnType.INTEGER: ((int,), pa.int64()),
    ColumnType.BOOLEAN: ((bool,), pa.bool_()),
}
"""Python types that values of a column usually have where values have types, and their arrays; of others texts."""

_FIRST_SECOND = to_micros(datetime.min.replace(tzinfo=UTC)) // 10**6
_END_SECOND = to_micros(datetime.max.replace(tzinfo=UTC)) // 10**6 + 1
_PLAIN_NUMBER = r"^-?[0-9]{1,15}(\.[0-9]{1,12})?$"
_PLAIN_INTEGER = r"^-?[0-9]{1,18}$"
_PLAIN_INSTANT = r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z?$"
_PLAIN_DAY = r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}$"


@dataclass
class Parsed:
    """A column in wire form.

    Attributes
    ----------
    values : Array
        Null where the cell is empty or bad.
    bad : list of (int, object, str)
        Position, value and message of each bad cell.
    """

    values: Any
    bad: list[tuple[int, object, str]] = field(default_factory=list)


def parse_column(column: Column, data: Any) -> Parsed:
    """Return `data`, a text array, native array or list of values, in wire form."""
    wire_type = WIRE_TYPES[column.type]

    def parse(value: object) -> Wire | None:
        return parse_value(column, value)

    if isinstance(data, list):
        return _mixed(column, parse, data, wire_type)
    if pa.types.is_string(data.type):
        return _texts(column, parse, data, wire_type)
    if column.type is ColumnType.INSTANT and pa.types.is_timestamp(data.type):
        return _timestamps(data)
    return _natives(column, parse, data, wire_type)


def _mixed(column: Column, parse: Callable[[object], Wire | None], data: list[Any], wire_type: Any) -> Parsed:
    """Parse a list of values: those of the column's usual type as an array, the odd ones each for itself."""
    kinds, array_type = _USUAL.get(column.type, ((str,), pa.string()))
    usual_kinds = {*kinds, type(None)}
    is_odd = not usual_kinds.issuperset(map(type, data))
    odd = [i for i, value in enumerate(data) if type(value) not in usual_kinds] if is_odd else []
    usual = list(data) if odd else data
    for i in odd:
        usual[i] = None
    try:
        array = pa.array(usual, array_type) if len(odd) < len(data) / 2 else None
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):  # numbers too large, half a surrogate pair
        array = None
    if array is None:
        return _each(parse, data, wire_type)
    is_text = array_type == pa.string()
    parsed = (_texts if is_text else _natives)(column, parse, array, wire_type)
    bad = [(i, data[i], message) for i, _, message in parsed.bad]
    return _filled(parse, Parsed(parsed.values, bad), odd, [data[i] for i in odd])


def _natives(column: Column, parse: Callable[[object], Wire | None], data: Any, wire_type: Any) -> Parsed:
    values = _native(column, data)
    if values is None:
        return _each(parse, _objects(data), wire_type)
    rest = np.flatnonzero(pc.and_(pc.is_valid(data), pc.is_null(values)).to_numpy(zero_copy_only=False))
    return _filled(parse, Parsed(values), rest, _objects(data.take(pa.array(rest))) if len(rest) else [])


def _filled(
    parse: Callable[[object], Wire | None],
    parsed: Parsed,
    positions: Sequence[int] | NDArray[np.int64],
    values: Sequence[object],
) -> Parsed:
    """Return `parsed` with `values` at some positions, where it has none."""
    if not len(positions):
        return parsed
    each = _each(parse, values, parsed.values.type)
    mask = np.zeros(len(parsed.values), bool)
    mask[positions] = True
    bad = [*parsed.bad, *((int(positions[i]), value, message) for i, value, message in each.bad)]
    return Parsed(pc.replace_with_mask(parsed.values, pa.array(mask), each.values), sorted(bad, key=itemgetter(0)))


def parse_attributes(data: Any, *, is_typed: bool) -> Parsed:
    """Return the canonical JSON of each custom attribute in `data`, null for none.

    With `is_typed` a text is a text, otherwise (CSV) what it holds.
    """
    parse = parse_attribute if is_typed else parse_attribute_text
    if isinstance(data, list):
        texts = _only_texts(data)
        return _each(parse, data, pa.string()) if texts is None else _distinct(parse, texts, pa.string())
    if pa.types.is_string(data.type):
        return _distinct(parse, _without_empty(data), pa.string())
    return _each(parse, _objects(data), pa.string())


def _only_texts(data: list[Any]) -> Any | None:
    """Return the array of a list in which there are only texts, or nothing; None for others."""
    if not {str, type(None)}.issuperset(map(type, data)):
        return None
    try:
        return _without_empty(pa.array(data, pa.string()))
    except UnicodeEncodeError:  # half a surrogate pair
        return None


def _objects(data: Any) -> list[object]:
    """Return Python values; times that Python's datetime lacks are cut to microseconds, or stay texts."""
    if pa.types.is_timestamp(data.type):
        wires, tz = _timestamps(data), data.type.tz
        cut = wires.values.cast(pa.timestamp("us", tz)).to_pylist()
        for position, text, _ in wires.bad:
            cut[position] = text
        return list(cut)
    values: list[object] = data.to_pylist()
    return values


def _each(parse: Callable[[object], Wire | None], values: Iterable[object], wire_type: Any) -> Parsed:
    wires: list[Wire | None] = []
    bad: list[tuple[int, object, str]] = []
    for position, value in enumerate(values):
        wire = None
        if not is_empty(value):
            try:
                wire = parse(value)
            except BadValue as error:
                bad.append((position, value, str(error)))
        wires.append(wire)
    return Parsed(pa.array(wires, wire_type), bad)


def _without_empty(texts: Any) -> Any:
    return pc.if_else(pc.greater(pc.binary_length(texts), 0), texts, pa.scalar(None, pa.string()))


def _texts(column: Column, parse: Callable[[object], Wire | None], data: Any, wire_type: Any) -> Parsed:
    texts = _without_empty(data)
    if column.type in (ColumnType.TEXT, ColumnType.REFERENCE):
        return Parsed(texts) if _is_clean(texts) else _distinct(parse, texts, wire_type)
    fast = _FAST.get(column.type)
    if fast is None or texts.null_count == len(texts):
        return _distinct(parse, texts, wire_type)
    values = fast(texts)
    if values.null_count == texts.null_count:
        return Parsed(values)
    rest = _distinct(parse, pc.if_else(pc.is_valid(values), pa.scalar(None, pa.string()), texts), wire_type)
    return Parsed(pc.coalesce(values, rest.values), rest.bad)


def _is_clean(texts: Any) -> bool:
    longest = pc.max(pc.binary_length(texts)).as_py() or 0
    return longest <= MAX_FIELD_BYTES and not pc.any(pc.match_substring(texts, "\0")).as_py()


def _distinct(parse: Callable[[object], Wire | None], texts: Any, wire_type: Any) -> Parsed:
    encoded = texts.dictionary_encode()
    each = _each(parse, encoded.dictionary.to_pylist(), wire_type)
    values = each.values.take(encoded.indices)
    if not each.bad:
        return Parsed(values)
    reasons = {code: (value, message) for code, value, message in each.bad}
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    where = np.flatnonzero(np.isin(codes, list(reasons)))
    return Parsed(values, [(int(i), *reasons[int(codes[i])]) for i in where])


def _matching(texts: Any, pattern: str) -> Any:
    return pc.if_else(pc.match_substring_regex(texts, pattern), texts, pa.scalar(None, pa.string()))


def _fast_numbers(texts: Any) -> Any:
    values = _matching(texts, _PLAIN_NUMBER).cast(pa.float64())
    return pc.add(values, 0.0)  # turns -0.0 into 0.0


def _fast_amounts(texts: Any) -> Any:
    values = _fast_numbers(texts)
    return pc.if_else(pc.greater_equal(values, 0.0), values, pa.scalar(None, pa.float64()))


def _fast_integers(texts: Any) -> Any:
    return _matching(texts, _PLAIN_INTEGER).cast(pa.int64())


def _fast_instants(texts: Any) -> Any:
    times = pc.utf8_rtrim(_matching(texts, _PLAIN_INSTANT), "Z")
    days = _matching(texts, _PLAIN_DAY)
    instants = pc.coalesce(times, days)
    try:
        micros = instants.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:  # a day that is not in the calendar
        micros = _without_impossible(instants).cast(pa.timestamp("us"))
    return micros.cast(pa.int64())


def _without_impossible(instants: Any) -> Any:
    """Return plain instants without those whose day is not in the calendar."""
    days = pc.utf8_slice_codeunits(instants, 0, 10).dictionary_encode()
    good = pa.array([_is_day(text) for text in days.dictionary.to_pylist()], pa.bool_()).take(days.indices)
    return pc.if_else(good, instants, pa.scalar(None, pa.string()))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


_FAST: dict[ColumnType, Callable[[Any], Any]] = {
    ColumnType.NUMBER: _fast_numbers,
    ColumnType.AMOUNT: _fast_amounts,
    ColumnType.INTEGER: _fast_integers,
    ColumnType.INSTANT: _fast_instants,
}


def _timestamps(data: Any) -> Parsed:
    """Return native timestamps as microseconds; those outside the years 1 to 9999 are bad."""
    raw = data.cast(pa.int64())
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[data.type.unit]
    seconds = pc.divide(raw, per_second)
    inside = pc.and_(pc.greater_equal(seconds, _FIRST_SECOND), pc.less(seconds, _END_SECOND))
    kept = pc.if_else(inside, raw, pa.scalar(None, pa.int64())).cast(pa.timestamp(data.type.unit))
    values = kept.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    outside = np.flatnonzero(pc.invert(inside).fill_null(False))
    message = "must be a time in the years 1 to 9999"
    return Parsed(values, [(int(i), f"{seconds[int(i)].as_py()} s after 1970", message) for i in outside])


def _native(column: Column, data: Any) -> Any | None:
    """Return the wire form of a native array, null where it is not surely good; None where nothing is known of it."""
    type_ = data.type
    if column.type in (ColumnType.NUMBER, ColumnType.AMOUNT) and _is_number(type_):
        try:
            values = pc.add(data.cast(pa.float64()), 0.0)  # turns -0.0 into 0.0
        except pa.ArrowInvalid:  # a whole number that no double holds
            return None
        above = (
            pc.greater_equal(values, 0.0) if column.type is ColumnType.AMOUNT else pc.greater(values, -BEYOND_64_BITS)
        )
        good = pc.and_(above, pc.less(values, BEYOND_64_BITS))
        return pc.if_else(good, values, pa.scalar(None, pa.float64()))
    if column.type is ColumnType.INTEGER and pa.types.is_signed_integer(type_):
        return data.cast(pa.int64())
    return data if column.type is ColumnType.BOOLEAN and pa.types.is_boolean(type_) else None


def _is_number(type_: Any) -> bool:
    return bool(pa.types.is_floating(type_) or pa.types.is_integer(type_))
