"""A training that the night asked for keeps its reason, with the job and with the version."""

from cli.modelling import _why
from domain.settings import Settings
from intelligence.context import Intelligence
from store.unit_of_work import UnitOfWork
from tests.programmes import END
from worker.handlers import WorkerContext
from worker.loop import run_one


def test_the_reason_of_a_training_is_kept(context: Intelligence, settings: Settings) -> None:
    with UnitOfWork(context.engine, clock=context.clock) as work:
        payload = {"models": ["fit"], "as_of": END.isoformat(), "reason": "21% new outcomes since fit/1 was trained."}
        work.jobs.enqueue("train", payload, created_by="schedule")
    assert run_one(WorkerContext(settings, context, context.clock))
    with UnitOfWork(context.engine) as work:
        job = work.jobs.newest("train")[0]
    assert (job.status, job.result["reason"]) == ("done", payload["reason"])
    newest = context.registry.versions("fit")[0]
    assert (newest.version, newest.trained_because) == (2, payload["reason"])
    assert _why(newest).startswith(payload["reason"])
