"""Webhooks: addresses of other systems that are told of events."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.cursors import cursor_of, parts_of
from api.dependencies import Limit, ServicesDep, Work, allow, utc
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.routes.resources import version_of
from api.types import Flag, Instant
from programme import webhooks
from store.deliveries import Delivery
from store.types import from_micros, to_micros
from store.webhooks import Webhook

router = APIRouter(tags=["webhooks"])

_Id = Annotated[int, Path(ge=1, lt=2**63)]
_DeliveryId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
_Url = Annotated[str, Field(min_length=1, max_length=2000, description="http or https; no private address")]
_Events = Annotated[
    list[Annotated[str, Field(max_length=121)]],
    Field(min_length=1, max_length=200, description="names of events, * for any letters: deal.*, *.deleted, *"),
]
_Cursor = Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before")]
_IfMatch = Annotated[str | None, Header(description="ETag of the webhook that the change is based on")]


class NewWebhook(BaseModel):
    """An address and what it is told."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://crm.example.com/hooks/allywise", "events": ["deal.*"]}]},
    )

    url: _Url
    events: _Events
    description: str | None = Field(None, max_length=1000, pattern=r"^[^\x00]*$")
    partner: str | None = Field(
        None, max_length=500, pattern=r"^[^\x00]*$", description="only what concerns this partner and it may see"
    )


class WebhookPatch(BaseModel):
    """What is to change; what is not given stays."""

    model_config = ConfigDict(extra="forbid")

    url: _Url = ""
    events: _Events = []
    description: str | None = Field(None, max_length=1000, pattern=r"^[^\x00]*$")
    active: Flag = True


class WebhookAnswer(BaseModel):
    """A webhook and how it does."""

    id: int
    url: str
    events: list[str]
    description: str | None
    partner: str | None
    active: bool
    disabled_reason: str | None
    failures: int = Field(description="since the last success")
    failing_since: datetime | None
    paused_until: datetime | None = Field(description="left alone until then, because it was unwell")
    row_version: int = Field(description="grows with each change; also the ETag")
    created_by: str
    created_at: datetime
    updated_at: datetime


class WebhookWithSecret(BaseModel):
    """A webhook, and the secret that its deliveries are signed with."""

    webhook: WebhookAnswer
    secret: str | None = Field(description="told once: a retry with the same Idempotency-Key gets null")


class WebhookPage(BaseModel):
    """Some webhooks, and the cursor of the next page."""

    items: list[WebhookAnswer]
    next_cursor: str | None


class DeliveryAnswer(BaseModel):
    """An event on its way."""

    id: str = Field(description="also in the header Allywise-Delivery, the same for every attempt")
    webhook_id: int
    event_id: int = Field(description="0: a test")
    event: str | None
    status: Literal["waiting", "delivered", "dead"]
    attempts: int
    next_attempt_at: datetime
    last_status: int | None = Field(description="HTTP status of the last attempt; none: no answer")
    last_error: str | None
    duration_ms: int | None
    replay_of: str | None
    created_at: datetime
    finished_at: datetime | None


class DeliveryPage(BaseModel):
    """Some deliveries, and the cursor of the next page."""

    items: list[DeliveryAnswer]
    next_cursor: str | None


class ReplayRequest(BaseModel):
    """From when on events are sent again."""

    model_config = ConfigDict(extra="forbid")

    since: Instant


class ReplayAnswer(BaseModel):
    """How many events are on their way again."""

    queued: int


@router.get(
    "/webhooks", operation_id="list_webhooks", dependencies=[allow()], responses=problem_responses(401, 403, 422)
)
def list_webhooks(work: Work, limit: Limit = 50, cursor: _Cursor = None) -> WebhookPage:
    """List webhooks, by age."""
    found = work.webhooks.list(parts_of(cursor, int)[0] if cursor else 0, limit + 1)
    items = [_shown(webhook) for webhook in found[:limit]]
    return WebhookPage(items=items, next_cursor=cursor_of(items[-1].id) if len(found) > limit else None)


@router.post(
    "/webhooks",
    operation_id="create_webhook",
    status_code=201,
    response_model=WebhookWithSecret,
    dependencies=[allow()],
    responses=problem_responses(401, 403, 404, 409, 413, 422),
)
def create_webhook(
    body: NewWebhook, work: Work, services: ServicesDep, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Have an address told of events, from now on; the secret is told here, once. Safe to retry by Idempotency-Key."""
    return once(
        work,
        idempotency_key,
        {"create": "webhooks", "values": body.model_dump()},
        lambda: _with_secret(*webhooks.create_webhook(work, services.settings, body.model_dump())),
        WebhookWithSecret,
        secret="secret",  # noqa: S106  # the name of a field
    )


@router.get(
    "/webhooks/{webhook_id}",
    operation_id="get_webhook",
    dependencies=[allow()],
    responses=problem_responses(401, 403, 404, 422),
)
def get_webhook(webhook_id: _Id, work: Work, response: Response) -> WebhookAnswer:
    """Get a webhook and how it does."""
    return _tagged(work.webhooks.get(webhook_id), response)


@router.patch(
    "/webhooks/{webhook_id}",
    operation_id="change_webhook",
    dependencies=[allow()],
    responses=problem_responses(401, 403, 404, 409, 412, 413, 422),
)
def change_webhook(
    webhook_id: _Id,
    body: WebhookPatch,
    work: Work,
    services: ServicesDep,
    response: Response,
    if_match: _IfMatch = None,
) -> WebhookAnswer:
    """Change what is given. Switched off, what waits is given up; switched on again, it begins with what comes then."""
    values = body.model_dump(exclude_unset=True)
    found = webhooks.change_webhook(work, services.settings, webhook_id, values, version_of(if_match))
    return _tagged(found, response)


@router.delete(
    "/webhooks/{webhook_id}",
    operation_id="delete_webhook",
    status_code=204,
    dependencies=[allow()],
    responses=problem_responses(401, 403, 404, 422),
)
def delete_webhook(webhook_id: _Id, work: Work) -> None:
    """Remove a webhook and what waits for it."""
    webhooks.remove_webhook(work, webhook_id)


@router.post(
    "/webhooks/{webhook_id}/secret",
    operation_id="rotate_webhook_secret",
    status_code=201,
    response_model=WebhookWithSecret,
    dependencies=[allow()],
    responses=problem_responses(401, 403, 404, 409, 422),
)
def rotate_secret(
    webhook_id: _Id, work: Work, services: ServicesDep, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Make a new secret, told here, once. For a day deliveries are signed with the former one, too."""
    return once(
        work,
        idempotency_key,
        {"rotate": "webhooks", "id": webhook_id},
        lambda: _with_secret(*webhooks.rotate_secret(work, services.settings, webhook_id)),
        WebhookWithSecret,
        secret="secret",  # noqa: S106  # the name of a field
    )


@router.post(
    "/webhooks/{webhook_id}/test",
    operation_id="test_webhook",
    status_code=202,
    response_model=DeliveryAnswer,
    dependencies=[allow()],
    responses=problem_responses(401, 403, 404, 409, 422),
)
def send_test(webhook_id: _Id, work: Work, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """Send the event `webhook.test`, signed like all others; look at the delivery to see how it went."""
    asked = {"test": "webhooks", "id": webhook_id}
    return once(
        work, idempotency_key, asked, lambda: _delivery(webhooks.send_test(work, webhook_id)), DeliveryAnswer, 202
    )


@router.get(
    "/webhooks/{webhook_id}/deliveries",
    operation_id="list_deliveries",
    dependencies=[allow()],
    responses=problem_responses(401, 403, 404, 422),
)
def list_deliveries(
    webhook_id: _Id,
    work: Work,
    status: Literal["waiting", "delivered", "dead"] | None = None,
    limit: Limit = 50,
    cursor: _Cursor = None,
) -> DeliveryPage:
    """List what was sent or waits, the newest first; `dead` are those given up."""
    work.webhooks.get(webhook_id)
    before = _moment(*parts_of(cursor, int, str)) if cursor else None
    found = work.deliveries.list(webhook_id, status=status, before=before, limit=limit + 1)
    items = [_delivery(delivery) for delivery in found[:limit]]
    following = cursor_of(to_micros(items[-1].created_at), items[-1].id) if len(found) > limit else None
    return DeliveryPage(items=items, next_cursor=following)


@router.get(
    "/webhooks/{webhook_id}/deliveries/{delivery_id}",
    operation_id="get_delivery",
    dependencies=[allow()],
    responses=problem_responses(401, 403, 404, 422),
)
def get_delivery(webhook_id: _Id, delivery_id: _DeliveryId, work: Work) -> DeliveryAnswer:
    """Get a delivery."""
    return _delivery(work.deliveries.get(webhook_id, delivery_id))


@router.post(
    "/webhooks/{webhook_id}/deliveries/{delivery_id}/replay",
    operation_id="replay_delivery",
    status_code=202,
    response_model=DeliveryAnswer,
    dependencies=[allow()],
    responses=problem_responses(401, 403, 404, 409, 422),
)
def replay_delivery(
    webhook_id: _Id, delivery_id: _DeliveryId, work: Work, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Send the event of a delivery again, whether it got there or not, as a delivery of its own."""
    asked = {"replay": "deliveries", "webhook": webhook_id, "id": delivery_id}

    def replay() -> DeliveryAnswer:
        return _delivery(webhooks.replay_delivery(work, webhook_id, delivery_id))

    return once(work, idempotency_key, asked, replay, DeliveryAnswer, 202)


@router.post(
    "/webhooks/{webhook_id}/replay",
    operation_id="replay_events",
    status_code=202,
    response_model=ReplayAnswer,
    dependencies=[allow()],
    responses=problem_responses(401, 403, 404, 409, 413, 422),
)
def replay_events(
    webhook_id: _Id, body: ReplayRequest, work: Work, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Send all events again that it wants and that happened since an instant, 10,000 at the most."""
    asked = {"replay": "events", "webhook": webhook_id, "since": body.since}

    def replay() -> ReplayAnswer:
        return ReplayAnswer(queued=webhooks.replay_since(work, webhook_id, utc(body.since) or work.clock()))

    return once(work, idempotency_key, asked, replay, ReplayAnswer, 202)


def _shown(webhook: Webhook) -> WebhookAnswer:
    return WebhookAnswer.model_validate(webhook._asdict())


def _tagged(webhook: Webhook, response: Response) -> WebhookAnswer:
    response.headers["ETag"] = f'"{webhook.row_version}"'
    return _shown(webhook)


def _with_secret(webhook: Webhook, secret: str) -> dict[str, Any]:
    return {"webhook": _shown(webhook), "secret": secret}


def _delivery(delivery: Delivery) -> DeliveryAnswer:
    event = "webhook.test" if delivery.event_id == webhooks.TEST_EVENT else delivery.event
    return DeliveryAnswer.model_validate(delivery._asdict() | {"event": event})


def _moment(micros: int, id_: str) -> tuple[datetime, str]:
    return from_micros(min(micros, to_micros(datetime.max.replace(tzinfo=UTC)))), id_.replace("\0", "")
