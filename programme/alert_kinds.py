"""Kinds of alerts: what each tells, and who is told."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.context import Actor
from domain.terms import Role


@dataclass(frozen=True)
class AlertKind:
    """A kind of alert.

    Parameters
    ----------
    text : str
        When it is raised.
    for_staff, for_partner : bool
        Whose attention it asks for: the vendor's people's, the partner's.
    admin_only : bool, default=False
        Whether of the staff only admins are told.
    """

    text: str
    for_staff: bool = True
    for_partner: bool = False
    admin_only: bool = False


DIGEST = "weekly_digest"
"""Not raised: the preference for it says who gets the digest of the week."""

KINDS: Mapping[str, AlertKind] = {
    "risk_changed": AlertKind("a partner's risk to go silent moved to another band"),
    "lead_unanswered": AlertKind("an offered lead waits for an answer for long", for_partner=True),
    "lead_offered": AlertKind("a lead was offered", for_staff=False, for_partner=True),
    "lead_needs_person": AlertKind("no partner is left to offer a lead to; a person decides"),
    "lead_customer_waiting": AlertKind("the customer of a lead waits, and no partner has accepted it in time"),
    "agreement_expiring": AlertKind("an agreement ends soon and is not renewed", for_partner=True),
    "certificate_expiring": AlertKind("a certificate runs out soon", for_partner=True),
    "goal_off_track": AlertKind("a goal will hardly be reached as things go", for_partner=True),
    "registration_conflict": AlertKind("a registration conflicts with another claim"),
    "registration_decided": AlertKind("a registration was decided", for_staff=False, for_partner=True),
    "registration_expiring": AlertKind("a registration's protection ends soon", for_partner=True),
    "message": AlertKind("the other side wrote a message", for_partner=True),
    "routing_unfair": AlertKind("a group of partners gets far fewer leads than it might, or more than a limit lets it"),
    "webhook_disabled": AlertKind("a webhook failed for long and was switched off", admin_only=True),
    DIGEST: AlertKind("never: this is the digest of the week, which comes by e-mail to those who want it"),
}
"""By name; names are public and only grow."""


def kinds_of(actor: Actor) -> frozenset[str]:
    """Return the kinds that an actor is told of.

    Examples
    --------
    >>> "webhook_disabled" in kinds_of(Actor("m", Role.MANAGER)), "message" in kinds_of(Actor("p", Role.PARTNER, 1))
    (False, True)
    """
    if actor.role is Role.PARTNER:
        return frozenset(name for name, kind in KINDS.items() if kind.for_partner)
    is_admin = actor.role is Role.ADMIN
    return frozenset(name for name, kind in KINDS.items() if kind.for_staff and (is_admin or not kind.admin_only))
