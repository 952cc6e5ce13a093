"""White space: where demand is not met, as a picture with the numbers beside it, and who would fill each gap."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from api import answers
from api.console.lists import Chosen
from api.console.places import gap_name
from api.console.prospects import Reader
from api.schemas_scores import WhiteSpaceRow
from intelligence.scoring.white_space import DIMENSIONS

router = APIRouter(default_response_class=HTMLResponse)

_SHOWN, _ALL = 8, 300
Row = dict[str, Any]


@router.get("/white-space")
def white_space(visit: Reader, dimension: Chosen = "", gaps: Annotated[str, Query(pattern="^1?$")] = "") -> Response:
    """Show demand against what partners cover, by country, region, industry and product; filters in the address."""
    chosen = next((one for one in DIMENSIONS if one == dimension), None)
    # One table of all of them: it is made once for all dimensions, and is as short as there are places and products.
    found = answers.white_space_rows(visit.services, None, chosen, _ALL * len(DIMENSIONS), gaps_only=bool(gaps))
    most = _ALL if chosen else _SHOWN
    parts = [_part(name, [row for row in found.items if row.dimension == name], most) for name in DIMENSIONS]
    return visit.page(
        "white_space.html",
        as_of=found.as_of,
        parts=[part for part in parts if part["rows"]],
        gaps=sum(row.gap for row in found.items),
        chosen={"dimension": chosen or "", "gaps": gaps},
    )


def _part(dimension: str, rows: list[WhiteSpaceRow], most: int) -> Row:
    shown = rows[:most]
    named = [{"of": row, "name": gap_name(row.dimension, row.value, row.name)} for row in shown]
    top = max((max(row.demand, row.expected) for row in shown), default=1) or 1
    return {"dimension": dimension, "rows": named, "top": top, "more": len(rows) - len(shown)}
