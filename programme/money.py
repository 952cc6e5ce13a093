"""Money: whole minor units, rounding, and shares that add up.

Amounts are `Decimal` and belong to one currency each; nothing here, or anywhere else, converts between currencies or
adds across them.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

from babel.numbers import get_currency_precision

from domain.errors import InvalidInput

ZERO = Decimal(0)

LARGEST = Decimal(10) ** 13
"""Entries by hand must stay below it: SQLite keeps amounts exactly to 15 significant digits."""

_WIDE = Context(prec=400)
"""Holds every amount that a column can hold, in whole minor units."""


class Total(NamedTuple):
    """Sums of one currency."""

    currency: str
    credit: Decimal
    debit: Decimal

    @property
    def balance(self) -> Decimal:
        """What is owed to the partner."""
        return self.credit - self.debit


def minor_unit(currency: str) -> Decimal:
    """Return the smallest amount of a currency, by the Unicode CLDR.

    Examples
    --------
    >>> [str(minor_unit(code)) for code in ("EUR", "JPY", "BHD")]
    ['0.01', '1', '0.001']
    """
    return Decimal(1).scaleb(-get_currency_precision(currency.upper()))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Return `amount` in whole minor units, halves away from zero.

    Examples
    --------
    >>> str(rounded(Decimal("0.125"), "EUR")), str(rounded(Decimal("2.5"), "JPY"))
    ('0.13', '3')
    """
    return amount.quantize(minor_unit(currency), ROUND_HALF_UP, context=_WIDE)


def check_amount(amount: Decimal, currency: str, field: str) -> Decimal:
    """Return an amount given by a caller, if it is positive and of whole minor units.

    Raises
    ------
    InvalidInput
        If it is not.
    """
    if not ZERO < amount < LARGEST:
        raise InvalidInput(f"{field} must be above 0 and below {LARGEST:,}", field=field, value=str(amount))
    if rounded(amount, currency) != amount:
        unit = minor_unit(currency)
        raise InvalidInput(f"{field} must be a multiple of {unit} {currency}", field=field, value=str(amount))
    return amount


def shared_out(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Return `total` (of whole minor units) in parts by `weights` that add up to it exactly.

    By largest remainder: each part is rounded down, and the minor units left over go to the parts that lost most, the
    earlier first among equals.

    Raises
    ------
    ValueError
        If no weight is positive, or one is negative.

    Examples
    --------
    >>> [str(part) for part in shared_out(Decimal("100.00"), [Decimal(1)] * 3, "EUR")]
    ['33.34', '33.33', '33.33']
    """
    whole = sum(weights, ZERO)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must not be negative, and one must be positive")
    unit = minor_unit(currency)
    units = _WIDE.divide(total, unit)
    quotas = [_WIDE.divide(_WIDE.multiply(units, weight), whole) for weight in weights]
    floors = [quota.to_integral_value(ROUND_FLOOR, _WIDE) for quota in quotas]
    missing = int(_WIDE.subtract(units, sum_exactly(floors)))
    lost = sorted(range(len(quotas)), key=lambda i: (floors[i] - quotas[i], i))
    more = set(lost[:missing])
    return [_WIDE.multiply(floor + (i in more), unit) for i, floor in enumerate(floors)]


def sum_exactly(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum of amounts, however large."""
    total = ZERO
    for amount in amounts:
        total = _WIDE.add(total, amount)
    return total


def totals(entries: Iterable[tuple[str, Decimal | None, Decimal | None]]) -> list[Total]:
    """Return sums per currency, in order of the currency's code.

    Parameters
    ----------
    entries : iterable of (str, Decimal or None, Decimal or None)
        Currency, credit and debit of each entry.
    """
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for currency, credit, debit in entries:
        before = sums.get(currency, (ZERO, ZERO))
        sums[currency] = (_WIDE.add(before[0], credit or ZERO), _WIDE.add(before[1], debit or ZERO))
    return [Total(currency, *sums[currency]) for currency in sorted(sums)]


def shown(amount: Decimal, currency: str) -> str:
    """Return an amount for people.

    Examples
    --------
    >>> shown(Decimal("12345.6"), "EUR")
    '12,345.60 EUR'
    """
    return f"{rounded(amount, currency):,} {currency}"


def fraction(number: float | None) -> Decimal:
    """Return a rate or share, as its column holds it, as a decimal: 0.1 is a tenth exactly."""
    return ZERO if number is None else Decimal(repr(number))


def percent(rate: Decimal) -> str:
    """Return a rate for people.

    Examples
    --------
    >>> percent(Decimal("0.125")), percent(Decimal("0.1"))
    ('12.5 %', '10 %')
    """
    text = f"{rate * 100:.6f}".rstrip("0").rstrip(".")
    return f"{text} %"
