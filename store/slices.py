"""The history of some partners: what a piece of a large programme is computed from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection, exists, false, func, literal, or_, select, union
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from domain.resources import LEARNED, Resource
from domain.terms import RECRUITABLE, PartnerStatus
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
    "leads": ("external_id", "created_at", "country", "industry"),
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
    wanted = ("partners", *_SMALL, *resources)
    read = read_frames(connection, wanted, until, lambda resource: _own(connection, resource, ids), _LOOKED_AT)
    read["changes"] = _changes_of(connection, until, read)
    history = History.of_some(until, read, texts)
    return replace(history, activities=read_activities(connection, until, ids) if activities is None else activities)


def among(connection: Connection, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return the condition that a column is one of many values, which are passed as one parameter."""
    if connection.dialect.name == "postgresql":
        return column == func.any(literal(values, ARRAY(column.type)))
    listed = func.json_each(json.dumps(values)).table_valued("value")
    return column.in_(select(listed.c.value))


def _own(connection: Connection, resource: Resource, ids: Ids) -> ColumnElement[bool] | None:
    """Return the condition that a row is of some partners; changes are read later, by the rows that were found."""
    if resource.name in _SMALL:
        return None
    if resource.name == "changes":
        return false()
    table = RESOURCE_TABLES[resource.name]
    own = among(connection, table.c.id if resource.name == "partners" else table.c.partner_id, ids.tolist())
    if resource.name == "partners" or not resource.has_external_id:
        return own
    moved = _moved(resource)
    found = connection.execute(moved.limit(1)).first()
    return own if found is None else or_(own, table.c.external_id.in_(moved))


def _changes_of(connection: Connection, until: datetime, read: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the changes of rows that were read."""
    parts = [read["changes"]]
    for name, frame in read.items():
        if name == "changes" or not LEARNED[name].has_external_id or not len(frame):
            continue
        of_it = _CHANGES.c.resource == name
        if connection.execute(select(_CHANGES.c.id).where(of_it).limit(1)).first() is not None:
            mine = of_it & among(connection, _CHANGES.c.external_id, frame["external_id"].tolist())
            parts.append(_changes_where(connection, until, mine))
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]


def _changes_where(connection: Connection, until: datetime, condition: ColumnElement[bool]) -> pd.DataFrame:
    return read_frames(connection, (), until, lambda _: condition)["changes"]


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


def possible_prospects(connection: Connection, until: datetime) -> Ids:
    """Return the partners that may have been open to recruitment at an instant, by id."""
    fields = _CHANGES.c.field.in_(("status", "recruited_at", "ended_at"))
    changed = (_CHANGES.c.resource == "partners") & (_CHANGES.c.external_id == _PARTNERS.c.external_id) & fields
    now = _PARTNERS.c.status.in_([str(status) for status in RECRUITABLE]) | _PARTNERS.c.status.is_(None)
    parts = (
        select(_PARTNERS.c.id).where(now | (_PARTNERS.c.recruited_at > until)),
        select(_PARTNERS.c.id).join_from(_CHANGES, _PARTNERS, changed),
    )
    return np.sort(np.array(connection.execute(union(*parts)).scalars().all(), dtype=np.int64))


def load_others(connection: Connection, until: datetime, texts: Texts = frozenset(), *, goals: bool = False) -> History:
    """Return what features of prospects look at of others: recruited partners, all deals and leads.

    Parameters
    ----------
    connection : Connection
        In a transaction that only reads.
    until : datetime
        Aware.
    texts : set of str, optional
        See `store.attribute_types.text_attributes`.
    goals : bool, default=False
        Read goals, too.
    """
    resources = ("partners", *_SMALL, "deals", "leads", *(("goals",) if goals else ()))
    columns = {name: _LOOKED_AT[name] for name in ("deals", "leads")}
    read = read_frames(connection, resources, until, _recruited_or_all, columns)
    return History.of_some(until, read, texts)


def _recruited_or_all(resource: Resource) -> ColumnElement[bool] | None:
    changed = (_CHANGES.c.resource == "partners") & (_CHANGES.c.field == "recruited_at")
    recruited = _PARTNERS.c.recruited_at.is_not(None) | _PARTNERS.c.external_id.in_(
        select(_CHANGES.c.external_id).where(changed)
    )
    if resource.name == "partners":
        return recruited
    if resource.name == "changes":
        own = (_CHANGES.c.resource == "partners") & _CHANGES.c.external_id.in_(
            select(_PARTNERS.c.external_id).where(recruited)
        )
        return own | _CHANGES.c.resource.in_((*_SMALL, "deals", "leads", "goals"))
    return None
