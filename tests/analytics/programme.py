"""A programme that fits on a page: two active partners, one onboarding, one prospect."""

from datetime import UTC, datetime, timedelta
from typing import Any

from store.unit_of_work import UnitOfWork

AS_OF = datetime(2024, 12, 31, 12, tzinfo=UTC)
CLOSE = "2024-02-04T00:00:00Z"


def _at(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2024, month, day, hour, tzinfo=UTC)


def fill(work: UnitOfWork) -> None:
    """Write the programme."""
    add = _adder(work)
    add("programs", external_id="sell", name="Sell", tiers=["silver", "gold"])
    add("program_rules", program="sell", answer_hours=24)
    add("tiers", external_id="gold", program="sell", name="gold", position=2, required_certifications=["Basics", "Pro"])
    add("products", external_id="crm", name="CRM", required_certifications=["CRM course"])
    _partners(add)
    _leads(add)
    _deals(add)
    _rest(add)


def _adder(work: UnitOfWork) -> Any:
    def add(into: str, /, **values: Any) -> dict[str, Any]:
        return work.repository(into).create(values)

    return add


def _partners(add: Any) -> None:
    common = {"program": "sell", "kind": "reseller"}
    add("partners", external_id="a", name="A", status="active", recruited_at=_at(1, 1), tier="gold", country="BR",
        territories=["BR", "AR"], account_manager="Ana", **common)  # fmt: skip
    add("partners", external_id="b", name="B", status="active", recruited_at=_at(2, 1), tier="silver", country="PT",
        territories=["PT"], account_manager="Bia", **common)  # fmt: skip
    add("partners", external_id="c", name="C", status="onboarding", **common)
    add("partners", external_id="d", name="D", status="prospect")
    for when, value in ((_at(1, 2), "onboarding"), (_at(2, 1), "active")):
        add("changes", resource="partners", external_id="b", field="status", changed_at=when, value=value)


def _leads(add: Any) -> None:
    for place, hours, response in ((1, 5, "accepted"), (2, 10, "accepted"), (3, 50, "declined"), (4, None, None)):
        offered = _at(1, 10) if place == 1 else _at(3, 1)
        add("leads", external_id=f"l{place}", created_at=offered, company=f"Lead {place}", program="sell")
        answered = None if hours is None else offered + timedelta(hours=hours)
        partner = "a" if place < 3 else "b"
        add("assignments", lead=f"l{place}", partner=partner, offered_at=offered, response=response,
            responded_at=answered)  # fmt: skip


def _deals(add: Any) -> None:
    won = {"outcome": "won", "status": "approved"}
    add("deals", external_id="d1", partner="a", lead="l1", registered_at=_at(1, 25), closed_at=CLOSE, amount=1000,
        company="Acme Ltda.", domain="www.acme.example", **won)  # fmt: skip
    add("deals", external_id="d2", partner="b", registered_at=_at(5, 1), closed_at=_at(5, 21), amount=600,
        company="ACME", product="crm", **won)  # fmt: skip
    add("deals", external_id="d3", partner="b", registered_at=_at(6, 1), closed_at=_at(7, 1), amount=500,
        currency="EUR", company="Boreal", **won)  # fmt: skip
    add("deals", external_id="d4", partner="b", registered_at=_at(6, 2), closed_at=_at(6, 9), outcome="lost",
        amount=900, status="rejected")  # fmt: skip
    add("deals", external_id="d5", partner="a", registered_at=_at(2, 20), status="approved")
    add("deals", external_id="d6", partner="a", registered_at=_at(12, 20), status="submitted", closed_at=_at(12, 22),
        outcome="lost")  # fmt: skip


def _rest(add: Any) -> None:
    add("certifications", partner="a", course="Basics", passed_on="2024-02-02")
    add("certifications", partner="a", course="Pro", passed_on="2024-02-02", expires_on="2024-11-30")
    for month in (2, 10, 11, 12):
        add("activities", partner="a", occurred_at=_at(month, 15), kind="call")
    for month, kind, score in ((4, "nps", 10), (5, "nps", 3), (6, "nps", 8), (4, "csat", 5), (5, "csat", 3)):
        add("feedback", partner="a", submitted_at=_at(month, 1), kind=kind, score=score)
    add("goals", partner="a", metric="won revenue", period_start="2024-01-01", period_end="2024-12-31", target=3000)
    add("costs", partner="a", kind="event", amount=200, incurred_on="2024-04-01")
    add("costs", program="sell", kind="portal", amount=50, incurred_on="2024-05-01")
    entry = {"partner": "a", "booked_at": _at(6, 1), "earned_on": "2024-06-01"}
    add("ledger", kind="commission", credit=120, **entry)
    add("ledger", kind="reversal", debit=20, **entry)
    add("ledger", kind="fund", credit=50, **entry)
    add("ledger", kind="payout", debit=100, **entry)
