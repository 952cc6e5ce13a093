"""The rows behind a figure: the very facts that it is counted from, so that they always add up to it."""

from dataclasses import dataclass
from datetime import datetime

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
    partner_id, partner, name : int, str and str, or None
        Our id, external id and name of its partner; None: of no partner.
    at : datetime or None
        When it counts; None of states.
    above, below : float
        What it counts above and below the line; of medians the number itself stands above.
    """

    source: str
    key: str | None
    words: str | None
    partner_id: int | None
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
    columns = (facts[name].tolist() for name in ("source", "row_id", "partner_id", "num", "den"))
    rows = zip(*columns, facts["at"].to_numpy(), partners.itertuples(index=False), strict=True)
    found = []
    for source, id_, partner_id, above, below, at, (partner, name) in rows:
        row, own = names[source].get(id_, Called(None, None)), not pd.isna(partner)
        found.append(
            Behind(
                source=source,
                key=row.key,
                words=row.words,
                partner_id=partner_id if own else None,
                partner=str(partner) if own else None,
                name=str(name) if own else None,
                at=None if pd.isna(at) else aware(at),
                above=above,
                below=below,
            )
        )
    return found
