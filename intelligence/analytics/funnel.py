"""From leads and registrations to won deals: how many come from each step to the next, and how long that takes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from intelligence.analytics.book import SECONDS_PER_DAY, Book
from intelligence.analytics.compute import Filters, facts_of
from intelligence.analytics.period import Window
from intelligence.analytics.registry import FIGURES


@dataclass(frozen=True)
class Step:
    """A step of a funnel.

    Parameters
    ----------
    name : str
        What was reached.
    n : int
        How many reached it.
    share : float or None
        Of those of the step before; None of the first, and where there were none.
    days : float or None
        Median from the step before; None of the first, and where no times are known.
    """

    name: str
    n: int
    share: float | None = None
    days: float | None = None


def leads_funnel(book: Book, window: Window, filters: Filters | None = None) -> list[Step]:
    """Return what became of the leads offered in a window until the book's instant: accepted, a deal, won."""
    facts, _ = facts_of(book, FIGURES["leads_offered"], window, filters or {})
    offers = book.offers[book.offers["id"].isin(facts["row_id"])]
    accepted = offers[offers["accepted"]]
    dealt = accepted[accepted["dealt"]]
    won = dealt[dealt["won"]]
    deals = book.deals[book.deals["lead_id"] >= 0].sort_values("registered_at")
    begun = _first(deals, dealt)
    wins = _first(deals[deals["won"]], won)
    to_deal = begun["registered_at"].to_numpy() - dealt["responded_at"].fillna(dealt["offered_at"]).to_numpy()
    to_win = (wins["closed_at"] - wins["registered_at"]).to_numpy()
    return _steps(
        ("offered", len(offers), None),
        ("accepted", len(accepted), accepted["hours"].to_numpy() / 24),
        ("deal", len(dealt), _days(to_deal)),
        ("won", len(won), _days(to_win)),
    )


def registrations_funnel(book: Book, window: Window, filters: Filters | None = None) -> list[Step]:
    """Return what became of the deals registered in a window until the book's instant: approved, won."""
    facts, _ = facts_of(book, FIGURES["registrations"], window, filters or {})
    deals = book.deals[book.deals["id"].isin(facts["row_id"])]
    approved = deals[deals["status"].isin(["approved", "expired"])]
    won = approved[approved["won"]]
    return _steps(
        ("registered", len(deals), None),
        ("approved", len(approved), None),
        ("won", len(won), _days((won["closed_at"] - won["registered_at"]).to_numpy())),
    )


def _first(deals: pd.DataFrame, offers: pd.DataFrame) -> pd.DataFrame:
    """Return the first deal of each offer's lead with the same partner, in the order of the offers."""
    once = deals.drop_duplicates(["lead_id", "partner_id"])[["lead_id", "partner_id", "registered_at", "closed_at"]]
    return offers[["lead_id", "partner_id"]].merge(once, on=["lead_id", "partner_id"], how="left")


def _days(spans: Any) -> Any:
    return spans / np.timedelta64(SECONDS_PER_DAY, "s")


def _steps(*reached: tuple[str, int, Any]) -> list[Step]:
    found: list[Step] = []
    before = 0
    for name, n, days in reached:
        share = n / before if found and before else None
        found.append(Step(name, n, share, None if days is None else _median(days)))
        before = n
    return found


def _median(days: Any) -> float | None:
    known = np.asarray(days, dtype=np.float64)
    known = known[known >= 0]  # NaN compares False
    return round(float(np.median(known)), 2) if len(known) else None
