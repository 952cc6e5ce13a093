"""What a partner's own pages ask of the store at once: its offers with their clocks, its pipeline in sums."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, select

from domain.terms import AssignmentResponse, DealStatus
from store.claim_tables import offer_terms
from store.tables import RESOURCE_TABLES

_assignments, _leads, _deals = (RESOURCE_TABLES[name] for name in ("assignments", "leads", "deals"))
_tasks = RESOURCE_TABLES["tasks"]
_LIVE = (str(DealStatus.SUBMITTED), str(DealStatus.APPROVED))


class OfferState(StrEnum):
    """What an offered lead is to its partner."""

    WAITING = "waiting"
    IN_HAND = "in_hand"
    OVER = "over"


class OwnOffer(NamedTuple):
    """A lead offered to a partner; ``answer_until`` is unknown of imported ones."""

    id: int
    lead: str
    offered_at: datetime
    response: str | None
    responded_at: datetime | None
    decline_reason: str | None
    answer_until: datetime | None


class StageSum(NamedTuple):
    """Open deals of a partner at one stage in one currency."""

    stage: str | None
    currency: str | None
    deals: int
    amount: Decimal | None


def own_offers(
    connection: Connection, partner_id: int, state: OfferState, start: int = 0, limit: int = 50
) -> list[OwnOffer]:
    """Return offers of a partner in one state: the next to be answered first, else the newest first.

    In hand is what was accepted and of whose lead no deal was won or lost.
    """
    query = (
        select(
            _assignments.c.id,
            _leads.c.external_id,
            _assignments.c.offered_at,
            _assignments.c.response,
            _assignments.c.responded_at,
            _assignments.c.decline_reason,
            offer_terms.c.answer_until,
        )
        .select_from(
            _assignments.join(_leads, _leads.c.id == _assignments.c.lead_id).outerjoin(
                offer_terms, offer_terms.c.assignment_id == _assignments.c.id
            )
        )
        .where(_assignments.c.partner_id == partner_id, _in_state(state))
    )
    newest = (func.coalesce(_assignments.c.responded_at, _assignments.c.offered_at).desc(), _assignments.c.id.desc())
    soonest = (func.coalesce(offer_terms.c.answer_until, _assignments.c.offered_at), _assignments.c.id)
    order = soonest if state is OfferState.WAITING else newest
    return [OwnOffer(*row) for row in connection.execute(query.order_by(*order).offset(start).limit(limit))]


def _in_state(state: OfferState) -> ColumnElement[bool]:
    deals = _deals.alias()
    closed = select(deals.c.id).where(deals.c.lead_id == _assignments.c.lead_id, deals.c.outcome.is_not(None)).exists()
    response, accepted = _assignments.c.response, str(AssignmentResponse.ACCEPTED)
    if state is OfferState.WAITING:
        return and_(response.is_(None), ~closed)
    if state is OfferState.IN_HAND:
        return and_(response == accepted, ~closed)
    return (response.is_not(None) & (response != accepted)) | closed


def open_pipeline(connection: Connection, partner_id: int) -> Sequence[StageSum]:
    """Return the open deals of a partner, submitted or approved, in sums by stage and currency."""
    columns = (_deals.c.stage, _deals.c.currency)
    query = (
        select(*columns, func.count(), func.sum(_deals.c.amount))
        .where(_deals.c.partner_id == partner_id, _deals.c.outcome.is_(None), _deals.c.status.in_(_LIVE))
        .group_by(*columns)
        .order_by(func.count().desc(), *columns)
    )
    return [StageSum(*row) for row in connection.execute(query)]


def open_tasks(connection: Connection, partner_id: int, until: date) -> tuple[int, int]:
    """Return how many tasks of a partner are open, and how many of these are due by a day."""
    due = func.count().filter(_tasks.c.due_on <= until)
    query = select(func.count(), due).where(_tasks.c.partner_id == partner_id, _tasks.c.done_at.is_(None))
    count, soon = connection.execute(query).one()
    return int(count), int(soon)
