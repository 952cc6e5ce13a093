"""Rows written by callers: through the rules of their resource, so that every way in obeys it.

Imports of whole files do not pass here: what a company brings from elsewhere is history, not a wish.
"""

from collections.abc import Mapping
from typing import Any

from domain.resources import RESOURCES
from programme.rule import Row
from programme.rules import RULES
from store.unit_of_work import UnitOfWork


def create(work: UnitOfWork, resource: str, values: Mapping[str, Any]) -> Row:
    """Create a row of `resource` and return it; errors as of its rules and `Repository.create`."""
    row = work.repository(resource).create(_checked(work, resource, None, values))
    _follow(work, resource, None, row)
    return work.repository(resource).get(row["id"])


def change(
    work: UnitOfWork, resource: str, key: int | str, values: Mapping[str, Any], if_version: int | None = None
) -> Row:
    """Change what is given of a row and return it; errors as of its rules and `Repository.patch`."""
    rows = work.repository(resource)
    before = rows.get(key)
    after = rows.patch(key, _checked(work, resource, before, values), if_version)
    if after["row_version"] != before["row_version"]:
        _follow(work, resource, before, after)
    return rows.get(before["id"])


def remove(work: UnitOfWork, resource: str, key: int | str, if_version: int | None = None) -> None:
    """Remove a row; errors as of its rules and `Repository.delete`."""
    rows = work.repository(resource)
    before = rows.get(key)
    for rule in RULES.get(resource, ()):
        rule.removing(work, before)
    rows.delete(key, if_version)


def upsert(work: UnitOfWork, resource: str, values: Mapping[str, Any]) -> tuple[str, Row]:
    """Create the row that `values` name by its key, or change it; return ``created``, ``changed`` or ``unchanged``.

    Errors as of `create` and `change`.
    """
    key = tuple(values.get(name) for name in RESOURCES[resource].key)
    found = None if RESOURCES[resource].event else work.repository(resource).find(key)
    if found is None:
        return "created", create(work, resource, values)
    given = {name: value for name, value in values.items() if name not in RESOURCES[resource].key}
    after = change(work, resource, found["id"], given)
    return "unchanged" if after["row_version"] == found["row_version"] else "changed", after


def _checked(work: UnitOfWork, resource: str, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
    for rule in RULES.get(resource, ()):
        values = rule.values(work, before, values)
    return values


def _follow(work: UnitOfWork, resource: str, before: Row | None, after: Row) -> None:
    for rule in RULES.get(resource, ()):
        rule.written(work, before, after)
