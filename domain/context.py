"""Who is asking, and what time it is: passed in, never global, so that tests can set both."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.terms import Role

Clock = Callable[[], datetime]
"""Returns the present instant, aware, in UTC."""


def system_clock() -> datetime:
    """Return the present instant in UTC.

    Examples
    --------
    >>> system_clock().tzinfo is UTC
    True
    """
    return datetime.now(UTC)


@dataclass(frozen=True)
class Actor:
    """The caller on whose behalf something is done.

    Parameters
    ----------
    name : str
        Name of the key or person, for logs and the audit trail.
    role : Role
        What it may do.
    partner_id : int, optional
        Our id of the one partner whose rows a ``partner`` actor sees.
    """

    name: str
    role: Role
    partner_id: int | None = None


SYSTEM = Actor("system", Role.ADMIN)
"""The actor of commands typed on the machine itself and of background jobs."""
