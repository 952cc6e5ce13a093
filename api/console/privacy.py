"""Data protection: everything that is kept on a partner as a file, and its erasure with a certificate."""

from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from api.console.lists import Chosen
from api.console.shell import Visitor, visitor
from domain.errors import AllywiseError, InvalidInput, NotFound
from programme.privacy import Certificate, erase_partner
from store.privacy import PrivacyRepository, settle_files

router = APIRouter(prefix="/privacy", default_response_class=HTMLResponse)

Admin = Annotated[Visitor, visitor()]
Word = Annotated[str, Form(max_length=1000)]
_SHOWN = 20


@router.get("")
def page(visit: Admin, partner: Chosen = "") -> Response:
    """Ask whom it is about; with a partner chosen, offer its data and its erasure."""
    return _page(visit, partner.replace("\0", "").strip())


def _page(
    visit: Visitor,
    partner: str,
    error: AllywiseError | None = None,
    certificate: Certificate | None = None,
    **typed: str,
) -> Response:
    with visit.work() as work:
        known = work.repository("partners").find((partner,)) if partner else None
        values: dict[str, Any] = {
            "partner": partner,
            "known": known,
            "people": work.users.list({"partner_id": known["id"]}, limit=_SHOWN) if known else (),
            "erasures": PrivacyRepository(work.connection).newest("partners", _SHOWN),
            "certificate": certificate,
            "typed": {"confirm": "", "reason": ""} | typed,
        }
    if error is not None:
        return visit.refused("privacy.html", error, **values)
    if partner and known is None and certificate is None:
        missing = NotFound(f"There is no partner {partner!r}.", field="partner")
        return visit.refused("privacy.html", missing, **values)
    return visit.page("privacy.html", **values)


@router.post("/erase")
def erase(visit: Admin, partner: Word = "", confirm: Word = "", reason: Word = "") -> Response:
    """Erase a partner whose relation has ended, once its id was typed again; the certificate is shown."""
    partner = partner.replace("\0", "").strip()
    try:
        if not partner or confirm.strip() != partner:
            raise InvalidInput("type the partner's id exactly: it cannot be undone", field="confirm")
        if not reason.strip() or "\0" in reason:
            raise InvalidInput("say why; write nothing personal in it", field="reason")
        with visit.work(read_only=False) as work:
            done = erase_partner(work, partner, reason.strip(), visit.services.settings.home)
    except AllywiseError as error:
        return _page(visit, partner, error, confirm=confirm, reason=reason)
    settle_files(visit.services.intelligence.engine)
    return _page(visit, "", certificate=done)
