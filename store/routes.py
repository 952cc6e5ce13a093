"""Leads on their way to a partner: where each stands, which are due, and who of several workers has one in hand."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from domain.context import Actor
from domain.resources import RESOURCES
from domain.routing import RouteState
from domain.terms import AssignmentResponse
from store.claim_tables import offer_terms
from store.routing_tables import routes
from store.sql import insert_into
from store.tables import RESOURCE_TABLES, match_runs
from store.visibility import visible_rows

LEASE = timedelta(minutes=10)
"""How long a claimed route is one worker's; then another one may take it."""

LONGEST_WAIT = timedelta(hours=1)
"""For how long at the most an open route is put off; one that waits longer was put off by a clock that went back."""

_assignments, _deals, _leads, _partners = (
    RESOURCE_TABLES[name] for name in ("assignments", "deals", "leads", "partners")
)
_activities, _absences, _programs = (RESOURCE_TABLES[name] for name in ("activities", "absences", "programs"))


class Route(NamedTuple):
    """A lead on its way to a partner; ``lead`` and ``program`` are external ids, ``policy`` that of the start."""

    lead_id: int
    lead: str
    program: str | None
    state: str
    policy: dict[str, Any]
    started_at: datetime
    started_by: str
    hops: int
    contact_until: datetime | None
    due_at: datetime | None
    ended_at: datetime | None
    note: str | None
    told_at: datetime | None
    tries: int
    version: int


class Hop(NamedTuple):
    """An offer of a lead, as its history tells it; ``hop`` is None where a person chose the partner."""

    id: int
    hop: int | None
    match_id: str | None
    answer_until: datetime | None
    reminded_at: datetime | None
    override: str | None


class Opinion(NamedTuple):
    """What the models said of a lead last."""

    match_id: str
    as_of: datetime
    model_version: str
    candidates: list[dict[str, Any]]


_NAMED = {"lead": _leads.c.external_id.label("lead"), "program": _programs.c.external_id.label("program")}


def _query() -> Select[Any]:
    columns = [_NAMED[name] if name in _NAMED else routes.c[name] for name in Route._fields]
    with_lead = routes.join(_leads, _leads.c.id == routes.c.lead_id)
    return select(*columns).select_from(with_lead.outerjoin(_programs, _programs.c.id == _leads.c.program_id))


def route_of(connection: Connection, lead_id: int) -> Route | None:
    """Return where a lead stands; None if nobody routes it."""
    row = connection.execute(_query().where(routes.c.lead_id == lead_id)).first()
    return None if row is None else Route(*row)


def put_route(connection: Connection, lead_id: int, **values: Any) -> None:
    """Begin the route of a lead, or begin it again: of an earlier one only what is not named stays."""
    insert = insert_into(connection, routes).values(lead_id=lead_id, **values)
    again = {**values, "version": routes.c.version + 1}
    connection.execute(insert.on_conflict_do_update(index_elements=["lead_id"], set_=again))


def change_route(connection: Connection, route: Route, *, in_hand: bool = False, **values: Any) -> None:
    """Note where a route stands now; whoever had it in hand is done with it, unless it still is `in_hand`."""
    changed = {**values, "version": routes.c.version + 1} | ({} if in_hand else {"lease_until": None})
    connection.execute(routes.update().where(routes.c.lead_id == route.lead_id).values(**changed))


def wake_route(connection: Connection, lead_id: int, now: datetime, state: RouteState | None = None) -> None:
    """Make the route of a lead due, if it has one that goes on: something happened to the lead.

    `state`: where it stands thereby. The caller has locked the lead.
    """
    told = {} if state is None else {"state": str(state)}
    going_on = (routes.c.lead_id == lead_id, routes.c.state != str(RouteState.CLOSED))
    connection.execute(routes.update().where(*going_on).values(due_at=now, version=routes.c.version + 1, **told))


def _due(now: datetime) -> ColumnElement[bool]:
    put_off_too_long = and_(routes.c.state == str(RouteState.OPEN), routes.c.due_at > now + LONGEST_WAIT)
    free = or_(routes.c.lease_until.is_(None), routes.c.lease_until <= now, routes.c.lease_until > now + LEASE)
    return and_(or_(routes.c.due_at <= now, put_off_too_long), free)


def any_due(connection: Connection, now: datetime) -> bool:
    """Whether a route is due that nobody has in hand."""
    return connection.execute(select(routes.c.lead_id).where(_due(now)).limit(1)).first() is not None


def claim_routes(connection: Connection, now: datetime, limit: int) -> list[int]:
    """Take the routes that have been due for longest, and return our ids of their leads; commit before working on them.

    They are ours for `LEASE`. A lease that ends later than any could is of a clock that went back, and counts for
    nothing. What is done is right without leases, too: they only keep several workers from doing it at once.
    """
    wanted = select(routes.c.lead_id).where(_due(now)).order_by(routes.c.due_at, routes.c.lead_id)
    found = list(connection.execute(wanted.limit(limit).with_for_update(skip_locked=True)).scalars())
    ours = (routes.c.lead_id.in_(found), _due(now))
    connection.execute(routes.update().where(*ours).values(lease_until=now + LEASE))
    return found


def strays(connection: Connection, now: datetime, limit: int) -> list[int]:
    """Return our ids of leads whose route rests, and that were changed past the rules, as imports do.

    They were offered, answered, given back or closed, and the route does not know.
    """
    lead = routes.c.lead_id
    of_lead = _assignments.c.lead_id == lead
    waits = select(_assignments.c.id).where(of_lead, _assignments.c.response.is_(None)).exists()
    is_taken = _assignments.c.response == str(AssignmentResponse.ACCEPTED)
    taken = select(_assignments.c.id).where(of_lead, is_taken).exists()
    closed = select(_deals.c.id).where(_deals.c.lead_id == lead, _deals.c.outcome.is_not(None)).exists()
    state = routes.c.state
    changed = or_(
        and_(state == str(RouteState.ACCEPTED), or_(closed, ~taken)),
        and_(state == str(RouteState.OFFERED), or_(closed, taken, ~waits)),
        and_(state.in_((str(RouteState.PERSON), str(RouteState.OPEN))), or_(closed, taken, waits)),
    )
    rests = and_(state != str(RouteState.CLOSED), or_(routes.c.due_at.is_(None), routes.c.due_at > now))
    return list(connection.execute(select(lead).where(rests, changed).order_by(lead).limit(limit)).scalars())


def list_routes(
    connection: Connection,
    actor: Actor,
    *,
    state: str | None = None,
    due_until: datetime | None = None,
    after: int = 0,
    limit: int = 50,
) -> list[Route]:
    """Return routes of leads that the actor sees, in the order of our ids of the leads, those after one."""
    conditions = [routes.c.lead_id > after, *visible_rows(actor, RESOURCES["leads"])]
    if state is not None:
        conditions.append(routes.c.state == state)
    if due_until is not None:
        conditions.append(routes.c.due_at <= due_until)
    rows = connection.execute(_query().where(*conditions).order_by(routes.c.lead_id).limit(limit))
    return [Route(*row) for row in rows]


def hops_of(connection: Connection, lead_id: int) -> dict[int, Hop]:
    """Return what is noted of the offers of a lead beside the offers themselves, by our id."""
    columns = [_assignments.c.id, *(offer_terms.c[name] for name in Hop._fields[1:])]
    joined = _assignments.join(offer_terms, offer_terms.c.assignment_id == _assignments.c.id)
    rows = connection.execute(select(*columns).select_from(joined).where(_assignments.c.lead_id == lead_id))
    return {row.id: Hop(*row) for row in rows}


def note_hop(connection: Connection, assignment_id: int, **values: Any) -> None:
    """Note of an offer its hop, its override, or when its partner was reminded."""
    connection.execute(offer_terms.update().where(offer_terms.c.assignment_id == assignment_id).values(**values))


def lock_partner(connection: Connection, partner_id: int) -> None:
    """Let nobody else fill a partner's hands until this transaction ends; rows that refer to it may be written."""
    wanted = select(_partners.c.id).where(_partners.c.id == partner_id)
    connection.execute(wanted.with_for_update(key_share=True)).all()


def absences_of(connection: Connection, partner_id: int, since: datetime) -> list[tuple[datetime, datetime | None]]:
    """Return a partner's absences that end after an instant."""
    goes_on = or_(_absences.c.until.is_(None), _absences.c.until > since)
    query = select(_absences.c.since, _absences.c.until).where(_absences.c.partner_id == partner_id, goes_on)
    return [(row.since, row.until) for row in connection.execute(query)]


def newest_opinion(connection: Connection, lead_id: int) -> Opinion | None:
    """Return what the models said of a lead last; None if nobody asked."""
    query = select(match_runs.c.id, match_runs.c.as_of, match_runs.c.model_version, match_runs.c.response)
    of_lead = query.where(match_runs.c.lead_id == lead_id)
    newest = of_lead.order_by(match_runs.c.created_at.desc(), match_runs.c.as_of.desc(), match_runs.c.id)
    row = connection.execute(newest.limit(1)).first()
    return None if row is None else Opinion(row[0], row[1], row[2], list(row[3].get("candidates", [])))


def first_contact(connection: Connection, lead_id: int, partner_id: int) -> datetime | None:
    """Return when a partner first did something for a lead, as far as it is recorded.

    That is its first activity on a deal of the lead, or the registration of the deal.
    """
    deal = and_(_deals.c.lead_id == lead_id, _deals.c.partner_id == partner_id)
    registered = connection.execute(select(func.min(_deals.c.registered_at)).where(deal)).scalar()
    of_deal = _activities.join(_deals, _deals.c.id == _activities.c.deal_id)
    done = select(func.min(_activities.c.occurred_at)).select_from(of_deal)
    acted = connection.execute(done.where(deal, _activities.c.partner_id == partner_id)).scalar()
    return min((instant for instant in (registered, acted) if instant is not None), default=None)
