"""Figures answered: in all, by group, over time, against the period before."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from domain.errors import InvalidInput
from intelligence.analytics.book import Book
from intelligence.analytics.figure import Z80, Figure, Number, Shape, grouped, number
from intelligence.analytics.period import MOMENT, Window, parts
from store.frames import naive

GROUPS = ("partner", "program", "tier", "kind", "status", "country", "region", "territory", "account_manager")
"""What figures are told by, of the partner; territories overlap, all others add up."""

STEPS = ("month", "quarter", "year")
BY = (*GROUPS, "product", *STEPS)

Filters = Mapping[str, str | None]


@dataclass(frozen=True)
class Trend:
    """A figure against the period before; the interval is 80 %, None where chance cannot be told."""

    before: float | None
    n_before: int
    change: float | None
    change_low: float | None
    change_high: float | None
    relative: float | None


@dataclass(frozen=True)
class Answer:
    """A figure of a window: in all and by group.

    Parameters
    ----------
    figure : Figure
        Which.
    window : Window
        Of when.
    number : Number
        In all.
    trend : Trend or None
        Against the period before.
    groups : dict
        By group: key to number; None: belongs to none.
    others : dict
        Amounts in other currencies than the one told, which are in no number here.
    """

    figure: Figure
    window: Window
    number: Number
    trend: Trend | None = None
    groups: dict[Any, Number] = field(default_factory=dict)
    others: dict[str, float] = field(default_factory=dict)


def facts_of(
    book: Book, figure: Figure, window: Window, filters: Filters, every: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return the facts of a figure that pass the filters, and amounts in other currencies, which are no part of them.

    Parameters
    ----------
    book, figure, window
        What is asked.
    filters : mapping
        Which of the facts.
    every : DataFrame, optional
        All facts of the figure in the window and the book, where they are at hand.

    Raises
    ------
    InvalidInput
        If a filter is no group of partners or products.
    """
    facts = figure.facts(book, window) if every is None else every
    for name, value in filters.items():
        if value is None:
            continue
        if name == "product":
            facts = facts[facts["product_id"] == _product(book, figure, value)]
        elif name == "territory":
            facts = facts[facts["partner_id"].isin(_in_territory(book, value))]
        elif name == "partner":
            facts = facts[facts["partner_id"].isin(book.partners.index[book.partners["external_id"] == value])]
        elif name in GROUPS:
            facts = facts[(keys_of(book, facts, name, window) == value).fillna(False).to_numpy(dtype=bool)]
        else:
            raise InvalidInput(f"Figures cannot be filtered by {name!r}; use {', '.join(GROUPS)}, product.", field=name)
    if figure.unit != "money":
        return facts, {}
    own = facts["currency"].isin(["", book.currency])
    others = facts[~own].groupby("currency")["num"].sum()
    return facts[own], {str(currency): round(float(total), 6) for currency, total in others.items()}


def answer(
    book: Book,
    figure: Figure,
    window: Window,
    filters: Filters | None = None,
    by: str | None = None,
    every: pd.DataFrame | None = None,
) -> Answer:
    """Return a figure with its trend, and by group if asked; `every` as of `facts_of`.

    Raises
    ------
    InvalidInput
        If it cannot be told by that.
    """
    wanted = filters or {}
    facts, others = facts_of(book, figure, window, wanted, every)
    found = number(figure, facts)
    groups: dict[Any, Number] = {}
    if by in STEPS:
        groups = over_time(book, figure, window, wanted, by)
    elif by is not None:
        groups = _by_group(book, figure, window, facts, by)
    return Answer(figure, window, found, trend(book, figure, window, found, wanted), groups, others)


def trend(book: Book, figure: Figure, window: Window, now: Number, filters: Filters | None = None) -> Trend | None:
    """Return a figure against the period before; None if there is none."""
    earlier = window.previous
    if earlier.end <= earlier.start:
        return None
    facts, _ = facts_of(book, figure, earlier, filters or {})
    return compared(now, number(figure, facts))


def compared(now: Number, before: Number) -> Trend:
    """Return how one number differs from an earlier one."""
    if now.value is None or before.value is None:
        return Trend(before.value, before.n, None, None, None, None)
    change = now.value - before.value
    spread = Z80 * float(np.sqrt(now.variance + before.variance))
    known = bool(np.isfinite(spread)) and now.n + before.n > 1
    low, high = (round(change - spread, 9), round(change + spread, 9)) if known else (None, None)
    relative = round(change / abs(before.value), 9) if before.value else None
    return Trend(before.value, before.n, round(change, 9), low, high, relative)


def keys_of(book: Book, facts: pd.DataFrame, by: str, window: Window) -> pd.Series:
    """Return the group of each fact; missing for none."""
    if by == "product":
        products = book.history.products.set_index("id")["external_id"]
        return facts["product_id"].map(products)
    if by == "status":
        return facts["partner_id"].map(book.status_at(window.end - MOMENT))
    column = "external_id" if by == "partner" else by
    keys = facts["partner_id"].map(book.partners[column])
    if by != "program":
        return keys
    # Costs may be of a programme and of no partner.
    own = facts["program_id"].where(facts["partner_id"] < 0).map(book.history.programs.set_index("id")["external_id"])
    return keys.fillna(own)


def _by_group(book: Book, figure: Figure, window: Window, facts: pd.DataFrame, by: str) -> dict[Any, Number]:
    if by not in BY:
        raise InvalidInput(f"Figures are told by {', '.join(BY)}, not by {by!r}.", field="by", value=by)
    if by == "product" and not figure.by_product:
        raise InvalidInput(f"{figure.name} does not belong to products; tell it by something else.", field="by")
    if by == "territory":
        facts = facts.assign(territory=facts["partner_id"].map(book.partners["territories"])).explode("territory")
        return grouped(figure, facts.reset_index(drop=True), facts["territory"].reset_index(drop=True))
    return grouped(figure, facts, keys_of(book, facts, by, window))


def over_time(book: Book, figure: Figure, window: Window, filters: Filters, by: str) -> dict[Any, Number]:
    """Return a figure of each calendar month, quarter or year of a window, by its first day."""
    pieces = parts(with_facts(book, window), by)
    if pieces and is_dated(figure):
        return _dated(book, figure, filters, pieces)
    if _counts_activities(figure):
        kind = figure.name.partition(".")[2] or None
        if len(pieces) > 1:
            book.count_activities([pieces[0].start, *(piece.end for piece in pieces)], kind)
    found = {}
    for piece in pieces:
        facts, _ = facts_of(book, figure, piece, filters)
        found[piece.start.date().isoformat()] = number(figure, facts)
    return found


def is_dated(figure: Figure) -> bool:
    """Tell whether each fact of a figure belongs to the instant that it names, whatever the window it is asked for."""
    by_window = figure.stock or figure.shape in (Shape.TOP, Shape.GINI) or figure.name == "sla_kept"
    return not by_window and not _counts_activities(figure)


def _counts_activities(figure: Figure) -> bool:
    return figure.name.partition(".")[0] in ("activities", "engagement")


def _dated(book: Book, figure: Figure, filters: Filters, pieces: list[Window]) -> dict[Any, Number]:
    """Return a figure of each piece of time: its facts counted once for all of them."""
    facts, _ = facts_of(book, figure, Window(pieces[0].start, pieces[-1].end), filters)
    starts = np.array([naive(piece.start) for piece in pieces])
    place = np.searchsorted(starts, facts["at"].to_numpy(), side="right") - 1
    return {piece.start.date().isoformat(): number(figure, facts[place == i]) for i, piece in enumerate(pieces)}


def with_facts(book: Book, window: Window) -> Window:
    """Return the window without the time before the programme's first deal, offer or partner."""
    firsts = [
        book.deals["registered_at"].min(),
        book.offers["offered_at"].min(),
        book.partners["recruited_at"].min(),
        book.history.certifications["passed_on"].min(),
        book.history.feedback["submitted_at"].min(),
    ]
    known = [first for first in firsts if not pd.isna(first)]
    if not known:
        return window
    first = pd.Timestamp(min(known)).tz_localize("UTC").to_pydatetime()
    start = min(max(window.start, first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)), window.end)
    return replace(window, start=start)


def _product(book: Book, figure: Figure, value: str) -> int:
    if not figure.by_product:
        raise InvalidInput(f"{figure.name} does not belong to products; it cannot be filtered by one.", field="product")
    products = book.history.products.set_index("external_id")["id"]
    return int(products.get(value, -2))


def _in_territory(book: Book, value: str) -> pd.Index:
    inside = [value in territories for territories in book.partners["territories"]]
    return book.partners.index[np.array(inside, dtype=bool)]


def is_additive(figure: Figure, by: str) -> bool:
    """Tell whether the numerators and denominators of the groups add up to those of the whole."""
    if by == "territory" or figure.shape in (Shape.TOP, Shape.GINI):
        return False
    return by not in STEPS or not (figure.stock or figure.name == "engagement")
