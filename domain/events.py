"""Names of events: a resource's singular noun and what happened to a row."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from domain.resources import RESOURCES

_IRREGULAR: Mapping[str, str] = {
    "activities": "activity",
    "criteria": "criterion",
    "feedback": "feedback_entry",
    "ledger": "ledger_entry",
    "program_rules": "program_rule",
    "routing_policies": "routing_policy",
    "shortlist_entries": "shortlist_entry",
}

NOUNS: Mapping[str, str] = {name: _IRREGULAR.get(name, name.removesuffix("s")) for name in RESOURCES}
"""Singular of each resource, as in ``deal.created``."""

ROW_ACTIONS = ("created", "changed", "deleted")


def event_name(resource: str, action: str) -> str:
    """Return the name of the event that `action` happened to a row of `resource`.

    Examples
    --------
    >>> event_name("activities", "created")
    'activity.created'
    """
    return f"{NOUNS[resource]}.{action}"


def is_wanted(name: str, patterns: Sequence[str]) -> bool:
    """Whether event `name` is one of `patterns`: names, or with ``*`` for any letters.

    Examples
    --------
    >>> is_wanted("deal.created", ["deal.*"]), is_wanted("deal.created", ["*.deleted", "lead.*"])
    (True, False)
    """
    return any(fnmatchcase(name, pattern) for pattern in patterns)
