"""What people think of companies beside what the model says: criteria, the list by rated score, rating one."""

import uuid
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from api.console.forms import Sent, number_of, text_of
from api.console.lists import ROWS, Chosen, given
from api.console.places import country_name
from api.console.prospects import Reader, Writer, may_write
from api.console.rendering import query
from api.console.shell import Visitor
from api.console.terms import term
from api.console.words import mark
from domain.errors import AllywiseError, InvalidInput
from domain.terms import CriterionKind, PartnerKind
from programme import records
from programme.prospects import STATUSES, list_qualification
from programme.qualification import criteria_for, qualify, stored_fit
from programme.rows import every_row
from programme.rule import Row
from store.board import manager_names
from store.rankings import program_choices
from store.ratings import Wanted
from store.shortlists import words_of
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

Cursor = Annotated[str, Query(max_length=2000)]
Key = Annotated[str, Query(max_length=2000)]
CriterionId = Annotated[int, Path(ge=1, lt=2**63)]

KINDS = {
    CriterionKind.REPUTATION: mark("reputation"),
    CriterionKind.RECORD: mark("record of sales"),
    CriterionKind.VALUES: mark("values"),
    CriterionKind.AUDIENCE: mark("audience"),
    CriterionKind.MATURITY: mark("maturity"),
    CriterionKind.COMPLEMENTARY_PRODUCTS: mark("products that go with ours"),
    CriterionKind.OTHER: mark("other"),
}
"""What a criterion looks at, in words."""
_YES_NO = {"yes": True, "no": False}
_SCALE = range(6)


@router.get("/qualification")
def qualification(  # noqa: PLR0913, PLR0917  # one for each filter
    visit: Reader,
    status: Chosen = "",
    country: Chosen = "",
    kind: Chosen = "",
    program: Chosen = "",
    account_manager: Chosen = "",
    rated: Chosen = "",
    qualified: Chosen = "",
    cursor: Cursor = "",
) -> Response:
    """List companies by their rated score, the model's chance beside it; those nobody has rated come last."""
    chosen = {"status": status, "country": country, "kind": kind, "program": program}
    chosen |= {"account_manager": account_manager, "rated": rated, "qualified": qualified}
    equal = given(country=country, kind=kind, account_manager=account_manager)
    wanted = Wanted(
        statuses=(status,) if status in STATUSES else STATUSES,
        equal={name: value for name, value in equal.items() if value is not None},
        program=program or None,
        qualified=_YES_NO.get(qualified),
        rated=_YES_NO.get(rated),
    )
    with visit.work() as work:
        page = list_qualification(work, wanted, visit.services.settings.fit_horizon_days, cursor or None, ROWS)
        choices = _choices(work)
    return visit.page(
        "qualification.html", page=page, chosen=chosen, cursor=cursor, may_write=may_write(visit), **choices
    )


def _choices(work: UnitOfWork) -> dict[str, Any]:
    countries = words_of(work.connection, work.actor, "country", STATUSES)
    return {
        "countries": sorted(((code, country_name(code)) for code in countries), key=lambda one: one[1]),
        "kinds": [(str(kind), term(kind)) for kind in PartnerKind],
        "statuses": [(status, term(status)) for status in STATUSES],
        "programs": program_choices(work.connection),
        "managers": manager_names(work.connection, work.actor, STATUSES),
        "any_criteria": bool(work.repository("criteria").list({}, limit=1).rows),
    }


@router.get("/qualification/rate")
def rate(visit: Writer, partner: Key) -> Response:
    """Ask for the visitor's own ratings of a company."""
    return _rating(visit, partner)


@router.post("/qualification/rate")
def rated(visit: Writer, form: Sent) -> Response:
    """Keep the ratings that differ from what the visitor said before."""
    partner = text_of(form, "partner")
    try:
        with visit.work(read_only=False) as work:
            row = work.repository("partners").get(partner)
            before = _own(work, partner)
            for criterion in criteria_for(work, row["program"]):
                _rate(work, partner, criterion["external_id"], form, before)
    except AllywiseError as error:
        return _rating(visit, partner, error, form)
    return visit.go(f"/qualification/rate{query({'partner': partner})}", "saved")


def _rate(work: UnitOfWork, partner: str, criterion: str, form: FormData, before: Mapping[str, Row]) -> None:
    score, comment = number_of(form, f"score:{criterion}"), text_of(form, f"comment:{criterion}") or None
    was = before.get(criterion, {})
    if score is None and comment:
        raise InvalidInput("choose a rating for what you commented on", field=f"score:{criterion}")
    if score is not None and (score, comment) != (was.get("score"), was.get("comment")):
        values = {"partner": partner, "criterion": criterion, "score": score, "comment": comment}
        records.create(work, "ratings", values)


def _own(work: UnitOfWork, partner: str) -> dict[str, Row]:
    """Return the actor's latest rating by each criterion."""
    rows = every_row(work, "ratings", "rated_at", partner=partner, rated_by=work.actor.name)
    return {row["criterion"]: row for row in rows}


def _rating(visit: Visitor, partner: str, error: AllywiseError | None = None, form: FormData | None = None) -> Response:
    horizon = visit.services.settings.fit_horizon_days
    with visit.work() as work:
        row = work.repository("partners").get(partner)
        found = qualify(work, row)
        texts = {one["external_id"]: one["description"] for one in criteria_for(work, row["program"])}
        own = _own(work, partner)
        fit = stored_fit(work, [row["id"]], horizon).get(row["id"])
        others = [one for one in every_row(work, "ratings", "-rated_at", partner=partner) if one["comment"]]
    typed = {name: (own.get(name, {}).get("score"), own.get(name, {}).get("comment") or "") for name in texts}
    if form is not None:
        typed = {name: (_typed_score(form, name), str(form.get(f"comment:{name}", ""))) for name in texts}
    values: dict[str, Any] = {
        "row": row,
        "found": found,
        "texts": texts,
        "typed": typed,
        "scale": _SCALE,
        "fit": fit,
        "comments": others[:ROWS],
        "names": {one.criterion: one.name for one in found.criteria},
    }
    name = "qualification_rate.html"
    return visit.page(name, **values) if error is None else visit.refused(name, error, **values)


def _typed_score(form: FormData, criterion: str) -> float | None:
    text = str(form.get(f"score:{criterion}", ""))
    return float(text) if text in {str(step) for step in _SCALE} else None


@router.get("/qualification/criteria")
def criteria(visit: Reader) -> Response:
    """List the criteria, with a form for another one."""
    return _criteria(visit)


@router.post("/qualification/criteria")
def add(visit: Writer, form: Sent) -> Response:
    """Add a criterion."""

    def act(work: UnitOfWork) -> object:
        return records.create(work, "criteria", {"external_id": uuid.uuid4().hex[:12]} | _values(form))

    return _changed(visit, form, act)


@router.post("/qualification/criteria/{id_}")
def change(visit: Writer, id_: CriterionId, form: Sent) -> Response:
    """Change a criterion, switch it off, or take it away."""

    def act(work: UnitOfWork) -> object:
        if form.get("do") == "remove":
            records.remove(work, "criteria", id_)
            return None
        values = {"weight": 0.0, "must_have": False} if form.get("do") == "off" else _values(form)
        return records.change(work, "criteria", id_, values)

    return _changed(visit, form, act, id_)


def _values(form: FormData) -> dict[str, Any]:
    return {
        "name": text_of(form, "name"),
        "program": text_of(form, "program") or None,
        "kind": text_of(form, "kind") or None,
        "weight": number_of(form, "weight"),
        "minimum": number_of(form, "minimum"),
        "must_have": bool(form.get("must_have")),
        "description": text_of(form, "description") or None,
    }


def _changed(visit: Visitor, form: FormData, act: Callable[[UnitOfWork], object], id_: int | None = None) -> Response:
    try:
        with visit.work(read_only=False) as work:
            act(work)
    except AllywiseError as error:
        return _criteria(visit, error, form, id_)
    return visit.go("/qualification/criteria", "saved")


def _criteria(
    visit: Visitor, error: AllywiseError | None = None, form: FormData | None = None, id_: int | None = None
) -> Response:
    empty = {"name": "", "program": "", "kind": "", "weight": "1", "minimum": "", "must_have": "", "description": ""}
    typed = {name: str(form.get(name, "")) for name in empty} if form is not None else empty
    with visit.work() as work:
        rows = sorted(every_row(work, "criteria"), key=lambda row: (row["program"] or "", -row["weight"], row["name"]))
        programs = program_choices(work.connection)
    values: dict[str, Any] = {
        "rows": rows,
        "programs": programs,
        "names": dict(programs),
        "kinds": {str(kind): text for kind, text in KINDS.items()},
        "typed": empty if id_ else typed,
        "changed": {id_: typed} if id_ and error is not None and form is not None and not form.get("do") else {},
        "open": id_,
        "may_write": may_write(visit),
    }
    name = "criteria.html"
    return visit.page(name, **values) if error is None else visit.refused(name, error, **values)
