"""Alerts: raised once, seen by whom they concern, read by each person, resolved by one."""

from collections.abc import Sequence
from typing import Any

from domain.access import portfolio_of
from domain.context import Actor
from domain.errors import InvalidInput, NotAllowed, NotFound
from domain.settings import Settings
from domain.terms import Role, UserStatus
from programme.alert_kinds import KINDS, kinds_of
from programme.sign_in import actor_of_user
from store.alerts import Alert, AlertRepository, Draft, Notice, Preference
from store.unit_of_work import UnitOfWork
from store.users import User

OFF, IMMEDIATE, DAILY = "off", "immediate", "daily"


def raise_alert(work: UnitOfWork, draft: Draft, settings: Settings) -> int | None:
    """Raise an alert, tell other systems (``alert.raised``), and queue notices; None if it was raised before."""
    id_ = work.alerts.put(draft)
    if id_ is None:
        return None
    payload = {"id": id_, "kind": draft.kind, "severity": draft.severity, "message": draft.message}
    about = {"about": {"resource": draft.resource, "key": draft.key}, "details": dict(draft.details)}
    work.journal.announce("alert.raised", payload | about, draft.partner_id, private=not draft.for_partner)
    _queue_notices(work, id_, draft, settings)
    return id_


def resolve_alerts(work: UnitOfWork, kind: str, key: str) -> int:
    """Resolve the open alerts of a kind about a row: what they told of is over. Return how many."""
    return len(work.alerts.resolve({"kind": kind, "key": key}))


def list_alerts(work: UnitOfWork, filters: dict[str, Any], before: int | None, limit: int) -> Sequence[Alert]:
    """Return alerts that the actor sees, the newest first.

    Parameters
    ----------
    work : UnitOfWork
        The transaction.
    filters : dict
        ``kind``, ``severity``, ``partner`` (external id), ``state`` (open or resolved), ``unread``, ``mine`` (only of
        partners that the person manages), ``console`` (only kinds that the person wants there); what is missing or
        None may be anything.
    before : int, optional
        Our id of the last alert known.
    limit : int
        How many at the most.

    Raises
    ------
    NotFound
        If the actor sees no such partner.
    """
    kinds = kinds_of(work.actor) & ({filters["kind"]} if filters.get("kind") else set(KINDS))
    if filters.get("console"):
        kinds -= {preference.kind for preference in preferences_of(work) if not preference.console}
    partner, state = filters.get("partner"), filters.get("state")
    return _seen_as(work, mine=bool(filters.get("mine"))).list(
        kinds,
        partner_id=None if partner is None else work.repository("partners").get(partner)["id"],
        severity=filters.get("severity"),
        is_open=None if state is None else state == "open",
        unread=bool(filters.get("unread")),
        before=before,
        limit=limit,
    )


def _seen_as(work: UnitOfWork, *, mine: bool) -> AlertRepository:
    actor = work.actor
    if not mine or actor.role is Role.PARTNER:
        return work.alerts
    confined = Actor(actor.name, actor.role, user_id=actor.user_id, portfolio=portfolio_of(actor))
    return AlertRepository(work.connection, confined, work.clock)


def read_alert(work: UnitOfWork, id_: int) -> Alert:
    """Note that the actor has read an alert, and return it; safe to repeat.

    Raises
    ------
    NotFound
        If the actor sees no such alert.
    """
    kinds = kinds_of(work.actor)
    work.alerts.get(id_, kinds)
    work.alerts.mark_read(id_)
    return work.alerts.get(id_, kinds)


def resolve_alert(work: UnitOfWork, id_: int) -> Alert:
    """Resolve an alert for everybody who sees it, and return it; safe to repeat.

    Raises
    ------
    NotFound
        If the actor sees no such alert.
    NotAllowed
        If a partner asks, and the alert is the staff's as well.
    """
    kinds = kinds_of(work.actor)
    found = work.alerts.get(id_, kinds)
    if work.actor.role is Role.PARTNER and found.for_staff:
        raise NotAllowed("your partner team takes care of this alert, too, and resolves it; note that you have read it")
    work.alerts.mark_read(id_)
    if work.alerts.resolve({"id": id_}):
        work.journal.announce("alert.resolved", {"id": id_, "kind": found.kind}, found.partner_id, private=True)
    return work.alerts.get(id_, kinds)


def count_unread(work: UnitOfWork, most: int = 100) -> int:
    """Return how many open alerts of kinds wanted in the console the person has not read, `most` at the most."""
    hidden = {one.kind for one in work.alerts.preferences(work.actor.identity).values() if not one.console}
    return work.alerts.count_unread(kinds_of(work.actor) - hidden, most)


def preferences_of(work: UnitOfWork) -> list[Preference]:
    """Return how the actor is told of each kind that there is for it; nothing chosen: in the console only."""
    chosen = work.alerts.preferences(work.actor.identity)
    return [chosen.get(kind, Preference(kind, True, OFF, OFF)) for kind in KINDS if kind in kinds_of(work.actor)]


def choose_preferences(work: UnitOfWork, chosen: Sequence[Preference]) -> list[Preference]:
    """Keep what the actor wants to be told how, and return all of it; kinds not named stay as they are.

    Raises
    ------
    InvalidInput
        If there is no such kind for the actor, or e-mail is wanted for what is no person.
    """
    allowed = kinds_of(work.actor)
    for preference in chosen:
        if preference.kind not in allowed:
            raise InvalidInput(
                f"there is no kind of alert {preference.kind!r} for you; there are {', '.join(sorted(allowed))}",
                field="kind",
            )
        if preference.email != OFF and work.actor.user_id is None:
            raise InvalidInput("a key has no e-mail address; sign in as a person", field="email")
        if preference.webhook != OFF and work.actor.user_id is None and work.actor.role is Role.PARTNER:
            raise InvalidInput("webhooks are the vendor's; a partner's key reads /v1/alerts", field="webhook")
    work.alerts.put_preferences(work.actor.identity, chosen)
    return preferences_of(work)


def _queue_notices(work: UnitOfWork, id_: int, draft: Draft, settings: Settings) -> None:
    """Queue a notice to each person who wants to be told elsewhere than in the console, and may see the alert."""
    for person, preference in work.alerts.wanting(draft.kind):
        if not _may_see(work, person, id_, draft, settings):
            continue
        for channel, mode in (("email", preference.email), ("webhook", preference.webhook)):
            if mode != OFF:
                work.alerts.put_notice(Notice(id_, person, channel, mode))


def _may_see(work: UnitOfWork, person: str, id_: int, draft: Draft, settings: Settings) -> bool:
    user = user_of(work, person)
    if user is None:  # a key is told by its own webhook of whatever there is
        return not person.startswith("user:") and draft.for_staff
    actor = actor_of_user(user, settings)
    if user.role is Role.MANAGER:  # in the console a manager may see all; messages are about the own partners only
        actor = Actor(actor.name, actor.role, user_id=actor.user_id, portfolio=portfolio_of(actor))
    try:
        AlertRepository(work.connection, actor, work.clock).get(id_, kinds_of(actor))
    except NotFound:
        return False
    return True


def user_of(work: UnitOfWork, person: str) -> User | None:
    """Return the active person whom the trail calls ``user:<id>``; None for keys and those who left."""
    if not person.startswith("user:"):
        return None
    try:
        user = work.users.get(int(person[5:]))
    except NotFound:
        return None
    return user if user.status is UserStatus.ACTIVE else None
