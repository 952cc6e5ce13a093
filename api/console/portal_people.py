"""The people of a partner who sign in: seen and invited by its admins."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, Response

from api.console.lists import ROWS
from api.console.portal_own import Partner, Row, check_area
from api.console.shell import Visitor
from domain.errors import AllywiseError, InvalidInput, NotFound
from domain.terms import PartnerRole, Role, UserStatus
from programme import people
from programme.people import Invitation

router = APIRouter(default_response_class=HTMLResponse)

UserId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Word = Annotated[str, Form(max_length=1000)]
_HOME = "/portal/company/people"
_MOST = ROWS * 4


@router.get(_HOME)
def list_people(visit: Partner) -> Response:
    """List the own people."""
    return _people(visit)


def _people(
    visit: Visitor, error: AllywiseError | None = None, invitation: Invitation | None = None, **typed: str
) -> Response:
    check_area(visit, "users")
    with visit.work() as work:
        found = people.list_users(work, limit=_MOST)
        work.journal.read("users", [f"id:{user.id}" for user in found])
    values: Row = {
        "people": found,
        "roles": [str(role) for role in PartnerRole],
        "invitation": invitation,
        "link": "" if invitation is None else _link(visit, invitation),
        "typed": {"name": "", "email": "", "partner_role": str(PartnerRole.SELLER)} | typed,
    }
    template = "portal_people.html"
    return visit.page(template, **values) if error is None else visit.refused(template, error, **values)


def _link(visit: Visitor, invitation: Invitation) -> str:
    base = visit.services.settings.public_url or str(visit.request.base_url).rstrip("/")
    return f"{base}/invitation?token={quote(invitation.token)}"


@router.post(_HOME)
def invite(visit: Partner, name: Word = "", email: Word = "", partner_role: Word = "") -> Response:
    """Invite a person; the link is shown once, to be passed on."""
    check_area(visit, "users")
    try:
        with visit.work(read_only=False) as work:
            made = people.invite_user(
                work, visit.services.settings, email, name, Role.PARTNER, partner_role=_role(partner_role)
            )
    except NotFound:
        raise
    except AllywiseError as error:
        return _people(visit, error, name=name, email=email, partner_role=partner_role)
    return _people(visit, invitation=made)


def _role(word: str) -> PartnerRole:
    if word not in list(PartnerRole):
        raise InvalidInput(f"choose one of {', '.join(PartnerRole)}", field="partner_role")
    return PartnerRole(word)


@router.post(f"{_HOME}/{{id}}/invitation")
def invite_again(visit: Partner, id: UserId) -> Response:
    """Make a new link for a lost invitation or a forgotten password."""
    check_area(visit, "users")
    try:
        with visit.work(read_only=False) as work:
            made = people.renew_invitation(work, visit.services.settings, id)
    except NotFound:
        raise
    except AllywiseError as error:
        return _people(visit, error)
    return _people(visit, invitation=made)


@router.post(f"{_HOME}/{{id}}/role")
def change_role(visit: Partner, id: UserId, partner_role: Word = "") -> Response:
    """Give a person another role within the company."""
    check_area(visit, "users")
    try:
        with visit.work(read_only=False) as work:
            people.change_user(work, id, {"partner_role": _role(partner_role)})
    except NotFound:
        raise
    except AllywiseError as error:
        return _people(visit, error)
    return visit.go(_HOME, "kept")


@router.post(f"{_HOME}/{{id}}/access")
def set_access(visit: Partner, id: UserId, status: Word = "") -> Response:
    """End a person's access, or give it back."""
    check_area(visit, "users")
    try:
        with visit.work(read_only=False) as work:
            wanted = UserStatus.ACTIVE if status == UserStatus.ACTIVE else UserStatus.DEACTIVATED
            people.change_user(work, id, {"status": wanted})
    except NotFound:
        raise
    except AllywiseError as error:
        return _people(visit, error)
    return visit.go(_HOME, "kept")
