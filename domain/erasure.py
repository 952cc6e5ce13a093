"""What an erasure leaves of the rows of a partner: the one place that says it.

What is not named here goes: a column that is added later is erased until somebody writes here why it may stay.
"""

from collections.abc import Mapping

from domain.columns import Column, ColumnType, Resource

ERASED = "erased"
"""What stands where a text is required."""

REMOVED = frozenset({"contacts", "listings", "notes", "ratings", "shortlist_entries", "tasks"})
"""Resources whose rows on an erased partner are deleted: they are about persons or are free text, and nothing is
counted by them later."""

PARTNER_KEPT = frozenset({"name", "status", "program", "kind", "tier", "country", "recruited_at", "ended_at"})
"""What stays of the partner itself: by these the statistics of others are cut. Size, place and lists would tell who
it was. The name becomes the pseudonym."""

_WORDS: Mapping[str, frozenset[str]] = {
    "certifications": frozenset({"course"}),
    "deals": frozenset({"company", "domain", "region", "industry", "stage"}),
    "activities": frozenset({"kind"}),
    "feedback": frozenset({"kind"}),
    "goals": frozenset({"metric"}),
    "ledger": frozenset({"reverses"}),
    "tier_reviews": frozenset({"tier", "proposed_tier"}),
    "costs": frozenset({"kind"}),
}
"""Texts that stay: words of the programme, and of a deal who the customer is, which is not the partner's data."""


def erased_columns(resource: Resource) -> tuple[Column, ...]:
    """Return the columns of a partner's rows that an erasure clears; custom attributes always go.

    Examples
    --------
    >>> from domain.resources import RESOURCES
    >>> [column.name for column in erased_columns(RESOURCES["deals"])]
    ['description']
    """
    return tuple(column for column in resource.columns if _goes(resource, column))


def _goes(resource: Resource, column: Column) -> bool:
    if column.name == "external_id":
        return False  # a partner's becomes a pseudonym; of other rows it is how other systems know them
    if resource.name == "partners":
        return column.name not in PARTNER_KEPT
    if column.target == "contacts":
        return True
    is_text = column.type is ColumnType.TEXT or (column.type is ColumnType.LIST and column.target is None)
    return is_text and column.name not in _WORDS.get(resource.name, frozenset())
