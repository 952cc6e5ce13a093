"""Notices of alerts to persons: by e-mail and by webhook, at once or once a day, each alert once."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import groupby

from domain.context import SYSTEM, Clock
from domain.errors import InvalidInput
from domain.settings import Settings
from programme.alerts import DAILY, IMMEDIATE, user_of
from programme.mail import Letter, compose, send
from store.alerts import Alert
from store.engine import Engine
from store.unit_of_work import UnitOfWork

MAIL_JOB = "alert_mail"
"""Kind of the jobs that `send_mail` does."""

OLDEST = timedelta(days=7)
"""Notices that could not be sent for so long are not sent any more."""

_MOST = 50


def plan_notices(work: UnitOfWork, settings: Settings) -> int:
    """Send what is due by webhook (``alert.sent``), enqueue a mail for each person who waits for one; return how many.

    What is wanted daily is due from `settings.digest_hour` on. A mail that fails for good is tried again an hour
    later, as long as its notices are young.
    """
    planned = 0
    for mode in (IMMEDIATE, DAILY):
        for person, alerts in _waiting(work, "webhook", mode, settings):
            told = [_told(alert) for alert in alerts]
            work.journal.announce("alert.sent", {"id": person, "person": person, "mode": mode, "alerts": told})
            work.alerts.mark_sent(person, "webhook", [alert.id for alert in alerts])
            planned += 1
        for person, alerts in _waiting(work, "email", mode, settings) if settings.smtp_host else ():
            key = f"{MAIL_JOB}/{mode}/{person}/{work.clock():%Y-%m-%dT%H}/{alerts[-1].id}"
            work.jobs.enqueue(MAIL_JOB, {"person": person, "mode": mode}, created_by=SYSTEM.name, unique_key=key)
            planned += 1
    return planned


def _waiting(work: UnitOfWork, channel: str, mode: str, settings: Settings) -> list[tuple[str, list[Alert]]]:
    """Return who is to be told of what now; daily ones of what came before the latest digest's hour."""
    now = work.clock()
    due = now if mode == IMMEDIATE else coming_hour(now, settings.digest_hour) - timedelta(days=1)
    found = [
        (person, alert)
        for person, alert in work.alerts.unsent(channel, mode)
        if now - OLDEST <= alert.created_at and (mode == IMMEDIATE or alert.created_at < due)
    ]
    return [(person, [alert for _, alert in each]) for person, each in groupby(found, key=lambda pair: pair[0])]


def coming_hour(now: datetime, hour: int) -> datetime:
    """Return the next instant at which it is `hour` (UTC).

    Examples
    --------
    >>> coming_hour(datetime(2024, 6, 1, 7, tzinfo=UTC), 7).isoformat()
    '2024-06-02T07:00:00+00:00'
    """
    today = datetime.combine(now.astimezone(UTC).date(), time(hour), UTC)
    return today if now < today else today + timedelta(days=1)


def _told(alert: Alert) -> dict[str, object]:
    about = {"resource": alert.resource, "key": alert.key}
    words = {"kind": alert.kind, "severity": alert.severity, "message": alert.message}
    return {"id": alert.id, **words, "partner": alert.partner, "about": about, "at": alert.created_at}


def send_mail(engine: Engine, settings: Settings, clock: Clock, person: str, mode: str) -> int:
    """Send a person one mail with all alerts that wait for one, and return how many it told of.

    At least once: the mail leaves before that is written down. One sent again has the same Message-ID.

    Raises
    ------
    CannotAnswer, InvalidInput
        If the mail server does not take it now, or never will.
    """
    with UnitOfWork(engine, SYSTEM, clock, read_only=True) as work:
        user = user_of(work, person)
        alerts = dict(_waiting(work, "email", mode, settings)).get(person, [])
    if not alerts:
        return 0
    try:
        if user is not None:  # who left gets nothing
            send(compose(_letter(user.email, user.name, alerts, mode, settings), settings, clock()), settings)
    except InvalidInput:
        _mark(engine, clock, person, alerts)
        raise
    _mark(engine, clock, person, alerts)
    return len(alerts) if user is not None else 0


def _mark(engine: Engine, clock: Clock, person: str, alerts: Sequence[Alert]) -> None:
    with UnitOfWork(engine, SYSTEM, clock) as work:
        work.alerts.mark_sent(person, "email", [alert.id for alert in alerts])


def _letter(email: str, name: str, alerts: Sequence[Alert], mode: str, settings: Settings) -> Letter:
    first, shown = alerts[0], alerts[:_MOST]
    subject = first.message if len(alerts) == 1 else f"{len(alerts)} alerts of your partner programme"
    lines = [f"[{alert.severity}] {alert.message} ({alert.created_at:%Y-%m-%d %H:%M} UTC)" for alert in shown]
    if len(alerts) > len(shown):
        lines.append(f"And {len(alerts) - len(shown)} more.")
    where = f" at {settings.public_url}" if settings.public_url else ""
    end = f"You get this because of your alert preferences (PUT /v1/alert-preferences{where})."
    key = f"{email}/{mode}/{'-'.join(str(alert.id) for alert in alerts)}"
    return Letter(email, name, subject, (f"Hello {name},", *lines, end), key)
