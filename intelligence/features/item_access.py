"""Which partner may be shown which item: dates, countries, tier and products under agreement."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from intelligence.features.item_log import Bools, Ints, column, is_text
from intelligence.features.item_state import ItemState

_MOST_PAIRS = 3_000
_MANY_BROKEN = 20
_SHARE_BROKEN = 0.1
"""Engagements against the product rule, absolute and as a share, from which on it is none for assets."""


def _countries_of(row: Mapping[str, object]) -> set[str] | None:
    """Return the partner's countries; None for everywhere, which only a territory can say."""
    if is_text(row.get("country")):
        return {str(row["country"])}
    territories = row.get("territories")
    named = [str(territory) for territory in territories] if isinstance(territories, (tuple, list)) else []
    return None if "*" in named else {territory[:2] for territory in named}


def _tier_orders(programs: pd.DataFrame) -> dict[int, list[str]]:
    tiers = column(programs, "tiers", ()).tolist()
    return {int(id_): list(order) for id_, order in zip(programs["id"], tiers, strict=True) if len(order)}


def tier_reaches(tier: object, least: object, orders: Sequence[Sequence[str]]) -> bool:
    """Tell whether `tier` is `least` or above it, by the first of `orders` (lowest first) that names `least`.

    Examples
    --------
    >>> order = ["silver", "gold"]
    >>> tier_reaches("gold", "silver", [order]), tier_reaches("silver", "gold", [order]), tier_reaches(None, "gold", [])
    (True, False, False)
    """
    if not is_text(least):
        return True
    if tier == least:
        return True
    for order in orders:
        if least in order:
            return tier in order and order.index(str(tier)) >= order.index(str(least))
    return False


def _product_keys(history_products: pd.DataFrame) -> dict[object, object]:
    keys: dict[object, object] = {}
    for id_, external in zip(history_products["id"], history_products["external_id"], strict=True):
        keys[int(id_)] = keys[external] = external
    return keys


def covered_products(state: ItemState) -> tuple[dict[int, set[object] | None], bool]:
    """Return the products that each partner's agreements in force cover (None: all), and whether any agreement exists.

    Partners without an agreement in force are not in the mapping.
    """
    agreements = state.log.history.agreements
    if not len(agreements):
        return {}, False
    as_of = np.datetime64(state.as_of, "us")
    end = agreements["valid_to"] + pd.Timedelta(days=1)
    status = column(agreements, "status")
    in_force = (agreements["valid_from"] <= as_of) & ~(end <= as_of) & (status.isna() | (status == "active"))
    keys = _product_keys(state.log.history.products)
    covered: dict[int, set[object] | None] = {}
    for partner, products in zip(
        agreements.loc[in_force, "partner_id"], column(agreements, "products", ())[in_force], strict=True
    ):
        named = {keys.get(product, product) for product in products}
        before = covered.get(int(partner), set())
        covered[int(partner)] = None if not named or before is None else before | named
    return covered, True


def product_rule_holds(state: ItemState) -> bool:
    """Tell whether assets are only for partners whose agreements cover one of their products.

    What an asset is about and who may read it are two things: where the programme's own history shows that partners
    without the product engage with such assets as a matter of course, an asset's products are a topic, not a rule.

    Notes
    -----
    Judged by the latest engagements known at the state's instant of partners with an agreement in force then.
    Offers are not asked: one for products that a partner may not sell is of no use to it.
    """
    covered, ruled = covered_products(state)
    if not ruled:
        return True
    restricted = (state.log.items["type"] == "asset").to_numpy() & _mask([bool(names) for names in _products_of(state)])
    pairs = np.flatnonzero(restricted[state.pair_item])[-_MOST_PAIRS:]
    keys, products = _product_keys(state.log.history.products), _products_of(state)
    wanted = {
        int(item): {keys.get(name, name) for name in products[item]} for item in np.unique(state.pair_item[pairs])
    }
    owners = state.log.partner_ids[state.pair_partner[pairs]]
    found = [
        _covers(covered, int(owner), wanted[int(item)])
        for owner, item in zip(owners, state.pair_item[pairs], strict=True)
        if int(owner) in covered
    ]
    broken = len(found) - sum(found)
    return broken < max(_MANY_BROKEN, _SHARE_BROKEN * len(found))


def _products_of(state: ItemState) -> list[tuple[object, ...]]:
    """Return the products of each item; none is an empty tuple."""
    return [tuple(names) if isinstance(names, (tuple, list)) else () for names in state.log.items["products"]]


def _by_value(values: Sequence[object]) -> list[tuple[object, Ints]]:
    """Group columns by their restriction; those without one are left out."""
    groups: dict[object, list[int]] = {}
    for position, value in enumerate(values):
        key = tuple(value) if isinstance(value, (tuple, list)) else value
        if (isinstance(key, tuple) and key) or is_text(key):
            groups.setdefault(key, []).append(position)
    return [(key, np.array(places)) for key, places in groups.items()]


def allowed(state: ItemState, rows: Ints, cols: Ints) -> Bools:
    """Return whether each partner may be shown each item, by country, tier and product; shape (rows, cols).

    Dates are not looked at: `ItemState.open_items` are those that are there.
    """
    history, items = state.log.history, state.log.items.iloc[cols]
    result = np.ones((len(rows), len(cols)), dtype=np.bool_)
    partners: list[dict[str, object]] = state.profile.iloc[rows].to_dict("records")  # type: ignore[assignment]
    for countries, places in _by_value(items["countries"].tolist()):
        wanted = set(countries)  # type: ignore[call-overload]  # a tuple, by _by_value
        homes = [_countries_of(row) for row in partners]
        result[np.ix_(_mask([not (home is None or home & wanted) for home in homes]), places)] = False
    orders = _tier_orders(history.programs)
    for least, places in _by_value(items["min_tier"].tolist()):
        reaches = [_reaches(row, least, orders) for row in partners]
        result[np.ix_(_mask([not reached for reached in reaches]), places)] = False
    names = items["products"].tolist()
    if not product_rule_holds(state):
        names = [() if kind == "asset" else own for kind, own in zip(items["type"], names, strict=True)]
    products = _by_value(names)
    if products:
        covered, ruled = covered_products(state)
        keys = _product_keys(history.products)
        ids = state.log.partner_ids[rows]
        for named, places in products:
            wanted = {keys.get(name, name) for name in named}  # type: ignore[attr-defined]
            blocked = [ruled and not _covers(covered, int(id_), wanted) for id_ in ids]
            result[np.ix_(_mask(blocked), places)] = False
    return result


def _mask(values: Sequence[bool]) -> Bools:
    return np.array(values, dtype=np.bool_)


def _covers(covered: Mapping[int, set[object] | None], partner: int, wanted: set[object]) -> bool:
    if partner not in covered:
        return False
    products = covered[partner]
    return products is None or bool(products & wanted)


def _reaches(row: Mapping[str, object], least: object, orders: Mapping[int, list[str]]) -> bool:
    program = row.get("program_id")
    own = orders.get(int(program)) if isinstance(program, (int, np.integer)) else None
    return tier_reaches(row.get("tier"), least, [own] if own else list(orders.values()))
