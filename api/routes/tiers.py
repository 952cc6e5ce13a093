"""Tiers: where a partner stands, reviews that propose changes, and people's answers."""

from typing import Any

from fastapi import APIRouter

from api.dependencies import Work, allow
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.routes.resources import row_key
from api.schemas import output_schema
from api.schemas_money import ReasonGiven, TierReviewAnswer, TierReviewRequest, TierStanding
from domain.resources import RESOURCES
from domain.terms import Role
from programme.tiers import accept_review, partner_standing, reject_review, review_tiers

router = APIRouter(tags=["tiers"])

_REVIEWS = RESOURCES["tier_reviews"]
_REVIEW: Any = output_schema("tier_reviews")
_ANSWER: dict[str, Any] = {
    "response_model": _REVIEW,
    "dependencies": [allow(Role.MANAGER)],
    "responses": problem_responses(401, 403, 404, 409, 413, 422),
}


@router.get(
    "/partners/{key}/tier",
    operation_id="get_partner_tier",
    response_model=TierStanding,
    dependencies=[allow(Role.RECRUITER, Role.MANAGER, Role.ANALYST, Role.PARTNER)],
    responses=problem_responses(401, 403, 404, 422),
)
def get_partner_tier(key: str, work: Work) -> dict[str, Any]:
    """Say which tier a partner has, which it has earned, and what is missing to the next one."""
    found = partner_standing(work, row_key(key, RESOURCES["partners"]))
    following, current = found.following, found.current
    return {
        "partner": found.partner,
        "program": found.program,
        "tier": found.tier,
        "earned_tier": found.earned.name if found.earned else None,
        "next_tier": following.name if following else None,
        "criteria": following.criteria if following else [],
        "missing": [criterion.text for criterion in (following.criteria if following else []) if not criterion.met],
        "at_risk": [criterion.text for criterion in (current.criteria if current else []) if not criterion.met],
    }


@router.post(
    "/tier-reviews",
    operation_id="review_tiers",
    status_code=201,
    response_model=TierReviewAnswer,
    dependencies=[allow(Role.MANAGER)],
    responses=problem_responses(401, 403, 413, 422),
)
def review(body: TierReviewRequest, work: Work, idempotency_key: IdempotencyKey = None) -> Any:
    """Compare active partners with the thresholds of their tiers, and propose promotions and demotions.

    Nothing changes before a person accepts. Safe to repeat; the service does the same as each quarter begins. Go on
    with `next_cursor`.
    """

    def make() -> Any:
        return review_tiers(work, program=body.program, cursor=body.cursor, limit=body.limit)

    return once(work, idempotency_key, {"review": body.model_dump()}, make, TierReviewAnswer)


@router.post("/tier-reviews/{key}/accept", operation_id="accept_tier_review", **_ANSWER)
def accept(key: str, work: Work) -> Any:
    """Give the partner the proposed tier."""
    return accept_review(work, row_key(key, _REVIEWS))


@router.post("/tier-reviews/{key}/reject", operation_id="reject_tier_review", **_ANSWER)
def reject(key: str, body: ReasonGiven, work: Work) -> Any:
    """Leave the partner's tier as it is, with a reason. It is not proposed again in this quarter."""
    return reject_review(work, row_key(key, _REVIEWS), body.reason)
