"""From a request to the programme's books, and from answers to payloads."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query

from api.dependencies import ServicesDep, Work, get_as_of, utc
from api.schemas_analytics import FigureAnswer, FigureDefinition, FigureValue, GroupNumber, PeriodAnswer
from api.types import Instant
from domain.context import SYSTEM
from domain.errors import BadCursor, InvalidInput
from domain.terms import PartnerKind, PartnerStatus
from intelligence.analytics.book import Book
from intelligence.analytics.compute import STEPS, Answer, is_additive
from intelligence.analytics.figure import Number, Shape
from intelligence.analytics.period import PERIOD_PATTERN, PERIODS, Window, window_of
from store.figures import shelf_of

_YEARS = (1800, 9000)
"""Instants that a question may name: a year before or after each is still a date."""


@dataclass(frozen=True)
class Books:
    """The caller's books, and everybody's for comparison only."""

    own: Book
    everybody: Book

    def at(self, as_of: datetime) -> "Books":
        """Return the books as of another instant."""
        return Books(replace(self.own, as_of=as_of), replace(self.everybody, as_of=as_of))


def check_year(name: str, instant: datetime | None) -> None:
    """Refuse instants so far away that periods around them would be no dates."""
    if instant is not None and not _YEARS[0] <= instant.year <= _YEARS[1]:
        raise InvalidInput(f"{name} lies between the years {_YEARS[0]} and {_YEARS[1]}.", field=name)


def get_books(services: ServicesDep, work: Work, as_of: Annotated[datetime, Depends(get_as_of)]) -> Books:
    """Return the books as of the instant asked for."""
    check_year("as_of", as_of)
    own = Book(work.connection, as_of, services.settings.currency, work.actor, shelf=shelf_of(work.engine))
    return Books(own, own if own.sees_all else replace(own, actor=SYSTEM))


AsOfBookDep = Annotated[Books, Depends(get_books, scope="function")]

Words = Annotated[str | None, Query(max_length=500)]


@dataclass(frozen=True)
class Question:
    """The books, and the stretch of time that is asked for."""

    book: Book
    everybody: Book
    window: Window
    as_of: datetime
    currency: str


def get_question(
    services: ServicesDep,
    work: Work,
    as_of: Annotated[datetime, Depends(get_as_of)],
    period: Annotated[
        str | None, Query(pattern=PERIOD_PATTERN, description=f"one of: {PERIODS}; default: trailing_365")
    ] = None,
    start: Annotated[Instant | None, Query(alias="from", description="from this instant on; over period")] = None,
    end: Annotated[Instant | None, Query(alias="to", description="before this instant; over period")] = None,
    currency: Annotated[
        str | None, Query(pattern="^[A-Z]{3}$", description="of money; default: the store's own. None is converted.")
    ] = None,
) -> Question:
    """Return what a question about figures is asked of."""
    for name, instant in (("as_of", as_of), ("from", start), ("to", end)):
        check_year(name, instant)
    home = services.settings.currency
    told = currency or home
    window = window_of(period, as_of, utc(start), utc(end))
    book = Book(work.connection, as_of, home, work.actor, told, shelf_of(work.engine))
    everybody = book if book.sees_all else replace(book, actor=SYSTEM)
    return Question(book, everybody, window, as_of, told)


QuestionDep = Annotated[Question, Depends(get_question, scope="function")]


@dataclass(frozen=True)
class PartnerFilters:
    """Which partners, and which product, a question is about."""

    program: Annotated[str | None, Query(max_length=500, description="external id of a programme")] = None
    tier: Words = None
    kind: Annotated[PartnerKind | None, Query(description="kind of partner")] = None
    status: Annotated[PartnerStatus | None, Query(description="at the end of the period")] = None
    country: Annotated[str | None, Query(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2")] = None
    region: Words = None
    territory: Words = None
    account_manager: Words = None
    partner: Annotated[str | None, Query(max_length=500, description="external id of a partner")] = None
    product: Annotated[str | None, Query(max_length=500, description="external id of a product")] = None


def get_filters(filters: Annotated[PartnerFilters, Depends()]) -> dict[str, str | None]:
    """Return the filters by name."""
    return vars(filters)


FiltersDep = Annotated[dict[str, str | None], Depends(get_filters)]


def figure_answer(question: Question, answer: Answer, by: str | None, limit: int) -> FigureAnswer:
    """Return a figure as payload: at most `limit` groups, the others together."""
    value = FigureValue.of(answer)
    shown, left = sorted_groups(answer, by, limit)
    additive = by is None or is_additive(answer.figure, by)
    return FigureAnswer(
        **value.model_dump(),
        definition=FigureDefinition.of(answer.figure),
        as_of=question.as_of,
        currency=question.currency,
        period=PeriodAnswer.of(answer.window),
        by=by,
        additive=additive,
        numerator=answer.number.numerator,
        denominator=answer.number.denominator,
        groups=[GroupNumber.of(key, number) for key, number in shown],
        rest=_rest(answer, left) if left and additive and answer.figure.shape is not Shape.QUANTILE else None,
    )


def sorted_groups(answer: Answer, by: str | None, limit: int) -> tuple[list[Any], list[Any]]:
    """Return the groups that are shown, the best first (in time: all, in order), and those beyond the limit."""
    pairs = list(answer.groups.items())
    if by in STEPS:
        return pairs, []
    sign = -1 if answer.figure.better >= 0 else 1
    pairs.sort(key=lambda pair: (pair[1].value is None, sign * (pair[1].value or 0.0), str(pair[0])))
    return pairs[:limit], pairs[limit:]


def _rest(answer: Answer, left: list[tuple[Any, Number]]) -> GroupNumber:
    above = sum(number.numerator for _, number in left)
    below = sum(number.denominator for _, number in left)
    ratio = above / below if below > 0 else None
    return GroupNumber(
        key=None,
        value=round(above, 9) if answer.figure.shape is Shape.SUM else ratio,
        n=sum(number.n for _, number in left),
        numerator=above,
        denominator=below,
    )


def encode_place(place: Mapping[str, Any]) -> str:
    """Return the opaque cursor of a place in a ranking."""
    return base64.urlsafe_b64encode(json.dumps(place, sort_keys=True).encode()).decode().rstrip("=")


def decode_place(cursor: str, asked: Mapping[str, Any]) -> tuple[int, datetime]:
    """Return how many rows came before, and as of when.

    Raises
    ------
    BadCursor
        If it was not issued for this question.
    """
    try:
        place = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
        after, as_of, same = place["after"], datetime.fromisoformat(place["as_of"]), place["asked"] == asked
    except (ValueError, TypeError, KeyError, binascii.Error) as error:
        raise BadCursor("The cursor is not one that this service gave; begin without one.") from error
    if not same or not isinstance(after, int) or after < 0 or as_of.tzinfo is None:
        raise BadCursor("The cursor belongs to another question; begin without one.")
    return after, as_of


def placed(question: Question, asked: Mapping[str, Any], cursor: str | None) -> tuple[int, Book, Window]:
    """Return how many rows came before, and books and window as of the first page.

    Raises
    ------
    BadCursor
        If the cursor was not issued for this question.
    """
    if cursor is None:
        return 0, question.book, question.window
    after, as_of = decode_place(cursor, asked)
    shift, window = question.as_of - as_of, question.window
    moved = replace(window, start=window.start - shift, end=window.end - shift, before=None)
    return after, replace(question.book, as_of=as_of), moved
