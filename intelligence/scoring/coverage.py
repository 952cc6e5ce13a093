"""What companies cover: places, industries, products; and how much demand there is for each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.terms import AgreementStatus
from intelligence.features.partner_times import instants, is_word, references
from intelligence.features.timeline import DAY_US, FloatArray, IntArray
from store.history import History

EVERYWHERE = "*"
Bools = npt.NDArray[np.bool_]
Names = tuple[str, ...]


@dataclass(frozen=True)
class Demand:
    """Leads, and deals that came without one, of a window.

    Attributes
    ----------
    frame : DataFrame
        ``country``, ``region`` (``BR-SP``), ``industry``, ``product`` (external id), None for missing; ``unrouted``,
        ``lost``, ``won`` as bool.
    """

    frame: pd.DataFrame

    def __len__(self) -> int:
        return len(self.frame)


def demand_of(history: History, days: float) -> Demand:
    """Return who asked for something in the `days` before the history ends.

    A lead is ``won`` or ``lost`` by its deals, and ``unrouted`` when it was neither offered nor has a deal.
    """
    leads, deals = history.leads, history.deals
    start = history.until - np.timedelta64(round(days * DAY_US), "us")
    own = leads[instants(leads, "created_at") > start]
    alone = deals[(instants(deals, "registered_at") > start) & (references(deals, "lead_id") < 0)]
    by_lead = {word: _leads_with(deals, is_word(deals, "outcome", word)) for word in ("won", "lost")}
    going = _leads_with(deals, deals["outcome"].isna().to_numpy(bool) if "outcome" in deals else np.array([], bool))
    handled = {*references(history.assignments, "lead_id").tolist(), *references(deals, "lead_id").tolist()}
    ids = own["id"].to_numpy(np.int64)
    won = np.isin(ids, by_lead["won"])
    first = _described(history, own).assign(
        unrouted=[int(id_) not in handled for id_ in ids],
        won=won,
        lost=np.isin(ids, by_lead["lost"]) & ~won & ~np.isin(ids, going),
    )
    second = _described(history, alone).assign(
        unrouted=False, won=is_word(alone, "outcome", "won"), lost=is_word(alone, "outcome", "lost")
    )
    parts = [part for part in (first, second) if len(part)]
    return Demand(pd.concat(parts, ignore_index=True) if parts else first)


def _leads_with(deals: pd.DataFrame, rows: Bools) -> IntArray:
    return references(deals, "lead_id")[rows]


def _described(history: History, rows: pd.DataFrame) -> pd.DataFrame:
    names = dict(zip(history.products["id"].tolist(), history.products["external_id"], strict=True))
    country, region, industry = (_words(rows, name) for name in ("country", "region", "industry"))
    return pd.DataFrame(
        {
            "country": country,
            "region": [full_region(land, part) for land, part in zip(country, region, strict=True)],
            "industry": [None if word is None else word.strip().casefold() for word in industry],
            "product": [names.get(int(id_)) for id_ in references(rows, "product_id")],
        },
        dtype=object,
    )


def _words(rows: pd.DataFrame, name: str) -> list[str | None]:
    if name not in rows:
        return [None] * len(rows)
    values = rows[name].astype(object)
    return [None if value is None else str(value) for value in values.where(values.notna(), None)]


def full_region(country: str | None, region: str | None) -> str | None:
    """Return a region together with its country, as territories are written; None when either is not known.

    Examples
    --------
    >>> full_region("BR", "SP"), full_region("BR", "BR-SP"), full_region(None, "SP")
    ('BR-SP', 'BR-SP', None)
    """
    if region is None:
        return None
    if country is None:
        return region if "-" in region else None
    return region if region.startswith(f"{country}-") else f"{country}-{region}"


@dataclass(frozen=True)
class Company:
    """What one company covers.

    Attributes
    ----------
    places : tuple of str
        ``BR``, ``BR-SP`` or ``*``; none: not known.
    industries : tuple of str
        Folded; none: not known.
    products : tuple of str, optional
        External ids; None: every product.
    """

    places: Names
    industries: Names
    products: Names | None = None

    def covers(self, dimension: str, value: str) -> bool:
        """Tell whether a value of country, region, industry or product is covered."""
        if dimension == "industry":
            return value in self.industries
        if dimension == "product":
            return self.products is None or value in self.products
        return any(_lies_in(value, place) for place in self.places)


def _lies_in(value: str, place: str) -> bool:
    # A country is covered, in part, by whoever covers one of its regions.
    return place in (EVERYWHERE, value) or value.startswith(f"{place}-") or place.startswith(f"{value}-")


def companies(history: History, ids: IntArray, *, signed: bool) -> list[Company]:
    """Return what companies cover as of the history's end.

    Parameters
    ----------
    history : History
        Everything known then.
    ids : ndarray of int64, shape (n,)
        Our ids.
    signed : bool
        Whether agreements in force rule over places and products, and courses passed over products: for partners. For
        prospects only what they say of themselves counts.

    Notes
    -----
    A company that names no territory covers its own region, or country: what it may do everywhere it hardly does.
    """
    rows = history.partners.set_index("id").reindex(ids)
    country, region = _words(rows, "country"), _words(rows, "region")
    named = [_names(value) for value in rows["territories"]]
    industries = [tuple(item.strip().casefold() for item in _names(value)) for value in rows["industries"]]
    terms = _terms(history) if signed else {}
    restricted = signed and len(history.agreements) > 0
    certified = _certified(history) if signed else {}
    result = []
    for place, own in enumerate(np.asarray(ids).tolist()):
        home = full_region(country[place], region[place]) or country[place]
        places, products = terms.get(own, ((), () if restricted else None))
        result.append(
            Company(
                places or named[place] or ((home,) if home else ()),
                industries[place],
                _permitted(products, history, certified.get(own, frozenset())) if signed else (),
            )
        )
    return result


def described(company: Mapping[str, Any]) -> Company:
    """Return what a company covers by what it says of itself: columns of partners."""
    country, region = (None if company.get(name) is None else str(company[name]) for name in ("country", "region"))
    home = full_region(country, region) or country
    places = _names(company.get("territories")) or ((home,) if home else ())
    return Company(places, tuple(item.strip().casefold() for item in _names(company.get("industries"))), ())


def _names(value: object) -> Names:
    return tuple(str(item) for item in value) if isinstance(value, tuple | list) else ()


def _terms(history: History) -> dict[int, tuple[Names, Names | None]]:
    """Return places and products (None: all) of the agreements in force, by partner."""
    rows = history.agreements
    today = history.until
    begun = np.fmax(instants(rows, "valid_from"), instants(rows, "signed_on")) <= today
    ends = instants(rows, "valid_to") + np.timedelta64(DAY_US, "us")
    active = is_word(rows, "status", AgreementStatus.ACTIVE) if "status" in rows else np.ones(len(rows), dtype=bool)
    found: dict[int, tuple[Names, Names | None]] = {}
    held = rows[begun & active & (np.isnat(ends) | (today < ends))]
    owners = references(held, "partner_id").tolist()
    for owner, land, sold in zip(owners, held["territories"], held["products"], strict=True):
        places, products = found.get(owner, ((), ()))
        own = _names(sold)
        found[owner] = ((*places, *_names(land)), None if products is None or not own else (*products, *own))
    return found


def _certified(history: History) -> dict[int, frozenset[str]]:
    rows = history.certifications
    ends = instants(rows, "expires_on") + np.timedelta64(DAY_US, "us")
    holds = rows[(instants(rows, "passed_on") <= history.until) & (np.isnat(ends) | (history.until < ends))]
    found: dict[int, set[str]] = {}
    for owner, course in zip(references(holds, "partner_id").tolist(), holds["course"].astype(str), strict=True):
        found.setdefault(owner, set()).add(course)
    return {owner: frozenset(courses) for owner, courses in found.items()}


def _permitted(products: Names | None, history: History, courses: frozenset[str]) -> Names | None:
    """Leave out products whose certifications the partner does not hold."""
    needs = history.products
    if not len(needs) or "required_certifications" not in needs:
        return products
    required = dict(zip(needs["external_id"], needs["required_certifications"], strict=True))
    every = list(required) if products is None else products
    kept = tuple(name for name in every if set(_names(required.get(name, ()))) <= courses)
    return None if products is None and len(kept) == len(every) else kept


def coverage(known: Sequence[Company], dimension: str, values: Iterable[str]) -> Bools:
    """Return which company covers which value, shape (companies, values)."""
    wanted = list(values)
    seen: dict[object, Bools] = {}
    key: Callable[[Company], object] = {
        "industry": lambda company: company.industries,
        "product": lambda company: company.products,
    }.get(dimension, lambda company: company.places)
    rows = []
    for company in known:
        own = key(company)
        if own not in seen:
            seen[own] = np.array([company.covers(dimension, value) for value in wanted], dtype=bool)
        rows.append(seen[own])
    return np.array(rows, dtype=bool).reshape(len(rows), len(wanted))


def addressable(known: Sequence[Company], demand: Demand) -> FloatArray:
    """Return how much of the demand lies in each company's places and industries, shape (companies,).

    What is not known, of the demand or of the company, speaks neither for nor against it.
    """
    frame = demand.frame[["country", "region", "industry"]].astype(object)
    # A region tells more than its country, and is what territories are compared with.
    place = frame["region"].where(frame["region"].notna(), frame["country"]).fillna("").astype(str)
    groups = pd.DataFrame({"place": place, "industry": frame["industry"].fillna("").astype(str)}).value_counts()
    weight = groups.to_numpy(np.float64)
    places, industries = (list(groups.index.get_level_values(level)) for level in (0, 1))
    in_place = coverage(known, "place", places) | (np.array(places, dtype=object) == "")
    in_field = coverage(known, "industry", industries) | (np.array(industries, dtype=object) == "")
    in_place |= np.array([not company.places for company in known], dtype=bool)[:, None]
    in_field |= np.array([not company.industries for company in known], dtype=bool)[:, None]
    return np.asarray((in_place & in_field) @ weight, dtype=np.float64)
