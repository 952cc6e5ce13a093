"""Pages of routing policies: what is in force, and a form to change it or to try it on past leads first."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from api.console.forms import Sent, number_of, text_of
from api.console.lists import Chosen
from api.console.shell import Visitor, visitor
from api.console.words import mark
from domain.errors import AllywiseError
from domain.routing import OPTIONAL_RULES, Exploration, LimitBy, Objective, RoutingPolicy, Rule, Weekday, policy_of
from domain.terms import Role
from intelligence.matching.asked import asked_policies
from programme.policies import put_policy
from programme.routing_rules import policies_understood
from programme.rows import every_row
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

Reader = Annotated[Visitor, visitor(Role.MANAGER, Role.ROUTER, Role.ANALYST)]
Manager = Annotated[Visitor, visitor(Role.MANAGER)]
Row = dict[str, Any]

RULE_LABELS = {
    Rule.NOT_ACTIVE: mark("is an active partner"),
    Rule.NO_AGREEMENT: mark("has an agreement in force"),
    Rule.TERRITORY: mark("may sell in the lead's territory"),
    Rule.PRODUCT_NOT_COVERED: mark("has an agreement that covers the product"),
    Rule.CERTIFICATION_MISSING: mark("holds the certifications of the product"),
    Rule.CERTIFICATION_EXPIRED: mark("whose certifications have not expired"),
    Rule.AT_CAPACITY: mark("has fewer open leads than it takes"),
    Rule.DECLINED_BEFORE: mark("has not declined this lead before"),
    Rule.EXCLUSIVE_TO_OTHER: mark("where nobody else has exclusivity"),
    Rule.CONFLICT: mark("where no other partner has registered the customer"),
    Rule.COOLING_DOWN: mark("has not let an offer expire just now"),
    Rule.AWAY: mark("is not away"),
    Rule.LANGUAGE: mark("speaks the customer's language"),
    Rule.TIER: mark("has one of these tiers"),
    Rule.DISTANCE: mark("is at most this far away"),
}
"""What a partner must fulfil, as words that follow "A partner is eligible that"."""

_NUMBERS = {
    "answer_hours": 1.0,
    "first_contact_hours": 1.0,
    "remind_hours": 1.0,
    "cool_down_days": 1.0,
    "newcomer_days": 1.0,
    "margin": 100.0,
    "explored_share": 100.0,
    "explored_within": 100.0,
}
"""Number fields of the form, and by what they are divided: shares are typed in percent."""
_OPTIONAL = ("answer_hours", "first_contact_hours")
_LIMITS = 4
_TRIED_DAYS, _TRIED_LEADS = 180, 2_000


@router.get("/policies")
def policies(visit: Reader) -> Response:
    """Show which policy decides for which leads."""
    with visit.work() as work:
        found = policies_understood(work)
        programs = every_row(work, "programs")
    own = {one.program: one.policy for one in found.stored if one.policy is not None}
    rest = own.pop(None, RoutingPolicy())
    return visit.page(
        "policies.html",
        policies=[*(policy for _, policy in sorted(own.items(), key=str)), rest],
        problems=[one for one in found.stored if one.problem is not None],
        without=[row for row in programs if row["external_id"] not in own],
        programs={row["external_id"]: row["name"] for row in programs},
        labels=RULE_LABELS,
        rules=list(Rule),
        may_change=visit.actor.role in (Role.ADMIN, Role.MANAGER),
    )


@router.get("/policies/edit")
def edit(visit: Manager, program: Chosen = "") -> Response:
    """Show the form of the policy for the leads of a programme, or for all that have none."""
    with visit.work() as work:
        policy = _in_force(work, program or None)
    return _form(visit, policy)


def _in_force(work: UnitOfWork, program: str | None) -> RoutingPolicy:
    """Return the policy that decides for a programme, as the start of its own."""
    stored = {one.program: one.policy for one in policies_understood(work).stored if one.policy is not None}
    policy = stored.get(program) or stored.get(None) or RoutingPolicy()
    return policy.model_copy(update={"program": program})


@router.post("/policies/edit")
def change(visit: Manager, form: Sent) -> Response:
    """Put the policy of the form in force, or try it on past leads."""
    try:
        policy = _read(form)
        if text_of(form, "act") == "try":
            return _tried(visit, policy)
        with visit.work(read_only=False) as work:
            put_policy(work, policy)
    except AllywiseError as error:
        with visit.work() as work:
            start = _in_force(work, _program_of(form))
        return _form(visit, start, form, error)
    return visit.go("/policies", "done")


def _program_of(form: FormData) -> str | None:
    value = form.get("program")
    return value.strip()[:800] or None if isinstance(value, str) else None


def _tried(visit: Visitor, policy: RoutingPolicy) -> Response:
    """Begin a replay of the policy on half a year of leads, the newest whose outcome is known."""
    policies = asked_policies([policy.model_dump(mode="json")], visit.services.intelligence.policies())
    until = visit.services.clock() - timedelta(days=visit.services.settings.match_horizon_days)
    payload = {
        "policies": [one.model_dump(mode="json") for one in policies.all],
        "since": (until - timedelta(days=_TRIED_DAYS)).isoformat(),
        "until": until.isoformat(),
        "limit": _TRIED_LEADS,
        "model": None,
    }
    with visit.work(read_only=False) as work:
        job = work.jobs.enqueue("routing_replay", payload, created_by=visit.actor.name)
    return visit.go(f"/what-if/{job.id}")


def _form(
    visit: Visitor, policy: RoutingPolicy, form: FormData | None = None, error: AllywiseError | None = None
) -> Response:
    """Show the form with the values of a policy, or as it was sent."""
    values: Row = {
        "typed": _typed(policy) if form is None else _sent(form),
        "rules": [(rule, RULE_LABELS[rule]) for rule in Rule],
        "optional": OPTIONAL_RULES,
        "objectives": list(Objective),
        "explorations": list(Exploration),
        "groupings": list(LimitBy),
        "weekdays": list(Weekday),
        "limits": range(_LIMITS),
    }
    return visit.page("policy.html", **values) if error is None else visit.refused("policy.html", error, **values)


def _typed(policy: RoutingPolicy) -> Row:
    """Return a policy as the form's fields show it."""
    told: Row = policy.model_dump(mode="json", exclude={"rules", "limits"})
    told |= {name: None if told[name] is None else _short(told[name] * scale) for name, scale in _NUMBERS.items()}
    told["rules"] = [str(rule) for rule in Rule if policy.setting(rule).enforced]
    told["km"] = policy.setting(Rule.DISTANCE).number
    told["tiers"] = "; ".join(policy.setting(Rule.TIER).names)
    for place in range(_LIMITS):
        limit = policy.limits[place] if place < len(policy.limits) else None
        told[f"by_{place}"] = "" if limit is None else str(limit.by)
        told[f"value_{place}"] = "" if limit is None else limit.value or ""
        for name in ("least", "most"):
            share = None if limit is None else getattr(limit, name)
            told[f"{name}_{place}"] = "" if share is None else _short(100 * share)
    return told


def _short(value: float) -> str:
    return f"{value:.6g}"


def _sent(form: FormData) -> Row:
    names = ("program", "name", "objective", "exploration", "max_hops", "km", "tiers", *_NUMBERS)
    told: Row = {name: str(form.get(name) or "") for name in names}
    parts = ("by", "value", "least", "most")
    told |= {f"{name}_{place}": str(form.get(f"{name}_{place}") or "") for place in range(_LIMITS) for name in parts}
    told |= {name: [str(one) for one in form.getlist(name)] for name in ("rules", "working_days")}
    return told | {name: bool(form.get(name)) for name in ("automatic", "shadow_prices")}


def _read(form: FormData) -> RoutingPolicy:
    """Return the policy of the form.

    Raises
    ------
    InvalidInput
        If a field makes no sense; it is named.
    """
    numbers = {name: number_of(form, name, scale) for name, scale in _NUMBERS.items()}
    values: Row = {name: value for name, value in numbers.items() if value is not None or name in _OPTIONAL}
    hops = number_of(form, "max_hops")
    values |= {} if hops is None else {"max_hops": hops}
    values |= {name: text_of(form, name) for name in ("name", "objective", "exploration") if text_of(form, name)}
    values |= {name: bool(form.get(name)) for name in ("automatic", "shadow_prices")}
    values |= {"program": _program_of(form), "working_days": [str(one) for one in form.getlist("working_days")]}
    return policy_of(values | {"rules": _rules(form), "limits": _limits(form)}, "form")


def _rules(form: FormData) -> list[Row]:
    enforced = {str(one) for one in form.getlist("rules")}
    details: dict[Rule, Row] = {
        Rule.DISTANCE: {"number": number_of(form, "km")},
        Rule.TIER: {"names": [name.strip() for name in text_of(form, "tiers").split(";") if name.strip()]},
    }
    return [{"rule": rule, "enforced": rule in enforced, **details.get(rule, {})} for rule in Rule]


def _limits(form: FormData) -> list[Row]:
    return [
        {
            "by": text_of(form, f"by_{place}"),
            "value": text_of(form, f"value_{place}") or None,
            "least": number_of(form, f"least_{place}", 100.0),
            "most": number_of(form, f"most_{place}", 100.0),
        }
        for place in range(_LIMITS)
        if text_of(form, f"by_{place}")
    ]
