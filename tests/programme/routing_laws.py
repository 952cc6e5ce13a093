"""What must hold of routed leads whatever happened."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from store.claim_tables import offer_terms
from store.journal_tables import events
from store.routing_tables import routes
from store.tables import RESOURCE_TABLES

_assignments = RESOURCE_TABLES["assignments"]
STATES = {"open", "offered", "accepted", "person", "closed"}


@dataclass
class Books:
    """Routes and offers as they lie in the store."""

    routes: list[Any]
    offers: list[Any]

    @classmethod
    def read(cls, connection: Connection) -> "Books":
        terms = [offer_terms.c[name] for name in ("hop", "answer_until", "reminded_at", "override")]
        joined = _assignments.outerjoin(offer_terms, offer_terms.c.assignment_id == _assignments.c.id)
        columns = [_assignments.c[name] for name in ("id", "lead_id", "partner_id", "response", "responded_at")]
        offers = connection.execute(select(*columns, *terms).select_from(joined).order_by(_assignments.c.id)).all()
        return cls(list(connection.execute(select(routes)).all()), list(offers))

    def of(self, lead_id: int) -> list[Any]:
        return [one for one in self.offers if one.lead_id == lead_id]

    def check(self) -> None:
        """Nothing is lost, owned twice, asked too often, or ended before its time."""
        for route in self.routes:
            assert route.state in STATES
            assert (route.due_at is not None) or route.state not in ("open", "offered")
            assert (route.ended_at is not None) == (route.state == "closed")
            assert route.hops <= route.policy["max_hops"]
            offers = self.of(route.lead_id)
            responses = [one.response for one in offers]
            assert responses.count("accepted") <= 1
            assert route.state != "open" or "accepted" not in responses or route.due_at is not None
            self._check_asked(offers)
        for one in self.offers:
            assert one.response != "expired" or one.responded_at >= one.answer_until

    @staticmethod
    def _check_asked(offers: list[Any]) -> None:
        seen: set[int] = set()
        declined: set[int] = set()
        for one in offers:
            assert one.partner_id not in declined
            assert one.hop is None or one.partner_id not in seen
            seen.add(one.partner_id)
            if one.response == "declined":
                declined.add(one.partner_id)

    def late(self, now: datetime) -> list[Any]:
        """Return offers that should have run out by now."""
        routed = {route.lead_id for route in self.routes if route.state != "closed"}
        waiting = [one for one in self.offers if one.response is None and one.lead_id in routed]
        return [one for one in waiting if one.answer_until <= now]


def check_told(connection: Connection) -> Counter[str]:
    """Nobody was told the same twice; return how often what was told."""
    found = connection.execute(select(events.c.name, events.c.payload)).all()
    once = {"assignment.reminded": "id", "assignment.expired": "id", "lead.customer_waiting": "lead"}
    told = Counter((row.name, str(json.loads(row.payload)[once[row.name]])) for row in found if row.name in once)
    assert all(times == 1 for times in told.values()), told
    return Counter(row.name for row in found)
