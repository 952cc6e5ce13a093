"""Routing under whatever may happen: any order of workers, answers, people, crashes and clocks."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from domain.errors import AllywiseError
from domain.routing import Weekday
from domain.terms import AssignmentResponse as R
from programme import records
from programme.offers import answer_offer, offer_lead
from programme.routing import pull_back, stop
from programme.routing_overrides import end_override
from programme.routing_round import RoutingUpkeep
from store.engine import create_store_engine
from tests.conftest import FixedClock
from tests.programme.crashes import crashing
from tests.programme.routing_laws import Books, check_told
from tests.programme.routing_world import Routed, open_routed

PARTNERS, LEADS, WORKERS = 4, 2, 8
partners = st.integers(1, PARTNERS).map("P-{}".format)
leads = st.integers(1, LEADS).map("L-{}".format)
crashes = st.one_of(st.none(), st.integers(0, 60))


class RoutingMachine(RuleBasedStateMachine):
    """Leads of a small programme, and eight workers on them."""

    open_engine: ClassVar[Callable[[], Engine]]

    def __init__(self) -> None:
        super().__init__()
        self.clock = FixedClock()
        self.engine = type(self).open_engine()
        self.contact: dict[int, datetime | None] = {}

    @initialize(
        hops=st.integers(1, 3),
        contact=st.sampled_from([None, 30]),
        days=st.sampled_from([[], [str(day) for day in tuple(Weekday)[:5]]]),
        most=st.sampled_from([None, 1]),
    )
    def open(self, hops: int, contact: int | None, days: list[str], most: int | None) -> None:
        policy = {"max_hops": hops, "answer_hours": 20.0, "remind_hours": 5.0, "working_days": days}
        policy["first_contact_hours"] = contact
        self.world: Routed = open_routed(self.engine, self.clock, PARTNERS, LEADS, policy)
        with self.world.system() as work:
            work.repository("partners").patch("P-1", {"max_open_leads": most})
        self.workers = [RoutingUpkeep(self.engine, self.clock, self.world.ranking) for _ in range(WORKERS)]
        for number in range(1, LEADS + 1):
            self.world.begin(f"L-{number}")

    @rule(lead=leads)
    def begin(self, lead: str) -> None:
        with suppress(AllywiseError):
            self.world.begin(lead)

    @rule(worker=st.integers(0, WORKERS - 1), crash=crashes)
    def work(self, worker: int, crash: int | None) -> None:
        with crashing(self.engine, crash):
            self.workers[worker].run()

    @rule(hours=st.sampled_from([0, 1, 4, 16, 19, 21]), worker=st.integers(0, WORKERS - 2))
    def all_is_well(self, hours: int, worker: int) -> None:
        self.clock.advance(hours=hours)
        for each in self.workers[worker : worker + 2] * 2:
            each.run()

    @rule(lead=leads, worker=st.integers(0, WORKERS - 1))
    def decline_and_go_on(self, lead: str, worker: int) -> None:
        self.workers[worker].run()
        self.answer_whoever_has_it(lead)
        self.workers[worker].run()

    @rule(lead=leads, partner=partners, response=st.sampled_from([R.ACCEPTED, R.DECLINED, R.DECLINED]), crash=crashes)
    def answer(self, lead: str, partner: str, response: R, crash: int | None) -> None:
        for row in self.world.offers(lead):
            if row["partner"] == partner and row["response"] in (None, "accepted"):
                with suppress(AllywiseError), crashing(self.engine, crash), self.world.partner(partner) as work:
                    answer_offer(work, row["id"], response)

    def answer_whoever_has_it(self, lead: str) -> None:
        for row in self.world.offers(lead):
            if row["response"] is None:
                with suppress(AllywiseError), self.world.partner(row["partner"]) as work:
                    answer_offer(work, row["id"], R.DECLINED)

    @rule(lead=leads, go_on=st.booleans())
    def pull_back(self, lead: str, go_on: bool) -> None:
        with suppress(AllywiseError), self.world.staff() as work:
            pull_back(work, lead, go_on=go_on)

    def stop(self, lead: str) -> None:
        with suppress(AllywiseError), self.world.staff() as work:
            stop(work, lead)

    @rule(lead=leads, partner=partners)
    def choose(self, lead: str, partner: str) -> None:
        with suppress(AllywiseError), self.world.staff() as work:
            records.create(work, "routing_overrides", {"lead": lead, "partner": partner, "reason": "why not"})

    def choose_no_more(self, lead: str) -> None:
        with suppress(AllywiseError), self.world.staff() as work:
            end_override(work, lead)

    def offer_by_hand(self, lead: str, partner: str) -> None:
        with suppress(AllywiseError), self.world.staff() as work:
            offer_lead(work, {"lead": lead, "partner": partner})

    @rule(partner=partners, days=st.one_of(st.none(), st.integers(1, 60)))
    def go_away(self, partner: str, days: int | None) -> None:
        until = None if days is None else self.clock() + timedelta(days=days)
        with suppress(AllywiseError), self.world.staff() as work:
            records.create(work, "absences", {"partner": partner, "since": self.clock(), "until": until})

    @rule(hours=st.sampled_from([1, 5, 16, 21, 80]))
    def time_passes(self, hours: int) -> None:
        self.clock.advance(hours=hours)

    @rule(hours=st.sampled_from([-900, -30, -1, -1, 9000]))
    def the_clock_jumps(self, hours: int) -> None:
        self.clock.advance(hours=hours)

    def close(self, lead: str) -> None:
        with suppress(AllywiseError), self.world.staff() as work:
            row = {"external_id": f"D-{lead}", "lead": lead, "partner": "P-2", "registered_at": self.clock()}
            records.create(work, "deals", {**row, "outcome": "lost", "closed_at": self.clock()})

    @rule(lead=leads, partner=partners, what=st.sampled_from(["stop", "choose_no_more", "offer_by_hand", "close"]))
    def somebody_steps_in(self, lead: str, partner: str, what: str) -> None:
        if what == "offer_by_hand":
            self.offer_by_hand(lead, partner)
        elif what != "close" or self.clock().hour % 3 == 0:  # what is closed stays closed: not too often
            getattr(self, what)(lead)

    @invariant()
    def laws_hold(self) -> None:
        books = self.books()
        books.check()
        for route in books.routes:
            assert self.contact.setdefault(route.lead_id, route.contact_until) == route.contact_until

    def books(self) -> Books:
        with self.engine.connect() as connection:
            return Books.read(connection)

    def teardown(self) -> None:
        if hasattr(self, "workers"):
            self._come_to_rest()
        self.engine.dispose()

    def _come_to_rest(self) -> None:
        """Every lead gets somewhere, once nobody dies any more and time goes on."""
        for _ in range(6):
            self.clock.advance(days=60)
            for worker in self.workers * 3:
                worker.run()
            books = self.books()
            books.check()
            assert books.late(self.clock()) == []
        assert {route.state for route in books.routes} <= {"accepted", "person", "closed"}
        with self.engine.connect() as connection:
            check_told(connection)


def run(open_engine: Callable[[], Engine], examples: int) -> None:
    class Machine(RoutingMachine):
        pass

    Machine.open_engine = staticmethod(open_engine)  # type: ignore[assignment]
    wanted = settings(
        max_examples=examples,
        stateful_step_count=50,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=(Phase.generate,),  # to make a failure shorter would take minutes
    )
    run_state_machine_as_test(Machine, settings=wanted)


def test_routing_under_whatever_may_happen(sqlite_template: Path) -> None:
    with TemporaryDirectory() as folder:
        count = iter(range(10**6))

        def open_engine() -> Engine:
            path = Path(folder) / f"{next(count)}.db"
            shutil.copyfile(sqlite_template, path)
            return create_store_engine(f"sqlite:///{path}")

        run(open_engine, 25)
