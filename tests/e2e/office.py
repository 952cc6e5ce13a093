"""Everybody's desk over HTTP, for walks through a whole programme."""

from typing import Any

from fastapi.testclient import TestClient

from domain.context import SYSTEM
from domain.terms import Role
from intelligence.context import Intelligence, open_intelligence
from programme.alert_upkeep import AlertUpkeep
from programme.routing_round import RoutingUpkeep, ranking_by
from store.unit_of_work import UnitOfWork
from tests.conftest import FixedClock
from worker.handlers import WorkerContext
from worker.loop import run_one
from worker.schedule import Schedule


class Office:
    """Everybody's desk: says who asks for what, and fails loudly when the answer is not the expected one."""

    def __init__(self, client: TestClient, clock: FixedClock) -> None:
        self._client = client
        self._clock = clock
        self._services = client.app.state.services
        self._keys: dict[Role | str, str] = {}

    def key_of(self, caller: Role | str) -> str:
        """Return a key of a role, or of the partner with an external id."""
        if caller not in self._keys:
            with UnitOfWork(self._services.intelligence.engine, SYSTEM, self._clock) as work:
                if isinstance(caller, Role):
                    made = work.keys.create(str(caller), caller)
                else:
                    made = work.keys.create(caller, Role.PARTNER, work.repository("partners").get(caller)["id"])
                self._keys[caller] = made.secret
        return self._keys[caller]

    def ask(
        self, caller: Role | str, method: str, path: str, body: Any = None, *, status: int = 200, **query: Any
    ) -> Any:
        headers = {"Authorization": f"Bearer {self.key_of(caller)}"}
        answer = self._client.request(method, f"/v1/{path}", json=body, params=query, headers=headers)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def create(self, caller: Role | str, path: str, **body: Any) -> Any:
        return self.ask(caller, "POST", path, body, status=201)

    def nightly(self) -> None:
        """Let a night pass with all that is due in it."""
        settings, engine = self._services.settings, self._services.intelligence.engine
        context = WorkerContext(settings, self._intelligence(), self._clock)
        Schedule(context).plan()
        self._clock.advance(days=1)
        while run_one(context):
            pass
        AlertUpkeep(engine, settings, self._clock).run()  # the worker attends to alerts all the time

    def route(self, **later: float) -> None:
        """Let time pass, and the worker do what is due of routed leads."""
        self._clock.advance(**later)
        engine, context = self._services.intelligence.engine, self._intelligence()
        upkeep = RoutingUpkeep(engine, self._clock, ranking_by(context))
        while upkeep.run():
            pass

    def _intelligence(self) -> Intelligence:
        return open_intelligence(self._services.intelligence.engine, self._services.settings, clock=self._clock)
