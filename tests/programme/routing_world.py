"""A small programme in which leads are routed, and a ranking that is the same each time."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine

from domain.context import Clock
from domain.routing import RoutingPolicy
from programme import records
from programme.routing import start
from programme.routing_ranking import Decision
from programme.routing_round import RoutingUpkeep
from store.routes import Route, route_of
from tests.conftest import NOW
from tests.programme.claims_world import World, open_world


class Ranking:
    """Ranks the partners in one order for all leads, those that are given up left out."""

    def __init__(self, partners: Sequence[str], clock: Clock) -> None:
        self.partners = list(partners)
        self.clock = clock
        self.asked: list[str] = []

    def __call__(self, leads: Mapping[str, RoutingPolicy]) -> Mapping[str, Decision]:
        self.asked += leads
        return {lead: self.decision(lead) for lead in leads}

    def decision(self, lead: str) -> Decision:
        found = [
            {"partner": name, "rank": rank, "p_win": round(0.9 / rank, 3), "propensity": float(rank == 1)}
            for rank, name in enumerate(self.partners, 1)
        ]
        answer: dict[str, Any] = {"candidates": found, "excluded": []}
        return Decision(uuid4().hex, self.clock(), "baseline", {"lead_id": lead}, answer, [{} for _ in found])


class Routed(World):
    """A world with leads, a policy, and one worker."""

    ranking: Ranking

    def worker(self) -> RoutingUpkeep:
        return RoutingUpkeep(self.engine, self.clock, self.ranking)

    def run(self) -> None:
        """Do what is due until nothing is."""
        worker = self.worker()
        for _ in range(20):
            if not worker.run():
                return
        raise AssertionError("it does not come to rest")

    def begin(self, lead: str = "L-1") -> Route:
        with self.staff() as work:
            return start(work, lead)

    def route(self, lead: str = "L-1") -> Route:
        with self.system() as work:
            found = route_of(work.connection, work.repository("leads").get(lead)["id"])
        assert found is not None
        return found

    def offers(self, lead: str = "L-1") -> list[dict[str, Any]]:
        with self.system() as work:
            return work.repository("assignments").list({"lead": lead}, limit=100).rows

    def answers(self, lead: str = "L-1") -> list[tuple[str, str | None]]:
        return [(row["partner"], row["response"]) for row in self.offers(lead)]

    def events(self, *names: str) -> list[tuple[str, dict[str, Any]]]:
        with self.system() as work:
            found = work.events.list(0, 1000).items
        return [(event.name, dict(event.payload)) for event in found if event.name in names]


def open_routed(
    engine: Engine, clock: Clock, partners: int = 4, leads: int = 1, policy: dict[str, Any] | None = None, **rules: Any
) -> Routed:
    """Return a world with leads L-1 ... of a programme, its partners P-1 ... ranked in that order."""
    plain = open_world(engine, clock, partners, **rules)
    world = Routed(engine, clock)
    world.ids = plain.ids
    world.ranking = Ranking(list(plain.ids), clock)
    with world.system() as work:
        if policy is not None:
            row = {"external_id": "p", "name": "Fast", "program": "resale", **policy}
            work.repository("routing_policies").create(row)
        for number in range(1, leads + 1):
            row = {"external_id": f"L-{number}", "created_at": NOW, "company": "Acme", "program": "resale"}
            records.create(work, "leads", row)
    return world
