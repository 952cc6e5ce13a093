"""Limits of shares of the policies of a list's leads, as arrays for the solver."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from domain.routing import LimitBy, RoutingPolicy, ShareLimit
from intelligence.matching.fairness_groups import NEWCOMER, Groups
from intelligence.matching.limits import GroupLimit
from intelligence.matching.matcher import Matcher, Question

Bools = npt.NDArray[np.bool_]


class PolicyLimit(NamedTuple):
    """A limit, and the policy that sets it."""

    policy: RoutingPolicy
    share: ShareLimit
    limit: GroupLimit


def policies_of(matcher: Matcher, question: Question) -> list[tuple[RoutingPolicy, Bools]]:
    """Return the policies that hold for a list's leads, each with its leads."""
    found: dict[str, tuple[RoutingPolicy, Bools]] = {}
    for position in range(len(question.names)):
        policy = matcher.policy_of(question, position)
        nobody = np.zeros(len(question.names), dtype=bool)
        found.setdefault(policy.fingerprint, (policy, nobody))[1][position] = True
    return list(found.values())


def limits_of(matcher: Matcher, policies: Sequence[tuple[RoutingPolicy, Bools]], at_us: int) -> list[PolicyLimit]:
    """Return the limits of policies, groups as they are at an instant."""
    return [
        PolicyLimit(policy, share, _limit(matcher, policy, share, leads, at_us))
        for policy, leads in policies
        for share in policy.limits
    ]


def _limit(matcher: Matcher, policy: RoutingPolicy, share: ShareLimit, leads: Bools, at_us: int) -> GroupLimit:
    groups = Groups(str(share.by), matcher.world.history)
    members = matcher.members(groups, at_us, policy.newcomer_days)
    wanted = NEWCOMER if share.by is LimitBy.NEWCOMER else share.value
    held = [name is not None and (wanted is None or name.casefold() == wanted.casefold()) for name in groups.names]
    names = [str(name) for name, is_held in zip(groups.names, held, strict=True) if is_held]
    place = np.where(held, 0 if wanted is not None else np.cumsum(held) - 1, -1).astype(np.int64)
    codes = np.full(len(matcher.world.partner_ids), -1, dtype=np.int64)
    codes[members.partner] = place[members.code]
    named = tuple(names) if wanted is None else (wanted,)  # also where nobody is in it: a minimum is missed then
    return GroupLimit(codes, named, share.least, share.most, leads, title_of(policy, share))


def title_of(policy: RoutingPolicy, share: ShareLimit) -> str:
    """Return a limit in words.

    Examples
    --------
    >>> title_of(RoutingPolicy(name="north"), ShareLimit(by="tier", value="gold", most=0.4))
    'north: tier gold gets at most 40 % of the leads'
    >>> title_of(RoutingPolicy(name="north"), ShareLimit(by="newcomer", least=0.1))
    'north: newcomers get at least 10 % of the leads'
    """
    if share.by is LimitBy.NEWCOMER:
        who = "newcomers get"
    else:
        who = f"each {share.by} gets" if share.value is None else f"{share.by} {share.value} gets"
    bounds = [(share.least, "at least"), (share.most, "at most")]
    told = " and ".join(f"{word} {bound * 100:g} %" for bound, word in bounds if bound is not None)
    return f"{policy.name}: {who} {told} of the leads"
