"""Telling once a month when a group of partners surely gets too few leads, or more than a policy lets it have."""

from collections.abc import Sequence
from datetime import timedelta

from domain.routing import LimitBy
from domain.settings import Settings
from intelligence.context import Intelligence
from intelligence.matching.fairness import fairness_of
from intelligence.matching.fairness_groups import GROUPS
from intelligence.matching.fairness_report import Flag
from programme.alerts import raise_alert
from store.alerts import Draft
from store.notices import note_once
from store.unit_of_work import UnitOfWork

UNFAIR = "routing.unfair"
"""Event: shares of leads lie beyond a limit."""
LOOK_BACK = timedelta(days=90)
"""Leads first offered within so long are looked at."""

_SINGLE = str(LimitBy.PARTNER)


def unfair_groups(context: Intelligence) -> list[Flag]:
    """Return the groups whose share of the last 90 days' leads surely lies beyond a limit.

    By all groupings and protected attributes; single partners only where a policy limits their share, because some of
    very many always get less than they might.
    """
    every = [by for by in GROUPS if by != _SINGLE] + list(context.settings.protected_attributes)
    limits = [limit for policy in context.policies().all for limit in policy.limits]
    if any(limit.by == LimitBy.PARTNER for limit in limits):
        every.append(_SINGLE)
    reports = fairness_of(context, context.instant(None) - LOOK_BACK, None, every)
    return [flag for report in reports for flag in report.flags if flag.by != _SINGLE or flag.policy is not None]


def tell_unfair(work: UnitOfWork, settings: Settings, flags: Sequence[Flag]) -> int:
    """Announce groups beyond a limit (``routing.unfair``) and raise an alert, once per group, limit and month.

    Returns
    -------
    int
        How many were told.
    """
    told = 0
    for flag in flags:
        key = f"{flag.by}/{flag.group or ''}"
        subject = f"{key}/{flag.kind}/{flag.policy or ''}/{work.clock():%Y-%m}"
        if not note_once(work.connection, UNFAIR, subject, work.clock()):
            continue
        payload = {"key": key, **vars(flag)}
        work.journal.announce(UNFAIR, payload)
        raise_alert(work, _draft(flag, key, subject), settings)
        told += 1
    return told


def _draft(flag: Flag, key: str, subject: str) -> Draft:
    return Draft(
        kind="routing_unfair",
        severity="warning",
        message=flag.text,
        dedup_key=f"routing_unfair/{subject}",
        resource="routing",
        key=key,
        details=dict(vars(flag)),
    )
