"""What serves, how good it is, on what data."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from api.dependencies import ServicesDep, allow
from api.problems import problem_responses
from api.schemas import ModelSummary
from domain.errors import NotFound
from domain.terms import ModelName, Role
from models.card import make_card
from models.registry import ModelVersion

router = APIRouter(tags=["models"])

_READERS = (Role.RECRUITER, Role.MANAGER, Role.ROUTER, Role.ANALYST)
Name = Annotated[ModelName, Path(description="which model")]


class PromoteRequest(BaseModel):
    """Which version is to serve."""

    version: int = Field(ge=1, le=2**31 - 1)


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
    return make_card(champion.manifest) | {"version": champion.label}


@router.post(
    "/models/{name}/promote",
    operation_id="promote_model",
    dependencies=[allow()],
    responses=problem_responses(401, 403, 404, 422),
)
def promote_model(name: Name, body: PromoteRequest, services: ServicesDep) -> ModelSummary:
    """Make a version the champion; all processes pick it up without a restart. Safe to retry."""
    return _summary(services.intelligence.registry.promote(name, body.version))


@router.post(
    "/models/{name}/rollback",
    operation_id="roll_back_model",
    dependencies=[allow()],
    responses=problem_responses(401, 403, 404, 409, 422),
)
def roll_back_model(name: Name, services: ServicesDep) -> ModelSummary:
    """Give the model's place back to the champion before it."""
    return _summary(services.intelligence.registry.rollback(name))


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
    )
