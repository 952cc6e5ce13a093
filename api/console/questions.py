"""What pages of figures are asked: a period and filters that live in the address, and the books behind them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Annotated, Any

from babel.dates import format_skeleton
from fastapi import Depends, Query

from api.console.lists import Chosen, given
from api.console.shell import Visitor, visitor
from api.console.words import gettext, mark
from domain.context import SYSTEM
from domain.language import spoken
from domain.terms import Role
from intelligence.analytics.book import Book
from intelligence.analytics.compute import with_facts
from intelligence.analytics.period import MOMENT, PERIOD_PATTERN, Window, window_of
from store.figures import shelf_of
from store.unit_of_work import UnitOfWork

READERS = (Role.RECRUITER, Role.MANAGER, Role.ANALYST)
"""Who may see figures, as of ``/v1/analytics``."""

Reader = Annotated[Visitor, visitor(*READERS)]

PERIODS: Mapping[str, str] = {
    "trailing_365": mark("Last 365 days"),
    "trailing_90": mark("Last 90 days"),
    "trailing_30": mark("Last 30 days"),
    "month": mark("This month"),
    "quarter": mark("This quarter"),
    "year": mark("This year"),
    "previous_month": mark("Last month"),
    "previous_quarter": mark("Last quarter"),
    "previous_year": mark("Last year"),
    "all": mark("All time"),
}
GROUPS: Mapping[str, str] = {
    "tier": mark("Tier"),
    "kind": mark("Kind"),
    "country": mark("Country"),
    "program": mark("Programme"),
    "region": mark("Region"),
    "territory": mark("Territory"),
    "account_manager": mark("Account manager"),
    "partner": mark("Partner"),
    "product": mark("Product"),
}
"""What figures are told by."""

FILTERS = ("program", "tier", "kind", "country", "territory", "account_manager", "partner", "product")
_YEAR_MONTHS = 12


@dataclass(frozen=True)
class Filters:
    """Which stretch of time and which partners a page is about, as they stand in its address."""

    period: Annotated[str, Query(pattern=f"^$|{PERIOD_PATTERN}")] = ""
    program: Chosen = ""
    tier: Chosen = ""
    kind: Chosen = ""
    country: Chosen = ""
    territory: Chosen = ""
    account_manager: Chosen = ""
    partner: Chosen = ""
    product: Chosen = ""

    @property
    def wanted(self) -> dict[str, str | None]:
        """Filters of figures; None for those left empty."""
        return given(**{name: getattr(self, name) for name in FILTERS})


FiltersDep = Annotated[Filters, Depends()]


@dataclass(frozen=True)
class Asked:
    """The books, the window and the filters of a page.

    Parameters
    ----------
    book : Book
        The visitor's.
    window : Window
        Of when.
    filters : dict
        Of figures.
    chosen : dict
        As they stand in the address.
    """

    book: Book
    window: Window
    filters: dict[str, str | None]
    chosen: dict[str, Any]

    @property
    def series(self) -> tuple[Window, str]:
        """The stretch that charts over time show, and its steps."""
        return months_of(with_facts(self.book, self.window), self.book.as_of)

    def values(self, **more: Any) -> dict[str, Any]:
        """Return what every page of figures is made of."""
        last = min(self.window.end - MOMENT, self.book.as_of)
        return {
            "window": self.window,
            "last": last,
            "since": max(self.window.start, with_facts(self.book, self.window).start),
            "currency": self.book.currency,
            "chosen": self.chosen,
            "choices": choices(self.book),
            "periods": [(name, gettext(words)) for name, words in PERIODS.items()],
        } | more


def asked(visit: Visitor, work: UnitOfWork, filters: Filters, **more: Any) -> Asked:
    """Return what a page asks; `more` are choices of its own that its address keeps."""
    book = book_of(visit, work)
    window = window_of(filters.period or None, book.as_of)
    return Asked(book, window, filters.wanted, vars(filters) | more)


def book_of(visit: Visitor, work: UnitOfWork) -> Book:
    """Return the books as of now, as the visitor may see them."""
    currency = visit.services.settings.currency
    return Book(work.connection, visit.services.clock(), currency, work.actor, shelf=shelf_of(work.engine))


def of_everybody(book: Book) -> Book:
    """Return the books of all partners, for forecasts and comparison only."""
    return book if book.sees_all else replace(book, actor=SYSTEM)


def choices(book: Book) -> dict[str, list[Any]]:
    """Return what filters offer: of each only what some partner has."""
    partners = book.partners
    found: dict[str, list[Any]] = {
        name: sorted(partners[name].dropna().unique().tolist())
        for name in ("tier", "kind", "country", "account_manager")
    }
    territories = {each for row in partners["territories"] for each in row}
    names = dict(zip(book.history.programs["external_id"], book.history.programs["name"], strict=True))
    programs = partners["program"].dropna().unique().tolist()
    found["territory"] = sorted(territories)
    found["program"] = sorted(((key, names.get(key, key)) for key in programs), key=lambda pair: pair[1])
    return found


def months_of(window: Window, as_of: datetime) -> tuple[Window, str]:
    """Return the stretch that a chart over time shows, and its steps: a year of months until the end, or all of it.

    Examples
    --------
    >>> end = datetime(2024, 5, 20, tzinfo=UTC)
    >>> months_of(Window(datetime(2024, 5, 1, tzinfo=UTC), end), end)[0].start.date().isoformat()
    '2023-06-01'
    """
    last = min(window.end, as_of + MOMENT)
    count = (last - MOMENT).year * 12 + (last - MOMENT).month - _YEAR_MONTHS
    start = datetime(max(count // 12, 1), count % 12 + 1, 1, tzinfo=UTC)
    days = window.days
    step = "month" if days <= 800 else "quarter" if days <= 3700 else "year"
    return Window(min(start, window.start) if days > 366 else start, last), step


def step_label(start: str, step: str) -> str:
    """Return what the stretch that begins on a day is called, such as ``May 2024``."""
    day = date.fromisoformat(start)
    skeleton = {"month": "yMMM", "quarter": "yQQQ"}.get(step, "y")
    return format_skeleton(skeleton, day, locale=spoken().code)


def ends_with_step(window: Window, step: str) -> bool:
    """Tell whether the last month, quarter or year of a window is a whole one.

    Examples
    --------
    >>> ends_with_step(Window(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC)), "quarter")
    True
    """
    months = {"month": 1, "quarter": 3}.get(step, 12)
    end = window.end
    return end == datetime(end.year, end.month, 1, tzinfo=UTC) and (end.month - 1) % months == 0
