"""Data protection in the store: the record of erasures, all data on somebody, what training leaves out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, Text, cast, or_, select

from domain.resources import LEARNED
from store.access_tables import users
from store.engine import Engine
from store.history import History
from store.journal_tables import alerts, audit, audit_details
from store.match_runs import as_answered
from store.privacy_tables import erasures
from store.routing_tables import allocations
from store.sql import json_ready
from store.tables import keys, match_runs, recommendation_feedback, scores

PAGE = 1_000

_SECRET = frozenset({"password_hash", "token_hash", "secret_hash", "former_hash", "oidc_subject", "partner_id"})


class Erasure(NamedTuple):
    """An erasure that was done: of which row, and why."""

    resource: str
    row_id: int
    key: str | None
    reason: str
    details: dict[str, Any]


class PrivacyRepository:
    """Erasures, and what the service itself keeps of a partner or person, inside the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, values: Mapping[str, Any]) -> None:
        """Write down an erasure: the columns of ``erasures``."""
        self._connection.execute(erasures.insert().values(**values))

    def latest(self, resource: str, row_id: int) -> dict[str, Any] | None:
        """Return the latest erasure of a row, None if there was none."""
        mine = (erasures.c.resource == resource) & (erasures.c.row_id == row_id)
        found = self._connection.execute(select(erasures).where(mine).order_by(erasures.c.id.desc())).mappings()
        row = found.first()
        return None if row is None else dict(row)

    def newest(self, resource: str, limit: int) -> list[dict[str, Any]]:
        """Return the newest erasures of rows of a resource."""
        query = select(erasures).where(erasures.c.resource == resource).order_by(erasures.c.id.desc()).limit(limit)
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def since(self, after: datetime) -> list[Erasure]:
        """Return the erasures after an instant, in their order."""
        columns = [erasures.c[name] for name in Erasure._fields]
        rows = self._connection.execute(select(*columns).where(erasures.c.erased_at > after).order_by(erasures.c.id))
        return [Erasure(*row) for row in rows]

    def partner_parts(self, partner_id: int, external_id: str) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
        """Yield name and rows of everything that the service keeps of a partner, secrets left out."""
        named = f'%"{_like(external_id)}"%'
        mentions = or_(*(cast(match_runs.c[name], Text).like(named, escape="\\") for name in ("request", "response")))
        parts: Sequence[tuple[str, Table, ColumnElement[bool]]] = (
            ("users", users, users.c.partner_id == partner_id),
            ("keys", keys, keys.c.partner_id == partner_id),
            ("scores", scores, scores.c.partner_id == partner_id),
            (
                "recommendation_feedback",
                recommendation_feedback,
                recommendation_feedback.c.partner_id == partner_id,
            ),
            ("alerts", alerts, alerts.c.partner_id == partner_id),
        )
        for name, table, condition in parts:
            yield name, self._rows(table, condition)
        yield "match_runs", self._matches(mentions, external_id)
        given = cast(allocations.c.response, Text).like(named, escape="\\")
        yield "allocations", self._lists(given, external_id)
        yield "audit", self._audit(audit.c.partner_id == partner_id)

    def audit_of(self, resource: str, key: str) -> Iterator[dict[str, Any]]:
        """Yield the entries of the trail on a row."""
        return self._audit((audit.c.resource == resource) & (audit.c.key == key))

    def users_by_email(self, email: str) -> Iterator[dict[str, Any]]:
        """Yield accounts with an e-mail address."""
        return self._rows(users, users.c.email == email.strip().lower())

    def _matches(self, condition: ColumnElement[bool], external_id: str) -> Iterator[dict[str, Any]]:
        """Yield matches with what they say of this partner alone: the others are others' data."""
        for run in self._rows(match_runs, condition):
            answer = as_answered(run["response"])
            places = [row.get("partner") for row in answer.get("candidates") or []]
            own = [features for name, features in zip(places, run["features"], strict=False) if name == external_id]
            said = {
                part: [row for row in answer.get(part) or [] if row.get("partner") == external_id]
                for part in ("candidates", "excluded")
            }
            if own or any(said.values()):
                yield {**{name: run[name] for name in ("id", "as_of", "model_version")}, **said, "features": own}

    def _lists(self, condition: ColumnElement[bool], external_id: str) -> Iterator[dict[str, Any]]:
        """Yield the leads of whole lists that this partner was given."""
        for run in self._rows(allocations, condition):
            own = [row for row in run["response"].get("items") or [] if row.get("partner") == external_id]
            if own:
                yield {**{name: run[name] for name in ("id", "as_of")}, "items": own}

    def _audit(self, condition: ColumnElement[bool]) -> Iterator[dict[str, Any]]:
        joined = audit.outerjoin(audit_details, audit_details.c.seq == audit.c.seq)
        last = 0
        while True:
            query = select(audit, audit_details.c.details).select_from(joined).where(condition, audit.c.seq > last)
            page = self._connection.execute(query.order_by(audit.c.seq).limit(PAGE)).mappings().all()
            yield from (json_ready(dict(row)) for row in page)
            if len(page) < PAGE:
                return
            last = page[-1]["seq"]

    def _rows(self, table: Table, condition: ColumnElement[bool]) -> Iterator[dict[str, Any]]:
        columns = [column for column in table.c if column.name not in _SECRET]
        last: Any = None
        while True:
            after = () if last is None else (table.c.id > last,)
            query = select(*columns).where(condition, *after).order_by(table.c.id).limit(PAGE)
            page = self._connection.execute(query).mappings().all()
            yield from (json_ready(dict(row)) for row in page)
            if len(page) < PAGE:
                return
            last = page[-1]["id"]


def without_erased(connection: Connection, history: History) -> History:
    """Return `history` without partners that were erased and all rows on them: training does not learn from them."""
    wanted = select(erasures.c.row_id).where(erasures.c.resource == "partners")
    gone = sorted(set(connection.execute(wanted).scalars()))
    if not gone:
        return history
    names = set(history.partners.loc[history.partners["id"].isin(gone), "external_id"])
    left: dict[str, Any] = {}
    for name in LEARNED:
        frame = history.frame(name)
        column = "id" if name == "partners" else "partner_id"
        if column in frame.columns:
            left[name] = frame[~frame[column].isin(gone)].reset_index(drop=True)
    told = history.changes
    theirs = (told["resource"] == "partners") & told["external_id"].isin(names)
    return replace(history, **left | {"changes": told[~theirs].reset_index(drop=True)})


def settle_files(engine: Engine) -> bool:
    """Write what a transaction erased out of SQLite's log, too; return whether that was possible now.

    Elsewhere the database sees to it when it cleans up (PostgreSQL: autovacuum).
    """
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect() as connection:
        driver: Any = connection.connection
        busy, _, _ = driver.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _like(text: str) -> str:
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, f"\\{sign}")
    return text
