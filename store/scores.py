"""Fit and churn scores of partners, one per partner, model, horizon and instant."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, func, literal, select

from domain.context import Clock, system_clock
from store.sql import chunks, insert_into, json_ready
from store.tables import scores, shadow_scores

Ids = npt.NDArray[np.int64]
Chances = npt.NDArray[np.float64]

_KEY = ("partner_id", "model", "horizon_days", "as_of")
_VALUES = ("p", "low", "high", "model_version", "details")
_STAKE = "revenue_at_risk"
"""Of the details: what of a churn score lists are ordered by."""


class Score(NamedTuple):
    """What a model said of a partner; ``details`` holds the other output columns and the factors."""

    partner_id: int
    model: str
    horizon_days: int
    as_of: datetime
    p: float
    low: float
    high: float
    model_version: str
    details: dict[str, Any]
    created_at: datetime


class Said(NamedTuple):
    """A stored probability, without what explains it."""

    partner_id: int
    horizon_days: int
    as_of: datetime
    p: float
    low: float
    high: float
    model_version: str
    band: str | None


class ScoreRepository:
    """Keeps scores; the same partner, model, horizon and instant again replaces."""

    def __init__(self, connection: Connection, clock: Clock = system_clock) -> None:
        self._connection = connection
        self._clock = clock

    def put_many(self, rows: Iterable[Mapping[str, Any]]) -> int:
        """Insert or replace scores and return how many.

        Parameters
        ----------
        rows : iterable of mapping
            Each with partner_id, model, horizon_days, as_of (aware), p, low, high, model_version and details.
        """
        now = self._clock()
        values = [
            {name: row[name] for name in (*_KEY, *_VALUES)}
            | {"details": json_ready(row["details"]), "created_at": now}
            | {"stake": json_ready(row["details"].get(_STAKE))}
            | {name: float(row[name]) for name in ("p", "low", "high")}
            | {name: int(row[name]) for name in ("partner_id", "horizon_days")}
            for row in rows
        ]
        insert = insert_into(self._connection, scores)
        replaced = {name: insert.excluded[name] for name in (*_VALUES, "created_at", "stake")}
        upsert = insert.on_conflict_do_update(index_elements=list(_KEY), set_=replaced)
        for part in chunks(values, 5000):
            self._connection.execute(upsert, list(part))
        return len(values)

    def put_shadow(self, rows: Iterable[Mapping[str, Any]]) -> int:
        """Insert or replace scores of a version in shadow and return how many; as `put_many`, without details."""
        now = self._clock()
        names = (*_KEY, "p", "low", "high", "model_version")
        values = [{name: row[name] for name in names} | {"created_at": now} for row in rows]
        insert = insert_into(self._connection, shadow_scores)
        replaced = {name: insert.excluded[name] for name in ("p", "low", "high", "created_at")}
        upsert = insert.on_conflict_do_update(index_elements=[*_KEY, "model_version"], set_=replaced)
        for part in chunks(values, 5000):
            self._connection.execute(upsert, list(part))
        return len(values)

    def said(self, model: str, *, shadow: bool = False, since: datetime | None = None) -> list[Said]:
        """Return everything a model said, by instant and partner.

        Parameters
        ----------
        model : str
            ``churn`` or ``fit``.
        shadow : bool, default=False
            What versions in shadow said instead of those that served; ``band`` is empty then.
        since : datetime, optional
            Only scores as of this instant or later.
        """
        table = shadow_scores if shadow else scores
        band = literal("") if shadow else scores.c.details["band"].as_string()
        columns = [table.c[name] for name in Said._fields[:-1]]
        wanted = select(*columns, band).where(table.c.model == model)
        if since is not None:
            wanted = wanted.where(table.c.as_of >= since)
        rows = self._connection.execute(wanted.order_by(table.c.as_of, table.c.partner_id, table.c.horizon_days))
        return [Said(*tuple(row)) for row in rows]

    def latest(
        self,
        model: str,
        horizon_days: int,
        *,
        until: datetime | None = None,
        before: datetime | None = None,
        partner_ids: Sequence[int] | None = None,
    ) -> dict[int, Score]:
        """Return the newest score of each partner, by our partner id.

        Parameters
        ----------
        model : str
            ``churn`` or ``fit``.
        horizon_days : int
            Of the scores.
        until, before : datetime, optional
            Only scores as of this instant or earlier; strictly earlier.
        partner_ids : sequence of int, optional
            Only these partners.
        """
        wanted = [scores.c.model == model, scores.c.horizon_days == horizon_days]
        wanted += [scores.c.as_of <= until] if until is not None else []
        wanted += [scores.c.as_of < before] if before is not None else []
        if partner_ids is None:
            return self._newest(wanted)
        found: dict[int, Score] = {}
        for part in chunks(partner_ids):
            found |= self._newest([*wanted, scores.c.partner_id.in_([int(id_) for id_ in part])])
        return found

    def _newest(self, wanted: Sequence[ColumnElement[bool]]) -> dict[int, Score]:
        rank = func.row_number().over(partition_by=scores.c.partner_id, order_by=scores.c.as_of.desc()).label("rank")
        columns = [scores.c[name] for name in Score._fields]
        ranked = select(*columns, rank).where(*wanted).subquery()
        rows = self._connection.execute(select(ranked).where(ranked.c.rank == 1)).mappings()
        return {row["partner_id"]: Score(**{name: row[name] for name in Score._fields}) for row in rows}

    def previous(
        self, model: str, horizon_days: int, before: datetime, partner_ids: Sequence[int] | None = None
    ) -> dict[int, Score]:
        """Return the newest score of each partner as of an instant strictly before `before`."""
        return self.latest(model, horizon_days, before=before, partner_ids=partner_ids)

    def previous_chances(self, model: str, horizon_days: int, before: datetime) -> tuple[Ids, Chances]:
        """Return who was scored as of an instant strictly before `before`, by id, with the newest probabilities."""
        mine = (scores.c.model == model) & (scores.c.horizon_days == horizon_days) & (scores.c.as_of < before)
        rank = func.row_number().over(partition_by=scores.c.partner_id, order_by=scores.c.as_of.desc()).label("rank")
        ranked = select(scores.c.partner_id, scores.c.p, rank).where(mine).subquery()
        newest = select(ranked.c.partner_id, ranked.c.p).where(ranked.c.rank == 1).order_by(ranked.c.partner_id)
        found = [tuple(row) for row in self._connection.execute(newest)]
        rows = np.array(found, dtype=[("partner", np.int64), ("p", np.float64)])
        return rows["partner"], rows["p"]
