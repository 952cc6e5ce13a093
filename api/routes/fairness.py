"""Who gets the leads, and who might have got them."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import ActorDep, Limit, ServicesDep, allow, utc
from api.fairness import fairness_answer
from api.problems import problem_responses
from api.schemas_fairness import FairnessAnswer
from api.types import Instant
from domain.terms import Role

router = APIRouter(tags=["routing"])


@router.get(
    "/routing/fairness",
    operation_id="get_routing_fairness",
    dependencies=[allow(Role.MANAGER, Role.ANALYST, Role.RECRUITER)],
    responses=problem_responses(401, 403, 422, 503),
)
def get_fairness(
    services: ServicesDep,
    actor: ActorDep,
    since: Annotated[Instant | None, Query(description="default: 365 days before the end")] = None,
    until: Annotated[Instant | None, Query(description="default: now")] = None,
    by: Annotated[
        str,
        Query(
            max_length=200,
            description="tier, kind, size, newcomer, country, territory, program, partner, or a protected attribute",
        ),
    ] = "tier",
    limit: Limit = 50,
) -> FairnessAnswer:
    """Compare the shares of leads that groups of partners got with what lots among the eligible would have given.

    Eligibility is that of the instant before each first offer, by the rules of today; outcomes are as known now.
    Flagged are groups that surely got less than four fifths of their eligibility (of 30 expected offers or more), and
    those beyond a limit of a routing policy. The answer is kept until something in the store changes.
    """
    return fairness_answer(services, actor, utc(since), utc(until), by, limit)
