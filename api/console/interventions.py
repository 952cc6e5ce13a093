"""Actions for partners at risk: plan, change, done, drop; what is due; what came of what was done."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Query
from fastapi.responses import HTMLResponse, Response

from api.console.formats import NOTHING, number
from api.console.lists import ROWS, Chosen, Page, Start
from api.console.shell import Visitor, own_path, visitor
from api.console.terms import term
from api.console.words import gettext
from domain.errors import AllywiseError, InvalidInput
from domain.terms import InterventionKind, Role, risk_band
from programme import intervention_outcomes, records
from programme.interventions import owner_name
from store.interventions import done_actions, newest_p, open_actions
from store.types import from_micros, to_micros
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

_READERS, _WRITERS = (Role.RECRUITER, Role.MANAGER, Role.ANALYST), (Role.RECRUITER, Role.MANAGER)
Reading = Annotated[Visitor, visitor(*_READERS)]
Writing = Annotated[Visitor, visitor(*_WRITERS)]
Key = Annotated[int, Path(ge=1, lt=2**63)]
Text = Annotated[str, Form(max_length=4000)]
Row = dict[str, Any]
_FIELDS = ("kind", "title", "description", "owner", "due_on")
_SOON = timedelta(days=14)
_LATEST = to_micros(datetime(9999, 1, 1, tzinfo=UTC))


def may_plan(visit: Visitor) -> bool:
    """Whether the visitor plans actions."""
    return visit.actor.role in (Role.ADMIN, *_WRITERS)


@router.get("/interventions")
def interventions(visit: Reading, mine: Chosen = "", start: Start = 0) -> Response:
    """List open actions, those due first."""
    owner = owner_name(visit.actor) if mine else None
    with visit.work() as work:
        found = open_actions(work.connection, work.actor, owner=owner, start=start, limit=ROWS + 1)
    today = visit.services.clock().date()
    return visit.page(
        "interventions.html",
        page=Page.of([row._asdict() | {"urgency": _urgency(row.due_on, today)} for row in found], start),
        chosen={"mine": mine},
        today=today,
        may_plan=may_plan(visit),
    )


def _urgency(due_on: date | None, today: date) -> str:
    if due_on is None:
        return ""
    return "bad" if due_on < today else "warn" if due_on <= today + _SOON else ""


def points(difference: float | None) -> str:
    """Write a difference of two shares.

    Examples
    --------
    >>> points(0.124), points(-0.03), points(None)
    ('+12 points', '-3 points', '–')
    """
    if difference is None:
        return NOTHING
    shown = round(difference * 100)
    return gettext("%(number)s points") % {"number": ("+" if shown > 0 else "") + number(shown)}


@router.get("/interventions/outcomes")
def outcomes(
    visit: Reading, before: Annotated[int, Query(ge=0)] = 0, last: Annotated[int, Query(ge=0, lt=2**63)] = 0
) -> Response:
    """List what was done, the latest first, with what came of it, and beside comparable partners."""
    settings, as_of = visit.services.settings, visit.services.clock()
    place = (from_micros(min(before, _LATEST)), last) if before else None
    with visit.work() as work:
        done = done_actions(work.connection, work.actor, as_of, before=place, limit=ROWS + 1)
        shown = done[:ROWS]
        found = intervention_outcomes.outcomes(work, settings, shown, as_of)
        compared = () if place else intervention_outcomes.beside(work, settings, as_of)
    following = {"before": to_micros(shown[-1].done_at), "last": shown[-1].id} if len(done) > ROWS else None
    return visit.page(
        "outcomes.html",
        rows=found,
        compared=compared,
        least=intervention_outcomes.LEAST_CASES,
        horizon=settings.churn_horizons_days[-1],
        following=following,
        band=risk_band,
        points=points,
    )


@router.get("/interventions/new")
def new(visit: Writing, partner: Chosen = "", title: Chosen = "", kind: Chosen = "", back: Chosen = "") -> Response:
    """Show the form of a new action."""
    due = visit.services.clock().date() + timedelta(days=7)
    typed = {"title": title, "kind": kind, "owner": owner_name(visit.actor), "due_on": due.isoformat()}
    return _form(visit, None, partner, typed, back)


def _typed(
    kind: Text = "", title: Text = "", description: Text = "", owner: Text = "", due_on: Text = ""
) -> dict[str, str]:
    typed = {"kind": kind, "title": title, "description": description, "owner": owner, "due_on": due_on}
    return {name: value.strip() for name, value in typed.items()}


Typed = Annotated[dict[str, str], Depends(_typed)]


@router.post("/interventions/new")
def create(visit: Writing, typed: Typed, partner: Text = "", done_on: Text = "", back: Text = "") -> Response:
    """Plan an action, or note one that was taken already."""
    try:
        with visit.work(read_only=False) as work:
            given = {name: value or None for name, value in typed.items()} | {"partner": partner.strip() or None}
            records.create(work, "interventions", given | {"done_at": _done_at(visit, done_on)})
    except AllywiseError as error:
        return _form(visit, None, partner, typed | {"done_on": done_on}, back, error)
    told = "action_done" if done_on.strip() else "planned"
    return visit.go(own_path(back) if back else "/interventions", told)


@router.get("/interventions/{key}")
def edit(visit: Reading, key: Key, back: Chosen = "") -> Response:
    """Show an action, to be changed."""
    with visit.work() as work:
        row = work.repository("interventions").get(key)
    return _form(visit, row, row["partner"], row, back)


@router.post("/interventions/{key}")
def change(visit: Writing, key: Key, typed: Typed, back: Text = "") -> Response:
    """Change an action."""
    given = {name: value or None for name, value in typed.items()}
    return _done(visit, key, lambda work: records.change(work, "interventions", key, given), back, typed)


@router.post("/interventions/{key}/done")
def done(visit: Writing, key: Key, done_on: Text = "", back: Text = "") -> Response:
    """Note that an action was taken, now or on an earlier day."""

    def act(work: UnitOfWork) -> None:
        at = _done_at(visit, done_on) or work.clock()
        before = work.repository("interventions").get(key)
        # A day without an hour: of the day it was planned, the hour is not before that.
        at = max(at, before["planned_at"]) if before["planned_at"] and at.date() == before["planned_at"].date() else at
        records.change(work, "interventions", key, {"done_at": at})

    return _done(visit, key, act, back, {}, "action_done")


@router.post("/interventions/{key}/reopen")
def reopen(visit: Writing, key: Key, back: Text = "") -> Response:
    """Say that an action was not taken after all."""
    return _done(visit, key, lambda work: records.change(work, "interventions", key, {"done_at": None}), back, {})


@router.post("/interventions/{key}/drop")
def drop(visit: Writing, key: Key, back: Text = "") -> Response:
    """Drop an action that was not taken."""
    return _done(visit, key, lambda work: records.remove(work, "interventions", key), back, {}, "dropped")


def _done(
    visit: Visitor, key: int, act: Callable[[UnitOfWork], object], back: str, typed: Row, told: str = "done"
) -> Response:
    try:
        with visit.work(read_only=False) as work:
            act(work)
    except AllywiseError as error:
        with visit.work() as work:
            row = work.repository("interventions").get(key)
        return _form(visit, row, row["partner"], row | typed, back, error)
    return visit.go(own_path(back) if back else "/interventions", told)


def _done_at(visit: Visitor, text: str) -> datetime | None:
    """Return the end of a day that was, or now if it is today."""
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidInput("The day is written like 2026-11-05.", field="done_on") from error
    now = visit.services.clock()
    if day > now.date():
        raise InvalidInput("What was done lies in the past.", field="done_on")
    return min(datetime.combine(day, datetime.max.time(), UTC).replace(microsecond=0), now)


def _form(
    visit: Visitor, row: Row | None, partner: str, typed: Row, back: str, error: AllywiseError | None = None
) -> Response:
    partner = partner.strip()
    with visit.work() as work:
        known = work.repository("partners").find((partner,)) if partner else None
        horizon = visit.services.settings.churn_horizons_days[-1]
        p = newest_p(work.connection, "churn", horizon, [known["id"]], work.clock()) if known else {}
    values: Row = {
        "row": row,
        "partner": partner,
        "known": known,
        "p": p.get(known["id"]) if known else None,
        "horizon": horizon,
        "typed": dict.fromkeys((*_FIELDS, "done_on"), "") | {name: value or "" for name, value in typed.items()},
        "kinds": [(str(kind), term(kind)) for kind in InterventionKind],
        "back": own_path(back) if back else "/interventions",
        "today": visit.services.clock().date(),
        "may_plan": may_plan(visit),
    }
    return (
        visit.page("intervention.html", **values)
        if error is None
        else visit.refused("intervention.html", error, **values)
    )
