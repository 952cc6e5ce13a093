"""The life of an offered lead: offers, answers, clocks, a person at last."""

from datetime import timedelta

import pytest

from domain.context import Actor
from domain.errors import CannotAnswer, Conflict, InvalidInput, NotFound
from domain.terms import AssignmentResponse as R
from domain.terms import Role
from programme import records
from programme.offers import answer_offer, offer_lead
from programme.routing import pull_back, start, stop
from programme.routing_view import routing_of
from store.overrides import override_of
from store.routes import claim_routes, hops_of, list_routes
from store.unit_of_work import UnitOfWork
from tests.conftest import NOW
from tests.programme.routing_world import Routed, open_routed


def answer(world: Routed, partner: str, response: R, lead: str = "L-1", reason: str | None = None) -> None:
    (row,) = [one for one in world.offers(lead) if one["partner"] == partner and one["response"] in (None, "accepted")]
    with world.partner(partner) as work:
        answer_offer(work, row["id"], response, reason)


def override(world: Routed, partner: str, **values: object) -> dict:
    with world.staff() as work:
        row = {"lead": "L-1", "partner": partner, "reason": "they know them", **values}
        return records.create(work, "routing_overrides", row)


def test_declined_goes_to_the_next_and_accepted_stays(engine, clock):
    world = open_routed(engine, clock)
    assert world.begin().state == "open"
    world.run()
    assert (world.route().state, world.route().hops, world.answers()) == ("offered", 1, [("P-1", None)])
    assert world.route().due_at == NOW + timedelta(hours=48)  # the reminder, a day before the end
    answer(world, "P-1", R.DECLINED, reason="too far")
    world.run()
    assert world.answers() == [("P-1", "declined"), ("P-2", None)]
    answer(world, "P-2", R.ACCEPTED)
    assert world.route().state == "accepted"  # at once, whether or not a worker runs
    world.run()
    assert (world.route().state, world.route().due_at, world.route().hops) == ("accepted", None, 2)
    lead_id = world.route().lead_id
    with world.system() as work:
        hops = hops_of(work.connection, lead_id)
        runs = [work.match_runs.get(hop.match_id) for hop in hops.values()]
    assert [hop.hop for hop in hops.values()] == [1, 2]
    assert [run.response["candidates"][0]["partner"] for run in runs] == ["P-1", "P-1"]


def test_an_offer_expires_by_its_clock_after_one_reminder(engine, clock):
    world = open_routed(engine, clock, policy={"answer_hours": 10.0, "remind_hours": 4.0})
    world.begin()
    world.run()
    clock.advance(hours=6)
    for _ in range(3):
        world.run()
    assert [payload["partner"] for _, payload in world.events("assignment.reminded")] == ["P-1"]
    clock.advance(hours=3, minutes=59)
    world.run()
    assert world.answers() == [("P-1", None)]
    clock.advance(minutes=1)
    world.run()
    assert world.answers() == [("P-1", "expired"), ("P-2", None)]
    clock.now -= timedelta(days=400)  # what has passed does not un-pass
    world.run()
    assert world.answers() == [("P-1", "expired"), ("P-2", None)]


def test_after_the_last_hop_a_person_decides(engine, clock):
    world = open_routed(engine, clock, policy={"max_hops": 2})
    world.begin()
    for _ in range(3):
        world.run()
        clock.advance(days=4)
    assert (world.route().state, world.route().hops) == ("person", 2)
    assert world.answers() == [("P-1", "expired"), ("P-2", "expired")]
    ((_, told),) = world.events("lead.needs_person")
    assert (told["lead"], told["reason"], told["hops"]) == ("L-1", "hop_limit", 2)
    assert world.begin().hops == 0  # a person may let it go on
    world.run()
    assert world.answers()[-1] == ("P-3", None)


def test_nobody_left_is_a_persons_lead(engine, clock):
    world = open_routed(engine, clock, partners=1)
    world.begin()
    world.run()
    answer(world, "P-1", R.DECLINED)
    world.run()
    assert (world.route().state, world.route().note) == ("person", "No eligible partner is left.")


def test_a_candidate_with_full_hands_is_passed_over(engine, clock):
    world = open_routed(engine, clock, leads=2)
    with world.staff() as work:
        records.change(work, "partners", "P-1", {"max_open_leads": 1})
    world.begin("L-1")
    world.begin("L-2")
    world.run()
    assert sorted([world.answers("L-1")[0][0], world.answers("L-2")[0][0]]) == ["P-1", "P-2"]


def test_when_all_hands_are_full_it_waits_for_a_fresh_ranking_and_then_for_a_person(engine, clock):
    world = open_routed(engine, clock, partners=1, leads=2)
    with world.staff() as work:
        records.change(work, "partners", "P-1", {"max_open_leads": 1})
    world.begin("L-1")
    world.run()
    world.begin("L-2")
    world.run()
    assert (world.route("L-2").state, world.route("L-2").due_at) == ("open", NOW + timedelta(seconds=30))
    for _ in range(10):
        clock.advance(hours=1)
        world.run()
    assert (world.route("L-2").state, world.route("L-2").hops) == ("person", 0)
    assert "1 open leads" in world.route("L-2").note


def test_the_customers_clock_is_told_once_and_no_hop_moves_it(engine, clock):
    world = open_routed(engine, clock, first_contact_hours=100)
    until = world.begin().contact_until
    assert until == NOW + timedelta(hours=100)
    for _ in range(4):
        world.run()
        clock.advance(hours=30)
    world.run()
    assert world.route().contact_until == until
    ((_, told),) = world.events("lead.customer_waiting")
    assert (told["lead"], told["state"]) == ("L-1", "offered")
    assert world.route().state == "offered"  # offers go on


def test_an_accepted_lead_does_not_wait(engine, clock):
    world = open_routed(engine, clock, first_contact_hours=10)
    world.begin()
    world.run()
    answer(world, "P-1", R.ACCEPTED)
    clock.advance(hours=20)
    world.run()
    assert world.events("lead.customer_waiting") == []
    answer(world, "P-1", R.DECLINED, reason="they want French")
    world.run()
    assert len(world.events("lead.customer_waiting")) == 1  # given back, and late
    assert world.answers() == [("P-1", "declined"), ("P-2", None)]


def test_a_deal_that_is_won_ends_it(engine, clock):
    world = open_routed(engine, clock)
    world.begin()
    world.run()
    won = {"outcome": "won", "closed_at": NOW, "lead": "L-1", "company": "Acme"}
    with world.staff() as work:
        records.create(work, "deals", {"external_id": "D-1", "partner": "P-3", "registered_at": NOW, **won})
    world.run()
    assert (world.route().state, world.answers()) == ("closed", [("P-1", "withdrawn")])
    with pytest.raises(Conflict, match="closed"):
        world.begin()


def test_what_an_import_brings_is_found(engine, clock):
    world = open_routed(engine, clock)
    world.begin()
    world.run()
    answer(world, "P-1", R.ACCEPTED)
    world.run()
    won = {"outcome": "lost", "closed_at": NOW, "lead": "L-1"}
    with world.system() as work:  # past the rules
        row = {"external_id": "D-1", "partner": "P-1", "registered_at": NOW, **won}
        work.repository("deals").create(row)
    world.run()
    assert world.route().state == "closed"


def test_pull_back_goes_on_or_leaves_it_to_a_person(engine, clock):
    world = open_routed(engine, clock)
    world.begin()
    world.run()
    with world.staff() as work:
        assert pull_back(work, "L-1", reason="wrong region").state == "open"
    world.run()
    answer(world, "P-2", R.ACCEPTED)
    with world.staff() as work:
        assert pull_back(work, "L-1", go_on=False).state == "person"
    world.run()
    assert world.answers() == [("P-1", "withdrawn"), ("P-2", "withdrawn")]
    assert world.events("lead.needs_person") == []
    with pytest.raises(Conflict, match="No partner has lead"), world.staff() as work:
        pull_back(work, "L-1")


def test_stopped_and_begun_again(engine, clock):
    world = open_routed(engine, clock, first_contact_hours=50)
    first = world.begin()
    world.run()
    with pytest.raises(Conflict, match="already"):
        world.begin()
    with world.staff() as work:
        assert stop(work, "L-1", "the customer called us").state == "closed"
    clock.advance(days=1)
    world.run()
    assert (world.route().note, world.answers()) == ("the customer called us", [("P-1", "withdrawn")])
    again = world.begin()
    assert (again.contact_until, again.started_at) == (first.contact_until, first.started_at)
    world.run()
    assert world.answers()[-1] == ("P-2", None)
    with pytest.raises(NotFound), world.staff() as work:
        stop(work, "L-9")


def test_a_person_chooses_the_next_partner(engine, clock):
    world = open_routed(engine, clock, policy={"max_hops": 1})
    override(world, "P-3")
    world.begin()
    world.run()
    assert (world.answers(), world.route().hops) == ([("P-3", None)], 0)  # a person's choice is no hop of the policy
    lead_id = world.route().lead_id
    with world.system() as work:
        (hop,) = hops_of(work.connection, lead_id).values()
        assert work.match_runs.get(hop.match_id).response["candidates"][0]["partner"] == "P-1"
    assert (hop.hop, hop.override is not None) == (None, True)
    answer(world, "P-3", R.DECLINED)
    world.run()
    assert world.answers() == [("P-3", "declined"), ("P-1", None)]
    with world.system() as work:
        assert override_of(work.connection, lead_id, clock()) is None


def test_a_choice_brings_a_lead_back_from_a_person_and_runs_out(engine, clock):
    world = open_routed(engine, clock, partners=2, policy={"max_hops": 1})
    world.begin()
    world.run()
    answer(world, "P-1", R.DECLINED)
    world.run()
    assert world.route().state == "person"
    clock.advance(minutes=1)
    override(world, "P-2", expires_at=NOW + timedelta(days=1))
    world.run()
    assert world.answers()[-1] == ("P-2", None)
    clock.advance(days=2)
    lead_id = world.route().lead_id
    with world.system() as work:
        assert override_of(work.connection, lead_id, clock()) is None


def test_a_choice_that_cannot_be_is_told(engine, clock):
    world = open_routed(engine, clock)
    world.begin()
    world.run()
    answer(world, "P-1", R.DECLINED)
    override(world, "P-1")
    world.run()
    assert world.route().state == "person"
    assert "declined this lead" in world.route().note
    ((_, told),) = world.events("lead.needs_person")
    assert told["reason"] == "override_refused"


def test_overrides_are_signed_and_follow_one_another(engine, clock):
    world = open_routed(engine, clock)
    first = override(world, "P-2")
    assert (first["set_by"], first["set_at"], first["ended_at"]) == ("maria", NOW, None)
    assert first["expires_at"] == NOW + timedelta(days=30)
    override(world, "P-3")
    with world.staff() as work:
        assert work.repository("routing_overrides").get(first["id"])["ended_at"] == NOW
        with pytest.raises(Conflict, match="has ended"):
            records.change(work, "routing_overrides", first["id"], {"reason": "other"})
    for wrong in ({"expires_at": NOW}, {"set_by": "me"}, {"ended_at": NOW}):
        with pytest.raises(InvalidInput):
            override(world, "P-2", **wrong)
    with pytest.raises(Conflict, match="not removed"), world.staff() as work:
        records.remove(work, "routing_overrides", first["id"])


def test_offers_by_hand_belong_to_the_route(engine, clock):
    world = open_routed(engine, clock, policy={"max_hops": 1})
    world.begin()
    world.run()
    answer(world, "P-1", R.DECLINED)
    world.run()
    assert world.route().state == "person"
    with world.staff() as work:
        offer_lead(work, {"lead": "L-1", "partner": "P-4"})
    world.run()
    assert world.route().state == "offered"
    clock.advance(days=4)
    world.run()
    assert (world.route().state, world.answers()[-1]) == ("person", ("P-4", "expired"))


def test_one_bad_lead_does_not_hold_up_the_others(engine, clock):
    world = open_routed(engine, clock, leads=3)
    plain = world.ranking

    class Choosy(type(plain)):
        def __call__(self, leads):
            if "L-2" in leads:
                raise CannotAnswer("the models are away")
            return super().__call__(leads)

    world.ranking = Choosy(plain.partners, clock)
    for lead in ("L-1", "L-2", "L-3"):
        world.begin(lead)
    world.run()
    assert [world.route(lead).state for lead in ("L-1", "L-2", "L-3")] == ["offered", "open", "offered"]
    assert (world.route("L-2").note, world.route("L-2").tries) == ("the models are away", 1)
    world.ranking = plain
    clock.advance(seconds=30)
    world.run()
    assert (world.route("L-2").state, world.route("L-2").note) == ("offered", None)


def test_a_lease_is_taken_over_and_a_clock_that_went_back_keeps_none(engine, clock):
    world = open_routed(engine, clock)
    world.begin()
    with world.system() as work:
        assert len(claim_routes(work.connection, clock(), 10)) == 1
    with world.system() as work:
        assert claim_routes(work.connection, clock(), 10) == []
    world.run()
    assert world.answers() == []  # somebody has it in hand, who then dies
    clock.advance(minutes=11)
    world.run()
    assert world.answers() == [("P-1", None)]
    answer(world, "P-1", R.DECLINED)
    clock.advance(days=300)
    with world.system() as work:
        assert len(claim_routes(work.connection, clock(), 10)) == 1
    clock.advance(days=-299)
    world.run()
    assert world.answers()[-1] == ("P-2", None)


def test_new_leads_are_routed_by_themselves(engine, clock):
    world = open_routed(engine, clock, leads=4, policy={"automatic": False})
    with world.staff() as work:
        offer = offer_lead(work, {"lead": "L-2", "partner": "P-2"})
        answer_offer(work, offer["id"], R.ACCEPTED)
        records.create(work, "deals", {"external_id": "D", "partner": "P-1", "registered_at": NOW, "lead": "L-3"})
        old = {"external_id": "old", "created_at": NOW - timedelta(days=1), "program": "resale"}
        other = {"external_id": "other", "created_at": NOW}
        for row in (old, other):
            records.create(work, "leads", row)
    world.run()
    assert world.answers("L-1") == []
    with world.staff() as work:
        records.change(work, "routing_policies", "p", {"automatic": True})
    world.run()
    found = {lead: world.answers(lead) for lead in ("L-1", "L-2", "L-3", "L-4", "old", "other")}
    assert found == {
        "L-1": [("P-1", None)],
        "L-2": [("P-2", "accepted")],
        "L-3": [],
        "L-4": [("P-1", None)],
        "old": [],
        "other": [],
    }


def test_the_policy_is_that_of_the_start(engine, clock):
    world = open_routed(engine, clock, policy={"max_hops": 1})
    world.begin()
    with world.staff() as work:
        records.change(work, "routing_policies", "p", {"max_hops": 9})
    world.run()
    answer(world, "P-1", R.DECLINED)
    world.run()
    assert world.route().state == "person"
    assert world.route().policy["max_hops"] == 1
    with pytest.raises(NotFound), world.staff() as work:
        start(work, "nothing")


def test_a_manager_of_a_portfolio_sees_its_own(engine, clock):
    world = open_routed(engine, clock, partners=2, leads=2)
    with world.system() as work:
        work.repository("partners").patch("P-2", {"account_manager": "ann"})
    world.begin("L-1")
    world.run()
    ann = Actor("ann", Role.MANAGER, user_id=1, portfolio=frozenset({"ann"}))
    with UnitOfWork(engine, ann, clock) as work:
        assert list_routes(work.connection, ann) == []
        for act in (routing_of, stop, pull_back):
            with pytest.raises(NotFound):
                act(work, "L-1")
    answer(world, "P-1", R.DECLINED, reason="secret")
    world.run()
    with UnitOfWork(engine, ann, clock) as work:
        assert [route.lead for route in list_routes(work.connection, ann)] == ["L-1"]
        told = routing_of(work, "L-1")
    assert [offer["partner"] for offer in told["offers"]] == ["P-2"]
    assert "P-1" not in str(told["offers"])
