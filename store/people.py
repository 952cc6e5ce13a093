"""What the programme's people ask of the store beyond lists: stays in stages, ratings in bulk, coverage of courses."""

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, literal, or_, select, union_all

from domain.context import Actor
from domain.resources import RESOURCES
from domain.terms import DealOutcome, PartnerStatus
from store.tables import RESOURCE_TABLES
from store.visibility import visible_rows

_PARTNERS, _PROGRAMS, _CHANGES = (RESOURCE_TABLES[name] for name in ("partners", "programs", "changes"))
_DEALS, _TASKS, _STEPS = (RESOURCE_TABLES[name] for name in ("deals", "tasks", "stage_changes"))
_GONE = (PartnerStatus.ENDED, PartnerStatus.REJECTED)
_OF_STATUS = (_CHANGES.c.resource == "partners", _CHANGES.c.field == "status")


class StatusChange(NamedTuple):
    """A partner's status became something else, or was first known."""

    partner_id: int
    changed_at: datetime
    status: str | None


def status_changes(connection: Connection, actor: Actor, partner_id: int | None = None) -> list[StatusChange]:
    """Return what the histories of ``status`` and the noted steps say, by partner and instant.

    A history keeps one value per instant; of several steps in one instant the notes tell all. What both tell comes
    twice.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    actor : Actor
        Whose view.
    partner_id : int, optional
        Only of this partner.
    """
    seen = [*visible_rows(actor, RESOURCES["partners"])]
    if partner_id is not None:
        seen.append(_PARTNERS.c.id == partner_id)
    noted = select(_PARTNERS.c.id, _STEPS.c.changed_at, _STEPS.c.to_status.label("value"), literal(0).label("source"))
    noted = noted.add_columns(_STEPS.c.id.label("number")).join(_STEPS, _STEPS.c.partner_id == _PARTNERS.c.id)
    told = select(_PARTNERS.c.id, _CHANGES.c.changed_at, _CHANGES.c.value, literal(1), _CHANGES.c.id)
    told = told.join(_CHANGES, _CHANGES.c.external_id == _PARTNERS.c.external_id).where(*_OF_STATUS)
    both = union_all(noted.where(*seen), told.where(*seen)).subquery()
    ordered = select(both.c.id, both.c.changed_at, both.c.value).order_by(
        both.c.id, both.c.changed_at, both.c.source, both.c.number
    )
    return [StatusChange(*tuple(row)) for row in connection.execute(ordered)]


def last_status_change(connection: Connection, external_id: str, status: str, until: datetime) -> datetime | None:
    """Return when a partner last got `status`, until an instant; None if its history does not say."""
    found: datetime | None = connection.execute(
        select(func.max(_CHANGES.c.changed_at)).where(
            *_OF_STATUS,
            _CHANGES.c.external_id == external_id,
            _CHANGES.c.value == status,
            _CHANGES.c.changed_at <= until,
        )
    ).scalar()
    return found


class PartnerDates(NamedTuple):
    """What a partner's row says of where it stands."""

    id: int
    external_id: str
    status: str | None
    tier: str | None
    program: str | None
    recruited_at: datetime | None
    ended_at: datetime | None
    row_created_at: datetime


def partner_dates(
    connection: Connection, actor: Actor, *, program: str | None = None, partner_id: int | None = None
) -> list[PartnerDates]:
    """Return status and dates of the partners that the actor sees, by our id; of one programme or one partner only."""
    own = [_PARTNERS.c[name] for name in ("id", "external_id", "status", "tier")]
    dates = [_PARTNERS.c[name] for name in ("recruited_at", "ended_at", "row_created_at")]
    wanted = select(*own, _PROGRAMS.c.external_id, *dates).join_from(_PARTNERS, _PROGRAMS, isouter=True)
    wanted = wanted.where(*visible_rows(actor, RESOURCES["partners"]))
    if program is not None:
        wanted = wanted.where(_PROGRAMS.c.external_id == program)
    if partner_id is not None:
        wanted = wanted.where(_PARTNERS.c.id == partner_id)
    return [PartnerDates(*tuple(row)) for row in connection.execute(wanted.order_by(_PARTNERS.c.id))]


def first_wins(connection: Connection, actor: Actor, partner_id: int | None = None) -> dict[int, datetime]:
    """Return when each partner won its first deal, by our partner id."""
    wanted = select(_DEALS.c.partner_id, func.min(_DEALS.c.closed_at)).group_by(_DEALS.c.partner_id)
    wanted = wanted.where(_DEALS.c.outcome == DealOutcome.WON, _DEALS.c.closed_at.is_not(None))
    wanted = wanted.where(*visible_rows(actor, RESOURCES["deals"]))
    if partner_id is not None:
        wanted = wanted.where(_DEALS.c.partner_id == partner_id)
    return {int(id_): at for id_, at in connection.execute(wanted)}


def overdue_tasks(connection: Connection, actor: Actor, today: date) -> dict[int, int]:
    """Return how many open tasks of each partner should have been done before `today`, by our partner id."""
    late = (_TASKS.c.done_at.is_(None), _TASKS.c.due_on < today, *visible_rows(actor, RESOURCES["tasks"]))
    wanted = select(_TASKS.c.partner_id, func.count()).where(*late).group_by(_TASKS.c.partner_id)
    return {int(id_): int(count) for id_, count in connection.execute(wanted)}


class OverdueTask(NamedTuple):
    """An open task whose last day is past."""

    id: int
    external_id: str
    partner_id: int
    partner: str
    title: str
    due_on: date


def tasks_due_between(connection: Connection, start: date, end: date) -> list[OverdueTask]:
    """Return open tasks whose last day lies in a period, of partners that are not gone, by their last day."""
    wanted = (
        select(
            _TASKS.c.id,
            _TASKS.c.external_id,
            _TASKS.c.partner_id,
            _PARTNERS.c.external_id,
            _TASKS.c.title,
            _TASKS.c.due_on,
        )
        .join(_PARTNERS, _PARTNERS.c.id == _TASKS.c.partner_id)
        .where(_TASKS.c.done_at.is_(None), _TASKS.c.due_on.between(start, end))
        .where(or_(_PARTNERS.c.status.is_(None), _PARTNERS.c.status.not_in(_GONE)))
    )
    return [OverdueTask(*tuple(row)) for row in connection.execute(wanted.order_by(_TASKS.c.due_on, _TASKS.c.id))]
