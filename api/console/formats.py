"""How figures, dates and amounts are written for a person, in the language of whoever reads."""

from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, format_percent

from domain.language import spoken

NOTHING = "–"
Number = float | int | Decimal


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
    return sign + format_percent(shown, locale=spoken().code)


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
    return format_decimal(value, format=pattern, locale=spoken().code)


def fixed(value: Number | None, digits: int = 3) -> str:
    """Write a number with exactly `digits` decimals, so that those below each other can be compared.

    Examples
    --------
    >>> fixed(0.5), fixed(None)
    ('0.500', '–')
    """
    if value is None:
        return NOTHING
    return format_decimal(value, format="0." + "0" * digits, locale=spoken().code)


def money(amount: Number | None, currency: str | None = None) -> str:
    """Write an amount without cents.

    Examples
    --------
    >>> money(1234567.8, "EUR"), money(1234567.8), money(None)
    ('€1,234,568', '1,234,568', '–')
    """
    if amount is None or currency is None:
        return number(amount)
    return format_currency(amount, currency, format="¤#,##0", currency_digits=False, locale=spoken().code)


def day(instant: datetime | date | None) -> str:
    """Write a day.

    Examples
    --------
    >>> day(date(2026, 11, 5)), day(None)
    ('Nov 5, 2026', '–')
    """
    return NOTHING if instant is None else format_date(instant, "medium", locale=spoken().code)


def moment(instant: datetime | None) -> str:
    """Write an instant to the minute, in UTC.

    Examples
    --------
    >>> moment(datetime(2026, 11, 5, 14, 3)).endswith("UTC")
    True
    """
    if instant is None:
        return NOTHING
    return f"{day(instant)}, {format_time(instant, 'short', locale=spoken().code)} UTC"
