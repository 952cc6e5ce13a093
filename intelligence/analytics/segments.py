"""Segments side by side: how partners of one tier, kind or country do against those of another."""

from collections.abc import Sequence
from dataclasses import dataclass

from intelligence.analytics.book import Book
from intelligence.analytics.compute import Filters, facts_of, keys_of
from intelligence.analytics.figure import Figure, Number, Shape, grouped
from intelligence.analytics.period import MOMENT, Window
from intelligence.analytics.ranking import FEWEST_PEERS, partners_in
from intelligence.analytics.registry import FIGURES, figure_named


@dataclass(frozen=True)
class Segment:
    """Partners with something in common.

    Parameters
    ----------
    key : str or None
        What; None: partners of which it is not known.
    partners : int
        Active ones at the end of the window.
    values : dict
        By figure; sums are for each active partner. None where nothing is to be told of, or where fewer than
        `FEWEST_PEERS` partners are in the segment: that would tell of single companies, not of a segment.
    """

    key: str | None
    partners: int
    values: dict[str, float | None]

    @property
    def is_small(self) -> bool:
        """Whether there are too few partners to tell of them."""
        return self.partners < FEWEST_PEERS


def segments(
    book: Book, window: Window, filters: Filters, by: str, names: Sequence[str], most: int = 20
) -> list[Segment]:
    """Return the largest segments of active partners, by figures of a window.

    Parameters
    ----------
    book : Book
        As of when.
    window : Window
        Of when.
    filters : mapping
        Which partners.
    by : str
        A group of partners.
    names : sequence of str
        Figures.
    most : int, default=20
        Segments.
    """
    active = FIGURES["active_partners"]
    facts, _ = facts_of(book, active, window, filters)
    chosen = partners_in(book, window, filters).intersection(book.active_at(window.end - MOMENT))
    facts = facts[facts["partner_id"].isin(chosen)]
    sizes = {key: number.n for key, number in grouped(active, facts, keys_of(book, facts, by, window)).items()}
    numbers = {name: _numbers(book, figure_named(name), window, filters, by) for name in names}
    largest = sorted(sizes, key=lambda key: (key is None, -sizes[key], str(key)))[:most]
    return [_segment(key, sizes[key], numbers) for key in largest]


def _numbers(book: Book, figure: Figure, window: Window, filters: Filters, by: str) -> dict[str | None, Number]:
    facts, _ = facts_of(book, figure, window, filters)
    return grouped(figure, facts, keys_of(book, facts, by, window))


def _segment(key: str | None, partners: int, numbers: dict[str, dict[str | None, Number]]) -> Segment:
    values: dict[str, float | None] = {}
    for name, of in numbers.items():
        number, figure = of.get(key), figure_named(name)
        value = None if number is None else number.value
        if figure.shape is Shape.SUM:
            value = (value or 0.0) / partners
        values[name] = value if partners >= FEWEST_PEERS else None
    return Segment(key, partners, values)
