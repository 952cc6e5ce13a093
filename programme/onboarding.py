"""Onboarding: the programme's steps become a partner's tasks with due dates, and certificates do some of them."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from domain.errors import Conflict, InvalidInput, NotAllowed
from domain.terms import PartnerStatus, Role
from programme.certificates import held_courses
from programme.rows import every_row, today
from programme.rule import Row, Rule
from store.certificates import partners_behind
from store.notices import note_once
from store.people import tasks_due_between
from store.unit_of_work import UnitOfWork

_IDS = uuid.UUID("6d5d1f52-6c0b-4d0f-9a2e-1b7f1d1f5a10")
_MOST_DAYS = 3_650
_NEWS = timedelta(days=30)
OVERDUE = "task.overdue"
_LAST_INSTANT = timedelta(minutes=5)
"""How far a caller's clock may be ahead of ours."""


@dataclass(frozen=True)
class ChecklistItem:
    """A step of a partner's onboarding, or another task of its.

    Parameters
    ----------
    step, task : str or None
        External ids; no step: a task of its own; no task: a step that has no task yet.
    title : str
        What is to be done.
    course : str or None
        Whose certificate does it.
    owner : str or None
        Who sees to it.
    required : bool
        Whether the partner cannot become active without.
    due_on : date or None
        Last day in time.
    done_at : datetime or None
        When it was ticked off.
    done : bool
        Ticked off, or the certificate is there.
    overdue : bool
        Open, and the last day is past.
    """

    step: str | None
    task: str | None
    title: str
    course: str | None
    owner: str | None
    required: bool
    due_on: date | None
    done_at: datetime | None
    done: bool
    overdue: bool


@dataclass(frozen=True)
class Progress:
    """How far a partner's onboarding is."""

    partner: str
    status: str | None
    program: str | None
    steps: int
    done: int
    overdue: int
    share: float
    required_open: tuple[str, ...]
    next: ChecklistItem | None
    items: tuple[ChecklistItem, ...]


class StepRule(Rule):
    """Steps with due dates that a calendar has."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Refuse due dates before the beginning or more than ten years after it."""
        days = values.get("due_days")
        if isinstance(days, int) and not 0 <= days <= _MOST_DAYS:
            raise InvalidInput(f"due_days lies between 0 and {_MOST_DAYS}", field="due_days", value=days)
        return values


class TaskRule(Rule):
    """Tasks are made by the staff; a partner ticks off its own, except those that a certificate does."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Refuse what a partner may not write, and things done in the future."""
        if work.actor.role is Role.PARTNER:
            _only_ticks(work, before, values)
        done_at = values.get("done_at")
        if isinstance(done_at, datetime) and done_at.tzinfo and done_at > work.clock() + _LAST_INSTANT:
            raise InvalidInput("done_at lies in the future; a task is done when it is", field="done_at")
        return values

    def removing(self, work: UnitOfWork, before: Row) -> None:
        """Refuse it to partners."""
        if work.actor.role is Role.PARTNER:
            raise NotAllowed("Tasks are taken away by the programme's staff.")


class CertificateTasks(Rule):
    """Over certifications: a certificate does the onboarding steps that ask for its course."""

    def written(self, work: UnitOfWork, before: Row | None, after: Row) -> None:
        """Tick off what the certificate does."""
        tick_off_courses(work, after["partner"])


def steps_for(work: UnitOfWork, program: str | None) -> list[Row]:
    """Return the steps of a programme and those of all programmes, in their order."""
    rows = every_row(work, "onboarding_steps", program=None)
    rows += every_row(work, "onboarding_steps", program=program) if program else []
    return sorted(rows, key=lambda row: (row["position"] is None, row["position"] or 0, row["id"]))


def make_checklist(work: UnitOfWork, partner: Row) -> int:
    """Make the tasks of the programme's steps that the partner does not have yet, and return how many.

    Due dates count from today. Tasks that are there, done or not, stay as they are.
    """
    there = {row["step"] for row in every_row(work, "tasks", partner=partner["external_id"])}
    missing = [step for step in steps_for(work, partner["program"]) if step["external_id"] not in there]
    for step in missing:
        work.repository("tasks").create(_task(work, partner, step))
    if missing:
        tick_off_courses(work, partner["external_id"])
    return len(missing)


def start_onboarding(work: UnitOfWork, key: int | str) -> Progress:
    """Make what is missing of the checklist of a partner that is being onboarded, or is active, and return it.

    Raises
    ------
    NotFound
        If there is no such partner.
    Conflict
        If the partner is at another stage.
    """
    partner = work.repository("partners").get(key)
    if partner["status"] not in (PartnerStatus.ONBOARDING, PartnerStatus.ACTIVE, PartnerStatus.INACTIVE):
        raise Conflict(
            f"The partner is {partner['status']!r}; onboarding begins as its status becomes 'onboarding'.",
            stands_at=partner["status"],
        )
    make_checklist(work, partner)
    return progress(work, partner)


def tick_off_courses(work: UnitOfWork, partner: str) -> int:
    """Tick off a partner's open tasks whose course it holds a valid certificate of, and return how many."""
    waiting = [row for row in every_row(work, "tasks", partner=partner, done_at=None) if row["step"] is not None]
    if not waiting:
        return 0
    courses = {row["external_id"]: row["course"] for row in every_row(work, "onboarding_steps") if row["course"]}
    held = held_courses(work, partner, today(work)) if courses else frozenset()
    done = [task for task in waiting if courses.get(task["step"]) in held]
    for task in done:
        work.repository("tasks").patch(task["id"], {"done_at": work.clock()})
    return len(done)


def partners_to_catch_up(work: UnitOfWork) -> list[str]:
    """Return partners whose checklists lag behind changed templates, or behind certificates that were imported."""
    return partners_behind(work.connection, today(work))


def catch_up_checklists(work: UnitOfWork, partners: Iterable[str]) -> int:
    """Do what changed templates and imports ask for, and return how many tasks were made or ticked off.

    Partners that are being onboarded get the tasks they lack; certificates that came with an import do their steps.
    """
    count = 0
    for key in partners:
        partner = work.repository("partners").get(key)
        if partner["status"] == PartnerStatus.ONBOARDING:
            count += make_checklist(work, partner)
        count += tick_off_courses(work, key)
    return count


def tell_overdue(work: UnitOfWork) -> int:
    """Announce tasks whose last day has passed, once each, and return how many; what is long past is not news."""
    on, told = today(work), 0
    for task in tasks_due_between(work.connection, on - _NEWS, on - timedelta(days=1)):
        if note_once(work.connection, OVERDUE, f"{task.id}/{task.due_on}", work.clock()):
            payload = {"external_id": task.external_id, "partner": task.partner, "title": task.title}
            work.journal.announce(OVERDUE, payload | {"due_on": task.due_on}, task.partner_id)
            told += 1
    return told


def progress(work: UnitOfWork, partner: Row) -> Progress:
    """Return how far the onboarding of a partner is: steps in their order, then its other tasks."""
    items = tuple(_checklist(work, partner))
    steps = [item for item in items if item.step is not None]
    done = sum(item.done for item in steps)
    still = sorted((item for item in items if not item.done), key=lambda item: item.due_on or date.max)
    return Progress(
        partner=partner["external_id"],
        status=partner["status"],
        program=partner["program"],
        steps=len(steps),
        done=done,
        overdue=sum(item.overdue for item in items),
        share=done / len(steps) if steps else 1.0,
        required_open=tuple(item.title for item in steps if item.required and not item.done),
        next=still[0] if still else None,
        items=items,
    )


def finish_task(work: UnitOfWork, key: int | str) -> Row:
    """Tick off a task now and return it; one that is done stays as it is.

    Raises
    ------
    NotFound
        If there is none that the actor may see.
    NotAllowed
        If a certificate does it and a partner would.
    """
    tasks = work.repository("tasks")
    task = tasks.get(key)
    if task["done_at"] is not None:
        return task
    _refuse_certificate_work(work, task)
    return tasks.patch(task["id"], {"done_at": work.clock()})


def _task(work: UnitOfWork, partner: Row, step: Row) -> dict[str, Any]:
    due = None if step["due_days"] is None else today(work) + timedelta(days=min(max(step["due_days"], 0), _MOST_DAYS))
    return {
        # Of the same two ids, so that two requests at the same time cannot make it twice.
        "external_id": uuid.uuid5(_IDS, f"{partner['id']}/{step['id']}").hex,
        "partner": partner["external_id"],
        "step": step["external_id"],
        "title": step["title"],
        "description": step["description"],
        "owner": partner["account_manager"],
        "due_on": due,
    }


def _checklist(work: UnitOfWork, partner: Row) -> Iterable[ChecklistItem]:
    tasks = every_row(work, "tasks", partner=partner["external_id"])
    by_step = {task["step"]: task for task in tasks if task["step"] is not None}
    steps = {step["external_id"]: step for step in steps_for(work, partner["program"])}
    others = [key for key in by_step if key not in steps]  # of a programme that the partner was in
    steps |= {key: work.repository("onboarding_steps").get(key) for key in others}
    held = held_courses(work, partner["external_id"], today(work)) if steps else frozenset()
    for key, step in steps.items():
        yield _item(work, step, by_step.get(key), held, required=bool(step["required"]) and key not in others)
    for task in tasks:
        if task["step"] is None:
            yield _item(work, None, task, held, required=False)


def _item(
    work: UnitOfWork, step: Row | None, task: Row | None, held: frozenset[str], *, required: bool
) -> ChecklistItem:
    course = step["course"] if step else None
    done_at, due_on = (task["done_at"], task["due_on"]) if task else (None, None)
    done = done_at is not None or (course is not None and course in held)
    return ChecklistItem(
        step=step["external_id"] if step else None,
        task=task["external_id"] if task else None,
        title=str((task or step or {})["title"]),
        course=course,
        owner=task["owner"] if task else None,
        required=required,
        due_on=due_on,
        done_at=done_at,
        done=done,
        overdue=not done and due_on is not None and due_on < today(work),
    )


def _only_ticks(work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> None:
    if before is None or set(values) - {"done_at"}:
        raise NotAllowed("A partner ticks off its tasks (done_at) and changes nothing else of them.")
    _refuse_certificate_work(work, before)


def _refuse_certificate_work(work: UnitOfWork, task: Row) -> None:
    if work.actor.role is not Role.PARTNER or task["step"] is None:
        return
    course = work.repository("onboarding_steps").get(task["step"])["course"]
    if course is not None and course not in held_courses(work, task["partner"], today(work)):
        raise NotAllowed(f"This is done as the certificate of {course!r} comes.", course=course)
