"""Who is asking, and what time it is: passed in, never global, so that tests can set both."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.terms import PartnerRole, Role

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


LEAD_CONTACT_FIELDS = ("company", "domain", "description", "latitude", "longitude")
"""Fields of a lead that a partner sees only after accepting it, unless a setting names others."""


@dataclass(frozen=True)
class Actor:
    """The caller on whose behalf something is done.

    Parameters
    ----------
    name : str
        Name of the key, or the person's e-mail address: for logs, the audit trail and as author.
    role : Role
        What it may do.
    partner_id : int, optional
        Our id of the one partner whose rows a ``partner`` actor sees.
    user_id : int, optional
        Our id of the person; None for keys and the machine itself.
    full_name, email : str, optional
        The person's.
    partner_role : PartnerRole, optional
        What a partner's person may do; None for a partner's key, which may do all that a partner may.
    scopes : tuple of str
        What a key is narrowed to (`domain.access`); empty: all that its role may.
    portfolio : frozenset of str, optional
        Names under which the partners of a manager are kept who is confined to them; None: not confined.
    lead_contact_fields : tuple of str
        Fields of a lead that a ``partner`` actor sees only after accepting it.
    """

    name: str
    role: Role
    partner_id: int | None = None
    user_id: int | None = None
    full_name: str | None = None
    email: str | None = None
    partner_role: PartnerRole | None = None
    scopes: tuple[str, ...] = ()
    portfolio: frozenset[str] | None = None
    lead_contact_fields: tuple[str, ...] = LEAD_CONTACT_FIELDS

    @property
    def identity(self) -> str:
        """What tells callers apart where names may be shared.

        Examples
        --------
        >>> Actor("portal", Role.PARTNER, 7).identity, Actor("ann@acme.example", Role.MANAGER, user_id=3).identity
        ('portal of 7', 'user:3')
        """
        if self.user_id is not None:
            return f"user:{self.user_id}"
        return self.name if self.partner_id is None else f"{self.name} of {self.partner_id}"


SYSTEM = Actor("system", Role.ADMIN)
"""The actor of commands typed on the machine itself and of background jobs."""
