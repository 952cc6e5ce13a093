"""Surveys: who may answer, once, on which scale; answers are feedback, and results are told without names."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from domain.terms import PartnerStatus, Role
from programme.rule import Row, Rule
from store.figures import count_partners, visible_partners
from store.surveys import ATTRIBUTE, count_answers, has_answered, survey_answers
from store.unit_of_work import UnitOfWork

SCALES: Mapping[str, tuple[int, int]] = {"nps": (0, 10), "csat": (1, 5)}
"""Lowest and highest score by kind of survey."""

_AHEAD = timedelta(minutes=5)
_COMMENTS = 100
_OPEN = 50
_ASKED = (PartnerStatus.ONBOARDING, PartnerStatus.ACTIVE, PartnerStatus.INACTIVE)


@dataclass(frozen=True)
class SurveyResults:
    """What partners answered, without their names.

    Parameters
    ----------
    survey, kind : str
        Which.
    period_start, period_end : datetime or None
        Half-open; None: from the first, until now.
    n, asked : int
        How many partners answered, and how many were asked: those onboarding, active or inactive, of the survey's
        programme if it has one.
    response_rate : float or None
        Share of those asked that answered; None when none was.
    value : float or None
        Of nps: 100 x (share of 9 and 10 - share of 0 to 6); of csat the share of 4 and 5. None for no answer.
    mean : float or None
        Of the scores.
    distribution : mapping
        Answers by score, every score of the scale there.
    comments : list of str
        The latest, at most 100.
    """

    survey: str
    kind: str
    period_start: datetime | None
    period_end: datetime | None
    n: int
    asked: int
    response_rate: float | None
    value: float | None
    mean: float | None
    distribution: Mapping[str, int]
    comments: list[str]


def answer_survey(
    work: UnitOfWork, key: int | str, score: float, comment: str | None = None, partner: str | None = None
) -> Row:
    """Write a partner's answer as feedback and return it.

    Parameters
    ----------
    work : UnitOfWork
        A partner answers for itself, and staff for the partner that it names.
    key : int or str
        The survey.
    score : float
        A whole number on the scale of its kind.
    comment : str, optional
        In the partner's own words.
    partner : str, optional
        External id; a partner need not give it.

    Raises
    ------
    NotFound
        If there is no such survey, or partner that the actor may see.
    InvalidInput
        If the score is not on the scale, or no partner is named.
    Conflict
        If the survey is not open, is not for this partner, or was answered in this period.
    """
    survey = work.repository("surveys").get(key)
    found = _partner(work, partner)
    _check_score(str(survey["kind"]), score)
    now = work.clock()
    _check_open(survey, now.date())
    if survey["program"] is not None and found["program"] != survey["program"]:
        raise Conflict(f"This survey is for partners of {survey['program']}.", field="partner")
    since, until = survey_period(survey, now)
    if has_answered(work.connection, found["id"], survey["external_id"], since, until):
        raise Conflict("This survey was answered in this period already; an answer stands.")
    values = {
        "partner": found["external_id"],
        "submitted_at": now,
        "kind": survey["kind"],
        "score": float(score),
        "comment": comment,
        "attributes": {ATTRIBUTE: survey["external_id"]},
    }
    return work.repository("feedback").create(values)


def open_surveys(work: UnitOfWork, partner: Row) -> list[tuple[Row, bool]]:
    """Return the surveys that a partner may answer today, each with whether it did in this period; open ones first."""
    now, rows = work.clock(), work.repository("surveys")
    own: dict[str, Any] = {"program": [None, partner["program"]] if partner["program"] else None}
    ending = rows.list(own | {"valid_to.gte": now.date()}, sort="valid_to", limit=_OPEN).rows
    lasting = rows.list(own | {"valid_to": None}, limit=_OPEN).rows
    found = [
        (row, has_answered(work.connection, partner["id"], row["external_id"], *survey_period(row, now), lock=False))
        for row in [*ending, *lasting]
        if row["valid_from"] is None or row["valid_from"] <= now.date()
    ]
    return sorted(found, key=lambda pair: pair[1])


def survey_results(work: UnitOfWork, key: int | str, at: datetime | None = None) -> SurveyResults:
    """Return what was answered in the period of a survey that an instant (default: now) lies in.

    Raises
    ------
    NotFound
        If there is no such survey.
    """
    survey, now = work.repository("surveys").get(key), at or work.clock()
    since, until = survey_period(survey, now)
    allowed = visible_partners(work.connection, work.actor)
    answers = survey_answers(work.connection, survey["external_id"], since, now)
    found = [answer for answer in answers if allowed is None or answer.partner_id in allowed]
    scores = [answer.score for answer in found]
    kind = str(survey["kind"])
    low, high = SCALES.get(kind, (0, 10))
    counted = Counter(scores)
    asked = _asked(work, survey["program"])
    answered = len({answer.partner_id for answer in found})
    return SurveyResults(
        survey=survey["external_id"],
        kind=kind,
        period_start=since,
        period_end=until,
        n=len(found),
        asked=asked,
        response_rate=round(min(answered / asked, 1.0), 6) if asked else None,
        value=_value(kind, scores),
        mean=round(sum(scores) / len(scores), 6) if scores else None,
        distribution={str(score): counted[score] for score in range(low, high + 1)},
        comments=[answer.comment for answer in found if answer.comment][:_COMMENTS],
    )


def survey_period(survey: Mapping[str, Any], at: datetime) -> tuple[datetime | None, datetime | None]:
    """Return within what a partner answers once: the survey's validity if it has an end, else the calendar quarter."""
    if survey["valid_to"] is not None:
        start = None if survey["valid_from"] is None else _midnight(survey["valid_from"])
        return start, _midnight(min(survey["valid_to"], date(9999, 12, 30)) + timedelta(days=1))
    month = (at.month - 1) // 3 * 3 + 1
    start = datetime(at.year, month, 1, tzinfo=UTC)
    following = (at.year + 1, 1) if month == 10 else (at.year, month + 3)
    return start, datetime(*following, 1, tzinfo=UTC) if following[0] <= 9999 else None


def _value(kind: str, scores: list[float]) -> float | None:
    if not scores:
        return None
    if kind == "csat":
        return round(sum(score >= 4 for score in scores) / len(scores), 6)
    return round(100 * (sum(score >= 9 for score in scores) - sum(score <= 6 for score in scores)) / len(scores), 6)


def _asked(work: UnitOfWork, program: str | None) -> int:
    return count_partners(work.connection, work.actor, [str(status) for status in _ASKED], program)


def _partner(work: UnitOfWork, partner: str | None) -> Row:
    if work.actor.role is Role.PARTNER:
        own = work.repository("partners").get(work.actor.partner_id or -1)
        if partner not in (None, own["external_id"]):
            raise NotFound(f"There is no partner {partner!r} that you may see.")
        return own
    if partner is None:
        raise InvalidInput("partner is required: its external id", field="partner")
    return work.repository("partners").get(partner)


def _check_score(kind: str, score: float) -> None:
    low, high = SCALES.get(kind, (0, 10))
    if not low <= score <= high or score != int(score):
        raise InvalidInput(f"score of {kind} is a whole number from {low} to {high}", field="score", value=score)


def _check_open(survey: Mapping[str, Any], day: date) -> None:
    if survey["valid_from"] is not None and day < survey["valid_from"]:
        raise Conflict(f"This survey begins on {survey['valid_from']}.")
    if survey["valid_to"] is not None and day > survey["valid_to"]:
        raise Conflict(f"This survey ended on {survey['valid_to']}.")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


class SurveyRule(Rule):
    """A survey asks on a scale that is known, and keeps it while there are answers."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Refuse a kind without a scale, and another scale for answers that were given."""
        if "kind" not in values:
            return values
        kind = str(values["kind"] or "").strip().lower()
        if kind not in SCALES:
            raise InvalidInput(f"kind of a survey is one of: {', '.join(SCALES)}", field="kind", value=values["kind"])
        if before is not None and kind != before["kind"] and count_answers(work.connection, before["external_id"]):
            raise Conflict("This survey has answers on its scale; make another survey.", field="kind")
        return {**values, "kind": kind}

    def removing(self, work: UnitOfWork, before: Row) -> None:
        """Keep a survey that was answered."""
        n = count_answers(work.connection, before["external_id"])
        if n:
            raise Conflict(f"This survey has {n} answers; end it by valid_to instead.")


class FeedbackRule(Rule):
    """Feedback on a known scale lies on it and is not of the future; partners answer surveys."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Refuse scores beside the scale of the kind."""
        if work.actor.role is Role.PARTNER:
            raise NotAllowed("Answer a survey: POST /v1/surveys/{key}/answers.")
        both = {**(before or {}), **values}
        kind, score = str(both.get("kind") or "").strip().lower(), both.get("score")
        if kind in SCALES and isinstance(score, int | float):
            low, high = SCALES[kind]
            if not low <= score <= high:
                raise InvalidInput(f"score of {kind} lies between {low} and {high}", field="score", value=score)
        at = both.get("submitted_at")
        if isinstance(at, datetime) and at.tzinfo is not None and at > work.clock() + _AHEAD:
            raise InvalidInput("submitted_at lies in the future", field="submitted_at", value=at.isoformat())
        return values
