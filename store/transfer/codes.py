"""Codes that ISO assigns: countries (3166-1 alpha-2) and currencies (4217)."""

from functools import lru_cache

import pycountry


@lru_cache(maxsize=1)
def country_codes() -> frozenset[str]:
    """Return the assigned alpha-2 codes of countries.

    Examples
    --------
    >>> "BR" in country_codes(), "XX" in country_codes()
    (True, False)
    """
    return frozenset(country.alpha_2 for country in pycountry.countries)


@lru_cache(maxsize=1)
def currency_codes() -> frozenset[str]:
    """Return the assigned three-letter codes of currencies.

    Examples
    --------
    >>> "EUR" in currency_codes(), "ABC" in currency_codes()
    (True, False)
    """
    return frozenset(currency.alpha_3 for currency in pycountry.currencies)
