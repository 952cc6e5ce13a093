"""Erasure of what the service itself kept of a partner or person: answers, scores, alerts, jobs, accounts, vectors."""

import json
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column as SqlColumn
from sqlalchemy import ColumnElement, Connection, Table, Text, cast, delete, func, literal, or_, select, update

from domain.erasure import ERASED
from domain.terms import UserStatus
from store.access_tables import sessions, users
from store.at_rest import at_rest_of
from store.journal_tables import (
    alert_notices,
    alert_preferences,
    alert_reads,
    alerts,
    audit_details,
    deliveries,
    events,
    webhooks,
)
from store.notice_tables import notices
from store.routing_tables import allocations
from store.sessions import TryRepository
from store.sql import chunks
from store.tables import (
    embeddings,
    idempotency,
    jobs,
    keys,
    match_runs,
    model_checks,
    recommendation_feedback,
    scores,
    shadow_scores,
)

SHORTEST = 4
"""Texts of fewer characters are not looked for in logs: they would be found in everything."""

_MOST_TEXTS = 2_000
_PATTERNS = 100

_WRITTEN: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (match_runs, ("request", "response", "features", "created_by")),
    (allocations, ("request", "response", "created_by")),
    (model_checks, ("report",)),
    (jobs, ("payload", "result", "error", "created_by", "unique_key")),
    (scores, ("details",)),
    (alerts, ("message", "details", "key", "resolved_by", "dedup_key")),
    (events, ("payload", "key")),
    (deliveries, ("last_error",)),
    (webhooks, ("description", "created_by")),
    (notices, ("subject",)),
)
"""Where the service itself wrote what it was told, and what it answered."""


class LogErasure:
    """Erases what tables of the service say of a partner or of persons, inside the caller's transaction.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    now : datetime
        The time of it.
    """

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self.counts: dict[str, int] = {}

    def partner(self, partner_id: int, external_id: str, pseudonym: str) -> None:
        """Erase what belongs to a partner: its scores, alerts, webhooks, keys, its lines in matches."""
        for table in (scores, shadow_scores):
            self._delete(table, table.c.partner_id == partner_id)
        self._delete(recommendation_feedback, recommendation_feedback.c.partner_id == partner_id)
        self._drop_alerts(alerts.c.partner_id == partner_id)
        hooks = select(webhooks.c.id).where(webhooks.c.partner_id == partner_id)
        self._delete(deliveries, deliveries.c.webhook_id.in_(hooks))
        self._delete(webhooks, webhooks.c.partner_id == partner_id)
        self._close_keys(partner_id)
        self._redact_matches(external_id, pseudonym)
        self._redact_allocations(external_id, pseudonym)

    def matches_of_lead(self, lead_id: int, texts: Collection[str]) -> None:
        """Erase texts of a lead from its matches: in the answer, and among the features, which keep their places."""
        wanted = _longest_first(texts)
        pattern = re.compile("|".join(map(re.escape, wanted)) or "(?!)", re.IGNORECASE)
        query = select(match_runs.c.id, match_runs.c.response, match_runs.c.features)
        for row in self._connection.execute(query.where(match_runs.c.lead_id == lead_id)).all():
            features = [
                {name: None if isinstance(value, str) and value in texts else value for name, value in each.items()}
                for each in row.features
            ]
            values = {"response": _rid(row.response, pattern), "features": features}
            if values != {"response": row.response, "features": row.features}:
                self._connection.execute(update(match_runs).where(match_runs.c.id == row.id).values(**values))
                self._count("match_runs", 1)

    def users(self, condition: ColumnElement[bool]) -> set[str]:
        """Erase accounts: nobody signs in with them again; return their texts. Rows stay, the trail names them."""
        texts: set[str] = set()
        wanted = users.c.email.not_like("erased-%@erased.invalid") & condition
        for row in self._connection.execute(select(users.c.id, users.c.email, users.c.name).where(wanted)).all():
            texts |= {row.email, row.name}
            self._delete(sessions, sessions.c.user_id == row.id)
            person = f"user:{row.id}"
            for table in (alert_reads, alert_preferences, alert_notices):
                self._delete(table, table.c.person == person)
            TryRepository(self._connection).clear("email", row.email)
            self._delete(idempotency, idempotency.c.actor == row.email)
            values = dict.fromkeys(("password_hash", "token_hash", "token_expires_at", "oidc_subject"))
            blank = {"email": f"erased-{row.id}@erased.invalid", "name": ERASED, "status": UserStatus.DEACTIVATED}
            self._connection.execute(update(users).where(users.c.id == row.id).values(**values, **blank))
            self._count("users", 1)
        return texts

    def texts(self, names: Collection[str], texts: Collection[str], keys_: Collection[str] = ()) -> Sequence[int]:
        """Replace names wherever the service wrote them; return numbers of trail entries that hold one.

        Answers kept for retries that hold a name, a text or a key are deleted, reports of imports lose the texts that
        they quote. All text vectors go: they are found by digests of texts as the models join them, so those of
        a single row cannot be told.

        Parameters
        ----------
        names : collection of str
            What tells who somebody is: names, addresses, numbers.
        texts : collection of str
            All else that was erased.
        keys_ : collection of str
            External ids of rows that are gone or renamed.
        """
        wanted, every = _longest_first(names), _longest_first({*names, *texts})
        if not every:
            return []
        for table, columns in _WRITTEN if wanted else ():
            self._replace(table, columns, wanted)
        self._replace(jobs, ("result", "error"), every, jobs.c.kind == "import")
        if at_rest_of(self._connection.dialect).encrypts:  # answers cannot be looked into
            self._delete(idempotency, idempotency.c.key.is_not(None))
        quoted = [json.dumps(key) for key in keys_]
        for row in self._holding(idempotency, ["body"], [*every, *quoted]):
            self._delete(idempotency, (idempotency.c.actor == row.actor) & (idempotency.c.key == row.key))
        self._delete(embeddings, embeddings.c.model.is_not(None))
        self._delete(deliveries, deliveries.c.event_id.not_in(select(events.c.id)))
        return [int(row.seq) for row in self._holding(audit_details, ["details"], wanted)]

    def _drop_alerts(self, condition: ColumnElement[bool]) -> None:
        wanted = select(alerts.c.id).where(condition)
        for table in (alert_reads, alert_notices):
            self._delete(table, table.c.alert_id.in_(wanted))
        self._delete(alerts, condition)

    def _close_keys(self, partner_id: int) -> None:
        mine = (keys.c.partner_id == partner_id) & (keys.c.name != ERASED)
        self._delete(sessions, sessions.c.key_id.in_(select(keys.c.id).where(keys.c.partner_id == partner_id)))
        names = self._connection.execute(select(keys.c.name).where(mine)).scalars().all()
        for part in chunks(names):
            self._delete(idempotency, idempotency.c.actor.in_(part))
        values = {"name": ERASED, "revoked_at": func.coalesce(keys.c.revoked_at, _instant(self._now))}
        self._count("keys", self._connection.execute(update(keys).where(mine).values(**values)).rowcount)

    def _redact_matches(self, external_id: str, pseudonym: str) -> None:
        columns = [match_runs.c.id, match_runs.c.request, match_runs.c.response, match_runs.c.features]
        for row in self._holding(match_runs, ["request", "response"], [external_id], columns):
            response, features = _without(row.response, row.features, (external_id, pseudonym))
            request = _renamed(row.request, external_id, pseudonym)
            values = {"request": request, "response": response, "features": features}
            if values != {"request": row.request, "response": row.response, "features": row.features}:
                self._connection.execute(update(match_runs).where(match_runs.c.id == row.id).values(**values))
                self._count("match_runs", 1)

    def _redact_allocations(self, external_id: str, pseudonym: str) -> None:
        """Rename a partner in lists given to partners, and drop what its room was worth."""
        names = ["policy", "request", "response", "prices"]
        columns = [allocations.c.id, *(allocations.c[name] for name in names)]
        for row in self._holding(allocations, names, [external_id], columns):
            values = {name: _renamed(row._mapping[name], external_id, pseudonym) for name in names}
            values["prices"] = _without_key(row.prices, external_id)
            self._connection.execute(update(allocations).where(allocations.c.id == row.id).values(**values))
            self._count("allocations", 1)

    def _replace(
        self, table: Table, names: Sequence[str], texts: Sequence[str], also: ColumnElement[bool] | None = None
    ) -> None:
        key = list(table.primary_key.columns)
        pattern = re.compile("|".join(map(re.escape, texts)), re.IGNORECASE)
        columns = [*key, *(table.c[name] for name in names)]
        for row in self._holding(table, names, texts, columns, also):
            values = {name: new for name in names if (new := _rid(row._mapping[name], pattern)) != row._mapping[name]}
            if values:
                same = [column == row._mapping[column] for column in key]
                self._connection.execute(update(table).where(*same).values(**values))
                self._count(table.name, 1)

    def _holding(
        self,
        table: Table,
        names: Sequence[str],
        texts: Sequence[str],
        columns: Sequence[SqlColumn[Any]] = (),
        also: ColumnElement[bool] | None = None,
    ) -> list[Any]:
        """Return rows in which a column holds one of some texts, as they stand or as JSON spells them."""
        found: dict[Any, Any] = {}
        key = list(table.primary_key.columns)
        spelt = sorted({way for text in texts for way in _spellings(text)})
        for part in chunks(spelt, _PATTERNS):
            holds = or_(*(_holds(table.c[name], text) for name in names for text in part))
            wanted = holds if also is None else holds & also
            for row in self._connection.execute(select(*(columns or key)).where(wanted)).all():
                found[tuple(row._mapping[column] for column in key)] = row
        return list(found.values())

    def _delete(self, table: Table, condition: ColumnElement[bool]) -> None:
        self._count(table.name, self._connection.execute(delete(table).where(condition)).rowcount)

    def _count(self, name: str, rows: int) -> None:
        if rows:
            self.counts[name] = self.counts.get(name, 0) + rows


def _longest_first(texts: Iterable[str]) -> list[str]:
    return sorted({text for text in texts if len(text) >= SHORTEST}, key=lambda text: (-len(text), text))[:_MOST_TEXTS]


def _spellings(text: str) -> set[str]:
    """Return a text as it stands in text columns, and as JSON spells it with and without other scripts escaped."""
    return {text.lower(), json.dumps(text)[1:-1].lower(), json.dumps(text, ensure_ascii=False)[1:-1].lower()}


def _holds(column: SqlColumn[Any], text: str) -> ColumnElement[bool]:
    stored = cast(column, Text)
    return or_(func.lower(stored).contains(text, autoescape=True), stored.contains(text, autoescape=True))


def _rid(value: Any, pattern: re.Pattern[str]) -> Any:
    """Return a JSON value with what `pattern` finds replaced in every text."""
    match value:
        case str():
            return pattern.sub(ERASED, value)
        case dict():
            return {name: _rid(each, pattern) for name, each in value.items()}
        case list():
            return [_rid(each, pattern) for each in value]
    return value


def _renamed(value: Any, name: str, pseudonym: str) -> Any:
    """Return a JSON value in which a text that is `name` is the pseudonym."""
    match value:
        case str():
            return pseudonym if value == name else value
        case dict():
            return {key: _renamed(each, name, pseudonym) for key, each in value.items()}
        case list():
            return [_renamed(each, name, pseudonym) for each in value]
    return value


def _without_key(value: Any, name: str) -> Any:
    """Return a JSON value without what stands under a name."""
    if not isinstance(value, dict):
        return value
    return {key: _without_key(each, name) for key, each in value.items() if key != name}


def _without(response: Any, features: Any, names: Collection[str]) -> tuple[Any, Any]:
    """Return answer and features of a match without the lines of a partner; the others stay in their order."""
    candidates = response.get("candidates") or []
    kept = [position for position, row in enumerate(candidates) if row.get("partner") not in names]
    excluded = [row for row in map(_unnamed(names), response.get("excluded") or []) if row]
    left = [row for position, row in enumerate(features or []) if position >= len(candidates) or position in kept]
    return {**response, "candidates": [candidates[position] for position in kept], "excluded": excluded}, left


def _unnamed(names: Collection[str]) -> Callable[[Any], Any]:
    """Return what leaves partners out of those kept out, one by one or together; None: nobody is left."""

    def without(row: Any) -> Any:
        if "partners" not in row:
            return None if row.get("partner") in names else row
        left = [partner for partner in row["partners"] if partner not in names]
        return {**row, "partners": left} if left else None

    return without


def _instant(at: datetime) -> Any:
    return literal(at, keys.c.revoked_at.type)


def is_account(email: str) -> ColumnElement[bool]:
    """Return the condition of accounts with an e-mail address."""
    return users.c.email == email.strip().lower()


def is_account_of(partner_id: int) -> ColumnElement[bool]:
    """Return the condition of a partner's accounts."""
    return users.c.partner_id == partner_id
