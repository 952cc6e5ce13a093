"""The audit trail for people: found by what they know of a row, verified."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from domain.errors import NotFound
from domain.personal import KEYED_BY_US
from domain.resources import RESOURCES
from store.audit import AuditEntry, AuditFilter
from store.unit_of_work import UnitOfWork


class AuditWanted(TypedDict, total=False):
    """What is looked for; what is not given may be anything."""

    resource: str | None
    key: str | None
    actor: str | None
    action: str | None
    partner: str | None
    since: datetime | None
    until: datetime | None


def list_audit(work: UnitOfWork, wanted: AuditWanted, before: int | None, limit: int) -> Sequence[AuditEntry]:
    """Return entries, the newest first.

    Parameters
    ----------
    work : UnitOfWork
        The transaction.
    wanted : AuditWanted
        Rows and partners by the caller's id or by ours (``id:42``); persons by e-mail address or as ``user:7``.
    before : int, optional
        Number of the last entry known.
    limit : int
        How many at the most.

    Raises
    ------
    NotFound
        If there is no such partner; one that is gone is found by our id.
    """
    resource, key, partner = wanted.get("resource"), wanted.get("key"), wanted.get("partner")
    known = AuditFilter(
        resource=resource,
        key=_told(work, resource, key),
        actor=wanted.get("actor"),
        action=wanted.get("action"),
        partner_id=None if partner is None else _partner_id(work, partner),
        since=wanted.get("since"),
        until=wanted.get("until"),
    )
    return work.audit.list(known, before=before, limit=limit)


def _told(work: UnitOfWork, resource: str | None, key: str | None) -> str | None:
    """Return how the trail names a row: those of persons by our id."""
    if key is None or resource not in KEYED_BY_US or resource not in RESOURCES or key.startswith("id:"):
        return key
    try:
        return f"id:{work.repository(resource).get(key)['id']}"
    except NotFound:
        return key


def _partner_id(work: UnitOfWork, partner: str) -> int:
    ours = partner.removeprefix("id:")
    if partner.startswith("id:") and ours.isascii() and ours.isdigit():
        return min(int(ours[:20]), 2**63 - 1)
    return int(work.repository("partners").get(partner)["id"])
