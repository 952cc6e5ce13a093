"""The ledger: what a partner earned and was paid. Entries are added and never changed; a wrong one is reversed."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any
from weakref import WeakKeyDictionary

from domain.columns import CURRENCY
from domain.context import SYSTEM
from domain.errors import Conflict, InvalidInput
from domain.terms import LedgerKind
from programme.money import ZERO, Total, check_amount, shown, totals
from programme.rule import Row
from store import ledger as queries
from store.repository import Repository
from store.unit_of_work import UnitOfWork
from store.values import parse_cell

_PAGE = 1000
_SERVICE_ROWS: WeakKeyDictionary[UnitOfWork, dict[str, Repository]] = WeakKeyDictionary()
"""Repositories of the service by transaction: each is used many times in one."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


@dataclass(frozen=True)
class Entry:
    """An entry to be booked.

    Parameters
    ----------
    partner : str
        External id, like all references here.
    kind : LedgerKind
        Why.
    currency : str
        Of all amounts.
    earned_on : date
        Which statement takes it in.
    explanation : str
        In words that the partner may read.
    credit, debit : Decimal, default=0
        One of them is above 0.
    deal, plan, incentive, reverses : str, optional
        What it rests on.
    base_amount : Decimal, optional
        What the rate was applied to.
    rate, share : float, optional
        How the amount came about.
    attributes : mapping
        Kept with it.
    """

    partner: str
    kind: LedgerKind
    currency: str
    earned_on: date
    explanation: str
    credit: Decimal = ZERO
    debit: Decimal = ZERO
    deal: str | None = None
    plan: str | None = None
    incentive: str | None = None
    reverses: str | None = None
    base_amount: Decimal | None = None
    rate: float | None = None
    share: float | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Balance:
    """What a partner is owed in one currency.

    Parameters
    ----------
    currency : str
        Of all amounts.
    credit, debit : Decimal
        Sums of all entries.
    open_credit, open_debit : Decimal
        Of those that stand in no statement yet.
    by_kind : mapping of str to Decimal
        Credit less debit by kind of entry.
    """

    currency: str
    credit: Decimal
    debit: Decimal
    open_credit: Decimal
    open_debit: Decimal
    by_kind: Mapping[str, Decimal]

    @property
    def balance(self) -> Decimal:
        """Credit less debit."""
        return self.credit - self.debit


def service_rows(work: UnitOfWork, resource: str) -> Repository:
    """Return the repository of a resource as the service itself sees it, in the same transaction.

    What the service does on its own account does not depend on which rows the caller may see; who asked stands in
    the audit trail all the same.
    """
    made = _SERVICE_ROWS.setdefault(work, {})
    if resource not in made:
        made[resource] = Repository(
            work.connection, resource, SYSTEM, work.clock, currency=work.currency, on_change=work.journal.changed
        )
    return made[resource]


def all_rows(work: UnitOfWork, resource: str, **filters: Any) -> Iterator[Row]:
    """Yield all rows of a resource that `filters` name, as the service sees them, by our id."""
    rows, cursor = service_rows(work, resource), None
    while True:
        page = rows.list(filters, cursor=cursor, limit=_PAGE)
        yield from page.rows
        cursor = page.next_cursor
        if cursor is None:
            return


def book(work: UnitOfWork, entries: Sequence[Entry]) -> list[Row]:
    """Add entries, now."""
    rows, now = service_rows(work, "ledger"), work.clock()
    return [rows.create({**_columns(entry), "booked_at": now}) for entry in entries]


def reversal(entry: Row, on: date, reason: str) -> Entry:
    """Return the entry that takes back an earlier one: the same amount on the other side."""
    amount = shown(entry["credit"] or entry["debit"] or ZERO, entry["currency"])
    return Entry(
        partner=entry["partner"],
        kind=LedgerKind.REVERSAL,
        currency=entry["currency"],
        earned_on=on,
        explanation=f"Takes back {amount} of {entry['earned_on']} ({entry['kind']}): {reason}",
        credit=entry["debit"] or ZERO,
        debit=entry["credit"] or ZERO,
        deal=entry["deal"],
        plan=entry["plan"],
        incentive=entry["incentive"],
        reverses=entry["external_id"],
    )


def adjust(
    work: UnitOfWork,
    partner: int | str,
    *,
    reason: str,
    currency: str | None = None,
    credit: Decimal | None = None,
    debit: Decimal | None = None,
    earned_on: date | None = None,
) -> Row:
    """Book an adjustment by hand, and return it.

    Raises
    ------
    NotFound
        If the actor sees no such partner.
    InvalidInput
        If there is no reason, or not exactly one of credit and debit, above 0 and of whole minor units.
    """
    named = work.repository("partners").get(partner)["external_id"]
    code = _currency(work, currency)
    if (credit is None) == (debit is None):
        raise InvalidInput("give exactly one of credit and debit", field="credit")
    if not reason.strip():
        raise InvalidInput("reason must say why", field="reason")
    side = "debit" if credit is None else "credit"
    amount = check_amount((debit if credit is None else credit) or ZERO, code, side)
    on = earned_on or work.clock().date()
    entry = Entry(named, LedgerKind.ADJUSTMENT, code, on, reason.strip())
    sided = replace(entry, debit=amount) if credit is None else replace(entry, credit=amount)
    return book(work, [sided])[0]


def pay_out(
    work: UnitOfWork,
    partner: int | str,
    amount: Decimal,
    *,
    currency: str | None = None,
    paid_on: date | None = None,
    reference: str = "",
) -> Row:
    """Book that a partner was paid, and return the entry.

    Raises
    ------
    NotFound
        If the actor sees no such partner.
    InvalidInput
        If the amount is not above 0 and of whole minor units.
    Conflict
        If the partner is owed less.
    """
    found = work.repository("partners").get(partner)
    code = _currency(work, currency)
    check_amount(amount, code, "amount")
    queries.lock_row(work.connection, "partners", found["id"])
    owed = next((entry.balance for entry in balances(work, found["id"]) if entry.currency == code), ZERO)
    if amount > owed:
        raise Conflict(
            f"{shown(amount, code)} is more than the partner is owed, {shown(owed, code)}.", balance=str(owed)
        )
    told = f"Payout {reference.strip()}" if reference.strip() else "Payout"
    on = paid_on or work.clock().date()
    return book(work, [Entry(found["external_id"], LedgerKind.PAYOUT, code, on, told, debit=amount)])[0]


def balances(work: UnitOfWork, partner_id: int) -> list[Balance]:
    """Return what a partner is owed, per currency."""
    entries = queries.entries_of_partner(work.connection, partner_id)
    waiting = {total.currency: total for total in totals(row[1:4] for row in entries if not row[4])}
    kinds = {kind: totals(row[1:4] for row in entries if row[0] == kind) for kind in {row[0] for row in entries}}
    found = []
    for total in totals(row[1:4] for row in entries):
        by_kind = {
            kind: part.balance for kind in sorted(kinds) for part in kinds[kind] if part.currency == total.currency
        }
        left = waiting.get(total.currency, Total(total.currency, ZERO, ZERO))
        found.append(Balance(total.currency, total.credit, total.debit, left.credit, left.debit, by_kind))
    return found


def partner_balance(work: UnitOfWork, partner: int | str) -> list[Balance]:
    """Return what a partner that the actor sees is owed, per currency; errors as of `Repository.get`."""
    return balances(work, work.repository("partners").get(partner)["id"])


def entries_csv(entries: Sequence[Row]) -> str:
    """Return ledger entries as CSV for people; what a spreadsheet would take for a formula is kept a text."""
    names = ("earned_on", "kind", "deal", "plan", "incentive", "base_amount", "rate", "share", "credit", "debit")
    columns = (*names, "currency", "reverses", "explanation", "external_id")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(entry[name]) for name in columns] for entry in entries)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _columns(entry: Entry) -> dict[str, Any]:
    names = ("partner", "kind", "currency", "earned_on", "explanation", "credit", "debit", "deal", "plan")
    more = ("incentive", "reverses", "base_amount", "rate", "share", "attributes")
    return {name: getattr(entry, name) for name in (*names, *more)}


def _currency(work: UnitOfWork, given: str | None) -> str:
    code: str | None = parse_cell(CURRENCY, given) or work.currency
    if not code:
        raise InvalidInput("currency is required: the store has none of its own", field="currency")
    return code
