"""A history brought up to date equals one that is read anew, whatever was written in between."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from pandas.testing import assert_frame_equal
from sqlalchemy import Engine

import store.present
from domain.resources import LEARNED
from store.engine import reading
from store.history import load_history
from store.present import Reading, read_present
from store.unit_of_work import UnitOfWork
from tests.conftest import FixedClock

NOW = datetime(2024, 6, 1, tzinfo=UTC)
Write = Callable[[UnitOfWork], object]


def add_activities(work: UnitOfWork, kind: str = "visit") -> None:
    for k in range(3):
        row = {"partner": "p1", "occurred_at": NOW - timedelta(days=k), "kind": kind, "attributes": {f"{kind}{k}": k}}
        work.repository("activities").create(row)


def add_early(work: UnitOfWork) -> None:
    later = {"recorded_at": NOW + timedelta(hours=2)}
    work.repository("activities").create({"partner": "p2", "occurred_at": NOW, "kind": "login"} | later)


def add_deal(work: UnitOfWork) -> None:
    closed = {"outcome": "won", "amount": "5", "closed_at": NOW + timedelta(hours=1)}
    work.repository("deals").create({"external_id": "d1", "partner": "p1", "registered_at": NOW} | closed)


WRITES: dict[str, Write] = {
    "nothing": lambda _: None,
    "activities": add_activities,
    "an activity that is recorded later": add_early,
    "a deal": add_deal,
    "a changed deal": lambda work: work.repository("deals").patch("d1", {"amount": "7"}),
    "a changed partner": lambda work: work.repository("partners").patch("p1", {"tier": "gold"}),
    "a lead": lambda work: work.repository("leads").create({"external_id": "l1", "created_at": NOW}),
    "more activities": lambda work: add_activities(work, "call"),
    "a deal less": lambda work: work.repository("deals").delete("d1"),
}


def newest(engine: Engine, now: datetime, earlier: Reading | None) -> Reading:
    with engine.connect() as connection:
        return read_present(reading(connection), now, earlier)


def test_it_equals_what_is_read_anew(engine: Engine, clock: FixedClock) -> None:
    with UnitOfWork(engine, clock=clock) as work:
        for name in ("p1", "p2"):
            work.repository("partners").create({"external_id": name, "name": name, "recruited_at": NOW})
    found = None
    for k, write in enumerate([*WRITES.values(), *[WRITES["nothing"]] * 8]):
        clock.now = NOW + timedelta(minutes=20 * k)
        with UnitOfWork(engine, clock=clock) as work:
            write(work)
        found = newest(engine, clock.now, found)
        with engine.connect() as connection:
            anew = load_history(reading(connection), clock.now)
        for name in LEARNED:
            assert_frame_equal(found.history.frame(name), anew.frame(name), obj=f"{name} after write {k}")


def test_of_many_activities_only_new_ones_are_read(
    engine: Engine, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with UnitOfWork(engine, clock=clock) as work:
        work.repository("partners").create({"external_id": "p1", "name": "p1", "recruited_at": NOW})
        add_activities(work)
    found = newest(engine, NOW, None)
    with UnitOfWork(engine, clock=clock) as work:
        add_activities(work, "call")
    read: dict[str, int] = {}
    plain = store.present.read_frames

    def counted(*arguments, **more):
        frames = plain(*arguments, **more)
        read.update({name: len(frame) for name, frame in frames.items()})
        return frames

    monkeypatch.setattr(store.present, "read_frames", counted)
    assert len(newest(engine, NOW, found).rows["activities"]) == 6
    assert read == {"activities": 3, "changes": 0}
