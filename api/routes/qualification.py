"""What people think of companies we might recruit, beside what the model says."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api.dependencies import Limit, ServicesDep, Work, allow
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.routes.churn import Country, PartnerKindQuery, Program
from api.routes.resources import row_key
from api.schemas_people import ProspectPage, QualificationAnswer, Rating, RatingRequest
from domain.resources import RESOURCES
from domain.terms import PartnerStatus, Role
from programme import records
from programme.prospects import STATUSES, list_qualification
from programme.qualification import qualify, stored_fit
from programme.rows import plain_text
from store.ratings import Wanted

router = APIRouter(tags=["recruitment"])

_STAFF = (Role.RECRUITER, Role.MANAGER, Role.ANALYST)
_PARTNERS = RESOURCES["partners"]


@router.get(
    "/prospects/qualification",
    operation_id="list_qualification",
    dependencies=[allow(*_STAFF)],
    response_model=ProspectPage,
    responses=problem_responses(401, 403, 422),
)
def get_list(
    work: Work,
    services: ServicesDep,
    status: Annotated[list[PartnerStatus] | None, Query(description="default: prospect, applied, onboarding")] = None,
    country: Country = None,
    kind: PartnerKindQuery = None,
    program: Program = None,
    account_manager: Annotated[str | None, Query(max_length=500)] = None,
    min_score: Annotated[float | None, Query(ge=0, le=100)] = None,
    *,
    qualified: Annotated[bool | None, Query(description="whether no must-have is open")] = None,
    rated: Annotated[bool | None, Query(description="whether anybody has rated it")] = None,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
) -> Any:
    """List companies by people's qualification score, the best first, unrated ones last; the model's fit beside it."""
    equal = {"country": country, "kind": kind, "account_manager": account_manager}
    wanted = Wanted(
        statuses=tuple(status or STATUSES),
        equal={name: text for name, value in equal.items() if (text := plain_text(name, value)) is not None},
        program=plain_text("program", program),
        min_score=min_score,
        qualified=qualified,
        rated=rated,
    )
    return list_qualification(work, wanted, services.settings.fit_horizon_days, cursor, limit)


@router.get(
    "/partners/{key}/qualification",
    operation_id="get_qualification",
    dependencies=[allow(*_STAFF)],
    response_model=QualificationAnswer,
    responses=problem_responses(401, 403, 404, 422),
)
def get_qualification(key: str, work: Work, services: ServicesDep) -> Any:
    """Show a company's score, 0 to 100, with each criterion's part of it, ratings that are missing, musts not met."""
    partner = work.repository("partners").get(row_key(key, _PARTNERS))
    fit = stored_fit(work, [partner["id"]], services.settings.fit_horizon_days).get(partner["id"])
    return QualificationAnswer(
        partner=partner["external_id"],
        status=partner["status"],
        program=partner["program"],
        qualification=qualify(work, partner),
        fit=fit,
    )


@router.post(
    "/partners/{key}/ratings",
    operation_id="rate_partner",
    status_code=201,
    dependencies=[allow(Role.RECRUITER, Role.MANAGER)],
    response_model=Rating,
    responses=problem_responses(401, 403, 404, 409, 422),
)
def rate_partner(key: str, body: RatingRequest, work: Work, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """Rate a company by one criterion, now and in the caller's name. A later rating replaces one's earlier one."""

    def rate() -> Any:
        partner = work.repository("partners").get(row_key(key, _PARTNERS))
        return records.create(work, "ratings", {"partner": partner["external_id"], **body.model_dump()})

    return once(work, idempotency_key, [key, body], rate, Rating)
