"""The audit trail: who did or read what, numbered, hash-chained, never changed.

An entry's head (who, when, what, which row) is hashed together with the hash of the entry before. What else it
tells, before and after of each field, stands beside it and enters the hash by a salted digest only: an erasure
removes it, and the chain still holds. See docs/audit.md and ADR-0006.
"""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, or_, select, text

from domain.context import Actor, Clock
from store.access_tables import users
from store.audit_chain import (
    GENESIS,
    ChainWalk,
    Verification,
    canonical,
    digest_of,
    entries_with_details,
    head_hash,
)
from store.journal_tables import audit, audit_details, audit_subjects
from store.sql import chunks

_LOCK = 5_817_043_202
_LONGEST_KEY = 400


class Entry(NamedTuple):
    """What is to be written into the trail; ``subjects`` are the keys when it concerns several rows."""

    action: str
    resource: str
    key: str | None = None
    partner_id: int | None = None
    details: Mapping[str, Any] | None = None
    subjects: Sequence[str] = ()


class AuditEntry(NamedTuple):
    """An entry as read; ``details`` is None where there were none or an erasure removed them."""

    seq: int
    at: datetime
    actor: str
    actor_name: str | None
    role: str
    action: str
    resource: str
    key: str | None
    partner_id: int | None
    details: dict[str, Any] | None
    is_erased: bool
    previous_hash: str
    hash: str


def actor_word(actor: Actor) -> str:
    """Return how the trail names an actor: persons by our id, keys and the machine by name."""
    return f"user:{actor.user_id}" if actor.user_id is not None else actor.name


def short_key(key: str) -> str:
    """Return a key that an index can hold; of a very long one the beginning and a digest."""
    if len(key) <= _LONGEST_KEY and key.isascii() and "\0" not in key:
        return key
    plain = key.replace("\0", "").encode("utf-8", "replace").decode()
    return plain if len(plain) <= _LONGEST_KEY else f"{plain[:_LONGEST_KEY]}~{sha256(plain.encode()).hexdigest()}"


@dataclass(frozen=True)
class AuditFilter:
    """Which entries are wanted; None: any.

    Parameters
    ----------
    resource, key, actor, action : str, optional
        `key` finds entries on several rows too; `actor` may be a person's e-mail address.
    partner_id : int, optional
        Those that concern this partner.
    since, until : datetime, optional
        Those at or after the one and before the other.
    """

    resource: str | None = None
    key: str | None = None
    actor: str | None = None
    action: str | None = None
    partner_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


class AuditRepository:
    """Appends to the trail, reads and verifies it, and removes details for an erasure."""

    def __init__(self, connection: Connection, actor: Actor, clock: Clock) -> None:
        self._connection = connection
        self._actor = actor
        self._clock = clock

    def append(self, entries: Sequence[Entry]) -> list[int]:
        """Write entries at the end of the chain and return their numbers.

        On PostgreSQL the chain is locked from here to the end of the transaction, which should be near: nothing but
        inserts may come between. On SQLite there is one writer at a time anyway.
        """
        if not entries:
            return []
        seq, previous = self._lock_end()
        at, heads, details, subjects = self._clock(), [], [], []
        for entry in entries:
            seq += 1
            head = self._head(entry, seq, at, previous)
            if entry.details:
                salt, told = secrets.token_hex(16), canonical(entry.details)
                head["details_digest"] = digest_of(salt, told)
                details.append({"seq": seq, "salt": salt, "details": told})
            previous = head["hash"] = head_hash(head)
            heads.append(head)
            keys = dict.fromkeys(map(short_key, entry.subjects))
            subjects += [{"seq": seq, "key": key, "resource": entry.resource} for key in keys]
        for table, rows in ((audit, heads), (audit_details, details), (audit_subjects, subjects)):
            for part in chunks(rows):
                self._connection.execute(table.insert(), list(part))
        return [int(head["seq"]) for head in heads]

    def _head(self, entry: Entry, seq: int, at: datetime, previous: str) -> dict[str, Any]:
        return {
            "seq": seq,
            "at": at,
            "actor": actor_word(self._actor),
            "role": str(self._actor.role),
            "actor_partner_id": self._actor.partner_id,
            "action": entry.action,
            "resource": entry.resource,
            "key": None if entry.key is None else short_key(entry.key),
            "partner_id": entry.partner_id,
            "details_digest": None,
            "previous_hash": previous,
        }

    def _lock_end(self) -> tuple[int, str]:
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        return self.end()

    def end(self) -> tuple[int, str]:
        """Return number and hash of the newest entry; 0 and `GENESIS` when there is none."""
        last = self._connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
        return (0, GENESIS) if last is None else (int(last[0]), str(last[1]))

    def list(self, wanted: AuditFilter, *, before: int | None = None, limit: int = 50) -> Sequence[AuditEntry]:
        """Return entries, the newest first; `before`: those after the entry with this number in the list."""
        exact = {"resource": wanted.resource, "action": wanted.action, "partner_id": wanted.partner_id}
        conditions = [audit.c[name] == value for name, value in exact.items() if value is not None]
        conditions += [self._about(wanted.resource, wanted.key)] if wanted.key is not None else []
        conditions += [self._by(wanted.actor)] if wanted.actor is not None else []
        conditions += [audit.c.at >= wanted.since] if wanted.since is not None else []
        conditions += [audit.c.at < wanted.until] if wanted.until is not None else []
        conditions += [audit.c.seq < before] if before is not None else []
        query = entries_with_details().where(*conditions).order_by(audit.c.seq.desc()).limit(limit)
        rows = self._connection.execute(query).all()
        names = self._names({row.actor for row in rows})
        return [_entry(row, names) for row in rows]

    def _about(self, resource: str | None, key: str) -> ColumnElement[bool]:
        short = short_key(key)
        several = select(audit_subjects.c.seq).where(audit_subjects.c.key == short)
        if resource is not None:
            several = several.where(audit_subjects.c.resource == resource)
        return or_(audit.c.key == short, audit.c.seq.in_(several))

    def _by(self, actor: str) -> ColumnElement[bool]:
        person = select(users.c.id).where(users.c.email == actor.strip().lower())
        known = self._connection.execute(person).scalar()
        return audit.c.actor == (actor if known is None else f"user:{known}")

    def _names(self, actors: Iterable[str]) -> dict[str, str]:
        ids = {int(actor[5:]) for actor in actors if actor.startswith("user:") and actor[5:].isdigit()}
        if not ids:
            return {}
        rows = self._connection.execute(select(users.c.id, users.c.name).where(users.c.id.in_(ids)))
        return {f"user:{id_}": name for id_, name in rows}

    def verify(self, head: tuple[int, str] | None = None) -> Verification:
        """Recompute the chain from its beginning.

        Parameters
        ----------
        head : (int, str), optional
            Number and hash of an entry that were noted elsewhere earlier: the chain must still hold it. Without,
            entries cut off at the end, or a chain written anew as a whole, cannot be told.
        """
        return ChainWalk(self._connection, head).result()

    def erase_details(
        self, wanted: Mapping[str, Iterable[str]], partner_id: int | None = None, also: Iterable[int] = ()
    ) -> Sequence[int]:
        """Remove the details of entries on given rows, by resource and key, or on a partner; return their numbers.

        `also`: those of entries with these numbers.

        The caller notes the numbers in the trail (`Journal.erased`): details that are gone without that are tampering.
        """
        found: set[int] = set(also)
        for resource, keys in wanted.items():
            for part in chunks([short_key(key) for key in keys]):
                alone = select(audit.c.seq).where(audit.c.resource == resource, audit.c.key.in_(part))
                shared = select(audit_subjects.c.seq).where(
                    audit_subjects.c.resource == resource, audit_subjects.c.key.in_(part)
                )
                for query in (alone, shared):
                    found.update(self._connection.execute(query).scalars())
        if partner_id is not None:
            found.update(
                self._connection.execute(select(audit.c.seq).where(audit.c.partner_id == partner_id)).scalars()
            )
        return self._remove(sorted(found))

    def _remove(self, seqs: Sequence[int]) -> Sequence[int]:
        gone: set[int] = set()
        for part in chunks(seqs):
            # An erasure's own list of numbers is what the chain needs to hold: it stays.
            theirs = select(audit.c.seq).where(audit.c.seq.in_(part), audit.c.action == "erased")
            kept = set(self._connection.execute(theirs).scalars())
            there = audit_details.c.seq.in_([seq for seq in part if seq not in kept])
            gone.update(self._connection.execute(select(audit_details.c.seq).where(there)).scalars())
            self._connection.execute(audit_details.delete().where(there))
            self._connection.execute(audit_subjects.delete().where(audit_subjects.c.seq.in_(part)))
        return sorted(gone)


def _entry(row: Row[Any], names: Mapping[str, str]) -> AuditEntry:
    values = {name: getattr(row, name, None) for name in AuditEntry._fields}
    told = None if row.details is None else json.loads(row.details)
    gone = row.details is None and row.details_digest is not None
    return AuditEntry(**values | {"actor_name": names.get(row.actor), "details": told, "is_erased": gone})
