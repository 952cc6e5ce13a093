"""Routing policies as rows of the store, read into what decides."""

from typing import Any

from sqlalchemy import Connection, or_, select

from domain.routing import Policies, RoutingPolicy, policy_of
from store.tables import RESOURCE_TABLES

_policies = RESOURCE_TABLES["routing_policies"]
_rules, _limits = RESOURCE_TABLES["routing_rules"], RESOURCE_TABLES["routing_limits"]
_programs = RESOURCE_TABLES["programs"]
_SAID = [name for name in RoutingPolicy.model_fields if name not in ("program", "rules", "limits")]
_RULE, _LIMIT = ("rule", "enforced", "number", "names"), ("by", "value", "least", "most")


def load_policies(connection: Connection) -> Policies:
    """Return the active policies; a row's empty fields are as by default.

    Of several active ones of a programme the first by id counts.
    """
    of_program = _policies.outerjoin(_programs, _programs.c.id == _policies.c.program_id)
    columns = [_policies.c.id, *(_policies.c[name] for name in _SAID), _programs.c.external_id.label("program")]
    active = or_(_policies.c.active.is_(None), _policies.c.active)
    query = select(*columns).select_from(of_program).where(active).order_by(_policies.c.id.desc())
    found = [dict(row) for row in connection.execute(query).mappings()]
    return Policies(*(_policy(connection, row) for row in found))


def _policy(connection: Connection, row: dict[str, Any]) -> RoutingPolicy:
    id_ = row.pop("id")
    rules = _parts(connection, select(*(_rules.c[name] for name in _RULE)).where(_rules.c.policy_id == id_))
    limits = _parts(connection, select(*(_limits.c[name] for name in _LIMIT)).where(_limits.c.policy_id == id_))
    return policy_of({**_given(row), "rules": rules, "limits": limits}, f"routing policy {row['name']}")


def _parts(connection: Connection, query: Any) -> list[dict[str, Any]]:
    return [_given(dict(row)) for row in connection.execute(query).mappings()]


def _given(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None and value != []}
