"""Where a partner stands: for an offered lead, and over a period."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.dependencies import ServicesDep, Work, allow, utc
from api.problems import problem_responses
from api.routes.resources import row_key
from api.schemas_fairness import LeadStandingAnswer, PartnerStandingAnswer
from api.types import Instant
from domain.resources import RESOURCES
from domain.terms import AssignmentResponse, Role
from intelligence.matching.standing import lead_standing
from intelligence.matching.standing_period import partner_standing
from store.offers import offer
from store.veil import veil_over

router = APIRouter(tags=["routing"])


@router.get(
    "/assignments/{id}/standing",
    operation_id="get_lead_standing",
    dependencies=[allow(*Role)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def get_lead_standing(
    id: Annotated[int, Path(ge=1, lt=2**63, description="our id of the assignment")], services: ServicesDep, work: Work
) -> LeadStandingAnswer:
    """Tell where the partner of an offer stood in the match that it came of, and what of its own would have raised it.

    A partner sees its own offers: its place, its own factors and changes in words, nothing of a rival's and no place
    among fewer than three. The staff sees the numbers, too.
    """
    found = work.repository("assignments").get(id)
    lead = work.repository("leads").get(found["lead"])
    veil = veil_over(work.actor, RESOURCES["leads"])
    seen = veil is None or found["response"] == AssignmentResponse.ACCEPTED
    standing = lead_standing(
        services.intelligence,
        offer(work.connection, found["id"]).match_id,
        found["partner"],
        lead,
        hidden=lambda name: not seen and veil is not None and veil.hides(name),
        to_partner=work.actor.role is Role.PARTNER,
    )
    told = {"assignment": found["id"], "lead": found["lead"], "partner": found["partner"]}
    return LeadStandingAnswer.model_validate({**vars(standing), **told})


@router.get(
    "/partners/{key}/standing",
    operation_id="get_partner_standing",
    dependencies=[allow(Role.RECRUITER, Role.MANAGER, Role.ANALYST, Role.PARTNER)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def get_partner_standing(
    key: str,
    services: ServicesDep,
    work: Work,
    since: Annotated[Instant | None, Query(description="default: 90 days before the end")] = None,
    until: Annotated[Instant | None, Query(description="default: now")] = None,
) -> PartnerStandingAnswer:
    """Tell how a partner fared in the matches of a period, what kept leads from it, and what would have raised it.

    Leads are counted, never named; a partner sees itself only. At most the newest 500 matches are looked at.
    """
    partner = work.repository("partners").get(row_key(key, RESOURCES["partners"]))["external_id"]
    to_partner = work.actor.role is Role.PARTNER
    found = partner_standing(services.intelligence, partner, utc(since), utc(until), to_partner=to_partner)
    return PartnerStandingAnswer.model_validate({**vars(found), "partner": partner})
