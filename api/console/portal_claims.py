"""Register a deal: what others claim is told as one types, then submitted; appealed, given up, asked for more time."""

import re
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

from babel import Locale
from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import HTMLResponse, Response

from api.console.portal_deals import amount_of, plain, show_deal
from api.console.portal_own import Partner, Row, check_area
from api.console.shell import Visitor
from api.schemas_claims import ClaimFinding, finding_for
from domain.errors import AllywiseError, Conflict, InvalidInput, NotFound, TooManyRequests
from domain.language import spoken
from domain.terms import NoteKind
from programme import records, registrations
from programme.check_limits import count_check
from programme.progress import EXPECTED_CLOSE
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

DealId = Annotated[int, Path(ge=1, lt=2**63)]
OurId = Annotated[int | None, Query(ge=1, lt=2**63)]
Word = Annotated[str, Form(max_length=500)]
Text = Annotated[str, Form(max_length=4000)]

_CUSTOMER = ("company", "domain", "country", "address", "product", "lead")
_FIELDS = (*_CUSTOMER, "amount", "currency", "close_on", "description", "key")
_MOST_PRODUCTS = 500
_KEY = re.compile(r"[0-9a-f]{32}")


@router.get("/portal/deals/new")
def new(visit: Partner, lead: OurId = None, again: OurId = None) -> Response:
    """Show the form of a registration, filled in from a lead in hand or from a deal that has ended."""
    check_area(visit, "registrations")
    with visit.work() as work:
        known = _of_offer(work, lead) if lead else _of_deal(work, again) if again else {}
    return _form(visit, known | {"key": uuid.uuid4().hex})


def _of_offer(work: UnitOfWork, offer: int) -> dict[str, str]:
    row = work.repository("assignments").get(offer)
    lead = work.repository("leads").get(row["lead"])
    told = {name: lead[name] for name in ("company", "domain", "country", "product", "currency")}
    return _texts(told | {"lead": lead["external_id"], "amount": lead["estimated_amount"]})


def _of_deal(work: UnitOfWork, deal: int) -> dict[str, str]:
    row = work.repository("deals").get(deal)
    names = ("company", "domain", "country", "product", "currency", "amount", "lead", "description")
    return _texts({name: row[name] for name in names})


def _texts(values: Row) -> dict[str, str]:
    told = {name: plain(value) if isinstance(value, Decimal) else value for name, value in values.items()}
    return {name: str(value) for name, value in told.items() if value is not None}


def _form(
    visit: Visitor,
    typed: dict[str, str],
    error: AllywiseError | None = None,
    findings: list[ClaimFinding] | None = None,
    status: int = 200,
) -> HTMLResponse:
    with visit.work() as work:
        products = work.repository("products").list(sort="name", limit=_MOST_PRODUCTS).rows
    values: Row = {
        "typed": {name: typed.get(name, "") for name in _FIELDS},
        "products": [(row["external_id"], row["name"] or row["external_id"]) for row in products],
        "countries": countries(),
        "findings": findings,
        "known": any(typed.get(name) for name in ("company", "domain")),
    }
    template = "portal_claim.html"
    return visit.page(template, status, **values) if error is None else visit.refused(template, error, **values)


def countries() -> list[tuple[str, str]]:
    """Return codes and names of countries in the reader's language, by name."""
    named = Locale.parse(spoken().code).territories
    found = [(code, name) for code, name in named.items() if re.fullmatch("[A-Z]{2}", code) and code not in _NO_COUNTRY]
    return sorted(found, key=lambda one: one[1])


_NO_COUNTRY = {"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB"}


@router.post("/portal/deals/check")
def check(
    visit: Partner,
    company: Word = "",
    domain: Word = "",
    country: Word = "",
    address: Word = "",
    product: Word = "",
    lead: Word = "",
) -> Response:
    """Return what others claim on a customer, in words, as a part of the page: asked for as one types."""
    check_area(visit, "registrations")
    given = dict(zip(_CUSTOMER, (company, domain, country, address, product, lead), strict=True))
    values: Row = {"findings": None, "refused": None}
    if any(text.strip() for text in (company, domain)):
        try:
            values["findings"] = _checked(visit, given)
        except (InvalidInput, TooManyRequests) as error:  # a half-typed value, or enough for now: said in its place
            values["refused"] = error.message
    return visit.page("portal_check.html", **values)


def _checked(visit: Visitor, typed: dict[str, str]) -> list[ClaimFinding]:
    """Count the check and return the other claims on a customer, as the partner may know them."""
    count_check(visit.services.unit_of_work, visit.services.settings, visit.actor)
    with visit.work(read_only=False) as work:  # comparing claims brings their keys up to date
        found = registrations.check_before(work, _customer(typed))
        return [finding_for(one, work.actor.role) for one in found]


def _customer(typed: dict[str, str]) -> dict[str, str | None]:
    return {name: typed.get(name, "").strip() or None for name in _CUSTOMER}


@router.post("/portal/deals/new")
def submit(  # noqa: PLR0913, PLR0917  # one for each field of the form
    visit: Partner,
    company: Word = "",
    domain: Word = "",
    country: Word = "",
    address: Word = "",
    product: Word = "",
    lead: Word = "",
    amount: Word = "",
    currency: Word = "",
    close_on: Word = "",
    description: Text = "",
    key: Word = "",
    only_check: Word = "",
) -> Response:
    """Register the deal, or only check it where no script does that as one types."""
    check_area(visit, "registrations")
    told = (company, domain, country, address, product, lead, amount, currency, close_on, description, key)
    typed = dict(zip(_FIELDS, told, strict=True))
    try:
        if only_check:
            return _form(visit, typed, findings=_checked(visit, typed))
        deal = _submitted(visit, typed)
    except TooManyRequests as error:
        answer = _form(visit, typed, error, status=429)
        answer.headers["Retry-After"] = str(error.details["retry_after"])
        answer.status_code = 429
        return answer
    except AllywiseError as error:
        return _form(visit, typed, error)
    return visit.go(f"/portal/deals/{deal['id']}", "registered")


def _submitted(visit: Visitor, typed: dict[str, str]) -> Row:
    """Register what was typed; sent twice, it is one deal."""
    values: Row = dict(_customer(typed))
    values |= {"amount": amount_of(typed["amount"]), "description": typed["description"].strip() or None}
    values["currency"] = typed["currency"].strip().upper() or None
    if typed["close_on"].strip():
        values["attributes"] = {EXPECTED_CLOSE: typed["close_on"].strip()}
    key = typed["key"] if _KEY.fullmatch(typed["key"]) else uuid.uuid4().hex
    try:
        with visit.work(read_only=False) as work:
            return registrations.submit_registration(work, values | {"external_id": key})
    except Conflict:
        with visit.work() as work:
            try:
                return work.repository("deals").get(key)
            except NotFound:
                pass
        raise


@router.post("/portal/deals/{id}/appeal")
def appeal(visit: Partner, id: DealId, appeal: Text = "") -> Response:
    """Ask that a rejection be looked at again."""

    def act(work: UnitOfWork) -> None:
        if not appeal.strip():
            raise InvalidInput("say why it should be approved", field="appeal")
        registrations.appeal(work, id, appeal.strip())

    return _acted(visit, id, act, "appealed", appeal=appeal)


@router.post("/portal/deals/{id}/withdraw")
def withdraw(visit: Partner, id: DealId) -> Response:
    """Give a customer up."""
    return _acted(visit, id, lambda work: registrations.withdraw(work, id), "done")


@router.post("/portal/deals/{id}/more-time")
def more_time(visit: Partner, id: DealId, why: Text = "") -> Response:
    """Ask the partner team, by a message, to protect a registration for longer: it decides on that."""

    def act(work: UnitOfWork) -> None:
        if not why.strip():
            raise InvalidInput("say why, and for how long", field="why")
        row = work.repository("deals").get(id)
        named = {"partner": row["partner"], "deal": row["external_id"], "kind": str(NoteKind.MESSAGE)}
        records.create(work, "notes", named | {"body": f"Please protect this registration for longer. {why.strip()}"})

    return _acted(visit, id, act, "asked", why=why)


def _acted(visit: Visitor, id: int, act: Callable[[UnitOfWork], Any], told: str, **typed: str) -> Response:
    check_area(visit, "registrations")
    try:
        with visit.work(read_only=False) as work:
            act(work)
    except AllywiseError as error:
        return show_deal(visit, id, error, **typed)
    return visit.go(f"/portal/deals/{id}", told)
