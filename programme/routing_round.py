"""Rounds of routing: begin what is to be routed, take what is due in hand, step each lead; several workers at once."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from domain.context import SYSTEM, Clock
from domain.errors import AllywiseError
from domain.routing import policy_of
from intelligence.context import Intelligence
from programme.routing import postpone, start, step
from programme.routing_ranking import Decide, Decision, decide
from store.claims import lock_lead
from store.engine import Engine
from store.route_starts import leads_to_route
from store.routes import Route, any_due, claim_routes, strays, wake_route
from store.unit_of_work import UnitOfWork

BATCH = 50
"""Leads that a round takes in hand: they are ranked on one history."""

STARTS = 100
"""Leads at the most that begin to be routed by themselves, or are found changed past the rules, at one time."""

SWEEP_EVERY = timedelta(seconds=30)
"""How often is looked for new leads, and for what came past the rules, as imports do."""

_log = logging.getLogger(__name__)


class RoutingUpkeep:
    """Steps routes that are due, a few at a time; several may run at once, in one process or many.

    Parameters
    ----------
    engine : Engine
        The store.
    clock : callable
        The time.
    rank : callable
        Ranks partners for leads: `ranking_by` the models.
    batch : int
        Leads that a round takes in hand.
    """

    def __init__(self, engine: Engine, clock: Clock, rank: Decide, batch: int = BATCH) -> None:
        self._engine = engine
        self._batch = batch
        self._clock = clock
        self._rank = rank
        self._swept_at: datetime | None = None

    def run(self) -> int:
        """Do what is due, and return for how many leads."""
        self._sweep()
        with self._work(read_only=True) as work:
            due = any_due(work.connection, work.clock())
        if not due:
            return 0
        with self._work() as work:
            claimed = claim_routes(work.connection, work.clock(), self._batch)
        to_rank = [route for lead_id in claimed if (route := self._step(lead_id)) is not None]
        for route, decision in self._decisions(to_rank):
            if isinstance(decision, str):
                self._put_off(route.lead_id, decision, route)
            else:
                self._step(route.lead_id, decision, route)
        return len(claimed)

    def _sweep(self) -> None:
        now = self._clock()
        if self._swept_at is not None and self._swept_at <= now < self._swept_at + SWEEP_EVERY:
            return
        with self._work(read_only=True) as work:
            new = leads_to_route(work.connection, now, STARTS)
            changed = strays(work.connection, now, STARTS)
        for lead_id in new:
            try:
                with self._work() as work:
                    start(work, lead_id)
            except AllywiseError as error:  # somebody else was faster, mostly
                _log.info("lead %s does not begin to be routed: %s", lead_id, error.message)
        for lead_id in changed:
            with self._work() as work:
                lock_lead(work.connection, lead_id)
                wake_route(work.connection, lead_id, now)
        self._swept_at = now

    def _step(self, lead_id: int, decision: Decision | None = None, route: Route | None = None) -> Route | None:
        try:
            with self._work() as work:
                return step(work, lead_id, decision)
        except AllywiseError as error:
            self._put_off(lead_id, error.message, route)
        except Exception as error:  # noqa: BLE001  # the boundary: what is wrong with one lead must not stop the others
            _log.exception("the route of lead %s could not be stepped", lead_id)
            self._put_off(lead_id, f"{type(error).__name__}: {error}", route)
        return None

    def _put_off(self, lead_id: int, note: str, route: Route | None) -> None:
        """Put a lead off that could not be stepped; if not even that can be written, its lease runs out."""
        with self._work() as work:
            postpone(work, lead_id, note, None if route is None else route.version)

    def _decisions(self, routes: Sequence[Route]) -> list[tuple[Route, Decision | str]]:
        """Return a decision for each, or why there is none: all at once, and one by one if that fails."""
        try:
            found: Mapping[str, Decision] = self._ranked(routes)
        except AllywiseError as error:
            if len(routes) == 1:
                return [(routes[0], error.message)]
            return [pair for route in routes for pair in self._decisions([route])]
        return [(route, found[route.lead]) for route in routes]

    def _ranked(self, routes: Sequence[Route]) -> Mapping[str, Decision]:
        return self._rank({route.lead: policy_of(route.policy) for route in routes}) if routes else {}

    def _work(self, *, read_only: bool = False) -> UnitOfWork:
        return UnitOfWork(self._engine, SYSTEM, self._clock, read_only=read_only)


def ranking_by(context: Intelligence) -> Decide:
    """Return what ranks partners for leads by the models of a context."""
    return lambda leads: decide(context, leads)
