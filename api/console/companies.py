"""A company that is not in the store: its score, and adding it as a prospect."""

import uuid
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from api import answers
from api.console.company_form import custom_fields, kind_choices, shown_of, typed_in, values_of
from api.console.forms import Sent
from api.console.prospects import Writer
from api.console.rendering import prospect_page
from api.console.shell import Visitor
from api.schemas_scores import FitScore
from domain.errors import AllywiseError
from domain.terms import PartnerStatus
from programme import records
from store.rankings import program_choices

router = APIRouter(default_response_class=HTMLResponse)

Row = dict[str, Any]


@router.get("/companies/new-score")
def new(visit: Writer) -> Response:
    """Show an empty profile."""
    return _form(visit, {})


@router.post("/companies/new-score")
def score(visit: Writer, form: Sent) -> Response:
    """Score a company, which keeps nothing, or add it to the prospects."""
    with visit.work() as work:
        custom = custom_fields(work)
    typed = typed_in(form, custom) | {name: str(form.get(name, "")).strip() for name in ("external_id", "program")}
    try:
        values = values_of(typed, custom)
        if form.get("do") == "add":
            return _add(visit, typed, values)
        return _form(visit, typed, answer=answers.fit_company_score(visit.services, _given(values), None))
    except AllywiseError as error:
        return _form(visit, typed, error)


def _add(visit: Visitor, typed: Mapping[str, str], values: Row) -> Response:
    own = {"external_id": typed["external_id"] or uuid.uuid4().hex[:12], "status": str(PartnerStatus.PROSPECT)}
    with visit.work(read_only=False) as work:
        row = records.create(work, "partners", _given(values) | own | {"program": typed["program"] or None})
    return visit.go(prospect_page(row["external_id"]), "company_added")


def _given(values: Row) -> Row:
    """Return what is known of a company."""
    kept = {name: value for name, value in values.items() if name != "attributes" and value not in (None, [])}
    attributes = {name: value for name, value in values["attributes"].items() if value is not None}
    return kept | ({"attributes": attributes} if attributes else {})


def _form(
    visit: Visitor, typed: Mapping[str, str], error: AllywiseError | None = None, answer: FitScore | None = None
) -> Response:
    with visit.work() as work:
        custom = custom_fields(work)
        programs = program_choices(work.connection)
    values: Row = {
        "typed": shown_of({}, custom) | {"external_id": "", "program": ""} | dict(typed),
        "custom": custom,
        "answer": answer,
        "programs": programs,
        "kinds": kind_choices(),
    }
    return visit.page("new_score.html", **values) if error is None else visit.refused("new_score.html", error, **values)
