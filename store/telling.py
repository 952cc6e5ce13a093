"""What of a changed row is told: in the audit trail to the auditor, in an event to other systems."""

import hmac
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from domain.personal import ATTRIBUTES, KEYED_BY_US, personal_columns
from domain.resources import RESOURCES
from domain.routing import PROPENSITY
from store.audit_chain import canonical

Row = Mapping[str, Any]

_NOT_TOLD = frozenset({"id", "row_version", "row_created_at", "row_updated_at", ATTRIBUTES})


def told_key(resource: str, row: Row) -> str:
    """Return how trail and events name a row: by the caller's id unless that may be personal, else by ours."""
    ours = f"id:{row.get('id')}"
    return ours if resource in KEYED_BY_US else str(row.get("external_id") or ours)


def changed_columns(before: Row | None, after: Row | None) -> list[str]:
    """Return the names of columns, and ``attributes.<name>``, in which two states of a row differ."""
    was, became = _flat(before), _flat(after)
    return [name for name in {**was, **became} if was.get(name) != became.get(name)]


def audit_details(resource: str, before: Row | None, after: Row | None) -> dict[str, Any]:
    """Return before and after of each field that changed; of personal ones salted digests only.

    A digest is HMAC-SHA256 under ``salt`` of the value's canonical JSON: who has a value can tell whether it was that.
    """
    salt, personal = secrets.token_hex(16), personal_columns(resource)
    was, became = _flat(before), _flat(after)
    told: dict[str, dict[str, Any]] = {}
    for name in changed_columns(before, after):
        is_personal = name.partition(".")[0] in personal
        sides = {"before": was.get(name), "after": became.get(name)}
        told[name] = {
            side: digest_of_value(salt, value) if is_personal else value
            for side, value in sides.items()
            if value is not None
        }
    if not told:
        return {}
    hidden = any(name.partition(".")[0] in personal for name in told)
    return {"changes": told} | ({"salt": salt} if hidden else {})


def digest_of_value(salt: str, value: Any) -> str:
    """Return what stands in the trail for a personal value."""
    return "hmac-sha256:" + hmac.new(bytes.fromhex(salt), canonical(value).encode(), sha256).hexdigest()


def event_payload(resource: str, before: Row | None, after: Row | None) -> dict[str, Any]:
    """Return the row as it is (or was), what changed and what that was before: without personal fields.

    Which personal fields changed is told by name; whoever may see them asks for the row.
    """
    personal = personal_columns(resource)
    payload: dict[str, Any] = {"row": _public(after or before or {}, personal)}
    if before is not None and after is not None:
        names = changed_columns(before, after)
        was = _flat(before)
        payload["changed"] = names
        payload["previous"] = {name: was.get(name) for name in names if name.partition(".")[0] not in personal}
    return payload


def is_for_partner(resource: str, row: Row) -> bool:
    """Whether the partner that a row belongs to may see it."""
    if RESOURCES[resource].hidden_from_partner or resource == "changes":
        return False
    return resource != "notes" or bool(row.get("shared"))


def _public(row: Row, personal: frozenset[str]) -> dict[str, Any]:
    told = {name: value for name, value in row.items() if name not in personal}
    if isinstance(told.get(ATTRIBUTES), dict):  # a partner gets the events of its own rows
        told[ATTRIBUTES] = {name: value for name, value in told[ATTRIBUTES].items() if name != PROPENSITY}
    return told


def _flat(row: Row | None) -> dict[str, Any]:
    if row is None:
        return {}
    plain = {name: value for name, value in row.items() if name not in _NOT_TOLD}
    attributes = row.get(ATTRIBUTES) or {}
    return plain | {f"{ATTRIBUTES}.{name}": value for name, value in attributes.items()}
