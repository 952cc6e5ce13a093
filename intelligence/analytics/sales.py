"""Facts of what partners sell: won and lost deals, pipeline, registrations, customers."""

import numpy as np
import pandas as pd

from intelligence.analytics.book import SECONDS_PER_DAY, Book
from intelligence.analytics.figure import facts_frame
from intelligence.analytics.names import canonical
from intelligence.analytics.period import Window
from store.frames import naive


def within(frame: pd.DataFrame, column: str, window: Window) -> pd.DataFrame:
    """Return the rows whose time lies in the window."""
    at = frame[column].to_numpy()
    return frame[(at >= naive(window.start)) & (at < naive(window.end))]


def revenue(book: Book, window: Window) -> pd.DataFrame:
    """Return won deals with their amounts."""
    won = within(book.won, "closed_at", window)
    return facts_frame(won, "closed_at", won["amount"].fillna(0.0), source="deals")


def deals_won(book: Book, window: Window) -> pd.DataFrame:
    """Return won deals."""
    return _counted(within(book.won, "closed_at", window), "closed_at")


def deals_lost(book: Book, window: Window) -> pd.DataFrame:
    """Return lost deals."""
    return _counted(within(book.deals[book.deals["lost"]], "closed_at", window), "closed_at")


def deal_sizes(book: Book, window: Window) -> pd.DataFrame:
    """Return won deals that name an amount."""
    won = within(book.won, "closed_at", window).dropna(subset="amount")
    return facts_frame(won, "closed_at", won["amount"], source="deals")


def wins_of_closed(book: Book, window: Window) -> pd.DataFrame:
    """Return closed deals, and which of them were won."""
    deals = book.deals
    closed = within(deals[deals["won"] | deals["lost"]], "closed_at", window)
    return _counted(closed, "closed_at", closed["won"])


def sales_cycles(book: Book, window: Window) -> pd.DataFrame:
    """Return days from registration to winning."""
    won = within(book.won, "closed_at", window)
    days = (won["closed_at"] - won["registered_at"]).dt.total_seconds() / SECONDS_PER_DAY
    keep = days >= 0
    return _counted(won[keep], "closed_at", days[keep])


def new_customers(book: Book, window: Window) -> pd.DataFrame:
    """Return the first won deal of each customer."""
    return _counted(within(book.first_wins, "closed_at", window), "closed_at")


def registrations(book: Book, window: Window) -> pd.DataFrame:
    """Return registered deals."""
    return _counted(within(book.deals, "registered_at", window), "registered_at")


def registration_decisions(book: Book, window: Window) -> pd.DataFrame:
    """Return registrations that were decided, and which of them were approved."""
    made = within(book.deals[book.deals["status"] != "submitted"], "registered_at", window)
    return _counted(made, "registered_at", made["status"] != "rejected")


def registration_wins(book: Book, window: Window) -> pd.DataFrame:
    """Return registrations that were approved, and which of them were won."""
    made = book.deals[book.deals["status"].isin(["approved", "expired"])]
    made = within(made, "registered_at", window)
    return _counted(made, "registered_at", made["won"])


def pipeline(book: Book, window: Window) -> pd.DataFrame:
    """Return deals that were open at the end of the window, with their amounts."""
    deals, end = book.deals, naive(window.end)
    opened = deals["registered_at"].to_numpy() < end
    closed = (deals["won"] | deals["lost"]).to_numpy() & (deals["closed_at"].to_numpy() < end)
    still = deals[opened & ~closed & deals["valid"].to_numpy()]
    return facts_frame(still, "registered_at", still["amount"].fillna(0.0), source="deals")


def open_deals(book: Book, window: Window) -> pd.DataFrame:
    """Return deals that were open at the end of the window."""
    facts = pipeline(book, window)
    return facts.assign(num=1.0, currency="")


def pipeline_coverage(book: Book, window: Window) -> pd.DataFrame:
    """Return the open pipeline above, and below what is left of the revenue goals that run at the end."""
    facts = pipeline(book, window)
    own = facts["currency"].isin(["", book.currency])
    rest = remaining_revenue(book, window)
    below = facts_frame(rest, num=0.0, den=rest["rest"], source="goals")
    above = facts[own].assign(den=0.0)
    # Pipeline of partners without a goal covers nothing.
    return pd.concat([above[above["partner_id"].isin(rest["partner_id"])], below], ignore_index=True)


def remaining_revenue(book: Book, window: Window) -> pd.DataFrame:
    """Return id, partner_id and rest of each revenue goal that runs at the end of the window and is not reached."""
    goals, last = book.history.goals, naive(window.end) - np.timedelta64(1, "us")
    day = last.astype("datetime64[D]")
    goals = goals[goals["partner_id"].isin(book.partners.index)]
    running = goals[(goals["period_start"] <= day) & (goals["period_end"] >= day)]
    running = running[running["metric"].map(canonical) == "revenue"]
    won = book.won[(book.won["currency"] == book.currency) & (book.won["closed_at"].to_numpy() <= last)]
    pairs = running[["id", "partner_id", "period_start", "target"]].merge(
        won[["partner_id", "closed_at", "amount"]], on="partner_id"
    )
    reached = pairs[pairs["closed_at"] >= pairs["period_start"]].groupby("id")["amount"].sum()
    rest = running["target"] - running["id"].map(reached).fillna(0.0)
    left: pd.DataFrame = running[["id", "partner_id"]].assign(rest=rest)[rest > 0]
    return left


def _counted(rows: pd.DataFrame, at: str, num: object = 1.0) -> pd.DataFrame:
    """Return facts that are no money: all currencies count."""
    return facts_frame(rows.drop(columns="currency"), at, num, source="deals")
