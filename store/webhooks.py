"""Webhooks: addresses that are told of events, with their secrets, sealed, and how they do."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select

from domain.context import Clock, system_clock
from domain.errors import NotFound, StaleVersion
from store.journal_tables import deliveries, webhooks
from store.tables import RESOURCE_TABLES


class Webhook(NamedTuple):
    """An address and what it is told; ``partner`` narrows that to what one partner may see."""

    id: int
    url: str
    description: str | None
    events: Sequence[str]
    partner: str | None
    active: bool
    secret: str
    former_secret: str | None
    former_until: datetime | None
    failures: int
    failing_since: datetime | None
    paused_until: datetime | None
    disabled_reason: str | None
    row_version: int
    created_by: str
    created_at: datetime
    updated_at: datetime


class WebhookRepository:
    """Keeps webhooks; secrets come and go sealed."""

    def __init__(self, connection: Connection, clock: Clock = system_clock) -> None:
        self._connection = connection
        self._clock = clock

    def add(self, values: Mapping[str, Any], created_by: str) -> Webhook:
        """Add an active webhook: ``url``, ``events``, ``secret``, and ``description``, ``partner_id`` if wanted."""
        now = self._clock()
        service = {"active": True, "created_by": created_by, "created_at": now, "updated_at": now}
        result = self._connection.execute(webhooks.insert().values(**values, **service))
        (id_,) = result.inserted_primary_key or (0,)
        return self.get(int(id_))

    def get(self, id_: int) -> Webhook:
        """Return a webhook.

        Raises
        ------
        NotFound
            If there is none.
        """
        found = self.find(id_)
        if found is None:
            raise NotFound(f"There is no webhook {id_}.", id=id_)
        return found

    def find(self, id_: int) -> Webhook | None:
        """Return a webhook, None if there is none."""
        row = self._connection.execute(_query().where(webhooks.c.id == id_)).mappings().first()
        return None if row is None else Webhook(**row)

    def list(self, after: int = 0, limit: int = 50) -> Sequence[Webhook]:
        """Return webhooks by id, those after a given one."""
        wanted = _query().where(webhooks.c.id > after).order_by(webhooks.c.id).limit(limit)
        return [Webhook(**row) for row in self._connection.execute(wanted).mappings()]

    def change(self, id_: int, values: Mapping[str, Any], if_version: int | None = None) -> Webhook:
        """Change columns of a webhook and return it.

        Raises
        ------
        NotFound
            If there is none.
        StaleVersion
            If its version is not `if_version`.
        """
        found = self.get(id_)
        if if_version is not None and found.row_version != if_version:
            raise StaleVersion(
                f"The webhook has changed since: its version is {found.row_version}, not {if_version}; read it again.",
                version=found.row_version,
            )
        if values:
            service = {"row_version": webhooks.c.row_version + 1, "updated_at": self._clock()}
            self._connection.execute(webhooks.update().where(webhooks.c.id == id_).values(**values, **service))
        return self.get(id_)

    def note(self, id_: int, **values: Any) -> None:
        """Note how a webhook does; that is no change of it."""
        self._connection.execute(webhooks.update().where(webhooks.c.id == id_).values(**values))

    def remove(self, id_: int) -> None:
        """Remove a webhook and its deliveries."""
        self._connection.execute(deliveries.delete().where(deliveries.c.webhook_id == id_))
        self._connection.execute(webhooks.delete().where(webhooks.c.id == id_))


def _query() -> Select[Any]:
    partners = RESOURCE_TABLES["partners"]
    own = [webhooks.c[name] for name in Webhook._fields if name != "partner"]
    joined = webhooks.outerjoin(partners, partners.c.id == webhooks.c.partner_id)
    return select(*own, partners.c.external_id.label("partner")).select_from(joined)
