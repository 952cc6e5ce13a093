"""The pipeline as a board: who stands at a stage, since when and with which chance, filtered and paged in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, case, func, null, select

from domain.context import Actor
from domain.resources import RESOURCES
from store.rankings import Run
from store.tables import RESOURCE_TABLES, scores
from store.visibility import visible_rows

FILTERS = ("country", "account_manager")
"""Columns of partners that a board is filtered by; ``program`` goes by external id."""

_P, _PROGRAMS, _CHANGES = (RESOURCE_TABLES[name] for name in ("partners", "programs", "changes"))
_STEPS = RESOURCE_TABLES["stage_changes"]


class Card(NamedTuple):
    """A company at a stage.

    Parameters
    ----------
    id : int
        Ours.
    since : datetime
        When it came to its stage.
    p, low, high : float or None
        Its chance by the newest run of scores, with its interval; None: not scored by that.
    """

    id: int
    since: datetime
    p: float | None
    low: float | None
    high: float | None


def counts_by_status(connection: Connection, actor: Actor, filters: Mapping[str, str]) -> dict[str, int]:
    """Return how many partners that pass stand at each status."""
    query = select(_P.c.status, func.count()).where(*_conditions(actor, filters)).group_by(_P.c.status)
    return {str(status): int(count) for status, count in connection.execute(query)}


def cards(
    connection: Connection,
    actor: Actor,
    status: str,
    filters: Mapping[str, str],
    run: Run | None,
    order: str,
    *,
    start: int = 0,
    limit: int = 50,
) -> list[Card]:
    """Return companies at a stage, from the `start`-th on.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    actor : Actor
        Whose view.
    status : str
        The stage.
    filters : mapping
        Wanted values by name, one of `FILTERS` or ``program``.
    run : Run, optional
        The scores that chances come from; none: nobody has one.
    order : {"chance", "waiting", "newest"}
        The likeliest first, those not scored last; who has stood there the longest first, or last.
    start, limit : int
        The page.
    """
    since = _since().label("since")
    said = [scores.c[name] if run else null().label(name) for name in ("p", "low", "high")]
    query = select(_P.c.id, since, *said).where(_P.c.status == status, *_conditions(actor, filters))
    if run is not None:
        query = query.outerjoin(scores, and_(scores.c.partner_id == _P.c.id, *_of(run)))
    by_time = since.desc() if order == "newest" else since.asc()
    by_chance = [scores.c.p.is_(None), scores.c.p.desc()] if run and order == "chance" else []
    found = connection.execute(query.order_by(*by_chance, by_time, _P.c.id).offset(start).limit(limit))
    return [Card(*tuple(row)) for row in found]


def manager_names(connection: Connection, actor: Actor, statuses: Sequence[str]) -> list[str]:
    """Return the account managers of partners with one of `statuses`."""
    named = _P.c.account_manager
    wanted = (named.is_not(None), named != "", _P.c.status.in_(list(statuses)))
    query = select(named).where(*wanted, *visible_rows(actor, RESOURCES["partners"])).distinct().order_by(named)
    return [str(row[0]) for row in connection.execute(query)]


def _since() -> ColumnElement[datetime]:
    """Return when a partner came to its status: by its history, else by the dates of its row."""
    history = (_CHANGES.c.resource == "partners", _CHANGES.c.field == "status", _CHANGES.c.value == _P.c.status)
    told = select(func.max(_CHANGES.c.changed_at)).where(*history, _CHANGES.c.external_id == _P.c.external_id)
    own = (_STEPS.c.partner_id == _P.c.id, _STEPS.c.to_status == _P.c.status)
    noted = select(func.max(_STEPS.c.changed_at)).where(*own)
    by_row = case((_P.c.status == "active", _P.c.recruited_at), else_=None)
    return func.coalesce(noted.scalar_subquery(), told.scalar_subquery(), by_row, _P.c.row_created_at)


def _of(run: Run) -> list[ColumnElement[bool]]:
    return [scores.c.model == run.model, scores.c.horizon_days == run.horizon_days, scores.c.as_of == run.as_of]


def _conditions(actor: Actor, filters: Mapping[str, str]) -> list[Any]:
    found = [*visible_rows(actor, RESOURCES["partners"])]
    for name, value in filters.items():
        if name == "program":
            program = select(_PROGRAMS.c.id).where(_PROGRAMS.c.external_id == value)
            found.append(_P.c.program_id == program.scalar_subquery())
        elif name in FILTERS:
            found.append(_P.c[name] == value)
        else:
            raise KeyError(name)
    return found
