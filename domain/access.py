"""Who may what beyond the roles: areas of the service, what partner people use of them, scopes of keys.

An area is the noun of a path: ``deals`` of ``/deals/{key}`` and of ``/deals:bulk``, ``recommendations`` of
``/partners/{partner}/recommendations``, ``commission`` of ``/deals/{key}/commission``.
"""

import re
from collections.abc import Collection, Mapping, Sequence

from domain.context import Actor
from domain.errors import InvalidInput
from domain.terms import PartnerRole

READ = "read"
"""The scope of a key that reads whatever its role may, and the action in ``deals:read``."""

_LEARNING = frozenset(
    {
        "assets",
        "certifications",
        "courses",
        "enrolments",
        "offers",
        "products",
        "programs",
        "recommendations",
        "session",
        "training",
    }
)
_SELLING = frozenset(
    {
        "absences",
        "activities",
        "alert-preferences",
        "alerts",
        "assignments",
        "contacts",
        "deals",
        "feedback",
        "goals",
        "history",
        "incentives",
        "journey",
        "leads",
        "notes",
        "onboarding",
        "onboarding-steps",
        "partners",
        "plan",
        "plans",
        "program-rules",
        "registrations",
        "scorecard",
        "standing",
        "surveys",
        "tasks",
        "tier",
        "tiers",
    }
)
PARTNER_AREAS: Mapping[PartnerRole, frozenset[str]] = {
    PartnerRole.LEARNER: _LEARNING,
    PartnerRole.SELLER: _LEARNING | _SELLING,
}
"""Areas of those partner people who do not have all that a partner may: money, agreements and people are the
partner's admin's, and so is whatever is not named here."""

_WHO_AM_I = "session"
_BELOW_OTHERS = frozenset({"commission"})

_SCOPE = re.compile(r"[a-z][a-z-]{0,62}(:read)?", re.ASCII)
_MAX_SCOPES = 50


def area_of(path: str) -> str:
    """Return the area of a route by its path under ``/v1``.

    Examples
    --------
    >>> [area_of(path) for path in ("/deals/{key}", "/v1/deals:bulk", "/partners/{partner}/recommendations")]
    ['deals', 'deals', 'recommendations']
    """
    parts = [part.partition(":")[0] for part in path.removeprefix("/v1").strip("/").split("/")]
    below = len(parts) > 2 and (parts[0] == "partners" or parts[2] in _BELOW_OTHERS)
    return parts[2] if below else parts[0]


def partner_may_use(role: PartnerRole | None, area: str) -> bool:
    """Say whether a partner's person, or its key (None), uses `area` at all.

    Examples
    --------
    >>> partner_may_use(PartnerRole.LEARNER, "deals"), partner_may_use(PartnerRole.SELLER, "deals")
    (False, True)
    """
    return role is None or role is PartnerRole.PARTNER_ADMIN or area in PARTNER_AREAS[role]


def within_scopes(scopes: Collection[str], area: str, *, reading: bool) -> bool:
    """Say whether a key narrowed to `scopes` may be used in `area`; none narrow nothing, who am I is always answered.

    Examples
    --------
    >>> within_scopes(["deals:read", "leads"], "deals", reading=True)
    True
    >>> within_scopes(["deals:read", "leads"], "deals", reading=False)
    False
    """
    wide = {area, READ, f"{area}:{READ}"} if reading else {area}
    return not scopes or area == _WHO_AM_I or any(scope in wide for scope in scopes)


def checked_scopes(scopes: Sequence[str], areas: Collection[str]) -> tuple[str, ...]:
    """Return `scopes` in order, each once.

    Parameters
    ----------
    scopes : sequence of str
        ``read``, or areas, each with or without ``:read``.
    areas : collection of str
        Those that there are.

    Raises
    ------
    InvalidInput
        If one of them names no area.

    Examples
    --------
    >>> checked_scopes(["leads", "deals:read", "leads"], ["deals", "leads"])
    ('deals:read', 'leads')
    """
    for scope in scopes:
        if scope != READ and (not _SCOPE.fullmatch(scope) or scope.removesuffix(f":{READ}") not in areas):
            raise InvalidInput(
                f"there is no scope {scope[:80]!r}; write read, an area, or area:read: {', '.join(sorted(areas))}",
                field="scopes",
            )
    if len(set(scopes)) > _MAX_SCOPES:
        raise InvalidInput(f"a key has at most {_MAX_SCOPES} scopes", field="scopes")
    return tuple(sorted(set(scopes)))


def portfolio_of(actor: Actor) -> frozenset[str]:
    """Return the names under which `actor` stands as a partner's ``account_manager``.

    Examples
    --------
    >>> from domain.terms import Role
    >>> sorted(portfolio_of(Actor("ann@acme.example", Role.MANAGER, full_name="Ann Ash", email="ann@acme.example")))
    ['Ann Ash', 'ann@acme.example']
    """
    return frozenset(name for name in (actor.name, actor.full_name, actor.email) if name)


def is_managed(account_manager: object, portfolio: frozenset[str] | None) -> bool:
    """Say whether a partner of this ``account_manager`` belongs to a portfolio; to None everything does.

    Examples
    --------
    >>> [is_managed(name, frozenset({"Ann Ash"})) for name in ("Ann Ash", "ANN ASH", "Bob", None, float("nan"))]
    [True, True, False, False, False]
    """
    if portfolio is None:
        return True
    return isinstance(account_manager, str) and account_manager.lower() in {name.lower() for name in portfolio}
