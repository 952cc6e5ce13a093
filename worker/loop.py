"""The worker: claims jobs, runs their handlers, writes down how it went, and plans what is due at night."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from domain.context import SYSTEM, Clock, system_clock
from domain.errors import AllywiseError, CannotAnswer
from domain.language import language_of, speaking
from domain.settings import Settings
from intelligence.context import open_intelligence
from store.at_rest import AtRest
from store.engine import create_store_engine
from store.jobs import Job
from store.migrate import upgrade
from store.unit_of_work import UnitOfWork
from worker.attendance import attending
from worker.handlers import HANDLERS, WorkerContext
from worker.schedule import Schedule

LEASE = timedelta(minutes=10)
"""How long a claimed job is ours without a sign of life; renewed while it runs."""

_log = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """Another worker has the job now, because this one gave no sign of life for too long."""


def open_worker(settings: Settings, clock: Clock = system_clock) -> WorkerContext:
    """Open store and models for a worker."""
    engine = create_store_engine(settings.store_url, AtRest.of(settings))
    upgrade(engine)
    return WorkerContext(settings, open_intelligence(engine, settings, clock=clock), clock)


def work_until(stop: threading.Event, context: WorkerContext, poll_seconds: float = 1.0) -> None:
    """Plan what is due, run jobs, and attend to webhooks and alerts until `stop` is set."""
    schedule = Schedule(context)
    with speaking(language_of(context.settings.language)), attending(context, poll_seconds):
        while not stop.is_set():
            schedule.plan()
            if not run_one(context):
                stop.wait(poll_seconds)


def run_one(context: WorkerContext) -> bool:
    """Claim one job and run it; return whether there was one.

    What is reported by a worker that lost its lease meanwhile is not taken: the job is whoever's claimed it next.
    """
    with _unit(context) as work:
        job = work.jobs.claim(LEASE)
    if job is None:
        return False
    started = time.monotonic()
    ours = _run(context, job)
    _log.info("job %s (%s) took %.1f s", job.id, job.kind, time.monotonic() - started)
    if not ours:
        _log.warning("job %s (%s) was taken by another worker; what came of it here was dropped", job.id, job.kind)
    return True


def _run(context: WorkerContext, job: Job) -> bool:
    """Run a claimed job and write down how it went; whether it was still ours."""
    try:
        with _alive(context, job):
            result = HANDLERS[job.kind](context, job.payload, lambda share: _progress(context, job, share))
    except LeaseLostError:
        return False
    except AllywiseError as error:
        # What is wrong with the request stays wrong; a store or registry that is away comes back.
        told = {"code": error.code, "message": error.message, **error.details}
        with _unit(context) as work:
            return work.jobs.fail(job, told, retry=isinstance(error, CannotAnswer))
    except Exception as error:  # noqa: BLE001  # the boundary: whatever a handler raises must end in the job's row
        _log.exception("job %s (%s) failed", job.id, job.kind)
        with _unit(context) as work:
            return work.jobs.fail(job, {"code": "error", "message": f"{type(error).__name__}: {error}"}, retry=True)
    with _unit(context) as work:
        return work.jobs.finish(job, result)


@contextmanager
def _alive(context: WorkerContext, job: Job) -> Iterator[None]:
    """Renew the lease from a thread of its own: a handler may be silent for longer than a lease lasts."""
    stop = threading.Event()

    def renew() -> None:
        while not stop.wait(LEASE.total_seconds() / 5):
            try:
                with _unit(context) as work:
                    work.jobs.renew(job, LEASE)
            except CannotAnswer:  # another writer, the handler itself perhaps, holds the store: next time
                _log.debug("the lease of job %s could not be renewed now", job.id)

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _progress(context: WorkerContext, job: Job, share: float) -> None:
    with _unit(context) as work:
        if not work.jobs.progress(job, share, LEASE):
            raise LeaseLostError(job.id)


def _unit(context: WorkerContext) -> UnitOfWork:
    return UnitOfWork(context.intelligence.engine, SYSTEM, context.clock)
