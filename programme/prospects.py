"""Lists of recruiters: companies by what people think of them, the model's fit beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.terms import RECRUITABLE
from programme import cursors
from programme.qualification import FitBeside, Qualification, criteria_for, score_ratings, stored_fit
from programme.rows import every_row
from programme.rule import Row
from store.ratings import Wanted, qualification_page
from store.unit_of_work import UnitOfWork

STATUSES = tuple(str(status) for status in RECRUITABLE)
_PLACE = "qualification"


@dataclass(frozen=True)
class QualifiedProspect:
    """A company with people's score and the model's."""

    partner: Row
    qualification: Qualification
    fit: FitBeside | None


@dataclass(frozen=True)
class QualificationPage:
    """Some of a list, and the cursor of the next page (None: this is the last)."""

    items: tuple[QualifiedProspect, ...]
    next_cursor: str | None


def list_qualification(
    work: UnitOfWork, wanted: Wanted, fit_horizon_days: int, cursor: str | None = None, limit: int = 50
) -> QualificationPage:
    """Return companies by their qualification score, the best first, unrated ones last.

    Raises
    ------
    BadCursor
        If the cursor is not of this list and these filters.
    """
    filters = vars(wanted)
    after = None
    if cursor is not None:
        score, id_ = cursors.decode(_PLACE, filters, cursor, (int, int))
        after = (score, id_)
    found = qualification_page(work.connection, work.actor, wanted, after, limit + 1)
    more = len(found) > limit
    shown = found[:limit]
    items = _shown(work, [id_ for id_, _ in shown], fit_horizon_days)
    return QualificationPage(items, cursors.encode(_PLACE, filters, shown[-1][::-1]) if more else None)


def _shown(work: UnitOfWork, ids: Sequence[int], fit_horizon_days: int) -> tuple[QualifiedProspect, ...]:
    if not ids:
        return ()
    partners = {row["id"]: row for row in every_row(work, "partners", id=list(ids))}
    ratings: dict[str, list[Row]] = {}
    for row in every_row(work, "ratings", partner=[row["external_id"] for row in partners.values()]):
        ratings.setdefault(row["partner"], []).append(row)
    criteria = {name: criteria_for(work, name) for name in {row["program"] for row in partners.values()}}
    fits = stored_fit(work, ids, fit_horizon_days)
    return tuple(
        QualifiedProspect(
            partner,
            score_ratings(criteria[partner["program"]], ratings.get(partner["external_id"], ())),
            fits.get(partner["id"]),
        )
        for partner in (partners[id_] for id_ in ids)
    )
