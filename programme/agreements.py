"""Agreements: activation, suspension and end with their reasons, renewal, what expires, what happened."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from domain.errors import Conflict, InvalidInput
from domain.terms import AgreementStatus
from programme import records
from programme.agreement_rules import check_transition, latest_terms, next_version
from programme.ledger import service_rows
from programme.rule import Row
from store import ledger as queries
from store.notices import note_once
from store.unit_of_work import UnitOfWork

EXPIRING = "agreement.expiring"
THRESHOLDS = (90, 60, 30, 7)
"""So many days before an agreement ends it is told, once each."""

REASON = "status_reason"
RENEWS, RENEWED_BY = "renews", "renewed_by"
"""Attributes of agreements that the service keeps."""

_PAGE = 500


class Expiring(NamedTuple):
    """An agreement that ends soon.

    Parameters
    ----------
    agreement, partner : str
        External ids.
    valid_to : date
        Its last day.
    days_left : int
        Days from today to it.
    renews : bool or None
        What the terms say.
    notice_by : date or None
        By when notice must be given, if the terms name notice days.
    renewed_by : str or None
        The agreement that follows, if there is one already.
    """

    agreement: str
    partner: str
    valid_to: date
    days_left: int
    renews: bool | None
    notice_by: date | None
    renewed_by: str | None


class Event(NamedTuple):
    """What changed of an agreement at an instant, by field: before and after, as texts."""

    changed_at: datetime
    status: str | None
    reason: str | None
    fields: Mapping[str, str | None]


def change_status(work: UnitOfWork, key: int | str, status: AgreementStatus, reason: str) -> Row:
    """Activate, suspend or end an agreement, and return it.

    An agreement that ends without a last day, or with a later one, ends today.

    Raises
    ------
    NotFound
        If the actor sees no such agreement.
    Conflict
        If the status may not follow, or another partner has the same exclusive rights.
    InvalidInput
        If there is no reason.
    """
    if not reason.strip():
        raise InvalidInput("reason must say why", field="reason")
    before = work.repository("agreements").get(key)
    check_transition(before["status"], status)
    values: dict[str, Any] = {"status": status, "attributes": {REASON: reason.strip()}}
    today = work.clock().date()
    runs_on = before["valid_to"] is None or before["valid_to"] > today
    if status == AgreementStatus.ENDED and runs_on and before["valid_from"] <= today:
        values["valid_to"] = today
    if status == AgreementStatus.ACTIVE and before["signed_on"] is None:
        values["signed_on"] = today
    return records.change(work, "agreements", before["id"], values)


def renew_agreement(
    work: UnitOfWork, key: int | str, *, external_id: str | None = None, valid_to: date | None = None
) -> Row:
    """Make the agreement that follows another from the day after: same partner, scope, rate and terms; return it.

    Parameters
    ----------
    work : UnitOfWork
        The transaction.
    key : int or str
        Of an active agreement with a last day.
    external_id : str, optional
        Of the new one; default: that of the old one with ``-R`` and a number.
    valid_to : date, optional
        Last day of the new one; default: as long as the old one.

    Raises
    ------
    NotFound
        If the actor sees no such agreement.
    Conflict
        If it is not active, has no last day, was renewed already, or the new one would take exclusive rights that
        another partner has.
    """
    old = work.repository("agreements").get(key)
    queries.lock_row(work.connection, "agreements", old["id"])
    old = work.repository("agreements").get(old["id"])
    _check_renewable(old)
    start = old["valid_to"] + timedelta(days=1)
    scope = ("partner", "territories", "products", "commission_rate", "exclusive")
    values = {name: old[name] for name in scope} | {
        "external_id": external_id or _next_name(old),
        "status": AgreementStatus.ACTIVE,
        "valid_from": start,
        "valid_to": valid_to or _as_long(old, start),
        "signed_on": work.clock().date(),
        "attributes": {RENEWS: old["external_id"], "renewals": _renewals(old) + 1},
    }
    new = records.create(work, "agreements", values)
    records.change(work, "agreements", old["id"], {"attributes": {RENEWED_BY: new["external_id"]}})
    _keep_terms(work, old["external_id"], new["external_id"])
    told = {"agreement": old["external_id"], "renewed_by": new["external_id"], "partner": old["partner"]}
    work.journal.announce("agreement.renewed", told, _partner_id(work, old["partner"]))
    return new


def add_terms(work: UnitOfWork, key: int | str, values: Mapping[str, Any]) -> Row:
    """Add the next version of an agreement's terms, and return it; errors as of `records.create`."""
    agreement = work.repository("agreements").get(key)
    queries.lock_row(work.connection, "agreements", agreement["id"])
    name = agreement["external_id"]
    return records.create(work, "terms", {**values, "agreement": name, "version": next_version(work, name)})


def expiring_agreements(
    work: UnitOfWork, within_days: int, *, cursor: str | None = None, limit: int = 50
) -> tuple[list[Expiring], str | None]:
    """Return a page of active agreements that the actor sees and that end within some days, the soonest first."""
    today = work.clock().date()
    filters = {
        "status": [AgreementStatus.ACTIVE, None],
        "valid_to.gte": today,
        "valid_to.lte": today + timedelta(days=within_days),
    }
    page = work.repository("agreements").list(filters, sort="valid_to", cursor=cursor, limit=limit)
    return [_expiring(work, row, today) for row in page.rows], page.next_cursor


def tell_expiring(work: UnitOfWork) -> int:
    """Announce ``agreement.expiring`` once per threshold for agreements that nobody has renewed; return how many."""
    today, told, after = work.clock().date(), 0, 0
    while True:
        page = queries.expiring_agreements(
            work.connection, today, today + timedelta(days=THRESHOLDS[0]), after_id=after, limit=_PAGE
        )
        for row in page:
            left = (row["valid_to"] - today).days
            threshold = min(days for days in THRESHOLDS if left <= days)
            subject = f"{row['external_id']}/{row['valid_to']}/{threshold}"
            if RENEWED_BY not in row["attributes"] and note_once(work.connection, EXPIRING, subject, work.clock()):
                payload = {"agreement": row["external_id"], "partner": row["partner"], "valid_to": row["valid_to"]}
                work.journal.announce(
                    EXPIRING, {**payload, "days_left": left, "threshold_days": threshold}, row["partner_id"]
                )
                told += 1
        if len(page) < _PAGE:
            return told
        after = page[-1]["id"]


def agreement_history(work: UnitOfWork, key: int | str) -> list[Event]:
    """Return what changed of an agreement that the actor sees, the latest first; errors as of `Repository.get`."""
    agreement = work.repository("agreements").get(key)
    filters = {"resource": "agreements", "external_id": agreement["external_id"]}
    rows: list[Row] = []
    cursor: str | None = None
    while True:
        page = service_rows(work, "changes").list(filters, sort="-changed_at", cursor=cursor, limit=_PAGE)
        rows, cursor = [*rows, *page.rows], page.next_cursor
        if cursor is None:
            break
    by_instant: dict[datetime, dict[str, str | None]] = {}
    for row in rows:
        by_instant.setdefault(row["changed_at"], {})[row["field"]] = row["value"]
    return [
        Event(at, fields.get("status"), fields.get(f"attributes.{REASON}") if "status" in fields else None, fields)
        for at, fields in by_instant.items()
    ]


def _check_renewable(agreement: Row) -> None:
    if agreement["status"] not in (AgreementStatus.ACTIVE, None):
        raise Conflict(f"An agreement that is {agreement['status']} is not renewed; make a new one.")
    if agreement["valid_to"] is None:
        raise Conflict("The agreement has no last day: it runs on without being renewed.")
    if agreement["valid_to"] == date.max:
        raise Conflict("The agreement lasts to the end of the calendar; nothing can follow.")
    follower = agreement["attributes"].get(RENEWED_BY)
    if follower is not None:
        raise Conflict(f"The agreement was renewed already, by {follower!r}.", renewed_by=follower)


def _renewals(agreement: Row) -> int:
    count = agreement["attributes"].get("renewals", 0)
    return count if isinstance(count, int) else 0


def _next_name(agreement: Row) -> str:
    count, name = _renewals(agreement), str(agreement["external_id"])
    return f"{name.removesuffix(f'-R{count}') if count else name}-R{count + 1}"


def _as_long(old: Row, start: date) -> date:
    """Return the last day of a period that is as long: whole years stay whole years."""
    years = start.year - old["valid_from"].year
    if years and (start.month, start.day) == (old["valid_from"].month, old["valid_from"].day):
        day_after = _same_day(start, start.year + years)
        return day_after - timedelta(days=1)
    days = (old["valid_to"] - old["valid_from"]).days
    return start + timedelta(days=min(days, (date.max - start).days))


def _same_day(day: date, year: int) -> date:
    if year > date.max.year:
        return date.max
    try:
        return day.replace(year=year)
    except ValueError:  # the 29th of February
        return date(year, 3, 1)


def _keep_terms(work: UnitOfWork, old: str, new: str) -> None:
    """Give the new agreement the terms of the old one, under their own number."""
    terms = latest_terms(work, old, agreed=True) or latest_terms(work, old)
    if terms is not None:
        names = ("version", "body", "agreed_on", "agreed_by", "notice_days", "renews")
        service_rows(work, "terms").create({"agreement": new, **{name: terms[name] for name in names}})


def _expiring(work: UnitOfWork, row: Row, today: date) -> Expiring:
    terms = latest_terms(work, row["external_id"], agreed=True)
    notice = None if terms is None else terms["notice_days"]
    return Expiring(
        agreement=row["external_id"],
        partner=row["partner"],
        valid_to=row["valid_to"],
        days_left=(row["valid_to"] - today).days,
        renews=None if terms is None else terms["renews"],
        notice_by=None if notice is None else row["valid_to"] - timedelta(days=notice),
        renewed_by=row["attributes"].get(RENEWED_BY),
    )


def _partner_id(work: UnitOfWork, partner: str) -> int:
    return int(work.repository("partners").get(partner)["id"])
