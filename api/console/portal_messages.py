"""The portal's messages: notes and messages shared with the vendor, alerts, surveys."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import HTMLResponse, Response

from api.console.alerts import label
from api.console.lists import ROWS, Chosen
from api.console.portal_own import Partner, Row, check_area, may, own_partner
from api.console.shell import Visitor
from api.console.words import gettext
from domain.errors import AllywiseError, InvalidInput
from programme import alerts, records
from programme.alert_kinds import kinds_of
from programme.surveys import SCALES, answer_survey, open_surveys
from store.unit_of_work import UnitOfWork

router = APIRouter(prefix="/portal/messages", default_response_class=HTMLResponse)

_SHOWN = 25
_MARKED = 200
Text = Annotated[str, Form(max_length=4000)]
RowId = Annotated[int, Path(ge=1, lt=2**63)]


@router.get("")
def messages(visit: Partner, about: Chosen = "", cursor: Annotated[str, Query(max_length=2000)] = "") -> Response:
    """Show what was written on both sides, the newest first, with the form to write."""
    return _messages(visit, cursor, f"{about.strip()}: " if about.strip() else "")


def _messages(visit: Visitor, cursor: str = "", body: str = "", error: AllywiseError | None = None) -> Response:
    check_area(visit, "notes")
    with visit.work() as work:
        page = work.repository("notes").list(sort="-written_at", cursor=cursor or None, limit=_SHOWN)
        work.journal.read("notes", [row["external_id"] for row in page.rows])
        unread = alerts.list_alerts(work, {"kind": "message", "unread": True}, None, _MARKED)
        values: Row = {
            "rows": page.rows,
            "following": page.next_cursor,
            "cursor": cursor,
            "me": visit.actor.full_name or visit.actor.name,
            "unread": len(unread),
            "deals": _named(work, "deals", page.rows, "deal"),
            "body": body,
            "parts": parts_of(visit),
            "path": "/portal/messages",
        }
    template = "portal_messages.html"
    return visit.page(template, **values) if error is None else visit.refused(template, error, **values)


def _named(work: UnitOfWork, resource: str, rows: list[Row], column: str) -> dict[str, Row]:
    keys = sorted({row[column] for row in rows if row[column]})
    found = work.repository(resource).list({"external_id": keys}, limit=1000).rows if keys else []
    return {row["external_id"]: row for row in found}


def parts_of(visit: Visitor) -> list[tuple[str, str]]:
    """Return the pages of messages that somebody of the partner may see: paths and names."""
    every = (
        ("notes", "/portal/messages", gettext("Messages")),
        ("alerts", "/portal/messages/alerts", gettext("Alerts")),
        ("surveys", "/portal/messages/surveys", gettext("Surveys")),
    )
    return [(path, text) for area, path, text in every if may(visit, area)]


@router.post("")
def write(visit: Partner, body: Text = "") -> Response:
    """Write a message to the vendor."""
    check_area(visit, "notes")
    try:
        with visit.work(read_only=False) as work:
            if not body.strip():
                raise InvalidInput("write what you want to say", field="body")
            partner = own_partner(work)["external_id"]
            records.create(work, "notes", {"partner": partner, "kind": "message", "body": body.strip()})
    except AllywiseError as error:
        return _messages(visit, "", body, error)
    return visit.go("/portal/messages", "sent")


@router.post("/read")
def read_all(visit: Partner) -> Response:
    """Note that all messages were read."""
    check_area(visit, "notes")
    with visit.work(read_only=False) as work:
        for alert in alerts.list_alerts(work, {"kind": "message", "unread": True}, None, _MARKED):
            alerts.read_alert(work, alert.id)
    return visit.go("/portal/messages", "done")


@router.get("/alerts")
def listed(visit: Partner, state: Chosen = "", before: Annotated[int, Query(ge=0, lt=2**63)] = 0) -> Response:
    """List the partner's alerts, the newest first."""
    return _alerts(visit, state, before)


def _alerts(visit: Visitor, state: str = "", before: int = 0, error: AllywiseError | None = None) -> Response:
    check_area(visit, "alerts")
    chosen = state if state in ("resolved", "all") else "open"
    with visit.work() as work:
        wanted = {"state": None if chosen == "all" else chosen, "console": True}
        found = list(alerts.list_alerts(work, wanted, before or None, ROWS + 1))
    values: Row = {
        "rows": found[:ROWS],
        "following": found[ROWS - 1].id if len(found) > ROWS else None,
        "before": before,
        "chosen": {"state": chosen},
        "label": label,
        "kinds": len(kinds_of(visit.actor)),
        "parts": parts_of(visit),
        "path": "/portal/messages/alerts",
    }
    template = "portal_alerts.html"
    return visit.page(template, **values) if error is None else visit.refused(template, error, **values)


@router.post("/alerts/{id}/read")
def read(visit: Partner, id: RowId) -> Response:
    """Note that an alert was read."""
    return _attended(visit, lambda work: alerts.read_alert(work, id))


@router.post("/alerts/{id}/resolve")
def resolve(visit: Partner, id: RowId) -> Response:
    """Say that an alert is taken care of."""
    return _attended(visit, lambda work: alerts.resolve_alert(work, id))


def _attended(visit: Visitor, act: Callable[[UnitOfWork], Any]) -> Response:
    check_area(visit, "alerts")
    try:
        with visit.work(read_only=False) as work:
            act(work)
    except AllywiseError as error:
        return _alerts(visit, error=error)
    return visit.go("/portal/messages/alerts", "done")


@router.get("/surveys")
def surveys(visit: Partner) -> Response:
    """Show what the partner is asked."""
    return _surveys(visit)


def _surveys(visit: Visitor, error: AllywiseError | None = None, **typed: Any) -> Response:
    check_area(visit, "surveys")
    with visit.work() as work:
        found = open_surveys(work, own_partner(work))
    values: Row = {
        "found": [{"row": row, "answered": answered, "scale": _scale(row)} for row, answered in found],
        "typed": {"id": 0, "score": None, "comment": ""} | typed,
        "parts": parts_of(visit),
        "path": "/portal/messages/surveys",
    }
    template = "portal_surveys.html"
    return visit.page(template, **values) if error is None else visit.refused(template, error, **values)


def _scale(survey: Row) -> list[int]:
    low, high = SCALES.get(str(survey["kind"]), (0, 10))
    return list(range(low, high + 1))


@router.post("/surveys/{id}")
def answer(
    visit: Partner, id: RowId, score: Annotated[int | None, Form(ge=-1000, le=1000)] = None, comment: Text = ""
) -> Response:
    """Answer a survey."""
    check_area(visit, "surveys")
    try:
        with visit.work(read_only=False) as work:
            if score is None:
                raise InvalidInput("choose a number", field="score")
            answer_survey(work, id, score, comment.strip() or None)
    except AllywiseError as error:
        return _surveys(visit, error, id=id, score=score, comment=comment)
    return visit.go("/portal/messages/surveys", "answered")
