"""Jobs that failed for good, set to run again by an admin."""

from domain.errors import Conflict
from store.jobs import Job
from store.unit_of_work import UnitOfWork

_GONE = frozenset({"import"})
"""Kinds whose files are removed once they end."""


def may_retry(job: Job) -> bool:
    """Say whether a job can be set to run again: it failed, and what it works on is still there."""
    return job.status == "dead" and job.kind not in _GONE


def retry_job(work: UnitOfWork, job_id: str) -> Job:
    """Queue what a failed job was to do again, as a job of its own, and return that.

    Raises
    ------
    NotFound
        If there is no such job.
    Conflict
        If it has not failed for good, or works on files that are gone.
    """
    job = work.jobs.get(job_id)
    if job.status != "dead":
        raise Conflict(f"The job is {job.status}: only one that failed for good is run again.", status=job.status)
    if not may_retry(job):
        raise Conflict("The files of an import are removed when it ends; upload them again.", kind=job.kind)
    again = work.jobs.enqueue(job.kind, job.payload, created_by=work.actor.name)
    work.journal.record("retried", "jobs", job.id, {"kind": job.kind, "as": again.id})
    return again
