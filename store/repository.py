"""The rows of one resource, one at a time and in pages: checked, scoped to the caller, with history kept."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.exc import IntegrityError

from domain.context import SYSTEM, Actor, Clock, system_clock
from domain.errors import Conflict, InvalidInput, NotFound, StaleVersion
from domain.resources import RESOURCES, ColumnType
from domain.terms import Role
from store import values as cells
from store.at_rest import is_sealed
from store.changes import FieldChange, forget_changes, history_text, record_changes, record_start
from store.filters import filter_condition
from store.journal import RowChange
from store.paging import MAX_LIMIT, Sorting, decode_cursor, encode_cursor
from store.references import References
from store.tables import RESOURCE_TABLES, column_name, recommendation_feedback, scores
from store.transfer.rowkey import row_key
from store.transfer.values import dump_json
from store.veil import veil_over
from store.visibility import partner_is_visible, visible_rows

Row = dict[str, Any]


class Page(NamedTuple):
    """Some rows of a list, and the cursor of the next page (None: this is the last)."""

    rows: list[Row]
    next_cursor: str | None


class Repository:
    """Reads and writes the rows of one resource inside the caller's transaction.

    Rows come and go as dicts by public column name: references as external ids, instants as aware
    ``datetime``, dates as ``date``, amounts as ``Decimal``, lists as lists, ``attributes`` as a dict; plus,
    coming out, ``id``, ``row_version``, ``row_created_at`` and ``row_updated_at`` (events have ``id`` only).
    Going in, values may be what JSON can say.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    resource : str
        Public name, such as ``partners``.
    actor : Actor, default=SYSTEM
        Sees what `store.visibility` says: a partner its own rows, and of leads those that were offered to it.
    clock : callable, default=system_clock
        The time of changes.
    currency : str, optional
        Currency of new rows that name none.
    on_change : callable, optional
        Is told each change of a row, inside the transaction.
    """

    def __init__(
        self,
        connection: Connection,
        resource: str,
        actor: Actor = SYSTEM,
        clock: Clock = system_clock,
        *,
        currency: str | None = None,
        on_change: Callable[[RowChange], None] | None = None,
    ) -> None:
        if resource not in RESOURCES:
            raise NotFound(f"There is no resource {resource!r}; there are {', '.join(RESOURCES)}.")
        self.resource = RESOURCES[resource]
        self._table = RESOURCE_TABLES[resource]
        self._connection = connection
        self._actor = actor
        self._clock = clock
        self._currency = currency
        self._on_change = on_change or (lambda _change: None)
        self._references = References(connection, self.resource, actor)
        self._veil = veil_over(actor, self.resource)

    def get(self, key: int | str) -> Row:
        """Return a row by our id (int) or the caller's external id (str).

        Raises
        ------
        NotFound
            If there is none that the actor may see.
        """
        return self._shaped(self._stored(key))

    def find(self, key: Sequence[Any]) -> Row | None:
        """Return the row that the caller's key columns tell apart, None if there is none that the actor may see.

        Parameters
        ----------
        key : sequence
            One value for each of ``resource.key``; references by external id.
        """
        query = select(*self._columns).where(*self._visible)
        for name, value in zip(self.resource.key, key, strict=True):
            if value is None or isinstance(value, list | tuple | dict):  # no key: creating such a row says why
                return None
            query = query.where(self._filtered(name, value))
        row = self._connection.execute(query).mappings().first()
        return None if row is None else self._shaped(dict(row))

    def list(
        self,
        filters: Mapping[str, Any] | None = None,
        sort: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page:
        """Return a page of rows.

        Parameters
        ----------
        filters : mapping, optional
            Wanted values by column name or ``attributes.<name>``, or by another name of `filter_condition`;
            references by external id; None: empty; a list: any of these.
        sort : str, optional
            A column, with a leading ``-`` for descending, empty ones last; our id when not given.
        cursor : str, optional
            ``next_cursor`` of the page before, for the same sort and filters. Rows added meanwhile do not shift it.
        limit : int, default=50
            How many rows at the most, 1 to 1000.

        Raises
        ------
        InvalidInput
            If a column cannot be filtered or sorted by, or the limit is out of range.
        BadCursor
            If the cursor is not of this list.
        """
        if not 1 <= limit <= MAX_LIMIT:
            raise InvalidInput(f"limit lies between 1 and {MAX_LIMIT}", field="limit", value=limit)
        wanted = dict(filters or {})
        sorting = Sorting.parse(self.resource, sort)
        if is_sealed(self._connection.dialect, self.resource.name, sorting.definition.name):
            raise InvalidInput(
                f"{sorting.definition.name} is encrypted and has no order; sort by external_id", field="sort"
            )
        if self._veil is not None:
            self._veil.check_sort(sorting.definition.name)
        query = select(*self._columns, sorting.column.label("sort_value")).where(*self._visible)
        for name, value in wanted.items():
            query = query.where(self._filtered(name, value))
        if cursor is not None:
            query = query.where(sorting.after(*decode_cursor(self.resource, cursor, sorting, wanted)))
        query = query.order_by(*sorting.order).limit(limit + 1)
        found = [dict(row) for row in self._connection.execute(query).mappings()]
        last = [row.pop("sort_value") for row in found]
        if len(found) <= limit:
            return Page([self._shaped(row) for row in found], None)
        following = encode_cursor(self.resource, sorting, wanted, last[limit - 1], found[limit - 1]["id"])
        return Page([self._shaped(row) for row in found[:limit]], following)

    def create(self, values: Mapping[str, Any]) -> Row:
        """Add a row and return it. An event that is there already is returned as it is.

        Raises
        ------
        InvalidInput
            If a value does not fit or is missing.
        UnknownReference
            If a reference names no row.
        Conflict
            If a row with this key exists.
        """
        if not self.resource.given_id and not values.get("external_id"):
            values = {**values, "external_id": uuid.uuid4().hex}
        given, attributes = self._parse(values)
        row = cells.with_defaults(self.resource, given, self._currency)
        for column in self.resource.columns:
            if column.required and row.get(column.name) is None:
                raise InvalidInput(f"{column.name} is required", field=column.name)
        cells.check_order(row)
        stored = self._references.stored(row)
        self._refuse_foreign_partner(stored)
        if self.resource.custom:
            stored["attributes"] = {name: value for name, value in attributes.items() if value is not None}
        if self.resource.event:
            return self._create_event(row, stored)
        now = self._clock()
        return self._created(self._insert(stored | {"row_created_at": now, "row_updated_at": now}))

    def patch(self, key: int | str, changes: Mapping[str, Any], if_version: int | None = None) -> Row:
        """Change what is given and return the row: None clears, ``attributes`` merge by name; history is kept.

        Raises
        ------
        NotFound, InvalidInput, UnknownReference
            As for `get` and `create`.
        StaleVersion
            If the row's version is not `if_version`.
        Conflict
            If the rows are events, which do not change.
        """
        if self.resource.event:
            raise Conflict(f"{self.resource.name} are facts that do not change; add another one instead.")
        old = self._stored(key, lock=True)
        self._check_version(old, if_version)
        given, attributes = self._parse(changes)
        before = self._shaped(old)
        self._refuse_other_key(before, given)
        cells.check_order(before | given)
        new = self._references.stored(given)
        self._refuse_foreign_partner(new)
        if attributes:
            merged = old["attributes"] | attributes
            new["attributes"] = {name: value for name, value in merged.items() if value is not None}
        changed = {name: value for name, value in new.items() if value != old[name]}
        if changed:
            self._update(old, changed)
            after = self.get(old["id"])
            self._keep_history(old, before, after)
            self._on_change(RowChange(self.resource.name, "changed", before, after))
            return after
        return before

    def delete(self, key: int | str, if_version: int | None = None) -> None:
        """Remove a row, and its history and scores with it.

        Raises
        ------
        NotFound
            If there is none that the actor may see.
        Conflict
            If other rows refer to it.
        StaleVersion
            If the row's version is not `if_version`.
        """
        row = self._stored(key, lock=True)
        self._check_version(row, if_version)
        users = self._references.users(row)
        if users:
            raise Conflict(
                f"{self.resource.name} {key!r} is in use by {', '.join(users)}; delete those first.", used_by=users
            )
        try:
            with self._connection.begin_nested():
                self._delete(row)
        except IntegrityError as error:
            raise Conflict(f"{self.resource.name} {key!r} is in use by other rows.") from error
        self._on_change(RowChange(self.resource.name, "deleted", self._shaped(row), None))

    def _delete(self, row: Row) -> None:
        if self.resource.name == "partners":
            for table in (scores, recommendation_feedback):  # derived from it, or worthless without it
                self._connection.execute(table.delete().where(table.c.partner_id == row["id"]))
        if self.resource.has_external_id:
            forget_changes(self._connection, self.resource.name, row["external_id"])
        self._connection.execute(self._table.delete().where(self._table.c.id == row["id"]))

    @cached_property
    def _columns(self) -> tuple[ColumnElement[Any], ...]:
        hidden = {"row_key"}
        plain = [column for column in self._table.c if column.name not in hidden]
        seen = [] if self._veil is None else [self._veil.lifted.label("veil_lifted")]
        return (*plain, *self._references.external_ids(), *seen)

    def _filtered(self, name: str, value: Any) -> ColumnElement[bool]:
        condition = filter_condition(self.resource, name, value, self._references)
        return condition if self._veil is None else self._veil.filtered(name, value, condition)

    @cached_property
    def _visible(self) -> tuple[ColumnElement[bool], ...]:
        """Conditions of what the actor may see."""
        return visible_rows(self._actor, self.resource)

    def _stored(self, key: int | str, *, lock: bool = False) -> Row:
        """Return the row as stored, with the external ids of its references beside."""
        by_ours = isinstance(key, int)
        if not by_ours and not self.resource.has_external_id:
            raise NotFound(f"{self.resource.name} have no external ids; name a row by its id.", key=key)
        if not by_ours and "\0" in str(key):  # PostgreSQL keeps no such text, so there is none
            raise NotFound(f"There is no such row in {self.resource.name}.", resource=self.resource.name)
        found = self._table.c.id == key if by_ours else self._table.c.external_id == key
        query = select(*self._columns).where(found, *self._visible)
        if lock:
            query = query.with_for_update(of=self._table)
        row = self._connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(f"There is no {key!r} in {self.resource.name}.", resource=self.resource.name, key=key)
        return dict(row)

    def _shaped(self, stored: Row) -> Row:
        row = {"id": stored["id"]}
        for column in self.resource.columns:
            value = stored[column.name]
            row[column.name] = value if value is not None or column.type is not ColumnType.LIST else []
        names = ("attributes", "row_version", "row_created_at", "row_updated_at")
        row |= {name: stored[name] for name in names if name in stored}
        return row if self._veil is None or stored["veil_lifted"] else self._veil.over(row)

    def _parse(self, values: Mapping[str, Any]) -> tuple[Row, Row]:
        own = {"id", "row_version", "row_created_at", "row_updated_at"}
        read_only = own & set(values)
        if read_only:
            name = sorted(read_only)[0]
            raise InvalidInput(f"{name} is set by the service; leave it out", field=name)
        given = {name: value for name, value in values.items() if name != "attributes" or not self.resource.custom}
        attributes = values.get("attributes") if self.resource.custom else None
        return cells.parse(self.resource, given), cells.parse_attributes(attributes or {})

    def _refuse_foreign_partner(self, stored: Row) -> None:
        partner_id, is_partner = stored.get("partner_id"), self._actor.role is Role.PARTNER
        named = "partner_id" in stored if is_partner else partner_id is not None and self._actor.portfolio is not None
        if named and not self._connection.execute(select(partner_is_visible(self._actor, partner_id))).scalar():
            raise NotFound("There is no such partner that you may see.", field="partner")

    def _refuse_other_key(self, before: Row, given: Row) -> None:
        for name in self.resource.key:
            if name in given and given[name] != before[name]:
                raise InvalidInput(
                    f"{name} tells {self.resource.name} apart and cannot be changed; create another row instead",
                    field=name,
                )

    def _check_version(self, row: Row, if_version: int | None) -> None:
        if if_version is not None and row.get("row_version", 1) != if_version:
            version = row.get("row_version", 1)
            raise StaleVersion(
                f"The row has changed since: its version is {version}, not {if_version}; read it again.",
                version=version,
            )

    def _insert(self, stored: Row) -> int:
        try:
            with self._connection.begin_nested():
                result = self._connection.execute(self._table.insert().values(**stored))
        except IntegrityError as error:
            key = ", ".join(str(stored[column_name(self.resource.column(name))]) for name in self.resource.key)
            raise Conflict(f"{self.resource.name} have a row with this key already: {key}.", key=key) from error
        (id_,) = result.inserted_primary_key or (0,)
        return int(id_)

    def _create_event(self, row: Row, stored: Row) -> Row:
        wires = {name: cells.to_wire(value) for name, value in row.items()}
        key = row_key(self.resource, wires, dump_json(stored.get("attributes", {})))
        known = self._connection.execute(select(self._table.c.id).where(self._table.c.row_key == key)).scalar()
        return self.get(known) if known is not None else self._created(self._insert(stored | {"row_key": key}))

    def _created(self, id_: int) -> Row:
        row = self.get(id_)
        self._on_change(RowChange(self.resource.name, "created", None, row))
        return row

    def _update(self, old: Row, changed: Row) -> None:
        unchanged_since = (self._table.c.id == old["id"]) & (self._table.c.row_version == old["row_version"])
        service = {"row_version": old["row_version"] + 1, "row_updated_at": self._clock()}
        result = self._connection.execute(self._table.update().where(unchanged_since).values(**changed, **service))
        if result.rowcount != 1:
            raise StaleVersion("The row was changed by another at the same time; read it again.")

    def _keep_history(self, old: Row, before: Row, after: Row) -> None:
        if not self.resource.has_external_id:
            return
        start = record_start(self.resource.name, old)
        fields = [(name, before[name], after[name]) for name in self.resource.by_name]
        was, became = before.get("attributes", {}), after.get("attributes", {})
        fields += [(f"attributes.{name}", was.get(name), became.get(name)) for name in {**was, **became}]
        found = [
            FieldChange(self.resource.name, old["external_id"], name, start, history_text(a), history_text(b))
            for name, a, b in fields
            if a != b
        ]
        record_changes(self._connection, found, self._clock())
