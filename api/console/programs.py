"""Programmes: their rules for claims and answers, and their tiers with what each takes and gives."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, Response

from api.console.forms import Sent, number_of, text_of
from api.console.lists import ROWS
from api.console.shell import Visitor, visitor
from domain.errors import AllywiseError, InvalidInput
from domain.terms import Role
from programme import records

router = APIRouter(prefix="/programs", default_response_class=HTMLResponse)

Reader = Annotated[Visitor, visitor(Role.MANAGER)]
Id = Annotated[int, Path(ge=1, lt=2**63)]
NUMBERS = ("protection_days", "reminder_days", "answer_hours", "first_contact_hours")
Row = dict[str, Any]


@router.get("")
def listed(visit: Reader) -> Response:
    """Show programmes with their rules and tiers."""
    return _page(visit)


def _page(visit: Visitor, error: AllywiseError | None = None, at: int = 0, typed: Row | None = None) -> Response:
    with visit.work() as work:
        found = work.repository("programs").list(sort="name", limit=ROWS).rows
        names = [row["external_id"] for row in found]
        rules = work.repository("program_rules").list({"program": names}, limit=ROWS).rows if names else []
        tiers = work.repository("tiers").list({"program": names}, sort="position", limit=ROWS * 4).rows if names else []
    values: Row = {
        "rows": found,
        "rules": {row["program"]: row for row in rules},
        "tiers": {name: [row for row in tiers if row["program"] == name] for name in names},
        "at": at,
        "typed": typed or {},
        "numbers": NUMBERS,
    }
    return visit.page("programs.html", **values) if error is None else visit.refused("programs.html", error, **values)


@router.post("/{id}/rules")
def change_rules(visit: Reader, id: Id, form: Sent) -> Response:
    """Change a programme's rules; what is left empty is as by default."""
    typed = {name: text_of(form, name) for name in (*NUMBERS, "auto_approve", "qualification_note")}
    try:
        with visit.work(read_only=False) as work:
            program = work.repository("programs").get(id)["external_id"]
            given: Row = {name: _whole(number_of(form, name), name) for name in NUMBERS}
            given |= {"auto_approve": typed["auto_approve"] == "yes"}
            given |= {"qualification_note": typed["qualification_note"] or None}
            records.upsert(work, "program_rules", {"program": program, **given})
    except AllywiseError as error:
        return _page(visit, error, id, typed)
    return visit.go("/programs", "kept")


def _whole(value: float | None, name: str) -> int | None:
    if value is None:
        return None
    if not value.is_integer() or not 0 <= value <= 100_000:
        raise InvalidInput(f"{name.replace('_', ' ')} is a whole number", field=name)
    return int(value)
