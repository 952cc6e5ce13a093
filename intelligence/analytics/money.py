"""Facts of what the programme costs: costs, commissions, rewards, funds, and what they bring in."""

import pandas as pd

from intelligence.analytics import sales
from intelligence.analytics.book import Book
from intelligence.analytics.figure import facts_frame
from intelligence.analytics.period import Window


def spend(book: Book, window: Window) -> pd.DataFrame:
    """Return costs, and ledger entries other than payouts: what they credit less what they debit."""
    costs, ledger = book.duties["costs"], book.duties["ledger"]
    costs = sales.within(costs[_visible(book, costs, shared=True)], "incurred_on", window)
    ledger = ledger[(ledger["kind"] != "payout") & _visible(book, ledger, shared=False)]
    ledger = sales.within(ledger, "earned_on", window)
    earned = ledger["credit"].fillna(0.0) - ledger["debit"].fillna(0.0)
    facts = [
        facts_frame(_priced(book, costs), "incurred_on", costs["amount"].fillna(0.0), source="costs"),
        facts_frame(_priced(book, ledger), "earned_on", earned, source="ledger"),
    ]
    return pd.concat([part for part in facts if len(part)] or facts[:1], ignore_index=True)


def returns(book: Book, window: Window) -> pd.DataFrame:
    """Return revenue and, against it, spend; below the line spend."""
    won, spent = _own(book, sales.revenue(book, window)), _own(book, spend(book, window))
    return _joined(won.assign(den=0.0), spent.assign(num=-spent["num"], den=spent["num"]))


def acquisition(book: Book, window: Window) -> pd.DataFrame:
    """Return spend above the line, new customers below it."""
    return _joined(_own(book, spend(book, window)).assign(den=0.0), sales.new_customers(book, window).assign(num=0.0))


def _joined(*facts: pd.DataFrame) -> pd.DataFrame:
    filled = [part for part in facts if len(part)]
    return pd.concat(filled or list(facts[:1]), ignore_index=True)


def _own(book: Book, facts: pd.DataFrame) -> pd.DataFrame:
    """Return the facts in the one currency in which a ratio of money can be told."""
    return facts[facts["currency"].isin(["", book.currency])].assign(currency="")


def _priced(book: Book, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(currency=rows["currency"].fillna(book.home))


def _visible(book: Book, rows: pd.DataFrame, *, shared: bool) -> pd.Series:
    """Tell which rows are of visible partners, or of no partner when the actor sees all of them."""
    own = rows["partner_id"].isin(book.partners.index)
    return own | (rows["partner_id"] < 0) if shared and book.sees_all else own
