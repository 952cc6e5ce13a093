"""The rows behind a figure: the very facts that it is counted from, so that they always add up to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from intelligence.analytics.book import Book
from intelligence.analytics.compute import Filters, facts_of
from intelligence.analytics.figure import Figure
from intelligence.analytics.period import Window
from store.figure_rows import Called, called
from store.frames import aware


@dataclass(frozen=True)
class Behind:
    """A row that a figure is counted from.

    Parameters
    ----------
    source : str
        Resource that it is a row of; ``partners`` where a partner itself is counted.
    key, words : str or None
        What it is called.
    partner, name : str or None
        External id and name of its partner; None: of no partner.
    at : datetime or None
        When it counts; None of states.
    above, below : float
        What it counts above and below the line; of medians the number itself stands above.
    """

    source: str
    key: str | None
    words: str | None
    partner: str | None
    name: str | None
    at: datetime | None
    above: float
    below: float


def facts_behind(book: Book, figure: Figure, window: Window, filters: Filters | None = None) -> pd.DataFrame:
    """Return the facts of a figure, the latest first, those without a time by size."""
    facts, _ = facts_of(book, figure, window, filters or {})
    return facts.sort_values(["at", "num", "row_id"], ascending=[False, False, True], ignore_index=True)


def rows_behind(book: Book, facts: pd.DataFrame) -> list[Behind]:
    """Return facts with what their rows are called; for a page of them."""
    names: dict[str, dict[int, Called]] = {
        str(source): called(book.connection, str(source), ids.tolist())
        for source, ids in facts.groupby("source")["row_id"]
    }
    partners = book.partners[["external_id", "name"]].reindex(facts["partner_id"])
    own = [(None, None) if pd.isna(key) else (str(key), str(name)) for key, name in partners.itertuples(index=False)]
    columns = (facts[name].tolist() for name in ("source", "row_id", "num", "den"))
    found = []
    for source, id_, above, below, at, (partner, name) in zip(*columns, facts["at"].to_numpy(), own, strict=True):
        row = names[source].get(id_, Called(None, None))
        found.append(Behind(source, row.key, row.words, partner, name, _instant(at), above, below))
    return found


def _instant(at: Any) -> datetime | None:
    return None if pd.isna(at) else aware(at)
