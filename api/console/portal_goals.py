"""The portal's goals: the joint plan, what is reached, what the end will bring, and proposing a plan."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from api.console.figure_words import figure_label
from api.console.portal_own import Partner, Row, check_area, own_partner
from api.console.questions import book_of
from api.console.shell import Visitor
from domain.context import SYSTEM
from domain.errors import AllywiseError
from domain.terms import PlanStatus
from intelligence.analytics.progress import Progress
from intelligence.analytics.registry import figure_named
from programme import records
from programme.goals import partner_plan

router = APIRouter(default_response_class=HTMLResponse)

_NEW = {"title": "", "objective": "", "period_start": "", "period_end": ""}
Word = Annotated[str, Form(max_length=500)]
Text = Annotated[str, Form(max_length=4000)]


@router.get("/portal/goals")
def goals(visit: Partner) -> Response:
    """Show the joint plan and how its goals stand."""
    return _goals(visit)


def _goals(visit: Visitor, error: AllywiseError | None = None, typed: Mapping[str, str] | None = None) -> Response:
    check_area(visit, "goals")
    with visit.work() as work:
        book = book_of(visit, work)
        everybody = book if book.sees_all else replace(book, actor=SYSTEM)
        plan, found = partner_plan(work, book, everybody, own_partner(work))
    is_draft = plan is not None and plan["status"] in (None, PlanStatus.DRAFT)
    values: Row = {
        "plan": plan,
        "is_draft": is_draft,
        "goals": [_told(one) for one in found.items],
        "typed": typed or (_written(plan) if is_draft and plan else _NEW),
    }
    if error is not None:
        return visit.refused("portal_goals.html", error, **values)
    return visit.page("portal_goals.html", **values)


def _told(one: Progress) -> Row:
    """Return a goal with its name and unit, and its parts as shares of the target where that says something."""
    target = one.goal.target
    shares = {
        name: None if value is None or target <= 0 else value / target
        for name, value in (("done", one.actual), ("due", one.expected), ("end", one.forecast))
    }
    unit = "" if one.figure is None else figure_named(one.figure).unit
    return {"one": one, "goal": one.goal, "unit": unit, "label": figure_label(one.figure or one.goal.metric)} | shares


def _written(plan: Row) -> dict[str, str]:
    return {name: str(plan[name] or "") for name in _NEW}


@router.post("/portal/goals/plan")
def propose(
    visit: Partner,
    title: Word = "",
    objective: Text = "",
    period_start: Word = "",
    period_end: Word = "",
    plan: Annotated[int, Form(ge=0, lt=2**63)] = 0,
) -> Response:
    """Propose a joint plan, or change one that is a draft; the vendor agrees to it."""
    check_area(visit, "plans")
    typed = {"title": title, "objective": objective, "period_start": period_start, "period_end": period_end}
    wanted: Row = {name: text.strip() or None for name, text in typed.items()}
    try:
        with visit.work(read_only=False) as work:
            if plan:
                records.change(work, "plans", plan, wanted)
            else:
                owner = {"external_id": uuid4().hex, "partner": own_partner(work)["external_id"]}
                records.create(work, "plans", owner | wanted)
    except AllywiseError as error:
        return _goals(visit, error, typed)
    return visit.go("/portal/goals", "proposed")
