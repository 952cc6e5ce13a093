"""Settling deals: what they earn by commissions and incentives is booked, what they no longer earn taken back.

What was booked for a deal stays until the deal itself changes: later plans, rates and tiers hold for later deals,
unless somebody asks for everything to be computed again.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from domain.terms import LedgerKind
from programme.commission_plans import customer_key
from programme.commissions import Commission, Part, Terms, explain_commission, shares_of_deal, why_not_due
from programme.incentives import rewards
from programme.ledger import Entry, book, reversal
from programme.money import Total, percent, shown, totals
from programme.rule import Row
from store import ledger as queries
from store.ledger import DealFacts
from store.unit_of_work import UnitOfWork

_FROM_DEALS = (LedgerKind.COMMISSION, LedgerKind.REWARD)


class Settled(NamedTuple):
    """Entries that were added for a deal."""

    booked: list[Row]
    reversed: list[Row]


class Run(NamedTuple):
    """What a run over many deals did.

    Parameters
    ----------
    deals : int
        How many were looked at.
    booked, reversed : int
        Entries that were added, of them reversals apart.
    totals : list of Total
        Sums of the added entries per currency.
    next_after : int or None
        Where to go on; None: all are done.
    """

    deals: int
    booked: int
    reversed: int
    totals: list[Total]
    next_after: int | None


def run_commissions(
    work: UnitOfWork, *, after: int = 0, limit: int = 500, recompute: bool = False, won_since: date | None = None
) -> Run:
    """Settle the next deals that ask for it, whichever way they came; safe to repeat.

    Parameters
    ----------
    work : UnitOfWork
        The transaction.
    after : int, default=0
        Our id of the deal to go on after.
    limit : int, default=500
        How many deals at the most.
    recompute : bool, default=False
        All deals won, also those that have not changed since they were booked: today's plans hold for them.
    won_since : date, optional
        Only those won on this day or later.
    """
    terms = Terms(work)
    found = queries.deals_to_settle(
        work.connection, after, limit, registered=terms.rewards_registering, every=recompute, won_since=won_since
    )
    cause = "commissions were computed again" if recompute else "the deal was changed"
    done = settle_deals(work, terms, found, recompute=recompute, cause=cause)
    added = [*done.booked, *done.reversed]
    sums = totals((row["currency"], row["credit"], row["debit"]) for row in added)
    return Run(len(found), len(done.booked), len(done.reversed), sums, found[-1] if len(found) == limit else None)


def settle_deal(
    work: UnitOfWork,
    terms: Terms,
    deal: DealFacts,
    *,
    cause: str = "the deal was changed",
    recompute: bool = False,
    shares: Mapping[str, Decimal] | None = None,
) -> Settled:
    """Book what a deal earns and is not booked yet, and take back what it no longer earns. Twice is once.

    Parameters
    ----------
    work : UnitOfWork
        The transaction; the deal's row is locked in it.
    terms : Terms
        Plans and incentives.
    deal : DealFacts
        The deal as it is now.
    cause : str
        Stands in the explanation of what is taken back.
    recompute : bool, default=False
        Also where the deal has not changed since it was booked: today's plans hold then.
    shares : mapping of str to Decimal, optional
        Fractions by partner; default: those of the store.
    """
    entries = queries.entries_of_deal(work.connection, deal.id)
    shares = shares_of_deal(work, deal) if shares is None else shares
    basis = _basis(deal, shares)
    if entries and not recompute:
        last = entries[-1]["attributes"].get("basis")
        if last in (None, basis):  # none: it was booked elsewhere, and came by import
            return Settled([], [])
    live = _live(entries)
    due = _due_entries(work, terms, deal, shares)
    wanted = Counter(_identity(entry) for entry in due)
    gone = []
    for row in live:
        if wanted[_identity_of(row)]:
            wanted[_identity_of(row)] -= 1
        else:
            gone.append(row)
    new = []
    for entry in due:
        if wanted[_identity(entry)]:
            wanted[_identity(entry)] -= 1
            new.append(replace(entry, attributes={"basis": basis}))
    today = work.clock().date()
    back = [replace(reversal(row, today, cause), attributes={"basis": basis}) for row in gone]
    taken = book(work, back)
    return Settled(book(work, new), taken)


def settle_deals(
    work: UnitOfWork, terms: Terms, deal_ids: Sequence[int], *, cause: str, recompute: bool = False
) -> Settled:
    """Settle some deals; those that somebody else is changing at the moment are left to them."""
    booked: list[Row] = []
    taken: list[Row] = []
    free = queries.lock_free_deals(work.connection, deal_ids)
    for deal in queries.deal_facts(work.connection, free):
        done = settle_deal(work, terms, deal, recompute=recompute, cause=cause)
        booked += done.booked
        taken += done.reversed
    return Settled(booked, taken)


def take_back(work: UnitOfWork, deal: DealFacts, cause: str) -> list[Row]:
    """Reverse all that stands booked for a deal."""
    today = work.clock().date()
    live = _live(queries.entries_of_deal(work.connection, deal.id))
    return book(work, [reversal(row, today, cause) for row in live])


def _due_entries(work: UnitOfWork, terms: Terms, deal: DealFacts, shares: Mapping[str, Decimal]) -> list[Entry]:
    found = explain_commission(work, terms, deal, shares)
    won_on = None if why_not_due(deal, work.clock()) else found.earned_on
    entries = [_entry(deal, found, part) for part in found.parts if part.credit > 0]
    return entries + rewards(work, terms.incentives, deal, won_on)


def _entry(deal: DealFacts, found: Commission, part: Part) -> Entry:
    currency, earned_on = found.currency or "", found.earned_on or date.min
    told = "; ".join(step.text for step in found.steps)
    text = f"{found.reason} {told}: {shown(found.amount, currency)}."
    if part.share != 1:
        text += f" Share {percent(part.share)}: {shown(part.credit, currency)}."
    return Entry(
        partner=part.partner,
        kind=LedgerKind.COMMISSION,
        currency=currency,
        earned_on=earned_on,
        explanation=f"{text} Deal {deal.external_id}, won on {earned_on}.",
        credit=part.credit,
        deal=deal.external_id,
        plan=found.plan,
        base_amount=found.base_amount,
        rate=None if found.rate is None else float(found.rate),
        share=float(part.share),
    )


def _live(entries: Sequence[Row]) -> list[Row]:
    """Return what a deal brought about and was not taken back."""
    gone = {row["reverses"] for row in entries if row["reverses"]}
    return [row for row in entries if row["kind"] in _FROM_DEALS and row["external_id"] not in gone]


def _basis(deal: DealFacts, shares: Mapping[str, Decimal]) -> str:
    """Return a fingerprint of what of a deal its commission depends on."""
    customer = customer_key(deal.domain, deal.company)
    facts = (deal.partner, deal.product, deal.status, deal.outcome, _plain(deal.amount), deal.currency, customer)
    told = [*facts, deal.registered_at, deal.closed_at, deal.lead_id, sorted(shares.items())]
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()[:16]


def _identity(entry: Entry) -> tuple[object, ...]:
    return entry.partner, entry.kind, entry.incentive, entry.credit, entry.currency, entry.earned_on, entry.base_amount


def _identity_of(row: Row) -> tuple[object, ...]:
    names = ("partner", "kind", "incentive", "credit", "currency", "earned_on", "base_amount")
    return tuple(row[name] for name in names)


def _plain(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount.normalize(), "f")
