"""People's choices of the partner for a lead that hold now."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, or_, select

from store.claim_tables import offer_terms
from store.tables import RESOURCE_TABLES

_assignments, _partners = RESOURCE_TABLES["assignments"], RESOURCE_TABLES["partners"]
_overrides = RESOURCE_TABLES["routing_overrides"]


class Override(NamedTuple):
    """A person's choice; ``offers`` are the answers to offers that followed it, None where one waits."""

    id: int
    external_id: str
    partner_id: int
    partner: str
    reason: str
    set_by: str | None
    set_at: datetime | None
    expires_at: datetime | None
    offers: tuple[str | None, ...]

    @property
    def is_used(self) -> bool:
        """Whether its partner was offered the lead."""
        return bool(self.offers)


def override_of(connection: Connection, lead_id: int, now: datetime) -> Override | None:
    """Return the override of a lead that is in force, the newest if there are several; None if there is none."""
    lasts = or_(_overrides.c.expires_at.is_(None), _overrides.c.expires_at > now)
    columns = [_overrides.c[name] for name in ("id", "external_id", "partner_id", "reason", "set_by", "set_at")]
    query = (
        select(*columns, _overrides.c.expires_at, _partners.c.external_id.label("partner"))
        .join(_partners, _partners.c.id == _overrides.c.partner_id)
        .where(_overrides.c.lead_id == lead_id, _overrides.c.ended_at.is_(None), lasts)
        .order_by(_overrides.c.id.desc())
    )
    row = connection.execute(query.limit(1)).mappings().first()
    if row is None:
        return None
    offers = (
        select(_assignments.c.response)
        .join(offer_terms, offer_terms.c.assignment_id == _assignments.c.id)
        .where(_assignments.c.lead_id == lead_id, offer_terms.c.override == row["external_id"])
    )
    return Override(**row, offers=tuple(connection.execute(offers).scalars()))


def open_overrides(connection: Connection, lead_id: int) -> list[int]:
    """Return our ids of the overrides of a lead that nobody has ended, whether or not they have run out."""
    query = select(_overrides.c.id).where(_overrides.c.lead_id == lead_id, _overrides.c.ended_at.is_(None))
    return list(connection.execute(query).scalars())
