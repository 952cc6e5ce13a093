"""Certificates of many partners at once: which run out when, who holds what."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select
from sqlalchemy.sql.selectable import FromClause, Subquery

from domain.context import Actor
from domain.resources import RESOURCES
from domain.terms import PartnerStatus
from store.tables import RESOURCE_TABLES
from store.visibility import visible_rows

_CERTS, _PARTNERS, _PROGRAMS, _CONTACTS, _COURSES, _ENROLMENTS = (
    RESOURCE_TABLES[name] for name in ("certifications", "partners", "programs", "contacts", "courses", "enrolments")
)
_TASKS, _STEPS = RESOURCE_TABLES["tasks"], RESOURCE_TABLES["onboarding_steps"]
_GONE = (PartnerStatus.ENDED, PartnerStatus.REJECTED)


class ExpiringRow(NamedTuple):
    """A partner's certificate that lasts longest for its course, and runs out."""

    id: int
    partner_id: int
    partner: str
    partner_name: str
    course: str
    passed_on: date
    expires_on: date
    contact: str | None


class CourseCount(NamedTuple):
    """Active partners of a programme by how they stand with a course."""

    program: str | None
    course: str
    partners: int


def expiring(
    connection: Connection,
    actor: Actor,
    today: date,
    until: date,
    *,
    after: tuple[date, int] | None = None,
    limit: int = 1000,
) -> list[ExpiringRow]:
    """Return what runs out from `today` to `until`, the soonest first, of partners that are not gone.

    A course whose certificate was renewed in time is not there: the longest one counts.
    """
    last = _longest(actor, today)
    wanted = (
        select(
            last.c.id,
            last.c.partner_id,
            _PARTNERS.c.external_id,
            _PARTNERS.c.name,
            last.c.course,
            last.c.passed_on,
            last.c.expires_on,
            _CONTACTS.c.external_id,
        )
        .join(_PARTNERS, _PARTNERS.c.id == last.c.partner_id)
        .outerjoin(_CONTACTS, _CONTACTS.c.id == last.c.contact_id)
        .where(last.c.rank == 1, last.c.expires_on.between(today, until))
        .where(or_(_PARTNERS.c.status.is_(None), _PARTNERS.c.status.not_in(_GONE)))
    )
    if after is not None:
        on, id_ = after
        wanted = wanted.where(or_(last.c.expires_on > on, and_(last.c.expires_on == on, last.c.id > id_)))
    rows = connection.execute(wanted.order_by(last.c.expires_on, last.c.id).limit(limit))
    return [ExpiringRow(*tuple(row)) for row in rows]


def active_partners(connection: Connection, actor: Actor) -> dict[str | None, int]:
    """Return how many active partners each programme has."""
    counted = select(_PROGRAMS.c.external_id, func.count()).select_from(_PARTNERS).outerjoin(_PROGRAMS)
    rows = connection.execute(counted.where(*_active(actor)).group_by(_PROGRAMS.c.external_id))
    return {program: int(count) for program, count in rows}


def holders(connection: Connection, actor: Actor, today: date, *, until: date | None = None) -> list[CourseCount]:
    """Return how many active partners hold each course, by programme; with `until`, whose runs out by then."""
    last = _longest(actor, today)
    lasts = or_(last.c.expires_on.is_(None), last.c.expires_on >= today)
    runs_out = last.c.expires_on.between(today, until) if until is not None else lasts
    counted = select(_PROGRAMS.c.external_id, last.c.course, func.count(last.c.partner_id.distinct()))
    return _by_program(connection, counted, last, [last.c.rank == 1, runs_out, *_active(actor)], last.c.course)


def learners(connection: Connection, actor: Actor) -> list[CourseCount]:
    """Return how many active partners are enrolled in each course and have not ended it, by programme."""
    counted = select(_PROGRAMS.c.external_id, _COURSES.c.name, func.count(_ENROLMENTS.c.partner_id.distinct()))
    still = [_ENROLMENTS.c.completed_at.is_(None), _ENROLMENTS.c.course_id == _COURSES.c.id, *_active(actor)]
    return _by_program(connection, counted, _ENROLMENTS, still, _COURSES.c.name)


def partners_behind(connection: Connection, today: date) -> list[str]:
    """Return external ids of partners whose checklists lag behind what changed templates and imports say.

    Those being onboarded that lack a task of a step, and those with an open task whose certificate is there.
    """
    own = or_(_STEPS.c.program_id.is_(None), _STEPS.c.program_id == _PARTNERS.c.program_id)
    there = exists().where(_TASKS.c.partner_id == _PARTNERS.c.id, _TASKS.c.step_id == _STEPS.c.id)
    there = there.correlate(_PARTNERS, _STEPS)
    lacking = select(_STEPS.c.id).where(own, ~there).correlate(_PARTNERS).exists()
    wanted = or_(
        and_(_PARTNERS.c.status == PartnerStatus.ONBOARDING, lacking), _PARTNERS.c.id.in_(_to_be_ticked(today))
    )
    return list(connection.execute(select(_PARTNERS.c.external_id).where(wanted).order_by(_PARTNERS.c.id)).scalars())


def _to_be_ticked(today: date) -> Select[tuple[int]]:
    """Partners with open tasks whose course, by name or external id, they hold."""
    alike = or_(_COURSES.c.external_id == _STEPS.c.course, _COURSES.c.name == _STEPS.c.course)
    named = or_(
        _CERTS.c.course == _STEPS.c.course,
        _CERTS.c.course == _COURSES.c.name,
        _CERTS.c.course == _COURSES.c.external_id,
    )
    lasts = or_(_CERTS.c.expires_on.is_(None), _CERTS.c.expires_on >= today)
    found = select(_TASKS.c.partner_id).join(_STEPS, _STEPS.c.id == _TASKS.c.step_id).outerjoin(_COURSES, alike)
    found = found.join(_CERTS, and_(_CERTS.c.partner_id == _TASKS.c.partner_id, named))
    return found.where(_TASKS.c.done_at.is_(None), _CERTS.c.passed_on <= today, lasts)


def _by_program(
    connection: Connection,
    counted: Select[Any],
    of: FromClause,
    where: Sequence[ColumnElement[bool]],
    course: ColumnElement[str],
) -> list[CourseCount]:
    rows = counted.select_from(of).join(_PARTNERS, _PARTNERS.c.id == of.c.partner_id)
    rows = rows.outerjoin(_PROGRAMS, _PROGRAMS.c.id == _PARTNERS.c.program_id).where(*where)
    return [CourseCount(*tuple(row)) for row in connection.execute(rows.group_by(_PROGRAMS.c.external_id, course))]


def _active(actor: Actor) -> list[ColumnElement[bool]]:
    return [_PARTNERS.c.status == PartnerStatus.ACTIVE, *visible_rows(actor, RESOURCES["partners"])]


def _longest(actor: Actor, today: date) -> Subquery:
    """Certificates passed by now, ranked by how long they last for their partner and course."""
    names = ("id", "partner_id", "course", "passed_on", "expires_on", "contact_id")
    order = (
        _CERTS.c.expires_on.is_not(None),
        _CERTS.c.expires_on.desc(),
        _CERTS.c.passed_on.desc(),
        _CERTS.c.id.desc(),
    )
    rank = func.row_number().over(partition_by=(_CERTS.c.partner_id, _CERTS.c.course), order_by=order)
    ranked = select(*(_CERTS.c[name] for name in names), rank.label("rank"))
    return ranked.where(_CERTS.c.passed_on <= today, *visible_rows(actor, RESOURCES["certifications"])).subquery()
