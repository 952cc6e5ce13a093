"""Shortlists as a whole, and what the fit model said of their companies when they were added and last."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select

from domain.context import Actor
from domain.resources import RESOURCES
from domain.terms import DealOutcome
from store.tables import RESOURCE_TABLES, scores
from store.visibility import visible_rows

_ENTRIES, _PARTNERS = RESOURCE_TABLES["shortlist_entries"], RESOURCE_TABLES["partners"]


class Shortlist(NamedTuple):
    """A shortlist: how many companies the reader sees on it, and when the last one was added."""

    name: str
    entries: int
    last_added_at: datetime | None


class Point(NamedTuple):
    """What a model said of a partner at an instant."""

    as_of: datetime
    p: float
    low: float
    high: float
    model_version: str


def shortlists(connection: Connection, actor: Actor, *, start: int = 0, limit: int = 50) -> list[Shortlist]:
    """Return the shortlists that `actor` sees anything of, the one that was added to last first."""
    last = func.max(_ENTRIES.c.added_at)
    query = select(_ENTRIES.c.shortlist, func.count(), last).where(*visible_rows(actor, RESOURCES["shortlist_entries"]))
    query = query.group_by(_ENTRIES.c.shortlist).order_by(last.desc(), _ENTRIES.c.shortlist)
    return [Shortlist(*tuple(row)) for row in connection.execute(query.offset(start).limit(limit))]


def entry_count(connection: Connection, shortlist: str) -> int:
    """Return how many entries a shortlist has, whoever asks."""
    query = select(func.count()).select_from(_ENTRIES).where(_ENTRIES.c.shortlist == shortlist)
    return int(connection.execute(query).scalar_one())


def points_then(connection: Connection, entries: Sequence[int], model: str, horizon_days: int) -> dict[int, Point]:
    """Return what `model` had said last of the company of each entry when it was added, by our id of the entry."""
    known = (scores.c.partner_id == _ENTRIES.c.partner_id) & (scores.c.as_of <= _ENTRIES.c.added_at)
    rank = func.row_number().over(partition_by=_ENTRIES.c.id, order_by=scores.c.as_of.desc()).label("rank")
    told = [scores.c[name] for name in Point._fields]
    wanted = (scores.c.model == model, scores.c.horizon_days == horizon_days, _ENTRIES.c.id.in_(list(entries)))
    ranked = select(_ENTRIES.c.id, *told, rank).join(scores, known).where(*wanted).subquery()
    rows = connection.execute(select(ranked).where(ranked.c.rank == 1)).mappings()
    return {row["id"]: Point(*(row[name] for name in Point._fields)) for row in rows}


def points_of(connection: Connection, partner_id: int, model: str, horizon_days: int, limit: int = 60) -> list[Point]:
    """Return the newest `limit` scores of a partner, the oldest first."""
    own = (scores.c.partner_id == partner_id, scores.c.model == model, scores.c.horizon_days == horizon_days)
    query = select(*(scores.c[name] for name in Point._fields)).where(*own).order_by(scores.c.as_of.desc()).limit(limit)
    return [Point(*tuple(row)) for row in connection.execute(query)][::-1]


def words_of(connection: Connection, actor: Actor, column: str, statuses: Sequence[str]) -> list[str]:
    """Return the values that a plain text column of partners with one of `statuses` has."""
    stored = _PARTNERS.c[column]
    seen: list[ColumnElement[bool]] = [*visible_rows(actor, RESOURCES["partners"])]
    query = select(stored).where(stored.is_not(None), _PARTNERS.c.status.in_(list(statuses)), *seen)
    return [str(row[0]) for row in connection.execute(query.distinct().order_by(stored))]


class Became(NamedTuple):
    """What became of a partner: where it stands, and its won deals."""

    partner: str
    name: str
    status: str | None
    recruited_at: datetime | None
    won: int
    first_won_at: datetime | None


def became(connection: Connection, actor: Actor, partners: Sequence[str]) -> list[Became]:
    """Return what became of partners, in the order of `partners`; those that `actor` does not see are left out."""
    deals = RESOURCE_TABLES["deals"]
    is_won = (deals.c.partner_id == _PARTNERS.c.id) & (deals.c.outcome == DealOutcome.WON)
    told = [_PARTNERS.c[name] for name in ("external_id", "name", "status", "recruited_at")]
    query = select(*told, func.count(deals.c.id), func.min(deals.c.closed_at)).outerjoin(deals, is_won)
    seen = visible_rows(actor, RESOURCES["partners"])
    query = query.where(_PARTNERS.c.external_id.in_(list(partners)), *seen).group_by(_PARTNERS.c.id, *told)
    found = {row[0]: Became(*tuple(row)) for row in connection.execute(query)}
    return [found[key] for key in partners if key in found]
