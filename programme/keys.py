"""API keys as admins make, rotate and revoke them; the trail tells of each."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from domain.access import checked_scopes
from domain.errors import InvalidInput
from domain.terms import Role
from store.keys import NewKey
from store.unit_of_work import UnitOfWork

MAX_NAME = 200


def create_key(
    work: UnitOfWork,
    name: str,
    role: Role,
    *,
    areas: Collection[str],
    partner: str | None = None,
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> NewKey:
    """Make a key; its secret is not kept.

    Parameters
    ----------
    work : UnitOfWork
        The transaction.
    name : str
        What or whom it is for.
    role : Role
        What it may do.
    areas : collection of str
        Those that a key can be narrowed to.
    partner : str, optional
        External id, for role partner.
    scopes : sequence of str
        What it is narrowed to (`domain.access`); none: all that the role may.
    expires_at : datetime, optional
        From when on it is worth nothing.

    Raises
    ------
    InvalidInput
        If the name is none, a scope names no area, role and partner do not fit, or it would have expired already.
    NotFound
        If there is no such partner.
    """
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise InvalidInput(f"a key's name is printable, of 1 to {MAX_NAME} characters", field="name")
    narrowed = checked_scopes(scopes, areas)
    partner_id = None if partner is None else int(work.repository("partners").get(partner)["id"])
    made = work.keys.create(name, role, partner_id, expires_at, narrowed)
    work.journal.record("created", "keys", made.key.prefix, {"role": made.key.role, "scopes": list(narrowed)})
    return made


def rotate_key(work: UnitOfWork, prefix: str, grace_hours: float) -> NewKey:
    """Give a key a new secret; the one until now works for the grace. Errors as of `KeyRepository.rotate`."""
    made = work.keys.rotate(prefix, timedelta(hours=grace_hours))
    work.journal.record("rotated", "keys", prefix, {"grace_hours": grace_hours})
    return made


def revoke_key(work: UnitOfWork, prefix: str) -> None:
    """Revoke a key for good. Errors as of `KeyRepository.revoke`."""
    work.keys.revoke(prefix)
    work.journal.record("revoked", "keys", prefix)
