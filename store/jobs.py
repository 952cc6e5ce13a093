"""Background work as rows: written with their cause, claimed with a lease, retried, then dead."""

import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, or_, select

from domain.context import Clock, system_clock
from domain.errors import NotFound
from store.sql import insert_into, json_ready
from store.tables import jobs

MAX_ATTEMPTS = 5
"""After so many a job is dead."""

_FIRST_RETRY = timedelta(seconds=10)


class Job(NamedTuple):
    """A piece of background work; ``status`` is queued, running, done or dead, ``progress`` from 0 to 1."""

    id: str
    kind: str
    unique_key: str | None
    payload: dict[str, Any]
    status: str
    progress: float
    result: Any
    error: dict[str, Any] | None
    attempts: int
    created_by: str
    created_at: datetime
    run_after: datetime
    lease_until: datetime | None
    finished_at: datetime | None


def progress_file(folder: Path) -> Path:
    """Return where the import of an uploaded `folder` notes how far it is, while its transaction holds the store."""
    return folder.with_suffix(".progress")


class JobRepository:
    """Enqueues, claims and settles jobs; several workers may claim at once."""

    def __init__(self, connection: Connection, clock: Clock = system_clock) -> None:
        self._connection = connection
        self._clock = clock

    def enqueue(
        self,
        kind: str,
        payload: dict[str, Any],
        *,
        created_by: str,
        unique_key: str | None = None,
        run_after: datetime | None = None,
    ) -> Job:
        """Add a job; with a `unique_key` that came before, return the job of that time instead."""
        now = self._clock()
        values = {
            "id": uuid.uuid4().hex,
            "kind": kind,
            "unique_key": unique_key,
            "payload": json_ready(payload),
            "status": "queued",
            "created_by": created_by,
            "created_at": now,
            "run_after": run_after or now,
        }
        self._connection.execute(insert_into(self._connection, jobs).values(**values).on_conflict_do_nothing())
        if unique_key is None:
            return self.get(str(values["id"]))
        row = self._connection.execute(select(jobs).where(jobs.c.unique_key == unique_key)).mappings().one()
        return _job(row)

    def get(self, job_id: str) -> Job:
        """Return a job.

        Raises
        ------
        NotFound
            If there is none.
        """
        row = self._connection.execute(select(jobs).where(jobs.c.id == job_id)).mappings().first()
        if row is None:
            raise NotFound(f"There is no job {job_id!r}.", job=job_id)
        return _job(row)

    def by_unique_key(self, unique_key: str) -> Job | None:
        """Return the job with a key, None if there is none."""
        row = self._connection.execute(select(jobs).where(jobs.c.unique_key == unique_key)).mappings().first()
        return None if row is None else _job(row)

    def claim(self, lease: timedelta) -> Job | None:
        """Take the oldest job that is due, or whose worker has gone silent; None when there is none.

        It is ours for `lease`; `progress` renews that. Commit before working on it. Its ``attempts`` are the fencing
        token: whoever claims it next counts one more, and what is told under an earlier count is not taken.
        """
        self._bury_silent()
        now = self._clock()
        while True:
            waiting = select(jobs.c.id).where(_due(now)).order_by(jobs.c.run_after, jobs.c.created_at, jobs.c.id)
            found = self._connection.execute(waiting.limit(1).with_for_update(skip_locked=True)).scalar()
            if found is None:
                return None
            taken = self._connection.execute(
                jobs.update()
                .where(jobs.c.id == found, _due(now))
                .values(status="running", attempts=jobs.c.attempts + 1, lease_until=now + lease, progress=0.0)
            )
            if taken.rowcount == 1:
                return self.get(found)

    def progress(self, job: Job, share: float, lease: timedelta) -> bool:
        """Note how far a claimed job is (0 to 1) and renew the lease; whether it is still ours."""
        return self._change(job, progress=min(max(share, 0.0), 1.0), lease_until=self._clock() + lease)

    def renew(self, job: Job, lease: timedelta) -> bool:
        """Renew the lease of a claimed job; whether it is still ours."""
        return self._change(job, lease_until=self._clock() + lease)

    def finish(self, job: Job, result: Any) -> bool:
        """Note the success of a claimed job; whether it was still ours."""
        now = self._clock()
        settled = {"status": "done", "progress": 1.0, "result": json_ready(result), "error": None}
        return self._change(job, **settled, lease_until=None, finished_at=now)

    def fail(self, job: Job, error: dict[str, Any], *, retry: bool) -> bool:
        """Note the failure of a claimed job; whether it was still ours.

        With `retry` it is due again after 10 s, doubled with each attempt, and dead after `MAX_ATTEMPTS`.
        """
        now = self._clock()
        if retry and job.attempts < MAX_ATTEMPTS:
            after = now + _FIRST_RETRY * 2 ** (job.attempts - 1)
            return self._change(job, status="queued", error=json_ready(error), lease_until=None, run_after=after)
        return self._change(job, status="dead", error=json_ready(error), lease_until=None, finished_at=now)

    def open(self, kind: str) -> list[Job]:
        """Return the jobs of a kind that wait or run."""
        wanted = (jobs.c.kind == kind) & jobs.c.status.in_(("queued", "running"))
        return [_job(row) for row in self._connection.execute(select(jobs).where(wanted)).mappings()]

    def newest(self, kind: str, limit: int = 100) -> list[Job]:
        """Return the jobs of a kind, the newest first."""
        wanted = select(jobs).where(jobs.c.kind == kind).order_by(jobs.c.created_at.desc(), jobs.c.id).limit(limit)
        return [_job(row) for row in self._connection.execute(wanted).mappings()]

    def _change(self, job: Job, **values: Any) -> bool:
        ours = (jobs.c.id == job.id, jobs.c.status == "running", jobs.c.attempts == job.attempts)
        return self._connection.execute(jobs.update().where(*ours).values(**values)).rowcount == 1

    def _bury_silent(self) -> None:
        """Declare jobs dead that have taken their workers with them too often."""
        now = self._clock()
        silent = and_(jobs.c.status == "running", jobs.c.lease_until < now, jobs.c.attempts >= MAX_ATTEMPTS)
        error = {"code": "error", "message": f"no sign of life from its worker, {MAX_ATTEMPTS} times"}
        self._connection.execute(
            jobs.update().where(silent).values(status="dead", error=error, lease_until=None, finished_at=now)
        )


def _due(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(jobs.c.status == "queued", jobs.c.run_after <= now),
        and_(jobs.c.status == "running", jobs.c.lease_until < now, jobs.c.attempts < MAX_ATTEMPTS),
    )


def _job(row: RowMapping) -> Job:
    return Job(**{name: row[name] for name in Job._fields})
