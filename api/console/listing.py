"""Listings of the public directory: the partner writes its own, the staff publishes."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Query
from fastapi.responses import HTMLResponse, Response

from api.console.lists import Chosen
from api.console.portal_own import Partner, Row, check_area, own_partner
from api.console.shell import Visitor, visitor
from domain.errors import AllywiseError
from domain.terms import Role
from programme.listing_rules import LONGEST
from programme.listings import keep_listing, listing_of, publish
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

_SHOWN, _PRODUCTS = 50, 200
Publisher = Annotated[Visitor, visitor(Role.RECRUITER, Role.MANAGER)]
Word = Annotated[str, Form(max_length=500)]
Text = Annotated[str, Form(max_length=4000)]
Words = Annotated[list[str], Form(max_length=200)]
ListingId = Annotated[int, Path(ge=1, lt=2**63)]
STATES = ("waiting", "published", "off")


@router.get("/portal/listing")
def listing(visit: Partner) -> Response:
    """Show the partner's own listing with the form to change it."""
    return _listing(visit)


def _listing(visit: Visitor, error: AllywiseError | None = None, typed: Row | None = None) -> Response:
    check_area(visit, "listings")
    with visit.work() as work:
        partner = own_partner(work)
        row = listing_of(work, partner)
        products = work.repository("products").list(sort="name", limit=_PRODUCTS).rows
    values: Row = {
        "partner": partner,
        "row": row,
        "typed": typed or _written(row, partner),
        "products": [(one["external_id"], one["name"]) for one in products],
        "longest": LONGEST,
        "directory": visit.services.settings.directory == "on",
    }
    template = "portal_listing.html"
    return visit.page(template, **values) if error is None else visit.refused(template, error, **values)


def _written(row: Row | None, partner: Row) -> Row:
    """Return what the form begins with: the listing, or what the partner's profile says."""
    if row is not None:
        return row | {"languages": ", ".join(row["languages"])}
    blank = {"wanted": False, "headline": "", "phone": "", "email": "", "products": []}
    about = {"description": partner["description"], "website": partner["website"]}
    return blank | about | {"languages": ", ".join(partner["languages"])}


@dataclass(frozen=True)
class Told:
    """What the form says."""

    wanted: Word = ""
    headline: Text = ""
    description: Text = ""
    website: Word = ""
    phone: Word = ""
    email: Word = ""
    languages: Word = ""
    products: Words | None = None

    @property
    def values(self) -> Row:
        """As a listing is kept."""
        texts = {name: str(getattr(self, name)).strip() or None for name in LONGEST}
        spoken = [word.strip() for word in self.languages.split(",") if word.strip()]
        return {**texts, "wanted": bool(self.wanted), "languages": spoken, "products": self.products or []}


@router.post("/portal/listing")
def keep(visit: Partner, told: Annotated[Told, Depends()]) -> Response:
    """Keep the partner's own listing; what it says waits for the staff then."""
    check_area(visit, "listings")
    try:
        with visit.work(read_only=False) as work:
            keep_listing(work, own_partner(work), told.values)
    except AllywiseError as error:
        return _listing(visit, error, vars(told) | {"products": told.products or []})
    return visit.go("/portal/listing", "listed")


@router.get("/listings")
def listings(visit: Publisher, state: Chosen = "", cursor: Annotated[str, Query(max_length=2000)] = "") -> Response:
    """List listings: those that wait for publication, that stand in the directory, or that are not wanted."""
    return _listings(visit, state, cursor)


def _listings(visit: Visitor, state: str = "", cursor: str = "", error: AllywiseError | None = None) -> Response:
    chosen = state if state in STATES else STATES[0]
    with visit.work() as work:
        page = work.repository("listings").list(_filters(chosen), "-row_updated_at", cursor or None, _SHOWN)
        values: dict[str, Any] = {
            "rows": page.rows,
            "following": page.next_cursor,
            "cursor": cursor,
            "partners": _partners(work, page.rows),
            "states": STATES,
            "chosen": {"state": chosen},
            "directory": visit.services.settings.directory == "on",
            "path": "/listings",
        }
    template = "listings.html"
    return visit.page(template, **values) if error is None else visit.refused(template, error, **values)


def _filters(state: str) -> dict[str, Any]:
    if state == "published":
        return {"wanted": True, "published": True}
    return {"wanted": True, "published": [False, None]} if state == "waiting" else {"wanted": [False, None]}


def _partners(work: UnitOfWork, rows: list[Row]) -> dict[str, Row]:
    keys = [row["partner"] for row in rows]
    found = work.repository("partners").list({"external_id": keys}, limit=_SHOWN).rows if keys else []
    return {row["external_id"]: row for row in found}


@router.post("/listings/{id}/publish")
def put_in(visit: Publisher, id: ListingId) -> Response:
    """Publish a listing."""
    return _published(visit, id, published=True)


@router.post("/listings/{id}/withdraw")
def take_out(visit: Publisher, id: ListingId) -> Response:
    """Take a listing out of the directory."""
    return _published(visit, id, published=False)


def _published(visit: Visitor, id: int, *, published: bool) -> Response:
    try:
        with visit.work(read_only=False) as work:
            publish(work, id, published=published)
    except AllywiseError as error:
        return _listings(visit, error=error)
    return visit.go("/listings", "done")
