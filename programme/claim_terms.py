"""What a programme's rules say of registrations and offered leads, and what holds where they say nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.context import SYSTEM
from domain.routing import RoutingPolicy
from programme.rule import Row
from store.repository import Repository
from store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class ClaimTerms:
    """Rules for the claims of one partner.

    Parameters
    ----------
    protection : timedelta
        How long an approved registration is protected.
    reminder : timedelta
        How long before its end the partner is reminded.
    auto_approve : bool
        Whether a registration without any finding is approved at once.
    """

    protection: timedelta = timedelta(days=90)
    reminder: timedelta = timedelta(days=14)
    auto_approve: bool = False


DEFAULT_TERMS = ClaimTerms()
"""Where a programme has no rules of its own."""

ANSWER = timedelta(hours=72)
"""How long a partner may take to answer an offered lead, where neither the programme nor the policy says so."""

_LONGEST_DAYS = 36_500


def every(work: UnitOfWork, resource: str) -> Repository:
    """Return the repository of `resource` with the rows of all partners, for what a service does on its own account."""
    return Repository(
        work.connection, resource, SYSTEM, work.clock, currency=work.currency, on_change=work.journal.changed
    )


def claim_terms(work: UnitOfWork, program: str | None) -> ClaimTerms:
    """Return the rules of a programme, by its external id; None has the defaults.

    What a row of ``program_rules`` leaves empty is as by default.
    """
    rules = _rules_of(work, program)
    return ClaimTerms(
        _span(days=rules.get("protection_days")) or DEFAULT_TERMS.protection,
        _span(days=rules.get("reminder_days"), allow_zero=True) or DEFAULT_TERMS.reminder,
        bool(rules.get("auto_approve")),
    )


def answer_time(work: UnitOfWork, program: str | None, policy: RoutingPolicy) -> timedelta:
    """Return how long a partner may take to answer a lead of a programme: by its rules, else by the policy."""
    return _span(hours=_rules_of(work, program).get("answer_hours")) or _span(hours=policy.answer_hours) or ANSWER


def contact_time(work: UnitOfWork, program: str | None, policy: RoutingPolicy) -> timedelta | None:
    """Return how long the customer of a lead may wait, by the rules or the policy; None: there is no such clock."""
    return _span(hours=_rules_of(work, program).get("first_contact_hours")) or _span(hours=policy.first_contact_hours)


def _rules_of(work: UnitOfWork, program: str | None) -> Row:
    found = every(work, "program_rules").find((program,)) if program is not None else None
    return found or {}


def _span(*, days: float | None = None, hours: float | None = None, allow_zero: bool = False) -> timedelta | None:
    given = days if hours is None else hours / 24
    if given is None or given < 0 or (given == 0 and not allow_zero):
        return None
    return timedelta(days=min(given, _LONGEST_DAYS))


def later(instant: datetime, span: timedelta) -> datetime:
    """Return `instant` plus `span`, at the latest the year 9999."""
    latest = datetime(9999, 1, 1, tzinfo=instant.tzinfo)
    return latest if span > latest - instant else instant + span
