"""Deliveries: events on their way to webhooks, as a queue that several workers may empty at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from domain.context import Clock, system_clock
from domain.errors import NotFound
from domain.events import is_wanted
from store.events import waiting_delivery
from store.journal_tables import deliveries, events, webhooks
from store.sql import chunks

_PER_WEBHOOK = 20
_PAGE = 1_000


class Delivery(NamedTuple):
    """An event on its way to a webhook; ``status`` is waiting, delivered or dead."""

    id: str
    webhook_id: int
    event_id: int
    event: str | None
    status: str
    attempts: int
    next_attempt_at: datetime
    last_status: int | None
    last_error: str | None
    duration_ms: int | None
    replay_of: str | None
    created_at: datetime
    finished_at: datetime | None


class DeliveryRepository:
    """Queues, claims, settles and lists deliveries."""

    def __init__(self, connection: Connection, clock: Clock = system_clock) -> None:
        self._connection = connection
        self._clock = clock

    def queue(self, webhook_id: int, event_id: int, replay_of: str | None = None) -> Delivery:
        """Queue a delivery that is due at once."""
        row = waiting_delivery(webhook_id, event_id, self._clock(), replay_of)
        self._connection.execute(deliveries.insert().values(**row))
        return self.get(webhook_id, row["id"])

    def queue_since(
        self, webhook_id: int, patterns: Sequence[str], partner_id: int | None, since: datetime, limit: int
    ) -> int | None:
        """Queue what happened since an instant again; return how many, None (and queue nothing) above `limit`."""
        found: list[int] = []
        last = 0
        while True:
            conditions = [events.c.at >= since, events.c.id > last, *_concerns(partner_id)]
            wanted = select(events.c.id, events.c.name).where(*conditions).order_by(events.c.id).limit(_PAGE)
            page = self._connection.execute(wanted).all()
            found += [row.id for row in page if is_wanted(row.name, patterns)]
            if len(found) > limit:
                return None
            if len(page) < _PAGE:
                break
            last = page[-1].id
        for part in chunks([waiting_delivery(webhook_id, id_, self._clock()) for id_ in found]):
            self._connection.execute(deliveries.insert(), list(part))
        return len(found)

    def get(self, webhook_id: int, delivery_id: str) -> Delivery:
        """Return a delivery of a webhook.

        Raises
        ------
        NotFound
            If there is none.
        """
        conditions = (deliveries.c.webhook_id == webhook_id, deliveries.c.id == delivery_id)
        row = self._connection.execute(_query().where(*conditions)).mappings().first()
        if row is None:
            raise NotFound(f"There is no delivery {delivery_id!r} of webhook {webhook_id}.", id=delivery_id)
        return Delivery(**row)

    def list(
        self,
        webhook_id: int,
        *,
        status: str | None = None,
        before: tuple[datetime, str] | None = None,
        limit: int = 50,
    ) -> Sequence[Delivery]:
        """Return deliveries of a webhook, the newest first; `before`: instant and id of the last one known."""
        conditions = [deliveries.c.webhook_id == webhook_id]
        conditions += [deliveries.c.status == status] if status is not None else []
        if before is not None:
            at, id_ = before
            same = and_(deliveries.c.created_at == at, deliveries.c.id < id_)
            conditions.append(or_(deliveries.c.created_at < at, same))
        wanted = _query().where(*conditions).order_by(deliveries.c.created_at.desc(), deliveries.c.id.desc())
        return [Delivery(**row) for row in self._connection.execute(wanted.limit(limit)).mappings()]

    def is_any_due(self) -> bool:
        """Whether there is anything to claim."""
        now = self._clock()
        joined = deliveries.join(webhooks, webhooks.c.id == deliveries.c.webhook_id)
        wanted = select(deliveries.c.id).select_from(joined).where(_due(now), _ready(now)).limit(1)
        return self._connection.execute(wanted).first() is not None

    def claim(self, lease: timedelta, limit: int = 100) -> Sequence[Delivery]:
        """Take deliveries that are due, by event within each webhook, some of each; commit before sending them.

        They are ours for `lease`: another worker takes them again if nothing is heard by then.
        """
        now = self._clock()
        due = _due(now)
        turn = func.row_number().over(
            partition_by=deliveries.c.webhook_id, order_by=(deliveries.c.event_id, deliveries.c.id)
        )
        waiting = (
            select(deliveries.c.id, deliveries.c.event_id, turn.label("turn"))
            .join(webhooks, webhooks.c.id == deliveries.c.webhook_id)
            .where(due, _ready(now))
            .subquery()
        )
        in_order = (waiting.c.event_id, waiting.c.id)  # one order for all workers: none waits for another in a circle
        chosen = select(waiting.c.id).where(waiting.c.turn <= _PER_WEBHOOK).order_by(*in_order).limit(limit)
        ids = self._connection.execute(chosen).scalars().all()
        taken = [id_ for id_ in ids if self._take(id_, due, now + lease)]
        rows = self._connection.execute(_query().where(deliveries.c.id.in_(taken)).order_by(deliveries.c.event_id))
        return [Delivery(**row) for row in rows.mappings()]

    def _take(self, id_: str, due: ColumnElement[bool], until: datetime) -> bool:
        change = deliveries.update().where(deliveries.c.id == id_, due)
        taken = change.values(lease_until=until, attempts=deliveries.c.attempts + 1)
        return self._connection.execute(taken).rowcount == 1

    def settle(self, delivery: Delivery, values: Mapping[str, Any]) -> None:
        """Write down how an attempt went, unless another worker has made the next one meanwhile."""
        ours = (deliveries.c.id == delivery.id, deliveries.c.attempts == delivery.attempts)
        self._connection.execute(deliveries.update().where(*ours).values(lease_until=None, **values))

    def release(self, delivery: Delivery) -> None:
        """Give back a claimed delivery that was not tried."""
        self.settle(delivery, {"attempts": delivery.attempts - 1})

    def bury(self, webhook_id: int, reason: str) -> int:
        """Declare all that wait for a webhook dead; return how many. They can be replayed."""
        waiting = (deliveries.c.webhook_id == webhook_id, deliveries.c.status == "waiting")
        dead = {"status": "dead", "last_error": reason, "finished_at": self._clock(), "lease_until": None}
        return self._connection.execute(deliveries.update().where(*waiting).values(**dead)).rowcount


def _due(now: datetime) -> ColumnElement[bool]:
    free = or_(deliveries.c.lease_until.is_(None), deliveries.c.lease_until < now)
    return and_(deliveries.c.status == "waiting", deliveries.c.next_attempt_at <= now, free)


def _ready(now: datetime) -> ColumnElement[bool]:
    return and_(webhooks.c.active, or_(webhooks.c.paused_until.is_(None), webhooks.c.paused_until <= now))


def _concerns(partner_id: int | None) -> tuple[ColumnElement[bool], ...]:
    return () if partner_id is None else (events.c.partner_id == partner_id, events.c.for_partner)


def _query() -> Any:
    own = [deliveries.c[name] for name in Delivery._fields if name != "event"]
    joined = deliveries.outerjoin(events, events.c.id == deliveries.c.event_id)
    return select(*own, events.c.name.label("event")).select_from(joined)
