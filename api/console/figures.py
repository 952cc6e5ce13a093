"""Figures one by one: what each means, its value over time and by segment, and the rows that it is counted from."""

from dataclasses import dataclass
from typing import Annotated, Any

import pandas as pd
from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, Response

from api.console.exports import MOST_ROWS, csv_file
from api.console.figure_words import GROUPS as TOGETHER
from api.console.figure_words import figure_label
from api.console.lists import ROWS, Page, Start
from api.console.programme import filters_of, over_time, tone_of
from api.console.questions import GROUPS, Asked, FiltersDep, Reader, asked
from api.console.words import gettext
from api.figures import sorted_groups
from intelligence.analytics import compute
from intelligence.analytics.behind import facts_behind, rows_behind
from intelligence.analytics.compute import Answer
from intelligence.analytics.figure import Z80, Figure, Number, Shape
from intelligence.analytics.names import ALIASES
from intelligence.analytics.ranking import FEWEST_PEERS
from intelligence.analytics.registry import FIGURES, figure_named

router = APIRouter(default_response_class=HTMLResponse)

_OF_MONEY = ("roi", "pipeline_coverage")
"""Ratios of amounts."""
_SHOWN = 20

Name = Annotated[str, Path(max_length=200)]
By = Annotated[str, Query(pattern=f"^({'|'.join(GROUPS)})?$")]


@dataclass(frozen=True)
class Behind:
    """A page of the rows behind a figure, and what all of them add up to."""

    page: Page[Any]
    total: int
    above: float
    below: float


@router.get("/figures")
def figures(visit: Reader) -> Response:
    """List all figures with what they mean."""
    groups = [(gettext(words), [FIGURES[name] for name in names]) for words, names in TOGETHER]
    return visit.page("figures.html", groups=groups)


@router.get("/figures/{name}")
def figure(visit: Reader, name: Name, filters: FiltersDep, by: By = "", start: Start = 0) -> Response:
    """Show a figure: its definition, value, trend, segments and rows."""
    chosen = figure_named(name)
    by = by if by != "product" or chosen.by_product else ""
    with visit.work() as work:
        question = asked(visit, work, filters, by=by)
        told = compute.answer(question.book, chosen, question.window, filters_of(question, chosen), by or "tier")
        return visit.page(
            "figure.html",
            **question.values(
                figure=chosen,
                label=figure_label(chosen.name),
                answer=told,
                tone=tone_of(told),
                interval=interval(told.number),
                also=sorted(alias for alias, of in ALIASES.items() if of == chosen.name),
                line=[(point.label, point.value) for point in over_time(question, chosen.name)],
                groups=_groups(told, by or "tier"),
                by=by or "tier",
                ways=[(key, gettext(text)) for key, text in GROUPS.items() if key != "product" or chosen.by_product],
                behind=_behind(question, chosen, start),
                row_unit=row_unit(chosen),
                fewest=FEWEST_PEERS,
            ),
        )


@router.get("/figures/{name}/rows.csv")
def figure_csv(visit: Reader, name: Name, filters: FiltersDep) -> Response:
    """Give the rows behind a figure as a CSV file."""
    chosen = figure_named(name)
    with visit.work() as work:
        question = asked(visit, work, filters)
        facts = facts_behind(question.book, chosen, question.window, filters_of(question, chosen)).head(MOST_ROWS)
        rows = rows_behind(question.book, facts)
    head = ["at", "resource", "row", "words", "partner", "partner_name", "counts", "against"]
    cells = ([r.at, r.source, r.key, r.words, r.partner, r.name, r.above, r.below] for r in rows)
    return csv_file(f"{chosen.name.replace('.', '-') if chosen.name.isascii() else 'figure'}.csv", head, cells)


def interval(number: Number) -> tuple[float, float] | None:
    """Return the 80 % interval of a value; None where chance cannot be told.

    Examples
    --------
    >>> interval(Number(10.0, 5, 10.0, 5.0, 4.0))
    (7.44, 12.56)
    """
    if number.value is None or not number.variance > 0:  # NaN is not
        return None
    spread = Z80 * number.variance**0.5
    return round(number.value - spread, 2), round(number.value + spread, 2)


def row_unit(figure: Figure) -> str:
    """Return the unit of what a single row counts."""
    if figure.name in _OF_MONEY or figure.unit == "money":
        return "money"
    if figure.shape is Shape.QUANTILE:
        return figure.unit
    return "money" if figure.shape is Shape.TOP else "count"


def _groups(told: Answer, by: str) -> list[tuple[Any, Number]]:
    return sorted_groups(told, by, _SHOWN)[0]


def _behind(question: Asked, figure: Figure, start: int) -> Behind:
    facts: pd.DataFrame = facts_behind(question.book, figure, question.window, filters_of(question, figure))
    rows = rows_behind(question.book, facts.iloc[start : start + ROWS])
    after = start + ROWS if start + ROWS < len(facts) else None
    return Behind(Page(rows, start, after), len(facts), float(facts["num"].sum()), float(facts["den"].sum()))
