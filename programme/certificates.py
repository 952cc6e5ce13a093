"""Which courses a partner holds: the one reading of certificates, the same as the eligibility of matching has.

A certificate is valid from the day it was passed to the end of the day it expires on; without such a day, for good.
Of several for one course the one that lasts longest counts, so a renewal before expiry leaves no gap.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from programme.rows import every_row
from programme.rule import Row
from store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Holding:
    """How a partner stands with one course on a day.

    Parameters
    ----------
    course : str
        As the certificate names it.
    passed_on : date
        Of the certificate that counts: the valid one that lasts longest, else the one that expired last.
    expires_on : date or None
        Its last day; None: it does not expire.
    contact : str or None
        Who passed.
    valid : bool
        Whether it is valid on that day.
    days_left : int or None
        Days to the last day, negative once it is past.
    """

    course: str
    passed_on: date
    expires_on: date | None
    contact: str | None
    valid: bool
    days_left: int | None


def holdings(certificates: Iterable[Row], on: date) -> dict[str, Holding]:
    """Return the standing by course on the day `on`; certificates passed later do not count."""
    best: dict[str, Row] = {}
    for row in certificates:
        if row["passed_on"] <= on and (row["course"] not in best or _lasts(row) > _lasts(best[row["course"]])):
            best[row["course"]] = row
    return {course: _holding(row, on) for course, row in sorted(best.items())}


def partner_holdings(work: UnitOfWork, partner: str, on: date) -> dict[str, Holding]:
    """Return the standing by course of the partner with this external id."""
    return holdings(every_row(work, "certifications", partner=partner), on)


def held_courses(work: UnitOfWork, partner: str, on: date) -> frozenset[str]:
    """Return the courses for which the partner has a valid certificate, by every name that they go by."""
    held = {course for course, holding in partner_holdings(work, partner, on).items() if holding.valid}
    return frozenset(name for course in held for name in course_names(work, course))


def course_names(work: UnitOfWork, course: str) -> frozenset[str]:
    """Return what `course` goes by: its name, and the external id in ``courses``."""
    same_name = {row["external_id"] for row in every_row(work, "courses", name=course)}
    same_id = {row["name"] for row in every_row(work, "courses", external_id=course)}
    return frozenset({course, *same_name, *same_id})


def _lasts(row: Row) -> tuple[date, date]:
    return row["expires_on"] or date.max, row["passed_on"]


def _holding(row: Row, on: date) -> Holding:
    expires = row["expires_on"]
    left = None if expires is None else (expires - on).days
    return Holding(row["course"], row["passed_on"], expires, row["contact"], left is None or left >= 0, left)
