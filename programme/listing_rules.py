"""What must hold of listings of the public directory: who may publish, how long texts are."""

from collections.abc import Mapping
from typing import Any

from domain.errors import Conflict, InvalidInput
from domain.terms import Role
from programme.rule import Row, Rule
from store.unit_of_work import UnitOfWork

LONGEST = {"headline": 120, "description": 2000, "website": 300, "phone": 40, "email": 200}
"""Most letters of each text."""

_MOST = 30
_LISTS = ("languages", "products")
_WEB = ("https://", "http://")


class ListingRule(Rule):
    """Texts of a bounded length; what a partner rewrites waits for the vendor again; only what is wanted is shown."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the values, or refuse them."""
        _check(values)
        if work.actor.role is Role.PARTNER:
            if values.get("published") and not (before or {}).get("published"):
                raise InvalidInput("published is set by the vendor; leave it out", field="published")
            rewritten = before is None or any(values.get(name, before[name]) != before[name] for name in _said())
            return {**values, "published": False} if rewritten else values
        after = {**(before or {}), **values}
        if after.get("published") and not after.get("wanted"):
            raise Conflict("The partner does not want to be listed; ask it to say so in its portal.", field="published")
        return values


def _said() -> tuple[str, ...]:
    return (*LONGEST, *_LISTS)


def _check(values: Mapping[str, Any]) -> None:
    for name, most in LONGEST.items():
        if isinstance(values.get(name), str) and len(values[name]) > most:
            raise InvalidInput(f"{name} has at most {most} letters", field=name)
    for name in _LISTS:
        if isinstance(values.get(name), list | tuple) and len(values[name]) > _MOST:
            raise InvalidInput(f"{name} are at most {_MOST}", field=name)
    website = values.get("website")
    if isinstance(website, str) and website.strip() and not website.startswith(_WEB):
        raise InvalidInput("website begins with https://", field="website", value=website)
