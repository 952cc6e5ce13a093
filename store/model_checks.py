"""What the nightly checks of the models found."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from domain.context import Clock, system_clock
from store.sql import json_ready
from store.tables import model_checks


class ModelCheck(NamedTuple):
    """One check: which version as of when, and what was found."""

    model: str
    model_version: str
    as_of: datetime
    report: dict[str, Any]
    created_at: datetime


class ModelCheckRepository:
    """Keeps checks; they are never changed."""

    def __init__(self, connection: Connection, clock: Clock = system_clock) -> None:
        self._connection = connection
        self._clock = clock

    def put(self, model: str, model_version: str, as_of: datetime, report: dict[str, Any]) -> None:
        """Store what a check found."""
        row = {"model": model, "model_version": model_version, "as_of": as_of, "report": json_ready(report)}
        self._connection.execute(model_checks.insert().values(**row, created_at=self._clock()))

    def newest(self, model: str) -> ModelCheck | None:
        """Return the newest check of a model, if there is one."""
        columns = [model_checks.c[name] for name in ModelCheck._fields]
        wanted = select(*columns).where(model_checks.c.model == model)
        newest = wanted.order_by(model_checks.c.as_of.desc(), model_checks.c.id.desc()).limit(1)
        row = self._connection.execute(newest).first()
        return None if row is None else ModelCheck(*row)
