"""How much time is left, in words."""

from datetime import date, datetime

from api.console.words import gettext, ngettext

_HOUR = 3600


def time_left(until: datetime | None, now: datetime) -> str:
    """Write how much time is left until an instant; nothing where none is known.

    Examples
    --------
    >>> from datetime import UTC, timedelta
    >>> now = datetime(2026, 3, 1, tzinfo=UTC)
    >>> [time_left(now + timedelta(minutes=m), now) for m in (-1, 5, 90, 60 * 50)]
    ['time is up', '5 minutes left', '1 hour left', '2 days left']
    """
    if until is None:
        return ""
    seconds = (until - now).total_seconds()
    if seconds <= 0:
        return gettext("time is up")
    if seconds < _HOUR:
        n = max(1, int(seconds // 60))
        return ngettext("%(n)s minute left", "%(n)s minutes left", n) % {"n": n}
    if seconds < 48 * _HOUR:
        n = int(seconds // _HOUR)
        return ngettext("%(n)s hour left", "%(n)s hours left", n) % {"n": n}
    n = int(seconds // (24 * _HOUR))
    return ngettext("%(n)s day left", "%(n)s days left", n) % {"n": n}


def days_off(day: date | None, today: date) -> str:
    """Write how far away a day is.

    Examples
    --------
    >>> today = date(2026, 3, 1)
    >>> [days_off(date(2026, 3, day), today) for day in (1, 2, 9)], days_off(date(2026, 2, 26), today)
    (['today', 'tomorrow', 'in 8 days'], '3 days late')
    """
    if day is None:
        return ""
    n = (day - today).days
    if n < 0:
        return ngettext("%(n)s day late", "%(n)s days late", -n) % {"n": -n}
    if n == 0:
        return gettext("today")
    return gettext("tomorrow") if n == 1 else ngettext("in %(n)s day", "in %(n)s days", n) % {"n": n}
