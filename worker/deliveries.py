"""Deliveries to webhooks, in a thread of the worker: a long job does not hold them up."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import AllywiseError
from programme.webhook_delivery import deliver_due
from worker.handlers import WorkerContext

_AFTER_FAILURE_SECONDS = 10.0

_log = logging.getLogger(__name__)


@contextmanager
def delivering(context: WorkerContext, poll_seconds: float = 1.0) -> Iterator[None]:
    """Deliver what is due to webhooks, as long as the block lasts."""
    stop = threading.Event()
    thread = threading.Thread(target=_deliver_until, args=(stop, context, poll_seconds), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _deliver_until(stop: threading.Event, context: WorkerContext, poll_seconds: float) -> None:
    while not stop.is_set():
        try:
            wait = 0.0 if deliver_due(context.intelligence.engine, context.settings, context.clock) else poll_seconds
        except AllywiseError as error:  # the store is busy or away: what was claimed is due again after its lease
            _log.warning("webhooks: %s", error.message)
            wait = _AFTER_FAILURE_SECONDS
        except Exception:  # noqa: BLE001  # the boundary: one bad delivery must not end all others
            _log.exception("webhooks: a round of deliveries failed")
            wait = _AFTER_FAILURE_SECONDS
        stop.wait(wait)
