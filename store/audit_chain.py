"""What holds the audit trail together: the hash of an entry, and a look at the whole chain."""

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, select

from store.journal_tables import audit, audit_details

GENESIS = "0" * 64
"""What the first entry names as the hash of the one before."""

_HEAD = (
    "seq",
    "at",
    "actor",
    "role",
    "actor_partner_id",
    "action",
    "resource",
    "key",
    "partner_id",
    "details_digest",
    "previous_hash",
)
_PAGE = 5_000


class Verification(NamedTuple):
    """What a look at the whole chain found; ``first_bad`` is the first entry that does not hold, with the reason."""

    ok: bool
    entries: int
    erased: int
    head_seq: int
    head_hash: str
    first_bad: int | None = None
    reason: str | None = None


def canonical(value: Any) -> str:
    """Return canonical JSON: sorted keys, no spaces, ASCII; amounts and instants as text.

    Examples
    --------
    >>> canonical({"b": Decimal("1.10"), "a": datetime(2024, 1, 2, tzinfo=UTC)})
    '{"a":"2024-01-02T00:00:00.000000+00:00","b":"1.10"}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)


def digest_of(salt: str, told: str) -> str:
    """Return the digest under which `told` enters the chain."""
    return hmac.new(bytes.fromhex(salt), told.encode(), sha256).hexdigest()


def head_hash(head: Mapping[str, Any]) -> str:
    """Return the hash of an entry: of its head, which names the hash of the entry before."""
    return sha256(canonical({name: head[name] for name in _HEAD}).encode()).hexdigest()


def as_ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Return sorted numbers as first-last pairs.

    Examples
    --------
    >>> as_ranges([3, 1, 2, 7])
    [[1, 3], [7, 7]]
    """
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


class ChainWalk:
    """One look at the chain from its beginning to its end; `head` as of `AuditRepository.verify`."""

    def __init__(self, connection: Connection, head: tuple[int, str] | None) -> None:
        self._connection = connection
        self._head = head
        self._missing: set[int] = set()  # details that are gone, until an erasure tells of them
        self._erased = 0

    def result(self) -> Verification:
        """Return what was found."""
        seq, previous, bad = 0, GENESIS, None
        for row in self._rows():
            reason = self._look(row, seq, previous)
            if reason:
                bad = (seq + 1 if row.seq != seq + 1 else int(row.seq), reason)
                break
            seq, previous = int(row.seq), str(row.hash)
        if bad is None:
            bad = self._after(seq)
        return Verification(bad is None, seq, self._erased, seq, previous, *(bad or (None, None)))

    def _rows(self) -> Iterator[Row[Any]]:
        last = 0
        while True:
            page = self._connection.execute(
                entries_with_details().where(audit.c.seq > last).order_by(audit.c.seq).limit(_PAGE)
            ).all()
            yield from page
            if len(page) < _PAGE:
                return
            last = page[-1].seq

    def _look(self, row: Row[Any], seq: int, previous: str) -> str | None:
        if row.seq != seq + 1:
            return f"entry {seq + 1} is missing"
        if row.previous_hash != previous:
            return "it does not follow from the entry before"
        if head_hash(row._asdict()) != row.hash:
            return "its head is not what was hashed"
        if self._head is not None and row.seq == self._head[0] and row.hash != self._head[1]:
            return "its hash is not the one that was noted"
        if row.details is not None:
            if row.details_digest != digest_of(row.salt, row.details):
                return "its details are not what was hashed"
            if row.action == "erased":
                self._tell(json.loads(row.details).get("entries", []))
        elif row.details_digest is not None:
            self._missing.add(int(row.seq))
        return None

    def _tell(self, ranges: Sequence[Sequence[int]]) -> None:
        for first, last in ranges:
            told = {seq for seq in self._missing if first <= seq <= last}
            self._missing -= told
            self._erased += len(told)

    def _after(self, seq: int) -> tuple[int, str] | None:
        if self._missing:
            return min(self._missing), "its details are gone, and no erasure tells of it"
        if self._head is not None and self._head[0] > seq:
            return seq + 1, f"the chain ends before entry {self._head[0]}, which was noted"
        return None


def entries_with_details() -> Select[Any]:
    """Return the query of entries, with what stands beside them."""
    joined = audit.outerjoin(audit_details, audit_details.c.seq == audit.c.seq)
    return select(*audit.c, audit_details.c.salt, audit_details.c.details).select_from(joined)
