"""Who may call which route, as a table: ``python -m api.permissions docs/roles.md`` writes it into the page.

The table is made from what the routes say; tests call every route as every caller and compare.
"""

import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from domain.access import area_of, partner_may_use, within_scopes
from domain.resources import RESOURCES
from domain.terms import PartnerRole, Role

BEGIN, END = "<!-- matrix: begin -->", "<!-- matrix: end -->"
SAFE = ("GET",)

STAFF = (Role.ADMIN, Role.RECRUITER, Role.MANAGER, Role.ROUTER, Role.ANALYST)
ANYONE = "anyone"
CALLERS = (*map(str, STAFF), *map(str, PartnerRole), ANYONE)
"""Columns: the roles of the company's own people, those of a partner's people, and nobody known."""

YES, OWN, NO = "yes", "own", "–"
_FOR_ALL_PARTNERS = frozenset({"session"})


class Route(NamedTuple):
    """A route under /v1; ``roles`` is None when no one need be known."""

    method: str
    path: str
    roles: frozenset[Role] | None

    @property
    def area(self) -> str:
        """What scopes of keys and areas of partner roles call it."""
        return area_of(self.path)

    @property
    def resource(self) -> str:
        """The resource that the path begins with, or a word that is none."""
        return self.path.split("/")[2].partition(":")[0].replace("-", "_")

    @property
    def is_shared(self) -> bool:
        """Whether a partner sees there what belongs to no partner."""
        known = RESOURCES.get(self.resource)
        if known is None:
            return self.area in _FOR_ALL_PARTNERS
        return known.name not in ("partners", "leads") and "partner" not in known.by_name

    def allows(self, caller: str) -> str:
        """Return `YES`, `OWN` (rows of the own partner) or `NO`."""
        if self.roles is None:
            return YES
        if caller == ANYONE:
            return NO
        if caller in STAFF:
            return YES if Role(caller) in self.roles else NO
        passes = Role.PARTNER in self.roles and partner_may_use(PartnerRole(caller), self.area)
        return (YES if self.is_shared else OWN) if passes else NO

    def within(self, *scopes: str) -> bool:
        """Say whether a key narrowed to `scopes` may be used."""
        return self.roles is None or within_scopes(scopes, self.area, reading=self.method in SAFE)


@lru_cache
def routes() -> tuple[Route, ...]:
    """Return all routes under /v1, in the order of paths.

    Raises
    ------
    TypeError
        If one does not say who may call it.
    """
    from api.app import VERSIONED  # heavier than what this module is made of

    found = []
    for module in VERSIONED:
        for route in module.router.routes:
            checks: list[Any] = [each.dependency for each in route.dependencies]
            said = [check.roles for check in checks if hasattr(check, "roles")]
            if len(said) != 1:
                raise TypeError(f"{route.path} does not say once who may call it: allow(...) or allow_anyone()")
            found += [Route(method, f"/v1{route.path}", said[0]) for method in sorted(route.methods)]
    return tuple(sorted(found, key=lambda route: (route.path, route.method)))


def matrix() -> str:
    """Return the table in Markdown."""
    rows = [f"| route | {' | '.join(CALLERS)} | area |", f"|---|{'---|' * len(CALLERS)}---|"]
    for route in routes():
        cells = " | ".join(route.allows(caller) for caller in CALLERS)
        rows.append(f"| {route.method} `{route.path}` | {cells} | {route.area} |")
    return "\n".join(rows)


def read_matrix(page: str) -> Mapping[tuple[str, str], Mapping[str, str]]:
    """Return the cells of the table in `page`, by method and path, then by caller."""
    lines = page.partition(BEGIN)[2].partition(END)[0].strip().splitlines()[2:]
    found = {}
    for line in lines:
        name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        method, _, path = name.partition(" ")
        found[method, path.strip("`")] = dict(zip(CALLERS, cells, strict=False))
    return found


def with_matrix(page: str) -> str:
    """Return `page` with the table as it is now."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{matrix()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    _path = Path(sys.argv[1])
    _path.write_text(with_matrix(_path.read_text()))
