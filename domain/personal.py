"""Which columns say something about a person: never told in events, and only as digests in the audit trail."""

from collections.abc import Mapping

from domain.resources import RESOURCES

ATTRIBUTES = "attributes"

_COLUMNS: Mapping[str, frozenset[str]] = {
    "contacts": frozenset({"external_id", "name", "email", "phone", "role", ATTRIBUTES}),
    "users": frozenset({"email", "name"}),
    "leads": frozenset({"description", ATTRIBUTES}),
    "notes": frozenset({"body", "author", ATTRIBUTES}),
    "feedback": frozenset({"comment", ATTRIBUTES}),
    "ratings": frozenset({"comment", "rated_by"}),
    "shortlist_entries": frozenset({"note", "added_by"}),
    "stage_changes": frozenset({"reason", "changed_by"}),
    "registrations": frozenset({"address"}),
    "listings": frozenset({"phone", "email"}),
}

KEYED_BY_US = frozenset({"contacts", "users"})
"""Resources whose rows the trail names by our id (``id:42``): the caller's may be an e-mail address."""


def personal_columns(resource: str) -> frozenset[str]:
    """Return the public column names of `resource` that hold personal data; ``attributes`` stands for all custom ones.

    Examples
    --------
    >>> sorted(personal_columns("registrations")), sorted(personal_columns("certifications"))
    (['address'], ['contact'])
    """
    columns = RESOURCES[resource].columns if resource in RESOURCES else ()
    return _COLUMNS.get(resource, frozenset()) | {column.name for column in columns if column.target == "contacts"}
