"""What happened in a transaction: every change is told here, and written down with it as it commits."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Self

from sqlalchemy import Connection, select

from domain.context import Actor, Clock
from domain.events import event_name
from domain.personal import KEYED_BY_US
from domain.resources import RESOURCES
from store.audit import AuditRepository, Entry
from store.audit_chain import as_ranges
from store.events import Event, EventRepository
from store.sql import chunks
from store.tables import RESOURCE_TABLES
from store.telling import Row, audit_details, event_payload, is_for_partner, told_key

_NAMING = ("external_id", "key", "id")
"""Fields of a business event's payload that may name what it is about."""


class RowChange(NamedTuple):
    """A row of a resource that was made, changed or removed.

    Parameters
    ----------
    resource : str
        Public name, such as ``partners``.
    action : str
        ``created``, ``changed`` or ``deleted``.
    before, after : mapping or None
        The row by public column name; None where there was or is none.
    """

    resource: str
    action: str
    before: Row | None
    after: Row | None

    @property
    def row(self) -> Row:
        """The row as it is, or was before it went."""
        return self.after or self.before or {}

    @property
    def key(self) -> str:
        """How trail and events name the row."""
        return told_key(self.resource, self.row)


class Announcement(NamedTuple):
    """A business event: its name, what is told, and our id of the partner that it concerns."""

    name: str
    payload: dict[str, Any]
    partner_id: int | None
    private: bool = False

    @property
    def key(self) -> str | None:
        """What it is about: the ``external_id``, ``key`` or ``id`` of the payload, or what its noun names there."""
        noun = self.name.partition(".")[0]
        found = next((self.payload[name] for name in (*_NAMING, noun) if self.payload.get(name) is not None), None)
        return None if found is None else str(found)


class Reading(NamedTuple):
    """Rows with personal data that were given to the actor."""

    resource: str
    keys: tuple[str, ...]


_Noted = RowChange | Announcement | Reading | Entry


class Journal:
    """Collects what happened in one transaction, and writes audit trail and events as it commits.

    Parameters
    ----------
    connection : Connection
        In the transaction.
    actor : Actor
        Who does it.
    clock : callable
        The time of it.
    """

    def __init__(self, connection: Connection, actor: Actor, clock: Clock) -> None:
        self._connection = connection
        self._actor = actor
        self._clock = clock
        self._noted: list[_Noted] = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing was noted that is not yet written."""
        return not self._noted

    def mark(self) -> int:
        """Return how much was noted, for `rewind`."""
        return len(self._noted)

    def rewind(self, mark: int) -> None:
        """Forget what was noted since `mark`: it was undone."""
        del self._noted[mark:]

    def changed(self, change: RowChange) -> None:
        """Note a change of a row: an entry of the trail, and an event ``<noun>.created|changed|deleted``."""
        self._noted.append(change)

    def announce(
        self, name: str, payload: Mapping[str, Any], partner_id: int | None = None, *, private: bool = False
    ) -> None:
        """Note a business event that is no row's change: an entry of the trail, and an event.

        Parameters
        ----------
        name : str
            ``noun.verb`` in the past tense, such as ``registration.approved``.
        payload : mapping
            What receivers are told: JSON, or instants, dates and amounts; no personal data. ``external_id``, ``key``,
            ``id`` or the noun's own field names what it is about.
        partner_id : int, optional
            Our id of the partner that it concerns, who may see it then; None: it is the staff's alone.
        private : bool, default=False
            Whether it is the staff's alone although it concerns a partner.
        """
        self._noted.append(Announcement(name, dict(payload), partner_id, private))

    def read(self, resource: str, keys: Iterable[str]) -> None:
        """Note that personal data of these rows was given to the actor; one entry of the trail.

        In a read-only unit of work it is written in a transaction of its own, before the answer leaves.

        Parameters
        ----------
        resource : str
            Public name, such as ``contacts``.
        keys : iterable of str
            External ids, or ``id:<ours>``.
        """
        found = tuple(dict.fromkeys(str(key) for key in keys))
        if found:
            self._noted.append(Reading(resource, found))

    def record(
        self,
        action: str,
        resource: str,
        key: str | None = None,
        details: Mapping[str, Any] | None = None,
        partner_id: int | None = None,
    ) -> None:
        """Note what only the trail needs to know, such as an import, an export of a person or a change of a key."""
        self._noted.append(Entry(action, resource, key, partner_id, details))

    def erase(self, rows: Mapping[str, Sequence[str]], partner_id: int | None = None, also: Iterable[int] = ()) -> int:
        """Remove details and events of rows, by resource and key, or of a partner; return how many entries lost them.

        `also` names further entries by number, whose details go.

        Keys are those of the trail: `store.telling.told_key`. What was noted in this transaction goes before.
        """
        self.flush()
        gone = AuditRepository(self._connection, self._actor, self._clock).erase_details(rows, partner_id, also)
        EventRepository(self._connection, self._actor, self._clock).forget_of(rows, partner_id)
        if gone:
            self._noted.append(Entry("erased", "audit", None, None, {"entries": as_ranges(gone)}))
        return len(gone)

    def take(self, other: Self) -> None:
        """Take over what another journal noted and cannot write."""
        self._noted += other._noted
        other._noted = []

    def flush(self) -> None:
        """Write down what was noted; the unit of work calls it just before it commits."""
        noted, self._noted = self._noted, []
        if not noted:
            return
        partners = self._partner_ids(noted)
        entries = [self._entry(each, partners) for each in noted]
        trail = AuditRepository(self._connection, self._actor, self._clock)
        numbers = trail.append(entries)
        told = zip(numbers, noted, entries, strict=True)
        found = [event for seq, each, entry in told if (event := self._event(seq, each, entry)) is not None]
        if found:
            EventRepository(self._connection, self._actor, self._clock).write(found)

    def _entry(self, noted: _Noted, partners: Mapping[str, int]) -> Entry:
        match noted:
            case Entry():
                return noted
            case Reading():
                keys = self._told_keys(noted)
                if len(keys) == 1:
                    return Entry("read", noted.resource, keys[0])
                return Entry("read", noted.resource, details={"keys": keys}, subjects=keys)
            case Announcement():
                noun, _, verb = noted.name.partition(".")
                return Entry(verb, noun, noted.key, noted.partner_id, {"payload": noted.payload})
        details = audit_details(noted.resource, noted.before, noted.after)
        return Entry(noted.action, noted.resource, noted.key, _partner_of(noted, partners), details)

    def _event(self, seq: int, noted: _Noted, entry: Entry) -> Event | None:
        now = self._clock()
        match noted:
            case Announcement():
                seen, partner_id = noted.partner_id is not None and not noted.private, noted.partner_id
                return Event(seq, now, noted.name, entry.resource, entry.key, partner_id, seen, noted.payload)
            case RowChange():
                name = event_name(noted.resource, noted.action)
                payload = event_payload(noted.resource, noted.before, noted.after)
                seen = is_for_partner(noted.resource, noted.row)
                return Event(seq, now, name, noted.resource, noted.key, entry.partner_id, seen, payload)
        return None

    def _partner_ids(self, noted: Sequence[_Noted]) -> dict[str, int]:
        """Return our ids of the partners that changed rows name."""
        changes = [each for each in noted if isinstance(each, RowChange)]
        names = {str(change.row["partner"]) for change in changes if change.row.get("partner") is not None}
        return _ids(self._connection, "partners", sorted(names))

    def _told_keys(self, reading: Reading) -> list[str]:
        if reading.resource not in KEYED_BY_US or reading.resource not in RESOURCES:
            return list(reading.keys)
        ids = _ids(self._connection, reading.resource, [key for key in reading.keys if not key.startswith("id:")])
        # One that is gone meanwhile has no id of ours any more, and its own may be personal.
        told = [key if key.startswith("id:") else f"id:{ids.get(key, 'unknown')}" for key in reading.keys]
        return list(dict.fromkeys(told))


def _partner_of(change: RowChange, partners: Mapping[str, int]) -> int | None:
    if change.resource == "partners":
        return int(change.row["id"])
    return partners.get(str(change.row.get("partner")))


def _ids(connection: Connection, resource: str, external_ids: Sequence[str]) -> dict[str, int]:
    table = RESOURCE_TABLES[resource]
    found: dict[str, int] = {}
    for part in chunks(external_ids):
        rows = connection.execute(select(table.c.external_id, table.c.id).where(table.c.external_id.in_(part)))
        found |= {row.external_id: row.id for row in rows}
    return found
