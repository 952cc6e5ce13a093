"""Who is being onboarded and how it goes; the checklist of one partner, ticked off and assigned."""

import uuid
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, Response

from api.console.lists import Chosen
from api.console.prospects import Reader, Writer, may_write
from api.console.rendering import query
from api.console.shell import Visitor
from domain.errors import AllywiseError, NotFound
from domain.terms import PartnerStatus
from programme import records
from programme.onboarding import finish_task, start_onboarding
from programme.onboarding_times import OnboardingReport, onboarding_report, partner_onboarding
from programme.rows import days_between
from store.board import manager_names
from store.rankings import names_of, program_choices
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

Row = dict[str, Any]
Text = Annotated[str, Form(max_length=4000)]
Key = Annotated[str, Query(max_length=2000)]

_ROWS = 50


@router.get("/onboarding")
def onboarding(visit: Reader, program: Chosen = "", partner: Key = "", cursor: Key = "") -> Response:
    """Show who is being onboarded, or with `partner` the checklist of one."""
    if partner:
        return _checklist(visit, partner)
    with visit.work() as work:
        report = onboarding_report(work, program or None, cursor or None, _ROWS)
        names = names_of(work.connection, [item.progress.partner for item in report.items])
        programs = program_choices(work.connection)
        now = work.clock()
    rows = [
        {"name": names.get(item.progress.partner, item.progress.partner), "found": item.progress, "times": item.times}
        | {"days": days_between(item.times.onboarding_at, now) if item.times.onboarding_at else None}
        for item in report.items
    ]
    return visit.page(
        "onboarding.html",
        report=report,
        rows=rows,
        usual=_usual(report),
        programs=programs,
        chosen={"program": program},
        cursor=cursor,
    )


def _usual(report: OnboardingReport) -> dict[str | None, float | None]:
    """Return the median days of each programme; of one that has none yet, that of all."""
    return {one.program: one.to_onboard.median_days or report.all.to_onboard.median_days for one in report.programs}


@router.post("/onboarding/tick")
def tick(visit: Writer, partner: Text = "", task: Text = "") -> Response:
    """Tick off a task of a partner."""
    return _done(visit, partner, "ticked", lambda work: finish_task(work, _own(work, partner, task)))


@router.post("/onboarding/untick")
def untick(visit: Writer, partner: Text = "", task: Text = "") -> Response:
    """Open a task again that was ticked off."""
    return _done(
        visit,
        partner,
        "saved",
        lambda work: records.change(work, "tasks", _own(work, partner, task), {"done_at": None}),
    )


@router.post("/onboarding/assign")
def assign(visit: Writer, partner: Text = "", task: Text = "", owner: Text = "", due_on: Text = "") -> Response:
    """Say who sees to a task, and until when."""
    values = {"owner": owner.strip() or None, "due_on": due_on.strip() or None}
    return _done(visit, partner, "saved", lambda work: records.change(work, "tasks", _own(work, partner, task), values))


@router.post("/onboarding/add")
def add(visit: Writer, partner: Text = "", title: Text = "", owner: Text = "", due_on: Text = "") -> Response:
    """Give a partner a task of its own."""
    values = {"title": title.strip(), "owner": owner.strip() or None, "due_on": due_on.strip() or None}
    made = {"external_id": uuid.uuid4().hex, "partner": partner} | values
    typed = {"title": title, "owner": owner, "due_on": due_on}
    return _done(visit, partner, "saved", lambda work: records.create(work, "tasks", made), typed)


@router.post("/onboarding/start")
def start(visit: Writer, partner: Text = "") -> Response:
    """Make the tasks that a partner's checklist lacks."""
    return _done(visit, partner, "saved", lambda work: start_onboarding(work, partner))


def _own(work: UnitOfWork, partner: str, key: str) -> int:
    """Return our id of a task of a partner's."""
    found = work.repository("tasks").get(key)
    if found["partner"] != partner:
        raise NotFound(f"There is no task {key!r} of this partner.")
    return int(found["id"])


def _done(
    visit: Visitor, partner: str, told: str, act: Callable[[UnitOfWork], object], typed: Row | None = None
) -> Response:
    """Do something with a checklist and show it; what was refused is said there, and what was typed stays."""
    try:
        with visit.work(read_only=False) as work:
            act(work)
    except NotFound:
        raise
    except AllywiseError as error:
        return _checklist(visit, partner, error, typed)
    return visit.go(f"/onboarding{query({'partner': partner})}", told)


def _checklist(visit: Visitor, key: str, error: AllywiseError | None = None, typed: Row | None = None) -> Response:
    with visit.work() as work:
        row = work.repository("partners").get(key)
        found = partner_onboarding(work, row["id"])
        managers = manager_names(work.connection, work.actor, tuple(PartnerStatus))
        now = work.clock()
    times, progress = found.times, found.progress
    values: Row = {
        "row": row,
        "found": progress,
        "times": times,
        "days": days_between(times.onboarding_at, now) if times.onboarding_at else None,
        "still": [item for item in progress.items if not item.done],
        "done": [item for item in progress.items if item.done],
        "lacks": any(item.task is None and not item.done for item in progress.items),
        "managers": managers,
        "typed": {"title": "", "owner": "", "due_on": ""} | (typed or {}),
        "may_write": may_write(visit),
    }
    name = "onboarding_partner.html"
    return visit.page(name, **values) if error is None else visit.refused(name, error, **values)
