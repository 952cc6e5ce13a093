"""What happened in a transaction: every change is told here, and written down with it as it commits."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection

from domain.context import Actor, Clock

Row = Mapping[str, Any]


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
        """The caller's id of the row, ours where there is none."""
        return str(self.row.get("external_id") or f"id:{self.row.get('id')}")


class Announcement(NamedTuple):
    """A business event: its name, what is told, and our id of the partner that it concerns."""

    name: str
    payload: dict[str, Any]
    partner_id: int | None


class Journal:
    """Collects what happened in one transaction, and writes audit trail and events as it commits."""

    def __init__(self, connection: Connection, actor: Actor, clock: Clock) -> None:
        self._connection = connection
        self._actor = actor
        self._clock = clock
        self._changes: list[RowChange] = []
        self._events: list[Announcement] = []
        self._reads: dict[str, dict[str, None]] = {}

    def changed(self, change: RowChange) -> None:
        """Note a change of a row."""
        self._changes.append(change)

    def mark(self) -> int:
        """Return how much was noted, for `rewind`."""
        return len(self._changes)

    def rewind(self, mark: int) -> None:
        """Forget what was noted since `mark`: it was undone."""
        del self._changes[mark:]

    def announce(self, name: str, payload: Mapping[str, Any], partner_id: int | None = None) -> None:
        """Note a business event that is no row's change.

        Parameters
        ----------
        name : str
            ``noun.verb`` in the past tense, such as ``registration.approved``.
        payload : mapping
            What receivers are told: JSON, or instants, dates and amounts.
        partner_id : int, optional
            Our id of the partner that it concerns, who may see it then; None: it is the staff's alone.
        """
        self._events.append(Announcement(name, dict(payload), partner_id))

    def read(self, resource: str, keys: Iterable[str]) -> None:
        """Note that personal data of these rows was given to the actor.

        Parameters
        ----------
        resource : str
            Public name, such as ``contacts``.
        keys : iterable of str
            External ids, or ``id:<ours>``.
        """
        self._reads.setdefault(resource, {}).update(dict.fromkeys(keys))

    def flush(self) -> None:
        """Write down what was noted; the unit of work calls it just before it commits."""
