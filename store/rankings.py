"""Stored scores as the lists that people read: filtered, ordered and paged by the database."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, select

from domain.context import Actor
from domain.resources import RESOURCES
from store.sql import chunks
from store.tables import RESOURCE_TABLES, scores
from store.visibility import of_portfolio, visible_rows

CHOICES = ("country", "kind", "tier", "status", "account_manager", "region")
"""Columns of partners whose values lists are filtered by; ``program`` goes by external id."""

_partners = RESOURCE_TABLES["partners"]
_programs = RESOURCE_TABLES["programs"]
# Rows of before there was a column of the stake hold it in their details: JSON is read for those alone.
_STAKE = func.coalesce(scores.c.stake, scores.c.details["revenue_at_risk"].as_float(), 0.0)


class Run(NamedTuple):
    """One scoring run: all scores of a model and horizon as of one instant."""

    model: str
    horizon_days: int
    as_of: datetime


class Listed(NamedTuple):
    """A score of a list, with the partner's present name."""

    partner: str
    name: str
    as_of: datetime
    details: dict[str, Any]


class Total(NamedTuple):
    """How many scores of a run pass, and what is at stake with them."""

    n: int
    stake: float


class Choice(NamedTuple):
    """Which scores of a run are asked for.

    Parameters
    ----------
    filters : mapping
        Wanted values by name, one of `CHOICES` or ``program``.
    min_p : float
        Smallest probability.
    portfolio : frozenset of str, optional
        Only partners of these account managers.
    among : collection of str, optional
        Only these partners, by external id.
    statuses : collection of str, optional
        Only partners that have one of these now; scores stay for a while after a partner has moved on.
    """

    filters: Mapping[str, str] = {}
    min_p: float = 0.0
    portfolio: frozenset[str] | None = None
    among: Collection[str] | None = None
    statuses: Collection[str] | None = None


def newest_run(
    connection: Connection,
    model: str,
    horizon_days: int,
    until: datetime,
    *,
    before: datetime | None = None,
) -> Run | None:
    """Return the newest stored run as of `until` or earlier, strictly earlier than `before`; None without any."""
    wanted = [scores.c.model == model, scores.c.horizon_days == horizon_days, scores.c.as_of <= until]
    wanted += [] if before is None else [scores.c.as_of < before]
    as_of = connection.execute(select(func.max(scores.c.as_of)).where(*wanted)).scalar()
    return None if as_of is None else Run(model, horizon_days, as_of)


def ranked(
    connection: Connection, run: Run, choice: Choice, start: int, limit: int, *, by_stake: bool = False
) -> list[Listed]:
    """Return `limit` scores of a run from the `start`-th on, by probability, or by what is at stake."""
    order = ([_STAKE.desc()] if by_stake else []) + [scores.c.p.desc(), _partners.c.external_id]
    wanted = select(scores.c.id).join(_partners, _partners.c.id == scores.c.partner_id).where(*_conditions(run, choice))
    ids = list(connection.execute(wanted.order_by(*order).offset(start).limit(limit)).scalars())
    rows = select(scores.c.id, _partners.c.external_id, _partners.c.name, scores.c.as_of, scores.c.details)
    rows = rows.join(_partners, _partners.c.id == scores.c.partner_id).where(scores.c.id.in_(ids))
    found = {row[0]: Listed(*tuple(row)[1:]) for row in connection.execute(rows)}
    return [found[id_] for id_ in ids]


def total(connection: Connection, run: Run, choice: Choice) -> Total:
    """Return how many scores of a run pass, and the sum of what is at stake with them."""
    wanted = select(func.count(), func.coalesce(func.sum(_STAKE), 0.0)).select_from(scores)
    wanted = wanted.join(_partners, _partners.c.id == scores.c.partner_id).where(*_conditions(run, choice))
    n, stake = connection.execute(wanted).one()
    return Total(int(n), float(stake))


def first_scored(connection: Connection, run: Run, choice: Choice) -> int:
    """Return how many of a run's partners that pass no earlier one of its model and horizon has."""
    earlier = scores.alias()
    known = select(1).where(
        earlier.c.partner_id == scores.c.partner_id,
        earlier.c.model == run.model,
        earlier.c.horizon_days == run.horizon_days,
        earlier.c.as_of < run.as_of,
    )
    wanted = select(func.count()).select_from(scores).join(_partners, _partners.c.id == scores.c.partner_id)
    wanted = wanted.where(*_conditions(run, choice), ~known.exists())
    return int(connection.execute(wanted).scalar_one())


def values_of(connection: Connection, column: str, actor: Actor) -> list[str]:
    """Return the values that a column of partners has among those that `actor` may see, for the choices of a filter.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    column : str
        One of `CHOICES`.
    actor : Actor
        Who asks.
    """
    if column not in CHOICES:
        raise KeyError(column)
    stored = _partners.c[column]
    visible = visible_rows(actor, RESOURCES["partners"])
    found = connection.execute(select(stored).where(stored.is_not(None), stored != "", *visible).distinct())
    return sorted(found.scalars())


def names_of(connection: Connection, partners: Collection[str]) -> dict[str, str]:
    """Return names by external id of those of some partners that are there."""
    found: dict[str, str] = {}
    for part in chunks(sorted(set(partners))):
        names = select(_partners.c.external_id, _partners.c.name).where(_partners.c.external_id.in_(part))
        found |= {row.external_id: row.name or row.external_id for row in connection.execute(names)}
    return found


def program_choices(connection: Connection) -> list[tuple[str, str]]:
    """Return external id and name of all programmes, by name."""
    rows = connection.execute(select(_programs.c.external_id, _programs.c.name).order_by(_programs.c.name))
    return [(row.external_id, row.name or row.external_id) for row in rows]


def _of(run: Run) -> list[ColumnElement[bool]]:
    return [scores.c.model == run.model, scores.c.horizon_days == run.horizon_days, scores.c.as_of == run.as_of]


def _conditions(run: Run, choice: Choice) -> list[ColumnElement[bool]]:
    wanted = _of(run)
    wanted += [scores.c.p >= choice.min_p] if choice.min_p > 0 else []
    wanted += [] if choice.portfolio is None else [of_portfolio(choice.portfolio)]
    wanted += [] if choice.among is None else [_partners.c.external_id.in_(list(choice.among))]
    wanted += [] if choice.statuses is None else [_partners.c.status.in_([str(one) for one in choice.statuses])]
    return wanted + [_filtered(name, value) for name, value in choice.filters.items()]


def _filtered(name: str, value: str) -> ColumnElement[bool]:
    if name == "program":
        program = select(_programs.c.id).where(_programs.c.external_id == value).scalar_subquery()
        return _partners.c.program_id == program
    if name not in CHOICES:
        raise KeyError(name)
    return _partners.c[name] == value


class Expected(NamedTuple):
    """What is to be expected of a run's partners: how many silent ones, what is lost, and both's standard deviations.

    The deviations are those of chance alone, each partner by itself: the model's own doubt comes on top.
    """

    n: int
    n_high: int
    silent: float
    silent_deviation: float
    stake: float
    stake_deviation: float


def expected(connection: Connection, run: Run, choice: Choice, high: float) -> Expected:
    """Return what is to be expected of the scores of a churn run that pass; `n_high` counts those of `high` or more."""
    p = scores.c.p
    lost = case((p > 0, _STAKE * _STAKE * (1 - p) / p), else_=0.0)
    sums = (
        func.sum(case((p >= high, 1), else_=0)),
        func.sum(p),
        func.sum(p * (1 - p)),
        func.sum(_STAKE),
        func.sum(lost),
    )
    wanted = select(func.count(), *(func.coalesce(one, 0) for one in sums)).select_from(scores)
    wanted = wanted.join(_partners, _partners.c.id == scores.c.partner_id).where(*_conditions(run, choice))
    n, n_high, silent, spread, stake, stake_spread = connection.execute(wanted).one()
    return Expected(
        int(n), int(n_high), float(silent), float(spread) ** 0.5, float(stake), max(float(stake_spread), 0.0) ** 0.5
    )
