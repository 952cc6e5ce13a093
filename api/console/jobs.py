"""What the worker did and does: jobs with their state, why one failed, and running it again."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, Response

from api.console.lists import ROWS, Chosen
from api.console.shell import Visitor, visitor
from api.console.terms import named
from api.cursors import cursor_of, parts_of
from domain.errors import AllywiseError, NotFound
from programme.job_retries import may_retry, retry_job
from store.job_list import job_counts, job_kinds, list_jobs
from store.jobs import Job
from store.types import from_micros, to_micros

router = APIRouter(prefix="/jobs", default_response_class=HTMLResponse)

Admin = Annotated[Visitor, visitor()]
JobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Cursor = Annotated[str, Query(max_length=200)]
STATES = ("queued", "running", "done", "dead")
_MACHINERY = frozenset({"folder", "file", "actor"})
_SHOWN = 200
_LATEST_MICROS = to_micros(from_micros(0).replace(year=9999))


@router.get("")
def listed(visit: Admin, status: Chosen = "", kind: Chosen = "", cursor: Cursor = "") -> Response:
    """List jobs, the newest first; filters live in the address."""
    before = None
    if cursor:
        micros, id_ = parts_of(cursor, int, str)
        before = from_micros(min(micros, _LATEST_MICROS)), id_.replace("\0", "")
    with visit.work() as work:
        found = list_jobs(work.connection, status=status, kind=kind, before=before, limit=ROWS + 1)
        counts, kinds = job_counts(work.connection), job_kinds(work.connection)
    last = found[ROWS - 1] if len(found) > ROWS else None
    return visit.page(
        "jobs.html",
        rows=found[:ROWS],
        following=None if last is None else cursor_of(to_micros(last.created_at), last.id),
        cursor=cursor,
        counts=counts,
        states=named(STATES),
        kinds=named(kinds),
        chosen={"status": status, "kind": kind},
        why=why,
        took=took,
    )


def why(job: Job) -> str:
    """Return why a job failed, in one line, as far as it tells."""
    return str((job.error or {}).get("message") or (job.error or {}).get("code") or "")


def took(job: Job) -> float | None:
    """Return for how many seconds a job that ended was there."""
    return None if job.finished_at is None else (job.finished_at - job.created_at).total_seconds()


@router.get("/{id}")
def one(visit: Admin, id: JobId) -> Response:
    """Show a job: state, result, or why it failed."""
    return _job(visit, id)


def _job(visit: Visitor, id_: str, error: AllywiseError | None = None) -> Response:
    with visit.work() as work:
        job = work.jobs.get(id_)
    details = dict((job.error or {}).get("details") or {})
    problems = details.pop("problems", ())
    values: dict[str, Any] = {
        "job": job,
        "asked": _written({name: value for name, value in job.payload.items() if name not in _MACHINERY}),
        "result": _written(job.result),
        "why": why(job),
        "problems": problems[:_SHOWN] if isinstance(problems, list) else (),
        "details": _written(details),
        "took": took(job),
        "may_retry": may_retry(job),
    }
    return visit.page("job.html", **values) if error is None else visit.refused("job.html", error, **values)


def _written(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) if value else ""


@router.post("/{id}/retry")
def retry(visit: Admin, id: JobId) -> Response:
    """Set what a failed job was to do to run again."""
    try:
        with visit.work(read_only=False) as work:
            again = retry_job(work, id)
    except NotFound:
        raise
    except AllywiseError as error:
        return _job(visit, id, error)
    return visit.go(f"/jobs/{again.id}", "done")
