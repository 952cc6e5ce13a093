"""The audit trail for an admin: who did or read what, whether it still is what was written, as a file."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response

from api.console.exports import MOST_ROWS, csv_file
from api.console.lists import ROWS, Chosen, given
from api.console.shell import Visitor, visitor
from domain.errors import AllywiseError, InvalidInput
from programme.audit_trail import AuditWanted, list_audit
from store.audit import AuditEntry
from store.partner_names import PartnerName, names_by_id
from store.unit_of_work import UnitOfWork

router = APIRouter(prefix="/audit", default_response_class=HTMLResponse)

Admin = Annotated[Visitor, visitor()]
Before = Annotated[int, Query(ge=0, lt=2**63)]
_HEAD = ("seq", "at", "actor", "actor_name", "role", "action", "resource", "key", "partner_id", "details", "hash")
_LONGEST, _PART = 200, 1_000


def _chosen(
    actor: Chosen = "",
    action: Chosen = "",
    resource: Chosen = "",
    key: Chosen = "",
    partner: Chosen = "",
    since: Chosen = "",
    until: Chosen = "",
) -> dict[str, str]:
    found = {"actor": actor, "action": action, "resource": resource, "key": key, "partner": partner}
    return {name: value.replace("\0", "").strip() for name, value in (found | {"since": since, "until": until}).items()}


Filters = Annotated[dict[str, str], Depends(_chosen)]


class Change(NamedTuple):
    """What an entry tells of a field; ``before`` is None where it tells only one value."""

    field: str
    before: str | None
    after: str


@router.get("")
def listed(visit: Admin, chosen: Filters, before: Before = 0) -> Response:
    """List entries, the newest first; filters live in the address."""
    found: Sequence[AuditEntry] = ()
    error: AllywiseError | None = None
    with visit.work() as work:
        try:
            found = list_audit(work, _wanted(chosen), before or None, ROWS + 1)
        except AllywiseError as refused:  # a partner that is not, a day that is none: said above an empty list
            error = refused
        partners = _partners(work, found)
        end = work.audit.end()
    values: dict[str, Any] = {
        "rows": [(entry, changes(entry.details)) for entry in found[:ROWS]],
        "following": found[ROWS - 1].seq if len(found) > ROWS else None,
        "before": before,
        "chosen": chosen,
        "partners": partners,
        "end": end,
    }
    return visit.page("audit.html", **values) if error is None else visit.refused("audit.html", error, **values)


def _partners(work: UnitOfWork, found: Sequence[AuditEntry]) -> Any:
    known: dict[int, PartnerName] = {}
    ids = {entry.partner_id for entry in found if entry.partner_id is not None}
    return names_by_id(work.connection, ids) if ids else known


def _wanted(chosen: dict[str, str]) -> AuditWanted:
    names = given(**{name: chosen[name] for name in ("actor", "action", "resource", "key", "partner")})
    until = _day("until", chosen["until"])
    return AuditWanted(
        actor=names["actor"],
        action=names["action"],
        resource=names["resource"],
        key=names["key"],
        partner=names["partner"],
        since=_day("since", chosen["since"]),
        until=None if until is None else until + timedelta(days=1),
    )


def _day(name: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.combine(min(date.fromisoformat(text), date.max - timedelta(days=2)), time(), UTC)
    except ValueError:
        raise InvalidInput("write the day as 2026-03-31", field=name) from None


def changes(details: dict[str, Any] | None) -> list[Change]:
    """Return what an entry tells, field by field.

    Examples
    --------
    >>> changes({"changes": {"status": {"before": "open", "after": "won"}}})
    [Change(field='status', before='open', after='won')]
    >>> changes({"grace_hours": 24}), changes(None)
    ([Change(field='grace_hours', before=None, after='24')], [])
    """
    found = []
    for name, told in (details or {}).items():
        if name == "changes" and isinstance(told, dict):
            found += [_change(field, values) for field, values in told.items()]
        elif name == "payload" and isinstance(told, dict):
            found += [Change(field, None, _text(value)) for field, value in told.items()]
        else:
            found.append(Change(name, None, _text(told)))
    return found


def _change(field: str, values: Any) -> Change:
    if not isinstance(values, dict):
        return Change(field, None, _text(values))
    before = values.get("before")
    return Change(field, None if before is None else _text(before), _text(values.get("after")))


def _text(value: Any) -> str:
    plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"


@router.get("/file.csv")
def file(visit: Admin, chosen: Filters) -> Response:
    """Give what the filters choose as a CSV file; the trail tells that it was taken out."""
    with visit.work(read_only=False) as work:
        rows = list(_all(work, _wanted(chosen)))
        told = {name: value for name, value in chosen.items() if value}
        work.journal.record("exported", "audit", None, {"filters": told, "rows": len(rows)})
    return csv_file("audit.csv", _HEAD, rows)


def _all(work: UnitOfWork, wanted: AuditWanted) -> Iterator[list[Any]]:
    before, left = None, MOST_ROWS
    while left:
        found = list_audit(work, wanted, before, min(_PART, left))
        for entry in found:
            values = entry._asdict()
            values["details"] = None if entry.details is None else json.dumps(entry.details, ensure_ascii=False)
            yield [values[name] for name in _HEAD]
        if len(found) < _PART:
            return
        before, left = found[-1].seq, left - len(found)


@router.get("/verification")
def verification(visit: Admin, seq: Chosen = "", hash: Chosen = "") -> Response:
    """Recompute the whole chain, and compare it with an entry that was noted elsewhere."""
    values: dict[str, Any] = {"typed": {"seq": seq, "hash": hash}}
    try:
        head = _noted(seq.strip(), hash.strip().lower())
    except InvalidInput as error:
        return visit.refused("audit_verified.html", error, found=None, **values)
    with visit.work() as work:
        found = work.audit.verify(head)
    return visit.page("audit_verified.html", found=found, compared=head, **values)


def _noted(seq: str, digest: str) -> tuple[int, str] | None:
    if not seq and not digest:
        return None
    if not (seq.isascii() and seq.isdigit() and 0 < int(seq[:20]) < 2**63):
        raise InvalidInput("the number of an entry, such as 1204, with its hash", field="seq")
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise InvalidInput("the hash of an entry: 64 letters and digits", field="hash")
    return int(seq), digest
