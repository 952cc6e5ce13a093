"""The clocks of leads in words, and the parts of what a lead is worth with a partner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.console.portal_clock import time_left
from api.console.words import ngettext
from api.schemas_matching import Candidate

_HOUR, _SOON = 3600, 4


@dataclass(frozen=True)
class Clock:
    """How much time is left, in words; tone is ``bad`` once time is up, ``warn`` in the last hours."""

    text: str
    tone: str
    until: datetime | None

    @classmethod
    def of(cls, until: datetime | None, now: datetime) -> "Clock | None":
        """Return a clock that ends at an instant; None where none runs."""
        if until is None:
            return None
        left = (until - now).total_seconds()
        return cls(time_left(until, now), "bad" if left <= 0 else "warn" if left < _SOON * _HOUR else "", until)


def age(since: datetime | None, now: datetime) -> str:
    """Write for how long something has been there.

    Examples
    --------
    >>> from datetime import UTC, timedelta
    >>> now = datetime(2026, 3, 1, tzinfo=UTC)
    >>> [age(now - timedelta(minutes=m), now) for m in (0, 5, 90, 60 * 50)], age(None, now)
    (['0 minutes', '5 minutes', '1 hour', '2 days'], '')
    """
    if since is None:
        return ""
    seconds = max((now - since).total_seconds(), 0.0)
    if seconds < _HOUR:
        n = int(seconds // 60)
        return ngettext("%(n)s minute", "%(n)s minutes", n) % {"n": n}
    if seconds < 48 * _HOUR:
        n = int(seconds // _HOUR)
        return ngettext("%(n)s hour", "%(n)s hours", n) % {"n": n}
    n = int(seconds // (24 * _HOUR))
    return ngettext("%(n)s day", "%(n)s days", n) % {"n": n}


@dataclass(frozen=True)
class Part:
    """A factor of a value: its code, its number, and how high its column stands (0 to 1)."""

    code: str
    value: float
    height: float


def parts_of(candidates: Sequence[Candidate]) -> dict[str, list[Part]]:
    """Return, by partner, the factors whose product a lead is worth with it; those that are unknown are left out.

    Shares stand on their own scale; an amount on that of the largest among the candidates.
    """
    most = max((one.expected_amount or 0.0 for one in candidates), default=0.0) or 1.0
    return {one.partner: _parts(one, most) for one in candidates}


def _parts(one: Candidate, most: float) -> list[Part]:
    if one.p_accept is None or one.p_win_if_accepted is None:
        chances: list[tuple[str, float | None]] = [("win", one.p_win)]
    else:
        chances = [("accept", one.p_accept), ("win_then", one.p_win_if_accepted)]
    shares = [Part(code, value, value) for code, value in chances if value is not None]
    if one.expected_amount is None:
        return shares
    amount = Part("amount", one.expected_amount, max(one.expected_amount / most, 0.0))
    margin = [] if one.margin is None else [Part("margin", one.margin, min(max(one.margin, 0.0), 1.0))]
    return [*shares, amount, *margin]
