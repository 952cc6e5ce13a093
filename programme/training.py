"""Training: how enrolments end, what a partner holds and lacks and what that would unlock, warnings of expiry."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from domain.errors import Conflict, InvalidInput
from programme import cursors, records
from programme.certificates import Holding, holdings
from programme.rows import every_row, today
from programme.rule import Row
from programme.training_rules import last_day
from store import certificates as queries
from store.notices import note_once
from store.unit_of_work import UnitOfWork

EXPIRING = "certification.expiring"
_PAGE = 1000


@dataclass(frozen=True)
class Unlock:
    """A product or tier that a course opens, and what it takes besides.

    Parameters
    ----------
    key, name : str
        External id and name.
    also_missing : tuple of str
        Further courses that are missing for it; none: this one alone opens it.
    """

    key: str
    name: str
    also_missing: tuple[str, ...]


@dataclass(frozen=True)
class MissingCourse:
    """A course that products or tiers require and the partner does not hold.

    Parameters
    ----------
    course : str
        As they name it.
    expired_on : date or None
        When it ran out; None: it was never passed.
    enrolled : bool
        Whether somebody of the partner is learning it.
    products, tiers : tuple of Unlock
        What it would open.
    """

    course: str
    expired_on: date | None
    enrolled: bool
    products: tuple[Unlock, ...]
    tiers: tuple[Unlock, ...]


@dataclass(frozen=True)
class Person:
    """A contact of the partner with the courses it passed that are still valid."""

    contact: str
    name: str
    courses: tuple[str, ...]


@dataclass(frozen=True)
class PartnerTraining:
    """How a partner stands with its courses on a day; the last day of a certificate counts."""

    partner: str
    on: date
    held: tuple[Holding, ...]
    expiring: tuple[Holding, ...]
    expired: tuple[Holding, ...]
    missing: tuple[MissingCourse, ...]
    persons: tuple[Person, ...]
    enrolments: tuple[Row, ...]


@dataclass(frozen=True)
class ExpiringCertificate:
    """A certificate that runs out, which nobody has renewed."""

    partner: str
    partner_name: str
    course: str
    passed_on: date
    expires_on: date
    days_left: int
    contact: str | None


@dataclass(frozen=True)
class CourseCoverage:
    """Active partners of a programme (None: without one) and how many of them hold a course.

    Parameters
    ----------
    program : str or None
        External id.
    course : str
        As certificates name it.
    partners, held, expiring, enrolled : int
        Active partners; those with a valid certificate; whose runs out within the days asked; who are learning.
    share : float
        ``held / partners``.
    """

    program: str | None
    course: str
    partners: int
    held: int
    expiring: int
    enrolled: int
    share: float


def complete_enrolment(
    work: UnitOfWork, key: int | str, *, passed: bool, score: float | None = None, passed_on: date | None = None
) -> Row:
    """End an enrolment and return it; who passed has the certificate now.

    Raises
    ------
    NotFound
        If there is none that the actor may see.
    Conflict
        If it ended before.
    InvalidInput
        If `passed_on` lies in the future.
    """
    enrolment = work.repository("enrolments").get(key)
    if enrolment["completed_at"] is not None:
        raise Conflict(f"The enrolment ended on {enrolment['completed_at'].date()}; enrol again to repeat the course.")
    now = work.clock()
    on = passed_on or now.date()
    if on > now.date():
        raise InvalidInput(f"passed_on ({on}) lies in the future", field="passed_on", value=str(on))
    completed = now if on == now.date() else datetime.combine(on, time(), UTC)
    return records.change(
        work, "enrolments", enrolment["id"], {"completed_at": completed, "passed": passed, "score": score}
    )


def partner_training(work: UnitOfWork, key: int | str, within_days: int = 60) -> PartnerTraining:
    """Return what a partner holds, what runs out, what it lacks and what that would open.

    Raises
    ------
    NotFound
        If there is no such partner that the actor may see.
    """
    partner = work.repository("partners").get(key)
    own, on = {"partner": partner["external_id"]}, today(work)
    certificates = every_row(work, "certifications", **own)
    stands = holdings(certificates, on)
    held = [one for one in stands.values() if one.valid]
    learning = every_row(work, "enrolments", completed_at=None, **own)
    return PartnerTraining(
        partner=partner["external_id"],
        on=on,
        held=tuple(held),
        expiring=tuple(one for one in held if one.days_left is not None and one.days_left <= within_days),
        expired=tuple(one for one in stands.values() if not one.valid),
        missing=_missing(work, partner, stands, learning),
        persons=_persons(work, partner, certificates, on),
        enrolments=tuple(learning),
    )


def list_expiring(
    work: UnitOfWork, within_days: int, cursor: str | None = None, limit: int = 50
) -> tuple[tuple[ExpiringCertificate, ...], str | None]:
    """Return certificates that run out within some days, the soonest first, and the cursor of the next page.

    Raises
    ------
    BadCursor
        If the cursor is not of this list.
    """
    on = today(work)
    after = None
    if cursor is not None:
        number, id_ = cursors.decode(EXPIRING, within_days, cursor, (int, int))
        after = (date.fromordinal(min(max(number, 1), date.max.toordinal())), id_)
    until = on + timedelta(days=within_days)
    found = queries.expiring(work.connection, work.actor, on, until, after=after, limit=limit + 1)
    items = tuple(_expiring(row, on) for row in found[:limit])
    if len(found) <= limit:
        return items, None
    last = found[limit - 1]
    return items, cursors.encode(EXPIRING, within_days, [last.expires_on.toordinal(), last.id])


def tell_expiring(work: UnitOfWork, thresholds: Iterable[int]) -> int:
    """Announce certificates that run out, once per certificate and threshold in days; return how many.

    Of several thresholds that are past, the smallest is told. Nobody is told of what was renewed.
    """
    steps, on, told = sorted({days for days in thresholds if days >= 0}), today(work), 0
    after: tuple[date, int] | None = None
    while steps:
        until = on + timedelta(days=steps[-1])
        found = queries.expiring(work.connection, work.actor, on, until, after=after, limit=_PAGE)
        for row in found:
            told += _tell(work, row, (row.expires_on - on).days, steps)
        if len(found) < _PAGE:
            break
        after = (found[-1].expires_on, found[-1].id)
    return told


def coverage(work: UnitOfWork, program: str | None = None, within_days: int = 60) -> tuple[CourseCoverage, ...]:
    """Return for each programme and course how many active partners hold it.

    Courses are those of the catalogue, those held, and those that products and tiers require.
    """
    on = today(work)
    of = (work.connection, work.actor)
    partners = queries.active_partners(*of)
    held = _counts(queries.holders(*of, on))
    soon = _counts(queries.holders(*of, on, until=on + timedelta(days=within_days)))
    enrolled = _counts(queries.learners(*of))
    names = {row["name"] for row in every_row(work, "courses")} | {course for _, course in held}
    for resource in ("products", "tiers"):
        names |= {course for row in every_row(work, resource) for course in row["required_certifications"]}
    programs = [name for name in partners if program is None or name == program]
    return tuple(
        CourseCoverage(
            name,
            course,
            partners[name],
            held.get((name, course), 0),
            soon.get((name, course), 0),
            enrolled.get((name, course), 0),
            held.get((name, course), 0) / partners[name],
        )
        for name in sorted(programs, key=lambda name: (name is None, name or ""))
        for course in sorted(names)
    )


def _expiring(row: queries.ExpiringRow, on: date) -> ExpiringCertificate:
    left = (row.expires_on - on).days
    named = (row.partner, row.partner_name, row.course)
    return ExpiringCertificate(*named, row.passed_on, row.expires_on, left, row.contact)


def _tell(work: UnitOfWork, row: queries.ExpiringRow, left: int, steps: Sequence[int]) -> int:
    threshold = next(days for days in steps if left <= days)
    if not note_once(work.connection, EXPIRING, f"{row.id}/{row.expires_on}/{threshold}", work.clock()):
        return 0
    told: dict[str, Any] = {name: getattr(row, name) for name in ("partner", "course", "passed_on", "expires_on")}
    told |= {"id": row.id, "days_left": left, "threshold_days": threshold}
    work.journal.announce(EXPIRING, told, row.partner_id)
    return 1


def _counts(rows: Iterable[queries.CourseCount]) -> dict[tuple[str | None, str], int]:
    return {(row.program, row.course): row.partners for row in rows}


def _missing(
    work: UnitOfWork, partner: Row, stands: Mapping[str, Holding], learning: Iterable[Row]
) -> tuple[MissingCourse, ...]:
    tiers = every_row(work, "tiers", sort="position", program=partner["program"]) if partner["program"] else []
    products = _unlocks(every_row(work, "products"), stands)
    levels = _unlocks(tiers, stands)
    names = {row["external_id"]: row["name"] for row in every_row(work, "courses")}
    learned = {name for row in learning for name in (row["course"], names.get(row["course"]))}
    return tuple(
        MissingCourse(
            course=course,
            expired_on=stands[course].expires_on if course in stands else None,
            enrolled=course in learned,
            products=tuple(products.get(course, ())),
            tiers=tuple(levels.get(course, ())),
        )
        for course in sorted({*products, *levels})
    )


def _unlocks(rows: Iterable[Row], stands: Mapping[str, Holding]) -> dict[str, list[Unlock]]:
    """Return by missing course the rows that require it."""
    found: dict[str, list[Unlock]] = {}
    for row in rows:
        required = dict.fromkeys(row["required_certifications"])
        lacking = [course for course in required if course not in stands or not stands[course].valid]
        for course in lacking:
            also = tuple(other for other in lacking if other != course)
            found.setdefault(course, []).append(Unlock(row["external_id"], row["name"], also))
    return found


def _persons(work: UnitOfWork, partner: Row, certificates: Iterable[Row], on: date) -> tuple[Person, ...]:
    by_person: dict[str, list[Row]] = {}
    for row in [*certificates, *_passed_enrolments(work, partner)]:
        if row["contact"] is not None:
            by_person.setdefault(row["contact"], []).append(row)
    people = every_row(work, "contacts", partner=partner["external_id"])
    work.journal.read("contacts", [row["external_id"] for row in people])
    return tuple(
        Person(row["external_id"], row["name"], _valid(by_person.get(row["external_id"], ()), on)) for row in people
    )


def _valid(rows: Iterable[Row], on: date) -> tuple[str, ...]:
    return tuple(course for course, holding in holdings(rows, on).items() if holding.valid)


def _passed_enrolments(work: UnitOfWork, partner: Row) -> list[Row]:
    """Return passed enrolments as certificates: of several persons on one day only one has the company's."""
    passed = every_row(work, "enrolments", partner=partner["external_id"], passed=True)
    courses = {row["external_id"]: row for row in every_row(work, "courses")} if passed else {}
    return [
        {
            "course": courses[row["course"]]["name"],
            "contact": row["contact"],
            "passed_on": row["completed_at"].date(),
            "expires_on": last_day(row["completed_at"].date(), courses[row["course"]]["validity_days"]),
        }
        for row in passed
        if row["completed_at"] is not None
    ]
