"""Whoever asks after a write sees it; one reads for all who wait; a crowd is answered from the last reading."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

import intelligence.present
from intelligence.present import Present
from store.present import read_present
from store.unit_of_work import UnitOfWork
from tests.conftest import NOW, FixedClock


def write(engine: Engine, clock: FixedClock, name: str) -> None:
    with UnitOfWork(engine, clock=clock) as work:
        work.repository("leads").create({"external_id": name, "created_at": NOW - timedelta(days=1)})


def leads(present: Present, until: datetime = NOW) -> list[str]:
    return present.history(until).leads["external_id"].tolist()


@contextmanager
def slow_reading(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Semaphore, threading.Semaphore]]:
    """Yield what says that a reading has begun, and what lets one go on."""
    begun, go = threading.Semaphore(0), threading.Semaphore(0)

    def read(*arguments: Any) -> Any:
        found = read_present(*arguments)
        begun.release()
        assert go.acquire(timeout=20)
        return found

    monkeypatch.setattr(intelligence.present, "read_present", read)
    yield begun, go
    monkeypatch.undo()


def test_what_was_written_before_the_question_is_in_the_answer(engine: Engine, clock: FixedClock) -> None:
    present = Present(engine, crowd=1)
    for k in range(3):
        write(engine, clock, f"l{k}")
        assert leads(present) == [f"l{n}" for n in range(k + 1)]
    assert present.history(NOW).leads is present.history(NOW + timedelta(seconds=1)).leads
    present.close()


def test_neither_the_past_nor_the_future_is_its_business(engine: Engine) -> None:
    present = Present(engine)
    present.history(NOW)
    assert present.covers(NOW, NOW)
    assert not present.covers(NOW - timedelta(seconds=1), NOW)
    assert not present.covers(NOW + timedelta(days=1), NOW)
    present.close()


def test_a_reading_that_began_before_the_question_is_not_enough(
    engine: Engine, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = Present(engine)
    with slow_reading(monkeypatch) as (begun, go), ThreadPoolExecutor(4) as pool:
        first = pool.submit(leads, present)
        assert begun.acquire(timeout=20)  # it has read, and has not answered yet
        write(engine, clock, "late")
        later = [pool.submit(leads, present) for _ in range(2)]
        while present.newest._waiting < 3:
            time.sleep(0.01)
        go.release(2)  # one reading is enough for both
        assert first.result(20) == []
        assert [one.result(20) for one in later] == [["late"], ["late"]]
    present.close()


def test_a_crowd_is_answered_from_the_last_reading(
    engine: Engine, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    present, older = Present(engine, crowd=1), list[int]()
    present.newest.on_older = lambda: older.append(1)
    assert leads(present) == []
    write(engine, clock, "new")
    with slow_reading(monkeypatch) as (begun, go), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(leads, present)
        assert begun.acquire(timeout=20)
        assert leads(present) == []  # at once
        assert older == [1]
        go.release()
        assert waiting.result(20) == ["new"]
    assert leads(present) == ["new"]
    present.close()


def test_who_comes_after_a_reading_failed_reads_again(engine: Engine, clock: FixedClock) -> None:
    present = Present(engine)
    write(engine, clock, "l")
    failing = [ValueError("no room")]

    def prepare(_history: object) -> None:
        if failing:
            raise failing.pop()

    present.prepare = prepare
    with pytest.raises(ValueError, match="no room"):
        present.history(NOW)
    assert leads(present) == ["l"]
    present.close()


def test_nobody_is_answered_with_the_reading_of_another_instant(
    engine: Engine, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(engine, clock, "l")
    present = Present(engine, crowd=3)
    long_ago = NOW - timedelta(days=300)
    with slow_reading(monkeypatch) as (begun, go), ThreadPoolExecutor(3) as pool:
        first = pool.submit(leads, present)
        assert begun.acquire(timeout=20)  # nothing is kept yet, so that the past waits in the same line
        past = pool.submit(leads, present, long_ago)
        again = pool.submit(leads, present)
        while present.newest._waiting < 3:
            time.sleep(0.01)
        go.release(8)
        assert (first.result(20), past.result(20), again.result(20)) == (["l"], [], ["l"])
    present.close()
