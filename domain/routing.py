"""How leads are routed, as data: rules of eligibility, exploration, limits of fairness, clocks.

A policy is built from rows of the store (one per programme, and one for all others) or read from a file; what is in
force where a programme says nothing is `DEFAULT_POLICY`.
"""

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from domain.errors import InvalidInput


class Rule(StrEnum):
    """Reasons for which a partner is not eligible; codes are public and only grow."""

    NOT_ACTIVE = "not_active"
    NO_AGREEMENT = "no_agreement"
    TERRITORY = "territory"
    PRODUCT_NOT_COVERED = "product_not_covered"
    CERTIFICATION_MISSING = "certification_missing"
    CERTIFICATION_EXPIRED = "certification_expired"
    AT_CAPACITY = "at_capacity"
    DECLINED_BEFORE = "declined_before"
    EXCLUSIVE_TO_OTHER = "exclusive_to_other"
    CONFLICT = "conflict"
    COOLING_DOWN = "cooling_down"
    AWAY = "away"
    LANGUAGE = "language"
    TIER = "tier"
    DISTANCE = "distance"


PROPENSITY = "propensity"
"""Custom attribute of assignments: probability with which the policy shows that partner first. No partner sees it."""
OPTIONAL_RULES = frozenset({Rule.LANGUAGE, Rule.TIER, Rule.DISTANCE})
"""Rules that hold only where a policy says so; all others hold unless it says otherwise."""


class Objective(StrEnum):
    """What a ranking puts first."""

    P_WIN = "p_win"
    VALUE = "value"


class Exploration(StrEnum):
    """How a policy tries partners of which less is known."""

    NONE = "none"
    EPSILON = "epsilon"
    THOMPSON = "thompson"


class LimitBy(StrEnum):
    """By what partners are grouped where shares of leads are limited."""

    PARTNER = "partner"
    TIER = "tier"
    KIND = "kind"
    COUNTRY = "country"
    PROGRAM = "program"
    NEWCOMER = "newcomer"


class RouteState(StrEnum):
    """Where a lead stands on its way to a partner."""

    OPEN = "open"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    PERSON = "person"
    CLOSED = "closed"


class Weekday(StrEnum):
    """Days on which clocks run."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


Share = Annotated[float, Field(ge=0, le=1)]
_FIXED = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class RuleSetting(BaseModel):
    """What a policy says of one rule.

    Parameters
    ----------
    rule : Rule
        The rule.
    enforced : bool, default=True
        Whether it excludes.
    number : float, optional
        ``distance``: kilometres at most; ``cooling_down``: days.
    names : tuple of str
        ``tier``: the tiers that are eligible.
    """

    model_config = _FIXED

    rule: Rule
    enforced: bool = True
    number: float | None = Field(None, ge=0, le=1e6)
    names: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.enforced and self.rule is Rule.DISTANCE and self.number is None:
            raise ValueError("rule distance needs a number of kilometres")
        if self.enforced and self.rule is Rule.TIER and not self.names:
            raise ValueError("rule tier needs the names of the eligible tiers")
        return self


class ShareLimit(BaseModel):
    """Bounds of the share of a batch of leads that a group of partners gets.

    Parameters
    ----------
    by : LimitBy
        How partners are grouped; ``newcomer`` groups them into newcomers and all others.
    value : str, optional
        The group, e.g. ``gold``; for ``newcomer`` none is needed. None: each group by itself.
    least, most : float, optional
        Shares of the leads assigned, 0 to 1.
    """

    model_config = _FIXED

    by: LimitBy
    value: str | None = None
    least: Share | None = None
    most: Share | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.least is None and self.most is None:
            raise ValueError("a limit needs least or most")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(f"least {self.least} is more than most {self.most}")
        return self


class RoutingPolicy(BaseModel):
    """How leads of a programme find their partner.

    Parameters
    ----------
    name : str
        For answers and reports.
    program : str, optional
        External id of the programme whose leads it is for; None: all that have no policy of their own.
    automatic : bool
        Whether new leads are offered without anybody asking.
    objective : Objective
        What is ranked by, unless a request says.
    margin : float
        Share of a won amount that is left before the partner's commission, 0 to 1.
    shadow_prices : bool
        Whether a single lead is ranked by what it is worth less the shadow prices that recent batches left.
    exploration : Exploration
        How less known partners are tried.
    explored_share : float
        Share of leads on which anything else than the best may be shown first, 0 to 1.
    explored_within : float
        How much less than the best an option may be worth to be tried, as a share of the best, 0 to 1.
    max_hops : int
        Partners to which a lead is offered in turn before a person decides.
    answer_hours, first_contact_hours : float, optional
        Clock of the partner, and of the customer (which no hop resets), where the rules of the programme name none.
    remind_hours : float
        Hours before an offer's end at which the partner is reminded; 0: never.
    cool_down_days : float
        Days for which a partner that let an offer expire is offered nothing.
    newcomer_days : float
        Days after recruitment for which a partner is a newcomer.
    working_days : tuple of Weekday
        Days (UTC) on which the partner's clock runs; all seven: always.
    rules : tuple of RuleSetting
        What differs from the rules in force by default.
    limits : tuple of ShareLimit
        Bounds of shares, for batches.
    """

    model_config = _FIXED

    name: str = "default"
    program: str | None = None
    automatic: bool = False
    objective: Objective = Objective.P_WIN
    margin: Share = 1.0
    shadow_prices: bool = False
    exploration: Exploration = Exploration.NONE
    explored_share: Share = 0.1
    explored_within: Share = 0.2
    max_hops: int = Field(3, ge=1, le=100)
    answer_hours: float | None = Field(None, gt=0, le=8760)
    first_contact_hours: float | None = Field(None, gt=0, le=8760)
    remind_hours: float = Field(24, ge=0, le=8760)
    cool_down_days: float = Field(0, ge=0, le=3650)
    newcomer_days: float = Field(180, ge=0, le=3650)
    working_days: tuple[Weekday, ...] = tuple(Weekday)
    rules: tuple[RuleSetting, ...] = ()
    limits: tuple[ShareLimit, ...] = ()

    @model_validator(mode="after")
    def _single(self) -> Self:
        named = [setting.rule for setting in self.rules]
        if len(set(named)) < len(named):
            raise ValueError("a rule is named twice")
        if not self.working_days:
            raise ValueError("a clock needs at least one working day")
        return self

    def setting(self, rule: Rule) -> RuleSetting:
        """Return what holds of a rule."""
        told = next((setting for setting in self.rules if setting.rule is rule), None)
        if told is not None:
            return told
        return RuleSetting.model_construct(rule=rule, enforced=rule not in OPTIONAL_RULES, number=None, names=())

    @property
    def fingerprint(self) -> str:
        """Eight characters that change with anything in the policy."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:8]


DEFAULT_POLICY = RoutingPolicy()
"""Where nobody says otherwise: the best first, no exploration."""


class Policies:
    """The policies in force, by programme.

    Parameters
    ----------
    policies : sequence of RoutingPolicy
        At most one per programme and one without.
    """

    def __init__(self, *policies: RoutingPolicy) -> None:
        self._of = {policy.program: policy for policy in policies}

    def of(self, program: str | None) -> RoutingPolicy:
        """Return the policy for leads of a programme (external id; None: of none)."""
        return self._of.get(program) or self._of.get(None) or DEFAULT_POLICY

    @property
    def all(self) -> tuple[RoutingPolicy, ...]:
        """Every policy, the one for all others last."""
        rest = self._of.get(None, DEFAULT_POLICY)
        return (*(policy for program, policy in sorted(self._of.items(), key=_by_name) if program is not None), rest)

    @property
    def fingerprint(self) -> str:
        """Changes with any policy."""
        return "-".join(policy.fingerprint for policy in self.all)


def _by_name(item: tuple[str | None, RoutingPolicy]) -> str:
    return item[0] or ""


def policy_of(values: Mapping[str, Any], where: str = "policy") -> RoutingPolicy:
    """Return a policy from plain values.

    Raises
    ------
    InvalidInput
        If a field is unknown or out of range; the error names it.
    """
    try:
        return RoutingPolicy.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"{where}: {field or 'it'}: {first['msg']}", field=field or None) from error
