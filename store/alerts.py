"""Alerts, who has read them, what persons want to be told how, and notices on their way to them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, text

from domain.context import Actor, Clock
from domain.errors import NotFound
from domain.resources import RESOURCES
from domain.terms import Role
from store.journal_tables import alert_notices, alert_preferences, alert_reads, alerts, feed_marks
from store.sql import insert_into, json_ready
from store.tables import RESOURCE_TABLES
from store.visibility import visible_rows

_LOCK = 5_817_043_203


class Alert(NamedTuple):
    """Something that asks for attention; ``partner`` is an external id, ``read_at`` the asking person's."""

    id: int
    kind: str
    severity: str
    partner_id: int | None
    partner: str | None
    for_staff: bool
    resource: str
    key: str | None
    message: str
    details: Mapping[str, Any]
    created_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    read_at: datetime | None


class Draft(NamedTuple):
    """An alert to be raised; an equal ``dedup_key`` is the same alert, and is raised once."""

    kind: str
    severity: str
    message: str
    dedup_key: str
    resource: str
    key: str | None = None
    partner_id: int | None = None
    for_staff: bool = True
    for_partner: bool = False
    details: Mapping[str, Any] = {}


class Preference(NamedTuple):
    """How a person is told of a kind of alert."""

    kind: str
    console: bool
    email: str
    webhook: str


class Notice(NamedTuple):
    """An alert on its way to a person."""

    alert_id: int
    person: str
    channel: str
    mode: str


class AlertRepository:
    """Raises, lists and resolves alerts; a person sees those of its side and its partners."""

    def __init__(self, connection: Connection, actor: Actor, clock: Clock) -> None:
        self._connection = connection
        self._actor = actor
        self._clock = clock

    def put(self, draft: Draft) -> int | None:
        """Keep an alert and return our id; None if it was raised before."""
        values = draft._asdict() | {"details": json_ready(dict(draft.details)), "dedup_key": draft.dedup_key[:200]}
        insert = insert_into(self._connection, alerts).values(**values, created_at=self._clock())
        found = self._connection.execute(insert.on_conflict_do_nothing().returning(alerts.c.id)).scalar()
        return None if found is None else int(found)

    def list(
        self,
        kinds: Collection[str],
        *,
        partner_id: int | None = None,
        severity: str | None = None,
        is_open: bool | None = None,
        unread: bool = False,
        before: int | None = None,
        limit: int = 50,
    ) -> Sequence[Alert]:
        """Return alerts of some kinds that the actor sees, the newest first.

        Parameters
        ----------
        kinds : collection of str
            Only those.
        partner_id : int, optional
            Only those about this partner.
        severity : str, optional
            Only those.
        is_open : bool, optional
            Only those not resolved, or only the resolved ones.
        unread : bool, default=False
            Only those that the actor has not read.
        before : int, optional
            Only those with a smaller id: the page after the one with it.
        limit : int, default=50
            How many at the most.
        """
        conditions = [alerts.c.kind.in_(sorted(kinds)), *self.visible()]
        conditions += [alerts.c.partner_id == partner_id] if partner_id is not None else []
        conditions += [alerts.c.severity == severity] if severity is not None else []
        conditions += [alerts.c.resolved_at.is_(None) == is_open] if is_open is not None else []
        conditions += [alert_reads.c.read_at.is_(None)] if unread else []
        conditions += [alerts.c.id < before] if before is not None else []
        query = self._query().where(*conditions).order_by(alerts.c.id.desc()).limit(limit)
        return [Alert(**row) for row in self._connection.execute(query).mappings()]

    def open_by_kind(self, kinds: Collection[str]) -> dict[str, int]:
        """Return how many alerts of some kinds that the actor sees are not resolved, by kind."""
        wanted = select(alerts.c.kind, func.count()).where(
            alerts.c.kind.in_(sorted(kinds)), alerts.c.resolved_at.is_(None), *self.visible()
        )
        return {kind: int(n) for kind, n in self._connection.execute(wanted.group_by(alerts.c.kind))}

    def count_unread(self, kinds: Collection[str], most: int) -> int:
        """Return how many open alerts of some kinds the actor has not read; counting ends at `most`."""
        mine = exists().where(alert_reads.c.alert_id == alerts.c.id, alert_reads.c.person == self._actor.identity)
        conditions = (alerts.c.kind.in_(sorted(kinds)), alerts.c.resolved_at.is_(None), ~mine, *self.visible())
        found = select(alerts.c.id).where(*conditions).limit(most).subquery()
        return int(self._connection.execute(select(func.count()).select_from(found)).scalar_one())

    def get(self, id_: int, kinds: Collection[str]) -> Alert:
        """Return an alert.

        Raises
        ------
        NotFound
            If there is none of these kinds that the actor sees.
        """
        mine = (alerts.c.id == id_, alerts.c.kind.in_(sorted(kinds)), *self.visible())
        row = self._connection.execute(self._query().where(*mine)).mappings().first()
        if row is None:
            raise NotFound(f"There is no alert {id_} that you may see.", id=id_)
        return Alert(**row)

    def mark_read(self, id_: int) -> None:
        """Note that the actor has read an alert."""
        values = {"alert_id": id_, "person": self._actor.identity, "read_at": self._clock()}
        self._connection.execute(insert_into(self._connection, alert_reads).values(**values).on_conflict_do_nothing())

    def resolve(self, conditions: Mapping[str, Any]) -> Sequence[int]:
        """Resolve open alerts with these column values; return their ids."""
        same = [alerts.c[name] == value for name, value in conditions.items()]
        wanted = alerts.update().where(alerts.c.resolved_at.is_(None), *same)
        done = wanted.values(resolved_at=self._clock(), resolved_by=self._actor.identity).returning(alerts.c.id)
        return self._connection.execute(done).scalars().all()

    def visible(self) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions of the alerts that the actor sees."""
        if self._actor.role is Role.PARTNER:
            return (alerts.c.for_partner, alerts.c.partner_id == self._actor.partner_id)
        rows = visible_rows(self._actor, RESOURCES["partners"])
        if not rows:
            return (alerts.c.for_staff,)
        seen = select(RESOURCE_TABLES["partners"].c.id).where(*rows)
        return (alerts.c.for_staff, or_(alerts.c.partner_id.is_(None), alerts.c.partner_id.in_(seen)))

    def _query(self) -> Any:
        partners = RESOURCE_TABLES["partners"]
        own = [alerts.c[name] for name in Alert._fields if name not in ("partner", "read_at")]
        mine = and_(alert_reads.c.alert_id == alerts.c.id, alert_reads.c.person == self._actor.identity)
        joined = alerts.outerjoin(partners, partners.c.id == alerts.c.partner_id).outerjoin(alert_reads, mine)
        return select(*own, partners.c.external_id.label("partner"), alert_reads.c.read_at).select_from(joined)

    def preferences(self, person: str) -> Mapping[str, Preference]:
        """Return what a person chose, by kind."""
        columns = [alert_preferences.c[name] for name in Preference._fields]
        rows = self._connection.execute(select(*columns).where(alert_preferences.c.person == person))
        return {row.kind: Preference(*row) for row in rows}

    def put_preferences(self, person: str, chosen: Sequence[Preference]) -> None:
        """Keep what a person chooses, in place of what was chosen for these kinds."""
        for preference in chosen:
            values = preference._asdict() | {"updated_at": self._clock()}
            insert = insert_into(self._connection, alert_preferences).values(person=person, **values)
            replaced = {name: values[name] for name in values if name != "kind"}
            self._connection.execute(insert.on_conflict_do_update(index_elements=["person", "kind"], set_=replaced))

    def wanting(self, kind: str) -> Sequence[tuple[str, Preference]]:
        """Return who wants to be told of a kind elsewhere than in the console, and how."""
        table = alert_preferences
        elsewhere = or_(table.c.email != "off", table.c.webhook != "off")
        rows = self._connection.execute(select(table).where(table.c.kind == kind, elsewhere).order_by(table.c.person))
        return [(row.person, Preference(row.kind, row.console, row.email, row.webhook)) for row in rows]

    def put_notice(self, notice: Notice) -> bool:
        """Queue a notice; whether it was not there yet."""
        values = notice._asdict() | {"created_at": self._clock()}
        insert = insert_into(self._connection, alert_notices).values(**values).on_conflict_do_nothing()
        return self._connection.execute(insert.returning(alert_notices.c.alert_id)).first() is not None

    def unsent(self, channel: str, mode: str | None = None, person: str | None = None) -> Sequence[tuple[str, Alert]]:
        """Return person and alert of notices that were not sent, by person, the oldest first."""
        table = alert_notices
        conditions = [table.c.channel == channel, table.c.sent_at.is_(None)]
        conditions += [table.c.mode == mode] if mode is not None else []
        conditions += [table.c.person == person] if person is not None else []
        query = self._query().add_columns(table.c.person.label("receiver"))
        query = query.join(table, table.c.alert_id == alerts.c.id).where(*conditions)
        rows = self._connection.execute(query.order_by(table.c.person, alerts.c.id)).mappings()
        return [(row["receiver"], Alert(**{name: row[name] for name in Alert._fields})) for row in rows]

    def mark_sent(self, person: str, channel: str, ids: Collection[int]) -> None:
        """Note that notices were sent."""
        table = alert_notices
        theirs = (table.c.person == person, table.c.channel == channel, table.c.alert_id.in_(sorted(ids)))
        self._connection.execute(table.update().where(*theirs).values(sent_at=self._clock()))

    def lock(self) -> None:
        """Let no other reader of the events raise alerts until this transaction ends."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})

    def forget_partner(self, partner_id: int) -> int:
        """Delete the alerts on a partner, for an erasure; return how many."""
        theirs = select(alerts.c.id).where(alerts.c.partner_id == partner_id)
        for table in (alert_reads, alert_notices):
            self._connection.execute(table.delete().where(table.c.alert_id.in_(theirs)))
        return self._connection.execute(alerts.delete().where(alerts.c.partner_id == partner_id)).rowcount

    def forget_person(self, person: str) -> None:
        """Delete what a person read, chose and waits for, for an erasure; `person` as the trail names it."""
        for table in (alert_reads, alert_preferences, alert_notices):
            self._connection.execute(table.delete().where(table.c.person == person))

    def mark(self, name: str) -> int:
        """Return the id of the last event that a reader of ours has read; 0 at first."""
        found = self._connection.execute(select(feed_marks.c.event_id).where(feed_marks.c.name == name)).scalar()
        return 0 if found is None else int(found)

    def set_mark(self, name: str, event_id: int) -> None:
        """Note how far a reader of ours has read."""
        insert = insert_into(self._connection, feed_marks).values(name=name, event_id=event_id)
        changed = insert.on_conflict_do_update(index_elements=["name"], set_={"event_id": event_id})
        self._connection.execute(changed)
