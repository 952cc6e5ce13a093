"""Answers to surveys: feedback that names the survey in its custom attributes."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Text, cast, func, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB

from store.tables import RESOURCE_TABLES

ATTRIBUTE = "survey"
"""Name of the custom attribute that holds the survey's external id."""


class SurveyAnswer(NamedTuple):
    """One answer to a survey."""

    partner_id: int
    submitted_at: datetime
    score: float
    comment: str | None


def has_answered(
    connection: Connection,
    partner_id: int,
    survey: str,
    since: datetime | None,
    until: datetime | None,
    *,
    lock: bool = True,
) -> bool:
    """Tell whether a partner has answered a survey from one instant on and before another.

    With `lock` the partner's row is locked until the transaction ends: two answers at once cannot both be the first.
    """
    partners, feedback = RESOURCE_TABLES["partners"], RESOURCE_TABLES["feedback"]
    if lock:
        connection.execute(select(partners.c.id).where(partners.c.id == partner_id).with_for_update())
    query = select(feedback.c.id).where(feedback.c.partner_id == partner_id, _names(connection, survey))
    if since is not None:
        query = query.where(feedback.c.submitted_at >= since)
    if until is not None:
        query = query.where(feedback.c.submitted_at < until)
    return connection.execute(query.limit(1)).first() is not None


def survey_answers(connection: Connection, survey: str, since: datetime | None, until: datetime) -> list[SurveyAnswer]:
    """Return the answers to a survey from an instant on and up to another, the latest first."""
    feedback = RESOURCE_TABLES["feedback"]
    query = select(feedback.c.partner_id, feedback.c.submitted_at, feedback.c.score, feedback.c.comment)
    query = query.where(_names(connection, survey), feedback.c.score.is_not(None), feedback.c.submitted_at <= until)
    if since is not None:
        query = query.where(feedback.c.submitted_at >= since)
    rows = connection.execute(query.order_by(feedback.c.submitted_at.desc(), feedback.c.id))
    return [SurveyAnswer(*row) for row in rows]


def count_answers(connection: Connection, survey: str) -> int:
    """Return how many answers name a survey."""
    feedback = RESOURCE_TABLES["feedback"]
    return int(connection.scalar(select(func.count()).select_from(feedback).where(_names(connection, survey))) or 0)


def _names(connection: Connection, survey: str) -> ColumnElement[bool]:
    attributes = RESOURCE_TABLES["feedback"].c.attributes
    if connection.dialect.name == "postgresql":
        named: ColumnElement[bool] = type_coerce(attributes, JSONB).contains({ATTRIBUTE: survey})
        return named
    return func.json_extract(cast(attributes, Text), f"$.{ATTRIBUTE}") == survey
