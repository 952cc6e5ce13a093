"""Partners ranked by any figure, with their change of place."""

from typing import Annotated, Any

import pandas as pd
from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from api.console.figure_words import GROUPS as TOGETHER
from api.console.figure_words import figure_label
from api.console.lists import ROWS, Chosen, Page, Start
from api.console.programme import filters_of
from api.console.questions import FiltersDep, Reader, asked
from intelligence.analytics.ranking import moved
from intelligence.analytics.registry import figure_named

router = APIRouter(default_response_class=HTMLResponse)

_OF_MANY = ("partners", "active_partners", "recruited", "ended", "top_partners_share", "lead_spread")
"""Figures that say nothing about a single partner."""

RANKED = tuple(name for _, names in TOGETHER for name in names if name not in _OF_MANY)


@router.get("/ranking")
def ranking(
    visit: Reader,
    filters: FiltersDep,
    figure: Chosen = "",
    min_n: Annotated[str, Query(pattern=r"^[0-9]{0,7}$")] = "",
    start: Start = 0,
) -> Response:
    """Rank partners; what is asked stands in the address."""
    chosen, fewest = figure_named(figure or RANKED[0]), int(min_n or 0)
    with visit.work() as work:
        question = asked(visit, work, filters, figure=figure, min_n=min_n)
        frame = moved(question.book, chosen, question.window, filters_of(question, chosen), fewest)
        after = start + ROWS if start + ROWS < len(frame) else None
        rows = [_row(row) for row in frame.iloc[start : start + ROWS].to_dict("records")]
        return visit.page(
            "ranking.html",
            **question.values(
                figure=chosen,
                label=figure_label(chosen.name),
                names=[(name, figure_label(name)) for name in RANKED],
                page=Page(rows, start, after),
                total=len(frame),
                most=max(float(frame["value"].max()), 0.0) if len(frame) else 0.0,
            ),
        )


def _row(row: dict[Any, Any]) -> dict[Any, Any]:
    """Return a place with how many it gained; None: it had none in the period before."""
    return {**row, "gained": None if pd.isna(row["before"]) else int(row["before"]) - int(row["rank"])}
