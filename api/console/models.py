"""Pages of models: what serves, how good it is, and going back."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, Response

from api.console.shell import Visitor, visitor
from api.monitoring import model_drift
from domain.errors import AllywiseError, CannotAnswer, InvalidInput, NotFound
from domain.terms import ModelName, Role
from intelligence.monitoring.outcomes import outcomes_report
from models.artefact import MetricRecord, PartRecord
from models.card import make_card
from models.card_charts import gain_points
from models.registry import ModelVersion

router = APIRouter(default_response_class=HTMLResponse)

_READERS = (Role.RECRUITER, Role.MANAGER, Role.ROUTER, Role.ANALYST)
_DRIFTED_SHOWN = 12
_LOSSES = ("log_loss", "brier", "ece")
"""Measures of which less is better, by how their names begin."""
Reader = Annotated[Visitor, visitor(*_READERS)]
Admin = Annotated[Visitor, visitor()]
Name = Annotated[ModelName, Path()]
Version = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/models")
def models(visit: Reader) -> Response:
    """Show all versions of the four models."""
    return _models(visit)


@router.get("/models/{name}")
def model(visit: Reader, name: Name) -> Response:
    """Show the card of what serves, its drift, and what came of its predictions."""
    champion = visit.services.intelligence.registry.champion(name)
    if champion is None:
        raise NotFound(f"no version of {name} serves yet: the baseline answers")
    drift = _drift(visit, name)
    return _version(
        visit,
        champion,
        drift=drift,
        drifted=[one for one in drift["features"] if one["verdict"] == "drifted"][:_DRIFTED_SHOWN] if drift else [],
        outcomes=outcomes_report(visit.services.intelligence, name, None),
    )


@router.get("/models/{name}/{version}")
def version(visit: Reader, name: Name, version: Version) -> Response:
    """Show the card of any version, such as a candidate beside the champion."""
    return _version(visit, visit.services.intelligence.registry.version(name, version))


def _version(visit: Visitor, version: ModelVersion, **serving: Any) -> Response:
    """Show a card; what only the serving version has is None of others."""
    outcomes = serving.get("outcomes")
    return visit.page(
        "model.html",
        version=version,
        card=make_card(version.manifest),
        parts=[_part(part) for part in version.manifest.parts],
        champion=visit.services.intelligence.registry.champion(version.name),
        drift=serving.get("drift"),
        drifted=serving.get("drifted"),
        outcomes=outcomes,
        bands=_by_band(outcomes["months"]) if outcomes else {},
    )


def _part(part: PartRecord) -> dict[str, Any]:
    """Return what the page shows of one part: methods by metric, and the rows of its two curves."""
    metrics = list(part.methods[0].metrics) if part.methods else []
    fought = part.duel.methods if part.duel else ()
    bins = [one for one in part.calibration if one[0] is not None and one[1] is not None]
    return {
        "of": part,
        "metrics": metrics,
        "methods": [(method, {name: method.metrics.get(name) for name in metrics}) for method in part.methods],
        "best": {name: _best([method.metrics.get(name) for method in part.methods], name) for name in metrics},
        "duel": [(method, {name: method.metrics.get(name) for name in metrics}) for method in fought],
        "calibration": [(predicted, happened, predicted) for predicted, happened, _ in bins],
        "gain": [(rows, events, rows) for rows, events in gain_points(part.calibration)] if bins else [],
    }


def _best(metrics: Sequence[MetricRecord | None], name: str) -> float | None:
    values = [metric.value for metric in metrics if metric is not None and metric.value is not None]
    return (min if name.startswith(_LOSSES) else max)(values, default=None)


def _by_band(months: Sequence[Mapping[str, Any]]) -> dict[tuple[int, str], list[tuple[str, float, float]]]:
    """Return (month, predicted, came true) by horizon and band, of those with two months at least."""
    found: dict[tuple[int, str], list[tuple[str, float, float]]] = {}
    for row in months:
        found.setdefault((row["horizon_days"], row["band"]), []).append(
            (row["month"], row["predicted"], row["realised"])
        )
    return {key: rows for key, rows in found.items() if len(rows) > 1}


@router.post("/models/train")
def train(visit: Admin, models: Annotated[list[ModelName] | None, Form()] = None) -> Response:
    """Train models anew, as a job of the worker; what passes its gates is promoted."""
    asked = [str(name) for name in models or list(ModelName)]
    with visit.work(read_only=False) as work:
        work.jobs.enqueue("train", {"models": asked, "as_of": None}, created_by=visit.actor.name)
    return visit.go("/models", "training")


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
    values: dict[str, Any] = {
        "versions": found,
        "parts": {name: _part(rows[0].manifest.parts[0]) for name, rows in _serving(found).items()},
        "may_change": visit.actor.role is Role.ADMIN,
    }
    return visit.page("models.html", **values) if error is None else visit.refused("models.html", error, **values)


def _serving(versions: Mapping[str, Sequence[ModelVersion]]) -> dict[str, list[ModelVersion]]:
    """Return the champion of each model that has one, with something to say for itself."""
    found = {name: [row for row in rows if row.champion] for name, rows in versions.items()}
    return {name: rows for name, rows in found.items() if rows and rows[0].manifest.parts}


def _tell(visit: Visitor, event: str, name: str, found: ModelVersion, **more: Any) -> None:
    with visit.work(read_only=False) as work:
        work.journal.announce(event, {"id": found.label, "model": name, **more})


def _drift(visit: Visitor, name: ModelName) -> dict[str, Any] | None:
    try:
        return model_drift(visit.services, name, None)
    except CannotAnswer:
        return None
