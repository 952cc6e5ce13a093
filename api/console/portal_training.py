"""The portal's training: certificates, what is missing and what it would open, courses and places in them."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import HTMLResponse, Response

from api.console.portal_own import Partner, Row, check_area, link_of, own_partner
from api.console.shell import Visitor
from domain.errors import AllywiseError, InvalidInput
from programme import records
from programme.rows import every_row
from programme.training import partner_training
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

_SOON = 60
_COURSES, _ENDED = 50, 10
CourseId = Annotated[int, Path(ge=1, lt=2**63)]
Word = Annotated[str, Form(max_length=500)]
Cursor = Annotated[str, Query(max_length=2000)]


@router.get("/portal/training")
def training(visit: Partner, cursor: Cursor = "") -> Response:
    """Show certificates, what is missing, places in courses, and the courses that there are."""
    check_area(visit, "training")
    with visit.work() as work:
        partner = own_partner(work)
        found = partner_training(work, partner["id"], _SOON)
        courses = work.repository("courses").list(sort="name", cursor=cursor or None, limit=_COURSES)
        ended = work.repository("enrolments").list({"passed": [True, False]}, sort="-completed_at", limit=_ENDED)
        asked = [one.course for one in found.missing]
        values: Row = {
            "found": found,
            "held": sorted(found.held, key=lambda one: one.expires_on or date.max),
            "soon": {one.course for one in found.expiring},
            "courses": courses.rows,
            "following": courses.next_cursor,
            "cursor": cursor,
            "ended": ended.rows,
            "known": _known(work, [*asked, *(row["course"] for row in (*found.enrolments, *ended.rows))]),
            "people": {person.contact: person.name for person in found.persons},
            "today": found.on,
        }
    return visit.page("portal_training.html", **values)


def _known(work: UnitOfWork, names: Iterable[str]) -> dict[str, Row]:
    """Return courses by every name that they go by: products and tiers may ask for either."""
    wanted = sorted(set(names))
    rows = work.repository("courses")
    by_name = rows.list({"name": wanted}, limit=1000).rows
    by_id = rows.list({"external_id": wanted}, limit=1000).rows
    return {row["name"]: row for row in by_name} | {row["external_id"]: row for row in by_id}


@router.get("/portal/training/{course}")
def course(visit: Partner, course: CourseId) -> Response:
    """Show a course, who of the partner has a place in it, and the form to enrol."""
    check_area(visit, "training")
    return _course(visit, course)


def _course(visit: Visitor, id: int, error: AllywiseError | None = None, **typed: str) -> Response:
    with visit.work() as work:
        row = work.repository("courses").get(id)
        partner = own_partner(work)["external_id"]
        places = every_row(work, "enrolments", sort="-enrolled_at", partner=partner, course=row["external_id"])
        people = every_row(work, "contacts", sort="external_id", partner=partner)
        work.journal.read("contacts", [one["external_id"] for one in people])
        values: Row = {
            "row": row,
            "link": link_of(row),
            "places": places,
            "people": [(one["external_id"], one["name"]) for one in people],
            "names": {one["external_id"]: one["name"] for one in people},
            "products": _names(work, "products", row["products"]),
            "typed": {"contact": "", "due_on": ""} | typed,
            "today": work.clock().date(),
        }
    if error is not None:
        return visit.refused("portal_course.html", error, **values)
    return visit.page("portal_course.html", **values)


def _names(work: UnitOfWork, resource: str, keys: list[str]) -> list[str]:
    found = work.repository(resource).list({"external_id": list(keys)}, limit=1000).rows
    return [row["name"] for row in found]


@router.post("/portal/training/{course}/enrol")
def enrol(visit: Partner, course: CourseId, contact: Word = "", due_on: Word = "") -> Response:
    """Take a place in a course, for one of the partner's people or for the company."""
    check_area(visit, "enrolments")
    try:
        with visit.work(read_only=False) as work:
            row = work.repository("courses").get(course)
            wanted = {"partner": own_partner(work)["external_id"], "course": row["external_id"]}
            given = {"contact": contact or None, "due_on": _day(due_on)}
            records.create(work, "enrolments", {**wanted, **given})
    except AllywiseError as error:
        return _course(visit, course, error, contact=contact, due_on=due_on)
    return visit.go(f"/portal/training/{course}", "enrolled")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise InvalidInput("a day is written like 2026-12-31", field="due_on", value=text) from None
