"""A partner's checklist: what is to be done until when, ticked off here."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from api.console import portal_clock
from api.console.portal_own import Partner, Row, check_area, own_partner
from api.console.shell import Visitor, own_path
from domain.errors import AllywiseError, NotFound
from programme.onboarding import finish_task, progress
from programme.rows import today

router = APIRouter(default_response_class=HTMLResponse)

Word = Annotated[str, Form(max_length=500)]


@router.get("/portal/tasks")
def tasks(visit: Partner) -> Response:
    """Show the checklist: open tasks by their last day, then those that are done."""
    return _tasks(visit)


def _tasks(visit: Visitor, error: AllywiseError | None = None) -> Response:
    check_area(visit, "tasks")
    with visit.work() as work:
        found = progress(work, own_partner(work))
        on = today(work)
    still = [item for item in found.items if not item.done]
    values: Row = {
        "found": found,
        "still": sorted(still, key=lambda item: (item.due_on is None, item.due_on or on)),
        "done": [item for item in found.items if item.done],
        "today": on,
        "clock": portal_clock,
    }
    return (
        visit.page("portal_tasks.html", **values)
        if error is None
        else visit.refused("portal_tasks.html", error, **values)
    )


@router.post("/portal/tasks/done")
def done(visit: Partner, task: Word = "", back: Word = "/portal/tasks") -> Response:
    """Tick off a task."""
    check_area(visit, "tasks")
    try:
        with visit.work(read_only=False) as work:
            finish_task(work, task)
    except NotFound:
        raise
    except AllywiseError as error:
        return _tasks(visit, error)
    return visit.go(own_path(back), "ticked")
