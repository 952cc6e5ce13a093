"""What is known of the offers of a lead, and of the leads a partner has in hand."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, func, or_, select

from domain.terms import AssignmentResponse
from store.claim_tables import offer_terms
from store.sql import insert_into
from store.standing import place_in_match
from store.tables import RESOURCE_TABLES

FORGOTTEN = timedelta(days=180)
"""A lead that was accepted and never became a deal takes up capacity for so long."""

_assignments, _deals = RESOURCE_TABLES["assignments"], RESOURCE_TABLES["deals"]


class Offer(NamedTuple):
    """A lead offered to a partner; ``answer_until`` and ``match_id`` are unknown of imported ones."""

    id: int
    lead_id: int
    partner_id: int
    offered_at: datetime
    response: str | None
    answer_until: datetime | None
    match_id: str | None
    reminded_at: datetime | None


def _offers() -> Select[Any]:
    of_terms = offer_terms.c.assignment_id == _assignments.c.id
    return select(
        _assignments.c.id,
        _assignments.c.lead_id,
        _assignments.c.partner_id,
        _assignments.c.offered_at,
        _assignments.c.response,
        offer_terms.c.answer_until,
        offer_terms.c.match_id,
        offer_terms.c.reminded_at,
    ).select_from(_assignments.outerjoin(offer_terms, of_terms))


def offer(connection: Connection, assignment_id: int) -> Offer:
    """Return one offer; it must be there."""
    return Offer(*connection.execute(_offers().where(_assignments.c.id == assignment_id)).one())


def offers_of(connection: Connection, lead_id: int) -> list[Offer]:
    """Return all offers of a lead, the oldest first."""
    query = _offers().where(_assignments.c.lead_id == lead_id)
    return [Offer(*row) for row in connection.execute(query.order_by(_assignments.c.offered_at, _assignments.c.id))]


def keep_offer_terms(
    connection: Connection, assignment_id: int, answer_until: datetime, match_id: str | None = None
) -> None:
    """Note until when an offer is to be answered, of which match it came, and where that one ranks the partner."""
    values: dict[str, Any] = {"answer_until": answer_until}
    if match_id is not None:
        values |= {"match_id": match_id, **place_in_match(connection, assignment_id, match_id)}
    insert = insert_into(connection, offer_terms).values(assignment_id=assignment_id, **values)
    connection.execute(insert.on_conflict_do_update(index_elements=["assignment_id"], set_=values))


def is_closed(connection: Connection, lead_id: int) -> bool:
    """Whether a deal of the lead was won or lost."""
    query = select(_deals.c.id).where(_deals.c.lead_id == lead_id, _deals.c.outcome.is_not(None))
    return connection.execute(query.limit(1)).first() is not None


def open_leads(connection: Connection, partner_id: int, now: datetime) -> int:
    """Return how many leads a partner has in hand.

    Those that wait for its answer, and those it accepted: until a deal of the lead is closed, or for 180 days where it
    never made one.
    """
    deals = _deals.alias()
    of_lead = deals.c.lead_id == _assignments.c.lead_id
    closed = select(deals.c.id).where(of_lead, deals.c.outcome.is_not(None)).exists()
    begun = select(deals.c.id).where(of_lead, deals.c.partner_id == partner_id).exists()
    in_hand = and_(
        _assignments.c.response == str(AssignmentResponse.ACCEPTED),
        ~closed,
        or_(begun, func.coalesce(_assignments.c.responded_at, _assignments.c.offered_at) > now - FORGOTTEN),
    )
    query = select(func.count()).where(
        _assignments.c.partner_id == partner_id, or_(_assignments.c.response.is_(None), in_hand)
    )
    return int(connection.execute(query).scalar_one())
