"""What partners did with recommendations: shown, opened or dismissed."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from domain.context import Clock, system_clock
from store.tables import recommendation_feedback as table


class Reaction(NamedTuple):
    """One reaction of a partner to a recommended asset or offer."""

    partner_id: int
    kind: str
    item: str
    action: str
    occurred_at: datetime


class RecommendationFeedbackRepository:
    """Adds and reads reactions."""

    def __init__(self, connection: Connection, clock: Clock = system_clock) -> None:
        self._connection = connection
        self._clock = clock

    def add(self, partner_id: int, kind: str, item: str, action: str, occurred_at: datetime | None = None) -> None:
        """Note that a partner saw, opened or dismissed an item (its external id); now unless given."""
        reaction = Reaction(partner_id, kind, item, action, occurred_at or self._clock())
        self._connection.execute(table.insert().values(**reaction._asdict()))

    def find(
        self, *, partner_id: int | None = None, kind: str | None = None, until: datetime | None = None
    ) -> Sequence[Reaction]:
        """Return reactions, oldest first: of one partner, of one kind, up to an instant, or all."""
        query = select(*(table.c[name] for name in Reaction._fields)).order_by(table.c.occurred_at, table.c.id)
        if partner_id is not None:
            query = query.where(table.c.partner_id == partner_id)
        if kind is not None:
            query = query.where(table.c.kind == kind)
        if until is not None:
            query = query.where(table.c.occurred_at <= until)
        return [Reaction(*row) for row in self._connection.execute(query)]
