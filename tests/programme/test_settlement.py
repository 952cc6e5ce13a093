"""Won deals earn commissions; changed ones are taken back."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import Conflict, InvalidInput
from programme import records
from programme.commissions import deal_commission, preview_commission
from programme.settlement import run_commissions
from tests.programme.money_worlds import add_deal, add_plan, build, ledger, net, unit


@pytest.fixture
def work(engine, clock):
    build(engine, clock)
    with unit(engine, clock) as work:
        yield work


@pytest.fixture
def plain(sqlite_engine, clock):
    build(sqlite_engine, clock)
    with unit(sqlite_engine, clock) as work:
        yield work


def test_a_won_deal_earns_its_partner_a_commission(work):
    add_plan(work, rate=0.125)
    add_deal(work, "D1", 1000.04)
    (entry,) = ledger(work)
    assert (entry["kind"], entry["partner"], entry["deal"], entry["plan"]) == ("commission", "P1", "D1", "plan")
    assert (entry["credit"], entry["debit"], entry["currency"]) == (Decimal("125.01"), Decimal(0), "EUR")
    assert (entry["base_amount"], entry["rate"], entry["share"]) == (Decimal("1000.04"), 0.125, 1.0)
    assert (entry["earned_on"], entry["booked_at"]) == (date(2024, 5, 1), work.clock())
    assert entry["explanation"] == (
        "Plan 'plan' is the only one that fits. 12.5 % of 1,000.04 EUR: 125.01 EUR. Deal D1, won on 2024-05-01."
    )


@pytest.mark.parametrize(
    "values",
    [
        {"outcome": "lost"},
        {"outcome": None},
        {"amount": None},
        {"amount": 0},
        {"status": "submitted"},
        {"status": "rejected"},
        {"closed_at": datetime(2030, 1, 1, tzinfo=UTC)},
    ],
)
def test_other_deals_earn_nothing(plain, values):
    add_plan(plain, rate=0.1)
    add_deal(plain, "D1", **values)
    assert ledger(plain) == []


def test_a_deal_whose_protection_ended_still_earns(plain):
    add_plan(plain, rate=0.1)
    add_deal(plain, "D1")
    plain.repository("deals").patch("D1", {"status": "expired"})
    run_commissions(plain)
    assert net(plain) == {"P1": Decimal(100)}


def test_without_a_plan_the_agreement_names_the_rate(work):
    for key, values in {
        "draft": {"status": "draft", "commission_rate": 0.9},
        "over": {"status": "active", "valid_to": "2024-04-30", "commission_rate": 0.8},
        "elsewhere": {"status": "active", "territories": ["BR"], "commission_rate": 0.7},
        "wide": {"status": "active", "commission_rate": 0.2},
        "narrow": {"status": "active", "products": ["crm"], "territories": ["DE"], "commission_rate": 0.3},
    }.items():
        records.create(work, "agreements", {"external_id": key, "partner": "P1", "valid_from": "2024-01-01", **values})
    add_deal(work, "D1", product="crm", country="DE")
    add_deal(work, "D2", product="erp", country="DE")
    assert [entry["credit"] for entry in ledger(work)] == [Decimal(300), Decimal(200)]
    assert "agreement 'narrow' names a rate" in ledger(work)[0]["explanation"]


def test_a_rate_above_1_that_came_by_import_pays_nothing(plain):
    plain.repository("agreements").create(
        {"external_id": "A", "partner": "P1", "valid_from": "2024-01-01", "commission_rate": 15}
    )
    add_deal(plain, "D1")
    found, booked = deal_commission(plain, "D1")
    assert (found.amount, booked) == (0, [])
    assert "no fraction between 0 and 1" in found.reason


def test_a_changed_deal_is_taken_back_and_booked_anew(work, clock):
    add_plan(work, rate=0.1)
    add_deal(work, "D1", 1000)
    clock.advance(days=40)
    records.change(work, "deals", "D1", {"amount": 500})
    first, back, again = ledger(work)
    assert (back["kind"], back["debit"], back["reverses"]) == ("reversal", Decimal(100), first["external_id"])
    assert back["earned_on"] == clock().date()
    assert back["explanation"] == (
        "Takes back 100.00 EUR of 2024-05-01 (commission): of the deal, amount 1000 became 500"
    )
    assert (again["kind"], again["credit"], again["earned_on"]) == ("commission", Decimal(50), date(2024, 5, 1))
    assert net(work) == {"P1": Decimal(50)}


def test_a_deal_that_changes_its_partner_takes_the_commission_along(work):
    add_plan(work, rate=0.1)
    add_deal(work, "D1", 1000)
    records.change(work, "deals", "D1", {"partner": "P2"})
    assert net(work) == {"P1": Decimal(0), "P2": Decimal(100)}


def test_a_deal_lost_again_earns_nothing_and_won_again_earns_again(work):
    add_plan(work, rate=0.1)
    add_deal(work, "D1", 1000)
    records.change(work, "deals", "D1", {"outcome": "lost"})
    assert net(work) == {"P1": Decimal(0)}
    records.change(work, "deals", "D1", {"outcome": "won"})
    assert net(work) == {"P1": Decimal(100)}
    assert len(ledger(work)) == 3


def test_a_deleted_deal_leaves_entries_that_come_to_nothing(work):
    add_plan(work, rate=0.1)
    add_deal(work, "D1", 1000)
    records.create(work, "commission_shares", {"deal": "D1", "partner": "P2", "share": 0.4})
    records.remove(work, "deals", "D1")
    assert net(work) == {"P1": Decimal(0), "P2": Decimal(0)}
    assert {entry["deal"] for entry in ledger(work)} == {None}
    assert all("D1" in entry["explanation"] for entry in ledger(work, kind="commission"))


def test_other_changes_of_a_deal_book_nothing(plain):
    add_plan(plain, rate=0.1)
    add_deal(plain, "D1", 1000)
    records.change(plain, "deals", "D1", {"stage": "invoiced", "description": "x", "attributes": {"a": 1}})
    assert len(ledger(plain)) == 1


def test_what_is_booked_stays_when_plans_change_until_it_is_computed_again(work):
    add_plan(work, rate=0.1)
    add_deal(work, "D1", 1000)
    records.change(work, "commission_plans", "plan", {"rate": 0.2})
    records.change(work, "deals", "D1", {"stage": "invoiced"})
    assert run_commissions(work).booked == 0
    assert net(work) == {"P1": Decimal(100)}
    run = run_commissions(work, recompute=True)
    assert (run.booked, run.reversed, run.next_after) == (1, 1, None)
    assert net(work) == {"P1": Decimal(200)}


def test_a_split_adds_up_and_is_settled_as_it_changes(work):
    add_plan(work, rate=0.1)
    add_deal(work, "D1", 1000.1)  # 100.01
    records.create(work, "commission_shares", {"deal": "D1", "partner": "P2", "share": 0.25})
    records.create(work, "commission_shares", {"deal": "D1", "partner": "P3", "share": 0.25})
    assert net(work) == {"P1": Decimal("50.01"), "P2": Decimal("25.00"), "P3": Decimal("25.00")}
    with pytest.raises(InvalidInput, match="at most 1"):
        records.create(work, "commission_shares", {"deal": "D1", "partner": "P1", "share": 0.51})
    share = work.repository("commission_shares").find(("D1", "P2"))
    records.remove(work, "commission_shares", share["id"])
    assert net(work) == {"P1": Decimal("75.01"), "P2": Decimal(0), "P3": Decimal("25.00")}
    assert run_commissions(work).booked == 0


def test_bands_look_at_the_volume_before_the_deal(work):
    add_plan(work, rate=0.1, bands={1000: 0.2}, marginal=True, volume_days=30)
    add_deal(work, "old", 5000, closed_at=datetime(2024, 3, 1, tzinfo=UTC), registered_at=datetime(2024, 2, 1))
    add_deal(work, "usd", 5000, currency="USD", closed_at=datetime(2024, 4, 30, tzinfo=UTC))
    add_deal(work, "other", 5000, partner="P2", closed_at=datetime(2024, 4, 30, tzinfo=UTC))
    add_deal(work, "D1", 600, closed_at=datetime(2024, 4, 30, tzinfo=UTC))
    add_deal(work, "D2", 600)
    found, booked = deal_commission(work, "D2")
    assert (found.volume, [step.amount for step in found.steps]) == (Decimal(600), [Decimal(400), Decimal(200)])
    assert [entry["credit"] for entry in booked] == [Decimal(80)]


def test_first_year_and_renewal_of_the_same_customer(work):
    add_plan(work, "new", rate=0.2, base="first_year")
    add_plan(work, "again", rate=0.05, base="renewal")
    for key, domain, closed in (
        ("D1", "https://www.acme.de", datetime(2023, 1, 10)),
        ("D2", "acme.de", datetime(2024, 1, 9)),
        ("D3", "shop.acme.de/x", datetime(2024, 1, 10)),
        ("D4", "other.de", datetime(2024, 1, 10)),
    ):
        add_deal(work, key, domain=domain, registered_at=datetime(2022, 1, 1), closed_at=closed)
    assert [entry["plan"] for entry in ledger(work)] == ["new", "new", "again", "new"]


def test_deals_that_came_by_import_are_booked_by_a_run_once(work):
    add_plan(work, rate=0.1)
    for number in range(5):
        work.repository("deals").create(
            {
                "external_id": f"D{number}",
                "partner": "P1",
                "registered_at": "2024-01-01",
                "outcome": "won",
                "closed_at": "2024-02-01",
                "amount": 100,
                "currency": "EUR" if number else "USD",
            }
        )
    first = run_commissions(work, limit=3)
    assert (first.deals, first.booked, first.next_after is None) == (3, 3, False)
    assert [(total.currency, total.credit) for total in first.totals] == [("EUR", 20), ("USD", 10)]
    second = run_commissions(work, limit=3, after=first.next_after)
    assert (second.deals, second.booked, second.next_after) == (2, 2, None)
    assert run_commissions(work).booked == 0
    assert net(work) == {"P1": Decimal(50)}


def test_a_change_that_came_by_import_is_settled_by_a_run(work, clock):
    add_plan(work, rate=0.1)
    add_deal(work, "D1", 1000)
    clock.advance(hours=1)
    work.repository("deals").patch("D1", {"outcome": "lost"})
    run = run_commissions(work)
    assert (run.booked, run.reversed) == (0, 1)
    assert net(work) == {"P1": Decimal(0)}


def test_history_that_was_booked_elsewhere_stays(work, clock):
    deal = add_deal(work, "D1", 1000)
    work.repository("ledger").create(
        {"partner": "P1", "kind": "commission", "deal": "D1", "credit": 77, "earned_on": "2024-05-01"}
    )
    add_plan(work, rate=0.1)
    clock.advance(hours=1)
    work.repository("deals").patch(deal["id"], {"amount": 2000})
    assert run_commissions(work).booked == 0
    assert net(work) == {"P1": Decimal(77)}


def test_ledger_and_statements_are_written_by_the_service_alone(plain):
    add_plan(plain, rate=0.1)
    add_deal(plain, "D1")
    (entry,) = ledger(plain)
    for write in (
        lambda: records.change(plain, "ledger", entry["id"], {"credit": 5}),
        lambda: records.remove(plain, "ledger", entry["id"]),
        lambda: records.create(plain, "ledger", {"partner": "P1", "earned_on": "2024-05-01", "credit": 5}),
        lambda: records.create(plain, "statements", {"partner": "P1"}),
    ):
        with pytest.raises(Conflict):
            write()


@pytest.mark.parametrize(
    ("resource", "values", "word"),
    [
        ("commission_plans", {"external_id": "x", "name": "x", "rate": 10}, "rate"),
        ("commission_plans", {"external_id": "x", "name": "x", "volume_days": -1}, "volume_days"),
        ("commission_plans", {"external_id": "x", "name": "x", "rate": "much"}, "rate"),
        ("commission_bands", {"plan": "plan", "from_amount": 0, "rate": -0.1}, "rate"),
        ("incentives", {"external_id": "x", "name": "x", "kind": "spiff"}, "amount"),
        ("incentives", {"external_id": "x", "name": "x", "kind": "spiff", "amount": 0.001}, "minor units"),
        ("incentives", {"external_id": "x", "name": "x", "kind": "early_registration", "amount": 1}, "within_days"),
    ],
)
def test_terms_that_cannot_be_are_refused(plain, resource, values, word):
    add_plan(plain, rate=0.1)
    with pytest.raises(InvalidInput, match=word):
        records.create(plain, resource, values)


def test_a_preview_keeps_nothing(work):
    add_plan(work, rate=0.1)
    found = preview_commission(work, "P1", {"amount": Decimal(1000)}, {"P2": Decimal("0.3")})
    assert [(part.partner, part.credit) for part in found.parts] == [("P1", 70), ("P2", 30)]
    assert ledger(work) == []
    with pytest.raises(InvalidInput):
        preview_commission(work, "P1", {"amount": Decimal(1000)}, {"P2": Decimal("1.1")})


def test_rewards_for_early_registration_and_spiffs_are_paid_once(work, clock):
    plain = {"kind": "early_registration", "currency": "EUR"}
    records.create(work, "incentives", {**plain, "external_id": "fast", "name": "Fast", "amount": 50, "within_days": 7})
    spiff = {"kind": "spiff", "rate": 0.01, "products": ["crm"], "valid_from": "2024-05-01", "valid_to": "2024-05-31"}
    records.create(work, "incentives", {**spiff, "external_id": "may", "name": "May"})
    for lead, accepted in (("L1", "2024-02-25"), ("L2", "2024-02-20")):
        work.repository("leads").create({"external_id": lead, "created_at": "2024-01-01"})
        work.repository("assignments").create(
            {
                "lead": lead,
                "partner": "P1",
                "offered_at": "2024-02-01",
                "response": "accepted",
                "responded_at": accepted,
            }
        )
    add_deal(work, "late", lead="L2", outcome=None)
    add_deal(work, "early", lead="L1", outcome=None)
    assert [(entry["deal"], entry["credit"]) for entry in ledger(work)] == [("early", 50)]
    records.change(work, "deals", "early", {"outcome": "won", "closed_at": "2024-05-02", "product": "crm"})
    rewards = [(entry["incentive"], entry["credit"], entry["kind"]) for entry in ledger(work)]
    assert rewards == [("fast", 50, "reward"), ("may", 10, "reward")]
    assert run_commissions(work).booked == 0
    records.change(work, "deals", "early", {"status": "rejected"})
    assert net(work) == {"P1": Decimal(0)}


AMOUNTS = st.integers(0, 10**9).map(lambda cents: cents / 100)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(AMOUNTS, st.sampled_from(["P1", "P2", "P3"]), st.sampled_from(["won", "lost"])),
        min_size=1,
        max_size=5,
    ),
    st.lists(st.integers(1, 50), max_size=2),
)
def test_whatever_happens_to_a_deal_the_ledger_comes_to_what_it_earns_at_last(plain, states, percents):
    if not plain.repository("commission_plans").list().rows:
        add_plan(plain, rate=0.0375)
    key = f"D{len(plain.repository('deals').list(limit=1000).rows)}"
    amount, partner, outcome = states[0]
    add_deal(plain, key, amount, partner, outcome=outcome)
    for other, share in zip(("P2", "P3"), percents, strict=False):
        records.create(plain, "commission_shares", {"deal": key, "partner": other, "share": share / 100})
    for amount, partner, outcome in states:
        records.change(plain, "deals", key, {"amount": amount, "partner": partner, "outcome": outcome})
    found, booked = deal_commission(plain, key)
    owed = {part.partner: part.credit for part in found.parts if part.credit}
    assert {partner: amount for partner, amount in net(plain, deal=key).items() if amount} == owed
    assert sum(owed.values()) == found.amount
    reversed_ones = {entry["reverses"]: entry for entry in booked if entry["reverses"]}
    for entry in booked:
        if entry["external_id"] in reversed_ones:
            assert reversed_ones[entry["external_id"]]["debit"] == entry["credit"]
