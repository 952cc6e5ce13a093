"""Goals of all partners: how they stand, the most pressing first; setting them, and agreeing to plans."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import HTMLResponse, Response

from api.console.figure_words import GROUPS as TOGETHER
from api.console.figure_words import figure_label
from api.console.forms import Sent, number_of, text_of
from api.console.lists import ROWS, Chosen, Page, Start, given
from api.console.questions import Reader, book_of, choices, of_everybody
from api.console.shell import Visitor, visitor
from domain.errors import AllywiseError, InvalidInput, NotFound
from domain.terms import PlanStatus, Role
from intelligence.analytics.names import canonical
from intelligence.analytics.progress import GoalStatus
from intelligence.analytics.registry import FIGURES, is_figure
from programme import records
from programme.goals import Wanted, goals_progress
from programme.plans import change_plan_status
from programme.rule import Row
from store.partner_list import Wanted as Search
from store.partner_list import list_partners

router = APIRouter(default_response_class=HTMLResponse)

_SETTERS = (Role.MANAGER,)
_OFFERED = 10
_TO = {PlanStatus.AGREED: "plan_agreed", PlanStatus.CLOSED: "plan_closed", PlanStatus.DRAFT: "plan_draft"}
_FIELDS = ("partner", "metric", "period_start", "period_end")

Setter = Annotated[Visitor, visitor(*_SETTERS)]
Id = Annotated[int, Path(ge=1, lt=2**63)]
METRICS = tuple(
    name for _, names in TOGETHER for name in names if name not in ("partners", "top_partners_share", "lead_spread")
)
"""Figures that goals are offered for."""


@router.get("/goals")
def goals(
    visit: Reader,
    status: Chosen = "",
    metric: Chosen = "",
    account_manager: Chosen = "",
    program: Chosen = "",
    tier: Chosen = "",
    when: Annotated[str, Query(pattern="^(all)?$")] = "",
    start: Start = 0,
) -> Response:
    """List goals as they stand, those off track first."""
    word = GoalStatus(status) if status in set(GoalStatus) else None
    groups = given(account_manager=account_manager, program=program, tier=tier)
    with visit.work() as work:
        book = book_of(visit, work)
        wanted = Wanted(running=not when, figure=metric or None, status=word, groups=groups)
        found = goals_progress(book, of_everybody(book), wanted, start, ROWS)
        after = start + ROWS if start + ROWS < found.total else None
        names = sorted({canonical(each) for each in book.history.goals["metric"].dropna().unique()})
        return visit.page(
            "goals.html",
            page=Page(found.items, start, after),
            partners=found.partners,
            counts=found.every,
            words=[one for one in GoalStatus if found.every.get(str(one))],
            metrics=[(name, figure_label(name)) for name in names],
            units={name: figure.unit for name, figure in FIGURES.items()},
            choices=choices(book),
            chosen={"status": status, "metric": metric, "account_manager": account_manager, "program": program,
                    "tier": tier, "when": when},
            currency=book.currency,
            may_set=_may_set(visit),
        )  # fmt: skip


@router.get("/goals/partners")
def offered_partners(visit: Setter, partner: Chosen = "") -> Response:
    """Offer partners whose name or id holds what is typed."""
    found: list[Any] = []
    if partner.strip():
        now = visit.services.clock()
        with visit.work() as work:
            found = list_partners(
                work.connection, visit.actor, Search(partner.strip(), (), "", {}), horizon_days=None, now=now,
                sort="name", start=0, limit=_OFFERED,
            )  # fmt: skip
    return visit.page("goal_partners.html", rows=found)


@router.get("/goals/new")
def new_goal(visit: Setter, partner: Chosen = "", metric: Chosen = "") -> Response:
    """Show the form of a goal."""
    today = visit.services.clock().date()
    last = today.replace(month=12, day=31)
    first = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    typed = {"partner": partner, "metric": metric, "period_start": first, "period_end": last, "target": ""}
    return _form(visit, typed)


@router.post("/goals/new")
def set_goal(visit: Setter, form: Sent) -> Response:
    """Set a goal."""
    typed = {name: text_of(form, name) for name in (*_FIELDS, "target")}
    try:
        with visit.work(read_only=False) as work:
            records.create(work, "goals", {**{n: typed[n] for n in _FIELDS}, "target": _target(form)})
    except AllywiseError as error:
        return _form(visit, typed, error)
    return visit.go("/goals", "goal_set")


@router.get("/goals/{goal}")
def one_goal(visit: Setter, goal: Id) -> Response:
    """Show the form that changes a goal."""
    with visit.work() as work:
        row = work.repository("goals").get(goal)
    return _form(visit, row, row=row)


@router.post("/goals/{goal}")
def change_goal(visit: Setter, goal: Id, form: Sent) -> Response:
    """Change target and last day of a goal."""
    typed = {name: text_of(form, name) for name in ("target", "period_end")}
    with visit.work() as work:
        row = work.repository("goals").get(goal)
    try:
        with visit.work(read_only=False) as work:
            records.change(work, "goals", goal, {"period_end": typed["period_end"], "target": _target(form)})
    except AllywiseError as error:
        return _form(visit, {**row, **typed}, error, row)
    return visit.go("/goals", "goal_changed")


@router.post("/goals/{goal}/remove")
def remove_goal(visit: Setter, goal: Id) -> Response:
    """Remove a goal."""
    with visit.work(read_only=False) as work:
        records.remove(work, "goals", goal)
    return visit.go("/goals", "goal_removed")


@router.get("/plans")
def plans(visit: Reader, status: Chosen = "", cursor: Annotated[str, Query(max_length=2000)] = "") -> Response:
    """List joint plans: those that wait for an answer first."""
    return _plans(visit, status, cursor)


@router.post("/plans/{plan}/status")
def plan_status(visit: Setter, plan: Id, to: Annotated[str, Form(max_length=20)] = "") -> Response:
    """Agree to a plan, close it, or make it a draft again."""
    try:
        with visit.work(read_only=False) as work:
            if to not in set(PlanStatus):
                raise InvalidInput(f"There is no status {to!r}; use one of: {', '.join(PlanStatus)}.", field="to")
            change_plan_status(work, plan, PlanStatus(to))
    except NotFound:
        raise
    except AllywiseError as error:
        return _plans(visit, "", "", error)
    return visit.go("/plans", _TO[PlanStatus(to)])


def _plans(visit: Visitor, status: str, cursor: str, error: AllywiseError | None = None) -> Response:
    shown = status if status in set(PlanStatus) else str(PlanStatus.DRAFT)
    with visit.work() as work:
        page = work.repository("plans").list({"status": shown}, sort="-period_end", cursor=cursor or None, limit=ROWS)
        keys = list({row["partner"] for row in page.rows})
        rows = work.repository("partners").list({"external_id": keys}, limit=ROWS).rows if keys else []
    values: dict[str, Any] = {
        "rows": page.rows,
        "following": page.next_cursor,
        "partners": {row["external_id"]: row for row in rows},
        "shown": shown,
        "statuses": list(PlanStatus),
        "may_set": _may_set(visit),
    }
    return visit.page("plans.html", **values) if error is None else visit.refused("plans.html", error, **values)


def _form(visit: Visitor, typed: Any, error: AllywiseError | None = None, row: Row | None = None) -> Response:
    values = {
        "typed": typed,
        "row": row,
        "metrics": [(name, figure_label(name)) for name in METRICS],
        "own": typed["metric"] if typed["metric"] and not is_figure(typed["metric"]) else "",
        "label": figure_label(canonical(row["metric"])) if row else "",
    }
    return visit.page("goal.html", **values) if error is None else visit.refused("goal.html", error, **values)


def _target(form: Any) -> float:
    found = number_of(form, "target")
    if found is None:
        raise InvalidInput("A goal has a target: a number.", field="target")
    return found


def _may_set(visit: Visitor) -> bool:
    return visit.actor.role in (Role.ADMIN, *_SETTERS)
