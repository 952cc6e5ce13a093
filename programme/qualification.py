"""Qualification of prospects by people: criteria with weights and musts, ratings 0 to 5, one score 0 to 100.

It stands beside the model's fit score and never enters it, nor the other way round.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from domain.errors import InvalidInput, NotAllowed
from domain.terms import Role
from programme.rows import every_row, named
from programme.rule import Row, Rule
from store.unit_of_work import UnitOfWork

TOP_RATING = 5.0


@dataclass(frozen=True)
class CriterionScore:
    """What the ratings by one criterion come to.

    Parameters
    ----------
    criterion, name : str
        External id and name.
    kind : str or None
        Of the criterion.
    weight : float
        As given.
    rating : float or None
        Mean over raters of their latest ratings, 0 to 5; None: nobody has rated.
    points : float
        Part of the score; those of all criteria add up to it.
    raters : int
        How many persons.
    must_have : bool
        Whether it must be met.
    minimum : float or None
        Smallest rating that meets a must; without one any above 0 does.
    met : bool or None
        Whether a must is met; None where it is no must.
    """

    criterion: str
    name: str
    kind: str | None
    weight: float
    rating: float | None
    points: float
    raters: int
    must_have: bool
    minimum: float | None
    met: bool | None


@dataclass(frozen=True)
class Qualification:
    """What people think of a company.

    Parameters
    ----------
    score : float or None
        0 to 100 over the rated criteria, by weight; None: nothing is rated.
    at_least, at_most : float or None
        What it would be if all missing ratings were 0, or 5.
    coverage : float
        Share of the weight that is rated, 0 to 1.
    missing : tuple of str
        Names of criteria without a rating.
    failed : tuple of str
        Names of musts that are not met, unrated ones too.
    criteria : tuple of CriterionScore
        Each with its part of the score.
    """

    score: float | None
    at_least: float | None
    at_most: float | None
    coverage: float
    missing: tuple[str, ...]
    failed: tuple[str, ...]
    criteria: tuple[CriterionScore, ...]

    @property
    def qualified(self) -> bool:
        """Whether no must is left open."""
        return not self.failed


@dataclass(frozen=True)
class FitBeside:
    """What the fit model said of a company last: its chance to become productive within a horizon."""

    p_productive: float
    low: float
    high: float
    horizon_days: int
    as_of: datetime
    band: str | None
    model_version: str


class CriterionRule(Rule):
    """Weights and minima that mean something."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Refuse weights below 0 and minima beyond the scale."""
        _within(values, "weight", math.inf)
        _within(values, "minimum", TOP_RATING)
        return values


class RatingRule(Rule):
    """Ratings on the scale, by a criterion that holds for the partner's programme, in one's own name."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Refuse what lies beyond 0 to 5, foreign criteria, and ratings in another's name."""
        _within(values, "score", TOP_RATING)
        if before is not None:
            _only_own(work, before["rated_by"])
            return values
        values = {"rated_by": work.actor.name, "rated_at": work.clock(), **values}
        _only_own(work, values["rated_by"])
        _same_programme(work, named(work, "partners", values.get("partner")), values.get("criterion"))
        return values

    def removing(self, work: UnitOfWork, before: Row) -> None:
        """Refuse to take away another's rating."""
        _only_own(work, before["rated_by"])


def criteria_for(work: UnitOfWork, program: str | None) -> list[Row]:
    """Return the criteria of a programme and those of all programmes, heaviest first."""
    rows = every_row(work, "criteria", program=None)
    rows += every_row(work, "criteria", program=program) if program else []
    return sorted(rows, key=lambda row: (-row["weight"], row["name"], row["id"]))


def qualify(work: UnitOfWork, partner: Row) -> Qualification:
    """Return the qualification of a partner by the criteria of its programme."""
    criteria = criteria_for(work, partner["program"])
    return score_ratings(criteria, every_row(work, "ratings", partner=partner["external_id"]))


def stored_fit(work: UnitOfWork, partner_ids: Sequence[int], horizon_days: int) -> dict[int, FitBeside]:
    """Return the newest stored fit score of partners that have one, by our id."""
    found = work.scores.latest("fit", horizon_days, partner_ids=list(partner_ids))
    return {
        id_: FitBeside(
            score.p, score.low, score.high, horizon_days, score.as_of, score.details.get("band"), score.model_version
        )
        for id_, score in found.items()
    }


def score_ratings(criteria: Sequence[Row], ratings: Iterable[Row]) -> Qualification:
    """Return what `ratings` of one company come to.

    Notes
    -----
    With weight w and rating r (mean over raters of each one's latest), the score is ``100 * sum(w * r / 5) / sum(w)``
    over the rated criteria. Weights that are all 0 count as equal.
    """
    latest = _latest(ratings)
    weights = _weights(criteria)
    total = math.fsum(weights.values())
    rated = {row["external_id"]: latest[row["external_id"]] for row in criteria if row["external_id"] in latest}
    known = math.fsum(weights[key] for key in rated)
    scores = tuple(
        _criterion(row, rated.get(row["external_id"]), weights[row["external_id"]], known) for row in criteria
    )
    score = math.fsum(item.points for item in scores) if rated and known else None
    share = known / total if total else 0.0
    least = None if not criteria else (score or 0.0) * share
    return Qualification(
        score,
        least,
        None if least is None else least + 100.0 * (1.0 - share),
        share,
        tuple(item.name for item in scores if item.rating is None),
        tuple(item.name for item in scores if item.met is False),
        scores,
    )


def _latest(ratings: Iterable[Row]) -> dict[str, list[float]]:
    """Return each rater's latest score, by criterion."""
    ordered = sorted(ratings, key=lambda row: (row["criterion"], row["rated_by"], row["rated_at"], row["id"]))
    found: dict[str, list[float]] = {}
    for (criterion, _), rows in groupby(ordered, key=lambda row: (row["criterion"], row["rated_by"])):
        found.setdefault(criterion, []).append(float(list(rows)[-1]["score"]))
    return found


def _weights(criteria: Sequence[Row]) -> dict[str, float]:
    weights = {row["external_id"]: float(row["weight"]) for row in criteria}
    return weights if any(weights.values()) else dict.fromkeys(weights, 1.0)


def _criterion(row: Row, given: list[float] | None, weight: float, known: float) -> CriterionScore:
    rating = math.fsum(given) / len(given) if given else None
    points = 0.0 if rating is None or not known else 100.0 * weight * rating / TOP_RATING / known
    must, minimum = bool(row["must_have"]), row["minimum"]
    met = rating is not None and (rating >= minimum if minimum is not None else rating > 0)
    return CriterionScore(
        criterion=row["external_id"],
        name=row["name"],
        kind=row["kind"],
        weight=row["weight"],
        rating=rating,
        points=points,
        raters=len(given or ()),
        must_have=must,
        minimum=minimum,
        met=met if must else None,
    )


def _within(values: Mapping[str, Any], name: str, top: float) -> None:
    value = values.get(name)
    try:
        number = 0.0 if value is None or value == "" else float(value)
    except (TypeError, ValueError, OverflowError):
        return  # the column says what is wrong with it
    if not 0.0 <= number <= top or math.isinf(number):
        scale = "from 0 on" if math.isinf(top) else f"from 0 to {top:g}"
        raise InvalidInput(f"{name} is a number {scale}, not {number:g}", field=name, value=number)


def _only_own(work: UnitOfWork, rater: Any) -> None:
    if work.actor.role is not Role.ADMIN and rater != work.actor.name:
        raise NotAllowed(
            f"A rating is given and changed in one's own name, {work.actor.name!r}; others' by an admin only.",
            field="rated_by",
        )


def _same_programme(work: UnitOfWork, partner: Row | None, name: Any) -> None:
    criterion = named(work, "criteria", name)
    if partner is None or criterion is None or criterion["program"] is None:
        return  # the references say what is wrong with them
    if criterion["program"] != partner["program"]:
        raise InvalidInput(
            f"criterion {name!r} belongs to programme {criterion['program']!r}, the partner to "
            f"{partner['program'] or 'none'!r}",
            field="criterion",
            value=name,
        )
