"""Offered leads: whom they may be offered to, one acceptance each, nobody asked twice."""

from datetime import timedelta

import pytest

from domain.errors import Conflict, InvalidInput, NotAllowed, NotFound, UnknownReference
from domain.terms import AssignmentResponse as R
from programme import records
from programme.offers import answer_offer, offer_lead
from tests.conftest import NOW
from tests.programme.claims_world import World, open_world


def with_leads(world: World, count: int = 1) -> World:
    with world.system() as work:
        for number in range(1, count + 1):
            records.create(work, "leads", {"external_id": f"L-{number}", "created_at": NOW, "company": "Acme"})
    return world


def offered(world: World, partner: str, lead: str = "L-1", **values: object) -> int:
    with world.staff() as work:
        return offer_lead(work, {"lead": lead, "partner": partner, **values})["id"]


def answers(world: World) -> dict[str, str | None]:
    with world.system() as work:
        return {row["partner"]: row["response"] for row in work.repository("assignments").list().rows}


def test_one_acceptance_takes_the_other_offers_back(engine, clock):
    world = with_leads(open_world(engine, clock))
    first, second, third = (offered(world, f"P-{number}") for number in (1, 2, 3))
    with world.partner("P-3") as work:
        answer_offer(work, third, R.DECLINED, "no capacity")
    clock.advance(hours=1)
    with world.partner("P-2") as work:
        row = answer_offer(work, second, R.ACCEPTED)
    assert (row["response"], row["responded_at"]) == ("accepted", NOW + timedelta(hours=1))
    assert answers(world) == {"P-1": "withdrawn", "P-2": "accepted", "P-3": "declined"}
    with pytest.raises(Conflict, match="withdrawn"), world.partner("P-1") as work:
        answer_offer(work, first, R.ACCEPTED)
    with pytest.raises(Conflict, match="accepted by a partner"):
        offered(world, "P-1")


def test_who_declined_is_not_asked_again(engine, clock):
    world = with_leads(open_world(engine, clock))
    id_ = offered(world, "P-1")
    with pytest.raises(Conflict, match="offered to partner P-1 already"):
        offered(world, "P-1", offered_at=NOW + timedelta(days=1))
    with world.partner("P-1") as work:
        assert answer_offer(work, id_, R.DECLINED, "too far")["decline_reason"] == "too far"
    clock.advance(days=1)
    with pytest.raises(Conflict, match="not asked again"):
        offered(world, "P-1")
    offered(world, "P-2")


def test_an_offer_is_answered_in_time(engine, clock):
    world = with_leads(open_world(engine, clock, answer_hours=24))
    id_ = offered(world, "P-1")
    clock.advance(hours=25)
    for response in (R.ACCEPTED, R.DECLINED):
        with pytest.raises(Conflict, match="2024-06-02 12:00 UTC; it has expired"), world.partner("P-1") as work:
            answer_offer(work, id_, response)
    with world.staff() as work:
        assert answer_offer(work, id_, R.WITHDRAWN)["response"] == "withdrawn"
    assert offered(world, "P-1") != id_  # it said nothing, which is no decline


def test_a_partner_answers_its_own_offers_and_takes_none_back(engine, clock):
    world = with_leads(open_world(engine, clock))
    id_ = offered(world, "P-1")
    with pytest.raises(NotFound), world.partner("P-2") as work:
        answer_offer(work, id_, R.ACCEPTED)
    for response in (R.WITHDRAWN, R.EXPIRED):
        with pytest.raises(NotAllowed), world.partner("P-1") as work:
            answer_offer(work, id_, response)


def test_a_full_partner_is_offered_nothing(engine, clock):
    world = with_leads(open_world(engine, clock), 4)
    with world.staff() as work:
        records.change(work, "partners", "P-1", {"max_open_leads": 2})
    first, _ = offered(world, "P-1", "L-1"), offered(world, "P-1", "L-2")
    with pytest.raises(Conflict, match="has 2 open leads and takes 2"):
        offered(world, "P-1", "L-3")
    with world.partner("P-1") as work:
        answer_offer(work, first, R.ACCEPTED)
    with pytest.raises(Conflict, match="has 2 open leads"):
        offered(world, "P-1", "L-3")
    with world.staff() as work:
        won = {"outcome": "won", "closed_at": NOW, "lead": "L-1", "company": "Acme"}
        records.create(work, "deals", {"external_id": "D-1", "partner": "P-1", "registered_at": NOW, **won})
    offered(world, "P-1", "L-3")
    clock.advance(days=1)
    with pytest.raises(Conflict, match="accepted"):
        offered(world, "P-2", "L-1")


def test_a_closed_lead_is_offered_to_nobody(engine, clock):
    world = with_leads(open_world(engine, clock))
    with world.staff() as work:
        lost = {"outcome": "lost", "closed_at": NOW, "lead": "L-1"}
        records.create(work, "deals", {"external_id": "D-1", "partner": "P-1", "registered_at": NOW, **lost})
    with pytest.raises(Conflict, match="closed"):
        offered(world, "P-2")


def test_partners_that_have_gone_are_offered_nothing(engine, clock):
    world = with_leads(open_world(engine, clock))
    with world.staff() as work:
        records.change(work, "partners", "P-1", {"status": "ended"})
    with pytest.raises(Conflict, match="ended"):
        offered(world, "P-1")


def test_a_lead_given_back_may_be_offered_to_others(engine, clock):
    world = with_leads(open_world(engine, clock))
    id_ = offered(world, "P-1")
    with world.partner("P-1") as work:
        answer_offer(work, id_, R.ACCEPTED)
    with world.partner("P-1") as work:
        answer_offer(work, id_, R.DECLINED, "customer speaks French")
    other = offered(world, "P-2")
    with world.partner("P-2") as work:
        assert answer_offer(work, other, R.ACCEPTED)["response"] == "accepted"


def test_the_same_rules_hold_for_rows_written_by_the_staff(engine, clock):
    world = with_leads(open_world(engine, clock))
    first, second = offered(world, "P-1"), offered(world, "P-2")
    with world.staff() as work:
        records.change(work, "assignments", first, {"response": "accepted"})
    assert answers(world) == {"P-1": "accepted", "P-2": "withdrawn"}
    with pytest.raises(Conflict), world.staff() as work:
        records.change(work, "assignments", second, {"response": "accepted"})
    row = {"lead": "L-1", "partner": "P-3", "offered_at": NOW, "response": "accepted", "responded_at": NOW}
    with pytest.raises(Conflict, match="accepted by a partner"), world.staff() as work:
        records.create(work, "assignments", row)


def test_an_offer_keeps_the_match_it_came_of(engine, clock):
    world = with_leads(open_world(engine, clock), 2)
    with world.system() as work:
        made = {"as_of": NOW, "created_by": "x", "model_version": "m/1", "request": {}, "response": {}, "features": {}}
        run = work.match_runs.put(**made, lead_id=work.repository("leads").get("L-1")["id"])
    with world.staff() as work:
        row = offer_lead(work, {"lead": "L-1", "partner": "P-1"}, run)
    assert (row["match_id"], row["answer_until"]) == (run, NOW + timedelta(hours=72))
    with pytest.raises(InvalidInput, match="another lead"), world.staff() as work:
        offer_lead(work, {"lead": "L-2", "partner": "P-1"}, run)
    with pytest.raises(NotFound), world.staff() as work:
        offer_lead(work, {"lead": "L-2", "partner": "P-1"}, "nothing")
    with pytest.raises(UnknownReference), world.staff() as work:
        offer_lead(work, {"lead": "L-9", "partner": "P-1"})
