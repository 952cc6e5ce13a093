"""Open deals and registrations with a lead's customer: whoever has one is in the way of everybody else."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.terms import DealStatus
from intelligence.features.pair_events import lead_rows, positions
from intelligence.features.pair_world import LeadQuery, PairWorld

if TYPE_CHECKING:
    from store.history import History

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_NO_CLAIM = (DealStatus.REJECTED, DealStatus.EXPIRED)
_SHARED = 3
"""A domain on which more customers than these have been seen is a provider's and says nothing of them."""

_HOST = re.compile(r"^(?:mailto:|[a-z][a-z0-9+.-]*:)?(?://+)?(?:[^/?#@\s]*@)?([^/?#:\s]*)")
_ADDRESS = re.compile(r"[/@:?#\s]")
_SILENT = re.compile(r"[.'’]")
_WORD = re.compile(r"[^\W_]+")
_FORM = re.compile(
    r"(?: (?:inc|incorporated|corp|corporation|co|company|llc|llp|ltd|limited|plc|pty|pte|gmbh|mbh|ag|kg|ug|sa|sas|"
    r"sarl|sau|sl|slu|srl|spa|bv|nv|ab|as|asa|aps|oy|oyj|lda|ltda|eireli|me|sp z oo|sp z o o|sro|s r o|kft|zrt|doo|"
    r"d o o|s a|s l|s r l|s p a|sa de cv|s a de c v|b v|n v))+$"
)


def site(text: str | None) -> str | None:
    """Return a domain, web or mail address as its host, without ``www``; None where there is none.

    Examples
    --------
    >>> site("https://WWW.Acme.com/about"), site("ana@acme.com"), site(" ")
    ('acme.com', 'acme.com', None)
    """
    host = (text or "").strip().casefold()
    if _ADDRESS.search(host):
        found = _HOST.match(host)
        host = found[1] if found else ""
    return host.strip(".").removeprefix("www.") or None


def plain_name(text: str | None) -> str | None:
    """Return a company's name without case, accents, punctuation and a legal form at its end; None for none.

    Examples
    --------
    >>> plain_name("Águas do Sul, S.A."), plain_name("ACME  Inc."), plain_name("株式会社"), plain_name("!")
    ('aguas do sul', 'acme', '株式会社', None)
    """
    folded = _SILENT.sub("", (text or "").casefold())
    if not folded.isascii():
        letters = unicodedata.normalize("NFKD", folded)
        folded = unicodedata.normalize("NFC", "".join(one for one in letters if not unicodedata.combining(one)))
    words = " ".join(_WORD.findall(folded))
    return _FORM.sub("", words) or words or None


@dataclass(frozen=True, eq=False)
class _Deals:
    """Deals that claim a customer; instants in microseconds, codes -1 for none.

    ``company`` tells names as they are written, ``name`` the plain ones of deals that may still be open.
    """

    partner: Ints
    lead: Ints
    registered: Ints
    closed: Ints
    site: Ints
    company: Ints
    name: Ints
    country: npt.NDArray[np.object_]  # small letters, as far as known
    product: npt.NDArray[np.object_]


class OpenClaims:
    """Finds deals and registrations, submitted or approved, that are open with a customer at an instant.

    A customer is the same by its domain, or by its name where countries and domains do not speak against it.

    Parameters
    ----------
    world : PairWorld
        Its deals; what one does not say of the customer, its lead does.
    since_us : int
        No earlier instant will be asked about.
    """

    def __init__(self, world: PairWorld, since_us: int) -> None:
        self._n = len(world.partner_ids)
        self._deals, self._sites, self._names = _claiming(world, since_us)
        self._of_lead = RowsBy(self._deals.lead)
        self._of_site = RowsBy(self._deals.site)
        self._of_name = RowsBy(self._deals.name)

    def in_the_way(self, lead: LeadQuery, at_us: int, lead_row: int = -1) -> Bools:
        """Partners other than the one that has an open deal for the lead, or for the customer and no other product.

        Parameters
        ----------
        lead : LeadQuery
            Who the customer is, and the product.
        at_us : int
            Instant, microseconds since 1970.
        lead_row : int, default=-1
            Row of the lead in the world's table, -1 for none.

        Returns
        -------
        bool array of shape (p,)
            All where several partners have one.
        """
        deals, rows = self._deals, self._found(lead, at_us, lead_row)
        rows = rows[(deals.registered[rows] <= at_us) & (at_us < deals.closed[rows])]
        rows = rows[(deals.lead[rows] == lead_row) | self._same_product(lead, rows)]
        owners = np.unique(deals.partner[rows])
        others = np.full(self._n, len(owners) > 0)
        if len(owners) == 1:
            others[owners] = False
        return others

    def _found(self, lead: LeadQuery, at_us: int, lead_row: int) -> Ints:
        own = self._of_lead.get(lead_row)
        by_site, site_code = self._by_site(lead, at_us)
        by_name = self._by_name(lead, site_code)
        return np.union1d(np.union1d(own, by_site), by_name).astype(np.int64)

    def _by_site(self, lead: LeadQuery, at_us: int) -> tuple[Ints, int]:
        """Deals of the same domain, and its code; -1 where it says nothing, -2 where no deal is of it."""
        host = site(lead.domain)
        if host is None:
            return _NONE, -1
        code = self._sites.get(host, -2)
        rows = self._of_site.get(code)
        known = self._deals.company[rows[self._deals.registered[rows] <= at_us]]
        return (_NONE, -1) if len(np.unique(known[known >= 0])) > _SHARED else (rows, code)

    def _by_name(self, lead: LeadQuery, site_code: int) -> Ints:
        deals = self._deals
        rows = self._of_name.get(self._names.get(plain_name(lead.company) or "", -1))
        if not len(rows):
            return rows
        elsewhere = (deals.site[rows] >= 0) & (deals.site[rows] != site_code) & (site_code != -1)
        country = (lead.country or "").casefold()
        here = np.array([not country or not one or one == country for one in deals.country[rows]], dtype=bool)
        found: Ints = rows[~elsewhere & here]
        return found

    def _same_product(self, lead: LeadQuery, rows: Ints) -> Bools:
        if lead.product is None:
            return np.ones(len(rows), dtype=bool)
        return np.array([one is None or one == lead.product for one in self._deals.product[rows]], dtype=bool)


_NONE: Ints = np.zeros(0, dtype=np.int64)


class RowsBy:
    """Positions by code; codes below 0 are nobody's."""

    def __init__(self, codes: Ints) -> None:
        self._order: Ints = np.argsort(codes, kind="stable").astype(np.int64)
        most = int(codes.max()) + 1 if len(codes) else 0
        self._starts = np.searchsorted(codes[self._order], np.arange(most + 1))

    def get(self, code: int) -> Ints:
        """Return the positions of one code."""
        if not 0 <= code < len(self._starts) - 1:
            return _NONE
        return self._order[self._starts[code] : self._starts[code + 1]]


def _claiming(world: PairWorld, since_us: int) -> tuple[_Deals, dict[str, int], dict[str, int]]:
    history, pairs = world.history, world.pairs.deals
    own = history.deals[_kept(history, world)]
    live = ~pairs["status"].isin(_NO_CLAIM).to_numpy(bool)
    pairs, own = pairs[live], own[live]
    numbers = {name: pairs[name].to_numpy(np.int64) for name in ("partner", "lead", "registered", "closed")}
    lead = numbers["lead"]
    told = {name: _said(own, world.table, lead, name) for name in ("domain", "company", "country")}
    sites, site_names = _codes(told["domain"], site)
    company, _ = pd.factorize(told["company"])
    # Making names plain takes its time, and most deals are closed for good.
    names, plain_names = _codes(told["company"].where(numbers["closed"] > since_us), plain_name)
    words = {"country": _objects(told["country"].str.casefold()), "product": _objects(world.table["product"])[lead]}
    deals = _Deals(**numbers, **words, site=sites, company=company.astype(np.int64), name=names)
    return deals, site_names, plain_names


def _kept(history: "History", world: PairWorld) -> Bools:
    """Which deals `pairs_of` kept, in the same order."""
    _, lead = lead_rows(history, world.table)
    kept: Bools = (positions(history.deals["partner_id"], world.partner_ids) >= 0) & (lead >= 0)
    return kept


def _said(own: pd.DataFrame, table: pd.DataFrame, lead: Ints, name: str) -> pd.Series:
    """Return what deals say of their customer; what they leave out, their leads say."""
    of_lead = table[name].take(lead).set_axis(own.index)
    return own[name].where(own[name].notna(), of_lead)


def _codes(column: pd.Series, plain: Callable[[str | None], str | None]) -> tuple[Ints, dict[str, int]]:
    """Codes of texts that are the same when made plain, and the code of each."""
    first, texts = pd.factorize(column)
    codes, names = pd.factorize(np.array([plain(str(text)) for text in texts], dtype=object))
    return np.append(codes, -1)[first].astype(np.int64), _numbered(names)


def _numbered(names: Iterable[Any]) -> dict[str, int]:
    return {str(name): code for code, name in enumerate(names)}


def _objects(column: pd.Series) -> npt.NDArray[np.object_]:
    return column.astype(object).where(column.notna(), None).to_numpy(object)
