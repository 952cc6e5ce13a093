"""Is it alive, can it answer, how does it do."""

import os

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from api.dependencies import ServicesDep
from api.monitoring import measured_registry
from api.problems import problem_responses
from api.serving import METRICS_FOLDER
from api.warm import load_served_models
from domain.context import SYSTEM
from store.migrate import check_schema

router = APIRouter(tags=["probes"])


@router.get("/healthz", operation_id="health")
def health() -> dict[str, str]:
    """Say that the process is alive."""
    return {"status": "ok"}


@router.get("/readyz", operation_id="readiness", responses=problem_responses(503))
def readiness(services: ServicesDep) -> dict[str, str]:
    """Say that the store answers and has the schema of this version, and that the models that serve are loaded.

    Where none serves yet the baselines answer, and that is ready, too.
    """
    check_schema(services.intelligence.engine)
    load_served_models(services)
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
    """Give the measurements of the service, and the newest drift of the models, in the Prometheus text format.

    Several processes of one server count together, so it does not matter which of them is asked; the memory of each
    stands under its id.
    """
    text = b"".join(generate_latest(each) for each in (_counted(), measured_registry(services)))
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def _counted() -> CollectorRegistry:
    """Return what was counted: by this process, or by all that were forked together."""
    registry = REGISTRY
    if METRICS_FOLDER in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
