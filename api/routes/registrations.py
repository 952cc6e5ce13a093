"""Deal registration: check, submit, decide, protect, appeal."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from api.dependencies import ActorDep, ServicesDep, Work, WritingWork, allow
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.routes.resources import row_key
from api.schemas_claims import (
    AppealDecision,
    AppealInput,
    Approval,
    CheckAnswer,
    CustomerInput,
    Extension,
    RegistrationAnswer,
    RegistrationInput,
    Rejection,
    SubmittedAnswer,
    Withdrawal,
    finding_for,
)
from domain.resources import RESOURCES
from domain.terms import Role
from programme import registrations
from programme.check_limits import count_check
from programme.claim_rules import findings_of
from programme.conflicts import Finding, FindingKind
from programme.rule import Row
from store.unit_of_work import UnitOfWork

router = APIRouter(tags=["registrations"])

_CLAIMANTS = (Role.RECRUITER, Role.MANAGER, Role.ROUTER, Role.PARTNER)
_DECIDERS = (Role.MANAGER,)
_OWNERS = (Role.MANAGER, Role.PARTNER)
_PROBLEMS = problem_responses(401, 403, 404, 409, 413, 422)

DealKey = Annotated[str, Path(description="external id of the deal, or ours as `id:42`")]


def _counted(services: ServicesDep, actor: ActorDep) -> None:
    count_check(services.unit_of_work, services.settings, actor)


@router.post(
    "/registrations/check",
    operation_id="check_registration",
    dependencies=[allow(*_CLAIMANTS), Depends(_counted)],  # before the transaction of the check begins
    response_model=CheckAnswer,
    responses=problem_responses(401, 403, 404, 413, 422, 429),
)
def check(body: CustomerInput, work: Work) -> CheckAnswer:
    """Show the other claims on a customer before anything is registered. Registers nothing; safe to repeat.

    A partner asks some hundred times an hour at the most, on pages and here together: then 429 says when to go on.
    """
    return _check_answer(work, registrations.check_before(work, body.model_dump(exclude_unset=True)))


@router.post(
    "/registrations",
    operation_id="submit_registration",
    status_code=201,
    dependencies=[allow(*_CLAIMANTS)],
    response_model=SubmittedAnswer,
    responses=_PROBLEMS,
)
def submit(body: RegistrationInput, work: Work, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """Register a deal: it is created, checked and, where the programme's rules allow and nothing is found, approved.

    Otherwise it waits for a person, with what was found. Safe to retry with an Idempotency-Key.
    """
    values = body.model_dump(exclude_unset=True)

    def register() -> SubmittedAnswer:
        deal = registrations.submit_registration(work, values)
        found = [finding_for(finding, work.actor.role) for finding in findings_of(work, deal)]
        return SubmittedAnswer(**_pair(registrations.registered(work, deal["id"])), findings=found)

    return once(work, idempotency_key, {"register": values}, register, SubmittedAnswer)


@router.get(
    "/registrations/{deal}/conflicts",
    operation_id="get_registration_conflicts",
    dependencies=[allow(*Role)],
    response_model=CheckAnswer,
    responses=problem_responses(401, 403, 404, 422),
)
def get_conflicts(deal: DealKey, work: WritingWork) -> CheckAnswer:
    """Show the other claims on a registered customer as they stand now, those that hold it first."""
    row, _ = registrations.registered(work, _key(deal))
    return _check_answer(work, findings_of(work, row))


def _action(path: str, roles: tuple[Role, ...]) -> Callable[..., Any]:
    """Return the decorator of a POST on one registration."""
    return router.post(
        f"/registrations/{{deal}}/{path}",
        operation_id=f"{path.rpartition('/')[2]}_{'appeal' if '/' in path else 'registration'}",
        dependencies=[allow(*roles)],
        response_model=RegistrationAnswer,
        responses=_PROBLEMS,
    )


@_action("approve", _DECIDERS)
def approve(
    deal: DealKey, work: Work, body: Approval | None = None, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Approve a registration and protect it. 409 while another claim on the customer is approved.

    Of several at the same time for one customer exactly one is approved. Claims in distinct_from do not count.
    """
    body = body or Approval()
    act = _acting(work, registrations.approve, deal, body.reason, body.distinct_from)
    return _once(work, idempotency_key, "approve", deal, body, act)


@_action("reject", _DECIDERS)
def reject(deal: DealKey, body: Rejection, work: Work, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """Reject a registration, or take an approval back. The partner reads the reason and may appeal once."""
    return _once(work, idempotency_key, "reject", deal, body, _acting(work, registrations.reject, deal, body.reason))


@_action("extend", _DECIDERS)
def extend(deal: DealKey, body: Extension, work: Work, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """Protect an approved registration for some days more. Retry with an Idempotency-Key only: it adds up."""
    act = _acting(work, registrations.extend, deal, body.days, body.reason)
    return _once(work, idempotency_key, "extend", deal, body, act)


@_action("withdraw", _OWNERS)
def withdraw(
    deal: DealKey, work: Work, body: Withdrawal | None = None, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Give up a claim: the customer is free for others from then on."""
    body = body or Withdrawal()
    return _once(
        work, idempotency_key, "withdraw", deal, body, _acting(work, registrations.withdraw, deal, body.reason)
    )


@_action("appeal", _OWNERS)
def appeal(deal: DealKey, body: AppealInput, work: Work, idempotency_key: IdempotencyKey = None) -> JSONResponse:
    """Ask that a rejection be looked at again; once for each registration."""
    return _once(work, idempotency_key, "appeal", deal, body, _acting(work, registrations.appeal, deal, body.reason))


@_action("appeal/decide", _DECIDERS)
def decide_appeal(
    deal: DealKey, body: AppealDecision, work: Work, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Decide an appeal. Upheld, the registration is approved: 409 while another claim on the customer is."""

    def act() -> RegistrationAnswer:
        pair = registrations.decide_appeal(
            work,
            _key(deal),
            uphold=body.decision == "upheld",
            reason=body.reason,
            distinct_from=body.distinct_from,
        )
        return RegistrationAnswer(**_pair(pair))

    return _once(work, idempotency_key, "decide", deal, body, act)


def _key(deal: str) -> int | str:
    return row_key(deal, RESOURCES["deals"])


def _acting(
    work: UnitOfWork, service: Callable[..., tuple[Row, Row]], deal: str, *arguments: Any
) -> Callable[[], RegistrationAnswer]:
    return lambda: RegistrationAnswer(**_pair(service(work, _key(deal), *arguments)))


def _once(
    work: UnitOfWork,
    key: str | None,
    action: str,
    deal: str,
    body: BaseModel,
    act: Callable[[], RegistrationAnswer],
) -> JSONResponse:
    return once(work, key, {action: deal, "body": body.model_dump()}, act, RegistrationAnswer, status=200)


def _pair(found: tuple[Row, Row]) -> dict[str, Any]:
    deal, registration = found
    return {"deal": deal, "registration": registration}


def _check_answer(work: UnitOfWork, findings: list[Finding]) -> CheckAnswer:
    return CheckAnswer(
        checked_at=work.clock(),
        is_clear=all(finding.kind is FindingKind.RELATED for finding in findings),
        findings=[finding_for(finding, work.actor.role) for finding in findings],
    )
