"""A year of leads on PostgreSQL: eight workers, each a process, some of them killed in the middle of their work."""

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from domain.errors import AllywiseError, CannotAnswer
from domain.routing import RoutingPolicy
from domain.settings import Settings
from domain.terms import AssignmentResponse as R
from intelligence.context import open_intelligence
from programme import records
from programme.offers import answer_offer
from programme.routing import pull_back
from programme.routing_round import RoutingUpkeep, ranking_by
from store.engine import create_store_engine
from store.migrate import upgrade
from store.route_starts import leads_to_route
from store.routes import any_due
from tests.conftest import NOW
from tests.programme.crashes import crashing
from tests.programme.routing_laws import Books, check_told
from tests.programme.routing_world import Routed, open_routed

WORKERS, LEADS, PARTNERS, STEP = 8, 100, 10, timedelta(days=6)
END = NOW + timedelta(days=365)
FORK = multiprocessing.get_context("fork")  # the workers need not read all libraries again


class SharedClock:
    """A clock that all processes read and one sets; ``turns`` counts how often."""

    def __init__(self) -> None:
        self._days = FORK.Value("d", 0.0)
        self._turns = FORK.Value("i", 0)

    @property
    def turns(self) -> int:
        return int(self._turns.value)

    def turn(self) -> None:
        self._turns.value += 1

    def __call__(self) -> datetime:
        return NOW + timedelta(days=self._days.value)

    def set(self, now: datetime) -> None:
        self._days.value = (now - NOW) / timedelta(days=1)


def work(url: str, home: Path, clock: SharedClock, seed: int) -> None:
    """Step what is due until killed; now and then die inside a transaction, and begin anew."""
    engine, chance = create_store_engine(url), random.Random(seed)  # noqa: S311
    intelligence = open_intelligence(engine, Settings(home=home, database_url=url), clock)
    upkeep = RoutingUpkeep(engine, clock, ranking_by(intelligence), batch=4)
    turn = -1
    while True:
        now = clock.turns
        if now == turn:  # nothing was due at this instant: until the next one it does not ask the store
            time.sleep(0.01)
            continue
        try:
            with crashing(engine, chance.randrange(200) if chance.random() < 0.1 else None):
                turn = turn if upkeep.run() else now
        except CannotAnswer:  # others wrote the same rows
            time.sleep(0.01)


class Crew:
    """Eight processes; who is killed is replaced."""

    def __init__(self, url: str, home: Path, clock: SharedClock) -> None:
        self._args = (url, home, clock)
        self._count = 0
        self.killed = 0
        self.processes = [self._hire() for _ in range(WORKERS)]

    def _hire(self) -> BaseProcess:
        self._count += 1
        process = FORK.Process(target=work, args=(*self._args, self._count), daemon=True)
        process.start()
        return process

    def kill(self, place: int) -> None:
        process = self.processes[place]
        os.kill(int(process.pid or 0), signal.SIGKILL)
        process.join()
        self.killed += 1
        self.processes[place] = self._hire()

    def leave(self) -> None:
        for process in self.processes:
            process.kill()
            process.join()


@pytest.fixture
def clock() -> SharedClock:
    return SharedClock()


@pytest.fixture
def world(create_database: Any, clock: SharedClock) -> Iterator[Routed]:
    engine = create_store_engine(create_database("year"))
    upgrade(engine)
    policy = {
        "automatic": True,
        "max_hops": 3,
        "answer_hours": 120.0,
        "remind_hours": 60.0,
        "working_days": ["mon", "tue", "wed", "thu", "fri"],
        "exploration": "epsilon",
        "explored_share": 0.3,
        "explored_within": 1.0,
    }
    yield open_routed(engine, clock, PARTNERS, 0, policy, first_contact_hours=300)
    engine.dispose()


class Story:
    """What leads, partners and people do in a year."""

    def __init__(self, world: Routed, clock: SharedClock) -> None:
        self.world = world
        self.clock = clock
        self.chance = random.Random(5)  # noqa: S311
        self.arrivals = sorted(NOW + timedelta(days=self.chance.uniform(1, 300)) for _ in range(LEADS))
        self.contact: dict[int, datetime | None] = {}

    def happen(self) -> None:
        """Let happen what happens at the present instant."""
        while self.arrivals and self.arrivals[0] <= self.clock():
            self.arrivals.pop(0)
            row = {"external_id": f"Y-{len(self.arrivals)}", "created_at": self.clock(), "program": "resale"}
            with self.world.system() as work:
                records.create(work, "leads", {**row, "industry": self.chance.choice(["retail", "health"])})
        for row in self._offers({"response": None}):
            self._answer(row)
        for row in self._offers({"response": "accepted"}):
            self._go_on(row)
        if self.chance.random() < 0.3:
            values = {"partner": self._partner(), "since": self.clock(), "until": self.clock() + timedelta(days=6)}
            with self.world.staff() as work:
                records.create(work, "absences", values)

    def _offers(self, filters: dict[str, Any]) -> list[dict[str, Any]]:
        with self.world.system() as work:
            return work.repository("assignments").list(filters, limit=1000).rows

    def _partner(self) -> str:
        return f"P-{self.chance.randint(1, PARTNERS)}"

    def _answer(self, row: dict[str, Any]) -> None:
        luck = self.chance.random()
        try:
            if luck < 0.25:
                self._respond(row, R.ACCEPTED)
            elif luck < 0.5:
                self._respond(row, R.DECLINED)
            elif luck < 0.53:
                with self.world.staff() as work:
                    pull_back(work, row["lead"], go_on=self.chance.random() < 0.7)
            elif luck < 0.57:
                values = {"lead": row["lead"], "partner": self._partner(), "reason": "knows them"}
                with self.world.staff() as work:
                    records.create(work, "routing_overrides", values)
        except AllywiseError:
            pass  # a worker was faster

    def _respond(self, row: dict[str, Any], response: R) -> None:
        with self.world.partner(row["partner"]) as work:
            answer_offer(work, row["id"], response)

    def _go_on(self, row: dict[str, Any]) -> None:
        luck = self.chance.random()
        if luck < 0.03:
            self._respond(row, R.DECLINED)
        elif luck < 0.08:
            deal = {"external_id": f"D-{row['lead']}", "lead": row["lead"], "partner": row["partner"]}
            outcome = {"outcome": self.chance.choice(["won", "lost"]), "closed_at": self.clock()}
            try:
                with self.world.staff() as work:
                    records.create(work, "deals", {**deal, "registered_at": self.clock(), **outcome})
            except AllywiseError:
                pass  # it had one

    def check(self) -> Books:
        with self.world.engine.connect() as connection:
            books = Books.read(connection)
        books.check()
        for route in books.routes:
            assert self.contact.setdefault(route.lead_id, route.contact_until) == route.contact_until
        return books


def settle(engine: Engine, clock: SharedClock, seconds: float) -> bool:
    """Wait until nothing is due that nobody has in hand, and no lead waits to be routed."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with engine.connect() as connection:
            if not any_due(connection, clock()) and not leads_to_route(connection, clock(), 1):
                return True
        time.sleep(0.03)
    return False


@pytest.mark.slow
def test_a_year_with_eight_workers_that_die(world: Routed, clock: SharedClock, tmp_path: Path, capsys: Any) -> None:
    url = world.engine.url.render_as_string(hide_password=False)
    context = open_intelligence(world.engine, Settings(home=tmp_path, database_url=url), clock)
    with world.system() as work_:
        records.create(work_, "leads", {"external_id": "elsewhere", "created_at": NOW})
    ranking_by(context)({"elsewhere": RoutingPolicy()})  # all libraries are read once, here
    world.engine.dispose()  # no connection is open while processes split off
    crew, story, now = Crew(url, tmp_path, clock), Story(world, clock), NOW
    try:
        while now < END:
            now += STEP
            back = timedelta(hours=30) if story.chance.random() < 0.05 else timedelta(0)
            clock.set(now - back)
            story.happen()
            clock.turn()
            if story.chance.random() < 0.25:
                crew.kill(story.chance.randrange(WORKERS))
            settle(world.engine, clock, 20)
        for _ in range(9):  # the year is over: what is still on its way gets somewhere
            now += timedelta(days=15)
            clock.set(now)
            clock.turn()
            assert settle(world.engine, clock, 100)
            time.sleep(0.1)  # what is in hand
    finally:
        crew.leave()
    books = story.check()
    assert books.late(clock()) == []
    states = Counter(route.state for route in books.routes)
    assert len(books.routes) == LEADS
    assert set(states) <= {"accepted", "person", "closed"}
    with world.engine.connect() as connection:
        told = check_told(connection)
    with capsys.disabled():
        responses = Counter(str(one.response) for one in books.offers)
        names = ("assignment.reminded", "lead.customer_waiting", "lead.needs_person")
        print(f"\n{LEADS} leads: {dict(states)}; {len(books.offers)} offers: {dict(responses)}; ", end="")  # noqa: T201
        print(f"{crew.killed} workers killed; told: { {name: told[name] for name in names} }")  # noqa: T201
