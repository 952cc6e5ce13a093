"""Routing policies as they are understood: which are in force, and whether one would be."""

from copy import copy
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from fastapi import APIRouter
from pydantic import BaseModel, Field, Strict, create_model

from api.dependencies import Work, allow
from api.problems import problem_responses
from domain.routing import DEFAULT_POLICY, RoutingPolicy, Rule, RuleSetting, ShareLimit
from domain.terms import Role
from programme.routing_rules import StoredPolicy, policies_understood

router = APIRouter(tags=["routing"])

_READERS = (Role.MANAGER, Role.ROUTER, Role.ANALYST)


def _given(model: type[BaseModel], **parts: Any) -> type[Any]:
    """Return what a caller sends of a model: numbers as numbers and words as words, nothing guessed."""
    fields: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        if name in parts:
            fields[name] = (parts[name], info)
        elif _kinds(info.annotation) <= {bool, int, float, str, type(None)}:
            strict = copy(info)
            strict.metadata = [*info.metadata, Strict()]
            fields[name] = (info.annotation, strict)
    return create_model(f"{model.__name__}Given", __base__=model, **fields)


def _kinds(annotation: Any) -> set[Any]:
    """Return the types that a value may have, of a union or of one."""
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return set().union(*(_kinds(one) for one in get_args(annotation)))
    return {annotation}


_RuleGiven: Any = _given(RuleSetting)
_LimitGiven: Any = _given(ShareLimit)
PolicyGiven: Any = _given(RoutingPolicy, rules=tuple[_RuleGiven, ...], limits=tuple[_LimitGiven, ...])
"""A policy in a request."""


class PolicyUnderstood(BaseModel):
    """A policy with everything that it leaves to the defaults.

    Parameters
    ----------
    policy : RoutingPolicy
        All fields.
    rules : list of RuleSetting
        Every rule of eligibility as it holds, whether the policy names it or not.
    fingerprint : str
        Changes with anything in the policy.
    """

    policy: RoutingPolicy
    rules: list[RuleSetting]
    fingerprint: str

    @classmethod
    def of(cls, policy: RoutingPolicy, **more: Any) -> Any:
        """Return a policy completed."""
        rules = [policy.setting(rule) for rule in Rule]
        return cls(policy=policy, rules=rules, fingerprint=policy.fingerprint, **more)


class PolicyInForce(PolicyUnderstood):
    """A policy that decides.

    Parameters
    ----------
    program : str, optional
        External id of the programme whose leads it is for; null: all others.
    external_id : str, optional
        Of its row in /v1/routing-policies; null: the built-in default, as nobody wrote another.
    """

    program: str | None
    external_id: str | None


class PolicyProblem(BaseModel):
    """An active policy that does not decide.

    Parameters
    ----------
    program : str, optional
        External id of the programme that it is for.
    external_id, name : str
        Of its row in /v1/routing-policies.
    problem : str
        Why not, in words.
    """

    program: str | None
    external_id: str
    name: str
    problem: str


class PoliciesInForce(BaseModel):
    """How leads are routed now.

    Parameters
    ----------
    items : list of PolicyInForce
        One for each programme that has its own, by its external id; the one for all others last.
    problems : list of PolicyProblem
        Active ones that are not in force.
    """

    items: list[PolicyInForce]
    problems: list[PolicyProblem]


class PolicyChecked(PolicyUnderstood):
    """A policy that would be understood."""

    valid: Literal[True] = Field(default=True, description="what is wrong with others stands in the problem")


def _in_force(program: str | None, stored: StoredPolicy | None) -> Any:
    policy = DEFAULT_POLICY if stored is None or stored.policy is None else stored.policy
    return PolicyInForce.of(policy, program=program, external_id=None if stored is None else stored.external_id)


@router.get(
    "/routing/policies",
    operation_id="get_policies_in_force",
    response_model=PoliciesInForce,
    dependencies=[allow(*_READERS)],
    responses=problem_responses(401, 403),
)
def get_policies(work: Work) -> PoliciesInForce:
    """Say which policy decides for the leads of which programme, completed by the defaults.

    Active policies that make no sense, which only an import can have written, are listed with what is wrong; the one
    for all others decides in their place.
    """
    stored = policies_understood(work).stored
    deciding = {one.program: one for one in stored if one.problem is None}
    programs = [*sorted(program for program in deciding if program is not None), None]
    items = [_in_force(program, deciding.get(program)) for program in programs]
    problems = [
        PolicyProblem(program=one.program, external_id=one.external_id, name=one.name, problem=one.problem)
        for one in stored
        if one.problem is not None
    ]
    return PoliciesInForce(items=items, problems=problems)


@router.post(
    "/routing/policies/check",
    operation_id="check_policy",
    response_model=PolicyChecked,
    dependencies=[allow(*_READERS)],
    responses=problem_responses(401, 403, 413, 422),
)
def check_policy(body: PolicyGiven) -> Any:
    """Complete a policy by the defaults, or say what is wrong with it; nothing is stored.

    The fields are those of a policy's file for `allywise routing replay`.
    """
    return PolicyChecked.of(RoutingPolicy.model_validate(body.model_dump()))
