"""Files brought by people: chosen, looked through before anything is written, imported, and what came of it."""

import io
import zipfile
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, UploadFile
from fastapi.responses import HTMLResponse, Response

from api.console.exports import csv_file
from api.console.prospects import Writer
from api.console.shell import Visitor
from api.console.terms import term
from api.console.words import mark
from api.middleware import MAX_PAGE_UPLOAD_BYTES
from domain.columns import Column, ColumnType
from domain.errors import AllywiseError, InvalidInput, NotFound
from domain.resources import RESOURCES
from domain.terms import ModelName
from programme import uploads
from programme.uploads import Given, Upload
from store.jobs import Job, progress_file
from store.transfer.candidates import STATUSES

router = APIRouter(default_response_class=HTMLResponse)

Row = dict[str, Any]
Token = Annotated[str, Path(max_length=100)]
Word = Annotated[str, Form(max_length=100)]

_AT_ONCE = 2**19
"""Bytes that are checked while the browser waits; more is the worker's."""
_PROBLEMS, _PARTNERS, _LISTED = 100, 20, 20
_KIND = "upload"
KINDS = {
    ColumnType.TEXT: mark("text"),
    ColumnType.NUMBER: mark("number, with a point"),
    ColumnType.INTEGER: mark("whole number"),
    ColumnType.AMOUNT: mark("amount, with a point"),
    ColumnType.CURRENCY: mark("currency, three letters"),
    ColumnType.COUNTRY: mark("country, two letters"),
    ColumnType.BOOLEAN: mark("true or false"),
    ColumnType.DATE: mark("day, such as 2026-11-05"),
    ColumnType.INSTANT: mark("day and time, such as 2026-11-05T14:30Z"),
    ColumnType.LATITUDE: mark("degrees north"),
    ColumnType.LONGITUDE: mark("degrees east"),
    ColumnType.LIST: mark("several, parted by ;"),
}
"""What a column holds, in words."""


@router.get("/uploads")
def choose(visit: Writer, resource: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Ask for files, and tell what they look like."""
    return _choose(visit, resource)


@router.get("/uploads/template/{resource}.csv")
def template(visit: Writer, resource: Annotated[str, Path(max_length=100)]) -> Response:
    """Return an empty file with the columns of a resource."""
    if resource not in uploads.resources_for(visit.actor):
        raise NotFound(f"no template of {resource}")
    return csv_file(f"{resource}.csv", [column.name for column in _columns(visit, resource)], [])


@router.post("/uploads")
def upload(visit: Writer, files: list[UploadFile], resource: Word = "") -> Response:
    """Keep files aside and look them through; nothing is written."""
    home, clock = visit.services.settings.home, visit.services.clock
    chosen = [file for file in files if file.filename]
    try:
        if not chosen:
            raise InvalidInput("choose a file first", field="files")
        uploads.forget(home, clock() - uploads.KEPT)
        given = [Given(file.filename or "", resource, file.file) for file in chosen]
        kept = uploads.keep(home, visit.actor, clock, given)
        if kept.size > _AT_ONCE:
            _plan(visit, kept, "check", "skip")
        else:
            uploads.check(visit.services.intelligence.engine, visit.services.settings, clock, kept)
    except AllywiseError as error:
        return _choose(visit, resource, error)
    return visit.go(f"/uploads/{kept.token}")


@router.get("/uploads/{token}")
def kept(visit: Writer, token: Token) -> Response:
    """Show an upload: how far its check or import is, what was found, what came of it."""
    found = uploads.find_own(visit.services.settings.home, visit.actor, token)
    job = _job(visit, found, "import")
    if job is not None or not found.is_open:
        return _imported(visit, found, job)
    checking = _job(visit, found, "check")
    report = found.report("check")
    if report is None:
        return _waiting(visit, found, checking)
    return _preview(visit, found, report)


@router.post("/uploads/{token}/import")
def start(visit: Writer, token: Token, on_error: Word = "abort") -> Response:
    """Have the files imported: all rows or none, or without the bad ones."""
    found = uploads.find_own(visit.services.settings.home, visit.actor, token)
    if not found.is_open:
        raise NotFound("These files were imported already.")
    _plan(visit, found, "import", "skip" if on_error == "skip" else "abort")
    return visit.go(f"/uploads/{found.token}")


@router.post("/uploads/{token}/discard")
def discard(visit: Writer, token: Token) -> Response:
    """Throw the files away."""
    found = uploads.find_own(visit.services.settings.home, visit.actor, token)
    job = _job(visit, found, "import")
    if job is not None and job.status in ("queued", "running"):
        return visit.go(f"/uploads/{found.token}")
    uploads.discard(found)
    return visit.go("/uploads", "discarded")


@router.post("/uploads/{token}/score")
def score(visit: Writer, token: Token) -> Response:
    """Have all prospects scored now, once for an upload, and not only at night."""
    found = uploads.find_own(visit.services.settings.home, visit.actor, token)
    payload = {"model": ModelName.FIT, "horizon_days": None, "as_of": None}
    with visit.work(read_only=False) as work:
        work.jobs.enqueue("score", payload, created_by=visit.actor.name, unique_key=_score_key(found))
    return visit.go(f"/uploads/{found.token}")


@router.get("/uploads/{token}/problems.csv")
def problems(visit: Writer, token: Token) -> Response:
    """Return what is wrong with the files as a file: the first thousand."""
    found = uploads.find_own(visit.services.settings.home, visit.actor, token)
    report = found.report("import") or found.report("check") or {"problems": []}
    head = ("file", "line", "column", "value", "message")
    return csv_file("problems.csv", head, [[one[name] for name in head] for one in report["problems"]])


@router.get("/uploads/{token}/rejects")
def rejects(visit: Writer, token: Token) -> Response:
    """Return the rows that were left out, each with its reason, to be mended and uploaded again."""
    found = uploads.find_own(visit.services.settings.home, visit.actor, token)
    folder = found.rejects()
    files = sorted(folder.iterdir()) if folder is not None else []
    if not files:
        raise NotFound("No rows were left out.")
    if len(files) == 1:
        return _file(files[0].read_bytes(), f"left-out-{files[0].name}", "text/plain; charset=utf-8")
    return _file(_zipped(files), "left-out.zip", "application/zip")


def _zipped(files: list[FilePath]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.name)
    return buffer.getvalue()


def _file(content: bytes, name: str, media_type: str) -> Response:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _choose(visit: Visitor, resource: str, error: AllywiseError | None = None) -> Response:
    allowed = uploads.resources_for(visit.actor)
    shown = resource if resource in allowed else "partners"
    mine = uploads.own(visit.services.settings.home, visit.actor)[:_LISTED]
    values: Row = {
        "resources": allowed,
        "chosen": resource if resource in allowed else "",
        "shown": shown,
        "columns": [_column(column) for column in _columns(visit, shown)],
        "mine": [(one, one.report("import")) for one in mine],
        "most": MAX_PAGE_UPLOAD_BYTES // 2**20,
    }
    return visit.page("uploads.html", **values) if error is None else visit.refused("uploads.html", error, **values)


def _columns(visit: Visitor, resource: str) -> tuple[Column, ...]:
    """Return the columns of a resource that the visitor may fill."""
    columns = RESOURCES[resource].columns
    is_narrow = len(uploads.resources_for(visit.actor)) == 1
    return tuple(one for one in columns if not is_narrow or one.name not in ("recruited_at", "ended_at"))


def _column(column: Column) -> Row:
    words = column.words if column.name != "status" or "prospect" not in column.words else STATUSES
    return {
        "name": column.name,
        "required": column.required,
        "kind": KINDS.get(column.type, ""),
        "words": [(word, term(word)) for word in words],
        "target": column.target,
    }


def _waiting(visit: Visitor, found: Upload, job: Job | None) -> Response:
    return visit.page("upload_progress.html", upload=found, job=job, progress=_progress(found, job), step="check")


def _preview(visit: Visitor, found: Upload, report: Row, error: str | None = None) -> Response:
    good = sum(one["inserted"] + one["updated"] for one in report["counts"].values())
    return visit.page(
        "upload.html",
        422 if error else 200,
        upload=found,
        beginnings=found.beginnings(),
        report=report,
        problems=report["problems"][:_PROBLEMS],
        good=good,
        failed=error,
    )


def _imported(visit: Visitor, found: Upload, job: Job | None) -> Response:
    if job is not None and job.status in ("queued", "running"):
        return visit.page("upload_progress.html", upload=found, job=job, progress=_progress(found, job), step="import")
    report = found.report("import")
    if report is None:  # the worker fell over it: the files are still there
        told = str((job.error or {}).get("message", "")) if job is not None else ""
        return _preview(visit, found, found.report("check") or _nothing(), told)
    if not report["ok"]:
        return _preview(visit, found, report, "")
    with visit.work() as work:
        keys = report["partners"]
        rows = work.repository("partners").list({"external_id": keys}, limit=len(keys)).rows if keys else []
        scoring = work.jobs.by_unique_key(_score_key(found))
    return visit.page(
        "upload_done.html",
        upload=found,
        report=report,
        partners=rows[:_PARTNERS],
        scoring=scoring,
        has_rejects=found.rejects() is not None,
    )


def _nothing() -> Row:
    return {"counts": {}, "problems": [], "problem_count": 0, "ok": False}


def _plan(visit: Visitor, found: Upload, step: str, on_error: str) -> None:
    """Give a step to the worker; asked twice, it is done once."""
    payload = {"token": found.token, "step": step, "on_error": on_error}
    with visit.work(read_only=False) as work:
        work.jobs.enqueue(_KIND, payload, created_by=visit.actor.name, unique_key=_key(found, step, on_error))


def _job(visit: Visitor, found: Upload, step: str) -> Job | None:
    """Return the job of a step, the newest one."""
    with visit.work() as work:
        jobs = [work.jobs.by_unique_key(_key(found, step, how)) for how in ("abort", "skip")]
    return max((job for job in jobs if job is not None), key=lambda job: job.created_at, default=None)


def _key(found: Upload, step: str, on_error: str) -> str:
    return f"upload/{found.token}/{step}/{on_error}"


def _score_key(found: Upload) -> str:
    return f"upload/{found.token}/score"


def _progress(found: Upload, job: Job | None) -> float:
    if job is None or job.status == "queued":
        return 0.0
    try:
        return float(progress_file(found.content).read_text())
    except (OSError, ValueError):  # none yet, or just being written
        return job.progress
