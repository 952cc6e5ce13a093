"""The night: certificates that run out are announced once, and imported ones do onboarding steps."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from domain.context import SYSTEM
from domain.settings import Settings
from intelligence.context import open_intelligence
from programme import records
from store.unit_of_work import UnitOfWork
from tests.conftest import FixedClock
from worker.handlers import WorkerContext
from worker.loop import run_one
from worker.schedule import Schedule


def test_each_night_announces_what_is_new(engine: Engine, tmp_path: Path, clock: FixedClock) -> None:
    settings = Settings(home=tmp_path, score_every_days=0, check_every_days=0)
    worker = WorkerContext(settings, open_intelligence(engine, settings, clock=clock), clock)
    today = clock.now.date()
    with UnitOfWork(engine, SYSTEM, clock) as work:
        records.create(work, "onboarding_steps", {"external_id": "s", "title": "Learn", "course": "Selling"})
        records.create(work, "partners", {"external_id": "p1", "name": "p1", "status": "onboarding"})
        passed = {"passed_on": today, "expires_on": today + timedelta(days=31)}
        work.repository("certifications").create({"partner": "p1", "course": "Selling", **passed})  # as imports do
    told = []
    for _ in range(3):
        Schedule(worker).plan()
        clock.advance(days=1)
        while run_one(worker):
            pass
        with UnitOfWork(engine, SYSTEM, clock, read_only=True) as work:
            told.append(work.jobs.newest("certificates")[0].result)
            (task,) = work.repository("tasks").list().rows
    assert [night["told"] for night in told] == [1, 0, 0]  # at 30 days; the first night is the one of tomorrow
    assert [night["tasks"] for night in told] == [1, 0, 0]
    assert task["done_at"] == clock.now - timedelta(days=2)
