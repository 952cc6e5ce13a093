"""What the programme's return is made of: each kind of spend, and revenue against spend group by group."""

from typing import NamedTuple

import pandas as pd

from intelligence.analytics.book import Book
from intelligence.analytics.compute import Filters, facts_of, keys_of
from intelligence.analytics.figure import grouped
from intelligence.analytics.period import Window
from intelligence.analytics.registry import FIGURES


class Kind(NamedTuple):
    """A kind of spend: whether it is a cost or an entry of the ledger, its word, what it adds up to, its rows."""

    source: str
    kind: str | None
    amount: float
    n: int


class Returns(NamedTuple):
    """Revenue and spend of a group, and what came back for each unit spent; None: nothing was spent."""

    key: str | None
    revenue: float
    spend: float
    roi: float | None


def spend_by_kind(book: Book, window: Window, filters: Filters | None = None) -> list[Kind]:
    """Return what spend is made of, the largest first."""
    facts, _ = facts_of(book, FIGURES["spend"], window, filters or {})
    found: list[Kind] = []
    for source in ("costs", "ledger"):
        own = facts[facts["source"] == source]
        words = book.duties[source].set_index("id")["kind"]
        kinds = own["row_id"].map(words)
        sums = own.groupby(kinds, dropna=False)["num"].agg(["sum", "size"])
        rows = sums.itertuples(name=None)
        found += [Kind(source, None if pd.isna(kind) else str(kind), float(total), int(n)) for kind, total, n in rows]
    return sorted(found, key=lambda one: (-one.amount, one.source, one.kind or ""))


def returns_by(book: Book, window: Window, filters: Filters | None, by: str, most: int = 50) -> list[Returns]:
    """Return revenue against spend of each group, those that cost most first; at most `most`."""
    sums = {}
    for name in ("revenue", "spend"):
        facts, _ = facts_of(book, FIGURES[name], window, filters or {})
        sums[name] = {
            key: one.numerator for key, one in grouped(FIGURES[name], facts, keys_of(book, facts, by, window)).items()
        }
    revenue, spend = sums["revenue"], sums["spend"]
    keys = sorted(revenue | spend, key=lambda key: (-spend.get(key, 0.0), -revenue.get(key, 0.0), str(key)))[:most]
    return [_returns(key, revenue.get(key, 0.0), spend.get(key, 0.0)) for key in keys]


def _returns(key: str | None, revenue: float, spend: float) -> Returns:
    return Returns(key, revenue, spend, (revenue - spend) / spend if spend > 0 else None)
