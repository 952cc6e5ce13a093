"""All figures at once: of the programme, and of one partner among its peers."""

from dataclasses import dataclass

from intelligence.analytics.book import Book
from intelligence.analytics.compute import Answer, Filters, answer
from intelligence.analytics.people import engaged_window
from intelligence.analytics.period import Window
from intelligence.analytics.ranking import Peers, alike, peers
from intelligence.analytics.registry import FIGURES

_OF_MANY = frozenset({"partners", "active_partners", "recruited", "ended", "top_partners_share", "lead_spread"})
"""Figures that say nothing about a single partner."""


@dataclass(frozen=True)
class Compared:
    """A partner's figure and how it stands among its peers."""

    answer: Answer
    peers: list[Peers]


def overview(book: Book, window: Window, filters: Filters | None = None) -> list[Answer]:
    """Return every figure of a window, with its trend."""
    return [answer(book, figure, window, filters) for figure in FIGURES.values()]


def scorecard(book: Book, everybody: Book, window: Window, partner_id: int, *, internal: bool) -> list[Compared]:
    """Return the figures of a partner.

    Parameters
    ----------
    book : Book
        Of the caller.
    everybody : Book
        Of all partners, for comparison only: nothing of a single other one comes out.
    window : Window
        Of when.
    partner_id : int
        Ours.
    internal : bool
        Whether figures that partners are not told are there, too.
    """
    own = {"partner": str(book.partners.at[partner_id, "external_id"])}
    among = alike(everybody, window, partner_id)
    found = []
    for figure in FIGURES.values():
        if figure.name not in _OF_MANY and (internal or not figure.internal):
            every = figure.facts(everybody, window)
            told = answer(book, figure, window, own, every=every if book is everybody else None)
            found.append(Compared(told, peers(everybody, figure, window, partner_id, among=among, every=every)))
    return found


def warm(book: Book, window: Window) -> None:
    """Count the activities of a window and of what it is compared with, in as few looks as can be."""
    for part in (window, window.previous):
        if part.end > part.start:
            book.activities(part)
            book.activities(engaged_window(part))
