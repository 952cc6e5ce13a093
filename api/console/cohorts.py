"""Cohorts: what partners recruited in one quarter brought in each quarter since, as a table of shades."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Annotated, NamedTuple

from babel.numbers import format_compact_currency
from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response

from api.console.formats import money, percent
from api.console.questions import FiltersDep, Reader, asked, step_label
from domain.language import spoken
from intelligence.analytics.cohorts import Cell, Cohort, cohorts

router = APIRouter(default_response_class=HTMLResponse)

_SHADES, _THOUSAND = 10, 1000
_QUARTERS = (8, 12, 20, 40)


@dataclass(frozen=True)
class View:
    """What of the cohorts is shown.

    Parameters
    ----------
    show : str
        ``active`` for the share that is still active, else revenue.
    added : str
        Whether revenue is that of each quarter alone (``no``) or of all quarters until then.
    per : str
        Whether revenue is of the whole cohort (``all``) or for each of its partners.
    quarters : int
        How many cohorts at the most.
    """

    show: Annotated[str, Query(pattern="^(revenue|active)?$")] = ""
    added: Annotated[str, Query(pattern="^(yes|no)?$")] = ""
    per: Annotated[str, Query(pattern="^(partner|all)?$")] = ""
    quarters: Annotated[int, Query(ge=1, le=_QUARTERS[-1])] = _QUARTERS[1]

    def value(self, cohort: Cohort, cell: Cell) -> float:
        """Return the value of a cell."""
        if self.show == "active":
            return cell.active / cohort.partners
        amount = cell.revenue if self.added == "no" else cell.cumulative
        return amount if self.per == "all" else amount / cohort.partners

    def text(self, value: float, currency: str) -> str:
        """Return a value as it is read."""
        if self.show == "active":
            return percent(value)
        if value < _THOUSAND:
            return money(value, currency)
        return format_compact_currency(value, currency, fraction_digits=1, locale=spoken().code)


class Shade(NamedTuple):
    """A cell as it is shown: its text, how dark from 0 to 10, and whether its quarter is over."""

    text: str
    level: int
    is_whole: bool


class Line(NamedTuple):
    """A cohort as it is shown."""

    label: str
    partners: int
    cells: list[Shade]


def lines(found: Sequence[Cohort], view: View, currency: str) -> list[Line]:
    """Return cohorts as they are shown: the largest value is the darkest."""
    values = [[view.value(cohort, cell) for cell in cohort.cells] for cohort in found]
    most = 1.0 if view.show == "active" else max((value for row in values for value in row), default=0.0)
    return [
        Line(
            step_label(cohort.start.isoformat(), "quarter"),
            cohort.partners,
            [
                Shade(view.text(value, currency), level(value, most), cell.is_whole)
                for value, cell in zip(row, cohort.cells, strict=True)
            ],
        )
        for cohort, row in zip(found, values, strict=True)
    ]


def level(value: float, most: float) -> int:
    """Return one of eleven shades.

    Examples
    --------
    >>> level(0, 10), level(0.1, 10), level(5, 10), level(10, 10), level(1, 0)
    (0, 1, 5, 10, 0)
    """
    return min(max(ceil(value / most * _SHADES), 0), _SHADES) if most > 0 else 0


@router.get("/cohorts")
def cohorts_page(visit: Reader, filters: FiltersDep, view: Annotated[View, Depends()]) -> Response:
    """Show cohorts."""
    with visit.work() as work:
        question = asked(visit, work, filters, **vars(view))
        found = cohorts(question.book, question.filters, view.quarters)
        rows = lines(found, view, question.book.currency)
        return visit.page(
            "cohorts.html",
            **question.values(
                rows=rows,
                wide=max((len(row.cells) for row in rows), default=0),
                view=view,
                lengths=_QUARTERS,
                most=len(found) and max(cohort.partners for cohort in found),
            ),
        )
