"""By what the claims on one customer find each other among a million: few keys, made to miss little.

======  =====================================================  ==========================================
key     of                                                     finds
======  =====================================================  ==========================================
``d:``  the registered domain                                  the same site
``l:``  the domain's own label                                 acme.com and acme.de
``n:``  all words of the name together: in alphabetical        the same name in any order, or parted by
        order, and as they stand                               blanks in another way
``w:``  the first letters of its three longest own words       names with other words, errors further on
``e:``  the last letters of the longest own word               errors at the beginning
``i:``  initials of three words or more, short names           International Business Machines and IBM
======  =====================================================  ==========================================

The last three carry the country: they find companies of the same country, and those whose country is not known.
"""

from collections.abc import Iterator

from programme.companies import SPACELESS, company_domain, company_name, domain_label
from store.claims import Customer, catch_up, keep_keys
from store.rivals import Search
from store.unit_of_work import UnitOfWork

_PREFIX = 5
_PREFIX_SPACELESS = 2
_OWN_WORDS = 3
_SHORT_NAME = 6


def customer_keys(customer: Customer) -> list[str]:
    """Return what a customer can be found by.

    Examples
    --------
    >>> customer_keys(Customer(1, "Acme Rockets Inc.", "www.acme.com", "BR"))
    ['d:acme.com', 'l:acme', 'n:acmerockets', 'w:rocke|BR', 'w:acme|BR', 'e:ckets|BR']
    """
    return [*_precise(customer), *(f"{key}|{customer.country or ''}" for key in _vague(customer))]


def search_of(customer: Customer, lead_id: int | None = None) -> Search:
    """Return what to look for to find the others that claim `customer`."""
    vague = list(_vague(customer))
    if customer.country is None:
        return Search(list(_precise(customer)), [f"{key}|*" for key in vague], lead_id)
    return Search(
        list(_precise(customer)), [f"{key}|{country}" for key in vague for country in (customer.country, "")], lead_id
    )


def name_of(customer: Customer) -> str | None:
    """Return the customer's name; where none is given, the label of its domain stands for it."""
    if customer.company:
        return customer.company
    domain = company_domain(customer.domain)
    return None if domain is None else domain_label(domain).replace("-", " ")


def _precise(customer: Customer) -> Iterator[str]:
    domain = company_domain(customer.domain)
    if domain is not None:
        yield f"d:{domain}"
        yield f"l:{domain_label(domain)}"
    name = company_name(name_of(customer))
    for key in dict.fromkeys((name.key, name.compact)):
        if key:
            yield f"n:{key}"


def _vague(customer: Customer) -> Iterator[str]:
    name = company_name(name_of(customer))
    if not name.words:
        return
    for word in dict.fromkeys(_beginning(word) for word in name.distinctive[:_OWN_WORDS]):
        yield f"w:{word}"
    if len(name.distinctive[0]) > _PREFIX:
        yield f"e:{name.distinctive[0][-_PREFIX:]}"
    if initials := name.initials:
        yield f"i:{initials}"
    elif len(name.words) == 1 and len(name.words[0].text) <= _SHORT_NAME:
        yield f"i:{name.words[0].text}"


def _beginning(word: str) -> str:
    return word[: _PREFIX_SPACELESS if SPACELESS.match(word) else _PREFIX]


def give_keys(work: UnitOfWork, resource: str, row_id: int) -> None:
    """Give a deal or lead that was just written its keys."""
    keep_keys(work.connection, resource, row_id, customer_keys, work.clock())


def catch_up_keys(work: UnitOfWork) -> int:
    """Give deals and leads that were imported their keys; return how many were looked at."""
    return catch_up(work.connection, customer_keys, work.clock())
