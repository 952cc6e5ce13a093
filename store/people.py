"""What the programme's people ask of the store beyond lists: stays in stages, ratings in bulk, coverage of courses."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from domain.context import Actor
from domain.resources import RESOURCES
from store.tables import RESOURCE_TABLES
from store.visibility import visible_rows

_PARTNERS, _PROGRAMS, _CHANGES = (RESOURCE_TABLES[name] for name in ("partners", "programs", "changes"))
_OF_STATUS = (_CHANGES.c.resource == "partners", _CHANGES.c.field == "status")


class StatusChange(NamedTuple):
    """A partner's status became something else, or was first known."""

    partner_id: int
    changed_at: datetime
    status: str | None


def status_changes(connection: Connection, actor: Actor, partner_id: int | None = None) -> list[StatusChange]:
    """Return what the histories of ``status`` say, by partner and instant.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    actor : Actor
        Whose view.
    partner_id : int, optional
        Only of this partner.
    """
    wanted = select(_PARTNERS.c.id, _CHANGES.c.changed_at, _CHANGES.c.value)
    wanted = wanted.join(_PARTNERS, _PARTNERS.c.external_id == _CHANGES.c.external_id)
    wanted = wanted.where(*_OF_STATUS, *visible_rows(actor, RESOURCES["partners"]))
    if partner_id is not None:
        wanted = wanted.where(_PARTNERS.c.id == partner_id)
    ordered = wanted.order_by(_PARTNERS.c.id, _CHANGES.c.changed_at, _CHANGES.c.id)
    return [StatusChange(*row) for row in connection.execute(ordered)]


def last_status_change(connection: Connection, external_id: str) -> datetime | None:
    """Return when a partner's status changed last, None if it never did."""
    of_partner = select(func.max(_CHANGES.c.changed_at)).where(*_OF_STATUS, _CHANGES.c.external_id == external_id)
    found: datetime | None = connection.execute(of_partner).scalar()
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
