"""What a programme's rules say of registrations and offered leads, and what holds where they say nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.context import SYSTEM
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
    answer : timedelta
        How long a partner may take to answer an offered lead.
    auto_approve : bool
        Whether a registration without any finding is approved at once.
    """

    protection: timedelta = timedelta(days=90)
    reminder: timedelta = timedelta(days=14)
    answer: timedelta = timedelta(hours=72)
    auto_approve: bool = False


DEFAULT_TERMS = ClaimTerms()
"""Where a programme has no rules of its own."""

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
    rules: Row | None = every(work, "program_rules").find((program,)) if program is not None else None
    if rules is None:
        return DEFAULT_TERMS
    days, hours, auto = _span(days=rules["protection_days"]), _span(hours=rules["answer_hours"]), rules["auto_approve"]
    return ClaimTerms(
        days or DEFAULT_TERMS.protection,
        _span(days=rules["reminder_days"], allow_zero=True) or DEFAULT_TERMS.reminder,
        hours or DEFAULT_TERMS.answer,
        bool(auto),
    )


def _span(*, days: int | None = None, hours: int | None = None, allow_zero: bool = False) -> timedelta | None:
    given = days if hours is None else hours / 24
    if given is None or given < 0 or (given == 0 and not allow_zero):
        return None
    return timedelta(days=min(given, _LONGEST_DAYS))


def later(instant: datetime, span: timedelta) -> datetime:
    """Return `instant` plus `span`, at the latest the year 9999."""
    latest = datetime(9999, 1, 1, tzinfo=instant.tzinfo)
    return latest if span > latest - instant else instant + span
