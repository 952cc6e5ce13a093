"""Webhooks: who is told of what, with which secret; what was sent, and sending it again."""

import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from domain.errors import Conflict, InvalidInput
from domain.settings import Settings
from programme.webhook_address import check_url
from store.deliveries import Delivery
from store.sealing import Sealer
from store.unit_of_work import UnitOfWork
from store.webhooks import Webhook

FORMER_SECRET_HOURS = 24
"""How long the secret before a rotation signs, too."""

REPLAY_LIMIT = 10_000
"""How many events are sent again by one call."""

TEST_EVENT = 0
"""Number of the event that a test sends; it stands in no list."""

_PATTERN = re.compile(r"[a-z_*]{1,60}(\.[a-z_*]{1,60})?")


def create_webhook(work: UnitOfWork, settings: Settings, values: Mapping[str, Any]) -> tuple[Webhook, str]:
    """Add a webhook and return it with its secret, which is not shown again.

    Raises
    ------
    InvalidInput, NotFound
        If the URL, a pattern or the partner is not acceptable.
    """
    secret = _new_secret()
    checked = _checked(work, settings, values) | {"secret": Sealer(settings.encryption_keys).seal(secret)}
    found = work.webhooks.add(checked, work.actor.name)
    _tell(work, "webhook.created", found)
    return found, secret


def change_webhook(
    work: UnitOfWork, settings: Settings, id_: int, values: Mapping[str, Any], if_version: int | None = None
) -> Webhook:
    """Change what is given of a webhook; one that is switched on again begins afresh.

    Raises
    ------
    InvalidInput, NotFound, StaleVersion
        As for `create_webhook`; or if the version is not `if_version`.
    """
    changes = _checked(work, settings, values)
    if values.get("active"):
        changes |= {"failures": 0, "failing_since": None, "paused_until": None, "disabled_reason": None}
    found = work.webhooks.change(id_, changes, if_version)
    if values.get("active") is False:
        work.deliveries.bury(id_, "the webhook was switched off")
    _tell(work, "webhook.changed", found)
    return found


def remove_webhook(work: UnitOfWork, id_: int) -> None:
    """Remove a webhook and what waits for it."""
    found = work.webhooks.get(id_)
    work.webhooks.remove(id_)
    _tell(work, "webhook.deleted", found)


def rotate_secret(work: UnitOfWork, settings: Settings, id_: int) -> tuple[Webhook, str]:
    """Give a webhook a new secret and return both; the former one signs, too, for a day."""
    found, secret = work.webhooks.get(id_), _new_secret()
    until = work.clock() + timedelta(hours=FORMER_SECRET_HOURS)
    sealed = Sealer(settings.encryption_keys).seal(secret)
    changed = work.webhooks.change(id_, {"secret": sealed, "former_secret": found.secret, "former_until": until})
    _tell(work, "webhook.rotated", changed)
    return changed, secret


def send_test(work: UnitOfWork, id_: int) -> Delivery:
    """Queue a ``webhook.test``; the delivery tells how it went.

    Raises
    ------
    NotFound, Conflict
        If there is no such webhook, or it is switched off.
    """
    _active(work, id_)
    return work.deliveries.queue(id_, TEST_EVENT)


def replay_delivery(work: UnitOfWork, id_: int, delivery_id: str) -> Delivery:
    """Send the event of a delivery again, as a delivery of its own.

    Raises
    ------
    NotFound, Conflict
        If there is none, the webhook is switched off, or the event is no longer kept.
    """
    _active(work, id_)
    earlier = work.deliveries.get(id_, delivery_id)
    if earlier.event_id != TEST_EVENT and earlier.event is None:
        raise Conflict("The event of this delivery is no longer kept.", id=delivery_id)
    return work.deliveries.queue(id_, earlier.event_id, replay_of=earlier.id)


def replay_since(work: UnitOfWork, id_: int, since: datetime) -> int:
    """Send everything that a webhook wants and that happened since an instant again; return how much.

    Raises
    ------
    NotFound, Conflict, InvalidInput
        If there is no such webhook, it is switched off, or there are more than `REPLAY_LIMIT` events.
    """
    found = _active(work, id_)
    partner_id = work.repository("partners").get(found.partner)["id"] if found.partner is not None else None
    queued = work.deliveries.queue_since(id_, found.events, partner_id, since, REPLAY_LIMIT)
    if queued is None:
        raise InvalidInput(
            f"more than {REPLAY_LIMIT} events happened since {since.isoformat()}; begin later, or read /v1/events",
            field="since",
        )
    work.journal.record("replayed", "webhook", str(id_), {"since": since, "queued": queued})
    return queued


def sign(sealer: Sealer, webhook: Webhook, at: datetime, body: bytes) -> str:
    """Return the header that proves that `body` is ours and of now: ``t=<unix time>,v1=<hex>[,v1=<hex>]``.

    Each ``v1`` is HMAC-SHA256 under a secret over ``<unix time>.<body>``; after a rotation there are two for a while.
    """
    seconds = int(at.timestamp())
    kept = [webhook.secret]
    if webhook.former_secret is not None and webhook.former_until is not None and at < webhook.former_until:
        kept.append(webhook.former_secret)
    told = f"{seconds}.".encode() + body
    signatures = [hmac.new(sealer.open(secret).encode(), told, sha256).hexdigest() for secret in kept]
    return ",".join([f"t={seconds}", *(f"v1={signature}" for signature in signatures)])


def origin_of(url: str) -> str:
    """Return what others may know of a webhook's address: path and query may hold a secret of the receiver's.

    Examples
    --------
    >>> origin_of("https://hooks.example.com:8443/services/T0/secret?token=x")
    'https://hooks.example.com:8443'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _checked(work: UnitOfWork, settings: Settings, values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {name: values[name] for name in ("description", "active") if name in values}
    if "url" in values:
        found["url"] = check_url(values["url"], private=settings.webhook_private_addresses)
    if "events" in values:
        found["events"] = _patterns(values["events"])
    if "partner" in values:
        partner = values["partner"]
        found["partner_id"] = work.repository("partners").get(partner)["id"] if partner is not None else None
    return found


def _patterns(patterns: Sequence[str]) -> list[str]:
    for pattern in patterns:
        if not _PATTERN.fullmatch(pattern):
            raise InvalidInput(
                f"{pattern!r} is no event; write deal.created, deal.*, *.deleted or *", field="events", value=pattern
            )
    return list(dict.fromkeys(patterns))


def _active(work: UnitOfWork, id_: int) -> Webhook:
    found = work.webhooks.get(id_)
    if not found.active:
        raise Conflict(f"Webhook {id_} is switched off; change it to active first.", id=id_)
    return found


def _new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


def _tell(work: UnitOfWork, name: str, webhook: Webhook) -> None:
    told = {"events": list(webhook.events), "active": webhook.active}
    payload = {"id": webhook.id, "origin": origin_of(webhook.url), **told}
    work.journal.announce(name, payload)
