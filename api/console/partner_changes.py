"""What people change of a partner: its fields, its status, absences, notes."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, Response

from api.console.forms import Sent, text_of
from api.console.lists import ROWS
from api.console.partner_page import EDIT, Key, Reader, Writer, done, partner_of, show
from api.console.partner_reading import note_reading
from api.console.shell import Visitor
from api.console.words import gettext, mark
from domain.columns import ColumnType
from domain.errors import AllywiseError, InvalidInput, StaleVersion
from domain.resources import RESOURCES
from domain.terms import NoteKind, PartnerKind, PartnerStatus, Role
from programme import records
from programme.pipeline import GATED, TRANSITIONS, unmet
from programme.recruitment import move_partner
from programme.rows import every_row
from programme.rule import Row
from store.partner_list import partner_choices
from store.unit_of_work import UnitOfWork
from store.values import parse_cell

router = APIRouter(default_response_class=HTMLResponse)

FIELDS: Mapping[str, str] = {
    "name": mark("Name"),
    "account_manager": mark("Account manager"),
    "program": mark("Programme"),
    "tier": mark("Tier"),
    "kind": mark("Kind"),
    "country": mark("Country"),
    "region": mark("Region"),
    "city": mark("City"),
    "website": mark("Website"),
    "employees": mark("Employees"),
    "max_open_leads": mark("Open leads at most"),
    "territories": mark("Territories"),
    "industries": mark("Industries"),
    "languages": mark("Languages"),
    "description": mark("Description"),
}
"""Columns that the form changes, with their labels, in its order."""

_PARTNERS = RESOURCES["partners"]
_FORMS = dict.fromkeys(("status", "reason", "override", "since", "until", "away_reason"), "")
Text = Annotated[str, Form(max_length=100_000)]
Word = Annotated[str, Form(max_length=2000)]


@router.get("/partners/{key:path}/edit")
def edit(visit: Writer, key: Key) -> Response:
    """Show the forms of a partner's fields, status and absences."""
    return _edit(visit, key)


def _edit(visit: Visitor, key: str, error: AllywiseError | None = None, **typed: str) -> Response:
    with visit.work() as work:
        partner = partner_of(work, key)
        status = PartnerStatus(partner["status"]) if partner["status"] else None
        values: dict[str, Any] = {
            "fields": FIELDS,
            "now": {name: _text(partner[name]) for name in FIELDS},
            "choices": partner_choices(work.connection, visit.actor),
            "kinds": list(PartnerKind),
            "following": TRANSITIONS[status] if status else (),
            "gate": unmet(work, partner) if status is GATED[0] else {},
            "may_override": visit.actor.role in (Role.ADMIN, Role.MANAGER),
            "instant": work.clock(),
            "absences": every_row(work, "absences", sort="-since", partner=partner["external_id"]),
        }
    # What another changed meanwhile is told beside each field; sending again is then a choice.
    stale = isinstance(error, StaleVersion)
    shown = {**_FORMS, "version": str(partner["row_version"]), **values["now"]} | typed
    values |= {"typed": shown | ({"version": str(partner["row_version"])} if stale else {}), "stale": stale}
    return show(visit, "partner_edit.html", partner, EDIT, error, **values)


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(str(one) for one in value)
    return "" if value is None else str(value)


@router.post("/partners/{key:path}/edit")
def change(visit: Writer, key: Key, form: Sent) -> Response:
    """Change what was typed differently; who changed the partner meanwhile is not overwritten unseen."""
    typed = {name: str(form.get(name) or "").replace("\r\n", "\n").strip() for name in (*FIELDS, "version")}

    def act(work: UnitOfWork, partner: Row) -> None:
        version = text_of(form, "version")
        if not (version.isascii() and version.isdigit()):
            raise InvalidInput(gettext("Open the form again: it does not say which version it changes."))
        given = {name: _value(name, typed[name]) for name in FIELDS if typed[name] != _text(partner[name])}
        records.change(work, "partners", partner["id"], given, int(version[:18]))

    def again(error: AllywiseError) -> Response:
        return _edit(visit, key, _told_stale(error), **typed)

    return done(visit, key, "", act, again)


def _told_stale(error: AllywiseError) -> AllywiseError:
    if not isinstance(error, StaleVersion):
        return error
    told = gettext(
        "Somebody changed this partner meanwhile. Look at what stands there now, and save again if yours holds."
    )
    return StaleVersion(told)


def _value(name: str, text: str) -> Any:
    column = _PARTNERS.column(name)
    if column.type is ColumnType.LIST:
        return [part.strip() for part in text.split(";" if ";" in text else ",") if part.strip()]
    return parse_cell(column, text) if text else None


@router.post("/partners/{key:path}/status")
def move(visit: Writer, key: Key, status: Word = "", reason: Word = "", override: Word = "") -> Response:
    """Bring a partner to another status, with a reason; what it still lacks is named."""

    def act(work: UnitOfWork, partner: Row) -> None:
        if status not in set(PartnerStatus):
            raise InvalidInput(gettext("Choose the next status."), field="status")
        move_partner(work, partner["id"], status, reason.strip() or None, override=bool(override))

    typed = {"status": status, "reason": reason, "override": override}
    return done(visit, key, "", act, lambda error: _edit(visit, key, error, **typed))


@router.post("/partners/{key:path}/absence")
def absent(visit: Writer, key: Key, since: Word = "", until: Word = "", away_reason: Word = "") -> Response:
    """Note days on which a partner takes no leads; the last day counts."""

    def act(work: UnitOfWork, partner: Row) -> None:
        first, last = _day("since", since), _day("until", until)
        if first is None:
            raise InvalidInput(gettext("Name the first day."), field="since")
        end = None if last is None else last + timedelta(days=1)
        values = {"since": _midnight(first), "until": end and _midnight(end), "reason": away_reason.strip() or None}
        records.create(work, "absences", {"partner": partner["external_id"], **values})

    typed = {"since": since, "until": until, "away_reason": away_reason}
    return done(visit, key, "", act, lambda error: _edit(visit, key, error, **typed))


@router.post("/partners/{key:path}/absence-off")
def call_off(visit: Writer, key: Key, absence: Word = "") -> Response:
    """Call off an absence that has not begun."""

    def act(work: UnitOfWork, partner: Row) -> None:
        rows = every_row(work, "absences", partner=partner["external_id"])
        found = next((row for row in rows if str(row["id"]) == absence), None)
        if found is None or found["since"] <= work.clock():
            raise InvalidInput(gettext("Only an absence that lies ahead can be called off."), field="absence")
        records.remove(work, "absences", found["id"])

    return done(visit, key, "", act, lambda error: _edit(visit, key, error))


def _day(name: str, text: str) -> date | None:
    try:
        found = date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError as error:
        raise InvalidInput(gettext("A day is written like 2026-11-05."), field=name) from error
    if found is not None and found.year >= date.max.year:
        raise InvalidInput(gettext("The day lies too far ahead."), field=name)
    return found


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time(), UTC)


@router.get("/partners/{key:path}/notes")
def notes(visit: Reader, key: Key, cursor: Annotated[str, Query(max_length=2000)] = "") -> Response:
    """Show notes and messages, the newest first, and the form of another one."""
    return _notes(visit, key, cursor)


def _notes(visit: Visitor, key: str, cursor: str = "", error: AllywiseError | None = None, **typed: str) -> Response:
    with visit.work() as work:
        partner = partner_of(work, key)
        own = {"partner": partner["external_id"]}
        page = work.repository("notes").list(own, sort="-written_at", cursor=cursor or None, limit=ROWS)
        note_reading(work, "notes", page.rows)
    return show(
        visit,
        "partner_notes.html",
        partner,
        "notes",
        error,
        rows=page.rows,
        following=page.next_cursor,
        cursor=cursor,
        kinds=list(NoteKind),
        typed={"kind": "note", "body": "", "shared": ""} | typed,
    )


@router.post("/partners/{key:path}/notes")
def write(visit: Writer, key: Key, kind: Word = "", body: Text = "", shared: Word = "") -> Response:
    """Write a note, or a message that the partner is told of."""

    def act(work: UnitOfWork, partner: Row) -> None:
        if not body.strip():
            raise InvalidInput(gettext("Write something first."), field="body")
        values = {"partner": partner["external_id"], "kind": kind or None, "body": body.strip()}
        records.create(work, "notes", values | ({"shared": True} if shared else {}))

    typed = {"kind": kind, "body": body, "shared": shared}
    return done(visit, key, "notes", act, lambda error: _notes(visit, key, "", error, **typed))
