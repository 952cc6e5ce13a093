"""What came of actions for partners at risk."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.cursors import cursor_of, parts_of
from api.dependencies import Limit, ServicesDep, Work, allow
from api.problems import problem_responses
from api.types import Told
from domain.terms import Role
from programme import intervention_outcomes
from programme.intervention_outcomes import LEAST_CASES, Beside, Outcome
from store.interventions import done_actions
from store.types import from_micros, to_micros

router = APIRouter(tags=["interventions"])

_READERS = (Role.RECRUITER, Role.MANAGER, Role.ANALYST)
_LAST = to_micros(datetime(9999, 1, 1, tzinfo=UTC))


class OutcomeWindow(BaseModel):
    """Some days after an action against as many before."""

    days: int
    over: bool = Field(description="whether all these days have passed")
    signs_before: int = Field(description="signs of life, as the settings count them")
    signs_after: int
    revenue_before: float = Field(description="of won deals, in the store's currency")
    revenue_after: float


class InterventionOutcome(BaseModel):
    """An action that was taken, and what came of it."""

    intervention: str
    partner: str
    kind: str | None
    title: str
    owner: str | None
    done_at: Told
    p_inactive_before: float | None = Field(description="newest stored score when it was planned")
    p_inactive_now: float | None
    p_inactive_now_as_of: Told | None
    windows: list[OutcomeWindow]

    @classmethod
    def of(cls, one: Outcome) -> "InterventionOutcome":
        """Return an outcome as payload."""
        done = one.done
        return cls(
            intervention=done.external_id,
            partner=done.partner,
            kind=done.kind,
            title=done.title,
            owner=done.owner,
            done_at=done.done_at,
            p_inactive_before=done.p_inactive_before,
            p_inactive_now=one.p_now,
            p_inactive_now_as_of=one.p_now_as_of,
            windows=[OutcomeWindow(**vars(window)) for window in one.windows],
        )


class BesideOthers(BaseModel):
    """Partners after an action beside comparable ones without: an association, no proof that the action made it."""

    days: int
    cases: int = Field(description="actions whose window has passed, with partners to compare with")
    compared: int = Field(description="partners in the same band of risk, scored in the same week, left alone")
    active_share: float | None = Field(description=f"with a sign of life in the window; null below {LEAST_CASES} cases")
    active_share_beside: float | None = Field(description="of those left alone, weighed alike")
    difference: float | None = Field(description="of the two shares")
    low: float | None = Field(description="95 % interval of the difference")
    high: float | None

    @classmethod
    def of(cls, one: Beside) -> "BesideOthers":
        """Return a comparison as payload."""
        return cls(**vars(one))


class InterventionOutcomes(BaseModel):
    """What came of actions, one by one and beside partners without one."""

    as_of: datetime
    currency: str
    items: list[InterventionOutcome]
    beside: list[BesideOthers] = Field(description="on the first page only")
    next_cursor: str | None


@router.get(
    "/interventions/outcomes",
    operation_id="list_intervention_outcomes",
    dependencies=[allow(*_READERS)],
    responses=problem_responses(401, 403, 422),
)
def list_outcomes(
    work: Work,
    services: ServicesDep,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(max_length=400, description="`next_cursor` of the page before")] = None,
) -> InterventionOutcomes:
    """Tell what came of actions that were taken, the latest first: risk, signs of life and revenue, before and after.

    `beside` compares partners after an action with partners in the same band of risk that had none.
    """
    as_of, before = work.clock(), None
    if cursor is not None:
        micros, id_ = parts_of(cursor, int, int)
        before = (from_micros(min(micros, _LAST)), id_)
    done = done_actions(work.connection, work.actor, as_of, before=before, limit=limit + 1)
    shown = done[:limit]
    found = intervention_outcomes.outcomes(work, services.settings, shown, as_of)
    compared = () if before else intervention_outcomes.beside(work, services.settings, as_of)
    return InterventionOutcomes(
        as_of=as_of,
        currency=services.settings.currency,
        items=[InterventionOutcome.of(one) for one in found],
        beside=[BesideOthers.of(one) for one in compared],
        next_cursor=cursor_of(to_micros(shown[-1].done_at), shown[-1].id) if len(done) > limit else None,
    )
