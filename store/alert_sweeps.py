"""What alerts look for in the rows: offers without an answer, and the risk that was told last."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from store.journal_tables import alerts
from store.sql import chunks
from store.tables import RESOURCE_TABLES

_assignments, _leads, _partners = (RESOURCE_TABLES[name] for name in ("assignments", "leads", "partners"))


class OpenOffer(NamedTuple):
    """A lead that was offered and not answered."""

    id: int
    lead: str
    partner_id: int
    partner: str
    offered_at: datetime


def open_offers(connection: Connection, since: datetime, until: datetime) -> Sequence[OpenOffer]:
    """Return offers made in [since, until) that have no answer, the oldest first."""
    joined = _assignments.join(_leads, _leads.c.id == _assignments.c.lead_id).join(
        _partners, _partners.c.id == _assignments.c.partner_id
    )
    offered = _assignments.c.offered_at
    columns = (
        _assignments.c.id,
        _leads.c.external_id.label("lead"),
        _assignments.c.partner_id,
        _partners.c.external_id.label("partner"),
        offered,
    )
    conditions = (_assignments.c.response.is_(None), offered >= since, offered < until)
    rows = connection.execute(select(*columns).select_from(joined).where(*conditions).order_by(offered))
    return [OpenOffer(*row) for row in rows]


def last_told(connection: Connection, kind: str) -> Mapping[int, Mapping[str, Any]]:
    """Return the details of the latest alert of a kind for each partner, by our id."""
    latest = select(func.max(alerts.c.id)).where(alerts.c.kind == kind).group_by(alerts.c.partner_id)
    rows = connection.execute(select(alerts.c.partner_id, alerts.c.details).where(alerts.c.id.in_(latest)))
    return {row.partner_id: row.details for row in rows if row.partner_id is not None}


def partner_names(connection: Connection, ids: Sequence[int]) -> Mapping[int, str]:
    """Return the external ids of partners by ours."""
    found: dict[int, str] = {}
    for part in chunks(ids):
        rows = connection.execute(select(_partners.c.id, _partners.c.external_id).where(_partners.c.id.in_(part)))
        found |= {row.id: row.external_id for row in rows}
    return found
