"""The application: services, middleware, routes and problems put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.console import pages
from api.console.assets import static_files
from api.console.shell import failure, wants_page
from api.dependencies import Services
from api.middleware import add_middleware
from api.problems import Problem, add_problem_handlers, problem_responses
from api.routes import (
    agreements,
    alerts,
    allocations,
    analytics,
    assignments,
    audit,
    churn,
    commissions,
    directory,
    events,
    fairness,
    funds,
    goals,
    interventions,
    jobs,
    keys,
    matches,
    model_registry,
    onboarding,
    privacy,
    probes,
    progress,
    prospects,
    qualification,
    recommendations,
    recruitment,
    registrations,
    replays,
    resources,
    routes,
    routing_policies,
    sessions,
    sso,
    standing,
    surveys,
    tiers,
    training,
    users,
    webhooks,
)
from api.warm import load_what_is_fixed, start_warming
from domain.context import Clock, system_clock
from domain.settings import Settings

_DESCRIPTION = """Partner intelligence: rank prospects, see inactivity coming, recommend content and offers,
match leads to the partners most likely to close them. Every probability is calibrated and carries an interval,
the evidence behind it and the factors that moved it."""

VERSIONED = (
    matches,
    allocations,
    prospects,
    churn,
    recommendations,
    model_registry,
    jobs,
    recruitment,
    qualification,
    onboarding,
    training,
    analytics,
    goals,
    interventions,
    surveys,
    sessions,
    sso,
    users,
    keys,
    commissions,
    funds,
    tiers,
    agreements,
    alerts,
    audit,
    events,
    webhooks,
    registrations,
    progress,
    assignments,
    privacy,
    fairness,
    standing,
    routes,
    routing_policies,
    replays,
    directory,
    resources,
)
"""Modules whose routes stand under /v1 and ask for a key."""


def create_served_app() -> FastAPI:
    """Build the application as it is served: it answers when its models are loaded, and reads the data meanwhile."""
    return create_app(warm=True)


def create_app(
    settings: Settings | None = None,
    clock: Clock = system_clock,
    *,
    warm: bool = False,
    services: Services | None = None,
) -> FastAPI:
    """Build the application.

    Parameters
    ----------
    settings : Settings, optional
        Default: read from the environment.
    clock : callable
        Source of the present instant.
    warm : bool
        Whether what the first requests need is made ready: what is fixed before the application answers anything,
        what is of today's data in the background.
    services : Services, optional
        Open already, with everything that is fixed: of the process that this one was forked from.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if services is not None:
            app.state.services = services
        else:
            app.state.services = open_services(settings or Settings(), clock)
            if warm:
                load_what_is_fixed(app, app.state.services)
        warming = start_warming(app.state.services) if warm else None
        yield
        if warming is not None:
            warming.join()
        app.state.services.intelligence.engine.dispose()

    # No pages for the document: theirs load scripts from other hosts.
    app = FastAPI(
        title="allywise",
        version=version("allywise"),
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    add_middleware(app)
    add_problem_handlers(app, wants_page, failure)
    for module in VERSIONED:
        app.include_router(module.router, prefix="/v1")
    app.include_router(probes.router)
    app.include_router(pages.router, include_in_schema=False)
    app.mount("/static", static_files(), name="static")
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # FastAPI's own way to extend the document
    return app


def open_services(settings: Settings, clock: Clock) -> Services:
    """Open store, registry and encoder for the life of the process."""
    from intelligence.context import open_intelligence
    from store.at_rest import AtRest
    from store.engine import create_store_engine
    from store.migrate import upgrade

    engine = create_store_engine(settings.store_url, AtRest.of(settings), threads=settings.serving_threads)
    upgrade(engine)
    return Services(settings, open_intelligence(engine, settings, clock=clock), clock)


def _openapi(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with the one shape of all failures."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            openapi_version="3.1.0",
        )
        schemas = document["components"]["schemas"]
        schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        _use_problems(document)
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = document
    return app.openapi_schema


def _use_problems(document: dict[str, Any]) -> None:
    """Say of every operation how it fails: what FastAPI puts in by itself is not the shape of our answers."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            found, common = operation["responses"], set()
            if "HTTPValidationError" in str(found.get("422", "")):
                common.add(422)
            if path.startswith("/v1/"):
                common |= {503} | ({411, 413} if method in ("post", "put", "patch", "delete") else set())
            for status, told in problem_responses(*sorted(common)).items():
                if str(status) not in found or status == 422:
                    found[str(status)] = told
