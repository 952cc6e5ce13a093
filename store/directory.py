"""The public directory's rows: listings that are wanted, published and of active partners, and what orders them."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, case, exists, func, or_, select

from domain.terms import DealOutcome, PartnerStatus
from store.references import contains
from store.tables import RESOURCE_TABLES

_listings, _partners, _deals, _feedback, _certifications, _products = (
    RESOURCE_TABLES[name] for name in ("listings", "partners", "deals", "feedback", "certifications", "products")
)
_SCALES = {"nps": (0, 10), "csat": (1, 5)}


class Sought(NamedTuple):
    """What is looked for; empty: anything.

    Parameters
    ----------
    name : str
        Part of the partner's name.
    country, place : str
        Code of the country; part of its region or city.
    kind, language : str
        Word of the partner's kind; a language of the listing or the partner.
    product, certification : str
        External id of a product that the listing names; a course of which a certificate is valid.
    """

    name: str = ""
    country: str = ""
    place: str = ""
    kind: str = ""
    language: str = ""
    product: str = ""
    certification: str = ""


class Listed(NamedTuple):
    """A partner as the directory shows it."""

    partner_id: int
    partner: str
    name: str
    kind: str | None
    city: str | None
    region: str | None
    country: str | None
    headline: str | None
    description: str | None
    website: str | None
    phone: str | None
    email: str | None
    languages: Sequence[str]
    products: Sequence[str]


class Results(NamedTuple):
    """What orders a partner: deals won and closed, mean satisfaction from 0 to 1 of so many answers, certificates."""

    won: int
    closed: int
    satisfaction: float
    answers: int
    certificates: int


def listed_ids(connection: Connection, sought: Sought, today: date) -> list[int]:
    """Return our ids of the listed partners that are looked for, by name."""
    query = _listed(select(_partners.c.id)).where(*_conditions(connection, sought, today))
    return [int(id_) for id_ in connection.execute(query.order_by(_partners.c.name, _partners.c.id)).scalars()]


def listed_rows(connection: Connection, ids: Sequence[int]) -> list[Listed]:
    """Return listed partners in the order of `ids`."""
    own = [_partners.c[name] for name in ("name", "kind", "city", "region", "country")]
    said = [_listings.c[name] for name in ("headline", "description", "website", "phone", "email")]
    lists = [_listings.c.languages, _listings.c.products]
    query = _listed(select(_partners.c.id, _partners.c.external_id, *own, *said, *lists)).where(_partners.c.id.in_(ids))
    found = {row[0]: Listed._make([*row[:12], row[12] or (), row[13] or ()]) for row in connection.execute(query)}
    return [found[id_] for id_ in ids if id_ in found]


def valid_courses(connection: Connection, ids: Sequence[int], today: date) -> dict[int, list[str]]:
    """Return the courses of which partners hold valid certificates, by partner."""
    query = select(_certifications.c.partner_id, _certifications.c.course).distinct()
    query = query.where(_certifications.c.partner_id.in_(ids), *_valid(today)).order_by(_certifications.c.course)
    found: dict[int, list[str]] = {}
    for partner, course in connection.execute(query):
        found.setdefault(partner, []).append(course)
    return found


def directory_choices(connection: Connection, today: date) -> dict[str, list[Any]]:
    """Return what filters offer: of each only what some listed partner has."""
    ids = _listed(select(_partners.c.id)).scalar_subquery()
    found: dict[str, list[Any]] = {}
    for name in ("country", "kind"):
        column = _partners.c[name]
        query = _listed(select(column)).where(column.is_not(None)).distinct().order_by(column).limit(300)
        found[name] = [str(word) for word in connection.execute(query).scalars()]
    courses = select(_certifications.c.course).where(_certifications.c.partner_id.in_(ids), *_valid(today))
    found["certification"] = list(connection.execute(courses.distinct().order_by("course").limit(300)).scalars())
    said = list(connection.execute(_listed(select(_listings.c.languages, _listings.c.products))))
    found["language"] = sorted({word for row in said for word in row[0] or ()})
    keys = sorted({key for row in said for key in row[1] or ()})
    names = select(_products.c.external_id, _products.c.name).where(_products.c.external_id.in_(keys))
    found["product"] = [tuple(row) for row in connection.execute(names.order_by(_products.c.name))]
    return found


def results_of_listed(connection: Connection, since: datetime, until: datetime) -> dict[int, Results]:
    """Return by what the listed partners are ordered: deals and answers of a period, certificates valid at its end."""
    ids = _listed(select(_partners.c.id)).scalar_subquery()
    closed = _deals.c.closed_at.between(since, until)
    won = func.sum(case((_deals.c.outcome == DealOutcome.WON, 1), else_=0))
    deals = select(_deals.c.partner_id, won, func.count()).where(_deals.c.partner_id.in_(ids), closed)
    deals = deals.where(_deals.c.outcome.in_((str(DealOutcome.WON), str(DealOutcome.LOST))))
    sold = {row[0]: (int(row[1]), int(row[2])) for row in connection.execute(deals.group_by(_deals.c.partner_id))}
    liked = _satisfaction(connection, ids, since, until)
    held = select(_certifications.c.partner_id, func.count(_certifications.c.course.distinct()))
    held = held.where(_certifications.c.partner_id.in_(ids), *_valid(until.date()))
    certified = {row[0]: int(row[1]) for row in connection.execute(held.group_by(_certifications.c.partner_id))}
    everyone = [int(id_) for id_ in connection.execute(_listed(select(_partners.c.id))).scalars()]
    return {id_: Results(*sold.get(id_, (0, 0)), *liked.get(id_, (0.0, 0)), certified.get(id_, 0)) for id_ in everyone}


def _satisfaction(connection: Connection, ids: Any, since: datetime, until: datetime) -> dict[int, tuple[float, int]]:
    found: dict[int, tuple[float, int]] = {}
    for kind, (low, high) in _SCALES.items():
        query = select(_feedback.c.partner_id, func.avg(_feedback.c.score), func.count()).where(
            _feedback.c.partner_id.in_(ids),
            func.lower(_feedback.c.kind) == kind,
            _feedback.c.score.between(low, high),
            _feedback.c.submitted_at.between(since, until),
        )
        for id_, mean, n in connection.execute(query.group_by(_feedback.c.partner_id)):
            before, answers = found.get(id_, (0.0, 0))
            share = (float(Decimal(str(mean))) - low) / (high - low)
            found[id_] = ((before * answers + share * n) / (answers + n), answers + int(n))
    return found


def _listed(query: Select[Any]) -> Select[Any]:
    joined = query.select_from(_listings.join(_partners, _partners.c.id == _listings.c.partner_id))
    return joined.where(
        _listings.c.wanted.is_(True), _listings.c.published.is_(True), _partners.c.status == PartnerStatus.ACTIVE
    )


def _valid(today: date) -> tuple[ColumnElement[bool], ...]:
    return (
        _certifications.c.passed_on <= today,
        or_(_certifications.c.expires_on.is_(None), _certifications.c.expires_on >= today),
    )


def _conditions(connection: Connection, sought: Sought, today: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if sought.name:
        found.append(_partners.c.name.icontains(sought.name, autoescape=True))
    if sought.country:
        found.append(_partners.c.country == sought.country)
    if sought.place:
        parts = [_partners.c[name].icontains(sought.place, autoescape=True) for name in ("region", "city")]
        found.append(or_(*parts, _partners.c.country == sought.place.upper()))
    if sought.kind:
        found.append(_partners.c.kind == sought.kind)
    if sought.language:
        found.append(contains(connection, _listings.c.languages, sought.language))
    if sought.product:
        found.append(contains(connection, _listings.c.products, sought.product))
    if sought.certification:
        course = (_certifications.c.partner_id == _partners.c.id, _certifications.c.course == sought.certification)
        found.append(exists().where(*course, *_valid(today)))
    return found
