"""What the programme's figures are counted from, read narrowly: few columns, and activities counted by the database."""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, and_, case, func, literal, or_, select, union_all

from domain.context import Actor
from domain.resources import RESOURCES, ColumnType
from store import read
from store.frames import Instants, frame_name, from_text, naive, resolve_field
from store.history import History
from store.newest import Newest
from store.sql import chunks
from store.tables import RESOURCE_TABLES, column_name
from store.visibility import visible_rows

_COLUMNS: dict[str, tuple[str, ...]] = {
    "programs": ("external_id", "name"),
    "products": ("external_id", "required_certifications"),
    "partners": (
        *("external_id", "name", "status", "program", "kind", "tier", "country", "region", "territories"),
        *("recruited_at", "ended_at", "account_manager"),
    ),
    "agreements": ("external_id", "partner", "status", "signed_on", "valid_from", "valid_to", "products"),
    "certifications": ("partner", "course", "passed_on", "expires_on"),
    "leads": ("external_id", "created_at", "product", "program"),
    "assignments": ("lead", "partner", "offered_at", "response", "responded_at"),
    "deals": (
        *("external_id", "partner", "registered_at", "lead", "product", "status", "outcome", "amount"),
        *("currency", "closed_at"),
    ),
    "feedback": ("partner", "submitted_at", "kind", "score"),
    "goals": ("partner", "metric", "period_start", "period_end", "target"),
    "changes": ("resource", "external_id", "field", "changed_at", "value"),
}
"""Of each resource of the import format what figures look at; the others are not read."""

_DUTIES: dict[str, tuple[str, ...]] = {
    "program_rules": ("program", "answer_hours"),
    "tiers": ("program", "name", "position", "required_certifications"),
    "ledger": ("partner", "kind", "deal", "credit", "debit", "currency", "earned_on", "booked_at"),
    "costs": ("partner", "program", "kind", "amount", "currency", "incurred_on"),
}
_KNOWN_FROM = {"ledger": "booked_at", "costs": "incurred_on"}
_STATES, _SCOPES = 3, 16


@dataclass(frozen=True, eq=False)
class State:
    """What was known from some instant on until anything more became known, and what was worked out of it.

    Parameters
    ----------
    history : History
        With the columns that figures look at.
    duties : mapping
        Programme rules, tiers, ledger and costs.
    """

    history: History
    duties: Mapping[str, pd.DataFrame]
    _scopes: "OrderedDict[Hashable, dict[Hashable, Any]]" = field(default_factory=OrderedDict, init=False, repr=False)
    _lock: Any = field(default_factory=threading.Lock, init=False, repr=False)

    def kept(self, scope: Hashable) -> dict[Hashable, Any]:
        """Return where to keep what was worked out for those who see the same rows; the latest few are kept."""
        with self._lock:
            found = self._scopes.setdefault(scope, {})
            self._scopes.move_to_end(scope)
            while len(self._scopes) > _SCOPES:
                self._scopes.popitem(last=False)
        return found


class Books:
    """What figures are counted from, as the tables hold it: `state` masks it to what was known when.

    Parameters
    ----------
    connection : Connection
        In a transaction; everything but the customers is read at once.
    known : dict, optional
        Frames of tables that have not changed since they were read; they are not read again.
    """

    def __init__(self, connection: Connection, known: dict[str, pd.DataFrame] | None = None) -> None:
        self._frames = _read_books(connection, known or {})
        self._times = _times(self._frames)
        self._states: OrderedDict[int, State] = OrderedDict()
        self._lock = threading.Lock()
        self._customers: pd.DataFrame | None = None

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """What was read, by table."""
        return self._frames

    def place(self, instant: datetime) -> int:
        """Return how many of the times on the books lie up to an instant.

        Of two instants with the same number, exactly the same was known: no time lies after one and up to the other.
        """
        return int(np.searchsorted(self._times, naive(instant), side="right"))

    def state(self, as_of: datetime) -> State:
        """Return what was known at an instant, with the columns that figures look at; leads only as routed.

        Custom attributes, texts and activities are left out: that makes it many times faster than `load_history`. The
        history's ``until`` may be another instant at which the same was known; see `History.until_also`.
        """
        place = self.place(as_of)
        with self._lock:
            if place not in self._states:
                history = History.of(as_of, **{name: self._frames[name] for name in _COLUMNS})
                self._states[place] = State(history, self._duties(as_of))
            self._states.move_to_end(place)
            while len(self._states) > _STATES:
                self._states.popitem(last=False)
            return self._states[place]

    def _duties(self, as_of: datetime) -> dict[str, pd.DataFrame]:
        frames = {name: self._frames[name] for name in _DUTIES}
        for name, column in _KNOWN_FROM.items():
            frames[name] = frames[name][frames[name][column].to_numpy() <= naive(as_of)]
        return frames

    def customers(self, connection: Connection) -> pd.DataFrame:
        """Return who the customers of closed deals are; see `read_customers`."""
        if self._customers is None:
            self._customers = read_customers(connection)
        return self._customers


class Shelf:
    """Keeps the latest books of a store between requests that only read; safe to use from several threads.

    Attributes
    ----------
    newest : Newest
        The books, with what tells their state of the tables apart.
    """

    def __init__(self) -> None:
        self.newest: Newest[tuple[dict[str, object], Books]] = Newest()

    def books(self, connection: Connection) -> Books:
        """Return the books as the transaction sees them, from memory if no row they hold has changed since.

        Under a crowd they are those that were read last (`Newest`).
        """
        stamp = _stamp(connection)

        def read(last: tuple[dict[str, object], Books] | None) -> tuple[dict[str, object], Books]:
            before, old = ({}, {}) if last is None else (last[0], last[1].frames)
            same = {name: frame for name, frame in old.items() if stamp[name] == before[name]}
            return stamp, Books(connection, same)

        def is_current(last: tuple[dict[str, object], Books]) -> bool:
            return last[0] == stamp

        return self.newest.get(is_current, read, is_enough=is_current)[1]


_SHELVES: WeakKeyDictionary[Engine, Shelf] = WeakKeyDictionary()


def shelf_of(engine: Engine) -> Shelf:
    """Return the one shelf of a store in this process."""
    return _SHELVES.setdefault(engine, Shelf())


def _stamp(connection: Connection) -> dict[str, object]:
    """Return of each table what tells two states of it apart: rows, highest id, and sum of versions."""
    names = (*_COLUMNS, *_DUTIES)
    tables = [RESOURCE_TABLES[name] for name in names]
    queries = [
        select(literal(name), func.count(), func.max(table.c.id), func.sum(table.c.row_version))
        for name, table in zip(names, tables, strict=True)
    ]
    return {row[0]: tuple(row) for row in connection.execute(union_all(*queries))}


def _read_books(connection: Connection, known: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    changes = known["changes"] if "changes" in known else _read(connection, "changes", _COLUMNS["changes"])
    edited = set(changes["resource"].unique())
    found = {"changes": changes}
    for name, columns in {**_COLUMNS, **_DUTIES}.items():
        # External ids of many rows take long to read, and only the history of fields asks for them.
        needless = {"external_id"} if name in ("leads", "deals") and name not in edited else set()
        wanted = [column for column in columns if column not in needless]
        if name in known and ("external_id" in known[name]) >= ("external_id" in wanted):
            found[name] = known[name]
        elif name != "changes":
            found[name] = _read(connection, name, wanted)
    return found


def _times(frames: Mapping[str, pd.DataFrame]) -> Instants:
    """Return all times on the books, in order: at no other instant anything becomes known."""
    columns = [frame[name] for frame in frames.values() for name in frame if frame[name].dtype.kind == "M"]
    changes = frames["changes"]
    for (resource, name), rows in changes.groupby(["resource", "field"]):
        _, column = resolve_field(str(resource), str(name))
        if column is not None and column.type in (ColumnType.DATE, ColumnType.INSTANT):
            columns.append(from_text(column, rows["value"], {}))
    times = np.concatenate([column.to_numpy(dtype="datetime64[us]") for column in columns])
    return np.unique(times[~np.isnat(times)])


def activity_counts(
    connection: Connection,
    as_of: datetime,
    edges: Sequence[datetime],
    *,
    kind: str | None = None,
    partner_id: int | None = None,
) -> pd.DataFrame:
    """Return how many activities partners had between instants, as known at another.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    as_of : datetime
        Activities recorded later do not count.
    edges : sequence of datetime
        Ascending, at least two: the first bucket holds what happened from the first on and before the second.
    kind : str, optional
        Of these only.
    partner_id : int, optional
        Of this partner only.

    Returns
    -------
    DataFrame
        partner_id, bucket, n (int64): those with at least one.
    """
    table = RESOURCE_TABLES["activities"]
    at = table.c.occurred_at
    upper = [(at < edge, place) for place, edge in enumerate(edges[1:-1])]
    bucket = case(*upper, else_=len(upper)) if upper else case((at.is_(None), -1), else_=0)
    known = or_(table.c.recorded_at.is_(None), table.c.recorded_at <= as_of)
    query = select(table.c.partner_id, bucket.label("bucket"), func.count().label("n"))
    query = query.where(at >= edges[0], at < edges[-1], at <= as_of, known)
    if kind is not None:
        query = query.where(table.c.kind == kind)
    if partner_id is not None:
        query = query.where(table.c.partner_id == partner_id)
    rows = connection.execute(query.group_by(table.c.partner_id, bucket)).fetchall()
    return pd.DataFrame(
        np.array([tuple(row) for row in rows], dtype=np.int64).reshape(-1, 3), columns=["partner_id", "bucket", "n"]
    )


def read_customers(connection: Connection) -> pd.DataFrame:
    """Return who the customers of closed deals are: id (of the deal), domain, company, lead_id (-1: none).

    A deal that names no domain or company has those of its lead.
    """
    deals, leads = RESOURCE_TABLES["deals"], RESOURCE_TABLES["leads"]
    domain = func.coalesce(func.nullif(deals.c.domain, ""), leads.c.domain)
    company = func.coalesce(func.nullif(deals.c.company, ""), leads.c.company)
    query = select(deals.c.id, domain, company, deals.c.lead_id).join_from(
        deals, leads, deals.c.lead_id == leads.c.id, isouter=True
    )
    rows = connection.execute(query.where(deals.c.closed_at.is_not(None))).fetchall()
    cells = list(zip(*rows, strict=True)) if rows else [()] * 4
    return pd.DataFrame(
        {
            "id": np.array(cells[0], dtype=np.int64),
            "domain": pd.array(list(cells[1]), dtype="str"),
            "company": pd.array(list(cells[2]), dtype="str"),
            "lead_id": np.array([-1 if lead is None else lead for lead in cells[3]], dtype=np.int64),
        }
    )


def visible_partners(connection: Connection, actor: Actor) -> frozenset[int] | None:
    """Return our ids of the partners that `actor` may see; None for all of them."""
    conditions = visible_rows(actor, RESOURCES["partners"])
    if not conditions:
        return None
    return frozenset(connection.scalars(select(RESOURCE_TABLES["partners"].c.id).where(*conditions)))


def last_signs(connection: Connection, partner_id: int, as_of: datetime) -> tuple[datetime | None, datetime | None]:
    """Return when a partner last did anything, and when it last used content, as known at an instant."""
    table = RESOURCE_TABLES["activities"]
    known = and_(table.c.occurred_at <= as_of, or_(table.c.recorded_at.is_(None), table.c.recorded_at <= as_of))
    query = select(func.max(table.c.occurred_at)).where(table.c.partner_id == partner_id, known)
    return connection.scalar(query), connection.scalar(query.where(table.c.asset_id.is_not(None)))


def _read(connection: Connection, name: str, columns: Sequence[str]) -> pd.DataFrame:
    resource, table = RESOURCES[name], RESOURCE_TABLES[name]
    wanted = [resource.column(column) for column in columns]
    query = select(table.c.id, *(read.raw(column, table.c[column_name(column)]) for column in wanted))
    rows = connection.execute(query).fetchall()
    cells = list(zip(*rows, strict=True)) if rows else [()] * (1 + len(wanted))
    frame: dict[str, Any] = {"id": np.array(cells[0], dtype=np.int64)}
    for column, values in zip(wanted, cells[1:], strict=True):
        frame[frame_name(column)] = read.converted(column, values)
    return pd.DataFrame(frame)


def open_tasks(connection: Connection, partner_id: int, as_of: datetime) -> list[tuple[str, str, date | None]]:
    """Return external id, title and due date of a partner's tasks that were not done at an instant, the next first."""
    table = RESOURCE_TABLES["tasks"]
    still = or_(table.c.done_at.is_(None), table.c.done_at > as_of)
    query = select(table.c.external_id, table.c.title, table.c.due_on).where(table.c.partner_id == partner_id, still)
    rows = connection.execute(query.order_by(table.c.due_on.is_(None), table.c.due_on, table.c.id).limit(50))
    return [(row.external_id, row.title, row.due_on) for row in rows]


def external_ids(connection: Connection, resource: str, ids: Sequence[int]) -> dict[int, str]:
    """Return the callers' ids of rows by ours; for few of them."""
    table = RESOURCE_TABLES[resource]
    found: dict[int, str] = {}
    for part in chunks(ids):
        rows = connection.execute(select(table.c.id, table.c.external_id).where(table.c.id.in_(part)))
        found |= {row.id: row.external_id for row in rows}
    return found


def count_partners(connection: Connection, actor: Actor, statuses: Sequence[str], program: str | None = None) -> int:
    """Return how many partners that `actor` sees have one of these statuses now, of a programme (its id) or all."""
    table, programs = RESOURCE_TABLES["partners"], RESOURCE_TABLES["programs"]
    visible = visible_rows(actor, RESOURCES["partners"])
    query = select(func.count()).select_from(table).where(table.c.status.in_(statuses), *visible)
    if program is not None:
        query = query.where(table.c.program_id.in_(select(programs.c.id).where(programs.c.external_id == program)))
    return int(connection.scalar(query) or 0)
