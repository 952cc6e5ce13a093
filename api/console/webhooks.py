"""Webhooks: whom this service tells of what, how deliveries go, switched on and off, tested, sent again."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Query
from fastapi.responses import HTMLResponse, Response

from api.console.lists import ROWS, Chosen
from api.console.shell import Visitor, visitor
from api.cursors import cursor_of, parts_of
from domain.errors import AllywiseError, NotFound
from programme import webhooks
from store.types import from_micros, to_micros
from store.unit_of_work import UnitOfWork

router = APIRouter(prefix="/webhooks", default_response_class=HTMLResponse)

Admin = Annotated[Visitor, visitor()]
Id = Annotated[int, Path(ge=1, lt=2**63)]
DeliveryId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Cursor = Annotated[str, Query(max_length=200)]
Word = Annotated[str, Form(max_length=4000)]
Row = dict[str, Any]
STATES = ("waiting", "delivered", "dead")
_LATEST_MICROS = to_micros(from_micros(0).replace(year=9999))


@router.get("")
def listed(visit: Admin, after: Annotated[int, Query(ge=0, lt=2**63)] = 0) -> Response:
    """List webhooks."""
    with visit.work() as work:
        found = work.webhooks.list(after, ROWS + 1)
    following = found[ROWS - 1].id if len(found) > ROWS else None
    return visit.page(
        "webhooks.html", rows=found[:ROWS], following=following, after=after, origin_of=webhooks.origin_of
    )


def _typed(url: Word = "", events: Word = "", description: Word = "", partner: Word = "") -> dict[str, str]:
    typed = {"url": url, "events": events, "description": description, "partner": partner}
    return {name: value.replace("\0", "").strip() for name, value in typed.items()}


Typed = Annotated[dict[str, str], Depends(_typed)]


def _values(typed: dict[str, str]) -> Row:
    """Return what a form tells as the service takes it; events apart by spaces or commas."""
    patterns = typed["events"].replace(",", " ").split()
    return {"url": typed["url"], "events": patterns or ["*"], "description": typed["description"] or None}


@router.get("/new")
def new(visit: Admin) -> Response:
    """Show the form of a new webhook."""
    return visit.page("webhook_new.html", typed={"url": "", "events": "*", "description": "", "partner": ""})


@router.post("/new")
def create(visit: Admin, typed: Typed) -> Response:
    """Add a webhook; its secret is shown once."""
    try:
        with visit.work(read_only=False) as work:
            values = _values(typed) | {"partner": typed["partner"] or None}
            made, secret = webhooks.create_webhook(work, visit.services.settings, values)
    except AllywiseError as error:
        return visit.refused("webhook_new.html", error, typed=typed)
    return _webhook(visit, made.id, secret=secret)


@router.get("/{id}")
def one(visit: Admin, id: Id, status: Chosen = "", cursor: Cursor = "") -> Response:
    """Show a webhook: how it does, and its deliveries, the newest first."""
    return _webhook(visit, id, status=status, cursor=cursor)


def _webhook(
    visit: Visitor,
    id_: int,
    error: AllywiseError | None = None,
    typed: Row | None = None,
    secret: str | None = None,
    status: str = "",
    cursor: str = "",
) -> Response:
    before = None
    if cursor:
        micros, last = parts_of(cursor, int, str)
        before = from_micros(min(micros, _LATEST_MICROS)), last.replace("\0", "")
    wanted = status if status in STATES else None
    with visit.work() as work:
        hook = work.webhooks.get(id_)
        sent = work.deliveries.list(id_, status=wanted, before=before, limit=ROWS + 1)
    told = {"url": hook.url, "events": " ".join(hook.events), "description": hook.description or ""}
    values: Row = {
        "hook": hook,
        "sent": sent[:ROWS],
        "following": cursor_of(to_micros(sent[ROWS - 1].created_at), sent[ROWS - 1].id) if len(sent) > ROWS else None,
        "cursor": cursor,
        "chosen": wanted or "",
        "typed": told | (typed or {}),
        "secret": secret,
        "test_event": webhooks.TEST_EVENT,
        "states": STATES,
    }
    return visit.page("webhook.html", **values) if error is None else visit.refused("webhook.html", error, **values)


@router.post("/{id}")
def change(visit: Admin, id: Id, typed: Typed) -> Response:
    """Change address, events or description."""
    settings = visit.services.settings
    return _done(visit, id, lambda work: webhooks.change_webhook(work, settings, id, _values(typed)), typed)


@router.post("/{id}/active")
def switch(visit: Admin, id: Id, active: Word = "") -> Response:
    """Switch a webhook on or off; what waits for one that is switched off is given up."""
    values = {"active": active == "on"}
    return _done(visit, id, lambda work: webhooks.change_webhook(work, visit.services.settings, id, values))


@router.post("/{id}/test")
def test(visit: Admin, id: Id) -> Response:
    """Send a test."""
    return _done(visit, id, lambda work: webhooks.send_test(work, id))


@router.post("/{id}/deliveries/{delivery}/replay")
def replay(visit: Admin, id: Id, delivery: DeliveryId) -> Response:
    """Send the event of a delivery again."""
    return _done(visit, id, lambda work: webhooks.replay_delivery(work, id, delivery))


@router.post("/{id}/secret")
def rotate(visit: Admin, id: Id) -> Response:
    """Make a new secret, shown once; for a day deliveries are signed with the former one, too."""
    with visit.work(read_only=False) as work:
        _, secret = webhooks.rotate_secret(work, visit.services.settings, id)
    return _webhook(visit, id, secret=secret)


@router.post("/{id}/remove")
def remove(visit: Admin, id: Id) -> Response:
    """Remove a webhook and what waits for it."""
    with visit.work(read_only=False) as work:
        webhooks.remove_webhook(work, id)
    return visit.go("/webhooks", "done")


def _done(visit: Visitor, id_: int, act: Callable[[UnitOfWork], Any], typed: Row | None = None) -> Response:
    try:
        with visit.work(read_only=False) as work:
            act(work)
    except NotFound:
        raise
    except AllywiseError as error:
        return _webhook(visit, id_, error, typed)
    return visit.go(f"/webhooks/{id_}", "done")
