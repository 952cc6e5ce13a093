"""The programme's figures: definitions, values, scorecards, rankings, journeys."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.dependencies import Limit, Work, allow
from api.figures import AsOfBookDep, FiltersDep, QuestionDep, encode_place, figure_answer, placed
from api.problems import problem_responses
from api.routes.resources import row_key
from api.schemas_analytics import (
    BehindRow,
    CohortAnswer,
    CohortCell,
    CohortsAnswer,
    FigureAnswer,
    FigureDefinition,
    FigureDefinitions,
    FigureRows,
    FigureValue,
    Journey,
    JourneyOverview,
    JourneyPeriod,
    NextAction,
    Overview,
    PeersAnswer,
    PeriodAnswer,
    RankedPartner,
    Ranking,
    Scorecard,
    ScorecardFigure,
    StageFigure,
    StageFlow,
)
from domain.errors import InvalidInput
from domain.resources import RESOURCES
from domain.terms import Role
from intelligence.analytics import cohorts, compute, journey
from intelligence.analytics.actions import next_actions
from intelligence.analytics.behind import facts_behind, rows_behind
from intelligence.analytics.period import parts
from intelligence.analytics.ranking import ranking
from intelligence.analytics.registry import FIGURES, figure_named
from intelligence.analytics.scorecard import overview, scorecard

router = APIRouter(tags=["analytics"])

_STAFF = (Role.RECRUITER, Role.MANAGER, Role.ANALYST)
By = Annotated[
    Literal[compute.BY] | None,  # type: ignore[valid-type]  # the words are data
    Query(description="what to tell it by; territories overlap, all others add up"),
]


@router.get(
    "/analytics/figures",
    operation_id="list_figures",
    dependencies=[allow(*Role)],
    responses=problem_responses(401, 403, 422),
)
def list_figures(work: Work) -> FigureDefinitions:
    """List all figures: unit, formula in words, what null means. Partners are not told those for staff only."""
    told = work.actor.role is not Role.PARTNER
    return FigureDefinitions(items=[FigureDefinition.of(f) for f in FIGURES.values() if told or not f.internal])


@router.get(
    "/analytics/figures/{name}",
    operation_id="get_figure",
    dependencies=[allow(*_STAFF)],
    responses=problem_responses(401, 403, 404, 422),
)
def get_figure(
    name: str,
    question: QuestionDep,
    filters: FiltersDep,
    by: By = None,
    limit: Limit = 50,
) -> FigureAnswer:
    """Tell a figure of a period, with its trend against the period before, in all and by group or over time.

    Money is told in one currency; amounts in others stand in `other_currencies` and are in no number. Groups beyond
    `limit` are put together in `rest`.
    """
    answer = compute.answer(question.book, figure_named(name), question.window, filters, by)
    return figure_answer(question, answer, by, limit)


@router.get(
    "/analytics/figures/{name}/rows",
    operation_id="list_figure_rows",
    dependencies=[allow(*_STAFF)],
    responses=problem_responses(401, 403, 404, 422),
)
def list_figure_rows(
    name: str,
    question: QuestionDep,
    filters: FiltersDep,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(max_length=4000, description="`next_cursor` of the page before")] = None,
) -> FigureRows:
    """List the rows that a figure is counted from, the latest first. The next pages are as of the same instant."""
    figure = figure_named(name)
    asked = {"rows of": figure.name, "filters": filters, "length": round(question.window.days, 6)}
    start, book, window = placed(question, asked, cursor)
    facts = facts_behind(book, figure, window, filters)
    page = rows_behind(book, facts.iloc[start : start + limit])
    place = {"after": start + limit, "as_of": book.as_of.isoformat(), "asked": asked}
    return FigureRows(
        definition=FigureDefinition.of(figure),
        as_of=book.as_of,
        currency=question.currency,
        period=PeriodAnswer.of(window),
        total=len(facts),
        numerator=float(facts["num"].sum()),
        denominator=float(facts["den"].sum()),
        items=[BehindRow(resource=row.source, key=row.key, words=row.words, partner=row.partner, at=row.at,
                         above=row.above, below=row.below) for row in page],
        next_cursor=encode_place(place) if start + limit < len(facts) else None,
    )  # fmt: skip


@router.get(
    "/analytics/cohorts",
    operation_id="get_cohorts",
    dependencies=[allow(*_STAFF)],
    responses=problem_responses(401, 403, 422),
)
def get_cohorts(
    books: AsOfBookDep,
    filters: FiltersDep,
    quarters: Annotated[int, Query(ge=1, le=cohorts.MOST, description="the last so many, this one among them")] = 12,
) -> CohortsAnswer:
    """Tell what partners recruited in one quarter brought in each quarter since, and how many are still active."""
    if filters["product"] is not None:
        raise InvalidInput("Cohorts are of partners; they cannot be filtered by a product.", field="product")
    return CohortsAnswer(
        as_of=books.own.as_of,
        currency=books.own.currency,
        items=[
            CohortAnswer(
                start=cohort.start,
                partners=cohort.partners,
                cells=[CohortCell.model_validate(vars(cell)) for cell in cohort.cells],
            )
            for cohort in cohorts.cohorts(books.own, filters, quarters)
        ],
    )


@router.get(
    "/analytics/overview",
    operation_id="get_overview",
    dependencies=[allow(*_STAFF)],
    responses=problem_responses(401, 403, 422),
)
def get_overview(question: QuestionDep, filters: FiltersDep) -> Overview:
    """Tell every figure of a period with its trend, companies by status and partners by journey stage."""
    book = question.book
    found = overview(book, question.window, {**filters, "product": None})
    statuses = book.partners["status"].value_counts()
    return Overview(
        as_of=question.as_of,
        currency=question.currency,
        period=PeriodAnswer.of(question.window),
        figures=[FigureValue.of(answer) for answer in found],
        statuses={str(status): int(n) for status, n in statuses.items()},
        stages=journey.stage_counts(journey.stages(book, question.as_of)),
    )


@router.get(
    "/analytics/ranking",
    operation_id="rank_partners",
    dependencies=[allow(*_STAFF)],
    responses=problem_responses(401, 403, 404, 422),
)
def rank_partners(
    question: QuestionDep,
    filters: FiltersDep,
    figure: Annotated[str, Query(max_length=200, description="name of a figure")] = "revenue",
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(max_length=4000, description="`next_cursor` of the page before")] = None,
) -> Ranking:
    """Rank partners by a figure, the best first; ties share a rank. The next pages are as of the same instant."""
    wanted = figure_named(figure)
    asked = {"figure": wanted.name, "filters": filters, "length": round(question.window.days, 6)}
    after, book, window = placed(question, asked, cursor)
    frame = ranking(book, wanted, window, filters)
    page = frame.iloc[after : after + limit]
    place = {"after": after + limit, "as_of": book.as_of.isoformat(), "asked": asked}
    return Ranking(
        definition=FigureDefinition.of(wanted),
        as_of=book.as_of,
        currency=question.currency,
        period=PeriodAnswer.of(window),
        total=len(frame),
        items=[RankedPartner.model_validate(row) for row in page.to_dict("records")],
        next_cursor=encode_place(place) if after + limit < len(frame) else None,
    )


@router.get(
    "/partners/{key}/scorecard",
    operation_id="get_scorecard",
    dependencies=[allow(*_STAFF, Role.PARTNER)],
    responses=problem_responses(401, 403, 404, 422),
)
def get_scorecard(key: str, work: Work, question: QuestionDep) -> Scorecard:
    """Tell a partner's figures with trend, and where it stands among peers, which are never named.

    A partner sees its own; what it costs the programme is left out there.
    """
    partner = work.repository("partners").get(row_key(key, RESOURCES["partners"]))
    told = work.actor.role is not Role.PARTNER
    found = scorecard(question.book, question.everybody, question.window, partner["id"], internal=told)
    return Scorecard(
        partner=partner["external_id"],
        name=partner["name"],
        as_of=question.as_of,
        currency=question.currency,
        period=PeriodAnswer.of(question.window),
        stage=journey.standing(question.book, partner["id"]).stage,
        figures=[
            ScorecardFigure(
                **FigureValue.of(one.answer).model_dump(), peers=[PeersAnswer.of(peers) for peers in one.peers]
            )
            for one in found
        ],
    )


@router.get(
    "/partners/{key}/journey",
    operation_id="get_journey",
    dependencies=[allow(*_STAFF, Role.PARTNER)],
    responses=problem_responses(401, 403, 404, 422),
)
def get_journey(key: str, work: Work, question: QuestionDep) -> Journey:
    """Tell a partner's stage (attracting, first revenue, acceleration, maturity), why, and what to do next."""
    partner = work.repository("partners").get(row_key(key, RESOURCES["partners"]))
    book = question.book
    standing = journey.standing(book, partner["id"])
    figures = []
    for name in journey.FIGURES_OF[standing.stage]:
        found = compute.answer(book, FIGURES[name], question.window, {"partner": partner["external_id"]})
        figures.append(StageFigure(name=name, unit=found.figure.unit, value=found.number.value, n=found.number.n))
    return Journey(
        partner=partner["external_id"],
        as_of=question.as_of,
        stage=standing.stage,
        reason=standing.reason,
        status=standing.status,
        since=standing.since,
        figures=figures,
        next_actions=[
            NextAction(
                code=action.code,
                text=action.text,
                due_on=None if action.due_on is None else action.due_on.isoformat(),
                refers_to=action.refers_to,
            )
            for action in next_actions(book, question.everybody, partner["id"], standing)
        ],
    )


@router.get(
    "/analytics/journey",
    operation_id="get_journeys",
    dependencies=[allow(*_STAFF)],
    responses=problem_responses(401, 403, 422),
)
def get_journeys(
    question: QuestionDep,
    by: Annotated[Literal["month", "quarter", "year"], Query(description="length of the parts")] = "quarter",
) -> JourneyOverview:
    """Count partners by stage at the end of each part of the period, and how many went from one stage to another in it.

    Partners that ended or were rejected are in no count; going is a flow to `ended`.
    """
    told = journey.over_time(question.book, parts(compute.with_facts(question.book, question.window), by))
    return JourneyOverview(
        as_of=question.as_of,
        stages={str(stage): rule for stage, rule in journey.RULES.items()},
        counts=journey.stage_counts(journey.stages(question.book, question.as_of)),
        periods=[
            JourneyPeriod(
                start=window.start,
                end=window.end,
                counts=counts,
                flows=[StageFlow(before=a, after=b, partners=n) for (a, b), n in flows.items()],
            )
            for window, counts, flows in told
        ],
    )
