"""One cell of the import format at a time: what its text or native value means.

The *wire* form that these functions return is the same for SQLite and PostgreSQL: ``str``, ``int``,
``float``, ``bool``; dates as ISO text, instants as microseconds since 1970, lists and custom
attributes as canonical JSON text. `columns` does the same for whole columns at once; here is the definition.
"""

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

from domain.resources import Column, ColumnType
from store.transfer.codes import country_codes, currency_codes
from store.types import to_micros

MAX_FIELD_BYTES = 2**20
"""Largest field, in bytes of UTF-8."""

BEYOND_64_BITS = 2.0**63
EXACT_FLOATS = 1e16
"""From here on ``repr`` of a float needs an exponent."""

Wire = str | int | float | bool

_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"(-?\d+)(\.0*)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-?[W\d].*", re.ASCII)
_TRUE = frozenset({"true", "1", "yes"})
_FALSE = frozenset({"false", "0", "no"})


class BadValue(ValueError):
    """A value that its column cannot hold; the message says what would be right."""


def is_empty(value: object) -> bool:
    """Whether `value` stands for nothing: null or the empty text."""
    return value is None or value == ""


def parse_value(column: Column, value: object) -> Wire | None:
    """Return the wire form of a `value` that is not empty, None for an empty list.

    Raises
    ------
    BadValue
        If the column cannot hold it.

    Examples
    --------
    >>> parse_value(Column("founded_on", ColumnType.DATE), "2024-02-29")
    '2024-02-29'
    >>> parse_value(Column("employees", ColumnType.INTEGER), "12")
    12
    """
    if isinstance(value, str):
        check_text(value)
    return _PARSERS[column.type](column, value)


def check_text(text: str) -> None:
    """Raise `BadValue` for text that no field may hold."""
    if len(text) > MAX_FIELD_BYTES // 4 and len(text.encode("utf-8", "surrogatepass")) > MAX_FIELD_BYTES:
        raise BadValue("the field is larger than 1 MiB (1,048,576 bytes); shorten it")
    if "\0" in text:
        raise BadValue("the field holds a NUL byte; remove it")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise BadValue("the field is not valid UTF-8; save the file as UTF-8") from None


def dump_json(value: object) -> str:
    """Return canonical JSON: sorted keys, no spaces, text as it is."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def format_number(value: float) -> str:
    """Return the shortest text that reads back as `value`; whole numbers without a point.

    Examples
    --------
    >>> format_number(12.0), format_number(0.1)
    ('12', '0.1')
    """
    if value == int(value) and abs(value) < EXACT_FLOATS:
        return str(int(value))
    return repr(value)


def _text(_column: Column, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise BadValue("must be text; write numbers that are names or ids as text, so that nothing of them is lost")


def _finite(value: object, what: str) -> float:
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            raise BadValue(f"must be {what}, plain digits with '.' as the decimal sign, such as 1234.5")
        number = float(value)
    elif isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        number = _as_float(value)
    else:
        raise BadValue(f"must be {what}, such as 1234.5")
    if math.isnan(number):
        raise BadValue("NaN is not a number that can be kept; leave the field empty when there is none")
    if not abs(number) < BEYOND_64_BITS:
        raise BadValue("must be finite and fit in 64 bits (below 9223372036854775808)")
    return number + 0.0  # turns -0.0 into 0.0


def _as_float(value: int | float | Decimal) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _number(_column: Column, value: object) -> float:
    return _finite(value, "a number")


def _amount(_column: Column, value: object) -> float:
    number = _finite(value, "an amount")
    if number < 0:
        raise BadValue("an amount must not be negative")
    return number


def _between(limit: int) -> Callable[[Column, object], float]:
    def parse(column: Column, value: object) -> float:
        number = _finite(value, f"a {column.name} in degrees")
        if abs(number) > limit:
            raise BadValue(f"a {column.name} lies between -{limit} and {limit}")
        return number

    return parse


def _integer(_column: Column, value: object) -> int:
    if isinstance(value, str):
        match = _INTEGER.fullmatch(value)
        if not match:
            raise BadValue("must be a whole number, such as 250")
        # Python refuses to parse thousands of digits; any that long are too many anyway.
        number = int(match[1]) if len(match[1]) <= 400 else 2**63
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        whole = _finite(value, "a whole number")
        if whole != int(whole):
            raise BadValue("must be a whole number, such as 250")
        number = int(whole)
    return _in_64_bits(number)


def _in_64_bits(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise BadValue("must fit in 64 bits (at most 9223372036854775807)")
    return number


def _code(codes: Callable[[], frozenset[str]], remedy: str) -> Callable[[Column, object], str]:
    def parse(column: Column, value: object) -> str:
        text = _text(column, value)
        if text in codes():
            return text
        hint = f"; did you mean {text.upper()}?" if text.upper() in codes() else ""
        raise BadValue(f"{remedy}{hint}")

    return parse


_country = _code(country_codes, "is no country that ISO 3166-1 assigns; use its two letters, such as BR")
_currency = _code(currency_codes, "is no currency that ISO 4217 assigns; use its three letters, such as EUR")


def _boolean(_column: Column, value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).lower() if isinstance(value, (str, int)) else ""
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise BadValue("must be true or false")


def _date(_column: Column, value: object) -> str:
    if isinstance(value, datetime):
        if (value.hour, value.minute, value.second, value.microsecond) != (0, 0, 0, 0):
            raise BadValue("must be a date without a time, YYYY-MM-DD")
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise BadValue("must be a date as YYYY-MM-DD, such as 2024-02-29")
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise BadValue("is no day of the calendar; use YYYY-MM-DD, such as 2024-02-29") from None


def _instant(_column: Column, value: object) -> int:
    try:
        return to_micros(_moment(value))
    except (ValueError, OverflowError):
        raise BadValue("must be a time in ISO 8601, such as 2024-02-29T13:45:00Z or 2024-02-29") from None


def _moment(value: object) -> datetime:
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        value = datetime.fromisoformat(value)
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime):
        raise ValueError
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:  # the year 0 or 10000 in UTC
        raise ValueError from None


def _word(column: Column, value: object) -> str:
    if isinstance(value, str) and value in column.words:
        return value
    raise BadValue(f"must be one of {', '.join(column.words)}")


def _list(column: Column, value: object) -> str | None:
    if isinstance(value, str):
        parts: list[object] = [part for raw in value.split(";") if (part := raw.strip())]
    elif isinstance(value, (list, tuple)):
        parts = [part for part in value if not is_empty(part)]
    else:
        raise BadValue("must be a list: an array, or in CSV values parted by ';'")
    element = Column(column.name, column.of, target=column.target)
    texts = [str(parse_value(element, part)) for part in parts]
    if column.name == "territories":
        for text in texts:
            _check_territory(text)
    packed = dump_json(texts)
    if len(packed) > MAX_FIELD_BYTES and not isinstance(value, str):
        raise BadValue("the field is larger than 1 MiB (1,048,576 bytes); shorten it")
    return packed if texts else None


def _check_territory(text: str) -> None:
    country, dash, region = text.partition("-")
    if text != "*" and (country not in country_codes() or (dash and not region)):
        raise BadValue(f"{text!r} is no territory; use a country (BR), country and region (BR-SP), or * for everywhere")


_PARSERS: dict[ColumnType, Callable[[Column, object], Wire | None]] = {
    ColumnType.TEXT: _text,
    ColumnType.REFERENCE: _text,
    ColumnType.NUMBER: _number,
    ColumnType.INTEGER: _integer,
    ColumnType.AMOUNT: _amount,
    ColumnType.CURRENCY: _currency,
    ColumnType.COUNTRY: _country,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.DATE: _date,
    ColumnType.INSTANT: _instant,
    ColumnType.LATITUDE: _between(90),
    ColumnType.LONGITUDE: _between(180),
    ColumnType.LIST: _list,
    ColumnType.WORD: _word,
}


def parse_attribute(value: object) -> str:
    """Return the canonical JSON of a custom attribute with a native value that is not empty: its type is kept.

    Raises
    ------
    BadValue
        If it is neither number, boolean nor text.

    Examples
    --------
    >>> parse_attribute("7"), parse_attribute(7), parse_attribute(True)
    ('"7"', '7', 'true')
    """
    if isinstance(value, str):
        check_text(value)
        return dump_json(value)
    return dump_json(_native_attribute(value))


def parse_attribute_text(text: object) -> str:
    """Return the canonical JSON of a custom attribute that stands as text in CSV and holds what `type_text` says.

    Raises
    ------
    BadValue
        If no field may hold it.

    Examples
    --------
    >>> [parse_attribute_text(text) for text in ("true", "7", "007", "1.10")]
    ['true', '7', '"007"', '"1.10"']
    """
    check_text(str(text))
    return dump_json(type_text(str(text)))


def type_text(text: str) -> str | int | float | bool:
    """Return what the `text` of an attribute holds; a number only when no digit of it is lost.

    Examples
    --------
    >>> type_text("12"), type_text("1.5"), type_text("1.50"), type_text("+1"), type_text("false")
    (12, 1.5, '1.50', '+1', False)
    """
    if text in ("true", "false"):
        return text == "true"
    if len(text) > 25 or not _NUMBER.fullmatch(text):
        return text
    if _INTEGER.fullmatch(text) and "." not in text:
        whole = int(text)
        return whole if str(whole) == text and -(2**63) <= whole < 2**63 else text
    number = float(text)
    # Above 1e16 the two databases would write the same number differently; -0.0 they would not keep.
    return number if repr(number) == text and abs(number) < EXACT_FLOATS and text != "-0.0" else text


def _native_attribute(value: object) -> str | int | float | bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _in_64_bits(value)
    if isinstance(value, (float, Decimal)):
        number = _finite(value, "a number")
        is_whole = abs(number) >= EXACT_FLOATS or (isinstance(value, Decimal) and number == int(number))
        return int(value) if is_whole else number
    if isinstance(value, (date, datetime)):
        return _text(Column(""), value)
    raise BadValue("a custom attribute must be a number, a boolean or text; give each part a column of its own")
