"""Partners by a figure, and one partner among its peers, who are never named."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from intelligence.analytics.book import Book
from intelligence.analytics.compute import Filters, facts_of, keys_of
from intelligence.analytics.figure import Figure, Number, Shape, grouped
from intelligence.analytics.period import MOMENT, Window

FEWEST_PEERS = 5
"""With fewer of them a median would tell of single companies: it is left out."""


@dataclass(frozen=True)
class Peers:
    """A partner's figure among those of its segment.

    Parameters
    ----------
    segment : str
        What they have in common, in words.
    n : int
        How many have the figure, the partner not among them.
    median : float or None
        Of them; None for fewer than five.
    percentile : float or None
        Share of them, 0 to 100, that it is ahead of (ties count half), the better end being 100.
    """

    segment: str
    n: int
    median: float | None
    percentile: float | None


def numbers_by_partner(
    book: Book,
    figure: Figure,
    window: Window,
    filters: Filters | None = None,
    *,
    among: pd.Index | None = None,
    every: pd.DataFrame | None = None,
) -> pd.Series:
    """Return the figure of each partner that has it, by our id: `Number`.

    Sums are 0 for partners that were active at the end of the window and have no fact.

    Parameters
    ----------
    book, figure, window, filters
        What is asked.
    among : Index, optional
        Only of these partners.
    every : DataFrame, optional
        As of `facts_of`.
    """
    facts, _ = facts_of(book, figure, window, filters or {}, every)
    of = facts["partner_id"]
    facts = facts[(of >= 0) if among is None else of.isin(among)]
    series = pd.Series(grouped(figure, facts, facts["partner_id"]), dtype=object)
    if figure.shape is not Shape.SUM:
        return series[[number.value is not None for number in series]] if len(series) else series
    chosen = partners_in(book, window, filters or {}) if among is None else among
    silent = book.active_at(window.end - MOMENT).intersection(chosen).difference(series.index)
    nothing = pd.Series([Number(0.0, 0, 0.0, 0.0, np.nan)] * len(silent), index=silent, dtype=object)
    return pd.concat([series, nothing]) if len(nothing) else series


def ranking(
    book: Book, figure: Figure, window: Window, filters: Filters | None = None, fewest: int = 0
) -> pd.DataFrame:
    """Return partners by a figure, the best first; those whose number rests on fewer than `fewest` facts are left out.

    Returns
    -------
    DataFrame
        rank (ties share one), partner_id, partner, name, value, n; ties by the partner's external id.
    """
    numbers = numbers_by_partner(book, figure, window, filters)
    frame = pd.DataFrame(
        {
            "partner_id": np.array(list(numbers.index), dtype=np.int64),
            "value": np.array([number.value for number in numbers], dtype=np.float64),
            "n": np.array([number.n for number in numbers], dtype=np.int64),
        }
    )
    frame = frame[frame["n"] >= fewest].reset_index(drop=True)
    named = book.partners.loc[frame["partner_id"], ["external_id", "name"]].reset_index(drop=True)
    frame = frame.assign(partner=named["external_id"], name=named["name"])
    key = -frame["value"] if figure.better >= 0 else frame["value"]
    frame = frame.assign(rank=key.rank(method="min").astype(np.int64), key=key)
    frame = frame.sort_values(["key", "partner"], ignore_index=True)
    return frame[["rank", "partner_id", "partner", "name", "value", "n"]]


def moved(book: Book, figure: Figure, window: Window, filters: Filters | None = None, fewest: int = 0) -> pd.DataFrame:
    """Return `ranking` with ``before``: the rank in the period before, missing for partners that had none then."""
    now, earlier = ranking(book, figure, window, filters, fewest), window.previous
    if earlier.end <= earlier.start:
        return now.assign(before=np.nan)
    then = ranking(book, figure, earlier, filters, fewest).set_index("partner_id")["rank"]
    return now.assign(before=now["partner_id"].map(then).astype(np.float64))


def alike(book: Book, window: Window, partner_id: int) -> dict[str, pd.Index]:
    """Return the active partners of the same programme and tier as one, and those of the same kind, without it."""
    active = book.active_at(window.end - MOMENT)
    frame, row = book.partners, book.partners.loc[partner_id]
    found = {}
    for columns, words in ((("program", "tier"), "same programme and tier"), (("kind",), "same kind")):
        if any(pd.isna(row[column]) for column in columns):
            continue
        same = np.all([(frame[column] == row[column]).to_numpy() for column in columns], axis=0)
        found[words] = frame.index[same].intersection(active).difference([partner_id])
    return found


def peers(
    book: Book,
    figure: Figure,
    window: Window,
    partner_id: int,
    *,
    among: Mapping[str, pd.Index] | None = None,
    every: pd.DataFrame | None = None,
) -> list[Peers]:
    """Return a partner's figure among active partners of the same programme and tier, and of the same kind.

    Parameters
    ----------
    book, figure, window
        What is asked.
    partner_id : int
        Ours.
    among : mapping, optional
        What `alike` found, where it is at hand.
    every : DataFrame, optional
        As of `facts_of`.
    """
    segments = alike(book, window, partner_id) if among is None else among
    wanted = pd.Index(np.unique(np.concatenate([[partner_id], *segments.values()])), dtype=np.int64)
    numbers = numbers_by_partner(book, figure, window, among=wanted, every=every)
    values = pd.Series([number.value for number in numbers], index=numbers.index, dtype=np.float64)
    own = values.get(partner_id)
    return [
        _standing(figure, words, values.reindex(others).dropna().to_numpy(), own) for words, others in segments.items()
    ]


def _standing(figure: Figure, words: str, others: NDArray[np.float64], own: float | None) -> Peers:
    n = len(others)
    if n < FEWEST_PEERS:
        return Peers(words, n, None, None)
    median = round(float(np.median(others)), 9)
    if own is None or figure.better == 0:
        return Peers(words, n, median, None)
    ahead = (others < own) if figure.better > 0 else (others > own)
    percentile = 100 * (ahead.mean() + 0.5 * (others == own).mean())
    return Peers(words, n, median, round(float(percentile), 1))


def partners_in(book: Book, window: Window, filters: Filters) -> pd.Index:
    """Return our ids of the partners that the filters name; by status as at the end of the window."""
    rows = pd.DataFrame({"partner_id": book.partners.index, "product_id": -1, "program_id": -1})
    keep = np.ones(len(rows), dtype=bool)
    for name, value in filters.items():
        if value is None or name == "product":
            continue
        if name == "territory":
            keep &= np.array([value in territories for territories in book.partners["territories"]], dtype=bool)
        else:
            keep &= (keys_of(book, rows, name, window) == value).fillna(False).to_numpy(dtype=bool)
    return book.partners.index[keep]
