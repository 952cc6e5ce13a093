"""Policies tried on leads that are past, as a job."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import ActorDep, ServicesDep, Work, allow, utc
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.routes.routing_policies import PolicyGiven
from api.schemas import Job
from api.types import Instant, Whole
from domain.errors import InvalidInput
from domain.routing import Policies
from domain.terms import ModelName, Role
from intelligence.matching.asked import asked_policies, check_span
from programme.rows import plain_text

router = APIRouter(tags=["routing"])

MOST_LEADS = 20_000


class ReplayRequest(BaseModel):
    """What is to be tried on which leads."""

    model_config = ConfigDict(extra="forbid")

    policy: PolicyGiven | None = Field(None, description="for all leads, or for those of its programme")
    policies: list[PolicyGiven] | None = Field(
        None, min_length=1, max_length=100, description="by programme; of others those in force hold"
    )
    since: Instant = Field(description="leads that arrived from this instant on")
    until: Instant | None = Field(None, description="and before this one; default: now")
    limit: Whole = Field(5_000, ge=1, le=MOST_LEADS, description="at most so many leads, the newest")
    model: Whole | None = Field(
        None, ge=1, lt=2**31, description="number of the match version that judges; default: the one of then"
    )


@router.post(
    "/routing/replays",
    operation_id="start_routing_replay",
    status_code=202,
    response_model=Job,
    dependencies=[allow(Role.MANAGER)],
    responses=problem_responses(401, 403, 404, 413, 422),
)
def start_replay(
    body: ReplayRequest, services: ServicesDep, work: Work, actor: ActorDep, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Show what policies would have done with past leads, beside what happened, as a job; nothing is activated.

    Without `policy` and `policies` those in force are tried. The result of `GET /v1/jobs/{job_id}` is the report:
    `sides` (what happened, its first partners by the model, the policy by the model), `off_policy` (estimates from
    the outcomes on record, or why there are none), `groups` (shares of leads beside shares of eligibility), `changes`
    (of first partners, with reasons). Safe to retry with an Idempotency-Key.
    """
    policies = _asked(body, services.intelligence.policies())
    _check_texts(policies)
    since, until = utc(body.since), utc(body.until)
    if since is not None:
        check_span(since, until or services.clock(), body.limit)
    if body.model is not None:
        services.intelligence.registry.version(ModelName.MATCH, body.model)
    payload = {
        "policies": [policy.model_dump(mode="json") for policy in policies.all],
        "since": since.isoformat() if since else None,
        "until": until.isoformat() if until else None,
        "limit": body.limit,
        "model": body.model,
    }

    def start() -> Any:
        return work.jobs.enqueue("routing_replay", payload, created_by=actor.name)

    return once(work, idempotency_key, ["routing_replay", body], start, Job, 202)


def _check_texts(policies: Policies) -> None:
    """Refuse texts that no database can hold: policies stand in the job and in its result."""
    for policy in policies.all:
        texts = [policy.name, policy.program, *(limit.value for limit in policy.limits)]
        for text in [*texts, *(name for setting in policy.rules for name in setting.names)]:
            plain_text("policy", text)


def _asked(body: ReplayRequest, in_force: Policies) -> Policies:
    """Return the policies that are asked about."""
    if body.policy is not None and body.policies is not None:
        raise InvalidInput("give either policy or policies, not both", field="policies")
    if body.policy is not None:
        return asked_policies(body.policy.model_dump(), in_force)
    if body.policies is not None:
        return asked_policies([policy.model_dump() for policy in body.policies], in_force, "policies")
    return in_force
