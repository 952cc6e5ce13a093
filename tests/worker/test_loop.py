"""The worker: what is due at night is planned once; who lost a job cannot write; a check sets a model to be trained."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from domain.errors import AllywiseError, CannotAnswer, NotFound
from domain.settings import Settings
from intelligence.context import open_intelligence
from store.jobs import Job
from store.unit_of_work import UnitOfWork
from tests.conftest import FixedClock
from worker import loop
from worker.handlers import WorkerContext
from worker.loop import LEASE, LeaseLostError, run_one, work_until
from worker.schedule import Schedule


@pytest.fixture
def worker(engine: Engine, tmp_path: Path, clock: FixedClock) -> WorkerContext:
    settings = Settings(home=tmp_path, churn_horizons_days=(30, 90))
    return WorkerContext(settings, open_intelligence(engine, settings, clock=clock), clock)


def queued(worker: WorkerContext) -> list[Job]:
    with UnitOfWork(worker.intelligence.engine, clock=worker.clock) as work:
        kinds = [job for kind in ("score", "check", "train", "probe") for job in work.jobs.newest(kind)]
    return [job for job in kinds if job.status == "queued"]


def test_a_night_is_planned_once_by_however_many_workers(worker: WorkerContext, clock: FixedClock) -> None:
    for schedule in (Schedule(worker), Schedule(worker)):
        schedule.plan()
        schedule.plan()
    jobs = queued(worker)
    assert len(jobs) == 3 + 4
    assert {job.payload["horizon_days"] for job in jobs if job.kind == "score"} == {30, 90, None}
    assert {job.run_after for job in jobs if job.kind == "score"} == {datetime(2024, 6, 2, 2, tzinfo=UTC)}
    assert not run_one(worker)
    clock.advance(days=1)
    schedule.plan()
    assert len(queued(worker)) == 14


def test_checks_run_after_the_scores_and_train_nothing_in_an_empty_store(
    worker: WorkerContext, clock: FixedClock
) -> None:
    Schedule(worker).plan()
    clock.advance(hours=15)
    while run_one(worker):  # the night has other jobs, too
        pass
    with UnitOfWork(worker.intelligence.engine, clock=clock) as work:
        checks = work.jobs.newest("check")
        assert [job.result["training"] for job in checks] == [None] * 4
        assert {job.status for job in [*checks, *work.jobs.newest("score")]} == {"done"}


def test_a_store_with_partners_is_trained_once_a_week_until_something_can_be_learned(
    worker: WorkerContext, clock: FixedClock
) -> None:
    with UnitOfWork(worker.intelligence.engine, clock=clock) as work:
        work.repository("partners").create({"external_id": "p", "name": "P"})
    trained = []
    for _ in range(9):
        with UnitOfWork(worker.intelligence.engine, clock=clock) as work:
            work.jobs.enqueue("check", {"model": "churn"}, created_by="schedule")
        while run_one(worker):
            pass
        with UnitOfWork(worker.intelligence.engine, clock=clock) as work:
            trained.append(len(work.jobs.newest("train")))
            newest = work.jobs.newest("train")[0]
        clock.advance(days=1)
    assert trained == [1] * 7 + [2] * 2
    assert newest.result["reason"] == "No version was ever trained."
    assert newest.result["reports"][0]["outcome"] == "impossible"


@pytest.mark.parametrize("changed", [{"score_every_days": 0}, {"check_every_days": 0}])
def test_each_part_of_the_night_can_be_switched_off(worker: WorkerContext, changed: dict[str, int]) -> None:
    settings = worker.settings.model_copy(update=changed)
    Schedule(WorkerContext(settings, worker.intelligence, worker.clock)).plan()
    assert {job.kind for job in queued(worker)} == {"check" if "score_every_days" in changed else "score"}


@pytest.fixture
def probe(worker: WorkerContext, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Queue a job during whose first run another worker takes it over, because this one was silent."""
    seen: list[str] = []

    def run(context: WorkerContext, payload: object, report: object) -> dict[str, str]:
        run_number = len(seen)
        seen.append(f"run {run_number}")
        if run_number == 0:
            clock.advance(seconds=LEASE.total_seconds() + 1)
            assert run_one(context)
            seen.append("back")
            try:
                report(0.5)  # type: ignore[operator]
            except LeaseLostError:
                seen.append("lost")
                raise
        return {"by": f"run {run_number}"}

    monkeypatch.setattr(loop, "HANDLERS", {"probe": run})
    with UnitOfWork(worker.intelligence.engine, clock=clock) as work:
        work.jobs.enqueue("probe", {}, created_by="me")
    return seen


def test_a_worker_that_lost_its_lease_stops_and_writes_nothing(worker: WorkerContext, probe: list[str]) -> None:
    assert run_one(worker)
    assert probe == ["run 0", "run 1", "back", "lost"]
    with UnitOfWork(worker.intelligence.engine) as work:
        (job,) = work.jobs.newest("probe")
    assert (job.status, job.attempts, job.result) == ("done", 2, {"by": "run 1"})


def test_the_lease_is_renewed_while_a_handler_is_silent(
    worker: WorkerContext, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(context: WorkerContext, payload: object, report: object) -> dict[str, str]:
        renewed = threading.Event()
        for _ in range(200):
            with UnitOfWork(context.intelligence.engine, clock=clock, read_only=True) as work:
                if work.jobs.newest("probe")[0].lease_until > clock.now + timedelta(seconds=0.05):
                    renewed.set()
                    break
            threading.Event().wait(0.01)
        return {"renewed": str(renewed.is_set())}

    monkeypatch.setattr(loop, "HANDLERS", {"probe": run})
    monkeypatch.setattr(loop, "LEASE", timedelta(seconds=0.1))
    with UnitOfWork(worker.intelligence.engine, clock=clock) as work:
        work.jobs.enqueue("probe", {}, created_by="me")
    assert run_one(worker)
    with UnitOfWork(worker.intelligence.engine) as work:
        assert work.jobs.newest("probe")[0].result == {"renewed": "True"}


@pytest.mark.parametrize(
    ("error", "status"), [(CannotAnswer("the registry is away"), "queued"), (NotFound("no such thing"), "dead")]
)
def test_what_is_away_is_tried_again_and_what_is_wrong_is_not(
    worker: WorkerContext, monkeypatch: pytest.MonkeyPatch, error: AllywiseError, status: str
) -> None:
    def run(*_: object) -> None:
        raise error

    monkeypatch.setattr(loop, "HANDLERS", {"probe": run})
    with UnitOfWork(worker.intelligence.engine, clock=worker.clock) as work:
        work.jobs.enqueue("probe", {}, created_by="me")
    assert run_one(worker)
    with UnitOfWork(worker.intelligence.engine) as work:
        (job,) = work.jobs.newest("probe")
    assert (job.status, job.error["message"]) == (status, error.message)


def test_it_stops_when_told(worker: WorkerContext) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=work_until, args=(stop, worker, 0.01))
    thread.start()
    stop.set()
    thread.join(timeout=30)
    assert not thread.is_alive()
