"""Is it alive, can it answer, how does it do."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.dependencies import ServicesDep
from api.monitoring import drift_registry
from api.problems import problem_responses
from domain.context import SYSTEM
from store.migrate import check_schema

router = APIRouter(tags=["probes"])


@router.get("/healthz", operation_id="health")
def health() -> dict[str, str]:
    """Say that the process is alive."""
    return {"status": "ok"}


@router.get("/readyz", operation_id="readiness", responses=problem_responses(503))
def readiness(services: ServicesDep) -> dict[str, str]:
    """Say that the store answers and has the schema of this version."""
    check_schema(services.intelligence.engine)
    with services.unit_of_work(SYSTEM, read_only=True) as work:
        work.repository("programs").list(limit=1)
    return {"status": "ready"}


@router.get(
    "/metrics",
    operation_id="metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(services: ServicesDep) -> Response:
    """Give the measurements of this process, and the newest drift of the models, in the Prometheus text format."""
    text = generate_latest() + generate_latest(drift_registry(services))
    return Response(text, media_type=CONTENT_TYPE_LATEST)
