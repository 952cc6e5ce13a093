"""Alerts: what asks for attention, and how a person wants to be told."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.cursors import cursor_of, parts_of
from api.dependencies import Limit, Work, allow
from api.problems import problem_responses
from api.types import Flag
from domain.terms import Role
from programme import alerts
from programme.alert_kinds import KINDS
from store.alerts import Alert, Preference

router = APIRouter(tags=["alerts"])

_Id = Annotated[int, Path(ge=1, lt=2**63)]
_KIND = Literal[tuple(KINDS)]  # type: ignore[valid-type]
_Channel = Literal["off", "immediate", "daily"]


class AlertAnswer(BaseModel):
    """Something that asks for attention."""

    id: int
    kind: str
    severity: Literal["info", "warning", "critical"]
    partner: str | None
    resource: str = Field(description="what it is about")
    key: str | None
    message: str
    details: dict[str, Any]
    created_at: datetime
    read_at: datetime | None = Field(description="when you read it")
    resolved_at: datetime | None = Field(description="when what it tells was over, or somebody took care of it")
    resolved_by: str | None


class AlertPage(BaseModel):
    """Some alerts, and the cursor of the next page."""

    items: list[AlertAnswer]
    next_cursor: str | None


class PreferenceAnswer(BaseModel):
    """How you are told of a kind of alert."""

    kind: _KIND  # type: ignore[valid-type]
    text: str = Field(description="when it is raised")
    console: bool
    email: _Channel
    webhook: _Channel


class PreferenceInput(BaseModel):
    """How you want to be told of a kind of alert."""

    model_config = ConfigDict(extra="forbid")

    kind: _KIND  # type: ignore[valid-type]
    console: Flag = Field(True, description="whether it counts in the console")
    email: _Channel = Field("off", description="for people")
    webhook: _Channel = Field("off", description="by the event `alert.sent`, which names you")


class PreferencesAnswer(BaseModel):
    """How you are told of each kind that there is for you."""

    items: list[PreferenceAnswer]


class PreferencesInput(BaseModel):
    """What is to change; kinds not named stay as they are."""

    model_config = ConfigDict(extra="forbid")

    items: Annotated[list[PreferenceInput], Field(max_length=100)]


@router.get(
    "/alerts", operation_id="list_alerts", dependencies=[allow(*Role)], responses=problem_responses(401, 403, 404, 422)
)
def list_alerts(
    work: Work,
    kind: _KIND | None = None,  # type: ignore[valid-type]
    severity: Literal["info", "warning", "critical"] | None = None,
    partner: Annotated[str | None, Query(max_length=500, pattern=r"^[^\x00]*$")] = None,
    state: Annotated[Literal["open", "resolved"] | None, Query(description="default: both")] = None,
    unread: Annotated[bool, Query(description="only those that you have not read")] = False,
    console: Annotated[bool, Query(description="only kinds that you want to see in the console")] = False,
    portfolio: Annotated[Literal["mine"] | None, Query(description="only of partners that you manage")] = None,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before")] = None,
) -> AlertPage:
    """List alerts, the newest first: of the partners that you may see; a partner gets those that concern it."""
    before = parts_of(cursor, int)[0] if cursor else None
    filters = {"kind": kind, "severity": severity, "partner": partner, "state": state}
    more = {"unread": unread, "mine": portfolio == "mine", "console": console}
    found = alerts.list_alerts(work, filters | more, before, limit + 1)
    items = [_shown(alert) for alert in found[:limit]]
    return AlertPage(items=items, next_cursor=cursor_of(items[-1].id) if len(found) > limit else None)


@router.post(
    "/alerts/{alert_id}/read",
    operation_id="read_alert",
    dependencies=[allow(*Role)],
    responses=problem_responses(401, 403, 404, 422),
)
def read_alert(alert_id: _Id, work: Work) -> AlertAnswer:
    """Note that you have read an alert; others still find it unread. Safe to retry."""
    return _shown(alerts.read_alert(work, alert_id))


@router.post(
    "/alerts/{alert_id}/resolve",
    operation_id="resolve_alert",
    dependencies=[allow(*Role)],
    responses=problem_responses(401, 403, 404, 422),
)
def resolve_alert(alert_id: _Id, work: Work) -> AlertAnswer:
    """Say that an alert is taken care of, for everybody who sees it. Safe to retry."""
    return _shown(alerts.resolve_alert(work, alert_id))


@router.get(
    "/alert-preferences",
    operation_id="get_alert_preferences",
    dependencies=[allow(*Role)],
    responses=problem_responses(401, 403),
)
def get_preferences(work: Work) -> PreferencesAnswer:
    """Say how you are told of each kind of alert."""
    return _preferences(alerts.preferences_of(work))


@router.put(
    "/alert-preferences",
    operation_id="choose_alert_preferences",
    dependencies=[allow(*Role)],
    responses=problem_responses(401, 403, 413, 422),
)
def choose_preferences(body: PreferencesInput, work: Work) -> PreferencesAnswer:
    """Choose how you are told: in the console, by e-mail, by webhook; at once, or with the day's others."""
    chosen = [Preference(item.kind, item.console, item.email, item.webhook) for item in body.items]
    return _preferences(alerts.choose_preferences(work, chosen))


def _shown(alert: Alert) -> AlertAnswer:
    return AlertAnswer.model_validate(alert._asdict())


def _preferences(found: list[Preference]) -> PreferencesAnswer:
    items = [{**preference._asdict(), "text": KINDS[preference.kind].text} for preference in found]
    return PreferencesAnswer.model_validate({"items": items})
