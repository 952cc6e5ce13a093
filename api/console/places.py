"""Names of places as people know them."""

from functools import cache

import pycountry
from babel import Locale

from domain.language import spoken


def country_name(code: str | None) -> str:
    """Return a country's name in the reader's language; of a code that nobody knows, the code.

    Examples
    --------
    >>> country_name("BR"), country_name("QX"), country_name(None)
    ('Brazil', 'QX', '')
    """
    return str(Locale(spoken().code).territories.get(code or "", code or ""))


@cache
def region_name(code: str) -> str:
    """Return a region's own name, of ``BR-SP`` for instance; of one that nobody knows, what stands there.

    Examples
    --------
    >>> region_name("BR-SP"), region_name("ES-CT"), region_name("XX-1")
    ('São Paulo', 'Catalunya', 'XX-1')
    """
    # Names of the standard carry a second language in brackets and a title after a comma: "Catalunya [Cataluña]".
    found = pycountry.subdivisions.get(code=code)  # type: ignore[no-untyped-call]  # of a library without types
    return str(found.name).partition(" [")[0].partition(", ")[0] if found is not None else code


def gap_name(dimension: str, value: str, name: str | None = None) -> str:
    """Return what a value of the white space is called.

    Examples
    --------
    >>> gap_name("country", "PT"), gap_name("region", "GB-SCT"), gap_name("industry", "public sector")
    ('Portugal', 'Scotland (GB)', 'public sector')
    """
    if dimension == "country":
        return country_name(value)
    if dimension == "region":
        own = region_name(value)
        return own if own == value else f"{own} ({value.partition('-')[0]})"
    return name or value


def place(country: str | None, region: str | None = None, city: str | None = None) -> str:
    """Return city, region and country of a company, what is known of them.

    Examples
    --------
    >>> place("BR", "SP", "Campinas"), place(None), place("DE", "Bayern")
    ('Campinas, São Paulo, Brazil', '', 'Bayern, Germany')
    """
    code = region if region and country and region.startswith(f"{country}-") else f"{country}-{region}"
    name = region_name(code) if region and country else region
    shown = region if name == code else name
    return ", ".join(part for part in (city, shown if shown != city else None, country_name(country)) if part)
