"""Events: what happened, for other systems, written in the same transaction as its cause."""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, or_, select

from domain.context import Actor, Clock
from domain.events import is_wanted
from domain.resources import RESOURCES
from domain.terms import Role
from store.journal_tables import deliveries, events, webhooks
from store.sql import chunks, json_ready
from store.tables import RESOURCE_TABLES
from store.visibility import visible_rows


class Event(NamedTuple):
    """Something that happened.

    ``id`` grows in the order in which transactions committed; ``partner_id`` is the partner that it concerns, who may
    see it if ``for_partner``; ``payload`` is what receivers are told.
    """

    id: int
    at: datetime
    name: str
    resource: str
    key: str | None
    partner_id: int | None
    for_partner: bool
    payload: Mapping[str, Any]


class EventPage(NamedTuple):
    """Events in their order; ``oldest`` and ``newest``: ids of those that are kept."""

    items: Sequence[Event]
    oldest: int | None
    newest: int | None


class EventRepository:
    """Writes events, with a delivery to each webhook that wants them, and reads them."""

    def __init__(self, connection: Connection, actor: Actor, clock: Clock) -> None:
        self._connection = connection
        self._actor = actor
        self._clock = clock

    def write(self, found: Sequence[Event]) -> None:
        """Keep events and put a delivery into the queue of each active webhook that wants them."""
        rows = [event._asdict() | {"payload": json.dumps(json_ready(dict(event.payload)))} for event in found]
        for part in chunks(rows):
            self._connection.execute(events.insert(), list(part))
        hooks = self._connection.execute(
            select(webhooks.c.id, webhooks.c.events, webhooks.c.partner_id).where(webhooks.c.active)
        ).all()
        told = [
            (hook.id, event.id)
            for event in found
            for hook in hooks
            if is_wanted(event.name, hook.events) and _concerns(hook.partner_id, event)
        ]
        for part in chunks([waiting_delivery(hook, event, self._clock()) for hook, event in told]):
            self._connection.execute(deliveries.insert(), list(part))

    def list(self, after: int, limit: int, *, name: str | None = None, partner_id: int | None = None) -> EventPage:
        """Return events after the one with id `after` that the actor may see, in their order.

        Parameters
        ----------
        after : int
            Id of the last event known; 0: from the oldest kept.
        limit : int
            How many at the most.
        name : str, optional
            Only this name, or with ``*`` for any letters.
        partner_id : int, optional
            Only those that concern this partner.
        """
        conditions = [events.c.id > after, *self._visible()]
        conditions += [_like(name)] if name is not None else []
        conditions += [events.c.partner_id == partner_id] if partner_id is not None else []
        rows = self._connection.execute(select(events).where(*conditions).order_by(events.c.id).limit(limit))
        found = [_event(row._asdict()) for row in rows]
        oldest, newest = self._connection.execute(select(func.min(events.c.id), func.max(events.c.id))).one()
        return EventPage(found, oldest, newest)

    def get(self, ids: Sequence[int]) -> Mapping[int, Event]:
        """Return events by id; those no longer kept are missing."""
        found: dict[int, Event] = {}
        for part in chunks(list(ids)):
            rows = self._connection.execute(select(events).where(events.c.id.in_(part)))
            found |= {row.id: _event(row._asdict()) for row in rows}
        return found

    def partners_of(self, found: Iterable[Event]) -> Mapping[int, str]:
        """Return the external ids of the partners that events concern, by our id; of those that are still there."""
        table = RESOURCE_TABLES["partners"]
        names: dict[int, str] = {}
        for part in chunks(sorted({event.partner_id for event in found if event.partner_id is not None})):
            rows = self._connection.execute(select(table.c.id, table.c.external_id).where(table.c.id.in_(part)))
            names |= {row.id: row.external_id for row in rows}
        return names

    def forget(self, before: datetime) -> int:
        """Delete events and settled deliveries older than an instant; return how many events."""
        settled = deliveries.c.status != "waiting"
        self._connection.execute(deliveries.delete().where(settled, deliveries.c.created_at < before))
        wanted = select(deliveries.c.event_id)
        return self._connection.execute(
            events.delete().where(events.c.at < before, events.c.id.not_in(wanted))
        ).rowcount

    def forget_of(self, wanted: Mapping[str, Sequence[str]], partner_id: int | None = None) -> int:
        """Delete events of rows, by resource and key, or of a partner, for an erasure; return how many."""
        conditions: list[ColumnElement[bool]] = [
            (events.c.resource == resource) & events.c.key.in_(part)
            for resource, keys in wanted.items()
            for part in chunks(list(keys))
        ]
        conditions += [events.c.partner_id == partner_id] if partner_id is not None else []
        return sum(self._connection.execute(events.delete().where(condition)).rowcount for condition in conditions)

    def _visible(self) -> tuple[ColumnElement[bool], ...]:
        if self._actor.role is Role.PARTNER:
            return (events.c.partner_id == self._actor.partner_id, events.c.for_partner)
        rows = visible_rows(self._actor, RESOURCES["partners"])
        if not rows:
            return ()
        seen = select(RESOURCE_TABLES["partners"].c.id).where(*rows)
        about_several = events.c.name == "alert.sent"  # tells a person of any partners
        return (or_(events.c.partner_id.is_(None), events.c.partner_id.in_(seen)), ~about_several)


def event_body(event: Event, partners: Mapping[int, str]) -> dict[str, Any]:
    """Return an event as others see it; `partners`: external ids by ours."""
    return {
        "id": event.id,
        "name": event.name,
        "at": event.at.isoformat(),
        "resource": event.resource,
        "key": event.key,
        "partner": None if event.partner_id is None else partners.get(event.partner_id),
        "data": dict(event.payload),
    }


def waiting_delivery(webhook_id: int, event_id: int, now: datetime, replay_of: str | None = None) -> dict[str, Any]:
    """Return the row of a delivery that is due at once."""
    return {
        "id": uuid.uuid4().hex,
        "webhook_id": webhook_id,
        "event_id": event_id,
        "status": "waiting",
        "attempts": 0,
        "next_attempt_at": now,
        "replay_of": replay_of,
        "created_at": now,
    }


def _concerns(partner_id: int | None, event: Event) -> bool:
    return partner_id is None or (event.for_partner and event.partner_id == partner_id)


def _like(pattern: str) -> ColumnElement[bool]:
    for sign in ("\\", "%", "_"):
        pattern = pattern.replace(sign, f"\\{sign}")
    return events.c.name.like(pattern.replace("*", "%").replace("\0", ""), escape="\\")


def _event(row: Mapping[str, Any]) -> Event:
    return Event(**{**row, "payload": json.loads(row["payload"])})
