"""What the pages of the portal share: whose rows they show, and who of a partner's people uses which."""

from typing import Annotated, Any

from api.console.shell import Visitor, visitor
from domain.access import partner_may_use
from domain.errors import NotAllowed
from domain.terms import Role
from store.unit_of_work import UnitOfWork

Partner = Annotated[Visitor, visitor(Role.PARTNER)]
Row = dict[str, Any]


def own_partner(work: UnitOfWork) -> Row:
    """Return the partner on whose behalf the page is made."""
    return work.repository("partners").get(work.actor.partner_id or 0)


def may(visit: Visitor, area: str) -> bool:
    """Say whether who looks uses an area of the service."""
    return partner_may_use(visit.actor.partner_role, area)


def check_area(visit: Visitor, area: str) -> None:
    """Refuse those of a partner's people who do not use an area.

    Raises
    ------
    NotAllowed
        If its people are not for this.
    """
    if not may(visit, area):
        raise NotAllowed(f"partner role {visit.actor.partner_role} does not use {area}; ask your company's admin")


def link_of(row: Row) -> str | None:
    """Return where a row is to be read on the web, if it says so; only addresses of the web.

    Examples
    --------
    >>> link_of({"website": "https://acme.example/x"}), link_of({"attributes": {"url": "javascript:alert(1)"}})
    ('https://acme.example/x', None)
    """
    more = row.get("attributes") or {}
    named = (row.get("website"), *(more.get(name) for name in ("website", "url", "link")))
    return next((one for one in named if isinstance(one, str) and one.startswith(("https://", "http://"))), None)
