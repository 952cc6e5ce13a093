"""Who gets the digest of a week by e-mail: whoever chose it, each person once a week."""

from dataclasses import dataclass
from datetime import date, timedelta

from domain.context import SYSTEM, Actor
from domain.settings import Settings
from domain.terms import Role
from programme.alert_kinds import DIGEST, kinds_of
from programme.alerts import OFF, user_of
from programme.digest import Digest, digest, monday
from programme.sign_in import actor_of_user
from store.notices import note_once, was_noted
from store.unit_of_work import UnitOfWork
from store.users import User

MAIL_JOB = "digest_mail"
"""Kind of the jobs that send one digest to one person."""

_LATEST = timedelta(days=3)


@dataclass(frozen=True)
class Receiver:
    """A person who wants the digest, and on whose behalf it is read."""

    user: User
    actor: Actor


def week_told(today: date) -> date:
    """Return the Monday of the week that a digest of a day tells of.

    Examples
    --------
    >>> week_told(date(2026, 11, 23)), week_told(date(2026, 11, 26))
    (datetime.date(2026, 11, 16), datetime.date(2026, 11, 23))
    """
    return monday(today - _LATEST)


def plan_digests(work: UnitOfWork, settings: Settings) -> int:
    """Enqueue a mail for each person who wants the digest, and return how many want it; none without a mail server."""
    if not settings.smtp_host:
        return 0
    week = week_told(work.clock().date())
    wanting = [person for person, one in work.alerts.wanting(DIGEST) if one.email != OFF]
    for person in wanting:
        payload = {"person": person, "week": week.isoformat()}
        work.jobs.enqueue(MAIL_JOB, payload, created_by=SYSTEM.name, unique_key=f"{MAIL_JOB}/{week}/{person}")
    return len(wanting)


def receiver(work: UnitOfWork, settings: Settings, person: str, week: date) -> Receiver | None:
    """Return who is to be sent the digest of a week; None for who left, wants it no more, or was sent it."""
    user = user_of(work, person)
    if user is None or was_noted(work.connection, DIGEST, _subject(person, week)):
        return None
    actor = actor_of_user(user, settings)
    chosen = work.alerts.preferences(person).get(DIGEST)
    may_read = DIGEST in kinds_of(actor) and actor.role in (Role.ADMIN, Role.MANAGER, Role.ANALYST)
    return Receiver(user, actor) if may_read and chosen is not None and chosen.email != OFF else None


def digest_for(work: UnitOfWork, settings: Settings, actor: Actor, week: date) -> Digest:
    """Return the digest as a person gets it: a manager's tells of the own partners, if there are any."""
    found = digest(work, settings, week, actor=actor, mine=actor.role is Role.MANAGER)
    if found.mine and found.is_empty and actor.portfolio is None:
        return digest(work, settings, week, actor=actor, mine=False)
    return found


def note_sent(work: UnitOfWork, person: str, week: date) -> None:
    """Note that a person was sent the digest of a week."""
    note_once(work.connection, DIGEST, _subject(person, week), work.clock())


def _subject(person: str, week: date) -> str:
    return f"{person}/{week.isoformat()}"
