"""What tiers are earned by: won deals and valid certificates of partners."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, func, or_, select

from domain.terms import DealOutcome, DealStatus
from store.ledger import UNEARNED
from store.sql import chunks
from store.tables import RESOURCE_TABLES

_deals, _certificates = RESOURCE_TABLES["deals"], RESOURCE_TABLES["certifications"]


class Won(NamedTuple):
    """Deals that a partner won in one currency (none: they have no amount), and what they come to."""

    currency: str | None
    deals: int
    revenue: Decimal


class Certificate(NamedTuple):
    """A valid certificate: of which course, and our id of who passed, if a person is named."""

    course: str
    contact_id: int | None


def won_by_partner(
    connection: Connection, partner_ids: Sequence[int], since: datetime, until: datetime
) -> dict[int, list[Won]]:
    """Return what partners won after `since` and by `until`, by our id of the partner."""
    closed = func.coalesce(_deals.c.closed_at, _deals.c.registered_at, type_=_deals.c.closed_at.type)
    earns = func.coalesce(_deals.c.status, DealStatus.APPROVED).not_in(UNEARNED)
    found: dict[int, list[Won]] = {}
    for part in chunks(partner_ids):
        query = (
            select(_deals.c.partner_id, _deals.c.currency, func.count(), func.sum(_deals.c.amount))
            .where(_deals.c.partner_id.in_(part), _deals.c.outcome == DealOutcome.WON, earns)
            .where(closed > since, closed <= until)
            .group_by(_deals.c.partner_id, _deals.c.currency)
            .order_by(_deals.c.partner_id, _deals.c.currency)
        )
        for partner_id, currency, deals, revenue in connection.execute(query):
            found.setdefault(partner_id, []).append(Won(currency, deals, revenue or Decimal(0)))
    return found


def valid_certificates(connection: Connection, partner_ids: Sequence[int], on: date) -> dict[int, list[Certificate]]:
    """Return the certificates of partners that are valid on a day, by our id of the partner."""
    table = _certificates
    found: dict[int, list[Certificate]] = {}
    for part in chunks(partner_ids):
        query = select(table.c.partner_id, table.c.course, table.c.contact_id).where(
            table.c.partner_id.in_(part),
            table.c.passed_on <= on,
            or_(table.c.expires_on.is_(None), table.c.expires_on >= on),
        )
        for partner_id, course, contact_id in connection.execute(query.order_by(table.c.id)):
            found.setdefault(partner_id, []).append(Certificate(course, contact_id))
    return found
