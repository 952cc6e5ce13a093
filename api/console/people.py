"""People who sign in, of the vendor and of partners: invited, given another role, shut out, signed out."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Path
from fastapi.responses import HTMLResponse, Response

from api.console.lists import ROWS, Chosen, Page, Start
from api.console.shell import Visitor, visitor
from api.console.terms import named
from domain.access import portfolio_of
from domain.context import Actor
from domain.errors import AllywiseError, InvalidInput, NotFound
from domain.terms import PartnerRole, Role, UserStatus
from programme import people
from programme.people import Invitation
from store.accounts import WantedAccounts, accounts, open_sessions
from store.unit_of_work import UnitOfWork
from store.users import User

router = APIRouter(prefix="/people", default_response_class=HTMLResponse)

Admin = Annotated[Visitor, visitor()]
UserId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Word = Annotated[str, Form(max_length=1000)]
Row = dict[str, Any]
_SHOWN = 10


@router.get("")
def listed(
    visit: Admin, q: Chosen = "", role: Chosen = "", status: Chosen = "", partner: Chosen = "", start: Start = 0
) -> Response:
    """List people, those of the staff first; filters live in the address."""
    chosen = {"q": q, "role": role, "status": status, "partner": partner}
    wanted = WantedAccounts(q.strip(), role, status, partner.strip())
    with visit.work() as work:
        found = accounts(work.connection, wanted, start, ROWS + 1, **_seen(visit))
        work.journal.read("users", [f"id:{one.id}" for one in found[:ROWS]])
    return visit.page(
        "people.html",
        page=Page.of(found, start),
        chosen=chosen,
        roles=named(Role),
        statuses=named(UserStatus),
    )


def _seen(visit: Visitor) -> Row:
    return {"now": visit.services.clock(), "idle": timedelta(minutes=visit.services.settings.session_idle_minutes)}


def _typed(name: Word = "", email: Word = "", role: Word = "", partner: Word = "", partner_role: Word = "") -> Row:
    typed = {"name": name, "email": email, "role": role, "partner": partner, "partner_role": partner_role}
    return {key: value.strip() for key, value in typed.items()}


Typed = Annotated[dict[str, str], Depends(_typed)]


@router.get("/new")
def new(visit: Admin, partner: Chosen = "") -> Response:
    """Show the form of an invitation."""
    typed = {"role": str(Role.PARTNER if partner else Role.MANAGER), "partner": partner}
    return _form(visit, typed)


def _form(visit: Visitor, typed: Row, error: AllywiseError | None = None) -> Response:
    blank = {"name": "", "email": "", "role": "", "partner": "", "partner_role": str(PartnerRole.SELLER)}
    values: Row = {"typed": blank | typed, "roles": named(Role), "partner_roles": named(PartnerRole)}
    template = "person_new.html"
    return visit.page(template, **values) if error is None else visit.refused(template, error, **values)


@router.post("/new")
def invite(visit: Admin, typed: Typed) -> Response:
    """Invite a person; the link is shown once, to be passed on."""
    try:
        values = _checked(typed)
        with visit.work(read_only=False) as work:
            made = people.invite_user(work, visit.services.settings, typed["email"], typed["name"], **values)
    except AllywiseError as error:
        return _form(visit, typed, error)
    return _person(visit, made.user.id, invitation=made)


def _checked(typed: Row) -> Row:
    """Return role, partner and role there; what a form keeps of a partner counts for role partner only."""
    if typed["role"] not in list(Role):
        raise InvalidInput(f"choose one of {', '.join(Role)}", field="role")
    role = Role(typed["role"])
    if role is not Role.PARTNER:
        return {"role": role, "partner": None, "partner_role": None}
    if typed["partner_role"] not in list(PartnerRole):
        raise InvalidInput(f"choose one of {', '.join(PartnerRole)}", field="partner_role")
    return {"role": role, "partner": typed["partner"] or None, "partner_role": PartnerRole(typed["partner_role"])}


@router.get("/{id}")
def person(visit: Admin, id: UserId) -> Response:
    """Show a person: role, access, where signed in."""
    return _person(visit, id)


def _person(
    visit: Visitor,
    id_: int,
    error: AllywiseError | None = None,
    typed: Row | None = None,
    invitation: Invitation | None = None,
) -> Response:
    with visit.work() as work:
        user = people.get_user(work, id_)
        values: Row = {
            "user": user,
            "sessions": open_sessions(work.connection, id_, **_seen(visit)),
            "manages": _managed(work, user),
        }
        work.journal.read("users", [f"id:{user.id}"])
    now = {name: str(getattr(user, name) or "") for name in ("name", "email", "role", "partner", "partner_role")}
    values |= {
        "typed": now | (typed or {}),
        "roles": named(Role),
        "partner_roles": named(PartnerRole),
        "is_me": user.id == visit.actor.user_id,
        "only_own": visit.services.settings.managers_see_portfolio_only,
        "invitation": invitation,
        "link": "" if invitation is None else _link(visit, invitation),
    }
    return visit.page("person.html", **values) if error is None else visit.refused("person.html", error, **values)


def _managed(work: UnitOfWork, user: User) -> list[Row]:
    """Return the first partners whose account manager this person is: a manager's portfolio."""
    if user.role not in (Role.MANAGER, Role.RECRUITER):
        return []
    names = portfolio_of(Actor(user.email, user.role, user_id=user.id, full_name=user.name, email=user.email))
    wanted = {"account_manager": sorted(names)}
    return work.repository("partners").list(wanted, sort="name", limit=_SHOWN + 1).rows


def _link(visit: Visitor, invitation: Invitation) -> str:
    base = visit.services.settings.public_url or str(visit.request.base_url).rstrip("/")
    return f"{base}/invitation?token={quote(invitation.token)}"


@router.post("/{id}")
def change(visit: Admin, id: UserId, typed: Typed) -> Response:
    """Change name, e-mail address, role or partner."""
    own = {"name": typed["name"], "email": typed["email"]}
    return _done(visit, id, lambda work: people.change_user(work, id, own | _checked(typed)), "kept", typed)


@router.post("/{id}/access")
def set_access(visit: Admin, id: UserId, status: Word = "") -> Response:
    """End a person's access, or give it back."""
    wanted = UserStatus.ACTIVE if status == UserStatus.ACTIVE else UserStatus.DEACTIVATED
    return _done(visit, id, lambda work: people.change_user(work, id, {"status": wanted}), "kept")


@router.post("/{id}/sessions")
def sign_out(visit: Admin, id: UserId) -> Response:
    """Sign a person out everywhere."""
    return _done(visit, id, lambda work: people.end_sessions(work, id), "done")


@router.post("/{id}/invitation")
def invite_again(visit: Admin, id: UserId) -> Response:
    """Make a new link for a lost invitation or a forgotten password."""
    try:
        with visit.work(read_only=False) as work:
            made = people.renew_invitation(work, visit.services.settings, id)
    except NotFound:
        raise
    except AllywiseError as error:
        return _person(visit, id, error)
    return _person(visit, id, invitation=made)


def _done(visit: Visitor, id_: int, act: Callable[[UnitOfWork], Any], told: str, typed: Row | None = None) -> Response:
    try:
        with visit.work(read_only=False) as work:
            act(work)
    except NotFound:
        raise
    except AllywiseError as error:
        return _person(visit, id_, error, typed)
    return visit.go(f"/people/{id_}", told)
