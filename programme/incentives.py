"""Rewards that deals bring beside their commission: for registering early, and SPIFFs. Each once per deal."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from domain.terms import IncentiveKind, LedgerKind
from programme.ledger import Entry, all_rows
from programme.money import ZERO, fraction, percent, rounded, shown
from store import ledger as queries
from store.ledger import DealFacts
from store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Incentive:
    """A reward for something wanted.

    Parameters
    ----------
    key, name : str
        External id, and what people call it.
    kind : str or None
        ``early_registration`` and ``spiff`` are paid by themselves; others by hand, as adjustments.
    program : str, optional
        For partners of this programme only.
    products : tuple of str
        For deals of these only; none: of all.
    amount : Decimal, optional
        Paid per deal, in `currency`.
    currency : str, optional
        Of `amount`.
    rate : Decimal, optional
        Fraction of a won deal's amount, paid where there is no `amount`.
    within_days : int, optional
        How long after the lead was accepted a registration is early.
    valid_from, valid_to : date, optional
        Days on which a deal is registered (early registration) or won (SPIFF), both inclusive.
    """

    key: str
    name: str
    kind: str | None
    program: str | None
    products: tuple[str, ...]
    amount: Decimal | None
    currency: str | None
    rate: Decimal | None
    within_days: int | None
    valid_from: date | None
    valid_to: date | None

    @property
    def rewards_registering(self) -> bool:
        """Whether a deal earns it before it is won."""
        return self.kind == IncentiveKind.EARLY_REGISTRATION and self.amount is not None


def load_incentives(work: UnitOfWork) -> list[Incentive]:
    """Return those that are paid by themselves, by external id."""
    kinds = (IncentiveKind.EARLY_REGISTRATION, IncentiveKind.SPIFF)
    found = [
        Incentive(
            key=row["external_id"],
            rate=None if row["rate"] is None else fraction(row["rate"]),
            products=tuple(row["products"]),
            **{name: row[name] for name in ("name", "kind", "program", "amount", "currency", "within_days")},
            **{name: row[name] for name in ("valid_from", "valid_to")},
        )
        for row in all_rows(work, "incentives")
        if row["kind"] in kinds
    ]
    return sorted(found, key=lambda incentive: incentive.key)


def rewards(work: UnitOfWork, incentives: list[Incentive], deal: DealFacts, won_on: date | None) -> list[Entry]:
    """Return what a deal earns its partner beside commission.

    Parameters
    ----------
    work : UnitOfWork
        The transaction.
    incentives : list of Incentive
        Those of `load_incentives`.
    deal : DealFacts
        The deal.
    won_on : date or None
        The day it was won; None: it is not, or not approved.
    """
    if deal.status in queries.UNEARNED:
        return []
    found = [_reward(work, incentive, deal, won_on) for incentive in incentives if _is_meant(incentive, deal)]
    return [entry for entry in found if entry is not None]


def _is_meant(incentive: Incentive, deal: DealFacts) -> bool:
    same_program = incentive.program in (None, deal.program)
    return same_program and (not incentive.products or deal.product in incentive.products)


def _reward(work: UnitOfWork, incentive: Incentive, deal: DealFacts, won_on: date | None) -> Entry | None:
    if incentive.kind == IncentiveKind.SPIFF:
        reason = None if won_on is None or not _holds(incentive, won_on) else f"won on {won_on}"
        on = won_on
    else:
        reason = _why_early(work, incentive, deal)
        on = deal.registered_at.date() if incentive.rewards_registering else won_on
    if reason is None or on is None or on > work.clock().date():
        return None
    credit, currency, told = _worth(incentive, deal)
    if credit <= 0 or currency is None:
        return None
    by_rate = incentive.amount is None
    return Entry(
        partner=deal.partner,
        kind=LedgerKind.REWARD,
        currency=currency,
        earned_on=on,
        explanation=f"{incentive.name}: {told}, as deal {deal.external_id} was {reason}.",
        credit=credit,
        deal=deal.external_id,
        incentive=incentive.key,
        base_amount=deal.amount if by_rate else None,
        rate=float(incentive.rate or 0) if by_rate else None,
    )


def _worth(incentive: Incentive, deal: DealFacts) -> tuple[Decimal, str | None, str]:
    if incentive.amount is not None and incentive.currency:
        amount = rounded(incentive.amount, incentive.currency)
        return amount, incentive.currency, shown(amount, incentive.currency)
    if incentive.rate is None or deal.amount is None or not deal.currency or not 0 <= incentive.rate <= 1:
        return ZERO, None, ""
    amount = rounded(deal.amount * incentive.rate, deal.currency)
    told = f"{percent(incentive.rate)} of {shown(deal.amount, deal.currency)} = {shown(amount, deal.currency)}"
    return amount, deal.currency, told


def _why_early(work: UnitOfWork, incentive: Incentive, deal: DealFacts) -> str | None:
    on = deal.registered_at.date()
    if not _holds(incentive, on):
        return None
    if incentive.within_days is None:
        return None if incentive.valid_to is None else f"registered on {on}, by {incentive.valid_to}"
    accepted = None
    if deal.lead_id is not None:
        accepted = queries.accepted_at(work.connection, deal.lead_id, deal.partner_id)
    if accepted is None or not _within(accepted, deal.registered_at, incentive.within_days):
        return None
    return f"registered within {incentive.within_days} days of accepting the lead"


def _within(start: datetime, end: datetime, days: int) -> bool:
    return timedelta(0) <= end - start and (end - start) / timedelta(days=1) <= days


def _holds(incentive: Incentive, on: date) -> bool:
    starts, ends = incentive.valid_from or date.min, incentive.valid_to or date.max
    return starts <= on <= ends
