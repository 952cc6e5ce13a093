"""The portal's library: what is recommended and why, and all content and offers with search."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, Response

from api import answers
from api.console.lists import ROWS, Chosen, Page, Start
from api.console.portal_own import Partner, Row, check_area, link_of, own_partner
from api.console.shell import Visitor
from api.console.words import gettext
from domain.errors import AllywiseError, CannotAnswer
from store.library import Wanted, find_items, item_words
from store.unit_of_work import UnitOfWork

router = APIRouter(prefix="/portal/library", default_response_class=HTMLResponse)

_RECOMMENDED = 12
_BLANK: Row = {"valid_to": None, "language": None}
"""What content or offers have, not both."""
_RESOURCES = {"asset": "assets", "offer": "offers"}
Kind = Literal["asset", "offer"]
GivenKind = Annotated[Kind, Form()]
Word = Annotated[str, Form(max_length=500)]
ItemId = Annotated[int, Path(ge=1, lt=2**63)]


@router.get("")
def library(visit: Partner) -> Response:
    """Show what is recommended, with why."""
    return _library(visit)


def _library(visit: Visitor, error: AllywiseError | None = None) -> Response:
    check_area(visit, "recommendations")
    with visit.work() as work:
        partner = own_partner(work)
        found = _recommended(visit, partner["external_id"])
        rows = {kind: _by_key(work, kind, [one.item for one in found if one.kind == kind]) for kind in _RESOURCES}
    values: Row = {
        "rows": [{"told": one, "row": rows[one.kind][one.item]} for one in found if one.item in rows[one.kind]],
        "parts": parts_of(),
    }
    template = "portal_library.html"
    return visit.page(template, **values) if error is None else visit.refused(template, error, **values)


def parts_of() -> list[tuple[str, str]]:
    """Return the pages of the library: paths and names."""
    return [
        ("/portal/library", gettext("For you")),
        ("/portal/library/content", gettext("Content")),
        ("/portal/library/offers", gettext("Offers")),
    ]


def _recommended(visit: Visitor, partner: str) -> list[Any]:
    try:
        return list(answers.recommendations(visit.services, partner, None, _RECOMMENDED, None).items)
    except CannotAnswer:
        return []


def _by_key(work: UnitOfWork, kind: str, keys: list[str]) -> dict[str, Row]:
    rows = work.repository(_RESOURCES[kind]).list({"external_id": keys}, limit=1000).rows
    return {row["external_id"]: _BLANK | row for row in rows}


@router.get("/content")
def content(visit: Partner, q: Chosen = "", kind: Chosen = "", language: Chosen = "", start: Start = 0) -> Response:
    """Search content."""
    return _found(visit, "asset", {"q": q, "kind": kind, "language": language}, start)


@router.get("/offers")
def offers(visit: Partner, q: Chosen = "", kind: Chosen = "", start: Start = 0) -> Response:
    """Search offers."""
    return _found(visit, "offer", {"q": q, "kind": kind, "language": ""}, start)


def _found(visit: Visitor, kind: Kind, chosen: dict[str, str], start: int) -> Response:
    resource = _RESOURCES[kind]
    check_area(visit, resource)
    now = visit.services.clock()
    with visit.work() as work:
        wanted = Wanted(chosen["q"].strip(), chosen["kind"], chosen["language"], own_partner(work)["country"])
        ids = find_items(work.connection, resource, wanted, now, start=start, limit=ROWS + 1)
        rows = {row["id"]: _BLANK | row for row in work.repository(resource).list({"id": ids}, limit=1000).rows}
        kinds = item_words(work.connection, resource, "kind", now)
        languages = item_words(work.connection, resource, "language", now) if kind == "asset" else []
    values: Row = {
        "kind": kind,
        "page": Page.of([rows[id_] for id_ in ids if id_ in rows], start),
        "kinds": kinds,
        "item_languages": languages,
        "chosen": chosen,
        "parts": parts_of(),
    }
    return visit.page("portal_items.html", **values)


@router.get("/{kind}/{id}")
def item(visit: Partner, kind: Kind, id: ItemId) -> Response:
    """Show content or an offer."""
    check_area(visit, _RESOURCES[kind])
    with visit.work() as work:
        row = work.repository(_RESOURCES[kind]).get(id)
        keys = list(row["products"])
        products = work.repository("products").list({"external_id": keys}, limit=1000).rows
    names = [product["name"] for product in products]
    return visit.page("portal_item.html", kind=kind, row=row, link=link_of(row), products=names)


@router.post("/open")
def open_item(visit: Partner, kind: GivenKind, item: Word = "") -> Response:
    """Note that a recommendation was opened, and show it."""
    check_area(visit, "recommendations")
    try:
        id_ = _note(visit, kind, item, "opened")
    except AllywiseError as error:
        return _library(visit, error)
    return visit.go(f"/portal/library/{kind}/{id_}")


@router.post("/dismiss")
def dismiss(visit: Partner, kind: GivenKind, item: Word = "") -> Response:
    """Note that a recommendation is not wanted; it is not shown again."""
    check_area(visit, "recommendations")
    try:
        _note(visit, kind, item, "dismissed")
    except AllywiseError as error:
        return _library(visit, error)
    return visit.go("/portal/library", "dismissed")


def _note(visit: Visitor, kind: Kind, item: str, action: str) -> int:
    """Keep what the partner did with a recommendation, and return the item's id."""
    with visit.work(read_only=False) as work:
        row = work.repository(_RESOURCES[kind]).get(item)
        partner = own_partner(work)["id"]
        work.recommendation_feedback.add(partner, kind, row["external_id"], action, visit.services.clock())
    return int(row["id"])
