"""Which partners will go silent."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.answers import churn_risk
from api.dependencies import ActorDep, Limit, ServicesDep, allow, utc
from api.problems import problem_responses
from api.schemas_scores import ChurnRiskList
from api.types import Instant
from domain.terms import PartnerKind, Role

router = APIRouter(tags=["churn"])

AsOfQuery = Annotated[
    Instant | None, Query(description="nothing recorded later is used; UTC when no offset stands; default: the latest")
]
Country = Annotated[str | None, Query(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2")]
PartnerKindQuery = Annotated[PartnerKind | None, Query(description="kind of partner")]
Program = Annotated[str | None, Query(description="external id of a programme")]


@router.get(
    "/churn-risk",
    operation_id="list_churn_risk",
    dependencies=[allow(Role.MANAGER, Role.ANALYST)],
    responses=problem_responses(401, 403, 422, 503),
)
def list_churn_risk(
    services: ServicesDep,
    actor: ActorDep,
    as_of: AsOfQuery = None,
    horizon_days: Annotated[
        int | None,
        Query(ge=1, le=3650, description="any number of days; default: the last churn horizon"),
    ] = None,
    account_manager: Annotated[str | None, Query(max_length=500)] = None,
    program: Program = None,
    tier: Annotated[str | None, Query(max_length=500)] = None,
    country: Country = None,
    min_p: Annotated[float, Query(ge=0, le=1, description="smallest p_inactive")] = 0.0,
    limit: Limit = 50,
) -> ChurnRiskList:
    """List partners by their risk to show no sign of life within the horizon, with reasons and revenue at risk.

    `expected_precision` is the share of the list that is expected to go silent. Without `as_of` the latest stored
    scores answer, if there are any; with it they are computed as of then.
    """
    filters = {"account_manager": account_manager, "program": program, "tier": tier, "country": country}
    return churn_risk(services, utc(as_of), horizon_days, filters, limit, min_p=min_p, portfolio=actor.portfolio)
