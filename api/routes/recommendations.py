"""Which content and offers suit a partner."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from api.answers import recommendations
from api.dependencies import ServicesDep, Work, allow, utc
from api.problems import problem_responses
from api.routes.churn import AsOfQuery
from api.schemas_scores import RecommendationFeedback, RecommendationList
from domain.terms import Role

router = APIRouter(tags=["recommendations"])

_ROLES = (Role.RECRUITER, Role.MANAGER, Role.ANALYST, Role.PARTNER)


@router.get(
    "/partners/{partner}/recommendations",
    operation_id="list_recommendations",
    dependencies=[allow(*_ROLES)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def list_recommendations(
    partner: str,
    services: ServicesDep,
    work: Work,
    kind: Annotated[Literal["asset", "offer"] | None, Query(description="default: both")] = None,
    limit: Annotated[int, Query(ge=1, le=250)] = 10,
    as_of: AsOfQuery = None,
    order: Annotated[
        Literal["engagement", "value", "uplift"],
        Query(description="value and uplift: offers only; uplift abstains, and says so, where nothing tells it"),
    ] = "engagement",
) -> RecommendationList:
    """Recommend content and offers that the partner may see and has not engaged with, each with a reason.

    Every item has its probability of an engagement with an 80 % interval, the evidence for it, and the factors that
    moved it. What was dismissed is left out, and what was shown again and again without being opened sinks. By value,
    offers stand in the order of probability times worth, where amounts are known; ``notes`` say what could not be done.
    """
    found = work.repository("partners").get(partner)
    return recommendations(services, found["external_id"], kind, limit, utc(as_of), order)


@router.post(
    "/recommendations/feedback",
    operation_id="give_recommendation_feedback",
    status_code=204,
    dependencies=[allow(Role.MANAGER, Role.RECRUITER, Role.ROUTER, Role.PARTNER)],
    responses=problem_responses(401, 403, 404, 422),
)
def give_recommendation_feedback(body: RecommendationFeedback, services: ServicesDep, work: Work) -> Response:
    """Say that a recommendation was shown, opened or dismissed; what is dismissed is not recommended again."""
    partner = work.repository("partners").get(body.partner)
    work.repository(f"{body.kind}s").get(body.item)
    work.recommendation_feedback.add(partner["id"], body.kind, body.item, body.action, services.clock())
    return Response(status_code=204)
