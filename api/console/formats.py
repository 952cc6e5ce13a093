"""How figures, dates and amounts are written for a person, in the language of whoever reads.

A page has hundreds of them, few of them different: what Babel made of one is kept.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, format_percent

from domain.language import spoken

NOTHING = "–"
Number = float | int | Decimal
_KEPT = 16_384
_percent = lru_cache(_KEPT)(format_percent)
_decimal = lru_cache(_KEPT)(format_decimal)
_currency = lru_cache(_KEPT)(format_currency)
_date = lru_cache(_KEPT)(format_date)
_time = lru_cache(_KEPT)(format_time)


def _rounded(value: Number, digits: int) -> Number:
    """Return a number as it is going to be shown, so that those that look alike are one; never minus zero."""
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return round(exact, digits) + 0 if exact.is_finite() else value


def percent(p: float | None) -> str:
    """Write a probability or share.

    Examples
    --------
    >>> percent(0.347), percent(0.002), percent(0.999), percent(None)
    ('35%', '<1%', '>99%', '–')
    """
    if p is None:
        return NOTHING
    sign = "<" if 0 < p < 0.005 else ">" if 0.995 < p < 1 else ""
    shown = 0.01 if sign == "<" else 0.99 if sign == ">" else p
    return sign + _percent(_rounded(shown, 2), locale=spoken().code)


def number(value: Number | None, digits: int = 0) -> str:
    """Write a number with at most `digits` decimals.

    Examples
    --------
    >>> number(1234567.8), number(0.125, 2), number(None)
    ('1,234,568', '0.12', '–')
    """
    if value is None:
        return NOTHING
    pattern = "#,##0" + ("." + "#" * digits if digits else "")
    return _decimal(_rounded(value, digits), format=pattern, locale=spoken().code)


def fixed(value: Number | None, digits: int = 3) -> str:
    """Write a number with exactly `digits` decimals, so that those below each other can be compared.

    Examples
    --------
    >>> fixed(0.5), fixed(None)
    ('0.500', '–')
    """
    if value is None:
        return NOTHING
    return _decimal(_rounded(value, digits), format="0." + "0" * digits, locale=spoken().code)


def money(amount: Number | None, currency: str | None = None) -> str:
    """Write an amount without cents.

    Examples
    --------
    >>> money(1234567.8, "EUR"), money(1234567.8), money(None)
    ('€1,234,568', '1,234,568', '–')
    """
    if amount is None or currency is None:
        return number(amount)
    shown, code = _rounded(amount, 0), spoken().code
    return _currency(shown, currency, format=_whole(code), currency_digits=False, locale=code)


@cache
def _whole(code: str) -> str:
    """Return the pattern of a language's amounts, without cents: where the currency stands differs."""
    return str(Locale.parse(code).currency_formats["standard"].pattern).replace(".00", "")


def day(instant: datetime | date | None) -> str:
    """Write a day.

    Examples
    --------
    >>> day(date(2026, 11, 5)), day(None)
    ('Nov 5, 2026', '–')
    """
    if instant is None:
        return NOTHING
    on = instant.date() if isinstance(instant, datetime) else instant
    return _date(on, "medium", locale=spoken().code)


def moment(instant: datetime | None) -> str:
    """Write an instant to the minute, in UTC.

    Examples
    --------
    >>> moment(datetime(2026, 11, 5, 14, 3)).endswith("UTC")
    True
    """
    if instant is None:
        return NOTHING
    at = (instant if instant.tzinfo is None else instant.astimezone(UTC)).replace(second=0, microsecond=0)
    return f"{day(at)}, {_time(at.time(), 'short', locale=spoken().code)} UTC"
