"""The worker delivers to webhooks and raises alerts by itself, while a job runs."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from domain.context import SYSTEM, system_clock
from domain.settings import Settings
from domain.terms import AssignmentResponse
from programme.offers import answer_offer
from programme.webhooks import create_webhook
from store.unit_of_work import UnitOfWork
from tests.programme.receivers import receiving
from tests.programme.routing_world import open_routed
from worker import loop
from worker.loop import open_worker, work_until


def _wait_for(what: Callable[[], bool], seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.02)
    return False


def test_webhooks_and_alerts_do_not_wait_for_a_long_job(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = engine.url.render_as_string(hide_password=False)
    settings = Settings(home=tmp_path, database_url=url, webhook_private_addresses=True)
    context = open_worker(settings)
    done, stop = threading.Event(), threading.Event()
    monkeypatch.setattr(loop, "HANDLERS", {"long": lambda *_: {"waited": done.wait(30)}})
    with receiving() as receiver:
        with UnitOfWork(engine, SYSTEM) as work:
            create_webhook(work, settings, {"url": receiver.url, "events": ["registration.*", "alert.raised"]})
            work.jobs.enqueue("long", {}, created_by="me")
        thread = threading.Thread(target=work_until, args=(stop, context, 0.05))
        thread.start()
        try:
            with UnitOfWork(engine, SYSTEM) as work:
                work.journal.announce("registration.conflict", {"deal": "D-1"})
            assert _wait_for(lambda: len(receiver.received) == 2)
        finally:
            done.set()
            stop.set()
            thread.join()
            context.intelligence.engine.dispose()
    names = [json.loads(body)["name"] for _, body in receiver.received]
    assert names == ["registration.conflict", "alert.raised"]
    with UnitOfWork(engine, read_only=True) as work:
        assert [job.status for job in work.jobs.newest("long")] == ["done"]
        assert work.audit.verify().ok


def test_leads_are_routed_while_the_worker_runs(engine: Engine, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, database_url=engine.url.render_as_string(hide_password=False))
    context = open_worker(settings)
    world = open_routed(engine, system_clock, partners=2)
    stop = threading.Event()
    thread = threading.Thread(target=work_until, args=(stop, context, 0.05))
    thread.start()
    try:
        world.begin()
        assert _wait_for(lambda: world.route().state == "offered")
        first = world.offers()[0]
        with world.partner(first["partner"]) as work:
            answer_offer(work, first["id"], AssignmentResponse.DECLINED)
        assert _wait_for(lambda: len(world.offers()) == 2)
    finally:
        stop.set()
        thread.join()
        context.intelligence.engine.dispose()
    assert [response for _, response in world.answers()] == ["declined", None]
    assert world.offers()[1]["partner"] != first["partner"]
