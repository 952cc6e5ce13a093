"""Sends what is due to webhooks: signed, at least once, later again after a failure, and in the end given up.

Webhooks are served side by side, the deliveries of one after each other in the order of their events. A failed one
comes again later while those after it go on, so a receiver orders by the number of the event if it has to.
"""

import asyncio
import json
import random
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any

import certifi
import httpx

from domain.context import SYSTEM, Clock
from domain.errors import AllywiseError
from domain.settings import Settings
from programme.webhook_address import AddressRefusedError, check_url, resolve
from programme.webhooks import TEST_EVENT, origin_of, sign
from store.deliveries import Delivery
from store.engine import Engine
from store.events import Event, event_body
from store.sealing import Sealer
from store.unit_of_work import UnitOfWork
from store.webhooks import Webhook

RETRY_SECONDS = (10, 30, 120, 600, 1_800, 3_600, 10_800, 21_600, 43_200)
"""Wait after each failed attempt, give or take a fifth; after one more the delivery is dead: about a day in all."""

_JITTER = 0.2
_LONGEST_PAUSE = 600
_FEWEST_FAILURES = 10
_LEASE = timedelta(minutes=10)
_GONE = 410
_READ_BYTES = 500


@dataclass(frozen=True)
class Outcome:
    """How an attempt went; ``status`` is None when there was no answer, ``retry_after`` what it asked for, in s."""

    status: int | None
    error: str | None
    duration_ms: int
    retry_after: float | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_unwell(self) -> bool:
        """Whether the receiver should be left alone for a moment."""
        return self.status is None or self.status == 429 or self.status >= 500


@dataclass(frozen=True)
class _Attempt:
    delivery: Delivery
    webhook: Webhook
    body: bytes


def deliver_due(engine: Engine, settings: Settings, clock: Clock, chance: random.Random | None = None) -> int:
    """Send what is due once and return how many attempts were made.

    Parameters
    ----------
    engine : Engine
        The store.
    settings : Settings
        Timeouts, keys, what addresses are allowed.
    clock : callable
        The time of attempts.
    chance : random.Random, optional
        Of the jitter.
    """
    chance = chance or random.Random()  # noqa: S311  # spreads load; no secret
    with UnitOfWork(engine, SYSTEM, clock, read_only=True) as work:
        if not work.deliveries.is_any_due():  # SQLite's write lock is not taken for nothing
            return 0
    with UnitOfWork(engine, SYSTEM, clock) as work:
        claimed = work.deliveries.claim(_LEASE)
        attempts = _prepare(work, claimed)
    if not attempts:
        return 0
    by_webhook = [list(each) for _, each in groupby(attempts, key=lambda attempt: attempt.webhook.id)]
    found = asyncio.run(_send_all(by_webhook, settings, clock))
    with UnitOfWork(engine, SYSTEM, clock) as work:
        for attempt, outcome in found:
            if outcome is None:
                work.deliveries.release(attempt.delivery)
            else:
                _settle(work, attempt, outcome, settings, chance)
    return sum(outcome is not None for _, outcome in found)


def _prepare(work: UnitOfWork, claimed: Sequence[Delivery]) -> list[_Attempt]:
    """Return what is to be sent, by webhook; bury what has no event any more."""
    hooks = {id_: work.webhooks.find(id_) for id_ in {delivery.webhook_id for delivery in claimed}}
    events = work.events.get([delivery.event_id for delivery in claimed])
    partners = work.events.partners_of(events.values())
    ready = []
    for delivery in sorted(claimed, key=lambda each: (each.webhook_id, each.event_id)):
        event = _test_event(delivery) if delivery.event_id == TEST_EVENT else events.get(delivery.event_id)
        hook = hooks[delivery.webhook_id]
        if event is None or hook is None:
            gone = {"status": "dead", "last_error": "the event is no longer kept", "finished_at": work.clock()}
            work.deliveries.settle(delivery, gone)
            continue
        body = json.dumps(event_body(event, partners), ensure_ascii=False, separators=(",", ":"))
        ready.append(_Attempt(delivery, hook, body.encode("utf-8", "replace")))
    return ready


def _test_event(delivery: Delivery) -> Event:
    hook = delivery.webhook_id
    return Event(TEST_EVENT, delivery.created_at, "webhook.test", "webhook", str(hook), None, False, {"webhook": hook})


_Found = list[tuple[_Attempt, Outcome | None]]


async def _send_all(by_webhook: Sequence[Sequence[_Attempt]], settings: Settings, clock: Clock) -> _Found:
    # Proxies of the environment are not used: they would connect where we did not look.
    # The whole attempt has a deadline of its own; a timeout of httpx is for each read of it.
    timeout = settings.webhook_timeout_seconds
    async with httpx.AsyncClient(verify=trusted(), trust_env=False, follow_redirects=False, timeout=timeout) as client:
        parts = await asyncio.gather(*(_send_in_turn(client, each, settings, clock) for each in by_webhook))
    return [found for part in parts for found in part]


@lru_cache(maxsize=1)
def trusted() -> ssl.SSLContext:
    """Return whose certificates are believed: the public authorities, and the machine's own (``SSL_CERT_FILE``)."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


async def _send_in_turn(
    client: httpx.AsyncClient, attempts: Sequence[_Attempt], settings: Settings, clock: Clock
) -> _Found:
    """Send the deliveries of one webhook after each other; once it is unwell the others wait."""
    found: _Found = []
    is_unwell, until = False, time.monotonic() + _LEASE.total_seconds() / 2
    for attempt in attempts:
        outcome = None if is_unwell else await _send(client, attempt, settings, clock())
        is_unwell = is_unwell or (outcome is not None and outcome.is_unwell) or time.monotonic() > until
        found.append((attempt, outcome))
    return found


async def _send(client: httpx.AsyncClient, attempt: _Attempt, settings: Settings, now: datetime) -> Outcome:
    started = time.monotonic()
    status, retry_after = None, None
    try:
        async with asyncio.timeout(settings.webhook_timeout_seconds):
            request = await _request(client, attempt, settings, now)
            answer = await client.send(request, stream=True)
            try:
                status, retry_after = answer.status_code, _seconds(answer.headers.get("Retry-After"))
                error = None if answer.is_success else f"{status} {await _beginning(answer)}".strip()
            finally:
                await answer.aclose()
    except TimeoutError:
        status, error = None, f"no answer within {settings.webhook_timeout_seconds:g} s"
    except (AddressRefusedError, AllywiseError, httpx.HTTPError, httpx.InvalidURL, OSError) as failure:
        status, error = None, f"{type(failure).__name__}: {failure}"[:_READ_BYTES]
    return Outcome(status, error, int((time.monotonic() - started) * 1000), retry_after)


async def _request(client: httpx.AsyncClient, attempt: _Attempt, settings: Settings, now: datetime) -> httpx.Request:
    """Return the request, to the very address that was looked at: another look at the name could give another."""
    private = settings.webhook_private_addresses
    url = httpx.URL(check_url(attempt.webhook.url, private=private))
    address = await resolve(url.host, url.port or (443 if url.scheme == "https" else 80), private=private)
    headers = {
        "Host": url.netloc.decode("ascii"),
        "Content-Type": "application/json",
        "User-Agent": "allywise-webhooks/1",
        "Allywise-Event": json.loads(attempt.body)["name"],
        "Allywise-Delivery": attempt.delivery.id,
        "Allywise-Attempt": str(attempt.delivery.attempts),
        "Allywise-Signature": sign(Sealer(settings.encryption_keys), attempt.webhook, now, attempt.body),
    }
    # The certificate is checked against the name, not the address.
    extensions = {"sni_hostname": url.host} if url.scheme == "https" else {}
    return client.build_request(
        "POST", url.copy_with(host=address), content=attempt.body, headers=headers, extensions=extensions
    )


async def _beginning(answer: httpx.Response) -> str:
    read = b""
    async for part in answer.aiter_raw():
        read += part
        if len(read) >= _READ_BYTES:
            break
    return read[:_READ_BYTES].decode("utf-8", "replace").replace("\0", "").strip()


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 7 else None


def _settle(work: UnitOfWork, attempt: _Attempt, outcome: Outcome, settings: Settings, chance: random.Random) -> None:
    now = work.clock()
    told = {"last_status": outcome.status, "last_error": outcome.error, "duration_ms": outcome.duration_ms}
    if outcome.is_delivered:
        work.deliveries.settle(attempt.delivery, told | {"status": "delivered", "finished_at": now})
        work.webhooks.note(attempt.webhook.id, failures=0, failing_since=None, paused_until=None)
        return
    wait = _wait(attempt.delivery.attempts, outcome, chance)
    if wait is None:
        work.deliveries.settle(attempt.delivery, told | {"status": "dead", "finished_at": now})
    else:
        work.deliveries.settle(attempt.delivery, told | {"next_attempt_at": now + timedelta(seconds=wait)})
    _note_failure(work, attempt.webhook.id, outcome, settings)


def _wait(attempts: int, outcome: Outcome, chance: random.Random) -> float | None:
    """Return seconds until the next attempt, None if there is to be none."""
    if attempts > len(RETRY_SECONDS) or outcome.status == _GONE:
        return None
    planned = RETRY_SECONDS[attempts - 1] * (1 + _JITTER * chance.uniform(-1, 1))
    return max(planned, min(outcome.retry_after or 0, RETRY_SECONDS[-1]))


def _note_failure(work: UnitOfWork, webhook_id: int, outcome: Outcome, settings: Settings) -> None:
    now, webhook = work.clock(), work.webhooks.find(webhook_id)
    if webhook is None:  # removed meanwhile
        return
    failures, since = webhook.failures + 1, webhook.failing_since or now
    seconds = min(5 * 2 ** min(failures - 1, 10), _LONGEST_PAUSE)
    pause = now + timedelta(seconds=seconds) if outcome.is_unwell else None
    work.webhooks.note(webhook_id, failures=failures, failing_since=since, paused_until=pause)
    is_long = now - since >= timedelta(hours=settings.webhook_disable_after_hours) and failures >= _FEWEST_FAILURES
    if webhook.active and (is_long or outcome.status == _GONE):
        reason = "it answered 410 Gone" if outcome.status == _GONE else f"no success since {since:%Y-%m-%d %H:%M} UTC"
        disable(work, webhook, reason)


def disable(work: UnitOfWork, webhook: Webhook, reason: str) -> None:
    """Switch a webhook off, give up what waits for it, and tell."""
    work.webhooks.change(webhook.id, {"active": False, "disabled_reason": reason})
    work.deliveries.bury(webhook.id, f"the webhook was switched off: {reason}")
    payload: Mapping[str, Any] = {"id": webhook.id, "origin": origin_of(webhook.url), "reason": reason}
    work.journal.announce("webhook.disabled", payload)
