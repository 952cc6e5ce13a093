"""What waits for the staff, counted by the database: for a first page that must not take long."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select

from domain.context import Actor
from domain.resources import RESOURCES
from domain.routing import RouteState
from domain.terms import DealStatus, PartnerStatus
from store.routes import Route, list_routes
from store.routing_tables import routes
from store.tables import RESOURCE_TABLES
from store.visibility import visible_rows

_SHOWN = 6


class Waiting(NamedTuple):
    """How much waits, of what the actor sees.

    Parameters
    ----------
    leads_for_person, leads_offered : int
        Leads on their way that need a person, and that wait for a partner's answer.
    registrations : int
        Deals submitted and not decided.
    applications : int
        Companies that have applied.
    actions_due : int
        Planned actions that are due by the day, and not done.
    """

    leads_for_person: int
    leads_offered: int
    registrations: int
    applications: int
    actions_due: int


def waiting(connection: Connection, actor: Actor, today: date) -> Waiting:
    """Return how much waits for the staff."""
    by_state = _by_state(connection, actor)
    deals, partners, actions = (RESOURCE_TABLES[name] for name in ("deals", "partners", "interventions"))
    return Waiting(
        by_state.get(RouteState.PERSON, 0),
        by_state.get(RouteState.OFFERED, 0),
        _count(connection, actor, "deals", deals.c.status == DealStatus.SUBMITTED),
        _count(connection, actor, "partners", partners.c.status == PartnerStatus.APPLIED),
        _count(connection, actor, "interventions", actions.c.done_at.is_(None), actions.c.due_on <= today),
    )


def leads_for_person(connection: Connection, actor: Actor, limit: int = _SHOWN) -> list[Route]:
    """Return leads that need a person, those known longest first."""
    return list_routes(connection, actor, state=RouteState.PERSON, limit=limit)


def _by_state(connection: Connection, actor: Actor) -> dict[str, int]:
    leads = RESOURCE_TABLES["leads"]
    live = routes.c.state.in_([str(RouteState.PERSON), str(RouteState.OFFERED)])
    joined = routes.join(leads, leads.c.id == routes.c.lead_id)
    wanted = (
        select(routes.c.state, func.count()).select_from(joined).where(live, *visible_rows(actor, RESOURCES["leads"]))
    )
    return {str(state): int(n) for state, n in connection.execute(wanted.group_by(routes.c.state))}


def _count(connection: Connection, actor: Actor, resource: str, *conditions: ColumnElement[bool]) -> int:
    table = RESOURCE_TABLES[resource]
    wanted = select(func.count()).select_from(table).where(*conditions, *visible_rows(actor, RESOURCES[resource]))
    return int(connection.execute(wanted).scalar_one())
