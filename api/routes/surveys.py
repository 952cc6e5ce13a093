"""Surveys: answers and results."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.dependencies import AsOf, Work, allow
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.routes.resources import row_key
from api.schemas_goals import SurveyAnswerCreate, SurveyAnswerKept, SurveyResultsAnswer
from domain.resources import RESOURCES
from domain.terms import Role
from programme.surveys import SurveyResults, answer_survey, survey_results

router = APIRouter(tags=["surveys"])

_SURVEYS = RESOURCES["surveys"]


@router.post(
    "/surveys/{key}/answers",
    operation_id="answer_survey",
    status_code=201,
    dependencies=[allow(Role.PARTNER, Role.MANAGER, Role.RECRUITER)],
    response_model=SurveyAnswerKept,
    responses=problem_responses(401, 403, 404, 409, 422),
)
def create_survey_answer(
    key: str, body: SurveyAnswerCreate, work: Work, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Answer a survey, once in its period; the answer is kept as feedback. Staff name the partner answered for."""
    survey = row_key(key, _SURVEYS)

    def answer() -> object:
        return answer_survey(work, survey, body.score, body.comment, body.partner)

    return once(work, idempotency_key, [key, body], answer, SurveyAnswerKept)


@router.get(
    "/surveys/{key}/results",
    operation_id="get_survey_results",
    dependencies=[allow(Role.RECRUITER, Role.MANAGER, Role.ANALYST)],
    response_model=SurveyResultsAnswer,
    responses=problem_responses(401, 403, 404, 422),
)
def get_survey_results(key: str, work: Work, as_of: AsOf) -> SurveyResults:
    """Tell what partners answered in the period that `as_of` lies in: value, distribution, response rate, comments."""
    return survey_results(work, row_key(key, _SURVEYS), as_of)
