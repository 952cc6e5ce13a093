"""API keys: made with their secret shown once, narrowed, rotated, revoked."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, Response

from api.console.forms import Sent, text_of
from api.console.lists import ROWS, Chosen, Page, Start
from api.console.shell import Visitor, visitor
from api.console.terms import named
from api.console.words import gettext, mark
from api.routes.keys import known_areas
from domain.access import READ
from domain.errors import AllywiseError, InvalidInput, NotFound
from domain.terms import Role
from programme.keys import create_key, revoke_key, rotate_key
from store.key_list import list_keys
from store.keys import Key, NewKey

router = APIRouter(prefix="/keys", default_response_class=HTMLResponse)

Admin = Annotated[Visitor, visitor()]
Prefix = Annotated[str, Path(max_length=100)]
Row = dict[str, Any]

_ALL, _AREAS, _AREAS_READ = "all", "areas", "areas_read"
REACH = {
    _ALL: mark("All that the role may"),
    READ: mark("Read all that the role may read"),
    _AREAS: mark("Read and change in the areas below"),
    _AREAS_READ: mark("Read in the areas below"),
}
"""How far a new key reaches."""
GRACE_HOURS = (0, 1, 24, 72, 168, 720)


@router.get("")
def listed(visit: Admin, q: Chosen = "", state: Chosen = "", start: Start = 0) -> Response:
    """List keys, the newest first: those that work, or all."""
    now = visit.services.clock()
    with visit.work() as work:
        found = list_keys(work.connection, text=q.strip(), working=state != "all", now=now, start=start, limit=ROWS + 1)
    return visit.page(
        "keys.html", page=Page.of(found, start), chosen={"q": q, "state": state}, state_of=lambda key: _state(key, now)
    )


def _state(key: Key, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "active"


@router.get("/new")
def new(visit: Admin) -> Response:
    """Show the form of a new key."""
    return _form(visit, {}, [])


def _form(visit: Visitor, typed: Row, areas: list[str], error: AllywiseError | None = None) -> Response:
    blank = {"name": "", "role": str(Role.ANALYST), "partner": "", "reach": _ALL, "expires": ""}
    values: Row = {
        "typed": blank | typed,
        "ticked": areas,
        "areas": sorted(known_areas()),
        "roles": named(Role),
        "reaches": [(word, gettext(label)) for word, label in REACH.items()],
        "today": visit.services.clock().date(),
    }
    return visit.page("key_new.html", **values) if error is None else visit.refused("key_new.html", error, **values)


@router.post("/new")
def create(visit: Admin, form: Sent) -> Response:
    """Make a key; its secret is shown once."""
    ticked = [str(area) for area in form.getlist("area")]
    typed = {name: text_of(form, name) for name in ("name", "role", "partner", "reach", "expires")}
    try:
        if typed["role"] not in list(Role):
            raise InvalidInput(f"choose one of {', '.join(Role)}", field="role")
        role = Role(typed["role"])
        with visit.work(read_only=False) as work:
            made = create_key(
                work,
                typed["name"],
                role,
                areas=known_areas(),
                partner=(typed["partner"] or None) if role is Role.PARTNER else None,
                scopes=_scopes(typed["reach"], ticked),
                expires_at=_end(typed["expires"]),
            )
    except AllywiseError as error:
        return _form(visit, typed, ticked, error)
    return _key(visit, made.key.prefix, made=made)


def _scopes(reach: str, areas: list[str]) -> list[str]:
    if reach not in REACH:
        raise InvalidInput(f"choose one of {', '.join(REACH)}", field="reach")
    if reach in (_AREAS, _AREAS_READ) and not areas:
        raise InvalidInput("tick at least one area, or let the key reach all", field="reach")
    ending = f":{READ}" if reach == _AREAS_READ else ""
    return {_ALL: [], READ: [READ]}.get(reach, [f"{area}{ending}" for area in areas])


def _end(text: str) -> datetime | None:
    """Return when the last day of a key is over."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("write the day as 2027-03-31", field="expires") from None
    return datetime.combine(min(day, date.max - timedelta(days=1)) + timedelta(days=1), time(), UTC)


@router.get("/{prefix}")
def key(visit: Admin, prefix: Prefix) -> Response:
    """Show a key: what it may, when it was used."""
    return _key(visit, prefix)


def _key(visit: Visitor, prefix: str, error: AllywiseError | None = None, made: NewKey | None = None) -> Response:
    now = visit.services.clock()
    with visit.work() as work:
        found = work.keys.get(prefix)
        partner = None if found.partner_id is None else work.repository("partners").get(found.partner_id)
    values: Row = {
        "key": found,
        "state": _state(found, now),
        "partner": partner,
        "secret": None if made is None else made.secret,
        "graces": [(hours, gettext("%(n)s hours") % {"n": hours}) for hours in GRACE_HOURS],
        "now": now,
    }
    return visit.page("key.html", **values) if error is None else visit.refused("key.html", error, **values)


@router.post("/{prefix}/rotate")
def rotate(visit: Admin, prefix: Prefix, grace: Annotated[str, Form(max_length=10)] = "24") -> Response:
    """Give a key a new secret, shown once; the one until now works for the grace."""
    try:
        if grace not in map(str, GRACE_HOURS):
            raise InvalidInput(f"choose one of {', '.join(map(str, GRACE_HOURS))} hours", field="grace")
        with visit.work(read_only=False) as work:
            made = rotate_key(work, prefix, float(grace))
    except NotFound:
        raise
    except AllywiseError as error:
        return _key(visit, prefix, error)
    return _key(visit, prefix, made=made)


@router.post("/{prefix}/revoke")
def revoke(visit: Admin, prefix: Prefix) -> Response:
    """Revoke a key for good."""
    with visit.work(read_only=False) as work:
        revoke_key(work, prefix)
    return visit.go(f"/keys/{prefix}", "done")
