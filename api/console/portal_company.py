"""A partner's own company: what is known of it, its contacts, and when it takes no leads."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, Response

from api.console import portal_clock
from api.console.portal_own import Partner, Row, check_area, may, own_partner
from api.console.shell import Visitor
from domain.errors import AllywiseError, InvalidInput, NotFound
from domain.terms import NoteKind
from programme import records
from programme.alerts import DAILY, IMMEDIATE, OFF, choose_preferences, preferences_of
from store.alerts import Preference
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

RowId = Annotated[int, Path(ge=1, lt=2**63)]
Word = Annotated[str, Form(max_length=500)]
Text = Annotated[str, Form(max_length=4000)]
_MOST, _ABSENCES = 200, 20
_HOME = "/portal/company"
_CONTACT = ("name", "email", "phone", "role")
_CHANNELS = (OFF, IMMEDIATE, DAILY)


@router.get(_HOME)
def company(visit: Partner) -> Response:
    """Show the own company as the programme knows it, its contacts and absences."""
    return _company(visit)


def _company(visit: Visitor, error: AllywiseError | None = None, **typed: str) -> Response:
    check_area(visit, "partners")
    with visit.work() as work:
        contacts = work.repository("contacts").list(limit=_MOST).rows
        absences = work.repository("absences").list(sort="-since", limit=_ABSENCES).rows
        values: Row = {
            "partner": own_partner(work),
            "contacts": contacts,
            "absences": absences,
            "preferences": preferences_of(work),
            "now": work.clock(),
        }
        work.journal.read("contacts", [row["external_id"] for row in contacts])
    names = (*_CONTACT, "since", "until", "why", "wrong", "form")
    values |= {"typed": dict.fromkeys(names, "") | typed, "may_people": may(visit, "users"), "clock": portal_clock}
    values |= {"is_person": visit.actor.user_id is not None}
    template = "portal_company.html"
    return visit.page(template, **values) if error is None else visit.refused(template, error, **values)


def _done(visit: Visitor, area: str, act: Callable[[UnitOfWork], Any], told: str, **typed: str) -> Response:
    check_area(visit, area)
    try:
        with visit.work(read_only=False) as work:
            act(work)
    except NotFound:
        raise
    except AllywiseError as error:
        return _company(visit, error, **typed)
    return visit.go(_HOME, told)


@router.post(f"{_HOME}/correction")
def correct(visit: Partner, wrong: Text = "") -> Response:
    """Tell the partner team, by a message, what of the profile is wrong: it keeps the profile."""

    def act(work: UnitOfWork) -> None:
        if not wrong.strip():
            raise InvalidInput("say what is wrong, and what is right", field="wrong")
        named = {"partner": own_partner(work)["external_id"], "kind": str(NoteKind.MESSAGE)}
        records.create(work, "notes", named | {"body": f"Please correct our profile. {wrong.strip()}"})

    return _done(visit, "notes", act, "asked", wrong=wrong, form="profile")


@router.post(f"{_HOME}/contacts")
def add_contact(visit: Partner, name: Word = "", email: Word = "", phone: Word = "", role: Word = "") -> Response:
    """Add a contact."""
    typed = _contact(name, email, phone, role)

    def act(work: UnitOfWork) -> None:
        values = {key: text.strip() or None for key, text in typed.items()}
        records.create(work, "contacts", values | {"partner": own_partner(work)["external_id"]} | _new_id())

    return _done(visit, "contacts", act, "kept", **typed, form="contact")


def _contact(*told: str) -> dict[str, str]:
    return dict(zip(_CONTACT, told, strict=True))


def _new_id() -> dict[str, str]:
    return {"external_id": uuid.uuid4().hex}


@router.post(f"{_HOME}/contacts/{{id}}")
def change_contact(
    visit: Partner, id: RowId, name: Word = "", email: Word = "", phone: Word = "", role: Word = ""
) -> Response:
    """Change a contact."""
    values = {key: text.strip() or None for key, text in _contact(name, email, phone, role).items()}
    return _done(visit, "contacts", lambda work: records.change(work, "contacts", id, values), "kept")


@router.post(f"{_HOME}/absences")
def announce_absence(visit: Partner, since: Word = "", until: Word = "", why: Word = "") -> Response:
    """Announce days on which the company takes no leads; both days count, no last day: until further notice."""

    def act(work: UnitOfWork) -> None:
        first = _day("since", since) or work.clock().date()
        last = _day("until", until)
        begins = work.clock() if first == work.clock().date() else _midnight(first)
        values = {"since": begins, "until": None if last is None else _after(last), "reason": why.strip() or None}
        records.create(work, "absences", {**values, "partner": own_partner(work)["external_id"]})

    return _done(visit, "absences", act, "away", since=since, until=until, why=why, form="absence")


@router.post(f"{_HOME}/absences/{{id}}")
def end_absence(visit: Partner, id: RowId, until: Word = "") -> Response:
    """Give an absence another last day; none given: it ends now."""

    def act(work: UnitOfWork) -> None:
        last = _day("until", until)
        records.change(work, "absences", id, {"until": work.clock() if last is None else _after(last)})

    return _done(visit, "absences", act, "kept")


@router.post(f"{_HOME}/absences/{{id}}/call-off")
def call_off_absence(visit: Partner, id: RowId) -> Response:
    """Call off an absence that has not begun."""
    return _done(visit, "absences", lambda work: records.remove(work, "absences", id), "called_off")


def _day(name: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise InvalidInput("write the day as 2026-03-31", field=name) from None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _after(day: date) -> datetime:
    """Return the end of a day, which counts; the last day of the calendar has none of its own."""
    return _midnight(min(day, date.max - timedelta(days=1)) + timedelta(days=1))


@router.post(f"{_HOME}/alerts")
def choose_alert(visit: Partner, kind: Word = "", email: Word = OFF) -> Response:
    """Choose whether a kind of alert also comes by e-mail."""

    def act(work: UnitOfWork) -> None:
        if email not in _CHANNELS:
            raise InvalidInput("choose off, immediate or daily", field="email")
        before = {one.kind: one for one in preferences_of(work)}.get(kind, Preference(kind, True, OFF, OFF))
        choose_preferences(work, [before._replace(email=email)])

    return _done(visit, "alert-preferences", act, "kept")
