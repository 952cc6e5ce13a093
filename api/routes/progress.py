"""The pipeline as partners tell of it."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import Work, allow
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.routes.resources import row_key, version_of
from api.schemas_claims import Deal
from api.types import Money
from domain.resources import RESOURCES
from domain.terms import DealOutcome, Role
from programme.progress import report_progress

router = APIRouter(tags=["deals"])

_Text = Annotated[str | None, Field(max_length=2000)]


class DealProgress(BaseModel):
    """What is told of an open deal; what is left out stays."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"stage": "proposal", "expected_close_on": "2026-12-15"}]}
    )

    stage: Annotated[str | None, Field(max_length=500)] = None
    amount: Money | None = None
    currency: str | None = Field(None, description="ISO 4217")
    expected_close_on: date | None = Field(
        None, description="when the customer will decide; kept as the custom attribute of that name"
    )
    outcome: DealOutcome | None = None
    closed_on: date | None = Field(None, description="with outcome; default: today")
    reason: _Text = Field(None, description="kept as a note on the deal that both sides read; lost takes one")


@router.post(
    "/deals/{key}/progress",
    operation_id="report_deal_progress",
    dependencies=[allow(Role.MANAGER, Role.PARTNER)],
    response_model=Deal,
    responses=problem_responses(401, 403, 404, 409, 412, 413, 422),
)
def report(
    key: Annotated[str, Path(description="external id of the deal, or ours as `id:42`")],
    body: DealProgress,
    work: Work,
    idempotency_key: IdempotencyKey = None,
    if_match: Annotated[str | None, Header(description="ETag of the row that the change is based on")] = None,
) -> JSONResponse:
    """Tell how an open deal stands: stage, amount, when it will close, won or lost. A partner tells of its own.

    A partner's lost is lost; its won is a message to the staff and the stage `won, to be confirmed`, as commission
    follows from it. 409: the deal is closed, or its registration is rejected or expired.
    """
    told: dict[str, Any] = body.model_dump(exclude_unset=True)
    deal, version = row_key(key, RESOURCES["deals"]), version_of(if_match)
    request = {"progress": key, "told": body.model_dump(mode="json", exclude_unset=True)}
    return once(work, idempotency_key, request, lambda: report_progress(work, deal, told, version), Deal, status=200)
