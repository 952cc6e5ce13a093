"""Qualification of many companies at once, in SQL: the same score as `programme.qualification` has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, case, cast, func, or_, select
from sqlalchemy.sql.selectable import Subquery

from domain.context import Actor
from domain.resources import RESOURCES
from store.tables import RESOURCE_TABLES
from store.visibility import visible_rows

MICRO = 1_000_000
"""Scores are compared in millionths, as whole numbers: sums of floats differ in their last digits."""

_P, _C, _R = (RESOURCE_TABLES[name] for name in ("partners", "criteria", "ratings"))
_PROGRAMS = RESOURCE_TABLES["programs"]
_NOBODY = -1


@dataclass(frozen=True)
class Wanted:
    """Which companies a qualification list shows.

    Parameters
    ----------
    statuses : sequence of str
        Any of these.
    equal : mapping
        Plain columns of partners with their value, such as ``country``.
    program : str, optional
        External id of a programme.
    min_score : float, optional
        Smallest score.
    qualified : bool, optional
        Only those with no must open, or only the others.
    rated : bool, optional
        Only those with a rating, or only the others.
    """

    statuses: Sequence[str]
    equal: Mapping[str, str] = field(default_factory=dict)
    program: str | None = None
    min_score: float | None = None
    qualified: bool | None = None
    rated: bool | None = None


def qualification_page(
    connection: Connection, actor: Actor, wanted: Wanted, after: tuple[int, int] | None, limit: int
) -> list[tuple[int, int]]:
    """Return (our partner id, score in millionths, -1: not rated), the best first, after a place of the list."""
    scored = _scored(actor, wanted).subquery()
    query = select(scored.c.partner_id, scored.c.score).where(*_conditions(wanted, scored))
    if after is not None:
        score, id_ = after
        query = query.where(or_(scored.c.score < score, and_(scored.c.score == score, scored.c.partner_id > id_)))
    rows = connection.execute(query.order_by(scored.c.score.desc(), scored.c.partner_id).limit(limit))
    return [(int(id_), int(score)) for id_, score in rows]


def _conditions(wanted: Wanted, scored: Subquery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.min_score is not None:
        found.append(scored.c.score >= round(wanted.min_score * MICRO))
    if wanted.qualified is not None:
        found.append(scored.c.failed == 0 if wanted.qualified else scored.c.failed > 0)
    if wanted.rated is not None:
        found.append(scored.c.rated > 0 if wanted.rated else scored.c.rated == 0)
    return found


def _scored(actor: Actor, wanted: Wanted) -> Select[Any]:
    means = _means()
    rating, weight = means.c.rating, _C.c.weight
    rated_weight = func.sum(case((rating.is_not(None), weight), else_=0.0))
    by_weight = func.sum(case((rating.is_not(None), weight * rating), else_=0.0)) / func.nullif(rated_weight, 0.0)
    share = case((func.sum(weight) > 0, by_weight), else_=func.avg(rating))  # weights that are all 0 count as equal
    met = case((_C.c.minimum.is_not(None), rating >= _C.c.minimum), else_=rating > 0)
    failed = and_(_C.c.must_have.is_(True), or_(rating.is_(None), ~met))
    query = select(
        _P.c.id.label("partner_id"),
        func.coalesce(cast(func.round(share * 20.0 * MICRO), BigInteger), _NOBODY).label("score"),
        func.coalesce(func.sum(case((failed, 1), else_=0)), 0).label("failed"),
        func.count(rating).label("rated"),
    )
    applies = or_(_C.c.program_id.is_(None), _C.c.program_id == _P.c.program_id)
    joined = query.select_from(_P).outerjoin(_C, applies).outerjoin(means, _same(means)).group_by(_P.c.id)
    return joined.where(*_of(actor, wanted))


def _of(actor: Actor, wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [_P.c.status.in_(list(wanted.statuses)), *visible_rows(actor, RESOURCES["partners"])]
    found += [_P.c[name] == value for name, value in wanted.equal.items()]
    if wanted.program is not None:
        program = select(_PROGRAMS.c.id).where(_PROGRAMS.c.external_id == wanted.program)
        found.append(_P.c.program_id == program.scalar_subquery())
    return found


def _same(means: Subquery) -> ColumnElement[bool]:
    return and_(means.c.partner_id == _P.c.id, means.c.criterion_id == _C.c.id)


def _means() -> Subquery:
    """Mean over raters of each one's latest rating, by partner and criterion."""
    key = (_R.c.partner_id, _R.c.criterion_id)
    rank = func.row_number().over(partition_by=(*key, _R.c.rated_by), order_by=(_R.c.rated_at.desc(), _R.c.id.desc()))
    latest = select(*key, _R.c.score, rank.label("rank")).subquery()
    mean = func.avg(latest.c.score).label("rating")
    grouped = select(latest.c.partner_id, latest.c.criterion_id, mean).where(latest.c.rank == 1)
    return grouped.group_by(latest.c.partner_id, latest.c.criterion_id).subquery()
