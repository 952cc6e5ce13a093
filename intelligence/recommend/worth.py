"""What an offer is worth, where amounts are known; and why nothing is said of what it changes."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from intelligence.features.item_log import column

if TYPE_CHECKING:
    from intelligence.features.item_state import ItemState

Doubles = npt.NDArray[np.float64]

ORDERS = ("engagement", "value", "uplift")
NO_UPLIFT = (
    "Uplift is not known: no offer was withheld by chance, nor was the chance of showing one recorded, so what "
    "partners would have done without it cannot be told. Ordered by value instead."
)
NO_AMOUNTS = "No offer has an amount, and none was used for one: ordered by engagement instead."
_OWN = 5.0
"""Uses with an amount after which an offer's own mean counts as much as what it says of itself."""


def worths(state: "ItemState") -> Doubles:
    """Return what one engagement with each item is worth, in the store's currency; NaN where no amount is known.

    Parameters
    ----------
    state : ItemState
        Catalogue and instant.

    Returns
    -------
    ndarray of float64, shape (n_items,)
        For offers: the mean amount of the activities that name it, shrunk to the amount that the offer itself states,
        which stands alone where it was not used yet. Assets have none.
    """
    items = state.log.items
    offers = (items["type"] == "offer").to_numpy()
    stated = pd.to_numeric(items["amount"], errors="coerce").to_numpy(np.float64)
    uses, total = _used(state)
    mean = np.divide(total, uses, out=np.full(len(items), np.nan), where=uses > 0)
    prior = np.where(np.isnan(stated), mean, stated)
    worth = np.where(uses > 0, (total + _OWN * prior) / (uses + _OWN), prior)
    return np.where(offers, worth, np.nan)


def _used(state: "ItemState") -> tuple[Doubles, Doubles]:
    """Return number and sum of the known amounts of activities that name each offer."""
    activities, items = state.log.history.activities, state.log.items
    n = len(items)
    named = column(activities, "offer_id", -1).fillna(-1).to_numpy(np.int64)
    amount = pd.to_numeric(column(activities, "amount"), errors="coerce").to_numpy(np.float64)
    known = np.ones(len(activities), dtype=np.bool_)
    for name in ("occurred_at", "recorded_at"):
        if name in activities:
            known &= ~(activities[name] > np.datetime64(state.as_of, "us")).to_numpy()
    kept = (named >= 0) & np.isfinite(amount) & known
    places = np.flatnonzero((items["type"] == "offer").to_numpy())
    index = pd.Index(items["id"].to_numpy()[places].astype(np.int64))
    found = index.get_indexer(pd.Index(named[kept]))
    item, amount = places[found[found >= 0]], amount[kept][found >= 0]
    return np.bincount(item, minlength=n).astype(np.float64), np.bincount(item, amount, n).astype(np.float64)


def notes_on(order: str, frame: pd.DataFrame) -> list[str]:
    """Return what is to be said of an order that could not be followed as asked.

    Parameters
    ----------
    order : str
        As asked.
    frame : DataFrame
        The answer, with its ``worth``.
    """
    notes = [NO_UPLIFT] if order == "uplift" else []
    return notes + ([NO_AMOUNTS] if order != "engagement" and not frame["worth"].notna().any() else [])


def by_value(p: Doubles, worth: Doubles) -> Doubles:
    """Return expected worth: probability times worth, with the list's median worth where it is not known.

    Examples
    --------
    >>> by_value(np.array([0.5, 0.1, 0.2]), np.array([10.0, 100.0, np.nan])).tolist()
    [5.0, 10.0, 11.0]
    """
    known = np.isfinite(worth)
    return p * np.where(known, worth, np.median(worth[known]) if known.any() else 1.0)
