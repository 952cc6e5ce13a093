"""Payloads of the programme's figures."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from intelligence.analytics.compute import Answer, Trend
from intelligence.analytics.figure import Figure, Number
from intelligence.analytics.period import Window
from intelligence.analytics.ranking import Peers


class FigureDefinition(BaseModel):
    """What a figure means."""

    name: str
    unit: str = Field(description="money, count, share (0 to 1), days, hours, ratio or points")
    formula: str
    empty: str = Field(description="what null (or 0) means")
    better: int = Field(description="1: more is better, -1: less is, 0: neither")
    state: bool = Field(description="whether it is a state at the end of the period")
    by_product: bool = Field(description="whether it can be told by product")
    internal: bool = Field(description="whether partners are not told it")

    @classmethod
    def of(cls, figure: Figure) -> "FigureDefinition":
        """Return the definition of a figure."""
        return cls(
            name=figure.name,
            unit=figure.unit,
            formula=figure.formula,
            empty=figure.empty,
            better=figure.better,
            state=figure.stock,
            by_product=figure.by_product,
            internal=figure.internal,
        )


class FigureDefinitions(BaseModel):
    """All figures."""

    items: list[FigureDefinition]


class TrendAnswer(BaseModel):
    """A figure against the period before."""

    before: float | None
    n_before: int
    change: float | None = Field(description="value less the one before")
    change_low: float | None = Field(description="lower end of an 80 % interval; null where chance cannot be told")
    change_high: float | None
    relative: float | None = Field(description="change / the one before; null when that was 0")

    @classmethod
    def of(cls, trend: Trend | None) -> "TrendAnswer | None":
        """Return a trend as payload."""
        return None if trend is None else cls(**vars(trend))


class GroupNumber(BaseModel):
    """A figure of one group."""

    key: str | None = Field(description="external id, word or first day; null: belongs to none")
    value: float | None
    n: int = Field(description="facts that it rests on")
    numerator: float
    denominator: float

    @classmethod
    def of(cls, key: Any, number: Number) -> "GroupNumber":
        """Return the number of a group."""
        return cls(key=key, value=number.value, n=number.n, numerator=number.numerator, denominator=number.denominator)


class PeriodAnswer(BaseModel):
    """A half-open interval: from `start` on, before `end`."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, window: Window) -> "PeriodAnswer":
        """Return a window as payload."""
        return cls(start=window.start, end=window.end)


class FigureValue(BaseModel):
    """A figure of a period."""

    name: str
    unit: str
    value: float | None
    n: int
    trend: TrendAnswer | None
    other_currencies: dict[str, float] = Field(description="amounts that are in no number here: never added up")

    @classmethod
    def of(cls, answer: Answer) -> "FigureValue":
        """Return an answer as payload."""
        return cls(
            name=answer.figure.name,
            unit=answer.figure.unit,
            value=answer.number.value,
            n=answer.number.n,
            trend=TrendAnswer.of(answer.trend),
            other_currencies=answer.others,
        )


class FigureAnswer(FigureValue):
    """A figure in all and by group."""

    definition: FigureDefinition
    as_of: datetime
    currency: str
    period: PeriodAnswer
    by: str | None
    additive: bool = Field(description="whether numerators and denominators of the groups add up to those of all")
    numerator: float
    denominator: float
    groups: list[GroupNumber] = Field(description="by value, the best first; by month, quarter, year: in time")
    rest: GroupNumber | None = Field(description="groups beyond the limit together, of sums and ratios that add up")


class Overview(BaseModel):
    """All figures of a period."""

    as_of: datetime
    currency: str
    period: PeriodAnswer
    figures: list[FigureValue]
    statuses: dict[str, int] = Field(description="companies by status")
    stages: dict[str, int] = Field(description="partners by journey stage, those ended or rejected left out")


class PeersAnswer(BaseModel):
    """A partner among others of its segment, which are never named."""

    segment: str
    n: int
    median: float | None = Field(description="null for fewer than five")
    percentile: float | None = Field(description="share of them, in percent, that the partner is ahead of")

    @classmethod
    def of(cls, peers: Peers) -> "PeersAnswer":
        """Return a comparison as payload."""
        return cls(**vars(peers))


class ScorecardFigure(FigureValue):
    """A figure of one partner, compared."""

    peers: list[PeersAnswer]


class Scorecard(BaseModel):
    """All figures of one partner."""

    partner: str
    name: str
    as_of: datetime
    currency: str
    period: PeriodAnswer
    stage: str
    figures: list[ScorecardFigure]


class RankedPartner(BaseModel):
    """A place in a ranking."""

    rank: int
    partner: str
    name: str
    value: float
    n: int


class Ranking(BaseModel):
    """Partners by a figure."""

    definition: FigureDefinition
    as_of: datetime
    currency: str
    period: PeriodAnswer
    total: int
    items: list[RankedPartner]
    next_cursor: str | None


class StageFigure(BaseModel):
    """A figure that matters in a stage."""

    name: str
    unit: str
    value: float | None
    n: int


class NextAction(BaseModel):
    """Something to be done next, and the fact that asks for it."""

    code: str
    text: str
    due_on: str | None
    refers_to: str | None = Field(description="external id of what it is about")


class Journey(BaseModel):
    """Where a partner stands on its way, and what to do next."""

    partner: str
    as_of: datetime
    stage: str
    reason: str
    status: str | None
    since: datetime | None = Field(description="when the stage began, as far as deals and status tell")
    figures: list[StageFigure]
    next_actions: list[NextAction]


class StageFlow(BaseModel):
    """How many partners went from one stage to another."""

    before: str
    after: str
    partners: int


class JourneyPeriod(BaseModel):
    """Counts at the end of a part of the period, and flows within it."""

    start: datetime
    end: datetime
    counts: dict[str, int]
    flows: list[StageFlow]


class JourneyOverview(BaseModel):
    """Journey stages over time."""

    as_of: datetime
    stages: dict[str, str] = Field(description="each stage and its rule")
    counts: dict[str, int]
    periods: list[JourneyPeriod]


class CohortCell(BaseModel):
    """A quarter of a cohort."""

    quarter: int = Field(description="since the one of recruitment, which is 0")
    revenue: float = Field(description="won in it")
    cumulative: float = Field(description="won from quarter 0 until its end")
    active: int = Field(description="partners of the cohort that were active at its end")
    is_whole: bool = Field(description="false: it was not over at as_of")


class CohortAnswer(BaseModel):
    """Partners recruited in one quarter."""

    start: date = Field(description="first day of the quarter of recruitment")
    partners: int
    cells: list[CohortCell]


class CohortsAnswer(BaseModel):
    """Partners by quarter of recruitment, and what they brought in each quarter since."""

    as_of: datetime
    currency: str = Field(description="of revenue; amounts in others are in no number")
    items: list[CohortAnswer]


class BehindRow(BaseModel):
    """A row that a figure is counted from."""

    resource: str = Field(description="that it is a row of; partners where a partner itself is counted")
    key: str | None = Field(description="external id of what it is about")
    words: str | None
    partner: str | None = Field(description="external id")
    at: datetime | None = Field(description="when it counts; null of states")
    above: float = Field(description="what it counts above the line, or at all; of medians the number itself")
    below: float = Field(description="what it counts below the line, of ratios")


class FigureRows(BaseModel):
    """The rows that a figure is counted from: over all pages they add up to its numerator and denominator."""

    definition: FigureDefinition
    as_of: datetime
    currency: str
    period: PeriodAnswer
    total: int
    numerator: float
    denominator: float
    items: list[BehindRow]
    next_cursor: str | None
