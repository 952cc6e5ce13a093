"""Erasure of rows of resources: what a partner or person left in the programme's data."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, Text, and_, cast, delete, func, null, or_, select, update

from domain.columns import Column, Resource
from domain.erasure import ERASED, REMOVED, erased_columns
from domain.resources import RESOURCES
from store.changes import changes
from store.sql import chunks
from store.tables import RESOURCE_TABLES, column_name
from store.telling import told_key

_NAMING = {"partners": ("name", "website"), "contacts": ("name", "email", "phone")}


_PERSONS = (
    "account_manager",
    "author",
    "rated_by",
    "added_by",
    "changed_by",
    "decided_by",
    "appeal_decided_by",
    "agreed_by",
    "owner",
)
"""Columns that name a person who signs in."""
_SHORTEST = 3


class Gone(NamedTuple):
    """What went from rows: how many by resource, their keys in the trail, and the texts that stood there.

    ``names`` are those that tell who somebody is, ``ids`` external ids that are not there any more.
    """

    counts: dict[str, int]
    keys: dict[str, list[str]]
    texts: set[str]
    names: set[str]
    ids: set[str]


class RowErasure:
    """Erases rows of resources inside the caller's transaction, past the rules: history is not kept, no event told.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    now : datetime
        The time of it.
    """

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self.gone = Gone({}, {}, set(), set(), set())

    def partner(self, partner_id: int, pseudonym: str) -> None:
        """Erase all rows of a partner but the facts that stay under `pseudonym` (`domain.erasure`)."""
        self.contacts(RESOURCE_TABLES["contacts"].c.partner_id == partner_id)
        for resource, condition in owned_rows(partner_id):
            if resource.name in REMOVED:
                self._remove(resource, condition)
            else:
                self._forget_history(resource, condition)
                self._clear(resource, condition, erased_columns(resource))
        self._rename(partner_id, pseudonym)

    def contacts(self, condition: ColumnElement[bool]) -> None:
        """Delete contacts, and what other rows say of them: those name no person then."""
        table = RESOURCE_TABLES["contacts"]
        wanted = select(table.c.id).where(condition)
        for resource in RESOURCES.values():
            for column in resource.columns:
                if column.target == "contacts":
                    theirs = RESOURCE_TABLES[resource.name].c[column_name(column)].in_(wanted)
                    self._clear(resource, theirs, (column,), attributes=False)
        self._forget_history(RESOURCES["contacts"], condition, wholly=True)
        self._remove(RESOURCES["contacts"], condition)

    def contact(self, id_: int) -> None:
        """Erase one contact."""
        self.contacts(RESOURCE_TABLES["contacts"].c.id == id_)

    def mentions(self, names: Collection[str], lead_id: int | None = None) -> None:
        """Replace names in texts of rows: with `lead_id` in notes on a lead, else where whole fields name a person."""
        if lead_id is not None:
            self._mentions_in_notes(names, lead_id)
            return
        for resource in RESOURCES.values():
            table = RESOURCE_TABLES[resource.name]
            for column in (column for column in resource.columns if column.name in _PERSONS):
                stored = table.c[column.name]
                for part in chunks(sorted(names)):
                    values = {column.name: ERASED, **self._service(table)}
                    done = self._connection.execute(update(table).where(stored.in_(part)).values(**values))
                    self._count(resource, done.rowcount)
        for part in chunks(sorted(names)):
            told = changes.c.field.in_(_PERSONS) & changes.c.value.in_(part)
            done = self._connection.execute(update(changes).where(told).values(value=ERASED))
            self._count(RESOURCES["changes"], done.rowcount)

    def _mentions_in_notes(self, names: Collection[str], lead_id: int) -> None:
        table = RESOURCE_TABLES["notes"]
        for id_, body in self._connection.execute(select(table.c.id, table.c.body).where(table.c.lead_id == lead_id)):
            left = body
            for name in sorted(names, key=len, reverse=True):
                left = left.replace(name, ERASED) if len(name) >= _SHORTEST else left
            if left != body:
                self._connection.execute(
                    update(table).where(table.c.id == id_).values(body=left, **self._service(table))
                )
                self._count(RESOURCES["notes"], 1)

    def fields(self, resource: Resource, id_: int, names: Sequence[str], attributes: Sequence[str]) -> None:
        """Clear columns and custom attributes of one row, and their history."""
        table = RESOURCE_TABLES[resource.name]
        row = self._connection.execute(select(table).where(table.c.id == id_)).mappings().one()
        left = {name: value for name, value in row["attributes"].items() if name not in attributes}
        values: dict[str, Any] = {name: null() for name in names if row[name] is not None}
        values |= {"attributes": left} if left != row["attributes"] else {}
        for name in names:
            self._note(resource.name, name, row[name])
        self.gone.texts.update(*(texts_in(row["attributes"].get(name)) for name in attributes))
        fields = [*names, *attributes, *(f"attributes.{name}" for name in attributes)]
        mine = (changes.c.resource == resource.name) & (changes.c.external_id == row["external_id"])
        self._drop_history(mine & changes.c.field.in_(fields))
        if values:
            self._connection.execute(update(table).where(table.c.id == id_).values(**values, **self._service(table)))
            self._count(resource, 1)

    def _clear(
        self, resource: Resource, condition: ColumnElement[bool], columns: Sequence[Column], *, attributes: bool = True
    ) -> None:
        table = RESOURCE_TABLES[resource.name]
        values: dict[str, Any] = {column_name(column): _empty(column) for column in columns}
        filled = [_is_filled(column, table) for column in columns]
        if attributes and resource.custom:
            values["attributes"] = {}
            filled.append(cast(table.c.attributes, Text) != "{}")
        if not filled:
            return
        wanted = and_(condition, or_(*filled))
        self._collect(resource, wanted, list(values))
        if resource.event:  # the key is a digest of what stood there, and could be guessed from
            random = func.randomblob(16) if self._is_sqlite else func.uuid_send(func.gen_random_uuid())
            values["row_key"] = random
        done = self._connection.execute(update(table).where(wanted).values(**values, **self._service(table)))
        self._count(resource, done.rowcount)

    def _remove(self, resource: Resource, condition: ColumnElement[bool]) -> None:
        table = RESOURCE_TABLES[resource.name]
        self._collect(resource, condition, [column.name for column in table.c])
        if resource.has_external_id:
            self._forget_history(resource, condition, wholly=True)
        self._count(resource, self._connection.execute(delete(table).where(condition)).rowcount)

    def _collect(self, resource: Resource, wanted: ColumnElement[bool], names: Sequence[str]) -> None:
        """Keep in mind what stands there: the same texts are looked for in logs."""
        table = RESOURCE_TABLES[resource.name]
        named = [table.c.id, *([table.c.external_id] if "external_id" in table.c else [])]
        columns = [*named, *(table.c[name] for name in names if name not in ("id", "external_id"))]
        for row in self._connection.execute(select(*columns).where(wanted)).mappings():
            self.gone.keys.setdefault(resource.name, []).append(told_key(resource.name, dict(row)))
            for name in names:
                self._note(resource.name, name, row[name])

    def _note(self, resource: str, name: str, value: Any) -> None:
        self.gone.texts.update(texts_in(value))
        if name in _NAMING.get(resource, ()):
            self.gone.names.update(texts_in(value))
        if name == "external_id":
            self.gone.ids.add(value)

    def _forget_history(self, resource: Resource, condition: ColumnElement[bool], *, wholly: bool = False) -> None:
        if not resource.has_external_id:
            return
        table = RESOURCE_TABLES[resource.name]
        mine = (changes.c.resource == resource.name) & changes.c.external_id.in_(
            select(table.c.external_id).where(condition)
        )
        erased = {column.name for column in erased_columns(resource)}
        kept = [column.name for column in resource.columns if column.name not in erased]
        self._drop_history(mine if wholly else mine & changes.c.field.not_in(kept))

    def _drop_history(self, condition: ColumnElement[bool]) -> None:
        columns = (changes.c.resource, changes.c.field, changes.c.value)
        for resource, field, value in self._connection.execute(select(*columns).where(condition)):
            self._note(resource, field, value)
        self._count(RESOURCES["changes"], self._connection.execute(delete(changes).where(condition)).rowcount)

    def _rename(self, partner_id: int, pseudonym: str) -> None:
        table = RESOURCE_TABLES["partners"]
        row = self._connection.execute(select(table.c.external_id, table.c.name).where(table.c.id == partner_id)).one()
        # A stamp of its own: processes that keep what they read in memory must see that something changed.
        latest = self._connection.execute(select(func.max(table.c.row_updated_at))).scalar()
        at = self._now if latest is None or latest < self._now else latest + timedelta(microseconds=1)
        if row.external_id == pseudonym and row.name == pseudonym:
            if self.gone.counts:
                self._connection.execute(update(table).where(table.c.id == partner_id).values(row_updated_at=at))
            return
        self._note("partners", "name", row.name)
        self.gone.ids.add(row.external_id)
        self.gone.keys.setdefault("partners", []).append(row.external_id)
        values = {"external_id": pseudonym, "name": pseudonym, "row_updated_at": at}
        self._connection.execute(update(table).where(table.c.id == partner_id).values(**values))
        mine = (changes.c.resource == "partners") & (changes.c.external_id == row.external_id)
        self._connection.execute(update(changes).where(mine).values(external_id=pseudonym))
        named = (changes.c.field == "partner") & (changes.c.value == row.external_id)
        self._connection.execute(update(changes).where(named).values(value=pseudonym))
        self._count(RESOURCES["partners"], 1)

    def _service(self, table: Table) -> dict[str, Any]:
        if "row_version" not in table.c:
            return {}
        return {"row_version": table.c.row_version + 1, "row_updated_at": self._now}

    def _count(self, resource: Resource, rows: int) -> None:
        if rows:
            self.gone.counts[resource.name] = self.gone.counts.get(resource.name, 0) + rows

    @property
    def _is_sqlite(self) -> bool:
        return self._connection.dialect.name == "sqlite"


def owned_rows(partner_id: int) -> Iterator[tuple[Resource, ColumnElement[bool]]]:
    """Yield each resource whose rows belong to a partner, with the condition of its rows; the partner itself, too.

    A row belongs to the partner that it names, or to that of the row that it must refer to, as terms to an agreement.
    """
    for resource in RESOURCES.values():
        table = RESOURCE_TABLES[resource.name]
        if resource.name == "partners":
            yield resource, table.c.id == partner_id
        elif "partner" in resource.by_name:
            yield resource, table.c.partner_id == partner_id
        else:
            for column in resource.columns:
                if column.required and column.target is not None and "partner" in RESOURCES[column.target].by_name:
                    owner = RESOURCE_TABLES[column.target]
                    owned = select(owner.c.id).where(owner.c.partner_id == partner_id)
                    yield resource, table.c[column_name(column)].in_(owned)


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text within a JSON value, stripped.

    Examples
    --------
    >>> sorted(texts_in({"a": ["x ", 1], "b": {"c": "y"}}))
    ['x', 'y']
    """
    match value:
        case str():
            if value.strip():
                yield value.strip()
        case dict():
            for each in value.values():
                yield from texts_in(each)
        case list() | tuple():
            for each in value:
                yield from texts_in(each)


def _empty(column: Column) -> Any:
    return ERASED if column.required else null()


def _is_filled(column: Column, table: Table) -> ColumnElement[bool]:
    stored = table.c[column_name(column)]
    return stored != ERASED if column.required else stored.is_not(None)
