"""What serves, how good it is, on what data."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from api.dependencies import ServicesDep, Work, allow, utc
from api.monitoring import model_drift
from api.problems import problem_responses
from api.schemas import ModelSummary
from api.types import Instant
from domain.errors import NotFound
from domain.terms import ModelName, Role
from intelligence.monitoring.outcomes import outcomes_report
from models.card import make_card
from models.registry import ModelVersion

router = APIRouter(tags=["models"])

_READERS = (Role.RECRUITER, Role.MANAGER, Role.ROUTER, Role.ANALYST)
AsOfQuery = Annotated[
    Instant | None, Query(description="nothing recorded later is used; UTC when no offset stands; default: now")
]
Name = Annotated[ModelName, Path(description="which model")]


class VersionRequest(BaseModel):
    """Which version."""

    version: int = Field(ge=1, le=2**31 - 1)


class PromoteRequest(VersionRequest):
    """Which version is to serve, and why."""

    reason: str = Field("", max_length=1000, description="kept with the version; needed for one that failed a gate")


@router.get(
    "/models", operation_id="list_models", dependencies=[allow(*_READERS)], responses=problem_responses(401, 403)
)
def list_models(services: ServicesDep) -> list[ModelSummary]:
    """List all versions of the four models, the newest first."""
    registry = services.intelligence.registry
    return [_summary(version) for name in ModelName for version in registry.versions(name)]


@router.get(
    "/models/{name}/card",
    operation_id="get_model_card",
    dependencies=[allow(*_READERS)],
    responses=problem_responses(401, 403, 404, 422),
)
def get_model_card(name: Name, services: ServicesDep) -> dict[str, Any]:
    """Get the champion's card: target, data, quality with intervals against the baselines, calibration, gates."""
    champion = services.intelligence.registry.champion(name)
    if champion is None:
        raise NotFound(f"no champion for {name}: the baseline answers")
    return make_card(champion.manifest) | {
        "version": champion.label,
        "trained_because": champion.trained_because,
        "promoted_because": champion.promoted_because,
    }


@router.get(
    "/models/{name}/drift",
    operation_id="get_model_drift",
    dependencies=[allow(*_READERS)],
    responses=problem_responses(401, 403, 404, 422),
)
def get_model_drift(name: Name, services: ServicesDep, as_of: AsOfQuery = None) -> dict[str, Any]:
    """Say how far features, scores and calibration lie from what the champion learned from.

    Without `as_of` the newest nightly check of the champion answers, if there is one; else it is computed as of then.
    """
    return model_drift(services, name, utc(as_of))


@router.get(
    "/models/{name}/outcomes",
    operation_id="get_model_outcomes",
    dependencies=[allow(*_READERS)],
    responses=problem_responses(401, 403, 422),
)
def get_model_outcomes(name: Name, services: ServicesDep, as_of: AsOfQuery = None) -> dict[str, Any]:
    """Set predicted beside realised: stored predictions whose horizon has passed, by month and band, with intervals.

    Also the calibration of each version, and how a version in shadow compares with what answered.
    """
    return outcomes_report(services.intelligence, name, utc(as_of))


@router.post(
    "/models/{name}/promote",
    operation_id="promote_model",
    dependencies=[allow()],
    responses=problem_responses(401, 403, 404, 422),
)
def promote_model(name: Name, body: PromoteRequest, services: ServicesDep, work: Work) -> ModelSummary:
    """Make a version the champion; all processes pick it up without a restart. Safe to retry.

    One that failed a gate is promoted only with a reason.
    """
    found = services.intelligence.registry.promote(name, body.version, body.reason)
    work.journal.announce("model.promoted", {"id": found.label, "model": name, "reason": body.reason})
    return _summary(found)


@router.post(
    "/models/{name}/rollback",
    operation_id="roll_back_model",
    dependencies=[allow()],
    responses=problem_responses(401, 403, 404, 409, 422),
)
def roll_back_model(name: Name, services: ServicesDep, work: Work) -> ModelSummary:
    """Give the model's place back to the champion before it."""
    found = services.intelligence.registry.rollback(name)
    work.journal.announce("model.rolled_back", {"id": found.label, "model": name})
    return _summary(found)


@router.post(
    "/models/{name}/shadow",
    operation_id="shadow_model",
    dependencies=[allow()],
    responses=problem_responses(401, 403, 404, 409, 422),
)
def shadow_model(name: Name, body: VersionRequest, services: ServicesDep) -> ModelSummary:
    """Compute a version's scores beside the champion's at each batch scoring, for comparison. Safe to retry."""
    return _summary(services.intelligence.registry.put_in_shadow(name, body.version))


@router.delete(
    "/models/{name}/shadow",
    operation_id="end_shadow",
    status_code=204,
    dependencies=[allow()],
    responses=problem_responses(401, 403, 422),
)
def end_shadow(name: Name, services: ServicesDep) -> None:
    """Take the version in shadow out of it, if there is one."""
    services.intelligence.registry.end_shadow(name)


def _summary(version: ModelVersion) -> ModelSummary:
    return ModelSummary(
        name=version.name,
        version=version.version,
        label=version.label,
        champion=version.champion,
        approved=version.approved,
        trained_as_of=version.manifest.trained_as_of,
        rows=version.manifest.rows,
        choice=version.manifest.choice,
        state=version.state,
        trained_because=version.trained_because,
        promoted_because=version.promoted_because,
    )
