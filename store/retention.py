"""What is older than it is to be kept: found, counted, deleted."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, update

from store.claim_tables import offer_terms
from store.journal_tables import alert_notices, alert_reads, alerts, audit, audit_details
from store.tables import RESOURCE_TABLES, idempotency, jobs, match_runs, scores, shadow_scores

Condition = Callable[[datetime], ColumnElement[bool]]


class _Rule(NamedTuple):
    table: Table
    is_old: Condition


RULES: Mapping[str, tuple[_Rule, ...]] = {
    "keep_answers_days": (_Rule(idempotency, lambda before: idempotency.c.created_at < before),),
    "keep_jobs_days": (
        _Rule(jobs, lambda before: jobs.c.status.in_(("done", "dead")) & (jobs.c.finished_at < before)),
    ),
    "keep_alerts_days": (_Rule(alerts, lambda before: alerts.c.resolved_at < before),),
    "keep_matches_days": (_Rule(match_runs, lambda before: match_runs.c.created_at < before),),
    "keep_scores_days": (
        _Rule(scores, lambda before: scores.c.as_of < before),
        _Rule(shadow_scores, lambda before: shadow_scores.c.as_of < before),
    ),
}
"""By setting: tables, and which of their rows are older than an instant."""


class RetentionRepository:
    """Finds and deletes what is too old, inside the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count(self, setting: str, before: datetime) -> dict[str, int]:
        """Return how many rows of each table a rule would delete."""
        return {
            rule.table.name: self._connection.execute(
                select(func.count()).select_from(rule.table).where(rule.is_old(before))
            ).scalar_one()
            for rule in RULES[setting]
        }

    def delete(self, setting: str, before: datetime) -> dict[str, int]:
        """Delete what a rule finds, and what hangs on it; return how many rows of each table."""
        gone = {}
        for rule in RULES[setting]:
            condition = rule.is_old(before)
            if rule.table is alerts:
                old = select(alerts.c.id).where(condition)
                for table in (alert_reads, alert_notices):
                    self._connection.execute(delete(table).where(table.c.alert_id.in_(old)))
            if rule.table is match_runs:
                old = select(match_runs.c.id).where(condition)
                loose = update(offer_terms).where(offer_terms.c.match_id.in_(old)).values(match_id=None)
                self._connection.execute(loose)
            gone[rule.table.name] = self._connection.execute(delete(rule.table).where(condition)).rowcount
        return gone

    def old_entries(self, before: datetime, limit: int = 50_000) -> list[int]:
        """Return numbers of trail entries before an instant that still tell details; erasures tell theirs for ever."""
        joined = audit.join(audit_details, audit_details.c.seq == audit.c.seq)
        query = select(audit.c.seq).select_from(joined).where(audit.c.at < before, audit.c.action != "erased")
        return list(self._connection.execute(query.order_by(audit.c.seq).limit(limit)).scalars())

    def contacts_of_ended(self, before: datetime, limit: int = 10_000) -> list[int]:
        """Return our ids of contacts whose partner ended before an instant."""
        partners, contacts = RESOURCE_TABLES["partners"], RESOURCE_TABLES["contacts"]
        ended = select(partners.c.id).where(partners.c.status == "ended", partners.c.ended_at < before)
        query = select(contacts.c.id).where(contacts.c.partner_id.in_(ended)).order_by(contacts.c.id).limit(limit)
        return list(self._connection.execute(query).scalars())
