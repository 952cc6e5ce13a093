"""What the worker attends to beside its jobs, in threads: a long job holds up neither webhooks, alerts nor leads."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from domain.errors import AllywiseError
from programme.alert_upkeep import AlertUpkeep
from programme.routing_round import RoutingUpkeep, ranking_by
from programme.webhook_delivery import deliver_due
from worker.handlers import WorkerContext

_AFTER_FAILURE_SECONDS = 10.0

_log = logging.getLogger(__name__)


@contextmanager
def attending(context: WorkerContext, poll_seconds: float = 1.0) -> Iterator[None]:
    """Deliver to webhooks, keep alerts up to date and route leads, as long as the block lasts."""
    engine, settings, clock = context.intelligence.engine, context.settings, context.clock
    stop, upkeep = threading.Event(), AlertUpkeep(engine, settings, clock)
    routing = RoutingUpkeep(engine, clock, ranking_by(context.intelligence))
    duties: dict[str, Callable[[], int]] = {
        "webhooks": lambda: deliver_due(engine, settings, clock),
        "alerts": upkeep.run,
        "routing": routing.run,
    }
    threads = [
        threading.Thread(target=_repeat, args=(stop, name, duty, poll_seconds), daemon=True)
        for name, duty in duties.items()
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _repeat(stop: threading.Event, name: str, duty: Callable[[], int], poll_seconds: float) -> None:
    while not stop.is_set():
        try:
            wait = 0.0 if duty() else poll_seconds
        except AllywiseError as error:  # the store is busy or away: what was claimed is due again after its lease
            _log.warning("%s: %s", name, error.message)
            wait = _AFTER_FAILURE_SECONDS
        except Exception:  # noqa: BLE001  # the boundary: one bad round must not end all others
            _log.exception("%s: a round failed", name)
            wait = _AFTER_FAILURE_SECONDS
        stop.wait(wait)
