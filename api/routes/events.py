"""What happened, to be polled by other systems."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.dependencies import Limit, Work, allow
from api.problems import problem_responses
from domain.terms import Role
from store.events import event_body

router = APIRouter(tags=["events"])


class EventAnswer(BaseModel):
    """One event; webhooks get the same."""

    id: int = Field(description="grows in the order in which things were written")
    name: str = Field(description="`<noun>.<verb>`: deal.created, deal.changed, deal.deleted, registration.approved")
    at: datetime
    resource: str
    key: str | None = Field(description="the row, by your id; `id:<ours>` where that may be personal")
    partner: str | None = Field(description="external id of the partner that it concerns")
    data: dict[str, Any] = Field(
        description="of rows: `row`, and of changes `changed` and `previous`; without personal fields"
    )


class EventFeed(BaseModel):
    """Events in their order."""

    items: list[EventAnswer]
    next_after: int = Field(description="give it as `after` next time; with no items the same that you gave")
    oldest: int | None = Field(description="the oldest that is kept: above `after` + 1, some were missed")
    newest: int | None


@router.get(
    "/events",
    operation_id="list_events",
    dependencies=[allow(*Role)],
    responses=problem_responses(401, 403, 404, 422),
)
def list_events(
    work: Work,
    after: Annotated[int, Query(ge=0, lt=2**63, description="id of the last event known; 0: all that are kept")] = 0,
    name: Annotated[
        str | None, Query(max_length=80, pattern=r"^[a-z_.*]+$", description="only these: deal.created, or deal.*")
    ] = None,
    partner: Annotated[
        str | None, Query(max_length=500, pattern=r"^[^\x00]*$", description="only what concerns this partner")
    ] = None,
    limit: Limit = 50,
) -> EventFeed:
    """List what happened after an event, the oldest first; a partner gets what concerns it and it may see.

    Each event is there from the moment that its cause is, deletions too, and none comes in before one that was
    seen: keep `next_after` and nothing is missed.
    """
    partner_id = work.repository("partners").get(partner)["id"] if partner is not None else None
    found = work.events.list(after, limit, name=name, partner_id=partner_id)
    partners = work.events.partners_of(found.items)
    items = [EventAnswer.model_validate(event_body(event, partners)) for event in found.items]
    following = items[-1].id if items else after
    return EventFeed(items=items, next_after=following, oldest=found.oldest, newest=found.newest)
