"""The history of some partners: what a piece of a large programme is computed from."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import BigInteger, Connection, exists, func, literal, or_, select, union, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from domain.resources import LEARNED, Resource
from domain.terms import PartnerStatus
from store.activity_rows import read_activities
from store.history import History
from store.known import Texts
from store.read import read_frames
from store.tables import RESOURCE_TABLES

_PARTNERS, _CHANGES = RESOURCE_TABLES["partners"], RESOURCE_TABLES["changes"]
_RELATED = tuple(status for status in PartnerStatus if status not in (PartnerStatus.PROSPECT, PartnerStatus.APPLIED))
_SMALL = ("programs", "products")
BOUND = ("deals", "assignments", "agreements", "certifications", "goals", "feedback")
"""What has a partner and is read for those of a slice only, beside activities."""
_LOOKED_AT = {
    "deals": ("external_id", "partner", "registered_at", "outcome", "amount", "closed_at", "country"),
    "assignments": ("partner", "offered_at", "response", "responded_at"),
    "agreements": ("external_id", "partner", "status", "signed_on", "valid_from", "valid_to"),
    "certifications": ("partner", "passed_on", "expires_on"),
    "goals": ("partner", "metric", "period_start", "period_end", "target"),
    "feedback": ("partner", "submitted_at", "score"),
}
"""Columns that features of partners look at; the others of these resources are left empty."""

Ids = npt.NDArray[np.int64]


def load_slice(
    connection: Connection,
    until: datetime,
    ids: Ids,
    *,
    texts: Texts = frozenset(),
    resources: Sequence[str] = BOUND,
    activities: pd.DataFrame | None = None,
) -> History:
    """Return what was known of some partners at `until`, with the programmes and products whole.

    Parameters
    ----------
    connection : Connection
        In a transaction that only reads.
    until : datetime
        Aware.
    ids : ndarray of int64
        The partners, ours.
    texts : set of str, optional
        See `store.attribute_types.text_attributes`.
    resources : sequence of str
        Of ``BOUND``: which are read; the others are empty.
    activities : DataFrame, optional
        As `store.activity_rows.read_activities` gives them; default: read here.

    Returns
    -------
    History
        Leads, contacts, assets and offers are empty, and so are columns that no feature of a partner looks at.
        Activities are sorted by partner, then by time. A row that changed its partner is there for both.
    """
    rows = _Rows(connection, ids)
    wanted = ("partners", *_SMALL, *resources)
    read = read_frames(connection, wanted, until, rows.condition, _LOOKED_AT)
    history = History.of_some(until, read, texts)
    return replace(history, activities=read_activities(connection, until, ids) if activities is None else activities)


def among(connection: Connection, column: ColumnElement[Any], ids: Ids) -> ColumnElement[bool]:
    """Return the condition that a column names one of many ids, passed as one parameter."""
    if connection.dialect.name == "postgresql":
        return column == func.any(literal(ids.tolist(), ARRAY(BigInteger)))
    listed = func.json_each(json.dumps(ids.tolist())).table_valued("value")
    return column.in_(select(listed.c.value))


class _Rows:
    """Which rows of each resource belong to some partners."""

    def __init__(self, connection: Connection, ids: Ids) -> None:
        self._connection, self._ids = connection, ids

    def condition(self, resource: Resource) -> ColumnElement[bool] | None:
        """Return the condition on the rows of a resource; None for all."""
        if resource.name in _SMALL:
            return None
        if resource.name == "changes":
            return self._changes()
        table = RESOURCE_TABLES[resource.name]
        own = self._own(resource)
        if resource.name == "partners" or not resource.has_external_id:
            return own
        moved = _moved(resource)
        found = self._connection.execute(moved.limit(1)).first()
        return own if found is None else or_(own, table.c.external_id.in_(moved))

    def _own(self, resource: Resource) -> ColumnElement[bool]:
        table = RESOURCE_TABLES[resource.name]
        return among(self._connection, table.c.id if resource.name == "partners" else table.c.partner_id, self._ids)

    def _changes(self) -> ColumnElement[bool]:
        """Return the condition that a change is of a partner, of a row of it, or of what is read whole."""
        parts = [select(_CHANGES.c.id).where(_CHANGES.c.resource.in_(_SMALL))]
        for resource in (LEARNED[name] for name in ("partners", *BOUND)):
            if resource.has_external_id:
                table = RESOURCE_TABLES[resource.name]
                joined = (_CHANGES.c.resource == resource.name) & (_CHANGES.c.external_id == table.c.external_id)
                parts.append(select(_CHANGES.c.id).join_from(table, _CHANGES, joined).where(self._own(resource)))
                if resource.name != "partners":
                    again = _CHANGES.c.external_id.in_(_moved(resource))
                    parts.append(select(_CHANGES.c.id).where(_CHANGES.c.resource == resource.name, again))
        return _CHANGES.c.id.in_(union_all(*parts))


def _moved(resource: Resource) -> Any:
    """Select the rows whose partner was another one some time."""
    fields = _CHANGES.c.field.in_(("partner", "partner_id"))
    return select(_CHANGES.c.external_id).where(_CHANGES.c.resource == resource.name, fields)


def related_partners(connection: Connection) -> Ids:
    """Return the partners that may ever have had a relation, by id: not those that were prospects all the time."""
    deals = RESOURCE_TABLES["deals"]
    fields = _CHANGES.c.field.in_(("status", "recruited_at", "ended_at"))
    changed = (_CHANGES.c.resource == "partners") & (_CHANGES.c.external_id == _PARTNERS.c.external_id) & fields
    now = _PARTNERS.c.status.in_([str(status) for status in _RELATED]) | _PARTNERS.c.recruited_at.is_not(None)
    parts = (
        select(_PARTNERS.c.id).where(now | _PARTNERS.c.status.is_(None)),
        select(deals.c.partner_id).distinct(),
        select(_PARTNERS.c.id).join_from(_CHANGES, _PARTNERS, changed),
    )
    found = np.array(connection.execute(union(*parts)).scalars().all(), dtype=np.int64)
    return np.union1d(found, moved_partners(connection))


def moved_partners(connection: Connection) -> Ids:
    """Return the partners that a deal was moved between, by id."""
    deals, fields = RESOURCE_TABLES["deals"], _CHANGES.c.field.in_(("partner", "partner_id"))
    told = (_CHANGES.c.resource == "deals") & fields
    named = select(_PARTNERS.c.id).join_from(_CHANGES, _PARTNERS, _CHANGES.c.value == _PARTNERS.c.external_id)
    owners = select(deals.c.partner_id).where(deals.c.external_id.in_(_moved(LEARNED["deals"])))
    found = connection.execute(union(named.where(told), owners)).scalars().all()
    return np.sort(np.array(found, dtype=np.int64))


def ended_partners(connection: Connection) -> tuple[Ids, Ids]:
    """Return the partners that may have ended without a date for it, and those that may have with one."""
    changed = select(_CHANGES.c.external_id).where(_CHANGES.c.resource == "partners", _CHANGES.c.field == "ended_at")
    dated, open_ = _PARTNERS.c.ended_at.is_not(None), _PARTNERS.c.external_id.in_(changed)
    over = (_PARTNERS.c.status == PartnerStatus.ENDED) & (~dated | open_)
    found = (select(_PARTNERS.c.id).where(rows).order_by(_PARTNERS.c.id) for rows in (over, dated | open_))
    without, with_date = (np.array(connection.execute(query).scalars().all(), dtype=np.int64) for query in found)
    return without, with_date


def lively_partners(connection: Connection, by: datetime, life_signs: Sequence[str]) -> Ids:
    """Return the partners of which a sign of life was known by an instant, by id, apart from `moved_partners`' deals.

    Parameters
    ----------
    connection : Connection
        In a transaction that only reads.
    by : datetime
        Aware.
    life_signs : sequence of str
        Kinds of activity, ``deal`` for deals; empty: all.
    """
    acts, deals = RESOURCE_TABLES["activities"], RESOURCE_TABLES["deals"]
    seen = (acts.c.partner_id == _PARTNERS.c.id) & (acts.c.occurred_at <= by)
    seen &= func.coalesce(acts.c.recorded_at, acts.c.occurred_at) <= by
    if life_signs:
        seen &= acts.c.kind.in_(list(life_signs))
    some: ColumnElement[bool] = exists().where(seen)
    if not life_signs or "deal" in life_signs:
        stayed = deals.c.external_id.not_in(_moved(LEARNED["deals"]))
        some = some | exists().where(deals.c.partner_id == _PARTNERS.c.id, deals.c.registered_at <= by, stayed)
    found = connection.execute(select(_PARTNERS.c.id).where(some)).scalars().all()
    return np.sort(np.array(found, dtype=np.int64))
