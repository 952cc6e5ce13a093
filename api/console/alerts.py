"""Alerts of the staff: what asks for attention, read and resolved, several at once; and who is told how."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.console.lists import ROWS, Chosen, given
from api.console.menu import STAFF
from api.console.shell import Visitor, visitor
from api.console.words import gettext, mark
from domain.errors import AllywiseError
from programme import alerts
from programme.alert_kinds import DIGEST
from store.alerts import Alert, Preference
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

SEVERITIES = ("critical", "warning", "info")
STATES = ("open", "resolved", "all")
LABELS = {
    "risk_changed": mark("Risk changed"),
    "lead_unanswered": mark("Lead without an answer"),
    "lead_offered": mark("Lead offered"),
    "lead_needs_person": mark("Lead needs a person"),
    "lead_customer_waiting": mark("Customer waits"),
    "agreement_expiring": mark("Agreement ends"),
    "certificate_expiring": mark("Certificate runs out"),
    "goal_off_track": mark("Goal off track"),
    "registration_conflict": mark("Registration conflict"),
    "registration_decided": mark("Registration decided"),
    "registration_expiring": mark("Registration ends"),
    "message": mark("Message"),
    "routing_unfair": mark("Uneven routing"),
    "webhook_disabled": mark("Webhook switched off"),
    DIGEST: mark("Digest of the week"),
}
"""What kinds of alerts are called; a kind that is not here is called by its name."""

Staff = Annotated[Visitor, visitor(*STAFF)]
Ids = Annotated[list[int], Form()]
Before = Annotated[int, Query(ge=0, lt=2**63)]


def label(kind: str) -> str:
    """Return what a kind of alert is called."""
    return gettext(LABELS[kind]) if kind in LABELS else kind.replace("_", " ")


@router.get("/alerts")
def listed(
    visit: Staff,
    kind: Chosen = "",
    severity: Chosen = "",
    state: Chosen = "open",
    mine: Chosen = "",
    before: Before = 0,
) -> Response:
    """List alerts, the newest first; filters live in the address."""
    return _page(visit, {"kind": kind, "severity": severity, "state": state, "mine": mine}, before)


def _page(visit: Visitor, chosen: dict[str, str], before: int = 0, error: AllywiseError | None = None) -> Response:
    with visit.work() as work:
        kinds = [one.kind for one in alerts.preferences_of(work) if one.kind != DIGEST]
        state = chosen["state"] if chosen["state"] in STATES[:2] else None
        wanted = given(kind=chosen["kind"], severity=chosen["severity"], state=state)
        console = {"console": not chosen["kind"], "mine": bool(chosen["mine"])}
        found = list(alerts.list_alerts(work, wanted | console, before or None, ROWS + 1))
        links = _links(work, found[:ROWS])
    values: dict[str, Any] = {
        "rows": found[:ROWS],
        "following": found[ROWS - 1].id if len(found) > ROWS else None,
        "before": before,
        "links": links,
        "label": label,
        "chosen": chosen,
        "kinds": sorted(((one, label(one)) for one in kinds), key=lambda pair: pair[1]),
        "severities": SEVERITIES,
        "states": STATES,
    }
    return visit.page("alerts.html", **values) if error is None else visit.refused("alerts.html", error, **values)


def _links(work: UnitOfWork, found: Sequence[Alert]) -> dict[int, str]:
    """Return the page of what each alert is about, where there is one."""
    names = {one.id: str(one.details.get("lead") or (one.key if one.resource == "leads" else "")) for one in found}
    wanted = sorted({name for name in names.values() if name})
    rows = work.repository("leads").list({"external_id": wanted}, limit=ROWS).rows if wanted else []
    leads = {row["external_id"]: f"/leads/{row['id']}" for row in rows}
    return {id_: leads[name] for id_, name in names.items() if name in leads}


@router.post("/alerts/read")
def read(visit: Staff, request: Request, ids: Ids = []) -> Response:  # noqa: B006  # FastAPI's default of a form's list
    """Note that some alerts were read."""
    return _done(visit, request, ids, alerts.read_alert, "read")


@router.post("/alerts/resolve")
def resolve(visit: Staff, request: Request, ids: Ids = []) -> Response:  # noqa: B006
    """Resolve some alerts for everybody."""
    return _done(visit, request, ids, alerts.resolve_alert, "resolved")


def _done(
    visit: Visitor, request: Request, ids: Sequence[int], act: Callable[[UnitOfWork, int], object], told: str
) -> Response:
    query = request.query_params
    chosen = {name: query.get(name, default)[:200] for name, default in _DEFAULTS.items()}
    try:
        with visit.work(read_only=False) as work:
            for id_ in ids[:ROWS]:
                act(work, id_)
    except AllywiseError as error:
        return _page(visit, chosen, 0, error)
    kept = "&".join(f"{name}={value}" for name, value in chosen.items() if value and value.isidentifier())
    return visit.go(f"/alerts?{kept}" if kept else "/alerts", told if ids else "")


_DEFAULTS = {"kind": "", "severity": "", "state": "open", "mine": ""}


@router.get("/alerts/preferences")
def preferences(visit: Staff) -> Response:
    """Show how the visitor is told of each kind."""
    return _preferences(visit)


@router.post("/alerts/preferences")
async def choose(visit: Staff, request: Request) -> Response:
    """Keep how the visitor wants to be told."""
    form = await request.form()
    with visit.work() as work:
        kinds = [one.kind for one in alerts.preferences_of(work)]
    chosen = [_chosen(kind, {name: str(value) for name, value in form.items()}) for kind in kinds]
    try:
        with visit.work(read_only=False) as work:
            alerts.choose_preferences(work, chosen)
    except AllywiseError as error:
        return _preferences(visit, chosen, error)
    return visit.go("/alerts/preferences", "preferences")


def _chosen(kind: str, form: dict[str, str]) -> Preference:
    modes = (alerts.OFF, alerts.IMMEDIATE, alerts.DAILY)
    email, webhook = (form.get(f"{channel}-{kind}", alerts.OFF) for channel in ("email", "webhook"))
    safe = [mode if mode in modes else alerts.OFF for mode in (email, webhook)]
    return Preference(kind, bool(form.get(f"console-{kind}")), safe[0], safe[1])


def _preferences(
    visit: Visitor, chosen: Sequence[Preference] | None = None, error: AllywiseError | None = None
) -> Response:
    with visit.work() as work:
        found = chosen if chosen is not None else alerts.preferences_of(work)
    values: dict[str, Any] = {
        "rows": [one for one in found if one.kind != DIGEST],
        "digest": next((one for one in found if one.kind == DIGEST), None),
        "label": label,
        "digest_kind": DIGEST,
        "may_mail": visit.actor.user_id is not None,
        "has_server": bool(visit.services.settings.smtp_host),
    }
    if error is not None:
        return visit.refused("preferences.html", error, **values)
    return visit.page("preferences.html", **values)
