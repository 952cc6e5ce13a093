"""Pages of models: what serves, how good it is, and going back."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, Response

from api.console.shell import Visitor, visitor
from api.monitoring import model_drift
from domain.errors import AllywiseError, CannotAnswer, InvalidInput, NotFound
from domain.terms import ModelName, Role
from intelligence.monitoring.outcomes import outcomes_report
from models.card import make_card
from models.registry import ModelVersion

router = APIRouter(default_response_class=HTMLResponse)

_READERS = (Role.RECRUITER, Role.MANAGER, Role.ROUTER, Role.ANALYST)
_DRIFTED_SHOWN = 12
Reader = Annotated[Visitor, visitor(*_READERS)]
Admin = Annotated[Visitor, visitor()]
Name = Annotated[ModelName, Path()]


@router.get("/models")
def models(visit: Reader) -> Response:
    """Show all versions of the four models."""
    return _models(visit)


@router.get("/models/{name}")
def model(visit: Reader, name: Name) -> Response:
    """Show the card of what serves, its drift, and what came of its predictions."""
    registry = visit.services.intelligence.registry
    champion = registry.champion(name)
    if champion is None:
        raise NotFound(f"no version of {name} serves yet: the baseline answers")
    drift = _drift(visit, name)
    return visit.page(
        "model.html",
        version=champion,
        card=make_card(champion.manifest),
        metrics=_metric_names(champion),
        drift=drift,
        drifted=[one for one in drift["features"] if one["verdict"] == "drifted"][:_DRIFTED_SHOWN] if drift else [],
        outcomes=outcomes_report(visit.services.intelligence, name, None),
    )


@router.post("/models/{name}/promote")
def promote(
    visit: Admin,
    name: Name,
    version: Annotated[int, Form(ge=1, le=2**31 - 1)],
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Make a version the champion; one that failed a gate needs a reason."""
    try:
        found = visit.services.intelligence.registry.promote(name, version, reason.strip())
    except (InvalidInput, NotFound) as error:
        return _models(visit, error)
    _tell(visit, "model.promoted", name, found, reason=reason)
    return visit.go("/models", "done")


@router.post("/models/{name}/rollback")
def roll_back(visit: Admin, name: Name) -> Response:
    """Give the model's place back to the champion before it."""
    try:
        found = visit.services.intelligence.registry.rollback(name)
    except AllywiseError as error:
        return _models(visit, error)
    _tell(visit, "model.rolled_back", name, found)
    return visit.go("/models", "done")


def _models(visit: Visitor, error: AllywiseError | None = None) -> Response:
    registry = visit.services.intelligence.registry
    found = {str(name): registry.versions(name) for name in ModelName}
    values: dict[str, Any] = {"versions": found, "may_change": visit.actor.role is Role.ADMIN}
    return visit.page("models.html", **values) if error is None else visit.refused("models.html", error, **values)


def _tell(visit: Visitor, event: str, name: str, found: ModelVersion, **more: Any) -> None:
    with visit.work(read_only=False) as work:
        work.journal.announce(event, {"id": found.label, "model": name, **more})


def _metric_names(version: ModelVersion) -> list[str]:
    parts = make_card(version.manifest)["parts"]
    return list(parts[0]["methods"][0]["metrics"]) if parts and parts[0]["methods"] else []


def _drift(visit: Visitor, name: ModelName) -> dict[str, Any] | None:
    try:
        return model_drift(visit.services, name, None)
    except CannotAnswer:
        return None
