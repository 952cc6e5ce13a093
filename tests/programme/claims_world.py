"""A small programme in which partners claim customers."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from domain.context import SYSTEM, Actor, Clock
from domain.terms import Role
from programme import records
from store.unit_of_work import UnitOfWork


class World:
    """Partners of a programme, and units of work on behalf of each."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine = engine
        self.clock = clock
        self.ids: dict[str, int] = {}

    @contextmanager
    def system(self) -> Iterator[UnitOfWork]:
        with UnitOfWork(self.engine, SYSTEM, self.clock) as work:
            yield work

    @contextmanager
    def staff(self, role: Role = Role.MANAGER) -> Iterator[UnitOfWork]:
        with UnitOfWork(self.engine, Actor("maria", role), self.clock) as work:
            yield work

    @contextmanager
    def partner(self, name: str) -> Iterator[UnitOfWork]:
        with UnitOfWork(self.engine, Actor(name, Role.PARTNER, self.ids[name]), self.clock) as work:
            yield work

    def deal(self, key: str) -> dict:
        with self.system() as work:
            return work.repository("deals").get(key)

    def registration(self, key: str) -> dict:
        with self.system() as work:
            return work.repository("registrations").find((key,))


def open_world(engine: Engine, clock: Clock, partners: int = 3, **rules: object) -> World:
    """Return a world with partners P-1, P-2 ... of a programme that has these rules."""
    world = World(engine, clock)
    with world.system() as work:
        work.repository("programs").create({"external_id": "resale", "name": "Resale"})
        if rules:
            work.repository("program_rules").create({"program": "resale", **rules})
        for number in range(1, partners + 1):
            name = f"P-{number}"
            row = {"external_id": name, "name": f"Partner {number}", "program": "resale", "status": "active"}
            world.ids[name] = records.create(work, "partners", row)["id"]
    return world
