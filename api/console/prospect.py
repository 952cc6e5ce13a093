"""One prospect: chance and why, look-alikes, qualification, its way through the pipeline, notes; edited and scored."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, Response

from api import recruiting
from api.console.company_form import custom_fields, differing, kind_choices, shown_of, told_changes, typed_in
from api.console.forms import Sent
from api.console.prospects import Reader, Writer, may_write, names_of_lists
from api.console.rendering import prospect_page
from api.console.shell import Visitor
from api.console.terms import term
from api.routes.resources import row_key
from api.schemas_scores import Factor, FitScore
from domain.errors import AllywiseError, StaleVersion
from domain.resources import RESOURCES
from domain.terms import ModelName, NoteKind, PartnerStatus, Role
from programme import records, recruitment
from programme.pipeline import GATED, TRANSITIONS
from store.shortlists import became, points_of
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

Key = Annotated[str, Path(max_length=2000)]
Text = Annotated[str, Form(max_length=20_000)]
Row = dict[str, Any]

NOTE_KINDS = tuple(str(kind) for kind in NoteKind if kind is not NoteKind.MESSAGE)
_OVERRIDERS = (Role.ADMIN, Role.MANAGER)
_NOTES = 20


@router.get("/prospects/{key:path}/edit")
def edit(visit: Writer, key: Key) -> Response:
    """Show the profile as a form, to be scored or saved with other values."""
    with visit.work() as work:
        row = _row(work, key)
        custom = custom_fields(work, row)
    return _form(visit, row, shown_of(row, custom), custom)


@router.get("/prospects/{key:path}")
def prospect(visit: Reader, key: Key) -> Response:
    """Show all that is known of a company that we might recruit."""
    return _prospect(visit, key)


@router.post("/prospects/{key:path}/status")
def move(visit: Writer, key: Key, status: Text = "", reason: Text = "", override: Text = "") -> Response:
    """Bring a prospect to another stage; a refusal says what is missing."""
    try:
        with visit.work(read_only=False) as work:
            row = _row(work, key)
            recruitment.move_partner(work, row["id"], status, reason.strip() or None, override=bool(override))
    except AllywiseError as error:
        return _prospect(visit, key, error, status=status, reason=reason)
    return visit.go(prospect_page(row["external_id"]), "moved")


@router.post("/prospects/{key:path}/notes")
def add_note(visit: Writer, key: Key, body: Text = "", kind: Text = "note") -> Response:
    """Write a note on a prospect, for staff only."""
    try:
        with visit.work(read_only=False) as work:
            row = _row(work, key)
            kept = {"partner": row["external_id"], "kind": kind if kind in NOTE_KINDS else "note", "body": body.strip()}
            records.create(work, "notes", kept)
    except AllywiseError as error:
        return _prospect(visit, key, error, body=body, kind=kind)
    return visit.go(prospect_page(row["external_id"]), "saved")


@router.post("/prospects/{key:path}/edit")
def edited(visit: Writer, key: Key, form: Sent) -> Response:
    """Score the profile with what was typed, which keeps nothing, or save it."""
    with visit.work() as work:
        row = _row(work, key)
        custom = custom_fields(work, row)
    typed = typed_in(form, custom)
    try:
        changes = differing(row, typed, custom)
        if form.get("do") == "save":
            return _save(visit, row, changes, str(form.get("version", "")))
        return _form(visit, row, typed, custom, answer=_compared(visit, row, changes))
    except AllywiseError as error:
        return _form(visit, row, typed, custom, error)


def _save(visit: Visitor, row: Row, changes: Row, version: str) -> Response:
    wanted = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None
    with visit.work(read_only=False) as work:
        if changes:
            records.change(work, "partners", row["id"], changes, wanted)
    return visit.go(prospect_page(row["external_id"]), "saved")


def _compared(visit: Visitor, row: Row, changes: Row) -> Row:
    """Return both scores, as the row is and as it would be, with what moved."""
    flat = {name: value for name, value in changes.items() if name != "attributes"} | changes.get("attributes", {})
    after = recruiting.edited_score(visit.services, row, changes) if flat else None
    before = recruiting.edited_score(visit.services, row, {})
    moved = moved_factors(before, after) if after else []
    return {"before": before, "after": after, "moved": moved, "changes": told_changes(row, changes)}


def moved_factors(before: FitScore, after: FitScore, most: int = 8) -> list[Row]:
    """Return by how much each factor's part differs, the largest difference first."""
    was, now = ({factor.name: factor for factor in score.factors} for score in (before, after))
    rows = [_difference(was.get(name), now.get(name)) for name in {**now, **was}]
    return sorted((row for row in rows if abs(row["contribution"]) > 0.005), key=lambda row: -abs(row["contribution"]))[
        :most
    ]


def _difference(was: Factor | None, now: Factor | None) -> Row:
    parts = [0.0 if factor is None else factor.contribution for factor in (was, now)]
    told = now or was
    return {"contribution": parts[1] - parts[0], "sentence": told.sentence if told else ""}


def _form(
    visit: Visitor,
    row: Row,
    typed: Row,
    custom: dict[str, str],
    error: AllywiseError | None = None,
    answer: Row | None = None,
) -> Response:
    shown = shown_of(row, custom) | typed
    values: Row = {"row": row, "typed": shown, "custom": custom, "answer": answer, "kinds": kind_choices()}
    if isinstance(error, StaleVersion):
        return visit.page("prospect_edit.html", 412, **values | {"problem": error.message})
    return (
        visit.page("prospect_edit.html", **values)
        if error is None
        else visit.refused("prospect_edit.html", error, **values)
    )


def _prospect(visit: Visitor, key: str, error: AllywiseError | None = None, **typed: str) -> Response:
    horizon = visit.services.settings.fit_horizon_days
    with visit.work() as work:
        row = _row(work, key)
        known = recruitment.dossier(work, row["id"], horizon)
        points = points_of(work.connection, row["id"], ModelName.FIT, horizon)
        entries = work.repository("shortlist_entries").list({"partner": row["external_id"]}, limit=200).rows
        lists = names_of_lists(work)
    score = recruiting.scores_of(visit.services, [row]).get(row["external_id"])
    values: Row = {
        "row": row,
        "known": known,
        "notes": known.notes[:_NOTES],
        "score": score,
        "alike": _alike(visit, score),
        "points": points,
        "entries": entries,
        "lists": [name for name in lists if name not in {entry["shortlist"] for entry in entries}],
        "next_steps": _steps(row),
        "told_steps": ", ".join(term(step) for step in _steps(row)),
        "gated": (row["status"], PartnerStatus.ACTIVE) == GATED and known.unmet,
        "note_kinds": NOTE_KINDS,
        "horizon": horizon,
        "typed": {"status": "", "reason": "", "body": "", "kind": "note"} | typed,
        "may_write": may_write(visit),
        "may_override": visit.actor.role in _OVERRIDERS,
    }
    return visit.page("prospect.html", **values) if error is None else visit.refused("prospect.html", error, **values)


def _alike(visit: Visitor, score: FitScore | None) -> Sequence[Any]:
    if score is None or not score.similar:
        return ()
    with visit.work() as work:
        return became(work.connection, work.actor, score.similar)


def _steps(row: Row) -> tuple[str, ...]:
    return tuple(str(step) for step in TRANSITIONS[PartnerStatus(row["status"])]) if row["status"] else ()


def _row(work: UnitOfWork, key: str) -> Row:
    return work.repository("partners").get(row_key(key, RESOURCES["partners"]))
