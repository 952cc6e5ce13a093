"""The audit trail: who did or read what, and whether it still is what was written."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.cursors import cursor_of, parts_of
from api.dependencies import Limit, Work, allow, utc
from api.problems import problem_responses
from api.types import Instant
from domain.errors import InvalidInput
from programme.audit_trail import list_audit

router = APIRouter(tags=["audit"])

_Text = Annotated[str | None, Query(max_length=500, pattern=r"^[^\x00]*$")]


class AuditEntry(BaseModel):
    """One entry."""

    seq: int = Field(description="number, without gaps")
    at: datetime
    actor: str = Field(description="name of a key, or `user:<id>`")
    actor_name: str | None = Field(description="the person's name as it is now")
    role: str
    action: str = Field(description="created, changed, deleted, read, erased, or the verb of a business event")
    resource: str
    key: str | None = Field(description="the row; none where `details.keys` names several")
    partner_id: int | None = Field(description="our id of the partner that it concerns")
    details: dict[str, Any] | None = Field(
        description="before and after of each changed field, personal values as digests"
    )
    is_erased: bool = Field(description="details were removed by an erasure")
    previous_hash: str
    hash: str


class AuditPage(BaseModel):
    """Some entries, and the cursor of the next page."""

    items: list[AuditEntry]
    next_cursor: str | None


class VerificationAnswer(BaseModel):
    """What a look at the whole chain found."""

    ok: bool
    entries: int = Field(description="how many hold, from the first on")
    erased: int = Field(description="how many lost their details to an erasure, which is told")
    head_seq: int = Field(description="number of the last that holds: note it elsewhere, with its hash")
    head_hash: str
    first_bad: int | None
    reason: str | None


@router.get(
    "/audit", operation_id="list_audit", dependencies=[allow()], responses=problem_responses(401, 403, 404, 422)
)
def get_audit(
    work: Work,
    resource: _Text = None,
    key: Annotated[_Text, Query(description="the row, by your id or ours (`id:42`)")] = None,
    actor: Annotated[_Text, Query(description="name of a key, `user:<id>` or an e-mail address")] = None,
    action: _Text = None,
    partner: Annotated[_Text, Query(description="what concerns a partner, by your id or ours (`id:42`)")] = None,
    since: Annotated[Instant | None, Query(alias="from", description="at or after")] = None,
    until: Annotated[Instant | None, Query(alias="to", description="before")] = None,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before")] = None,
) -> AuditPage:
    """List what was done or read, the newest first."""
    before = parts_of(cursor, int)[0] if cursor else None
    found = list_audit(
        work,
        {
            "resource": resource,
            "key": key,
            "actor": actor,
            "action": action,
            "partner": partner,
            "since": utc(since),
            "until": utc(until),
        },
        before,
        limit + 1,
    )
    items = [AuditEntry(**entry._asdict()) for entry in found[:limit]]
    return AuditPage(items=items, next_cursor=cursor_of(items[-1].seq) if len(found) > limit else None)


@router.get(
    "/audit/verification",
    operation_id="verify_audit",
    dependencies=[allow()],
    responses=problem_responses(401, 403, 422),
)
def verify_audit(
    work: Work,
    head_seq: Annotated[int | None, Query(ge=1, lt=2**63, description="number of an entry noted earlier")] = None,
    head_hash: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$", description="its hash")] = None,
) -> VerificationAnswer:
    """Recompute the chain from its beginning, which takes some seconds per 100,000 entries.

    Give number and hash of an entry that you noted elsewhere to know also that nothing was cut off or written anew.
    """
    if (head_seq is None) != (head_hash is None):
        raise InvalidInput("give head_seq and head_hash together, or neither", field="head_seq")
    head = None if head_seq is None or head_hash is None else (head_seq, head_hash)
    return VerificationAnswer(**work.audit.verify(head)._asdict())
