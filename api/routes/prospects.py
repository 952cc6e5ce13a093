"""Which companies are worth recruiting."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.answers import fit_company_score, prospect_ranking, white_space_rows
from api.dependencies import ActorDep, Limit, ServicesDep, allow, utc
from api.problems import problem_responses
from api.routes.churn import AsOfQuery, Country, PartnerKindQuery, Program
from api.schemas_scores import FitRequest, FitScore, ProspectRanking, WhiteSpace
from domain.terms import Role
from intelligence.scoring.white_space import Dimension

router = APIRouter(tags=["prospects"])


@router.get(
    "/prospects/ranking",
    operation_id="rank_prospects",
    dependencies=[allow(Role.RECRUITER, Role.MANAGER, Role.ANALYST)],
    responses=problem_responses(401, 403, 422, 503),
)
def rank_prospects(
    services: ServicesDep,
    actor: ActorDep,
    as_of: AsOfQuery = None,
    country: Country = None,
    kind: PartnerKindQuery = None,
    program: Program = None,
    min_p: Annotated[float, Query(ge=0, le=1, description="smallest p_productive")] = 0.0,
    limit: Limit = 50,
) -> ProspectRanking:
    """Rank prospects, applicants and onboarding partners by their chance to become productive.

    Without `as_of` the latest stored scores answer, if there are any, of companies that still are to be recruited; with
    it they are computed as of then. A manager confined to a portfolio gets its own prospects.
    """
    filters = {"country": country, "kind": kind, "program": program}
    return prospect_ranking(services, utc(as_of), filters, limit, min_p=min_p, portfolio=actor.portfolio)


@router.get(
    "/prospects/white-space",
    operation_id="list_white_space",
    dependencies=[allow(Role.RECRUITER, Role.MANAGER, Role.ANALYST)],
    responses=problem_responses(401, 403, 422, 503),
)
def list_white_space(
    services: ServicesDep,
    as_of: AsOfQuery = None,
    dimension: Annotated[
        Dimension | None, Query(description="only country, region, industry or product; default: all")
    ] = None,
    *,
    gaps_only: Annotated[bool, Query(description="only values that too few partners cover")] = False,
    limit: Limit = 50,
) -> WhiteSpace:
    """List where demand is not covered: countries, regions, industries and products, the worst gap first.

    Demand is that of the last 365 days before `as_of` (default: now); partners count where their agreements,
    territories and certifications let them sell. Nothing is stored.
    """
    return white_space_rows(services, utc(as_of), dimension, limit, gaps_only=gaps_only)


@router.post(
    "/fit",
    operation_id="score_company",
    dependencies=[allow(Role.RECRUITER, Role.MANAGER)],
    responses=problem_responses(401, 403, 422, 503),
)
def score_company(body: FitRequest, services: ServicesDep) -> FitScore:
    """Score a company that is not in the store; nothing is kept, so a retry is safe."""
    return fit_company_score(services, body.company.model_dump(exclude_unset=True), utc(body.as_of))
