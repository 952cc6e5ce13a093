"""What the programme costs and what comes back, by kind of spend and by group."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from api.console.programme import tile
from api.console.questions import GROUPS, FiltersDep, Reader, asked
from api.console.words import gettext
from intelligence.analytics.spending import returns_by, spend_by_kind

router = APIRouter(default_response_class=HTMLResponse)

_SHOWN = ("revenue", "spend", "roi", "acquisition_cost")
_BY = ("program", "tier", "partner", "kind", "country", "account_manager")


@router.get("/roi")
def roi(
    visit: Reader, filters: FiltersDep, by: Annotated[str, Query(pattern=f"^({'|'.join(_BY)})?$")] = ""
) -> Response:
    """Show spend, revenue and return."""
    with visit.work() as work:
        question = asked(visit, work, filters, by=by)
        wanted = {**question.filters, "product": None}
        rows = returns_by(question.book, question.window, wanted, by or _BY[0])
        partners = question.book.partners.set_index("external_id")[["id", "name"]]
        programs = question.book.history.programs.set_index("external_id")["name"]
        return visit.page(
            "roi.html",
            **question.values(
                tiles=[tile(question, name) for name in _SHOWN],
                kinds=spend_by_kind(question.book, question.window, wanted),
                rows=rows,
                names=partners["name"].to_dict() if by == "partner" else programs.to_dict(),
                ids=partners["id"].to_dict() if by == "partner" else {},
                most=max((max(row.revenue, row.spend) for row in rows), default=0.0),
                by=by or _BY[0],
                ways=[(name, gettext(GROUPS[name])) for name in _BY],
            ),
        )
