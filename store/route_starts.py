"""New leads that a policy routes without anybody asking."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from domain.terms import AssignmentResponse
from store.routing_tables import routes
from store.tables import RESOURCE_TABLES

NEW = timedelta(days=7)
"""Leads that came longer ago are left to people."""

_assignments, _deals, _leads = (RESOURCE_TABLES[name] for name in ("assignments", "deals", "leads"))
_changes, _policies = RESOURCE_TABLES["changes"], RESOURCE_TABLES["routing_policies"]


def leads_to_route(connection: Connection, now: datetime, limit: int) -> list[int]:
    """Return our ids of new leads that an automatic policy is for and nobody routes yet, the oldest first.

    They came since the policy was switched on, and within `NEW`; none has a deal, or a partner that accepted it.
    """
    conditions = _wanted(connection)
    if not conditions:
        return []
    lead = _leads.c.id
    accepted = _assignments.c.response == str(AssignmentResponse.ACCEPTED)
    busy = (
        select(routes.c.lead_id).where(routes.c.lead_id == lead),
        select(_deals.c.id).where(_deals.c.lead_id == lead),
        select(_assignments.c.id).where(_assignments.c.lead_id == lead, accepted),
    )
    query = (
        select(lead)
        .where(_leads.c.created_at > now - NEW, _leads.c.created_at <= now, or_(*conditions))
        .where(*(~one.exists() for one in busy))
        .order_by(_leads.c.created_at, lead)
    )
    return list(connection.execute(query.limit(limit)).scalars())


def _wanted(connection: Connection) -> list[ColumnElement[bool]]:
    """Return, for each automatic policy, the condition of its leads."""
    active = or_(_policies.c.active.is_(None), _policies.c.active)
    columns = (_policies.c.external_id, _policies.c.program_id, _policies.c.automatic, _policies.c.row_created_at)
    rows = connection.execute(select(*columns).where(active).order_by(_policies.c.id)).all()
    first = {row.program_id: row for row in reversed(rows)}
    others = [program for program in first if program is not None]
    found: list[ColumnElement[bool]] = []
    for program, row in first.items():
        if not row.automatic:
            continue
        since = _leads.c.created_at >= (_switched_on(connection, row.external_id) or row.row_created_at)
        of_rest = or_(_leads.c.program_id.is_(None), _leads.c.program_id.not_in(others))
        found.append(and_(since, of_rest if program is None else _leads.c.program_id == program))
    return found


def _switched_on(connection: Connection, policy: str) -> datetime | None:
    """Return when a policy became automatic or active last, if that was changed at all."""
    of_policy = (_changes.c.resource == "routing_policies", _changes.c.external_id == policy)
    switches = _changes.c.field.in_(("automatic", "active"))
    instant: datetime | None = connection.execute(
        select(func.max(_changes.c.changed_at)).where(*of_policy, switches)
    ).scalar()
    return instant
