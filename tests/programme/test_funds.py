"""Requests for funds: steps, who may take them, budgets that are never overdrawn."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from domain.errors import AllywiseError, Conflict, InvalidInput, NotAllowed, NotFound
from programme import records
from programme.funds import approve_request, claim_request, pay_request, reject_request, withdraw_request
from tests.programme.money_worlds import actor_of, build, ledger, unit


def ask(work, key: str, amount: float = 100, **values):
    given = {"external_id": key, "partner": "P1", "purpose": "Fair", "amount": amount, **values}
    return records.create(work, "fund_requests", given)


@pytest.fixture
def work(engine, clock):
    build(engine, clock)
    with unit(engine, clock) as work:
        work.repository("offers").create({"external_id": "mdf", "title": "MDF", "budget": 250, "currency": "USD"})
        yield work


@pytest.fixture
def plain(sqlite_engine, clock):
    build(sqlite_engine, clock)
    with unit(sqlite_engine, clock) as work:
        yield work


def test_a_request_is_approved_claimed_and_credited(work, clock):
    made = ask(work, "F1", 100, offer="mdf")
    assert (made["status"], made["currency"], made["requested_at"]) == ("requested", "USD", clock())
    clock.advance(hours=1)
    approved = approve_request(work, "F1", Decimal(80))
    assert (approved["approved_amount"], approved["decided_by"], approved["decided_at"]) == (80, "mia", clock())
    claimed = claim_request(work, "F1", "invoice 7", Decimal("79.99"))
    assert (claimed["status"], claimed["claimed_amount"], claimed["claimed_at"]) == (
        "claimed",
        Decimal("79.99"),
        clock(),
    )
    assert pay_request(work, "F1")["paid_at"] == clock()
    (entry,) = ledger(work)
    assert (entry["kind"], entry["credit"], entry["currency"]) == ("fund", Decimal("79.99"), "USD")
    assert entry["attributes"] == {"fund_request": "F1"}
    with pytest.raises(Conflict, match="already"):
        pay_request(work, "F1")
    assert len(ledger(work)) == 1


def test_a_budget_is_not_overdrawn_and_what_is_not_claimed_is_free_again(work):
    for key, amount in (("F1", 200), ("F2", 60), ("F3", 130)):
        ask(work, key, amount, offer="mdf")
    approve_request(work, "F1")
    with pytest.raises(Conflict, match=r"50\.00 USD left"):
        approve_request(work, "F2")
    approve_request(work, "F2", Decimal(50))
    claim_request(work, "F1", "invoice", Decimal(70))
    approve_request(work, "F3")
    reject_request(work, "F1", "no evidence")
    ask(work, "F4", 70, offer="mdf")
    approve_request(work, "F4")


def test_a_budget_of_another_currency_is_not_converted(work):
    ask(work, "F1", 10, offer="mdf", currency="EUR")
    with pytest.raises(Conflict, match="never converted"):
        approve_request(work, "F1")


@pytest.mark.parametrize(
    "step",
    [
        lambda work: claim_request(work, "F1", "x"),
        lambda work: pay_request(work, "F1"),
        lambda work: records.change(work, "fund_requests", "F1", {"approved_amount": 5}),
        lambda work: records.change(work, "fund_requests", "F1", {"status": "approved", "claimed_amount": 5}),
    ],
)
def test_steps_come_in_their_order(plain, step):
    ask(plain, "F1")
    with pytest.raises(Conflict):
        step(plain)


@pytest.mark.parametrize(
    "step",
    [
        lambda work: approve_request(work, "F1", Decimal("100.01")),
        lambda work: approve_request(work, "F1", Decimal("0.001")),
        lambda work: reject_request(work, "F1", " "),
        lambda work: records.change(work, "fund_requests", "F1", {"decided_by": "me"}),
        lambda work: records.change(work, "fund_requests", "F1", {"status": None}),
        lambda work: ask(work, "F2", status="approved"),
        lambda work: ask(work, "F2", approved_amount=5),
        lambda work: ask(work, "F2", 0),
    ],
)
def test_wrong_values_are_refused(plain, step):
    ask(plain, "F1")
    with pytest.raises(InvalidInput):
        step(plain)


def test_claims_stay_below_what_was_approved_and_bring_evidence(work):
    ask(work, "F1")
    approve_request(work, "F1", Decimal(80))
    with pytest.raises(InvalidInput, match="at most"):
        claim_request(work, "F1", "x", Decimal(81))
    with pytest.raises(InvalidInput, match="evidence"):
        claim_request(work, "F1", "")
    assert claim_request(work, "F1", "x")["claimed_amount"] == 80


def test_a_request_is_corrected_withdrawn_or_deleted_while_it_waits(work):
    ask(work, "F1")
    assert records.change(work, "fund_requests", "F1", {"amount": 120, "purpose": "Web"})["amount"] == 120
    assert withdraw_request(work, "F1", "not needed")["status"] == "withdrawn"
    with pytest.raises(Conflict):
        records.remove(work, "fund_requests", "F1")
    ask(work, "F2")
    records.remove(work, "fund_requests", "F2")


def test_a_partner_asks_and_claims_and_does_not_approve(engine, clock):
    build(engine, clock)
    with unit(engine, clock, actor_of(engine, clock, "P1")) as work:
        ask(work, "F1")
        for key, values in (("F1", {"status": "approved"}), ("F1", {"status": "rejected", "reason": "x"})):
            with pytest.raises(NotAllowed):
                records.change(work, "fund_requests", key, values)
        with pytest.raises(NotFound):
            ask(work, "F2", partner="P2")
    with unit(engine, clock) as work:
        approve_request(work, "F1")
    with unit(engine, clock, actor_of(engine, clock, "P2")) as work, pytest.raises(NotFound):
        claim_request(work, "F1", "mine")
    with unit(engine, clock, actor_of(engine, clock, "P1")) as work:
        assert claim_request(work, "F1", "invoice")["claimed_amount"] == 100


def test_approvals_at_once_keep_the_budget(engine, clock):
    build(engine, clock)
    with unit(engine, clock) as work:
        work.repository("offers").create({"external_id": "mdf", "title": "MDF", "budget": 250})
        for number in range(6):
            ask(work, f"F{number}", 100, offer="mdf")

    def approve(number: int) -> bool:
        try:
            with unit(engine, clock) as work:
                approve_request(work, f"F{number}")
        except AllywiseError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(approve, range(6))) == 2
    with unit(engine, clock) as work:
        rows = work.repository("fund_requests").list({"status": "approved"}).rows
        assert sum(row["approved_amount"] for row in rows) == 200
