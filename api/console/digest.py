"""The digest of a week, as a page and as a PDF."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from api.console import digest_words as words
from api.console.shell import Visitor, visitor
from domain.terms import Role
from programme.digest import WEEK, Digest, digest, monday

router = APIRouter(default_response_class=HTMLResponse)

_READERS = (Role.MANAGER, Role.ANALYST)
_FIRST = date(1970, 1, 5)
Reading = Annotated[Visitor, visitor(*_READERS)]
Week = Annotated[date | None, Query(description="a day of the week")]
Mine = Annotated[str, Query(max_length=5)]


@router.get("/digest")
def page(visit: Reading, week: Week = None, mine: Mine = "") -> Response:
    """Show what changed in a week; without one, in this."""
    found = _digest(visit, week, mine)
    currency = visit.services.settings.currency
    this = monday(visit.services.clock().date())
    values: dict[str, Any] = {
        "found": found,
        "heading": words.title_of(found),
        "figures": words.figures(found, currency),
        "tables": words.tables(found, currency),
        "quiet": words.quiet(found),
        "chart": words.chart_rows(found),
        "weeks": [found.start - WEEK * back for back in range(1, 5) if found.start - WEEK * back >= _FIRST],
        "following": found.start + WEEK if found.start < this else None,
        "chosen": {"mine": mine, "week": found.start.isoformat()},
        "is_over": found.start < this,
    }
    return visit.page("digest.html", **values)


@router.get("/digest.pdf")
def pdf(visit: Reading, week: Week = None, mine: Mine = "") -> Response:
    """Give the digest as a PDF."""
    from api.console.digest_pdf import written

    found = _digest(visit, week, mine)
    name = f"digest-{found.start.isoformat()}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    body = written(found, visit.services.settings.currency, visit.services.clock())
    return Response(body, media_type="application/pdf", headers=headers)


def _digest(visit: Visitor, week: date | None, mine: str) -> Digest:
    today = visit.services.clock().date()
    start = min(max(week or today, _FIRST), today)
    with visit.work() as work:
        return digest(work, visit.services.settings, start, mine=bool(mine))
