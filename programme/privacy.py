"""Data protection: all data on a partner or person for who asks, and erasure that reaches every place it went to."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from domain.errors import Conflict
from domain.resources import RESOURCES
from domain.terms import PartnerStatus
from store.audit import actor_word
from store.erasure import Gone, RowErasure, texts_in
from store.erasure_logs import LogErasure, is_account, is_account_of
from store.privacy import PAGE, Erasure, PrivacyRepository
from store.unit_of_work import UnitOfWork
from store.veil import is_contact_field

PREFIX = "erased-"
"""How pseudonyms begin."""

_RUNNING = (PartnerStatus.ACTIVE, PartnerStatus.ONBOARDING, PartnerStatus.INACTIVE)
_LEAD_TEXTS = ("description",)

Part = tuple[str, Iterator[dict[str, Any]]]


class Certificate(NamedTuple):
    """What an erasure did: rows changed or deleted by table, entries of the trail that lost their details."""

    resource: str
    id: int
    key: str | None
    erased_at: datetime
    reached: dict[str, int]
    repeated: bool


def export_partner(work: UnitOfWork, key: int | str) -> Iterator[Part]:
    """Yield everything on a partner, by resource, then by table of the service.

    Of leads it yields those offered to it; of matches what they say of this partner. That it was read is written down
    first.

    Raises
    ------
    NotFound
        If there is no such partner.
    """
    partner = work.repository("partners").get(key)
    name = partner["external_id"]
    contacts = [row["external_id"] for row in _rows(work, "contacts", {"partner": name})]
    work.journal.record("read", "partners", name, {"export": True}, partner["id"])
    work.journal.read("contacts", contacts)
    return _partner_parts(work, partner)


def _partner_parts(work: UnitOfWork, partner: dict[str, Any]) -> Iterator[Part]:
    name = partner["external_id"]
    yield "partners", iter([partner])
    for resource in RESOURCES.values():
        if "partner" in resource.by_name:
            yield resource.name, _rows(work, resource.name, {"partner": name})
    yield "leads", _leads_of(work, name)
    yield "terms", _terms_of(work, name)
    yield "changes", _history_of(work, {"partners": [name]})
    yield from PrivacyRepository(work.connection).partner_parts(partner["id"], name)


def export_contact(work: UnitOfWork, key: int | str) -> Iterator[Part]:
    """Yield everything on a contact: the row, rows that name it, accounts with its e-mail address, the trail.

    Raises
    ------
    NotFound
        If there is no such contact.
    """
    row = work.repository("contacts").get(key)
    work.journal.read("contacts", [row["external_id"]])
    return _contact_parts(work, row)


def _contact_parts(work: UnitOfWork, row: dict[str, Any]) -> Iterator[Part]:
    kept = PrivacyRepository(work.connection)
    yield "contacts", iter([row])
    for resource in RESOURCES.values():
        if any(column.target == "contacts" for column in resource.columns):
            yield resource.name, _rows(work, resource.name, {"contact": row["external_id"]})
    yield "changes", _history_of(work, {"contacts": [row["external_id"]]})
    if row["email"]:
        yield "users", kept.users_by_email(row["email"])
    yield "audit", kept.audit_of("contacts", f"id:{row['id']}")


def export_lead(work: UnitOfWork, key: int | str) -> Iterator[Part]:
    """Yield everything on a lead: the row, whom it was offered to, notes and deals, its history, the trail.

    Raises
    ------
    NotFound
        If there is no such lead.
    """
    row = work.repository("leads").get(key)
    work.journal.read("leads", [row["external_id"]])
    return _lead_parts(work, row)


def _lead_parts(work: UnitOfWork, row: dict[str, Any]) -> Iterator[Part]:
    yield "leads", iter([row])
    for name in ("assignments", "deals", "notes"):
        yield name, _rows(work, name, {"lead": row["external_id"]})
    yield "changes", _history_of(work, {"leads": [row["external_id"]]})
    yield "audit", PrivacyRepository(work.connection).audit_of("leads", row["external_id"])


def erase_again(work: UnitOfWork, erasure: Erasure, home: Path) -> Certificate:
    """Repeat an erasure in a store that was restored from before it, under the same pseudonym.

    Raises
    ------
    NotFound
        If the row is not there.
    """
    match erasure.resource:
        case "partners":
            partner = work.repository("partners").get(erasure.row_id)
            return _erase_partner(work, partner, str(erasure.key), erasure.reason, home)
        case "contacts":
            return erase_contact(work, erasure.row_id, erasure.reason, home)
        case "users":
            return erase_user(work, erasure.row_id, erasure.reason, home)
    return erase_lead_contact(work, erasure.row_id, erasure.reason, home, erasure.details.get("attributes", ()))


def erase_partner(work: UnitOfWork, key: int | str, reason: str, home: Path) -> Certificate:
    """Erase a partner and its people; amounts, dates and states stay under a pseudonym. Again it changes nothing.

    Raises
    ------
    NotFound
        If there is no such partner.
    Conflict
        If the relation has not ended.
    """
    partner = work.repository("partners").get(key)
    if partner["status"] in _RUNNING:
        raise Conflict(
            f"{key!r} is {partner['status']}: end it first (POST /v1/partners/{{key}}/status), so that offers are "
            "withdrawn and money is settled; then it can be erased.",
            partner_status=partner["status"],
        )
    name, known = partner["external_id"], PrivacyRepository(work.connection).latest("partners", partner["id"])
    pseudonym = name if known is not None and known["key"] == name else PREFIX + secrets.token_hex(8)
    return _erase_partner(work, partner, pseudonym, reason, home)


def _erase_partner(work: UnitOfWork, partner: dict[str, Any], pseudonym: str, reason: str, home: Path) -> Certificate:
    name = partner["external_id"]
    rows, logs = RowErasure(work.connection, work.clock()), LogErasure(work.connection, work.clock())
    logs.partner(partner["id"], name, pseudonym)
    people = logs.users(is_account_of(partner["id"]))
    rows.partner(partner["id"], pseudonym)
    rows.gone.names.update(people)
    return _conclude(work, _Case("partners", partner["id"], pseudonym, reason, partner["id"]), rows.gone, logs, home)


def erase_contact(work: UnitOfWork, key: int | str, reason: str, home: Path) -> Certificate:
    """Erase a person of a partner: the contact, what names it, the account with its e-mail address.

    Raises
    ------
    NotFound
        If there is no such contact: after an erasure there is none.
    """
    row = work.repository("contacts").get(key)
    rows, logs = RowErasure(work.connection, work.clock()), LogErasure(work.connection, work.clock())
    people = logs.users(is_account(row["email"])) if row["email"] else set()
    rows.contact(row["id"])
    rows.gone.names.update(people)
    return _conclude(work, _Case("contacts", row["id"], None, reason, None), rows.gone, logs, home)


def erase_user(work: UnitOfWork, id_: int, reason: str, home: Path) -> Certificate:
    """Erase a person who signs in: e-mail address, name, password, sessions, and the address wherever it is written.

    Raises
    ------
    NotFound
        If there is no such person.
    """
    user = work.users.get(id_)
    logs = LogErasure(work.connection, work.clock())
    gone = Gone({}, {}, set(), logs.users(is_account(user.email)), set())
    if gone.names:
        rows = RowErasure(work.connection, work.clock())
        rows.mentions(gone.names)
        gone.counts.update(rows.gone.counts)
        gone.keys.update({"users": [f"id:{id_}"]})
    return _conclude(work, _Case("users", id_, None, reason, None), gone, logs, home)


def erase_lead_contact(
    work: UnitOfWork, key: int | str, reason: str, home: Path, attributes: Sequence[str] = ()
) -> Certificate:
    """Erase the person at a lead: attributes named like contact data and those given, and the description.

    Raises
    ------
    NotFound
        If there is no such lead.
    """
    row = work.repository("leads").get(key)
    own = [name for name in row["attributes"] if name in attributes or is_contact_field(f"attributes.{name}")]
    rows, logs = RowErasure(work.connection, work.clock()), LogErasure(work.connection, work.clock())
    for name in own:
        rows.gone.names.update(texts_in(row["attributes"][name]))
    rows.fields(RESOURCES["leads"], row["id"], _LEAD_TEXTS, own)
    if rows.gone.counts:
        logs.matches_of_lead(row["id"], rows.gone.texts)
        rows.mentions(rows.gone.names, lead_id=row["id"])
        rows.gone.keys.setdefault("leads", []).append(row["external_id"])
    case = _Case("leads", row["id"], row["external_id"], reason, None, {"attributes": own})
    return _conclude(work, case, rows.gone, logs, home)


class _Case(NamedTuple):
    resource: str
    id: int
    key: str | None
    reason: str
    partner_id: int | None
    details: Mapping[str, Any] = MappingProxyType({})


def _conclude(work: UnitOfWork, case: _Case, gone: Gone, logs: LogErasure, home: Path) -> Certificate:
    """Follow the texts into logs, files and the trail; write the erasure down, and tell that it happened."""
    kept, earlier = PrivacyRepository(work.connection), None
    if not gone.counts and not logs.counts:
        earlier = kept.latest(case.resource, case.id)
    if earlier is not None or not (gone.counts or logs.counts):
        at = work.clock() if earlier is None else earlier["erased_at"]
        reached = {} if earlier is None else earlier["reached"]
        return Certificate(case.resource, case.id, case.key, at, reached, repeated=True)
    entries = logs.texts(gone.names, gone.texts, gone.ids)
    told = work.journal.erase(gone.keys, case.partner_id, entries)
    files = forget_files(work, home, gone)
    reached = {**gone.counts, **logs.counts, "audit_details": told, "files": files}
    reached = dict(sorted((name, count) for name, count in reached.items() if count))
    values: dict[str, Any] = {"resource": case.resource, "row_id": case.id, "key": case.key, "reason": case.reason}
    values |= {"details": dict(case.details)}
    kept.note(values | {"erased_by": actor_word(work.actor), "erased_at": work.clock(), "reached": reached})
    noun = RESOURCES[case.resource].name.removesuffix("s") if case.resource in RESOURCES else "user"
    work.journal.announce(
        f"{noun}.erased", {"id": case.id, "key": case.key, "reached": reached}, case.partner_id, private=True
    )
    return Certificate(case.resource, case.id, case.key, work.clock(), reached, repeated=False)


def forget_files(work: UnitOfWork, home: Path, gone: Gone) -> int:
    """Delete files that the service keeps only for a while and that hold what was erased; return how many.

    Every finished export (it holds everybody), uploads that no job waits for, rejected rows that hold one of the texts.
    """
    waiting = {Path(job.payload.get("folder", "")).name for job in work.jobs.open("import")}
    files = _files(home / "exports")
    files += [path for path in _files(home / "uploads") if not waiting & {path.stem, *path.relative_to(home).parts}]
    spelt = [text.encode(errors="replace") for text in {*gone.names, *gone.texts, *gone.ids} if len(text) > 3]
    files += [path for path in _files(home / "rejects") if _holds(path, spelt)]
    for path in files:
        path.unlink(missing_ok=True)
    return len(files)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _holds(path: Path, texts: Sequence[bytes]) -> bool:
    found = path.read_bytes()
    return any(text in found for text in texts)


def _rows(work: UnitOfWork, resource: str, filters: dict[str, Any]) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        page = work.repository(resource).list(filters, cursor=cursor, limit=PAGE)
        yield from page.rows
        cursor = page.next_cursor
        if cursor is None:
            return


def _leads_of(work: UnitOfWork, partner: str) -> Iterator[dict[str, Any]]:
    """Yield which leads were offered to a partner: by id alone, the rest is the customers' data."""
    seen: set[str] = set()
    for row in _rows(work, "assignments", {"partner": partner}):
        if row["lead"] not in seen:
            seen.add(row["lead"])
            yield {"external_id": row["lead"]}


def _terms_of(work: UnitOfWork, partner: str) -> Iterator[dict[str, Any]]:
    for agreement in _rows(work, "agreements", {"partner": partner}):
        yield from _rows(work, "terms", {"agreement": agreement["external_id"]})


def _history_of(work: UnitOfWork, keys: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    for resource, names in keys.items():
        for name in names:
            yield from _rows(work, "changes", {"resource": resource, "external_id": name})
