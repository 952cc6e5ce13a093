"""Where partners stand on their way: four stages, by one rule, at any instant.

========================  =====================================================================================
stage                     rule
========================  =====================================================================================
attracting                not recruited: the status is prospect, applied, onboarding or rejected; nothing was won
first_revenue             recruited, with fewer than three won deals
acceleration              three won deals or more, and: the first was won within 365 days, or the revenue of the
                          last 365 days is more than 1.2 times that of the 365 days before
maturity                  three won deals or more, and neither
========================  =====================================================================================

Where no deal of two years names an amount, numbers of deals stand for revenue. Amounts in other currencies than the
store's are left out of growth. A partner that ended keeps the stage that it had reached, and is not counted.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from intelligence.analytics.book import Book
from intelligence.analytics.period import MOMENT, Window
from store.frames import aware, naive

FIRST_DEALS = 3
GROWTH = 1.2
YEAR = np.timedelta64(365, "D")


class Stage(StrEnum):
    """A stage of the journey."""

    ATTRACTING = "attracting"
    FIRST_REVENUE = "first_revenue"
    ACCELERATION = "acceleration"
    MATURITY = "maturity"


RULES: Mapping[Stage, str] = MappingProxyType(
    {
        Stage.ATTRACTING: "not recruited (prospect, applied, onboarding, rejected), and nothing won",
        Stage.FIRST_REVENUE: "recruited, fewer than 3 won deals",
        Stage.ACCELERATION: "3 won deals or more; first won within 365 days, or revenue of 365 days more than 1.2 "
        "times that of the 365 days before",
        Stage.MATURITY: "3 won deals or more, first won over 365 days ago, revenue grows by no more than a fifth",
    }
)
"""The rule of each stage in words."""

FIGURES_OF: Mapping[Stage, tuple[str, ...]] = MappingProxyType(
    {
        Stage.ATTRACTING: ("time_to_onboard_days", "certifications", "activities"),
        Stage.FIRST_REVENUE: ("time_to_first_deal_days", "registrations", "leads_accepted", "lead_response_hours",
                              "open_deals", "certification_coverage"),
        Stage.ACCELERATION: ("revenue", "deals_won", "win_rate", "new_customers", "pipeline", "offered_to_won_rate"),
        Stage.MATURITY: ("revenue", "average_deal_size", "win_rate", "sales_cycle_days", "pipeline_coverage",
                         "certification_coverage", "nps"),
    }
)  # fmt: skip
"""Which figures tell how a partner does in a stage."""

GONE = ("ended", "rejected")
_NOT_RECRUITED = ("prospect", "applied", "onboarding", "rejected")


@dataclass(frozen=True)
class Standing:
    """A partner's stage, why, and since when (None: not known)."""

    stage: Stage
    reason: str
    status: str | None
    since: datetime | None


def stages(book: Book, instant: datetime) -> pd.DataFrame:
    """Return the stage of every partner at an instant.

    Returns
    -------
    DataFrame
        By our id: stage, status, won (deals), latest and earlier (revenue of the last 365 days and of those before).
    """
    at = naive(min(instant, book.as_of))
    won = book.won[book.won["closed_at"].to_numpy() <= at]
    partners = book.partners.index
    frame = pd.DataFrame({"status": book.status_at(instant)}, index=partners)
    by_partner = won.groupby("partner_id")
    frame["won"] = by_partner.size().reindex(partners, fill_value=0)
    frame["first_at"] = by_partner["closed_at"].min().reindex(partners)
    frame["latest"], frame["earlier"] = (
        _revenue(book, won, at - YEAR, at),
        _revenue(book, won, at - 2 * YEAR, at - YEAR),
    )
    young = (at - frame["first_at"].to_numpy()) <= YEAR
    growing = (frame["latest"] > GROWTH * frame["earlier"]).to_numpy()
    many = (frame["won"] >= FIRST_DEALS).to_numpy()
    waiting = frame["status"].isin(_NOT_RECRUITED).to_numpy() & (frame["won"] == 0).to_numpy()
    chosen = np.select(
        [waiting, ~many, young | growing],
        [str(Stage.ATTRACTING), str(Stage.FIRST_REVENUE), str(Stage.ACCELERATION)],
        str(Stage.MATURITY),
    )
    return frame.assign(stage=chosen)


def standing(book: Book, partner_id: int) -> Standing:
    """Return where a partner stands at the book's instant."""
    row: dict[str, Any] = stages(book, book.as_of).loc[[partner_id]].to_dict("records")[0]  # type: ignore[assignment]
    stage = Stage(row["stage"])
    status = None if pd.isna(row["status"]) else str(row["status"])
    return Standing(stage, _reason(stage, row, status), status, _since(book, partner_id, stage))


def stage_counts(frame: pd.DataFrame) -> dict[str, int]:
    """Return how many partners are in each stage; those that ended or were rejected are not."""
    living = frame.loc[~frame["status"].isin(GONE), "stage"].value_counts()
    return {str(stage): int(living.get(str(stage), 0)) for stage in Stage}


def stage_flows(before: pd.DataFrame, after: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Return how many partners went from one stage to another, or to ``ended``."""
    first, last = _with_ended(before), _with_ended(after)
    pairs = pd.DataFrame({"before": first, "after": last})
    moved = pairs[pairs["before"] != pairs["after"]]
    return dict(sorted(Counter(zip(moved["before"], moved["after"], strict=True)).items()))


def _with_ended(frame: pd.DataFrame) -> pd.Series:
    return frame["stage"].where(~frame["status"].isin(GONE), "ended")


def _revenue(book: Book, won: pd.DataFrame, start: np.datetime64, end: np.datetime64) -> pd.Series:
    closed = won["closed_at"].to_numpy()
    two_years = won[(closed > end - 2 * YEAR) & (won["currency"] == book.currency).to_numpy()]
    counted = won.assign(amount=won["amount"] if two_years["amount"].sum() > 0 else 1.0)
    inside = (closed > start) & (closed <= end) & (counted["currency"] == book.currency).to_numpy()
    return counted[inside].groupby("partner_id")["amount"].sum().reindex(book.partners.index, fill_value=0.0)


def _reason(stage: Stage, row: Mapping[str, Any], status: str | None) -> str:
    match stage:
        case Stage.ATTRACTING:
            return f"The status is {status or 'not known'}; nothing was won yet."
        case Stage.FIRST_REVENUE:
            return f"{int(row['won'])} of the first {FIRST_DEALS} deals are won."
    growth = f"the last 365 days brought {row['latest']:,.0f}, those before {row['earlier']:,.0f}"
    return f"{int(row['won'])} deals won, the first on {row['first_at']:%Y-%m-%d}; {growth}."


def _since(book: Book, partner_id: int, stage: Stage) -> datetime | None:
    won = book.won.loc[book.won["partner_id"] == partner_id, "closed_at"]
    recruited: Any = book.partners.at[partner_id, "recruited_at"]
    if stage is Stage.FIRST_REVENUE:
        begun = [instant for instant in (recruited, won.min() if len(won) else pd.NaT) if not pd.isna(instant)]
        return aware(np.datetime64(min(begun), "us")) if begun else None
    if stage is Stage.ACCELERATION and len(won) >= FIRST_DEALS:
        third = won.iloc[FIRST_DEALS - 1]
        young = naive(book.as_of) - np.datetime64(won.iloc[0], "us") <= YEAR
        return aware(np.datetime64(third, "us")) if young else None
    return None


def over_time(book: Book, windows: list[Window]) -> list[tuple[Window, dict[str, int], dict[tuple[str, str], int]]]:
    """Return counts at the end of each window and flows within it."""
    found = []
    before = stages(book, windows[0].start - MOMENT) if windows else None
    for window in windows:
        after = stages(book, window.end - MOMENT)
        if before is not None:
            found.append((window, stage_counts(after), stage_flows(before, after)))
        before = after
    return found
