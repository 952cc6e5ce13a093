"""What must hold of money: rates, shares and rewards, a ledger that only grows, deals settled as they change."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain.errors import Conflict, InvalidInput
from domain.resources import RESOURCES
from domain.terms import DealOutcome, IncentiveKind
from programme.commissions import Terms, check_shares, facts_of, shares_of_deal
from programme.money import ZERO, fraction, rounded
from programme.rule import Row, Rule
from programme.settlement import settle_deal, take_back
from store import ledger as queries
from store import values as cells
from store.unit_of_work import UnitOfWork

_MOST_DAYS = 36_500


def after_write(resource: str, before: Row | None, values: Mapping[str, Any]) -> Row:
    """Return the row as it would be, with the values as the store holds them.

    Raises
    ------
    InvalidInput
        If a value does not fit its column.
    """
    given = {name: value for name, value in values.items() if name != "attributes"}
    return {**(before or {}), **cells.parse(RESOURCES[resource], given)}


class ServiceOnly(Rule):
    """Rows that the service alone writes, and that stay as they are.

    Parameters
    ----------
    noun : str
        What a row is, for people.
    instead : str
        What a caller does instead.
    """

    def __init__(self, noun: str, instead: str) -> None:
        self._noun = noun
        self._instead = instead

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Refuse."""
        done = "is written by the service" if before is None else "is never changed"
        raise Conflict(f"A {self._noun} {done}; {self._instead}")

    def removing(self, work: UnitOfWork, before: Row) -> None:
        """Refuse."""
        raise Conflict(f"A {self._noun} is never deleted; {self._instead}")


class PlanRule(Rule):
    """Rates of commission plans are fractions."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check rate and days."""
        row = after_write("commission_plans", before, values)
        _check_rate(row.get("rate"))
        _check_days(row, "volume_days")
        return values


class BandRule(Rule):
    """Rates of bands are fractions."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check the rate."""
        _check_rate(after_write("commission_bands", before, values).get("rate"))
        return values


class ShareRule(Rule):
    """Shares of a deal come to 1 at the most; the deal is settled anew when they change."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check that all shares of the deal together leave nothing below 0."""
        row = after_write("commission_shares", before, values)
        if row.get("deal") is None or row.get("share") is None or row.get("partner") is None:
            return values  # the store says what is missing
        deal = facts_of(work, work.repository("deals").get(row["deal"])["id"])
        queries.lock_row(work.connection, "deals", deal.id)
        check_shares(shares_of_deal(work, deal) | {row["partner"]: fraction(row["share"])})
        return values

    def written(self, work: UnitOfWork, before: Row | None, after: Row) -> None:
        """Settle the deal."""
        _settle(work, after["deal"], "the split of the commission was changed")

    def removing(self, work: UnitOfWork, before: Row) -> None:
        """Settle the deal as if the share were gone."""
        deal = facts_of(work, work.repository("deals").get(before["deal"])["id"])
        queries.lock_row(work.connection, "deals", deal.id)
        left = {name: share for name, share in shares_of_deal(work, deal).items() if name != before["partner"]}
        settle_deal(work, Terms(work), deal, cause="the split of the commission was changed", shares=left)


class IncentiveRule(Rule):
    """An incentive says what it pays, and what for."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check amount, rate and what makes a registration early."""
        row = after_write("incentives", before, values)
        _check_rate(row.get("rate"))
        _check_days(row, "within_days")
        currency = row.get("currency") or work.currency
        amount: Decimal | None = row.get("amount")
        if amount is not None and currency and rounded(amount, currency) != amount:
            raise InvalidInput(f"amount must be of whole minor units of {currency}", field="amount", value=str(amount))
        kind = row.get("kind")
        if kind in (IncentiveKind.EARLY_REGISTRATION, IncentiveKind.SPIFF) and not (amount or row.get("rate")):
            raise InvalidInput(f"a {kind} pays an amount or a rate: give one of both", field="amount")
        if kind == IncentiveKind.EARLY_REGISTRATION and row.get("within_days") is None and row.get("valid_to") is None:
            raise InvalidInput(
                "early registration needs within_days (after the lead was accepted) or valid_to (the last day)",
                field="within_days",
            )
        return values


class TierRule(Rule):
    """Thresholds of tiers are counts."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check the counts."""
        row = after_write("tiers", before, values)
        for name in ("min_deals", "min_certified"):
            if (row.get(name) or 0) < 0:
                raise InvalidInput(f"{name} must not be negative", field=name, value=row[name])
        return values


class DealMoney(Rule):
    """A deal is settled as it is won, changed, lost again or deleted."""

    def written(self, work: UnitOfWork, before: Row | None, after: Row) -> None:
        """Book what it earns now, and take back what it earns no more."""
        terms = Terms(work)
        if DealOutcome.WON in (after["outcome"], before and before["outcome"]) or terms.rewards_registering:
            cause = "the deal was changed" if before is None else _what_changed(before, after)
            settle_deal(work, terms, facts_of(work, after["id"]), cause=cause)

    def removing(self, work: UnitOfWork, before: Row) -> None:
        """Take back what it earned; the entries stand without it from now on, their texts name it."""
        take_back(work, facts_of(work, before["id"]), "the deal was deleted")
        queries.forget_deal(work.connection, before["id"], work.clock())


def _settle(work: UnitOfWork, deal: str, cause: str) -> None:
    settle_deal(work, Terms(work), facts_of(work, work.repository("deals").get(deal)["id"]), cause=cause)


def _what_changed(before: Row, after: Row) -> str:
    names = ("outcome", "status", "partner", "amount", "currency", "closed_at", "product", "domain", "company")
    told = [
        f"{name} {_told(before[name])} became {_told(after[name])}" for name in names if before[name] != after[name]
    ]
    return f"of the deal, {', '.join(told)}" if told else "the deal was changed"


def _told(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return "empty" if value is None else str(value)


def _check_rate(rate: float | None) -> None:
    if rate is not None and not ZERO <= fraction(rate) <= 1:
        raise InvalidInput("rate is a fraction between 0 and 1, such as 0.1 for 10 %", field="rate", value=rate)


def _check_days(row: Row, name: str) -> None:
    days = row.get(name)
    if days is not None and not 0 <= days <= _MOST_DAYS:
        raise InvalidInput(f"{name} lies between 0 and {_MOST_DAYS}", field=name, value=days)


MONEY_RULES: Mapping[str, tuple[Rule, ...]] = {
    "tiers": (TierRule(),),
    "commission_plans": (PlanRule(),),
    "commission_bands": (BandRule(),),
    "commission_shares": (ShareRule(),),
    "incentives": (IncentiveRule(),),
    "ledger": (ServiceOnly("ledger entry", "book an adjustment instead: POST /v1/ledger."),),
    "statements": (ServiceOnly("statement", "close a period instead: POST /v1/statements."),),
    "tier_reviews": (ServiceOnly("tier review", "see POST /v1/tier-reviews and its accept and reject."),),
}
"""Rules by resource; that of deals stands beside those of registrations."""
