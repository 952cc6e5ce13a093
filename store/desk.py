"""The routing desk's list: leads by where they stand and how long they wait, filtered, counted and paged in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from domain.context import Actor
from domain.resources import RESOURCES
from domain.routing import RouteState
from domain.terms import AssignmentResponse, DealStatus
from store.claim_tables import offer_terms
from store.routing_tables import routes
from store.tables import RESOURCE_TABLES
from store.visibility import visible_rows

UNROUTED = "unrouted"
"""State of a lead that waits for a partner and that nobody routes."""

FILTERS = ("country", "product", "program")
"""What leads are filtered by; ``product`` and ``program`` go by external id."""

_leads, _assignments, _deals, _partners = (
    RESOURCE_TABLES[name] for name in ("leads", "assignments", "deals", "partners")
)
_NAMED = {"product": RESOURCE_TABLES["products"], "program": RESOURCE_TABLES["programs"]}
_OVER = (str(DealStatus.REJECTED), str(DealStatus.EXPIRED))
_URGENT = (str(RouteState.OPEN), str(RouteState.OFFERED), str(RouteState.PERSON))


class Asked(NamedTuple):
    """Which leads are asked for.

    Parameters
    ----------
    filters : mapping
        Wanted values by name, one of `FILTERS`.
    before : datetime, optional
        Only leads that arrived before, and still wait for a partner's yes.
    is_free : bool
        Only leads that no partner has, nor is asked for: no deal, no offer that waits or was accepted. One whose last
        offer was turned down before `given_up` waits no more.
    given_up : datetime, optional
        See `is_free`.
    state : str
        A `RouteState`, `UNROUTED`, or empty for all.
    """

    filters: Mapping[str, str] = {}
    before: datetime | None = None
    is_free: bool = False
    given_up: datetime | None = None
    state: str = ""


class Standing(NamedTuple):
    """A lead of the list, by external id, with the state and the customer's clock of its route."""

    lead: str
    lead_id: int
    state: str | None
    contact_until: datetime | None


class Holder(NamedTuple):
    """The partner that has a lead or is asked for it; ``answer_until`` is unknown of imported offers."""

    partner: str
    name: str
    response: str | None
    answer_until: datetime | None


def desk_leads(connection: Connection, actor: Actor, asked: Asked, start: int = 0, limit: int = 50) -> list[Standing]:
    """Return leads from the `start`-th on: those under way with the customer's nearest clock first, else the newest."""
    query = select(_leads.c.external_id, _leads.c.id, routes.c.state, routes.c.contact_until)
    query = query.select_from(_leads.outerjoin(routes, routes.c.lead_id == _leads.c.id))
    clock = [routes.c.contact_until.is_(None), routes.c.contact_until] if asked.state in _URGENT else []
    order = (*clock, _leads.c.created_at.desc(), _leads.c.id.desc())
    rows = query.where(*_conditions(actor, asked)).order_by(*order).offset(start).limit(limit)
    return [Standing(*row) for row in connection.execute(rows)]


def desk_counts(connection: Connection, actor: Actor, asked: Asked) -> dict[str, int]:
    """Return how many leads that pass, whatever their state, stand in each state; states without any are left out."""
    passing = _conditions(actor, asked._replace(state=""))
    of_route = routes.join(_leads, _leads.c.id == routes.c.lead_id)
    routed = select(routes.c.state, func.count()).select_from(of_route).where(*passing).group_by(routes.c.state)
    counts = {str(state): int(count) for state, count in connection.execute(routed)}
    waiting = _conditions(actor, asked._replace(state=UNROUTED))
    unrouted = select(func.count()).select_from(_leads.outerjoin(routes, routes.c.lead_id == _leads.c.id))
    counts[UNROUTED] = int(connection.execute(unrouted.where(*waiting)).scalar_one())
    return counts


def holders_of(connection: Connection, actor: Actor, leads: Sequence[int]) -> dict[int, Holder]:
    """Return who of the partners that the actor may see has each lead, or is asked for it, by our id of the lead."""
    joined = _assignments.join(_partners, _partners.c.id == _assignments.c.partner_id)
    joined = joined.outerjoin(offer_terms, offer_terms.c.assignment_id == _assignments.c.id)
    columns = (_partners.c.external_id, _partners.c.name, _assignments.c.response, offer_terms.c.answer_until)
    query = select(_assignments.c.lead_id, *columns).select_from(joined)
    live = (_assignments.c.lead_id.in_(list(leads)), _is_live(), *visible_rows(actor, RESOURCES["assignments"]))
    rows = connection.execute(query.where(*live).order_by(_assignments.c.offered_at, _assignments.c.id))
    return {row[0]: Holder(row[1], row[2] or row[1], row[3], row[4]) for row in rows}


def lead_countries(connection: Connection, actor: Actor) -> list[str]:
    """Return the countries of leads, for the choices of a filter."""
    named = (_leads.c.country.is_not(None), _leads.c.country != "")
    query = select(_leads.c.country).where(*named, *visible_rows(actor, RESOURCES["leads"]))
    return [str(row[0]) for row in connection.execute(query.distinct().order_by(_leads.c.country))]


def _is_live() -> ColumnElement[bool]:
    response = _assignments.c.response
    return or_(response.is_(None), response == str(AssignmentResponse.ACCEPTED))


def _deal() -> Select[Any]:
    """Return deals of a lead that show that it is worked, or was."""
    worked = or_(_deals.c.outcome.is_not(None), _deals.c.status.not_in(_OVER), _deals.c.status.is_(None))
    return select(_deals.c.id).where(_deals.c.lead_id == _leads.c.id, worked)


def _offered(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(_assignments.c.id).where(_assignments.c.lead_id == _leads.c.id, *conditions)


def _free(given_up: datetime | None) -> list[ColumnElement[bool]]:
    found = [~_offered(_is_live()).exists(), ~_deal().exists()]
    if given_up is None:
        return found
    late = or_(_assignments.c.offered_at >= given_up, _assignments.c.responded_at >= given_up)
    return [*found, or_(~_offered().exists(), _offered(late).exists())]


def _conditions(actor: Actor, asked: Asked) -> list[Any]:
    found: list[Any] = [*visible_rows(actor, RESOURCES["leads"])]
    for name, value in asked.filters.items():
        found.append(_filtered(name, value))
    if asked.before is not None:
        accepted = _assignments.c.response == str(AssignmentResponse.ACCEPTED)
        found += [_leads.c.created_at < asked.before, ~_offered(accepted).exists(), ~_deal().exists()]
    if asked.is_free or asked.state == UNROUTED:
        found += _free(asked.given_up)
    if asked.state == UNROUTED:
        found.append(or_(routes.c.state.is_(None), routes.c.state == str(RouteState.CLOSED)))
    elif asked.state:
        found.append(routes.c.state == asked.state)
    return found


def _filtered(name: str, value: str) -> ColumnElement[bool]:
    if name not in FILTERS:
        raise KeyError(name)
    if name not in _NAMED:
        return _leads.c[name] == value
    ids = select(_NAMED[name].c.id).where(_NAMED[name].c.external_id == value)
    return _leads.c[f"{name}_id"] == ids.scalar_subquery()


def given_up_before(now: datetime, horizon_days: int) -> datetime:
    """Return the instant before which a lead's last refusal ends the search for a partner."""
    return now - timedelta(days=horizon_days)
