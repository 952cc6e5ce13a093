"""The worker: claims jobs, runs their handlers, writes down how it went."""

import logging
import threading
import time
from datetime import timedelta

from domain.context import SYSTEM, Clock, system_clock
from domain.errors import AllywiseError
from domain.settings import Settings
from intelligence.context import open_intelligence
from store.engine import create_store_engine
from store.migrate import upgrade
from store.unit_of_work import UnitOfWork
from worker.handlers import HANDLERS, WorkerContext

LEASE = timedelta(minutes=10)
"""How long a claimed job is ours without a sign of life; renewed while it runs."""

_log = logging.getLogger(__name__)


def open_worker(settings: Settings, clock: Clock = system_clock) -> WorkerContext:
    """Open store and models for a worker."""
    engine = create_store_engine(settings.store_url)
    upgrade(engine)
    return WorkerContext(settings, open_intelligence(engine, settings, clock=clock), clock)


def work_until(stop: threading.Event, context: WorkerContext, poll_seconds: float = 1.0) -> None:
    """Run jobs until `stop` is set."""
    while not stop.is_set():
        if not run_one(context):
            stop.wait(poll_seconds)


def run_one(context: WorkerContext) -> bool:
    """Claim one job and run it; return whether there was one."""
    with _unit(context) as work:
        job = work.jobs.claim(LEASE)
    if job is None:
        return False
    started = time.monotonic()
    try:
        result = HANDLERS[job.kind](context, job.payload, lambda share: _progress(context, job.id, share))
    except AllywiseError as error:
        # What is wrong with the request stays wrong: no retry.
        with _unit(context) as work:
            work.jobs.fail(job.id, {"code": error.code, "message": error.message, **error.details}, retry=False)
    except Exception as error:  # noqa: BLE001  # the boundary: whatever a handler raises must end in the job's row
        _log.exception("job %s (%s) failed", job.id, job.kind)
        with _unit(context) as work:
            work.jobs.fail(job.id, {"code": "error", "message": f"{type(error).__name__}: {error}"}, retry=True)
    else:
        with _unit(context) as work:
            work.jobs.finish(job.id, result)
    _log.info("job %s (%s) took %.1f s", job.id, job.kind, time.monotonic() - started)
    return True


def _progress(context: WorkerContext, job_id: str, share: float) -> None:
    with _unit(context) as work:
        work.jobs.progress(job_id, share, LEASE)


def _unit(context: WorkerContext) -> UnitOfWork:
    return UnitOfWork(context.intelligence.engine, SYSTEM, context.clock)
