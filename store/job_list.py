"""Background jobs as an admin looks for them: by page, the newest first, and how many stand how."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select

from store.jobs import Job
from store.tables import jobs


def list_jobs(
    connection: Connection, *, status: str = "", kind: str = "", before: tuple[datetime, str] | None = None, limit: int
) -> Sequence[Job]:
    """Return jobs, the newest first; `before`: instant and id of the last one known; empty filters: any."""
    conditions = [column == value for column, value in ((jobs.c.status, status), (jobs.c.kind, kind)) if value]
    if before is not None:
        at, id_ = before
        conditions.append(or_(jobs.c.created_at < at, and_(jobs.c.created_at == at, jobs.c.id < id_)))
    query = select(*(jobs.c[name] for name in Job._fields)).where(*conditions)
    rows = connection.execute(query.order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit))
    return [Job(**row) for row in rows.mappings()]


def job_counts(connection: Connection) -> Mapping[str, int]:
    """Return how many jobs there are by status."""
    query = select(jobs.c.status, func.count().label("n")).group_by(jobs.c.status)
    return {row.status: row.n for row in connection.execute(query)}


def job_kinds(connection: Connection) -> Sequence[str]:
    """Return the kinds of jobs that there are."""
    return list(connection.execute(select(jobs.c.kind).distinct().order_by(jobs.c.kind)).scalars())
