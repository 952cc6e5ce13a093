"""Long work: asked for here, done by the worker, watched by id."""

import contextlib
import shutil
import uuid
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Query, Request, UploadFile
from fastapi.responses import FileResponse, JSONResponse

from api.dependencies import ActorDep, Services, ServicesDep, Work, allow, utc
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.schemas import Job, ScoringRequest, TrainingRequest
from domain.context import Actor
from domain.errors import InvalidInput, NotFound
from domain.terms import Role
from store.jobs import Job as StoredJob
from store.jobs import progress_file
from store.unit_of_work import UnitOfWork

router = APIRouter(tags=["jobs"])

_ACCEPTED: dict[str, Any] = {"status_code": 202, "response_model": Job}


@router.post(
    "/imports",
    operation_id="start_import",
    dependencies=[allow()],
    responses=problem_responses(401, 403, 413, 422),
    **_ACCEPTED,
)
def start_import(
    request: Request,
    services: ServicesDep,
    work: Work,
    actor: ActorDep,
    files: Annotated[list[UploadFile], File(description="import files, named as in the import format")],
    dry_run: Annotated[bool, Query(description="check and write nothing")] = False,
    on_error: Annotated[str, Query(pattern="^(abort|skip)$")] = "abort",
    mapping: Annotated[
        Literal["salesforce", "hubspot", "dynamics", "pipedrive", "odoo"] | None,
        Query(description="the files are exports of this system"),
    ] = None,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Import a programme as a job: all or nothing, or with on_error=skip without the bad rows."""
    sizes = {file.filename or "": file.size or 0 for file in files}
    if sum(sizes.values()) > services.settings.max_upload_bytes:
        raise InvalidInput(f"the upload is larger than {services.settings.max_upload_bytes} bytes; import it in parts")

    def start() -> dict[str, Any]:
        folder = _keep_uploads(services, files)
        payload = {
            "folder": str(folder),
            "dry_run": dry_run,
            "on_error": on_error,
            "mapping": mapping,
            "actor": _told(actor),
        }
        return _enqueue(work, actor, "import", payload)

    return once(work, idempotency_key, [str(request.url.query), sizes], start, Job, 202)


def _told(actor: Actor) -> dict[str, Any]:
    """Return who asks, for the audit trail."""
    return {"name": actor.name, "role": actor.role, "user_id": actor.user_id}


def _keep_uploads(services: Services, files: list[UploadFile]) -> Path:
    folder = services.settings.home / "uploads" / uuid.uuid4().hex
    folder.mkdir(parents=True)
    for file in files:
        name = Path(file.filename or "").name
        if not name or name.startswith("."):
            shutil.rmtree(folder)
            raise InvalidInput("each uploaded file needs the name of a resource, e.g. partners.csv", field="files")
        with (folder / name).open("xb") as target:
            shutil.copyfileobj(file.file, target)
    return folder


@router.post(
    "/training-runs",
    operation_id="start_training",
    dependencies=[allow()],
    responses=problem_responses(401, 403, 422),
    **_ACCEPTED,
)
def start_training(
    body: TrainingRequest, work: Work, actor: ActorDep, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Train models as a job: compared with baselines and champion, promoted if the gates pass."""
    as_of = utc(body.as_of)
    payload = {"models": list(body.models), "as_of": as_of.isoformat() if as_of else None}
    return once(work, idempotency_key, payload, lambda: _enqueue(work, actor, "train", payload), Job, 202)


@router.post(
    "/scoring-runs",
    operation_id="start_scoring",
    dependencies=[allow(Role.MANAGER)],
    responses=problem_responses(401, 403, 422),
    **_ACCEPTED,
)
def start_scoring(
    body: ScoringRequest, work: Work, actor: ActorDep, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Score all partners or prospects as a job and store the scores."""
    as_of = utc(body.as_of)
    payload = body.model_dump(exclude={"as_of"}) | {"as_of": as_of.isoformat() if as_of else None}
    return once(work, idempotency_key, payload, lambda: _enqueue(work, actor, "score", payload), Job, 202)


@router.get(
    "/jobs/{job_id}",
    operation_id="get_job",
    response_model=Job,
    dependencies=[allow(Role.MANAGER)],
    responses=problem_responses(401, 403, 404),
)
def get_job(job_id: str, work: Work, actor: ActorDep) -> dict[str, Any]:
    """Say how far a job is; its starter and admins see it."""
    job = work.jobs.get(job_id)
    if actor.role is not Role.ADMIN and job.created_by != actor.name:
        raise NotFound(f"no job {job_id}")
    return _job(job)


@router.post(
    "/exports",
    operation_id="start_export",
    dependencies=[allow()],
    responses=problem_responses(401, 403, 422),
    **_ACCEPTED,
)
def start_export(
    services: ServicesDep, work: Work, actor: ActorDep, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Export the store in the import format as a job; its file is at /v1/jobs/{job_id}/file when it is done."""
    payload = {"file": str(services.settings.home / "exports" / f"{uuid.uuid4().hex}.zip"), "actor": _told(actor)}
    return once(work, idempotency_key, "export", lambda: _enqueue(work, actor, "export", payload), Job, 202)


@router.get(
    "/jobs/{job_id}/file",
    operation_id="get_job_file",
    response_class=FileResponse,
    dependencies=[allow()],
    responses={200: {"content": {"application/zip": {}}}, **problem_responses(401, 403, 404)},
)
def get_job_file(job_id: str, work: Work) -> FileResponse:
    """Fetch what an export made."""
    job = work.jobs.get(job_id)
    path = Path(job.payload.get("file") or "")
    if job.status != "done" or not path.is_file():
        raise NotFound(f"job {job_id} has no file to fetch")
    work.journal.read("exports", [job_id])
    return FileResponse(path, media_type="application/zip", filename=f"allywise-{job.created_at:%Y-%m-%d}.zip")


def _enqueue(work: UnitOfWork, actor: Actor, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
    return _job(work.jobs.enqueue(kind, payload, created_by=actor.name))


def _job(job: StoredJob) -> dict[str, Any]:
    return {name: getattr(job, name) for name in Job.model_fields} | {"progress": _progress(job)}


def _progress(job: StoredJob) -> float:
    if job.kind == "import" and job.status == "running":
        with contextlib.suppress(OSError, ValueError):  # none yet, or just being written
            return float(progress_file(Path(job.payload["folder"])).read_text())
    return job.progress
