"""Cohorts: what partners recruited in one quarter brought in each quarter since."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from intelligence.analytics.book import Book
from intelligence.analytics.compute import Filters
from intelligence.analytics.period import MOMENT, Window
from intelligence.analytics.ranking import partners_in

MOST = 40
"""Quarters that are told at the most."""


@dataclass(frozen=True)
class Cell:
    """A quarter of a cohort.

    Parameters
    ----------
    quarter : int
        Since the one of recruitment, which is 0.
    revenue, cumulative : float
        Won in it, and from quarter 0 until its end, in the currency told.
    active : int
        Partners of the cohort that were active at its end.
    is_whole : bool
        Whether it was over at the book's instant.
    """

    quarter: int
    revenue: float
    cumulative: float
    active: int
    is_whole: bool


@dataclass(frozen=True)
class Cohort:
    """Partners recruited in the quarter that begins with `start`, quarter by quarter."""

    start: date
    partners: int
    cells: tuple[Cell, ...]


def cohorts(book: Book, filters: Filters | None = None, quarters: int = 12) -> list[Cohort]:
    """Return the cohorts of the last quarters, the oldest first; quarters in which nobody was recruited are left out.

    Parameters
    ----------
    book : Book
        As of when; revenue in its currency, other currencies are in no number.
    filters : mapping, optional
        Which partners; they stand in the groups that they are in at the book's instant.
    quarters : int, default=12
        How many, the present one among them.
    """
    last = _quarter_of(book.as_of)
    first = last - min(max(quarters, 1), MOST) + 1
    chosen = book.partners.loc[partners_in(book, Window(book.as_of, book.as_of + MOMENT), filters or {})]
    chosen = chosen[chosen["recruited_at"].notna()]
    born = pd.Series(_quarters(chosen["recruited_at"]), index=chosen.index)
    born = born[(born >= first) & (born <= last)]
    revenue = _revenue(book, born, first, last)
    active = _active(book, born, first, last)
    sizes = np.bincount(born - first, minlength=last - first + 1)
    return [_cohort(book, first, place, int(n), revenue, active) for place, n in enumerate(sizes) if n]


def _cohort(
    book: Book,
    first: int,
    place: int,
    partners: int,
    revenue: NDArray[np.float64],
    active: NDArray[np.int64],
) -> Cohort:
    sums = revenue[place, place:]
    cells = [
        Cell(since, round(won, 6), round(total, 6), int(n), _start(first + place + since + 1) <= book.as_of)
        for since, (won, total, n) in enumerate(
            zip(sums.tolist(), sums.cumsum().tolist(), active[place, place:], strict=True)
        )
    ]
    return Cohort(_start(first + place).date(), partners, tuple(cells))


def _revenue(book: Book, born: pd.Series, first: int, last: int) -> NDArray[np.float64]:
    """Return revenue by quarter of recruitment and of winning; what was won before recruitment is in none."""
    own = book.won["partner_id"].isin(born.index) & (book.won["currency"] == book.currency)
    won = book.won[own].dropna(subset="amount")
    rows, columns = won["partner_id"].map(born).to_numpy(dtype=np.int64) - first, _quarters(won["closed_at"]) - first
    size = last - first + 1
    inside = (columns >= rows) & (columns < size)
    places = rows[inside] * size + columns[inside]
    amounts = won["amount"].to_numpy(dtype=np.float64)[inside]
    return np.bincount(places, amounts, size * size).astype(np.float64).reshape(size, size)


def _active(book: Book, born: pd.Series, first: int, last: int) -> NDArray[np.int64]:
    """Return how many of each cohort were active at the end of each quarter, or at the book's instant before that."""
    size = last - first + 1
    found = np.zeros((size, size), dtype=np.int64)
    for place in range(size):
        at = min(_start(first + place + 1) - MOMENT, book.as_of)
        found[:, place] = np.bincount(
            born.reindex(book.active_at(at)).dropna().astype(np.int64) - first, minlength=size
        )
    return found


def _quarters(instants: pd.Series) -> NDArray[np.int64]:
    months = instants.to_numpy(dtype="datetime64[M]").astype(np.int64)
    return months // 3


def _quarter_of(instant: datetime) -> int:
    return (instant.year - 1970) * 4 + (instant.month - 1) // 3


def _start(quarter: int) -> datetime:
    return datetime(1970 + quarter // 4, quarter % 4 * 3 + 1, 1, tzinfo=UTC)
