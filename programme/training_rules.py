"""What must hold of courses, enrolments and certificates, and what follows from a passed course."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from domain.errors import Conflict, InvalidInput, NotAllowed
from domain.resources import RESOURCES
from domain.terms import Role
from programme.onboarding import tick_off_courses
from programme.rows import every_row, named
from programme.rule import Row, Rule
from store.ledger import lock_row
from store.unit_of_work import UnitOfWork
from store.values import parse

_MOST_DAYS = 36_500
_AHEAD = timedelta(minutes=5)
"""How far a caller's clock may be ahead of ours."""

_RESULTS = ("completed_at", "passed", "score")


class CourseRule(Rule):
    """Courses whose certificates last at least a day, and that are called what others call them."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Refuse validity of no day or of more than a hundred years, and another name of a course in use."""
        days = _given("courses", values, "validity_days")
        if days is not None and not 1 <= days <= _MOST_DAYS:
            raise InvalidInput(
                f"validity_days lies between 1 and {_MOST_DAYS}; empty: for good", field="validity_days", value=days
            )
        if before is not None and _given("courses", values, "name") not in (None, before["name"]):
            _refuse_renaming(work, before["name"])
        return values


class EnrolmentRule(Rule):
    """One open place per person and course; results come from the staff; passing gives the certificate."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Begin now unless said; refuse double places, foreign persons, and results that a partner gives itself."""
        if work.actor.role is Role.PARTNER and any(values.get(name) is not None for name in _RESULTS):
            raise NotAllowed("How a course ended is said by the programme's staff.")
        if before is None and not values.get("enrolled_at"):
            values = {**values, "enrolled_at": work.clock()}
        if values.get("passed") is not None and not {**(before or {}), **values}.get("completed_at"):
            values = {**values, "completed_at": work.clock()}
        completed = _given("enrolments", values, "completed_at")
        if completed is not None and completed > work.clock() + _AHEAD:
            raise InvalidInput("completed_at lies in the future", field="completed_at")
        wanted = {**(before or {}), **values}
        check_contact(work, wanted.get("partner"), wanted.get("contact"))
        if not wanted.get("completed_at"):
            _refuse_double(work, before, wanted)
        return values

    def written(self, work: UnitOfWork, before: Row | None, after: Row) -> None:
        """Write the certificate of a course that is now passed."""
        if _passed(after) and not (before is not None and _passed(before)):
            certify(work, after)

    def removing(self, work: UnitOfWork, before: Row) -> None:
        """Keep what was completed from a partner's hands."""
        if work.actor.role is Role.PARTNER and before["completed_at"] is not None:
            raise NotAllowed("A course that was completed stays in the record.")


class CertificationRule(Rule):
    """Certificates of the partner's own people, that expire after they were passed."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Refuse periods that end before they begin, and foreign persons."""
        if work.actor.role is Role.PARTNER:
            raise NotAllowed("Certificates are given by the programme's staff, or by passing a course.")
        passed, expires = ({**(before or {}), **_dates(values)}.get(name) for name in ("passed_on", "expires_on"))
        if passed is not None and expires is not None and expires < passed:
            raise InvalidInput(
                f"expires_on ({expires}) lies before passed_on ({passed}); it must not",
                field="expires_on",
                value=str(expires),
            )
        partner = before["partner"] if before else values.get("partner")
        check_contact(work, partner, values.get("contact"))
        return values


def certify(work: UnitOfWork, enrolment: Row) -> Row:
    """Write the certificate of a passed enrolment and return it; one of the same course and day is kept as it is."""
    course = work.repository("courses").get(enrolment["course"])
    passed_on = enrolment["completed_at"].date()
    rows = work.repository("certifications")
    found = rows.find((enrolment["partner"], course["name"], passed_on))
    if found is None:
        found = rows.create(
            {
                "partner": enrolment["partner"],
                "course": course["name"],
                "passed_on": passed_on,
                "expires_on": last_day(passed_on, course["validity_days"]),
                "contact": enrolment["contact"],
            }
        )
    tick_off_courses(work, enrolment["partner"])
    return found


def last_day(passed_on: date, validity_days: int | None) -> date | None:
    """Return the day a certificate expires on, which still counts; None: it does not.

    Examples
    --------
    >>> last_day(date(2024, 6, 1), 30)
    datetime.date(2024, 7, 1)
    """
    if validity_days is None:
        return None
    days = min(max(validity_days, 0), _MOST_DAYS, (date.max - passed_on).days)
    return passed_on + timedelta(days=days)


def check_contact(work: UnitOfWork, partner: Any, contact: Any) -> None:
    """Refuse a person of another partner.

    Raises
    ------
    InvalidInput
        If the contact belongs to another partner.
    """
    found = named(work, "contacts", contact)
    if found is not None and found["partner"] != partner:
        raise InvalidInput(f"contact {contact!r} does not belong to {partner!r}", field="contact", value=contact)


def _refuse_renaming(work: UnitOfWork, name: str) -> None:
    uses = {"certifications": "course", "products": "required_certifications", "tiers": "required_certifications"}
    used_by = [
        resource for resource, column in uses.items() if work.repository(resource).list({column: name}, limit=1).rows
    ]
    if used_by:
        raise Conflict(
            f"{', '.join(used_by)} know the course as {name!r}; leave its name, or make another course.",
            used_by=used_by,
        )


def _refuse_double(work: UnitOfWork, before: Row | None, wanted: Mapping[str, Any]) -> None:
    if not isinstance(wanted.get("partner"), str) or not isinstance(wanted.get("course"), str):
        return  # the columns say what is wrong with them
    partner = named(work, "partners", wanted["partner"])
    if partner is not None:
        lock_row(work.connection, "partners", partner["id"])  # two at once would not see each other
    same = {"partner": wanted["partner"], "course": wanted["course"], "contact": wanted.get("contact") or None}
    for row in every_row(work, "enrolments", completed_at=None, **same):
        if before is None or row["id"] != before["id"]:
            raise Conflict(
                f"There is an open enrolment in {wanted['course']!r} already: {row['external_id']!r}; complete it, "
                "or name another contact.",
                enrolment=row["external_id"],
            )


def _passed(row: Row) -> bool:
    return bool(row["passed"]) and row["completed_at"] is not None


def _dates(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _given("certifications", values, name) for name in ("passed_on", "expires_on") if name in values}


def _given(resource: str, values: Mapping[str, Any], name: str) -> Any:
    """Return what the column would hold; errors as of `parse`."""
    return parse(RESOURCES[resource], {name: values[name]})[name] if name in values else None
